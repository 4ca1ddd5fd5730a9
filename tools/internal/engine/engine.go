// Package engine runs Pulumi's engine on a stack of this repository.
//
// The program runs in this process and the engine is the real `pulumi` command:
// what is previewed, applied and destroyed here is what the command does on its
// own, without the language host that it would need.
package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optdestroy"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Options say which stack, and how the engine finds its state.
type Options struct {
	// Stack is its name; the stack must exist, unless Create is set.
	Stack  string
	Create bool
	// Program is what the stack should be like.
	Program pulumi.RunFunc
	// Dir has Pulumi.yaml.
	Dir string
	// Env is added to this process's: where the state is and how it is decrypted.
	Env map[string]string
	// Install is a directory with bin/pulumi; empty: the one in PATH.
	Install string
}

// Stack is a stack that the engine can work on.
type Stack struct{ auto auto.Stack }

// Open finds the stack.
func Open(ctx context.Context, o Options) (*Stack, error) {
	command, err := auto.NewPulumiCommand(&auto.PulumiCommandOptions{Root: o.Install})
	if err != nil {
		return nil, err
	}
	workspace, err := auto.NewLocalWorkspace(ctx,
		auto.Program(o.Program), auto.WorkDir(o.Dir), auto.EnvVars(o.Env), auto.Pulumi(command))
	if err != nil {
		return nil, err
	}
	open := auto.SelectStack
	if o.Create {
		open = auto.UpsertStack
	}
	stack, err := open(ctx, o.Stack, workspace)
	if err != nil {
		return nil, fmt.Errorf("open the stack %s: %s", o.Stack, said(err))
	}
	return &Stack{auto: stack}, nil
}

// Step is what the engine has done, or would do, with one resource.
type Step struct {
	Op     apitype.OpType
	URN    resource.URN
	Parent resource.URN // empty for what has none
	// Inputs are what the program says; of a resource that goes, what it was.
	// Secrets are hidden.
	Inputs map[string]any
	// Changes are the properties that differ.
	Changes []Change
}

// Change is a property that differs. Values are as JSON has them; those of
// secrets are hidden.
type Change struct {
	Path   string
	Before any
	After  any
}

// Changed says whether the step is a change at all.
func (s Step) Changed() bool {
	return s.Op != apitype.OpSame && s.Op != apitype.OpRefresh && s.Op != apitype.OpRead
}

// Changed are the steps that are a change.
func Changed(steps []Step) []Step {
	return slices.DeleteFunc(slices.Clone(steps), func(s Step) bool { return !s.Changed() })
}

// Preview says what an update would do. With refresh it first looks at what the
// resources are like now, without writing that down.
func (s *Stack) Preview(ctx context.Context, refresh bool) ([]Step, error) {
	return collect(func(to chan<- events.EngineEvent) error {
		options := []optpreview.Option{optpreview.EventStreams(to), optpreview.SuppressProgress(), optpreview.Color("never")}
		if refresh {
			options = append(options, optpreview.Refresh())
		}
		_, err := s.auto.Preview(ctx, options...)
		return err
	})
}

// Up makes the stack what the program says, after it has looked at what the
// resources are like now.
func (s *Stack) Up(ctx context.Context) ([]Step, error) {
	return collect(func(to chan<- events.EngineEvent) error {
		_, err := s.auto.Up(ctx, optup.EventStreams(to), optup.Refresh(), optup.SuppressProgress(), optup.Color("never"))
		return err
	})
}

// Plan writes what an update would do to a file, which Apply then holds to.
func (s *Stack) Plan(ctx context.Context, file string) ([]Step, error) {
	return collect(func(to chan<- events.EngineEvent) error {
		_, err := s.auto.Preview(ctx, optpreview.EventStreams(to), optpreview.Refresh(), optpreview.Plan(file),
			optpreview.SuppressProgress(), optpreview.Color("never"))
		return err
	})
}

// Apply does what a plan says, and fails where more would have to be done.
func (s *Stack) Apply(ctx context.Context, file string) ([]Step, error) {
	return collect(func(to chan<- events.EngineEvent) error {
		_, err := s.auto.Up(ctx, optup.EventStreams(to), optup.Plan(file), optup.SuppressProgress(), optup.Color("never"))
		return err
	})
}

// Destroy removes everything.
func (s *Stack) Destroy(ctx context.Context) ([]Step, error) {
	return collect(func(to chan<- events.EngineEvent) error {
		_, err := s.auto.Destroy(ctx, optdestroy.EventStreams(to), optdestroy.SuppressProgress(), optdestroy.Color("never"))
		return err
	})
}

// Outputs are what the stack exports. Secrets are in clear.
func (s *Stack) Outputs(ctx context.Context) (auto.OutputMap, error) { return s.auto.Outputs(ctx) }

// SetConfig sets values of the stack's configuration.
func (s *Stack) SetConfig(ctx context.Context, config auto.ConfigMap) error {
	return s.auto.SetAllConfig(ctx, config)
}

// State is what the engine has written down of the stack.
func (s *Stack) State(ctx context.Context) (apitype.UntypedDeployment, error) {
	return s.auto.Export(ctx)
}

// collect runs the engine and gathers its steps, in their order. When it fails,
// the error is what it said about it.
func collect(run func(chan<- events.EngineEvent) error) ([]Step, error) {
	stream := make(chan events.EngineEvent)
	var (
		steps      []Step
		complaints []string
		reading    sync.WaitGroup
	)
	reading.Go(func() {
		for event := range stream {
			switch {
			case event.ResourcePreEvent != nil:
				steps = append(steps, step(event.ResourcePreEvent.Metadata))
			case event.ResOutputsEvent != nil:
				steps = append(steps, step(event.ResOutputsEvent.Metadata))
			case event.DiagnosticEvent != nil && event.DiagnosticEvent.Severity == "error":
				complaints = append(complaints, complaint(event.DiagnosticEvent))
			}
		}
	})
	err := run(stream)
	reading.Wait()
	if err != nil && len(complaints) > 0 {
		err = errors.New(strings.Join(complaints, "\n"))
	}
	return final(steps), err
}

// said is what the command wrote about an error of its own, without the frame
// that the Automation API puts around it.
func said(err error) string {
	_, text, framed := strings.Cut(err.Error(), "stderr: ")
	if !framed {
		return err.Error()
	}
	return strings.TrimPrefix(strings.TrimSpace(text), "error: ")
}

func complaint(e *apitype.DiagnosticEvent) string {
	text := strings.TrimSpace(e.Message)
	if urn := resource.URN(e.URN); urn.IsValid() && urn.Type() != resource.RootStackType {
		text = fmt.Sprintf("%s %s: %s", urn.Type(), urn.Name(), text)
	}
	return text
}

func step(m apitype.StepEventMetadata) Step {
	s := Step{Op: m.Op, URN: resource.URN(m.URN)}
	var before, after map[string]any
	if m.Old != nil {
		s.Parent, before = resource.URN(m.Old.Parent), m.Old.Inputs
	}
	if m.New != nil {
		s.Parent, after = resource.URN(m.New.Parent), m.New.Inputs
	}
	s.Inputs = after
	if m.New == nil {
		s.Inputs = before
	}
	for path, diff := range m.DetailedDiff {
		change := Change{Path: path, Before: at(before, path), After: at(after, path)}
		if !diff.InputDiff && m.Old != nil {
			change.Before = at(m.Old.Outputs, path)
		}
		s.Changes = append(s.Changes, change)
	}
	if m.DetailedDiff == nil { // not every provider compares in detail
		for _, path := range m.Diffs {
			s.Changes = append(s.Changes, Change{Path: path, Before: at(before, path), After: at(after, path)})
		}
	}
	sortChanges(s.Changes)
	return s
}

// final keeps the last that was said about each resource, where each was first
// spoken of. A replacement is several steps; a refresh before an update is one of
// its own.
func final(steps []Step) []Step {
	var kept []Step
	index := map[resource.URN]int{}
	for _, s := range steps {
		i, known := index[s.URN]
		switch {
		case !known:
			index[s.URN] = len(kept)
			kept = append(kept, s)
		case s.Changed() || !kept[i].Changed():
			// Only the first event of a step says what differs.
			if s.Op == kept[i].Op && len(s.Changes) == 0 {
				s.Changes = kept[i].Changes
			}
			kept[i] = s
		}
	}
	return kept
}

// Install makes dir what the engine's own installer would leave: the program at
// path as bin/pulumi.
func Install(path, dir string) error {
	bin := filepath.Join(dir, "bin")
	if err := os.MkdirAll(bin, 0o750); err != nil {
		return err
	}
	// Renamed, so that another process never finds it missing.
	link := filepath.Join(bin, "pulumi")
	tmp := fmt.Sprintf("%s.%d.tmp", link, os.Getpid())
	if err := os.Symlink(path, tmp); err != nil {
		return err
	}
	return os.Rename(tmp, link)
}
