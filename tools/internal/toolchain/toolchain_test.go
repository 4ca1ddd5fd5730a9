package toolchain

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/tools/internal/repository"
)

// checkout makes one with a single tool, hello, and a cache of its own.
func checkout(t *testing.T) (root string) {
	t.Helper()
	root = t.TempDir()
	// Go's own cache lies in the same place; a new one would be filled for long.
	goCache, err := goEnv(t.Context(), root, "GOCACHE")
	require.NoError(t, err)
	t.Setenv("GOCACHE", goCache)
	t.Setenv("XDG_CACHE_HOME", filepath.Join(root, "cache"))
	write(t, root, "go.mod", "module example.test/hello\n\ngo 1.26.0\n")
	write(t, root, "go.sum", "")
	write(t, root, "main.go", "package main\n\nfunc main() { println(\"hello\") }\n")
	return root
}

func write(t *testing.T, root, name, content string) {
	t.Helper()
	path := filepath.Join(root, "tools", "toolchain", "hello", name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
}

//nolint:paralleltest // sets the environment
func TestToolIsBuiltOnceAndByOneProcessAtATime(t *testing.T) {
	root := checkout(t)
	var mu sync.Mutex
	reports := map[bool]int{} // by whether it waited
	paths := make([]string, 4)
	var builds sync.WaitGroup
	for i := range paths {
		builds.Go(func() {
			path, err := Ensure(t.Context(), root, "hello", func(p Progress) {
				mu.Lock()
				defer mu.Unlock()
				reports[p.Waiting]++
			})
			if err != nil {
				t.Error(err)
			}
			paths[i] = path
		})
	}
	builds.Wait()
	for _, path := range paths {
		require.Equal(t, paths[0], path)
	}
	out, err := exec.CommandContext(t.Context(), paths[0]).CombinedOutput()
	require.NoError(t, err)
	require.Equal(t, "hello\n", string(out))

	built, err := os.Stat(paths[0])
	require.NoError(t, err)
	_, err = Ensure(t.Context(), root, "hello", func(Progress) { t.Error("a second run built something") })
	require.NoError(t, err)
	again, err := os.Stat(paths[0])
	require.NoError(t, err)
	require.Equal(t, built.ModTime(), again.ModTime())
	left, err := filepath.Glob(filepath.Join(filepath.Dir(paths[0]), "*.tmp"))
	require.NoError(t, err)
	require.Empty(t, left)
}

//nolint:paralleltest // sets the environment
func TestKeyFollowsAllThatDecidesTheResult(t *testing.T) {
	root := checkout(t)
	seen := map[string]string{}
	for _, change := range []struct{ what, file, content string }{
		{"nothing", "README", "not built"},
		{"the source", "main.go", "package main\n\nfunc main() { println(\"good day\") }\n"},
		{"a second file", "more.go", "package main\n"},
		{"the sums", "go.sum", "example.test/other v1.0.0 h1:AAAA=\n"},
		{"the module", "go.mod", "module example.test/hello\n\ngo 1.26.1\n"},
	} {
		before, err := Find(t.Context(), root, "hello")
		require.NoError(t, err)
		seen[before.Path] = change.what
		write(t, root, change.file, change.content)
		after, err := Find(t.Context(), root, "hello")
		require.NoError(t, err)
		if change.what == "nothing" {
			require.Equal(t, before.Path, after.Path)
		} else {
			require.NotContains(t, seen, after.Path, change.what)
		}
	}
}

//nolint:paralleltest // sets the environment
func TestFailedBuildSaysWhyAndLeavesNothing(t *testing.T) {
	root := checkout(t)
	write(t, root, "main.go", "package main\n\nfunc main() { undefinedThing() }\n")
	path, err := Ensure(t.Context(), root, "hello", nil)
	require.ErrorContains(t, err, "undefinedThing")
	require.NoFileExists(t, path)
}

//nolint:paralleltest // sets the environment
func TestUnknownToolIsAnsweredWithTheKnown(t *testing.T) {
	_, err := Find(t.Context(), checkout(t), "hallo")
	require.ErrorContains(t, err, `no tool "hallo"; there are: hello`)
}

func TestToolsOfThisCheckoutCarryTheirVersion(t *testing.T) {
	t.Parallel()
	root, err := repository.Root()
	require.NoError(t, err)
	for _, name := range []string{Daprd, Scheduler} {
		tool, err := Find(t.Context(), root, name)
		require.NoError(t, err)
		flags := strings.Join(tool.args, " ")
		require.Regexp(t, `-X github\.com/dapr/dapr/pkg/buildinfo\.version=\d+\.\d+\.\d+`, flags)
		require.NotContains(t, flags, "=v1")
	}
}
