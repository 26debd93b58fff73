// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

//go:build release

// Package release_test holds what `make release-snapshot` left in dist/ against what the Terraform
// Registry takes of a release, and against the promises about it. It is tested by `make release-test`
// and not with everything else, since building all platforms takes minutes.
package release_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	repository = "../.."
	dist       = repository + "/dist"
	project    = "terraform-provider-bizapi"
)

// maxProgram is the size in bytes that the program for linux/amd64 stays within.
const maxProgram = 18 << 20

// platforms are all that a release is made for.
var platforms = []string{
	"darwin_amd64", "darwin_arm64",
	"freebsd_386", "freebsd_amd64", "freebsd_arm", "freebsd_arm64",
	"linux_386", "linux_amd64", "linux_arm", "linux_arm64",
	"windows_386", "windows_amd64", "windows_arm64",
}

// releaseVersion is the one that dist/ holds.
func releaseVersion(t *testing.T) string {
	t.Helper()
	sums, err := filepath.Glob(filepath.Join(dist, project+"_*_SHA256SUMS"))
	if err != nil || len(sums) != 1 {
		t.Fatalf("no one SHA256SUMS in dist/, which `make release-snapshot` writes: %v %v", sums, err)
	}
	name := filepath.Base(sums[0])
	return strings.TrimSuffix(strings.TrimPrefix(name, project+"_"), "_SHA256SUMS")
}

// asset is a file of the release by the end of its name, such as "linux_amd64.zip".
func asset(t *testing.T, end string) string {
	t.Helper()
	return filepath.Join(dist, project+"_"+releaseVersion(t)+"_"+end)
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestFilesAreThoseTheRegistryTakes(t *testing.T) {
	t.Parallel()
	want := []string{filepath.Base(asset(t, "manifest.json"))}
	for _, platform := range platforms {
		want = append(want, filepath.Base(asset(t, platform+".zip")), filepath.Base(asset(t, platform+".cdx.json")))
	}
	slices.Sort(want)

	var listed []string
	for line := range strings.Lines(string(read(t, asset(t, "SHA256SUMS")))) {
		sum, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		listed = append(listed, name)
		actual := sha256.Sum256(read(t, filepath.Join(dist, name)))
		if sum != hex.EncodeToString(actual[:]) {
			t.Errorf("%s: SHA256SUMS has %s, the file %x", name, sum, actual)
		}
	}
	slices.Sort(listed)
	if diff := cmp.Diff(want, listed); diff != "" {
		t.Errorf("SHA256SUMS lists other files (-want +got):\n%s", diff)
	}
	if !bytes.Equal(read(t, asset(t, "manifest.json")), read(t, repository+"/terraform-registry-manifest.json")) {
		t.Error("the manifest is not the repository's")
	}
}

func TestEachZipHoldsTheProgramAndTheLicence(t *testing.T) {
	t.Parallel()
	for _, platform := range platforms {
		var names []string
		for _, file := range openZip(t, platform).File {
			names = append(names, file.Name)
			if file.Name != "LICENSE" && file.Mode().Perm() != 0o755 {
				t.Errorf("%s: nobody can run %s: %v", platform, file.Name, file.Mode())
			}
		}
		if diff := cmp.Diff([]string{"LICENSE", programName(t, platform)}, names); diff != "" {
			t.Errorf("%s holds other files (-want +got):\n%s", platform, diff)
		}
	}
}

func TestLinuxProgramStaysSmall(t *testing.T) {
	t.Parallel()
	if size := len(program(t, "linux_amd64")); size > maxProgram {
		t.Errorf("the program for linux/amd64 has %d bytes, %d over the bound of 18 MiB", size, size-maxProgram)
	}
}

// bill is what the tests read of a bill of materials in CycloneDX's form.
type bill struct {
	BOMFormat    string `json:"bomFormat"`
	SerialNumber string `json:"serialNumber"`
	Metadata     struct {
		Timestamp string    `json:"timestamp"`
		Component component `json:"component"`
	} `json:"metadata"`
	Components []component `json:"components"`
}

type component struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

func TestBillOfMaterialsNamesAllThatIsInTheProgram(t *testing.T) {
	t.Parallel()
	for _, platform := range platforms {
		var got bill
		if err := json.Unmarshal(read(t, asset(t, platform+".cdx.json")), &got); err != nil {
			t.Errorf("%s: %v", platform, err)
			continue
		}
		if got.BOMFormat != "CycloneDX" || got.SerialNumber != "" || got.Metadata.Timestamp != "" {
			t.Errorf("%s: not CycloneDX, or with something that the next build has not: %q, %q, %q", platform, got.BOMFormat, got.SerialNumber, got.Metadata.Timestamp)
		}
		if got.Metadata.Component.Version != "v"+releaseVersion(t) {
			t.Errorf("%s is about version %s", platform, got.Metadata.Component.Version)
		}
		built, err := buildinfo.Read(bytes.NewReader(program(t, platform)))
		if err != nil {
			t.Fatalf("%s: %v", platform, err)
		}
		want := []component{{"std", built.GoVersion}}
		for _, module := range built.Deps {
			want = append(want, component{module.Path, module.Version})
		}
		byName := func(a, b component) int { return strings.Compare(a.Name, b.Name) }
		slices.SortFunc(want, byName)
		slices.SortFunc(got.Components, byName)
		if diff := cmp.Diff(want, got.Components); diff != "" {
			t.Errorf("%s names other modules (-want +got):\n%s", platform, diff)
		}
	}
}

func openZip(t *testing.T, platform string) *zip.Reader {
	t.Helper()
	text := read(t, asset(t, platform+".zip"))
	archive, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatalf("%s: %v", platform, err)
	}
	return archive
}

func programName(t *testing.T, platform string) string {
	t.Helper()
	name := fmt.Sprintf("%s_v%s", project, releaseVersion(t))
	if strings.HasPrefix(platform, "windows_") {
		name += ".exe"
	}
	return name
}

// program is the one in a platform's zip.
func program(t *testing.T, platform string) []byte {
	t.Helper()
	file, err := openZip(t, platform).Open(programName(t, platform))
	if err != nil {
		t.Fatalf("%s: %v", platform, err)
	}
	text, err := io.ReadAll(file)
	if err != nil {
		t.Fatalf("%s: %v", platform, err)
	}
	return text
}
