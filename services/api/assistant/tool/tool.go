// Package tool is all that the assistant can do: one registry of typed tools, each a
// thin call of the same service that HTTP calls. The chat agent, the MCP server and the
// offline assistant are three doors to it; no other path to a user's data exists.
package tool

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/api/task"
	"github.com/rondohq/rondo/services/internal/idempotency"
)

// Caller is who a tool acts for.
type Caller struct {
	UserID uuid.UUID
	Zone   *time.Location
	Now    time.Time
	// Turn makes a call repeatable: within it, the same tool with the same arguments
	// has one effect. Empty: each call is one of its own.
	Turn string
}

// Effect is what a tool does to the user's data.
type Effect string

// The effects.
const (
	Reads   Effect = "reads"
	Changes Effect = "changes"
	Removes Effect = "removes" // it asks first, always
)

// Result is what a tool has done or found.
type Result struct {
	// Text is one or a few sentences in plain English, without data of the user's that
	// the cards do not show as well.
	Text string `json:"text"`
	// Cards show what the text is about.
	Cards []Card `json:"cards,omitempty"`
	// More counts what was found beyond the cards.
	More int `json:"more,omitempty"`
}

// Card is a thing of the user's, shown live by the web application: it is named
// here and fetched there.
type Card struct {
	Kind  string    `json:"kind"` // task, series or reminder
	ID    uuid.UUID `json:"id"`
	Title string    `json:"title"`
	// Detail is a line below the title: when it is due, how it repeats.
	Detail string `json:"detail,omitempty"`
	Status string `json:"status,omitempty"`
}

// Plan is what a call would do, for a person to agree to.
type Plan struct {
	// Text asks, such as "Delete these 4 tasks?".
	Text  string `json:"text"`
	Cards []Card `json:"cards"`
}

// MaxUnasked is how many things one call may change without asking.
const MaxUnasked = 3

// Tool is one action.
type Tool struct {
	Name        string // as in API and events: create_task
	Description string // for a model
	Effect      Effect
	Input       *jsonschema.Schema

	resolved *jsonschema.Resolved
	call     func(ctx context.Context, c Caller, arguments json.RawMessage) (Result, error)
	plan     func(ctx context.Context, c Caller, arguments json.RawMessage) (*Plan, error)
}

// define makes a tool whose arguments are an In.
func define[In any](name, description string, effect Effect, call func(ctx context.Context, c Caller, in In) (Result, error)) Tool {
	schema, err := jsonschema.ForType(reflect.TypeFor[In](), &jsonschema.ForOptions{})
	if err != nil {
		panic(fmt.Sprintf("the arguments of %s: %v", name, err)) // a mistake in this package, found by any test
	}
	resolved, err := schema.Resolve(nil)
	if err != nil {
		panic(fmt.Sprintf("the schema of %s: %v", name, err))
	}
	return Tool{
		Name: name, Description: description, Effect: effect, Input: schema, resolved: resolved,
		call: func(ctx context.Context, c Caller, arguments json.RawMessage) (Result, error) {
			in, err := decode[In](arguments)
			if err != nil {
				return Result{}, err
			}
			return call(ctx, c, in)
		},
	}
}

// asking makes a tool ask before what plan describes; a nil plan needs no consent.
func asking[In any](t Tool, plan func(ctx context.Context, c Caller, in In) (*Plan, error)) Tool {
	t.plan = func(ctx context.Context, c Caller, arguments json.RawMessage) (*Plan, error) {
		in, err := decode[In](arguments)
		if err != nil {
			return nil, err
		}
		return plan(ctx, c, in)
	}
	return t
}

func decode[In any](arguments json.RawMessage) (In, error) {
	var in In
	decoder := json.NewDecoder(bytes.NewReader(arguments))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&in); err != nil {
		return in, fault.New(fault.Invalid, "The arguments are not those of this tool: %s.", strings.TrimPrefix(err.Error(), "json: ")).
			Because("invalid_arguments", err)
	}
	return in, nil
}

// Registry is the tools by name, in a fixed order.
type Registry struct {
	tools []Tool
	named map[string]Tool
}

// newRegistry joins tools; two of one name are a mistake in this package.
func newRegistry(tools ...Tool) *Registry {
	r := &Registry{tools: tools, named: map[string]Tool{}}
	for _, t := range tools {
		if _, twice := r.named[t.Name]; twice {
			panic("two tools are called " + t.Name)
		}
		r.named[t.Name] = t
	}
	return r
}

// Tools lists all.
func (r *Registry) Tools() []Tool { return r.tools }

// Plan is what a call would do that needs a person's consent; nil: none is needed.
func (r *Registry) Plan(ctx context.Context, c Caller, name string, arguments json.RawMessage) (*Plan, error) {
	t, err := r.find(name, arguments)
	if err != nil || t.plan == nil {
		return nil, err
	}
	return t.plan(ctx, c, arguments)
}

// Call does it. Whoever calls has asked, if Plan said so. An unknown tool and bad
// arguments are fault.Invalid, and say what would be right.
func (r *Registry) Call(ctx context.Context, c Caller, name string, arguments json.RawMessage) (Result, error) {
	t, err := r.find(name, arguments)
	if err != nil {
		return Result{}, err
	}
	if t.Effect != Reads && c.Turn != "" {
		digest := canonical(arguments)
		ctx = idempotency.With(ctx, "assistant:"+c.Turn+":"+name+":"+hex.EncodeToString(digest[:]), digest)
	}
	return t.call(ctx, c, arguments)
}

func (r *Registry) find(name string, arguments json.RawMessage) (Tool, error) {
	t, ok := r.named[name]
	if !ok {
		return Tool{}, fault.New(fault.Invalid, "There is no tool %q.", name).Because("unknown_tool", nil)
	}
	var value any
	if err := json.Unmarshal(arguments, &value); err != nil {
		return Tool{}, fault.New(fault.Invalid, "The arguments of %s are not JSON.", name).Because("invalid_arguments", err)
	}
	if err := t.resolved.Validate(value); err != nil {
		return Tool{}, fault.New(fault.Invalid, "The arguments of %s do not fit: %v.", name, err).Because("invalid_arguments", err)
	}
	return t, nil
}

// canonical is the same for arguments that differ in spaces or in the order of members.
func canonical(arguments json.RawMessage) [sha256.Size]byte {
	var value any
	if json.Unmarshal(arguments, &value) == nil {
		if data, err := json.Marshal(value); err == nil {
			return sha256.Sum256(data)
		}
	}
	return sha256.Sum256(arguments)
}

// Services are what the tools call.
type Services struct {
	Tasks task.Service
}

// New is the registry of all tools.
func New(s Services) *Registry { return newRegistry(tasks(s.Tasks)...) }

// Asks says whether the tool may need a person's consent.
func (t Tool) Asks() bool { return t.plan != nil }

// Schema is the schema of the arguments as plain JSON.
func (t Tool) Schema() map[string]any {
	var plain map[string]any
	data, err := json.Marshal(t.Input)
	if err == nil {
		err = json.Unmarshal(data, &plain)
	}
	if err != nil {
		panic(fmt.Sprintf("the schema of %s: %v", t.Name, err)) // a mistake in this package, found by any test
	}
	return plain
}
