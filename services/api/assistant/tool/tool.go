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
	"github.com/rondohq/rondo/services/api/notification"
	"github.com/rondohq/rondo/services/api/reminder"
	"github.com/rondohq/rondo/services/api/series"
	"github.com/rondohq/rondo/services/api/tag"
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
	// Changed is how many things the turn has changed already.
	Changed int

	key string // of the call, within the turn
}

// Effect is what a tool does to the user's data.
type Effect string

// The effects.
const (
	Reads   Effect = "reads"
	Adds    Effect = "adds"
	Changes Effect = "changes" // it asks first when the turn changes more than MaxUnasked things
	Removes Effect = "removes" // it asks first, always
)

// MaxUnasked is how many things one turn may change without asking.
const MaxUnasked = 3

// Result is what a tool has done or found.
type Result struct {
	// Text is one or a few sentences in plain English.
	Text string `json:"text"`
	// Cards show what the text is about.
	Cards []Card `json:"cards,omitempty"`
	// More says that there is more than the cards show.
	More bool `json:"more,omitempty"`
}

// Card is a thing of the user's. A person sees title and detail, and the web application
// keeps them up to date by kind and id; the rest is for a model.
type Card struct {
	Kind  string    `json:"kind"` // task, series or reminder
	ID    uuid.UUID `json:"id"`
	Title string    `json:"title"`
	// Detail is a line below the title: when it is due, how it repeats.
	Detail string `json:"detail,omitempty"`
	Status string `json:"status,omitempty"`
	// At is when a task is due, a series occurs next or a reminder comes, in the
	// person's zone. A task due at 23:59:59 is due some time that day.
	At       *time.Time `json:"at,omitempty"`
	Priority string     `json:"priority,omitempty"`
	Tags     []string   `json:"tags,omitempty"`
	Notes    string     `json:"notes,omitempty"`
	// TaskID is the task of a reminder.
	TaskID *uuid.UUID `json:"task_id,omitempty"`
}

// The kinds of cards.
const (
	KindTask     = "task"
	KindSeries   = "series"
	KindReminder = "reminder"
)

// Plan is what a call would do, for a person to agree to.
type Plan struct {
	// Text asks, such as "Delete 4 tasks?".
	Text  string `json:"text"`
	Cards []Card `json:"cards"`
}

// Tool is one action.
type Tool struct {
	Name        string // as in API and events: create_task
	Description string // for a model
	Effect      Effect

	input    *jsonschema.Schema
	resolved *jsonschema.Resolved
	call     func(ctx context.Context, c Caller, arguments json.RawMessage) (Result, error)
	plan     func(ctx context.Context, c Caller, arguments json.RawMessage) (*Plan, error)
}

// Asks says whether the tool may need a person's consent.
func (t Tool) Asks() bool { return t.plan != nil }

// Schema is the schema of the arguments as plain JSON, a copy of the caller's own.
func (t Tool) Schema() map[string]any {
	var plain map[string]any
	data, err := json.Marshal(t.input)
	if err == nil {
		err = json.Unmarshal(data, &plain)
	}
	if err != nil {
		panic(fmt.Sprintf("the schema of %s: %v", t.Name, err)) // a mistake in this package, found by any test
	}
	if plain["properties"] == nil {
		plain["properties"] = map[string]any{} // some endpoints insist on it
	}
	return plain
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
		Name: name, Description: description, Effect: effect, input: schema, resolved: resolved,
		call: func(ctx context.Context, c Caller, arguments json.RawMessage) (Result, error) {
			in, err := decode[In](arguments)
			if err != nil {
				return Result{}, err
			}
			return call(ctx, c, in)
		},
	}
}

// asking makes a tool ask before it does what verb says to the things that find finds.
func asking[In any](t Tool, verb, noun string, find func(ctx context.Context, c Caller, in In) ([]Card, error)) Tool {
	t.plan = func(ctx context.Context, c Caller, arguments json.RawMessage) (*Plan, error) {
		in, err := decode[In](arguments)
		if err != nil {
			return nil, err
		}
		cards, err := find(ctx, c, in)
		if err != nil || t.Effect == Changes && c.Changed+len(cards) <= MaxUnasked {
			return nil, err
		}
		return &Plan{Text: verb + " " + plural(len(cards), noun) + "?", Cards: cards}, nil
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

// Services are what the tools call.
type Services struct {
	Tasks         task.Service
	Series        series.Service
	Reminders     reminder.Service
	Notifications notification.Service
	Tags          tag.Service
}

// Registry is the tools by name, in a fixed order.
type Registry struct {
	tools []Tool
	named map[string]Tool
}

// New is the registry of all tools.
func New(s Services) *Registry {
	r := &Registry{named: map[string]Tool{}}
	for _, group := range [][]Tool{tasks(s), recurring(s.Series), reminders(s), tags(s.Tags)} {
		r.tools = append(r.tools, group...)
	}
	for _, t := range r.tools {
		r.named[t.Name] = t
	}
	return r
}

// Tools lists all.
func (r *Registry) Tools() []Tool { return r.tools }

// Plan is what a call would do that needs a person's consent; nil: none is needed.
func (r *Registry) Plan(ctx context.Context, c Caller, name string, arguments json.RawMessage) (*Plan, error) {
	arguments = orNone(arguments)
	t, err := r.find(name, arguments)
	if err != nil || t.plan == nil {
		return nil, err
	}
	return t.plan(ctx, c, arguments)
}

// Call does it. Whoever calls has asked, if Plan said so. An unknown tool and bad
// arguments are fault.Invalid, and say what would be right.
func (r *Registry) Call(ctx context.Context, c Caller, name string, arguments json.RawMessage) (Result, error) {
	arguments = orNone(arguments)
	t, err := r.find(name, arguments)
	if err != nil {
		return Result{}, err
	}
	if t.Effect != Reads && c.Turn != "" {
		digest := canonical(arguments)
		c.key = "assistant:" + c.Turn + ":" + name + ":" + hex.EncodeToString(digest[:])
	}
	return t.call(c.once(ctx, ""), c, arguments)
}

// orNone is no arguments where nothing at all was given, as models do.
func orNone(arguments json.RawMessage) json.RawMessage {
	if text := strings.TrimSpace(string(arguments)); text == "" || text == "null" {
		return json.RawMessage("{}")
	}
	return arguments
}

// Effect is that of the named tool; empty: there is no such tool.
func (r *Registry) Effect(name string) Effect { return r.named[name].Effect }

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

// once gives one of the call's changes its idempotency key. Each change has a transaction
// of its own, and so needs a step of its own: with one key, they would be one effect.
func (c Caller) once(ctx context.Context, step string) context.Context {
	if c.key == "" {
		return ctx
	}
	key := c.key + ":" + step
	return idempotency.With(ctx, key, sha256.Sum256([]byte(key)))
}
