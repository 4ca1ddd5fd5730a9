package chat

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
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
	drainTime    = 3 * time.Second // for the turns that run when a replica stops
	historyLimit = 50              // turns of a session, and sessions, that are shown again
	// runsAtOnce bounds the turns that one replica answers at a time.
	runsAtOnce = 64
)

// Service is the conversation. Each call acts for one owner; another user's turn or
// session is as good as none (fault.NotFound).
type Service interface {
	// Say begins a turn and returns it while its answer is being made. While another
	// turn of the session runs, it is fault.Conflict.
	Say(ctx context.Context, owner uuid.UUID, in Saying) (Turn, error)
	Get(ctx context.Context, owner, id uuid.UUID) (Turn, error)
	// Sessions are the owner's last conversations, the latest first.
	Sessions(ctx context.Context, owner uuid.UUID) ([]Session, error)
	// Session is the last turns of a session with their chunks, the oldest first.
	Session(ctx context.Context, owner, session uuid.UUID) ([]Turn, error)
	// Forget deletes a session. What was done in it stays.
	Forget(ctx context.Context, owner, session uuid.UUID) error
	// Chunks are those after a number, and the turn as it stood before they were read.
	Chunks(ctx context.Context, owner, id uuid.UUID, after int) (Turn, []Chunk, error)
	// Listen gives a channel that has a value when this replica has made a chunk of the
	// turn. release ends that.
	Listen(id uuid.UUID) (changed <-chan struct{}, release func())
	// Consent answers the question of a waiting turn, which then goes on.
	Consent(ctx context.Context, owner, id uuid.UUID, agreed bool) (Turn, error)
	// Stop ends a turn; what it has done stays.
	Stop(ctx context.Context, owner, id uuid.UUID) (Turn, error)
	// Names are the responders', in the order in which they are asked.
	Names() []string
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

// errResting says that a turn does not run: it was stopped, or another replica ended it.
var errResting = errors.New("the turn does not run")

// ErrAsked rests an answer that needs the person's consent to go on.
var ErrAsked = errors.New("the person has been asked")

// ErrTooLong is of an answer that does not come to its end within its bounds.
var ErrTooLong = errors.New("the answer takes too long")

// Store keeps turns. A turn runs as long as its lease is renewed.
type Store interface { //nolint:interfacebloat // all of a turn's life is in one place
	// Begin keeps a turn, once for an idempotency key; fresh says that it is new.
	Begin(ctx context.Context, t Turn) (kept Turn, fresh bool, err error)
	Get(ctx context.Context, owner, id uuid.UUID) (Turn, error)
	Sessions(ctx context.Context, owner uuid.UUID, limit int) ([]Session, error)
	Session(ctx context.Context, owner, session uuid.UUID, limit int) ([]Turn, error)
	Forget(ctx context.Context, owner, session uuid.UUID) error
	Chunks(ctx context.Context, owner, id uuid.UUID, after int) ([]Chunk, error)
	// Append, Rest and Renew fail with errResting when the turn does not run.
	Append(ctx context.Context, t Turn, c NewChunk) error
	// Rest ends a turn or, with asked, lets it wait.
	Rest(ctx context.Context, t Turn, status Status, asked *Call, chunks ...NewChunk) error
	Renew(ctx context.Context, t Turn) error
	// Stop ends a turn that runs or waits; one that has ended stays as it is.
	Stop(ctx context.Context, owner, id uuid.UUID) (Turn, error)
	// Resume lets a waiting turn run again; call is nil when it does not wait.
	Resume(ctx context.Context, owner, id uuid.UUID) (t Turn, call *Call, err error)
	// Take ends the turn of the session before another, if that waits, and returns what
	// it has asked for; nil: it does not wait.
	Take(ctx context.Context, after Turn, end Ending) (*Call, error)
	// Abandoned are running turns whose replica has died.
	Abandoned(ctx context.Context) ([]Turn, error)
	// Zone is a person's time zone.
	Zone(ctx context.Context, owner uuid.UUID) (*time.Location, error)
	Purge(ctx context.Context) error
}

// Config is what the conversation stands on.
type Config struct {
	Store      Store
	Memory     Memory
	Tools      *tool.Registry
	Responders []Responder // the first that answers is taken
	Now        func() time.Time
	Log        *slog.Logger
	Registry   prometheus.Registerer
}

// NewService makes the conversation. Run has to run beside it.
func NewService(c Config) *Conversation {
	s := &Conversation{
		Config: c, begin: make(chan func(context.Context)), free: make(chan struct{}, runsAtOnce),
		listeners: map[uuid.UUID][]chan struct{}{}, stops: map[uuid.UUID]context.CancelCauseFunc{},
		turns: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "rondo_assistant_turn_seconds",
			Help:    "Time of a turn, by who answered (model, offline) and the status it ended with.",
			Buckets: []float64{.01, .05, .1, .5, 1, 2.5, 5, 10, 30, 60, 120},
		}, []string{"by", "status"}),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rondo_assistant_tool_calls_total",
			Help: "Calls of tools in chats, by tool and outcome: done, asked or failed.",
		}, []string{"tool", "outcome"}),
		fallbacks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rondo_assistant_fallbacks_total",
			Help: "Turns that a responder could not answer and the next one did, by the one that could not.",
		}, []string{"by"}),
	}
	c.Registry.MustRegister(s.turns, s.calls, s.fallbacks)
	return s
}

// Conversation is the Service.
type Conversation struct {
	Config

	begin chan func(context.Context) // taken by Run
	free  chan struct{}

	mu        sync.Mutex
	listeners map[uuid.UUID][]chan struct{} // by turn
	stops     map[uuid.UUID]context.CancelCauseFunc

	turns     *prometheus.HistogramVec
	calls     *prometheus.CounterVec
	fallbacks *prometheus.CounterVec
}

// Run answers turns until ctx ends. Those that run then have a moment to come to their
// end; after it they are ended, and may be said again. It also ends turns whose replica
// has died.
func (s *Conversation) Run(ctx context.Context) error {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	defer func() {
		late := time.AfterFunc(drainTime, cancel)
		defer late.Stop()
		running.Wait()
		cancel()
	}()
	reap, purge := time.NewTicker(reapEvery), time.NewTicker(purgeEvery)
	defer reap.Stop()
	defer purge.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case turn := <-s.begin:
			running.Go(func() { turn(work) })
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

// What a person reads.
const (
	interrupted = "The answer was interrupted. What it had done is kept; please say it again."
	troubled    = "Something went wrong while answering. What was done is kept; please try again."
	tooLong     = "This took too long and was ended. Please try something smaller."
	away        = "The language model does not answer at the moment. I understand plain commands meanwhile."
	leftAlone   = "All right, I leave everything as it is."
)

// Say implements Service.
func (s *Conversation) Say(ctx context.Context, owner uuid.UUID, in Saying) (Turn, error) {
	wrong := text.Block(in.Text, MaxText)
	if in.Text == "" {
		wrong = "is empty"
	}
	if wrong != "" {
		return Turn{}, fault.Invalidf("text", "%s", wrong)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Turn{}, fmt.Errorf("making a turn's id: %w", err)
	}
	kept, fresh, err := s.Store.Begin(ctx, Turn{ID: id, SessionID: in.Session, Owner: owner, Text: in.Text, Status: Running})
	if err != nil {
		return Turn{}, err //nolint:wrapcheck // a fault or an error of the store
	}
	if fresh {
		s.start(ctx, kept, s.respond)
	}
	return kept, nil
}

// start hands a turn to Run. When this replica is about to stop nobody takes it: the
// lease runs out, and another replica ends it.
func (s *Conversation) start(ctx context.Context, t Turn, do func(ctx context.Context, t Turn)) {
	select {
	case s.begin <- func(ctx context.Context) { s.run(ctx, t, do) }:
	case <-ctx.Done():
	}
}

// run does a turn while it keeps its lease.
func (s *Conversation) run(ctx context.Context, t Turn, do func(ctx context.Context, t Turn)) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	working, cancel := context.WithTimeout(ctx, TurnTime)
	defer cancel()
	defer s.stoppable(t.ID, stop)()
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
				if err := s.Store.Renew(working, t); errors.Is(err, errResting) {
					stop(errResting) // at another replica
				}
			}
		}
	})
	select {
	case s.free <- struct{}{}:
		s.guarded(working, t, do)
		<-s.free
	case <-working.Done():
		s.end(working, t, Failed, tooLong, "")
	}
	close(done)
	renewing.Wait()
}

// guarded keeps a mistake in one answer from ending all others with the process.
func (s *Conversation) guarded(ctx context.Context, t Turn, do func(ctx context.Context, t Turn)) {
	defer func() {
		if mistake := recover(); mistake != nil {
			s.Log.ErrorContext(ctx, "a turn panicked", "panic", mistake, "stack", string(debug.Stack()))
			s.end(ctx, t, Failed, troubled, "")
		}
	}()
	do(ctx, t)
}

// stoppable lets Stop end a turn that runs here at once.
func (s *Conversation) stoppable(id uuid.UUID, stop context.CancelCauseFunc) (release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stops[id] = stop
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.stops, id)
	}
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
	if agreed, plain := plainly(t.Text); plain {
		call, err := s.Store.Take(ctx, t, Ending{Status: Completed})
		if err != nil {
			s.Log.ErrorContext(ctx, "taking a question", "error", err)
			s.end(ctx, t, Failed, troubled, "")
			return
		}
		if call != nil {
			s.proceed(ctx, t, r, *call, agreed)
			return
		}
	}
	for i, responder := range s.Responders {
		a := s.answer(t, r)
		suggestions, err := responder.Respond(ctx, r, a)
		if unsaid := a.finish(ctx); err == nil {
			err = unsaid
		}
		status, sorry := s.outcome(ctx, err)
		if status == Failed && !a.begun && ctx.Err() == nil && i+1 < len(s.Responders) {
			s.Log.WarnContext(ctx, "the next responder answers", "failed", responder.Name(), "error", err)
			s.fallbacks.WithLabelValues(responder.Name()).Inc()
			why := away
			if f, ok := errors.AsType[*fault.Error](err); ok {
				why = f.Message
			}
			if err := s.Store.Append(ctx, t, NewChunk{Notice, Said{why}}); err != nil {
				return // it was stopped, or its lease runs out
			}
			continue
		}
		if status == Failed && ctx.Err() == nil {
			s.Log.ErrorContext(ctx, "answering", "responder", responder.Name(), "error", err)
		}
		s.turns.WithLabelValues(responder.Name(), string(status)).Observe(s.Now().Sub(began).Seconds())
		s.remember(ctx, r, a)
		if status == Completed || status == Failed { // else it rests already
			s.end(ctx, t, status, sorry, responder.Name(), suggestions...)
		}
		return
	}
}

// outcome is how a turn ends after an answer's error, with what a person is told of it.
func (s *Conversation) outcome(ctx context.Context, err error) (status Status, sorry string) {
	switch {
	case err == nil:
		return Completed, ""
	case errors.Is(err, ErrAsked):
		return Waiting, ""
	case errors.Is(err, errResting), errors.Is(context.Cause(ctx), errResting):
		return Stopped, ""
	case errors.Is(ctx.Err(), context.DeadlineExceeded), errors.Is(err, ErrTooLong):
		return Failed, tooLong
	case ctx.Err() != nil:
		return Failed, interrupted
	}
	return Failed, troubled
}

func (s *Conversation) request(ctx context.Context, t Turn) (Request, error) {
	zone, err := s.Store.Zone(ctx, t.Owner)
	if err != nil {
		return Request{}, fmt.Errorf("finding the zone: %w", err)
	}
	earlier, err := s.Memory.load(ctx, t.Owner, t.SessionID)
	if err != nil {
		// The state store may be away; what is said now can be understood alone.
		s.Log.WarnContext(ctx, "the conversation so far cannot be read", "error", err)
	}
	return Request{
		Caller:  tool.Caller{UserID: t.Owner, Zone: zone, Now: s.Now(), Turn: t.ID.String()},
		Session: t.SessionID, Text: t.Text, Earlier: earlier,
	}, nil
}

// remember keeps a turn for the next one. It is told after the work was cut off, too.
func (s *Conversation) remember(ctx context.Context, r Request, a *answer) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), renewEvery)
	defer cancel()
	if err := s.Memory.save(ctx, r.Caller.UserID, r.Session, append(r.Earlier, a.exchange(r.Text))); err != nil {
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
	if err := s.Store.Rest(ctx, t, status, nil, chunks...); err != nil && !errors.Is(err, errResting) {
		s.Log.ErrorContext(ctx, "ending a turn", "turn", t.ID, "error", err) // its lease runs out
	}
	s.announce(t.ID)
}

// plainly says whether a text is no more than an answer to a question.
func plainly(said string) (agreed, plain bool) {
	switch strings.ToLower(strings.Trim(said, " .!,")) {
	case "yes", "y", "yes please", "yep", "sure", "ok", "okay", "do it", "go ahead", "confirm":
		return true, true
	case "no", "n", "nope", "no thanks", "don't", "cancel", "stop", "never mind", "nevermind":
		return false, true
	}
	return false, false
}

// Consent implements Service.
func (s *Conversation) Consent(ctx context.Context, owner, id uuid.UUID, agreed bool) (Turn, error) {
	t, call, err := s.Store.Resume(ctx, owner, id)
	switch {
	case err != nil:
		return Turn{}, err //nolint:wrapcheck // a fault or an error of the store
	case call == nil && t.Status == Stopped:
		return Turn{}, fault.New(fault.Conflict, "This turn has been stopped. Say it again to start over.").Because("turn_stopped", nil)
	case call == nil:
		return t, nil // it was answered before
	}
	s.start(ctx, t, func(ctx context.Context, t Turn) {
		r, err := s.request(ctx, t)
		if err != nil {
			s.Log.ErrorContext(ctx, "preparing what was agreed to", "error", err)
			s.end(ctx, t, Failed, troubled, "")
			return
		}
		s.proceed(ctx, t, r, *call, agreed)
	})
	return t, nil
}

// proceed does what the person was asked about, or leaves it.
func (s *Conversation) proceed(ctx context.Context, t Turn, r Request, call Call, agreed bool) {
	a := s.answer(t, r)
	a.agreed = true
	err := a.carryOut(ctx, call, agreed)
	if unsaid := a.finish(ctx); err == nil {
		err = unsaid
	}
	status, sorry := s.outcome(ctx, err)
	if status == Failed {
		s.Log.ErrorContext(ctx, "doing what was agreed to", "tool", call.Name, "error", err)
	}
	s.remember(ctx, r, a)
	if status != Stopped {
		s.end(ctx, t, status, sorry, "")
	}
}

func (a *answer) carryOut(ctx context.Context, call Call, agreed bool) error {
	if !agreed {
		return a.Say(ctx, leftAlone)
	}
	done, err := a.Call(ctx, call)
	if err != nil {
		return err
	}
	return a.Say(ctx, done.Result.Text)
}

// Stop implements Service.
func (s *Conversation) Stop(ctx context.Context, owner, id uuid.UUID) (Turn, error) {
	t, err := s.Store.Stop(ctx, owner, id)
	if err != nil {
		return Turn{}, err //nolint:wrapcheck // a fault or an error of the store
	}
	s.mu.Lock()
	if stop := s.stops[id]; stop != nil {
		stop(errResting)
	}
	s.mu.Unlock()
	s.announce(id)
	return t, nil
}

// Names implements Service.
func (s *Conversation) Names() []string {
	names := make([]string, len(s.Responders))
	for i, responder := range s.Responders {
		names[i] = responder.Name()
	}
	return names
}

// Get implements Service.
func (s *Conversation) Get(ctx context.Context, owner, id uuid.UUID) (Turn, error) {
	return s.Store.Get(ctx, owner, id) //nolint:wrapcheck // a fault or an error of the store
}

// Sessions implements Service.
func (s *Conversation) Sessions(ctx context.Context, owner uuid.UUID) ([]Session, error) {
	return s.Store.Sessions(ctx, owner, historyLimit) //nolint:wrapcheck // an error of the store
}

// Session implements Service.
func (s *Conversation) Session(ctx context.Context, owner, session uuid.UUID) ([]Turn, error) {
	turns, err := s.Store.Session(ctx, owner, session, historyLimit)
	if err == nil && len(turns) == 0 {
		err = fault.New(fault.NotFound, "There is no such conversation.")
	}
	return turns, err
}

// Forget implements Service.
func (s *Conversation) Forget(ctx context.Context, owner, session uuid.UUID) error {
	if err := s.Store.Forget(ctx, owner, session); err != nil {
		return err //nolint:wrapcheck // a fault or an error of the store
	}
	return s.Memory.forget(ctx, owner, session)
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
