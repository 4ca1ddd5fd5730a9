// Package workflows holds the pipeline to what the rest of the repository says.
package workflows

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/modfile"
	"gopkg.in/yaml.v3"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/tools/internal/repository"
)

// files are the workflows and the actions of this repository, with their texts.
func files(t *testing.T) map[string]string {
	t.Helper()
	root, err := repository.Root()
	require.NoError(t, err)
	texts := map[string]string{}
	for _, pattern := range []string{"workflows/*.yml", "actions/*/action.yml"} {
		paths, err := filepath.Glob(filepath.Join(root, ".github", pattern))
		require.NoError(t, err)
		require.NotEmpty(t, paths)
		for _, path := range paths {
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			texts[strings.TrimPrefix(path, root+string(filepath.Separator))] = string(text)
		}
	}
	return texts
}

var (
	uses   = regexp.MustCompile(`(?m)^\s*-?\s*uses:\s*(.+)$`)
	pinned = regexp.MustCompile(`^[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
)

func TestActionsOfOthersArePinnedByDigest(t *testing.T) {
	t.Parallel()
	digests := map[string]string{}
	for name, text := range files(t) {
		for _, match := range uses.FindAllStringSubmatch(text, -1) {
			action := strings.TrimSpace(match[1])
			if strings.HasPrefix(action, "./") {
				continue
			}
			require.Regexp(t, pinned, action, name)
			owner, digest, _ := strings.Cut(action, "@")
			if before, known := digests[owner]; known {
				require.Equal(t, before, digest, "%s is used in two versions", owner)
			}
			digests[owner] = digest
		}
	}
	require.NotEmpty(t, digests)
}

// workflow is what is compared of one.
type workflow struct {
	Permissions map[string]string
	Concurrency struct {
		Group            string
		CancelInProgress bool `yaml:"cancel-in-progress"`
	}
	Jobs map[string]struct {
		Environment string
		Needs       any
		Timeout     int `yaml:"timeout-minutes"`
		Uses        string
		Strategy    struct {
			Matrix struct{ Service []string }
		}
	}
}

func read(t *testing.T, name string) workflow {
	t.Helper()
	var w workflow
	text, ok := files(t)[filepath.Join(".github", "workflows", name+".yml")]
	require.True(t, ok, name)
	require.NoError(t, yaml.Unmarshal([]byte(text), &w))
	return w
}

func TestEachServiceHasAnImage(t *testing.T) {
	t.Parallel()
	var want []string
	for _, s := range topology.Services() {
		want = append(want, s.Name)
	}
	require.ElementsMatch(t, want, read(t, "images").Jobs["image"].Strategy.Matrix.Service)
}

func TestADeploymentRunsTheImagesOfItsOwnRepository(t *testing.T) {
	t.Parallel()
	const registry = "ghcr.io/${GITHUB_REPOSITORY_OWNER,,}"
	all := files(t)
	require.Contains(t, all[filepath.Join(".github", "workflows", "images.yml")], registry)
	require.Contains(t, all[filepath.Join(".github", "actions", "deployer", "action.yml")], `pulumi config set rondo:registry "`+registry+`"`)
}

func TestADeploymentIsApprovedAndAlone(t *testing.T) {
	t.Parallel()
	apply := read(t, "apply")
	require.Equal(t, "aks", apply.Jobs["apply"].Environment)
	require.Equal(t, "plan", apply.Jobs["apply"].Needs)
	require.Equal(t, "images", apply.Jobs["plan"].Needs)
	require.False(t, apply.Concurrency.CancelInProgress)
	require.NotEmpty(t, apply.Concurrency.Group)
	require.Equal(t, apply.Concurrency.Group, read(t, "drift").Concurrency.Group, "looking at drift while a deployment runs finds the deployment")
}

func TestNothingRunsForEverOrMayMoreThanItNeeds(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"apply", "ci", "drift", "images", "preview", "secrets"} {
		w := read(t, name)
		require.Equal(t, map[string]string{"contents": "read"}, w.Permissions, name)
		for job, j := range w.Jobs {
			if j.Uses == "" {
				require.NotZero(t, j.Timeout, "%s of %s", job, name)
			}
		}
	}
}

func TestThePipelineRunsTheEngineOfTheToolchain(t *testing.T) {
	t.Parallel()
	root, err := repository.Root()
	require.NoError(t, err)
	path := filepath.Join(root, "tools", "toolchain", "pulumi", "go.mod")
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	module, err := modfile.Parse(path, text, nil)
	require.NoError(t, err)
	for _, r := range module.Require {
		if r.Mod.Path == "github.com/pulumi/pulumi/pkg/v3" {
			want := "pulumi-version: " + strings.TrimPrefix(r.Mod.Version, "v")
			require.Contains(t, files(t)[filepath.Join(".github", "actions", "deployer", "action.yml")], want)
			return
		}
	}
	require.Fail(t, "the toolchain has no engine")
}
