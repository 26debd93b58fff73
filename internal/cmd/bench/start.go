// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
)

// timeToSchema starts a program as the CLI does, without one, and returns how long it took until its schemas were
// there.
func timeToSchema(ctx context.Context, p program) (time.Duration, error) {
	const protocol = 6
	began := time.Now()
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion:  protocol,
			MagicCookieKey:   "TF_PLUGIN_MAGIC_COOKIE", // Terraform's own, for every provider
			MagicCookieValue: "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
		},
		VersionedPlugins: map[int]plugin.PluginSet{protocol: {"provider": rawPlugin{}}},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		AutoMTLS:         true,
		Cmd:              exec.CommandContext(ctx, p.path), //nolint:gosec // built by the workspace
		Logger:           hclog.NewNullLogger(),
		SyncStdout:       io.Discard,
		SyncStderr:       io.Discard,
	})
	defer client.Kill()
	protocolClient, err := client.Client()
	if err != nil {
		return 0, fmt.Errorf("start %s: %w", p.path, err)
	}
	connection, err := protocolClient.Dispense("provider")
	if err != nil {
		return 0, fmt.Errorf("start %s: %w", p.path, err)
	}
	var schemas []byte
	err = connection.(*grpc.ClientConn).Invoke(ctx, "/tfplugin6.Provider/GetProviderSchema", []byte(nil), &schemas, grpc.ForceCodec(rawCodec{}))
	switch {
	case err != nil:
		return 0, fmt.Errorf("ask %s for its schemas: %w", p.path, err)
	case len(schemas) == 0:
		return 0, fmt.Errorf("%s has no schemas", p.path)
	}
	return time.Since(began), nil
}

// rawPlugin hands out the connection itself.
type rawPlugin struct{ plugin.NetRPCUnsupportedPlugin }

// GRPCServer is for the other side.
func (rawPlugin) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error {
	return errors.New("the benchmark serves nothing")
}

// GRPCClient returns the connection.
func (rawPlugin) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, connection *grpc.ClientConn) (any, error) {
	return connection, nil
}

// rawCodec leaves messages encoded: what they say is not asked here.
type rawCodec struct{}

// Marshal takes bytes.
func (rawCodec) Marshal(message any) ([]byte, error) { return message.([]byte), nil }

// Unmarshal fills a pointer to bytes.
func (rawCodec) Unmarshal(data []byte, message any) error {
	*message.(*[]byte) = append([]byte(nil), data...)
	return nil
}

// Name is that of the codec which it stands in for.
func (rawCodec) Name() string { return "proto" }
