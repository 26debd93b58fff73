// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"log/slog"

	"github.com/hashicorp/terraform-plugin-log/tflog"
)

// newLogger writes the client's log lines to Terraform's log.
func newLogger() *slog.Logger { return slog.New(logHandler{}) }

// logHandler is a slog.Handler; the level is Terraform's to choose.
type logHandler struct{ fields []slog.Attr }

func (logHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h logHandler) Handle(ctx context.Context, record slog.Record) error {
	fields := map[string]any{}
	add := func(field slog.Attr) bool { fields[field.Key] = field.Value.String(); return true }
	for _, field := range h.fields {
		add(field)
	}
	record.Attrs(add)
	switch {
	case record.Level >= slog.LevelError:
		tflog.Error(ctx, record.Message, fields)
	case record.Level >= slog.LevelWarn:
		tflog.Warn(ctx, record.Message, fields)
	case record.Level >= slog.LevelInfo:
		tflog.Info(ctx, record.Message, fields)
	default:
		tflog.Debug(ctx, record.Message, fields)
	}
	return nil
}

func (h logHandler) WithAttrs(fields []slog.Attr) slog.Handler {
	return logHandler{append(h.fields[:len(h.fields):len(h.fields)], fields...)}
}

// WithGroup is not needed: the client logs flat lines.
func (h logHandler) WithGroup(string) slog.Handler { return h }
