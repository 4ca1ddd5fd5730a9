// Package enginetest runs Rondo's program through Pulumi's real engine, on both
// stacks: what it makes, that a second run changes nothing, that drift is found
// and mended, and that nothing secret is written down in clear. The providers are
// tools/testprovider; Kubernetes objects go to a real API server.
package enginetest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/rondohq/rondo/environments"
	"github.com/rondohq/rondo/infra/program"
	"github.com/rondohq/rondo/tools/internal/apiserver"
	"github.com/rondohq/rondo/tools/internal/engine"
	"github.com/rondohq/rondo/tools/internal/repository"
	"github.com/rondohq/rondo/tools/internal/toolchain"
	"github.com/rondohq/rondo/tools/testprovider"
)

// What all tests share: programs, and a cluster without anything that one test
// at a time fills and leaves empty.
var (
	root, pulumiProgram, stackProgram string

	cluster = struct {
		sync.Mutex

		server *apiserver.Server
		client *apiserver.Client
		kinds  map[schema.GroupKind]bool // whose definitions it has
	}{kinds: map[schema.GroupKind]bool{}}
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	ctx, cancel := context.WithTimeout(context.Background(), 25*time.Minute)
	defer cancel()
	dir, err := os.MkdirTemp("", "rondo-enginetest-")
	if err == nil {
		defer os.RemoveAll(dir)
		err = buildPrograms(ctx, dir)
	}
	if err == nil {
		cluster.server, cluster.client, err = startCluster(ctx, filepath.Join(dir, "cluster"))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer cluster.server.Stop()
	return m.Run()
}

func buildPrograms(ctx context.Context, dir string) (err error) {
	if root, err = repository.Root(); err != nil {
		return err
	}
	progress := toolchain.Printer(os.Stderr)
	if pulumiProgram, err = toolchain.Ensure(ctx, root, toolchain.Pulumi, progress); err != nil {
		return err
	}
	stackProgram = filepath.Join(dir, "stack")
	build := exec.CommandContext(ctx, "go", "build", "-o", stackProgram, "./tools/cmd/stack")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the stack command: %w\n%s", err, out)
	}
	return nil
}

func startCluster(ctx context.Context, dir string) (*apiserver.Server, *apiserver.Client, error) {
	path, err := toolchain.Ensure(ctx, root, toolchain.KubeAPIServer, toolchain.Printer(os.Stderr))
	if err != nil {
		return nil, nil, err
	}
	server, err := apiserver.Start(ctx, path, dir)
	if err != nil {
		return nil, nil, err
	}
	client, err := apiserver.NewClient(server.Config)
	if err != nil {
		server.Stop()
		return nil, nil, err
	}
	return server, client, nil
}

// testBundle is a stack with providers of its own on the shared cluster.
type testBundle struct {
	*engine.Offline

	name    string
	dir     string // with Pulumi.yaml
	world   *testprovider.World
	cluster *apiserver.Client
}

// setup waits for the cluster, and gives it the definitions that the program needs.
func setup(t *testing.T, env environments.Environment) *testBundle {
	t.Helper()
	cluster.Lock()
	t.Cleanup(cluster.Unlock)
	b := &testBundle{name: env.Name, dir: t.TempDir(), cluster: cluster.client}
	var err error
	b.world, err = testprovider.Start(testprovider.Options{Cluster: cluster.server.Config})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.world.Close()) })
	b.Offline, err = engine.OpenOffline(t.Context(), engine.OfflineOptions{
		Root: root, Dir: b.dir, Stack: env.Name, Program: program.Run, World: b.world, Config: engine.Sample(env),
	})
	require.NoError(t, err)
	t.Cleanup(func() { // whatever a test has left
		_, err := b.Destroy(context.Background())
		require.NoError(t, err)
	})
	needed := map[schema.GroupKind]bool{}
	for _, d := range objects(b.preview(t)) {
		if kind := d.object.GroupVersionKind().GroupKind(); !cluster.kinds[kind] {
			needed[kind], cluster.kinds[kind] = true, true
		}
	}
	require.NoError(t, b.cluster.InstallDefinitions(t.Context(), root, func(kind schema.GroupKind) bool { return needed[kind] }))
	return b
}
