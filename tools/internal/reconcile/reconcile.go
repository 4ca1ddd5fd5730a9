// Package reconcile compares a stack with what its program says and with what is
// really there, and mends the difference.
package reconcile

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/rondohq/rondo/tools/internal/engine"
)

// Kind is how a resource differs from what the program says.
type Kind string

// The kinds of drift.
const (
	Missing  Kind = "missing"  // it was deleted, or never made
	Changed  Kind = "changed"  // it is otherwise
	Unwanted Kind = "unwanted" // the program has it no more
)

// Drift is a resource that is not as it should be.
type Drift struct {
	Type     string     `json:"type"`
	Name     string     `json:"name"`
	URN      string     `json:"urn"`
	Kind     Kind       `json:"drift"`
	Replaced bool       `json:"replaced,omitempty"` // mending it makes another one of it
	Changes  []Property `json:"changes,omitempty"`
}

// Property is a part of a changed resource. Secrets are hidden.
type Property struct {
	Path     string `json:"path"`
	Is       any    `json:"is"`
	ShouldBe any    `json:"should_be"`
}

// Report is what one look at a stack has found.
type Report struct {
	Stack string    `json:"stack"`
	At    time.Time `json:"at"`
	Drift []Drift   `json:"drift"`
	// Applied says that the drift was mended after it was found.
	Applied bool `json:"applied"`
}

// Stack is what is reconciled.
type Stack interface {
	// Preview says what an update would do, after it has looked at what is there.
	Preview(ctx context.Context, refresh bool) ([]engine.Step, error)
	// Up makes the stack what the program says.
	Up(ctx context.Context) ([]engine.Step, error)
}

// Reconciler looks at one stack.
type Reconciler struct {
	Name  string
	Stack Stack
	// Apply mends what it finds.
	Apply   bool
	Metrics *Metrics
	Log     *slog.Logger
	// Report takes what each look has found.
	Report func(Report) error
}

// Once looks, and mends if it should. It returns what it has found; the error
// says that looking or mending failed.
func (r *Reconciler) Once(ctx context.Context) (Report, error) {
	began := time.Now()
	report := Report{Stack: r.Name, At: began.UTC(), Drift: []Drift{}}
	steps, err := r.Stack.Preview(ctx, true)
	if err == nil {
		report.Drift = drifts(steps)
		if r.Apply && len(report.Drift) > 0 {
			_, err = r.Stack.Up(ctx)
			report.Applied = err == nil
		}
	}
	r.Metrics.observe(report, time.Since(began), err)
	if err != nil {
		return report, fmt.Errorf("reconcile %s: %w", r.Name, err)
	}
	return report, r.Report(report)
}

// Loop looks again and again, with a pause of interval in between, until ctx
// ends. A look that fails is logged and counted, and the next one comes in time.
func (r *Reconciler) Loop(ctx context.Context, interval time.Duration) error {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		if _, err := r.Once(ctx); err != nil && ctx.Err() == nil {
			r.Log.ErrorContext(ctx, "the stack could not be reconciled", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// drifts are the steps that would change something in the world.
func drifts(steps []engine.Step) []Drift {
	found := []Drift{}
	for _, s := range steps {
		d := Drift{Type: string(s.URN.Type()), Name: s.URN.Name(), URN: string(s.URN)}
		switch s.Op {
		case apitype.OpCreate:
			d.Kind = Missing
		case apitype.OpUpdate:
			d.Kind = Changed
		case apitype.OpReplace, apitype.OpCreateReplacement, apitype.OpDeleteReplaced:
			d.Kind, d.Replaced = Changed, true
		case apitype.OpDelete:
			d.Kind = Unwanted
		default:
			continue
		}
		for _, c := range s.Changes {
			d.Changes = append(d.Changes, Property{Path: c.Path, Is: c.Before, ShouldBe: c.After})
		}
		found = append(found, d)
	}
	return found
}
