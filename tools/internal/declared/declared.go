// Package declared says what the program of a stack declares, by running it
// through Pulumi's engine with the test double as every provider.
package declared

import (
	"context"
	"fmt"
	"os"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/rondohq/rondo/environments"
	"github.com/rondohq/rondo/infra/program"
	"github.com/rondohq/rondo/tools/internal/engine"
	"github.com/rondohq/rondo/tools/internal/toolchain"
	"github.com/rondohq/rondo/tools/testprovider"
)

// Stack are all resources of a stack, in order of type and name.
type Stack []testprovider.Resource

// Of runs the program of the environment in the checkout at root.
func Of(ctx context.Context, root string, env environments.Environment) (_ Stack, err error) {
	dir, err := os.MkdirTemp("", "rondo-declared-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	world, err := testprovider.Start(testprovider.Options{})
	if err != nil {
		return nil, err
	}
	defer world.Close()
	stack, err := engine.OpenOffline(ctx, engine.OfflineOptions{
		Root: root, Dir: dir, Stack: env.Name, Program: program.Run, World: world,
		Config: engine.Sample(env), Progress: toolchain.Printer(os.Stderr),
	})
	if err == nil {
		_, err = stack.Up(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("stack %s: %w", env.Name, err)
	}
	return world.Resources(), nil
}

// Objects are the Kubernetes objects of the stack. Those of charts are not known
// to the program.
func (s Stack) Objects() []*unstructured.Unstructured {
	var found []*unstructured.Unstructured
	for _, r := range s {
		object := &unstructured.Unstructured{Object: r.Inputs}
		if strings.HasPrefix(r.Type, "kubernetes:") && object.GetKind() != "" && object.GetAPIVersion() != "" {
			found = append(found, object)
		}
	}
	return found
}

// OfKind are the objects of one kind.
func (s Stack) OfKind(kind string) []*unstructured.Unstructured {
	var found []*unstructured.Unstructured
	for _, object := range s.Objects() {
		if object.GetKind() == kind {
			found = append(found, object)
		}
	}
	return found
}

// OfType are the resources of one type.
func (s Stack) OfType(typ string) Stack {
	var found Stack
	for _, r := range s {
		if r.Type == typ {
			found = append(found, r)
		}
	}
	return found
}
