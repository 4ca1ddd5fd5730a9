// Package chat is the conversation with the assistant. A turn is a resource: it is run
// in the background, what it says is kept in numbered chunks, and whoever listens can
// go on from any of them, at any replica, after a reload or a lost connection.
package chat

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/services/api/assistant/tool"
)

// Limits of a turn.
const (
	MaxText   = 4000 // characters of what a person says
	maxChunks = 2000
	// TurnTime is how long a turn may run.
	TurnTime = 2 * time.Minute
)

// Status is where a turn stands.
type Status string

// The statuses.
const (
	Running   Status = "running"
	Waiting   Status = "waiting" // for the person's consent
	Completed Status = "completed"
	Stopped   Status = "stopped" // by the person
	Failed    Status = "failed"
)

// Rests says that no more chunks come by themselves.
func (s Status) Rests() bool { return s != Running }

// Turn is one thing that a person said, and its answer. Times are UTC.
type Turn struct {
	ID        uuid.UUID  `json:"id"`
	SessionID uuid.UUID  `json:"session_id"`
	Owner     uuid.UUID  `json:"-"`
	Text      string     `json:"text"`
	Status    Status     `json:"status"`
	CreatedAt time.Time  `json:"created_at"`
	EndedAt   *time.Time `json:"ended_at"`
	// Chunks are there in a session's history.
	Chunks []Chunk `json:"chunks,omitempty"`

	asked *Call // what waits for consent
}

// Session is a conversation as a list of them shows it. Times are UTC.
type Session struct {
	ID     uuid.UUID `json:"id"`
	Title  string    `json:"title"` // what was said first, shortened
	LastAt time.Time `json:"last_at"`
	Turns  int       `json:"turns"`
}

// Call is a call of a tool.
type Call struct {
	Name      string          `json:"name"`
	Arguments json.RawMessage `json:"arguments"`
}

// Kind is what a chunk is.
type Kind string

// The kinds, with what their data is.
const (
	Text     Kind = "text"     // Said: some words, to be put behind those before
	Tool     Kind = "tool"     // Call: a tool begins
	Result   Kind = "result"   // Done: what that tool did or found
	Question Kind = "question" // tool.Plan: wants consent before anything is done
	Notice   Kind = "notice"   // Said: something about the answer, such as who gives it
	Error    Kind = "error"    // Said: what went wrong, and what to do
	End      Kind = "end"      // Ending
)

// Chunk is a numbered piece of an answer; numbers begin with 1 and have no gaps.
type Chunk struct {
	Number int             `json:"number"`
	Kind   Kind            `json:"kind"`
	Data   json.RawMessage `json:"data"`
}

// Said is the data of Text, Notice and Error.
type Said struct {
	Text string `json:"text"`
}

// Done is the data of Result.
type Done struct {
	Name   string      `json:"name"`
	Failed bool        `json:"failed,omitempty"`
	Result tool.Result `json:"result"`
}

// Ending is the data of End.
type Ending struct {
	Status Status `json:"status"`
	// By says who answered: model or offline.
	By string `json:"by,omitempty"`
	// Suggestions are things to say next.
	Suggestions []string `json:"suggestions,omitempty"`
}

// Exchange is an earlier turn of the session as the next ones know it.
type Exchange struct {
	Said   string `json:"said"`
	Steps  []Step `json:"steps,omitempty"`
	Answer string `json:"answer"`
}

// Step is a tool's call and what came of it.
type Step struct {
	Call Call `json:"call"`
	Done Done `json:"done"`
}

// Request is what a Responder answers.
type Request struct {
	Caller  tool.Caller
	Session uuid.UUID
	Text    string
	// Earlier is the conversation so far, the oldest turn first.
	Earlier []Exchange
}

// Shown are the cards of some kind that the person has seen last: what "it" means.
func (r Request) Shown(kind string) []tool.Card {
	for _, earlier := range slices.Backward(r.Earlier) {
		for _, step := range slices.Backward(earlier.Steps) {
			var cards []tool.Card
			for _, card := range step.Done.Result.Cards {
				if card.Kind == kind {
					cards = append(cards, card)
				}
			}
			if len(cards) > 0 {
				return cards
			}
		}
	}
	return nil
}

// Answer takes what a Responder says. Each call returns when it is kept; its error
// ends the turn, and the responder has to return it. Calls may come from several
// goroutines.
type Answer interface {
	// Say adds words.
	Say(ctx context.Context, text string) error
	// Call calls a tool, shows that and its result, and returns it for the responder to
	// go on with. ErrAsked: it needs the person's consent, who has been asked; the turn
	// rests here. A fault of the tool is in the result, not an error.
	Call(ctx context.Context, call Call) (Done, error)
	// Look calls a tool that only reads, without showing it.
	Look(ctx context.Context, call Call) (Done, error)
}

// Responder makes answers.
type Responder interface {
	// Name is what Ending.By says.
	Name() string
	// Respond answers, and returns what to suggest. An error before anything was said or
	// done lets another responder try; a fault's message is told to the person then.
	Respond(ctx context.Context, r Request, a Answer) (suggestions []string, err error)
}
