package chat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/api/assistant/tool"
	"github.com/rondohq/rondo/services/api/text"
)

const (
	leaseTime    = 10 * time.Second
	renewEvery   = 3 * time.Second
	reapEvery    = 5 * time.Second
	purgeEvery   = time.Hour
	historyLimit = 50 // turns of a session that are shown again
	// runsAtOnce bounds the turns that one replica answers at a time.
	runsAtOnce = 64
)

// Service is the conversation. Each call acts for one owner.
type Service interface {
	// Say begins a turn and returns it while its answer is being made.
	Say(ctx context.Context, owner uuid.UUID, in Saying) (Turn, error)
	Get(ctx context.Context, owner, id uuid.UUID) (Turn, error)
	// Session is the last turns of a session with their chunks, the oldest first.
	Session(ctx context.Context, owner, session uuid.UUID) ([]Turn, error)
	// Chunks are those after a number, and the turn as it stood before they were read.
	Chunks(ctx context.Context, owner, id uuid.UUID, after int) (Turn, []Chunk, error)
	// Listen gives a channel that has a value when this replica has made a chunk of the
	// turn. release ends that.
	Listen(id uuid.UUID) (changed <-chan struct{}, release func())
	// Consent answers the question of a waiting turn, which then goes on.
	Consent(ctx context.Context, owner, id uuid.UUID, agreed bool) (Turn, error)
	// Stop ends a turn; what it has done stays.
	Stop(ctx context.Context, owner, id uuid.UUID) (Turn, error)
}

// Saying is what a person says.
type Saying struct {
	Session uuid.UUID
	Text    string
}

// NewChunk is a chunk that has no number yet.
type NewChunk struct {
	Kind Kind
	Data any
}

var errNotRunning = errors.New("the turn has ended")

// ErrAsked ends an answer that needs the person's consent to go on.
var ErrAsked = errors.New("the person has been asked")

// Store keeps turns.
type Store interface {
	// Begin keeps a turn, once for an idempotency key; fresh says that it is new.
	Begin(ctx context.Context, t Turn, lease time.Time) (kept Turn, fresh bool, err error)
	Get(ctx context.Context, owner, id uuid.UUID) (Turn, error)
	Session(ctx context.Context, owner, session uuid.UUID, limit int) ([]Turn, error)
	Chunks(ctx context.Context, owner, id uuid.UUID, after int) ([]Chunk, error)
	// Append, End and Renew fail with errNotRunning when the turn has ended.
	Append(ctx context.Context, t Turn, kind Kind, data any) error
	End(ctx context.Context, t Turn, status Status, asked *Call, chunks ...NewChunk) error
	Renew(ctx context.Context, t Turn, lease time.Time) error
	// Resume lets a waiting turn run again; fresh is false when it does not wait.
	Resume(ctx context.Context, owner, id uuid.UUID, lease time.Time) (t Turn, call Call, fresh bool, err error)
	// Abandoned are running turns whose replica has died.
	Abandoned(ctx context.Context) ([]Turn, error)
	Purge(ctx context.Context) error
}

// Memory keeps what was said in a session, for as long as the session lasts.
type Memory interface {
	Load(ctx context.Context, owner, session uuid.UUID) ([]Message, error)
	Save(ctx context.Context, owner, session uuid.UUID, messages []Message) error
}

// Zones knows a person's time zone.
type Zones interface {
	Zone(ctx context.Context, owner uuid.UUID) (*time.Location, error)
}

// Config is what the conversation stands on.
type Config struct {
	Store      Store
	Memory     Memory
	Zones      Zones
	Tools      *tool.Registry
	Responders []Responder // the first that answers is taken
	Now        func() time.Time
	Log        *slog.Logger
	Registry   prometheus.Registerer
}

// NewService makes the conversation. Run has to run beside it.
func NewService(c Config) *Conversation {
	s := &Conversation{
		Config: c, begin: make(chan func(context.Context)), listeners: map[uuid.UUID][]chan struct{}{},
		turns: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "rondo_assistant_turn_seconds",
			Help:    "Time of a turn, by who answered (model, offline) and how it ended.",
			Buckets: []float64{.01, .05, .1, .5, 1, 2.5, 5, 10, 30, 60, 120},
		}, []string{"by", "status"}),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rondo_assistant_tool_calls_total",
			Help: "Calls of tools in chats, by tool and outcome: done, asked or failed.",
		}, []string{"tool", "outcome"}),
	}
	c.Registry.MustRegister(s.turns, s.calls)
	return s
}

// Conversation is the Service.
type Conversation struct {
	Config

	begin chan func(context.Context) // taken by Run

	mu        sync.Mutex
	listeners map[uuid.UUID][]chan struct{} // by turn

	turns *prometheus.HistogramVec
	calls *prometheus.CounterVec
}

// Run answers turns until ctx ends; those that run then are told so and may be said
// again. It also ends turns whose replica has died.
func (s *Conversation) Run(ctx context.Context) error {
	var running sync.WaitGroup
	defer running.Wait()
	free := make(chan struct{}, runsAtOnce)
	reap, purge := time.NewTicker(reapEvery), time.NewTicker(purgeEvery)
	defer reap.Stop()
	defer purge.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case turn := <-s.begin:
			running.Go(func() {
				select {
				case free <- struct{}{}:
					defer func() { <-free }()
				case <-ctx.Done(): // it is ended below, as interrupted
				}
				turn(ctx)
			})
		case <-reap.C:
			s.reap(ctx)
		case <-purge.C:
			if err := s.Store.Purge(ctx); err != nil && ctx.Err() == nil {
				s.Log.WarnContext(ctx, "purging chats", "error", err)
			}
		}
	}
}

func (s *Conversation) reap(ctx context.Context) {
	abandoned, err := s.Store.Abandoned(ctx)
	if err != nil {
		if ctx.Err() == nil {
			s.Log.WarnContext(ctx, "looking for abandoned turns", "error", err)
		}
		return
	}
	for _, t := range abandoned {
		s.end(ctx, t, Failed, interrupted, "")
	}
}

// What a person reads when a turn fails.
const (
	interrupted = "The answer was interrupted. What it had done is kept; please say it again."
	troubled    = "Something went wrong while answering. What was done is kept; please try again."
	tooLong     = "This took too long and was ended. Please try something smaller."
)

// Say implements Service.
func (s *Conversation) Say(ctx context.Context, owner uuid.UUID, in Saying) (Turn, error) {
	if wrong := text.Block(in.Text, MaxText); wrong != "" {
		return Turn{}, fault.Invalidf("text", "%s", wrong)
	}
	if in.Text == "" {
		return Turn{}, fault.Invalidf("text", "is empty")
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Turn{}, fmt.Errorf("making a turn's id: %w", err)
	}
	t := Turn{ID: id, SessionID: in.Session, Owner: owner, Text: in.Text, Status: Running}
	kept, fresh, err := s.Store.Begin(ctx, t, s.Now().Add(leaseTime))
	if err != nil {
		return Turn{}, err //nolint:wrapcheck // a fault or an error of the store
	}
	kept.Owner = owner // a replayed one comes without
	if fresh {
		s.start(ctx, kept, s.respond)
	}
	return kept, nil
}

// start hands a turn to Run. When this replica is about to stop nobody takes it: the
// lease runs out and another replica says so.
func (s *Conversation) start(ctx context.Context, t Turn, do func(ctx context.Context, t Turn)) {
	select {
	case s.begin <- func(ctx context.Context) { s.run(ctx, t, do) }:
	case <-ctx.Done():
	}
}

// run does a turn while it keeps its lease.
func (s *Conversation) run(ctx context.Context, t Turn, do func(ctx context.Context, t Turn)) {
	working, cancel := context.WithTimeout(ctx, TurnTime)
	defer cancel()
	done := make(chan struct{})
	var renewing sync.WaitGroup
	renewing.Go(func() {
		tick := time.NewTicker(renewEvery)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				if err := s.Store.Renew(working, t, s.Now().Add(leaseTime)); errors.Is(err, errNotRunning) {
					cancel() // the person has stopped it
				}
			}
		}
	})
	do(working, t)
	close(done)
	renewing.Wait()
}

// respond lets the responders answer, one after the other until one has begun.
func (s *Conversation) respond(ctx context.Context, t Turn) {
	began := s.Now()
	r, err := s.request(ctx, t)
	if err != nil {
		s.Log.ErrorContext(ctx, "preparing an answer", "error", err)
		s.end(ctx, t, Failed, troubled, "")
		return
	}
	for i, responder := range s.Responders {
		a := &answer{service: s, turn: t, request: r}
		suggestions, err := responder.Respond(ctx, r, a)
		status, sorry := Completed, ""
		switch {
		case errors.Is(err, ErrAsked):
			status = Waiting
		case errors.Is(err, errNotRunning):
			status = Stopped
		case ctx.Err() != nil:
			status, sorry = Failed, interrupted
			if errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
				sorry = tooLong
			}
		case err != nil && !a.begun && i+1 < len(s.Responders):
			s.Log.WarnContext(ctx, "the next responder answers", "failed", responder.Name(), "error", err)
			continue
		case err != nil:
			s.Log.ErrorContext(ctx, "answering", "responder", responder.Name(), "error", err)
			status, sorry = Failed, troubled
		}
		s.turns.WithLabelValues(responder.Name(), string(status)).Observe(s.Now().Sub(began).Seconds())
		if status == Completed || status == Waiting {
			s.remember(ctx, r, a)
		}
		if status != Waiting && status != Stopped { // a question has ended it already
			s.end(ctx, t, status, sorry, responder.Name(), suggestions...)
		}
		return
	}
}

func (s *Conversation) request(ctx context.Context, t Turn) (Request, error) {
	zone, err := s.Zones.Zone(ctx, t.Owner)
	if err != nil {
		return Request{}, fmt.Errorf("finding the zone: %w", err)
	}
	earlier, err := s.Memory.Load(ctx, t.Owner, t.SessionID)
	if err != nil {
		// The state store may be away; what is said now can be understood alone.
		s.Log.WarnContext(ctx, "the conversation so far cannot be read", "error", err)
	}
	return Request{
		Caller:  tool.Caller{UserID: t.Owner, Zone: zone, Now: s.Now(), Turn: t.ID.String()},
		Session: t.SessionID, Text: t.Text, Earlier: earlier,
	}, nil
}

// remember keeps both sides of a turn for the next one.
func (s *Conversation) remember(ctx context.Context, r Request, a *answer) {
	messages := append(r.Earlier, Message{Role: "user", Text: r.Text}, Message{Role: "assistant", Text: a.said()})
	if err := s.Memory.Save(ctx, r.Caller.UserID, r.Session, trim(messages)); err != nil {
		s.Log.WarnContext(ctx, "the conversation cannot be kept", "error", err)
	}
}

// end is told after the work was cut off, too: so it has time of its own.
func (s *Conversation) end(ctx context.Context, t Turn, status Status, sorry, by string, suggestions ...string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), renewEvery)
	defer cancel()
	var chunks []NewChunk
	if sorry != "" {
		chunks = append(chunks, NewChunk{Error, Said{sorry}})
	}
	chunks = append(chunks, NewChunk{End, Ending{Status: status, By: by, Suggestions: suggestions}})
	if err := s.Store.End(ctx, t, status, nil, chunks...); err != nil && !errors.Is(err, errNotRunning) {
		s.Log.ErrorContext(ctx, "ending a turn", "turn", t.ID, "error", err) // its lease runs out
	}
	s.announce(t.ID)
}

// Consent implements Service.
func (s *Conversation) Consent(ctx context.Context, owner, id uuid.UUID, agreed bool) (Turn, error) {
	t, call, fresh, err := s.Store.Resume(ctx, owner, id, s.Now().Add(leaseTime))
	switch {
	case err != nil:
		return Turn{}, err //nolint:wrapcheck // a fault or an error of the store
	case !fresh && t.Status == Stopped:
		return Turn{}, fault.New(fault.Conflict, "This turn has been stopped. Say it again to start over.").Because("turn_stopped", nil)
	case !fresh:
		return t, nil // it was answered before
	}
	s.start(ctx, t, func(ctx context.Context, t Turn) { s.proceed(ctx, t, call, agreed) })
	return t, nil
}

// proceed does what the person was asked about, or leaves it.
func (s *Conversation) proceed(ctx context.Context, t Turn, call Call, agreed bool) {
	if !agreed {
		if err := s.Store.Append(ctx, t, Text, Said{"All right, I leave everything as it is."}); err != nil {
			s.Log.WarnContext(ctx, "leaving it", "error", err)
		}
		s.end(ctx, t, Completed, "", "")
		return
	}
	r, err := s.request(ctx, t)
	if err != nil {
		s.end(ctx, t, Failed, troubled, "")
		return
	}
	a := &answer{service: s, turn: t, request: r, agreed: true}
	done, err := a.Call(ctx, call)
	switch {
	case errors.Is(err, errNotRunning):
	case err != nil:
		s.Log.ErrorContext(ctx, "doing what was agreed to", "tool", call.Name, "error", err)
		s.end(ctx, t, Failed, troubled, "")
	case done.Failed:
		s.end(ctx, t, Failed, done.Result.Text, "")
	default:
		s.end(ctx, t, Completed, "", "")
	}
}

// Stop implements Service.
func (s *Conversation) Stop(ctx context.Context, owner, id uuid.UUID) (Turn, error) {
	t, err := s.Store.Get(ctx, owner, id)
	if err != nil {
		return Turn{}, err //nolint:wrapcheck // a fault or an error of the store
	}
	if t.Status == Waiting {
		if t, _, _, err = s.Store.Resume(ctx, owner, id, s.Now().Add(leaseTime)); err != nil {
			return Turn{}, err //nolint:wrapcheck // a fault or an error of the store
		}
	}
	err = s.Store.End(ctx, t, Stopped, nil, NewChunk{End, Ending{Status: Stopped}})
	if err != nil && !errors.Is(err, errNotRunning) {
		return Turn{}, err //nolint:wrapcheck // a fault or an error of the store
	}
	s.announce(id)
	return s.Store.Get(ctx, owner, id) //nolint:wrapcheck // a fault or an error of the store
}

// Get implements Service.
func (s *Conversation) Get(ctx context.Context, owner, id uuid.UUID) (Turn, error) {
	return s.Store.Get(ctx, owner, id) //nolint:wrapcheck // a fault or an error of the store
}

// Session implements Service.
func (s *Conversation) Session(ctx context.Context, owner, session uuid.UUID) ([]Turn, error) {
	return s.Store.Session(ctx, owner, session, historyLimit) //nolint:wrapcheck // a fault or an error of the store
}

// Chunks implements Service.
func (s *Conversation) Chunks(ctx context.Context, owner, id uuid.UUID, after int) (Turn, []Chunk, error) {
	// The turn first: if it has ended by then, the chunks are all there.
	t, err := s.Store.Get(ctx, owner, id)
	if err != nil {
		return Turn{}, nil, err //nolint:wrapcheck // a fault or an error of the store
	}
	chunks, err := s.Store.Chunks(ctx, owner, id, after)
	return t, chunks, err //nolint:wrapcheck // a fault or an error of the store
}

// Listen implements Service.
func (s *Conversation) Listen(id uuid.UUID) (changed <-chan struct{}, release func()) {
	c := make(chan struct{}, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listeners[id] = append(s.listeners[id], c)
	return c, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.listeners[id] = slices.DeleteFunc(s.listeners[id], func(other chan struct{}) bool { return other == c })
		if len(s.listeners[id]) == 0 {
			delete(s.listeners, id)
		}
	}
}

// announce wakes those who listen to a turn here. Others look from time to time.
func (s *Conversation) announce(id uuid.UUID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.listeners[id] {
		select {
		case c <- struct{}{}:
		default: // it has not looked since the one before
		}
	}
}

// answer is the Answer of one responder to one turn.
type answer struct {
	service *Conversation
	turn    Turn
	request Request
	agreed  bool // the person has consented

	begun  bool
	chunks int
	words  []string
}

// Begun implements Answer.
func (a *answer) Begun() bool { return a.begun }

func (a *answer) append(ctx context.Context, kind Kind, data any) error {
	if a.chunks++; a.chunks > maxChunks {
		return fmt.Errorf("an answer has more than %d chunks", maxChunks)
	}
	if err := a.service.Store.Append(ctx, a.turn, kind, data); err != nil {
		return err //nolint:wrapcheck // errNotRunning, or an error of the store
	}
	a.begun = true
	a.service.announce(a.turn.ID)
	return nil
}

// Say implements Answer.
func (a *answer) Say(ctx context.Context, words string) error {
	if words == "" {
		return nil
	}
	a.words = append(a.words, words)
	return a.append(ctx, Text, Said{words})
}

// Call implements Answer.
func (a *answer) Call(ctx context.Context, call Call) (Done, error) {
	tools, caller := a.service.Tools, a.request.Caller
	count := func(outcome string) { a.service.calls.WithLabelValues(call.Name, outcome).Inc() }
	if !a.agreed {
		plan, err := tools.Plan(ctx, caller, call.Name, call.Arguments)
		if done, failed := a.failure(call, err); failed {
			count("failed")
			return done, nil
		}
		if err != nil {
			return Done{}, err //nolint:wrapcheck // of the tool
		}
		if plan != nil {
			count("asked")
			if err := a.service.Store.End(ctx, a.turn, Waiting, &call, NewChunk{Question, plan}); err != nil {
				return Done{}, err //nolint:wrapcheck // errNotRunning, or an error of the store
			}
			a.begun = true
			a.words = append(a.words, plan.Text)
			a.service.announce(a.turn.ID)
			return Done{}, ErrAsked
		}
	}
	if err := a.append(ctx, Tool, call); err != nil {
		return Done{}, err
	}
	result, err := tools.Call(ctx, caller, call.Name, call.Arguments)
	done, failed := a.failure(call, err)
	switch {
	case failed:
		count("failed")
	case err != nil:
		return Done{}, err //nolint:wrapcheck // of the tool
	default:
		count("done")
		done = Done{Name: call.Name, Result: result}
	}
	a.words = append(a.words, done.Result.Text)
	return done, a.append(ctx, Result, done)
}

// failure is what a fault looks like to a responder. What is internal is no fault of
// the call and ends the turn.
func (a *answer) failure(call Call, err error) (Done, bool) {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		return Done{}, false
	}
	words := f.Message
	for _, field := range f.Fields {
		words += " " + field.Name + " " + field.Message + "."
	}
	return Done{Name: call.Name, Failed: true, Result: tool.Result{Text: words}}, true
}

// said is the answer in words, for the conversation to come.
func (a *answer) said() string {
	const most = 2000
	words := strings.Join(a.words, "")
	return strings.ToValidUTF8(words[:min(len(words), most)], "")
}

// What of a conversation is kept for the next turn.
const (
	maxMessages = 40
	maxMemory   = 32 << 10 // bytes
)

// trim drops the oldest turns, never half of one.
func trim(messages []Message) []Message {
	for {
		data, err := json.Marshal(messages)
		if err != nil || len(messages) <= 2 || len(messages) <= maxMessages && len(data) <= maxMemory {
			return messages
		}
		messages = messages[2:]
	}
}
