// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package examples_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// gitHubWorkflows are the one to copy and those that this repository runs itself.
func gitHubWorkflows(t *testing.T) []string {
	t.Helper()
	own, err := filepath.Glob(filepath.Join(repository, ".github/workflows/*.yml"))
	if err != nil || len(own) == 0 {
		t.Fatalf("no workflows: %v", err)
	}
	return append(own, "pipelines/github-actions.yml")
}

func TestGitHubWorkflowsAreValid(t *testing.T) {
	t.Parallel()
	// shellcheck and pyflakes only where somebody has them: a machine's programs must not decide.
	args := []string{"tool", "-modfile=../tools/actionlint/go.mod", "actionlint", "-no-color", "-shellcheck=", "-pyflakes="}
	if text, err := run(t, ".", os.Environ(), "go", append(args, gitHubWorkflows(t)...)...); err != nil {
		t.Errorf("actionlint: %v: %s", err, text)
	}
}

// gitHubWorkflow is what decides how far a workflow is to be trusted.
type gitHubWorkflow struct {
	Permissions map[string]string    `yaml:"permissions"` // a text, such as write-all, is an error
	Jobs        map[string]gitHubJob `yaml:"jobs"`
}

type gitHubJob struct {
	Uses    yaml.Node `yaml:"uses"`
	Timeout int       `yaml:"timeout-minutes"`
	Steps   []struct {
		Uses yaml.Node         `yaml:"uses"`
		With map[string]string `yaml:"with"`
	} `yaml:"steps"`
}

func TestGitHubWorkflowsTrustNobodyTooFar(t *testing.T) {
	t.Parallel()
	for _, file := range gitHubWorkflows(t) {
		var workflow gitHubWorkflow
		if err := yaml.Unmarshal([]byte(read(t, file)), &workflow); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		if workflow.Permissions == nil {
			t.Errorf("%s has no permissions at its top, so each job has the repository's", file)
		}
		for scope, permission := range workflow.Permissions {
			if permission != "read" && permission != "none" {
				t.Errorf("%s gives every job %s: %s", file, scope, permission)
			}
		}
		for name, job := range workflow.Jobs {
			isPinned(t, file, job.Uses)
			if job.Uses.IsZero() && job.Timeout == 0 {
				t.Errorf("%s: %s may hang for six hours", file, name)
			}
			for _, step := range job.Steps {
				isPinned(t, file, step.Uses)
				if strings.HasPrefix(step.Uses.Value, "actions/checkout@") && step.With["persist-credentials"] != "false" {
					t.Errorf("%s: %s leaves its token where every later step can read it", file, name)
				}
			}
		}
	}
}

var (
	pinnedAction  = regexp.MustCompile(`^[\w.-]+(/[\w.-]+)+@[0-9a-f]{40}$`)
	pinnedVersion = regexp.MustCompile(`^# v\d+\.\d+\.\d+$`)
)

// isPinned checks that an action is named by a commit, which nobody can move, and that its version
// stands beside it for people and Dependabot. What is in this repository is of the same commit.
func isPinned(t *testing.T, file string, uses yaml.Node) {
	t.Helper()
	if uses.IsZero() || strings.HasPrefix(uses.Value, "./") {
		return
	}
	if !pinnedAction.MatchString(uses.Value) || !pinnedVersion.MatchString(uses.LineComment) {
		t.Errorf("%s:%d: not pinned as owner/name@commit # v1.2.3: %s %s", file, uses.Line, uses.Value, uses.LineComment)
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
