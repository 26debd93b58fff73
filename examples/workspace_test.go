// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package examples_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	ephemeralschema "github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/bizapi/terraform-provider-bizapi/internal/tfcli"
)

// These tests hold everything that people copy (examples, guides, README) against the real CLI, the
// real provider program and the sandbox.

// repository is the root of the repository, seen from this directory.
const repository = ".."

func TestMain(m *testing.M) {
	if strings.HasPrefix(filepath.Base(os.Args[0]), "terraform-provider-vault") {
		serveVault()
		return
	}
	code := m.Run()
	if installedDir != "" {
		_ = os.RemoveAll(installedDir)
	}
	os.Exit(code)
}

// findCLI finds the one under test.
var findCLI = sync.OnceValues(func() (tfcli.CLI, error) { return tfcli.Find(context.Background(), os.Stderr) })

func cli(t *testing.T) tfcli.CLI {
	t.Helper()
	found, err := findCLI()
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// needs skips a test of what the CLI learned in a later version; a zero is a CLI that lacks it.
func needs(t *testing.T, terraformMinor, tofuMinor int) {
	t.Helper()
	if found := cli(t); !found.Has(terraformMinor, tofuMinor) {
		t.Skipf("%s has no support for it", found.Name)
	}
}

// installation is where the provider and its stand-ins are, once for all tests.
type installation struct {
	// commands is a directory with the CLI under the name terraform, for the shell.
	commands string
	// overrides is a CLI configuration with which nothing has to be initialised.
	overrides string
	// mirror is one with which `terraform init` finds the provider.
	mirror string
}

// installedDir is removed when the tests end; empty when no test needed it.
var installedDir string

var install = sync.OnceValues(func() (installation, error) {
	dir, err := os.MkdirTemp("", "examples")
	if err != nil {
		return installation{}, err
	}
	installedDir = dir
	found, err := findCLI()
	if err != nil {
		return installation{}, err
	}
	// A package of a mirror.
	inMirror := func(host, provider, version string) string {
		return filepath.Join(dir, "mirror", host, provider, version, runtime.GOOS+"_"+runtime.GOARCH)
	}
	built, err := tfcli.Build(context.Background(), filepath.Join(dir, "plugins"), ".")
	if err != nil {
		return installation{}, err
	}
	itself, err := os.Executable()
	if err != nil {
		return installation{}, err
	}
	links := map[string]string{
		filepath.Join(dir, "commands", "terraform"):                                                                     found.Path,
		filepath.Join(dir, "vault", "terraform-provider-vault"):                                                         itself,
		filepath.Join(inMirror("registry.terraform.io", "bizapi/bizapi", "0.1.0"), "terraform-provider-bizapi_v0.1.0"):  built,
		filepath.Join(inMirror("registry.opentofu.org", "bizapi/bizapi", "0.1.0"), "terraform-provider-bizapi_v0.1.0"):  built,
		filepath.Join(inMirror("registry.terraform.io", "hashicorp/vault", "5.0.0"), "terraform-provider-vault_v5.0.0"): itself,
	}
	for link, target := range links {
		if err := errors.Join(os.MkdirAll(filepath.Dir(link), 0o700), os.Symlink(target, link)); err != nil {
			return installation{}, err
		}
	}
	made := installation{
		commands:  filepath.Join(dir, "commands"),
		overrides: filepath.Join(dir, "overrides.tfrc"),
		mirror:    filepath.Join(dir, "mirror.tfrc"),
	}
	return made, errors.Join(
		tfcli.WriteOverrides(made.overrides, map[string]string{"bizapi/bizapi": filepath.Dir(built), "hashicorp/vault": filepath.Join(dir, "vault")}),
		tfcli.WriteMirror(made.mirror, filepath.Join(dir, "mirror")),
	)
})

func installed(t *testing.T) installation {
	t.Helper()
	made, err := install()
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// newWorkspace is one in a directory, with a CLI configuration of the installation and the CLI on the
// PATH as terraform.
func newWorkspace(t *testing.T, dir, config string) *tfcli.Workspace {
	t.Helper()
	w := tfcli.NewWorkspace(cli(t), dir, config)
	w.Setenv("HOME", t.TempDir()) // a directory of this repository is nobody's home
	w.Setenv("PATH", installed(t).commands+string(os.PathListSeparator)+os.Getenv("PATH"))
	return w
}

// run runs a program in a directory and returns what it printed, standard error included.
func run(t *testing.T, dir string, env []string, name string, args ...string) (string, error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, args...)
	command.Dir, command.Env = dir, env
	text, err := command.CombinedOutput()
	return string(text), err
}

// terraform runs the CLI, and fails the test if that fails.
func terraform(t *testing.T, w *tfcli.Workspace, args ...string) {
	t.Helper()
	if done, err := w.Run(t.Context(), args...); err != nil || done.Code != 0 {
		t.Fatalf("terraform %v: exit code %d, %v: %s%s", args, done.Code, err, done.Stdout, done.Stderr)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// copyDir copies an example's files. Where somebody tried the example, what Terraform left stays.
func copyDir(t *testing.T, from, to string) {
	t.Helper()
	for _, path := range filesUnder(t, from, ".tf", ".hcl") {
		rel, err := filepath.Rel(from, path)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(to, rel), read(t, path))
	}
}

// serveVault makes this program the Vault provider, as far as the guides need it: the documented
// arguments of one ephemeral resource, which are checked and never read.
func serveVault() {
	err := providerserver.Serve(context.Background(), func() provider.Provider { return vault{} },
		providerserver.ServeOpts{Address: "registry.terraform.io/hashicorp/vault"})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type vault struct{}

func (vault) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "vault"
}
func (vault) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse)          {}
func (vault) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {}
func (vault) Resources(context.Context) []func() resource.Resource                              { return nil }
func (vault) DataSources(context.Context) []func() datasource.DataSource                        { return nil }
func (vault) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{func() ephemeral.EphemeralResource { return vaultSecret{} }}
}

type vaultSecret struct{}

func (vaultSecret) Metadata(_ context.Context, _ ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = "vault_kv_secret_v2"
}

func (vaultSecret) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = ephemeralschema.Schema{Attributes: map[string]ephemeralschema.Attribute{
		"mount":     ephemeralschema.StringAttribute{Required: true},
		"mount_id":  ephemeralschema.StringAttribute{Optional: true},
		"name":      ephemeralschema.StringAttribute{Required: true},
		"version":   ephemeralschema.Int64Attribute{Optional: true},
		"data":      ephemeralschema.MapAttribute{Computed: true, Sensitive: true, ElementType: types.StringType},
		"data_json": ephemeralschema.StringAttribute{Computed: true, Sensitive: true},
	}}
}

func (vaultSecret) Open(context.Context, ephemeral.OpenRequest, *ephemeral.OpenResponse) {}
