// Package enginetest runs Rondo's program through Pulumi's real engine, on both
// stacks: what it makes, that a second run changes nothing, that drift is found
// and mended, and that nothing secret is written down in clear. The providers are
// tools/testprovider; Kubernetes objects go to a real API server.
package enginetest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/environments"
	"github.com/rondohq/rondo/infra/program"
	"github.com/rondohq/rondo/tools/internal/apiserver"
	"github.com/rondohq/rondo/tools/internal/engine"
	"github.com/rondohq/rondo/tools/internal/repository"
	"github.com/rondohq/rondo/tools/internal/toolchain"
	"github.com/rondohq/rondo/tools/testprovider"
)

var root, apiServer string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	ctx, cancel := context.WithTimeout(context.Background(), 25*time.Minute)
	defer cancel()
	var err error
	if root, err = repository.Root(); err == nil {
		progress := toolchain.Printer(os.Stderr)
		if apiServer, err = toolchain.Ensure(ctx, root, toolchain.KubeAPIServer, progress); err == nil {
			_, err = toolchain.Ensure(ctx, root, toolchain.Pulumi, progress)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// testBundle is a stack on an API server and providers of its own.
type testBundle struct {
	*engine.Offline

	dir     string
	world   *testprovider.World
	cluster *apiserver.Client
}

func setup(t *testing.T, env environments.Environment) *testBundle {
	t.Helper()
	b := &testBundle{dir: t.TempDir()}
	server, err := apiserver.Start(t.Context(), apiServer, filepath.Join(b.dir, "cluster"))
	require.NoError(t, err)
	t.Cleanup(server.Stop)
	began := time.Now()
	b.cluster, err = apiserver.NewClient(server.Config)
	require.NoError(t, err)
	require.NoError(t, b.cluster.InstallDefinitions(t.Context(), root))
	t.Log("CRDs", time.Since(began))
	b.world, err = testprovider.Start(server.Config)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.world.Close()) })
	b.Offline, err = engine.OpenOffline(t.Context(), engine.OfflineOptions{
		Root: root, Dir: filepath.Join(b.dir, "stack"), Stack: env.Name, Program: program.Run, World: b.world,
	})
	require.NoError(t, err)
	return b
}
