// Package conformance holds what Rondo relies on at the edges of a Dapr sidecar,
// each edge as a test on real parts: daprd, the scheduler, PostgreSQL and the
// embedded broker, configured by what `rondo up` renders. It is the gate of every
// upgrade of Dapr; where it contradicts a document, the document is wrong
// (docs/adr/0007-sidecar-edges.md).
//
// The services' place behind the sidecars is taken by handlers of the tests.
package conformance_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/tools/internal/postgresserver"
	"github.com/rondohq/rondo/tools/internal/repository"
	"github.com/rondohq/rondo/tools/internal/toolchain"
)

// What all tests share: programs, the database, and one stack with a sidecar of
// each service. A test that stops a part starts a stack of its own.
var (
	daprd, scheduler string
	database         *postgresserver.Running
	shared           *stack
)

func TestMain(m *testing.M) {
	flag.Parse()
	// The tests wait for other programs more than they work, so that more of them
	// run at once than there are processors.
	if err := flag.Set("test.parallel", "10"); err != nil {
		panic(err)
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute)
	defer cancel()
	stop, err := startShared(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer stop()
	return m.Run()
}

func startShared(ctx context.Context) (stop func(), err error) {
	root, err := repository.Root()
	if err != nil {
		return nil, err
	}
	progress := toolchain.Printer(os.Stderr)
	if daprd, err = toolchain.Ensure(ctx, root, toolchain.Daprd, progress); err != nil {
		return nil, err
	}
	if scheduler, err = toolchain.Ensure(ctx, root, toolchain.Scheduler, progress); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "rondo-conformance-")
	if err != nil {
		return nil, err
	}
	// PostgreSQL may run as another user below it.
	if err := os.Chmod(dir, 0o755); err != nil {
		return nil, err
	}
	if database, err = postgresserver.Start(ctx, postgresserver.Options{DataDir: filepath.Join(dir, "postgres"), Ephemeral: true}); err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	stop = func() {
		if shared != nil {
			shared.stop()
		}
		database.Stop()
		_ = os.RemoveAll(dir)
	}
	if shared, err = newStack(filepath.Join(dir, "stack")); err == nil {
		err = shared.start(ctx, topology.Services()...)
	}
	if err != nil {
		stop()
		return nil, err
	}
	return stop, nil
}
