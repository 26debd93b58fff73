// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package examples_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

func TestGitHubPipelineIsValid(t *testing.T) {
	t.Parallel()
	// shellcheck and pyflakes only where somebody has them: a machine's programs must not decide.
	text, err := run(t, repository, os.Environ(), "go", "tool", "-modfile=tools/actionlint/go.mod", "actionlint",
		"-no-color", "-shellcheck=", "-pyflakes=", "examples/pipelines/github-actions.yml")
	if err != nil {
		t.Errorf("actionlint: %v: %s", err, text)
	}
}

// gitLabJob is what a job of the pipeline has to have.
type gitLabJob struct {
	Stage  string     `yaml:"stage"`
	Script []string   `yaml:"script"`
	Needs  []string   `yaml:"needs"`
	Rules  []struct{} `yaml:"rules"`
}

func TestGitLabPipelineIsValid(t *testing.T) {
	t.Parallel()
	text := []byte(read(t, "pipelines/gitlab-ci.yml"))
	var file map[string]yaml.Node
	if err := yaml.Unmarshal(text, &file); err != nil { // a key that stands twice is an error
		t.Fatal(err)
	}
	var head struct {
		Stages []string `yaml:"stages"`
	}
	if err := yaml.Unmarshal(text, &head); err != nil {
		t.Fatal(err)
	}
	jobs := map[string]gitLabJob{}
	for name, node := range file {
		// What is no keyword of GitLab's is a job, so a keyword misspelt is one without a script.
		if slices.Contains([]string{"default", "include", "stages", "variables", "workflow"}, name) || strings.HasPrefix(name, ".") {
			continue
		}
		var job gitLabJob
		if err := node.Decode(&job); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		jobs[name] = job
	}
	for name, job := range jobs {
		if len(job.Script) == 0 || !slices.Contains(head.Stages, job.Stage) || len(job.Rules) == 0 {
			t.Errorf("%s is no job of a known stage with a script and rules: %+v", name, job)
		}
		for _, need := range job.Needs {
			if _, isJob := jobs[need]; !isJob {
				t.Errorf("%s needs %s, which is no job", name, need)
			}
		}
		for _, line := range job.Script {
			isShell(t, "pipelines/gitlab-ci.yml "+name, line)
		}
	}
	if len(jobs) != len(head.Stages) {
		t.Errorf("%d jobs in %d stages", len(jobs), len(head.Stages))
	}
}
