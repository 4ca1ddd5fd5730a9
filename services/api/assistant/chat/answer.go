package chat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/api/assistant/tool"
)

// gather is how long words wait for more of them: each chunk is a transaction, and a
// model says a hundred words a second.
const gather = 60 * time.Millisecond

// answer is the Answer of one responder to one turn.
type answer struct {
	service *Conversation
	turn    Turn
	caller  tool.Caller
	agreed  bool // the person has consented

	mu      sync.Mutex
	begun   bool   // something is there to be seen
	over    error  // ends every further call
	waiting string // words that are not kept yet
	timer   *time.Timer
	chunks  int
	words   strings.Builder
	steps   []Step
	changed map[uuid.UUID]bool
}

func (s *Conversation) answer(t Turn, r Request) *answer {
	return &answer{service: s, turn: t, caller: r.Caller, changed: map[uuid.UUID]bool{}}
}

// append keeps a chunk, behind the words that wait.
func (a *answer) append(ctx context.Context, kind Kind, data any) error {
	if err := a.flush(ctx); err != nil {
		return err
	}
	return a.keep(ctx, NewChunk{kind, data})
}

func (a *answer) keep(ctx context.Context, c NewChunk) error {
	if a.over != nil {
		return a.over
	}
	a.chunks++
	if a.chunks > maxChunks {
		a.over = fmt.Errorf("an answer has more than %d chunks", maxChunks)
		return a.over
	}
	if err := a.service.Store.Append(ctx, a.turn, c); err != nil {
		a.over = err
		return err //nolint:wrapcheck // errResting, or an error of the store
	}
	a.begun = true
	a.service.announce(a.turn.ID)
	return nil
}

func (a *answer) flush(ctx context.Context) error {
	if a.timer != nil {
		a.timer.Stop()
		a.timer = nil
	}
	if a.waiting == "" {
		return a.over
	}
	words := a.waiting
	a.waiting = ""
	return a.keep(ctx, NewChunk{Text, Said{words}})
}

// Say implements Answer.
func (a *answer) Say(ctx context.Context, words string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.over != nil || words == "" {
		return a.over
	}
	a.words.WriteString(words)
	a.waiting += words
	if !a.begun {
		return a.flush(ctx) // the first words are what a person waits for
	}
	if a.timer == nil {
		a.timer = time.AfterFunc(gather, func() {
			// A stream's context ends with it, which is no reason to lose its last words.
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), renewEvery)
			defer cancel()
			a.mu.Lock()
			defer a.mu.Unlock()
			_ = a.flush(ctx) // the next call says it
		})
	}
	return nil
}

// finish keeps what waits; nothing comes after it.
func (a *answer) finish(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	err := a.flush(ctx)
	if a.over == nil {
		a.over = errResting
	}
	return err
}

// Call implements Answer.
func (a *answer) Call(ctx context.Context, call Call) (Done, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.over != nil {
		return Done{}, a.over
	}
	if len(call.Arguments) == 0 {
		call.Arguments = json.RawMessage("{}")
	}
	a.caller.Changed = len(a.changed)
	if !a.agreed {
		plan, err := a.service.Tools.Plan(ctx, a.caller, call.Name, call.Arguments)
		if f, ok := errors.AsType[*fault.Error](err); ok {
			// The responder may mend it; a person need not see that.
			return a.note(call, failure(call, f), "failed"), nil
		}
		if err != nil {
			return Done{}, fmt.Errorf("planning %s: %w", call.Name, err)
		}
		if plan != nil {
			return Done{}, a.ask(ctx, call, plan)
		}
	}
	if err := a.append(ctx, Tool, call); err != nil {
		return Done{}, err
	}
	result, err := a.service.Tools.Call(ctx, a.caller, call.Name, call.Arguments)
	done, outcome := Done{Name: call.Name, Result: result}, "done"
	if f, ok := errors.AsType[*fault.Error](err); ok {
		done, outcome = failure(call, f), "failed"
	} else if err != nil {
		return Done{}, fmt.Errorf("calling %s: %w", call.Name, err)
	}
	if effect := a.service.Tools.Effect(call.Name); effect == tool.Changes || effect == tool.Removes {
		for _, card := range done.Result.Cards {
			a.changed[card.ID] = true
		}
	}
	return a.note(call, done, outcome), a.append(ctx, Result, done)
}

// Look implements Answer.
func (a *answer) Look(ctx context.Context, call Call) (Done, error) {
	if effect := a.service.Tools.Effect(call.Name); effect != tool.Reads {
		return Done{}, fmt.Errorf("%s is not for looking", call.Name)
	}
	result, err := a.service.Tools.Call(ctx, a.caller, call.Name, call.Arguments)
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return failure(call, f), nil
	}
	if err != nil {
		return Done{}, fmt.Errorf("calling %s: %w", call.Name, err)
	}
	return Done{Name: call.Name, Result: result}, nil
}

// ask rests the turn until the person agrees.
func (a *answer) ask(ctx context.Context, call Call, plan *tool.Plan) error {
	if err := a.flush(ctx); err != nil {
		return err
	}
	if err := a.service.Store.Rest(ctx, a.turn, Waiting, &call, NewChunk{Question, plan}); err != nil {
		a.over = err
		return err //nolint:wrapcheck // errResting, or an error of the store
	}
	a.service.calls.WithLabelValues(call.Name, "asked").Inc()
	a.begun, a.over = true, ErrAsked
	a.steps = append(a.steps, Step{call, Done{Name: call.Name, Result: tool.Result{Text: plan.Text, Cards: plan.Cards}}})
	a.service.announce(a.turn.ID)
	return ErrAsked
}

func (a *answer) note(call Call, done Done, outcome string) Done {
	name := call.Name
	if a.service.Tools.Effect(name) == "" {
		name = "unknown" // whatever a model makes up is no label
	}
	a.service.calls.WithLabelValues(name, outcome).Inc()
	a.steps = append(a.steps, Step{call, done})
	return done
}

func failure(call Call, f *fault.Error) Done {
	return Done{Name: call.Name, Failed: true, Result: tool.Result{Text: tool.Explain(f)}}
}

// exchange is the turn as the next ones will know it.
func (a *answer) exchange(said string) Exchange {
	const most = 4000 // bytes of an answer
	words := a.words.String()
	return Exchange{Said: said, Steps: a.steps, Answer: strings.ToValidUTF8(words[:min(len(words), most)], "")}
}
