// Package pulumitest runs Pulumi programs without an engine, records what they
// register, and can refuse a type of resource.
package pulumitest

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Project is the name of the project of every run.
const Project = "rondo"

// ErrRefused is the answer to a resource of the refused type.
var ErrRefused = errors.New("refused by the test")

// Resource is one registration.
type Resource struct {
	Type     string
	Name     string
	Parent   string // name of the parent; empty for the stack
	Provider string // name of the provider; empty for the default
	Inputs   resource.PropertyMap
}

// Recorder is the engine of a run.
type Recorder struct {
	// Refuse is a type of resource whose registration fails.
	Refuse string
	// Config is the configuration of the stack.
	Config []Setting

	mu        sync.Mutex
	resources []Resource
}

// Run runs the program as the stack and returns its error. The test fails when
// the program registers a name twice.
func (r *Recorder) Run(t *testing.T, stack string, program pulumi.RunFunc) error {
	t.Helper()
	err := pulumi.RunErr(program, pulumi.WithMocks(Project, stack, r), configure(r.Config))
	names := map[string]bool{}
	for _, registered := range r.Resources() {
		key := registered.Type + " " + registered.Name
		if names[key] {
			t.Errorf("%s is registered twice", key)
		}
		names[key] = true
	}
	return err
}

// Resources are the registrations so far, in order of type and name: a program
// registers in parallel.
func (r *Recorder) Resources() []Resource {
	r.mu.Lock()
	defer r.mu.Unlock()
	sorted := slices.Clone(r.resources)
	slices.SortFunc(sorted, func(a, b Resource) int {
		return strings.Compare(a.Type+" "+a.Name, b.Type+" "+b.Name)
	})
	return sorted
}

// One is the only registration of a type; the test ends when there is another
// number of them.
func (r *Recorder) One(t *testing.T, typ string) Resource {
	t.Helper()
	found := r.All(typ)
	if len(found) != 1 {
		t.Fatalf("%d resources of type %s, want one", len(found), typ)
	}
	return found[0]
}

// All are the registrations of a type.
func (r *Recorder) All(typ string) []Resource {
	var found []Resource
	for _, registered := range r.Resources() {
		if registered.Type == typ {
			found = append(found, registered)
		}
	}
	return found
}

// Named is the registration of a type and a name; the test ends when there is none.
func (r *Recorder) Named(t *testing.T, typ, name string) Resource {
	t.Helper()
	for _, registered := range r.All(typ) {
		if registered.Name == name {
			return registered
		}
	}
	t.Fatalf("no %s %q among %d of its type", typ, name, len(r.All(typ)))
	return Resource{}
}

// NewResource implements pulumi.MockResourceMonitor. A resource's outputs are its
// inputs and what its provider computes, and its id is its name.
func (r *Recorder) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	if args.TypeToken == r.Refuse {
		return "", nil, ErrRefused
	}
	registered := Resource{Type: args.TypeToken, Name: args.Name, Inputs: args.Inputs}
	if rpc := args.RegisterRPC; rpc != nil {
		if parent := resource.URN(rpc.GetParent()); parent != "" && parent.Type() != resource.RootStackType {
			registered.Parent = parent.Name()
		}
		// A reference to a provider is its URN, two colons, and its id.
		if i := strings.LastIndex(rpc.GetProvider(), resource.URNNameDelimiter); i > 0 {
			registered.Provider = resource.URN(rpc.GetProvider()[:i]).Name()
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.resources = append(r.resources, registered)
	outputs := args.Inputs.Copy()
	if add, ok := computed[args.TypeToken]; ok {
		maps.Copy(outputs, add(args.Name))
	}
	return args.Name, outputs, nil
}

// Call implements pulumi.MockResourceMonitor: functions of providers that our
// programs call have an answer.
func (r *Recorder) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	if answer, ok := answers[args.Token]; ok {
		return answer, nil
	}
	return nil, errors.New("no answer for " + args.Token)
}
