// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"encoding/json"
	"fmt"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/zclconf/go-cty/cty"
)

// convert turns what a provider answers into what the CLI prints of it. Functions,
// ephemeral resources, actions and state stores are left out: this provider has none.
func convert(name string, schemas *tfprotov6.GetProviderSchemaResponse, identities *tfprotov6.GetResourceIdentitySchemasResponse) (*tfjson.ProviderSchemas, error) {
	converted := &tfjson.ProviderSchema{}
	var err error
	if converted.ConfigSchema, err = convertSchema(schemas.Provider); err != nil {
		return nil, fmt.Errorf("provider configuration: %w", err)
	}
	if converted.ResourceSchemas, err = convertEach(schemas.ResourceSchemas, convertSchema); err != nil {
		return nil, err
	}
	if converted.DataSourceSchemas, err = convertEach(schemas.DataSourceSchemas, convertSchema); err != nil {
		return nil, err
	}
	if converted.ListResourceSchemas, err = convertEach(schemas.ListResourceSchemas, convertSchema); err != nil {
		return nil, err
	}
	if converted.ResourceIdentitySchemas, err = convertEach(identities.IdentitySchemas, convertIdentity); err != nil {
		return nil, err
	}
	return &tfjson.ProviderSchemas{
		FormatVersion: "1.0",
		Schemas:       map[string]*tfjson.ProviderSchema{name: converted},
	}, nil
}

func convertEach[From, To any](from map[string]From, convert func(From) (To, error)) (map[string]To, error) {
	converted := map[string]To{}
	for name, one := range from {
		result, err := convert(one)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		converted[name] = result
	}
	return converted, nil
}

func convertSchema(schema *tfprotov6.Schema) (*tfjson.Schema, error) {
	block, err := convertBlock(schema.Block)
	if err != nil {
		return nil, err
	}
	return &tfjson.Schema{Version: uint64(schema.Version), Block: block}, nil //nolint:gosec // a version is never negative
}

func convertBlock(block *tfprotov6.SchemaBlock) (*tfjson.SchemaBlock, error) {
	attributes, err := convertAttributes(block.Attributes)
	if err != nil {
		return nil, err
	}
	converted := &tfjson.SchemaBlock{
		Attributes:      attributes,
		NestedBlocks:    map[string]*tfjson.SchemaBlockType{},
		Description:     block.Description,
		DescriptionKind: descriptionKind(block.DescriptionKind),
		Deprecated:      block.Deprecated,
	}
	for _, nested := range block.BlockTypes {
		inner, err := convertBlock(nested.Block)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", nested.TypeName, err)
		}
		mode, err := blockNesting(nested.Nesting)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", nested.TypeName, err)
		}
		converted.NestedBlocks[nested.TypeName] = &tfjson.SchemaBlockType{NestingMode: mode, Block: inner}
	}
	return converted, nil
}

func convertAttributes(attributes []*tfprotov6.SchemaAttribute) (map[string]*tfjson.SchemaAttribute, error) {
	converted := map[string]*tfjson.SchemaAttribute{}
	for _, attribute := range attributes {
		result, err := convertAttribute(attribute)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", attribute.Name, err)
		}
		converted[attribute.Name] = result
	}
	return converted, nil
}

func convertAttribute(attribute *tfprotov6.SchemaAttribute) (*tfjson.SchemaAttribute, error) {
	converted := &tfjson.SchemaAttribute{
		Description:     attribute.Description,
		DescriptionKind: descriptionKind(attribute.DescriptionKind),
		Deprecated:      attribute.Deprecated,
		Required:        attribute.Required,
		Optional:        attribute.Optional,
		Computed:        attribute.Computed,
		Sensitive:       attribute.Sensitive,
		WriteOnly:       attribute.WriteOnly,
	}
	var err error
	if attribute.NestedType != nil {
		converted.AttributeNestedType, err = convertNested(attribute.NestedType)
	} else {
		converted.AttributeType, err = convertType(attribute.Type)
	}
	return converted, err
}

func convertNested(nested *tfprotov6.SchemaObject) (*tfjson.SchemaNestedAttributeType, error) {
	attributes, err := convertAttributes(nested.Attributes)
	if err != nil {
		return nil, err
	}
	mode, err := objectNesting(nested.Nesting)
	if err != nil {
		return nil, err
	}
	return &tfjson.SchemaNestedAttributeType{Attributes: attributes, NestingMode: mode}, nil
}

func convertIdentity(identity *tfprotov6.ResourceIdentitySchema) (*tfjson.IdentitySchema, error) {
	converted := &tfjson.IdentitySchema{
		Version:    uint64(identity.Version), //nolint:gosec // a version is never negative
		Attributes: map[string]*tfjson.IdentityAttribute{},
	}
	for _, attribute := range identity.IdentityAttributes {
		identityType, err := convertType(attribute.Type)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", attribute.Name, err)
		}
		converted.Attributes[attribute.Name] = &tfjson.IdentityAttribute{
			IdentityType:      identityType,
			Description:       attribute.Description,
			RequiredForImport: attribute.RequiredForImport,
			OptionalForImport: attribute.OptionalForImport,
		}
	}
	return converted, nil
}

// convertType goes by JSON, in which both sides write a type alike: it is how
// types travel between provider and CLI.
func convertType(from tftypes.Type) (cty.Type, error) {
	written, err := json.Marshal(from)
	if err != nil {
		return cty.NilType, err
	}
	var to cty.Type
	err = json.Unmarshal(written, &to)
	return to, err
}

func descriptionKind(kind tfprotov6.StringKind) tfjson.SchemaDescriptionKind {
	if kind == tfprotov6.StringKindMarkdown {
		return tfjson.SchemaDescriptionKindMarkdown
	}
	return tfjson.SchemaDescriptionKindPlain
}

func blockNesting(mode tfprotov6.SchemaNestedBlockNestingMode) (tfjson.SchemaNestingMode, error) {
	switch mode {
	case tfprotov6.SchemaNestedBlockNestingModeSingle:
		return tfjson.SchemaNestingModeSingle, nil
	case tfprotov6.SchemaNestedBlockNestingModeList:
		return tfjson.SchemaNestingModeList, nil
	case tfprotov6.SchemaNestedBlockNestingModeSet:
		return tfjson.SchemaNestingModeSet, nil
	}
	return "", fmt.Errorf("the framework has no blocks of the nesting mode %s", mode)
}

func objectNesting(mode tfprotov6.SchemaObjectNestingMode) (tfjson.SchemaNestingMode, error) {
	switch mode {
	case tfprotov6.SchemaObjectNestingModeSingle:
		return tfjson.SchemaNestingModeSingle, nil
	case tfprotov6.SchemaObjectNestingModeList:
		return tfjson.SchemaNestingModeList, nil
	case tfprotov6.SchemaObjectNestingModeSet:
		return tfjson.SchemaNestingModeSet, nil
	case tfprotov6.SchemaObjectNestingModeMap:
		return tfjson.SchemaNestingModeMap, nil
	}
	return "", fmt.Errorf("the framework has no objects of the nesting mode %s", mode)
}
