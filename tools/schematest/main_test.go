// Package schematest sends every Kubernetes object of both stacks to a real API
// server as a dry run with strict validation, those of charts included where the
// chart can be had as a Go module. An unknown field, a wrong type, or a kind whose
// definition nobody installs is an error there, and so it is here.
package schematest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/rondohq/rondo/environments"
	"github.com/rondohq/rondo/tools/internal/apiserver"
	"github.com/rondohq/rondo/tools/internal/declared"
	"github.com/rondohq/rondo/tools/internal/repository"
	"github.com/rondohq/rondo/tools/internal/toolchain"
)

// What all tests share: the server, and what each stack is made of.
var (
	root   string
	client *apiserver.Client
	stacks = map[string]declared.Stack{}
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	ctx, cancel := context.WithTimeout(context.Background(), 25*time.Minute)
	defer cancel()
	stop, err := start(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer stop()
	return m.Run()
}

func start(ctx context.Context) (stop func(), err error) {
	if root, err = repository.Root(); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "rondo-schematest-")
	if err != nil {
		return nil, err
	}
	remove := func() { _ = os.RemoveAll(dir) }
	for _, env := range environments.All() {
		if stacks[env.Name], err = declared.Of(ctx, root, env); err != nil {
			remove()
			return nil, err
		}
		if rendered[env.Name], err = renderAll(ctx, stacks[env.Name]); err != nil {
			remove()
			return nil, err
		}
	}
	path, err := toolchain.Ensure(ctx, root, toolchain.KubeAPIServer, toolchain.Printer(os.Stderr))
	if err != nil {
		remove()
		return nil, err
	}
	server, err := apiserver.Start(ctx, path, filepath.Join(dir, "cluster"))
	if err != nil {
		remove()
		return nil, err
	}
	stop = func() {
		server.Stop()
		remove()
	}
	if client, err = apiserver.NewClient(server.Config); err == nil {
		err = install(ctx)
	}
	if err != nil {
		stop()
		return nil, err
	}
	return stop, nil
}

// install gives the server the definitions of the kinds that the stacks use, and
// their namespaces: a dry run does not make the namespace that the next one needs.
func install(ctx context.Context) error {
	kinds := map[schema.GroupKind]bool{}
	for stack, all := range stacks {
		objects := all.Objects()
		for _, more := range rendered[stack] {
			objects = append(objects, more.objects...)
		}
		for _, object := range objects {
			kinds[object.GroupVersionKind().GroupKind()] = true
		}
	}
	if err := client.InstallDefinitions(ctx, root, func(kind schema.GroupKind) bool { return kinds[kind] }); err != nil {
		return err
	}
	for _, all := range stacks {
		for _, object := range all.Objects() {
			if object.GetKind() != "Namespace" {
				continue
			}
			if err := client.Apply(ctx, object, false); err != nil {
				return fmt.Errorf("namespace %s: %w", object.GetName(), err)
			}
		}
	}
	return nil
}
