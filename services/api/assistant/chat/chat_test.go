package chat_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/api/assistant/assistanttest"
	"github.com/rondohq/rondo/services/api/assistant/chat"
	"github.com/rondohq/rondo/services/api/assistant/tool"
	"github.com/rondohq/rondo/services/api/task"
	"github.com/rondohq/rondo/services/internal/rest"
	"github.com/rondohq/rondo/services/internal/token"
)

// responder answers with a function.
type responder func(ctx context.Context, r chat.Request, a chat.Answer) error

func (responder) Name() string { return "scripted" }

func (do responder) Respond(ctx context.Context, r chat.Request, a chat.Answer) ([]string, error) {
	return nil, do(ctx, r, a)
}

// echo says what it is told.
func echo(ctx context.Context, r chat.Request, a chat.Answer) error { return a.Say(ctx, r.Text) }

// patient says one thing, then another when it may, or ends when it is stopped.
func patient(begun chan<- struct{}, may <-chan struct{}) responder {
	return func(ctx context.Context, _ chat.Request, a chat.Answer) error {
		if err := a.Say(ctx, "First. "); err != nil {
			return err
		}
		begun <- struct{}{}
		select {
		case <-may:
			return a.Say(ctx, "Second.")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func call(name, arguments string) chat.Call {
	return chat.Call{Name: name, Arguments: json.RawMessage(arguments)}
}

// serve gives a replica's routes to a user, who needs no token here.
func serve(t *testing.T, s chat.Service, user uuid.UUID) string {
	t.Helper()
	mux := http.NewServeMux()
	chat.Register(mux, chat.MakeEndpoints(s, rest.Durations(prometheus.NewRegistry())))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(w, r.WithContext(token.With(r.Context(), token.Principal{UserID: user})))
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

type event struct{ id, kind, data string }

// listen reads a turn's events; it returns a function that waits for the next, and one
// that breaks the connection.
func listen(t *testing.T, url string, turn uuid.UUID, last string) (next func() (event, bool), hangUp func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/api/chat/turns/"+turn.String()+"/chunks", http.NoBody)
	require.NoError(t, err)
	req.Header.Set("Accept", "text/event-stream")
	if last != "" {
		req.Header.Set("Last-Event-ID", last)
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Equal(t, "text/event-stream", resp.Header.Get("Content-Type"))
	lines := bufio.NewScanner(resp.Body)
	t.Cleanup(func() { cancel(); resp.Body.Close() })
	return func() (e event, more bool) {
		for lines.Scan() {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "id":
				e.id = value
			case "event":
				e.kind = value
			case "data":
				e.data = value
			case "":
				if e.id != "" {
					return e, true
				}
			}
		}
		return e, false
	}, cancel
}

// Words wait for more of them; what they wait in may be over before they are kept.
func TestTheLastWordsOfAStreamAreKept(t *testing.T) {
	t.Parallel()
	b := assistanttest.New(t)
	kept := make(chan struct{})
	release := sync.OnceFunc(func() { close(kept) })
	defer release()
	s, _ := b.Replica(t, prometheus.NewRegistry(), responder(func(ctx context.Context, _ chat.Request, a chat.Answer) error {
		stream, end := context.WithCancel(ctx)
		for _, words := range []string{"First. ", "Last."} {
			if err := a.Say(stream, words); err != nil {
				return err
			}
		}
		end()
		<-kept
		return nil
	}))
	p := b.Person(t, s)
	turn, err := s.Say(t.Context(), p.ID, chat.Saying{Session: p.Session, Text: "hello"})
	require.NoError(t, err)
	next, _ := listen(t, serve(t, s, p.ID), turn.ID, "")
	_, _ = next()
	require.Eventually(t, func() bool {
		return b.Count(t, `SELECT count(*) FROM chat_chunks WHERE turn_id = $1`, turn.ID) == 2
	}, 20*time.Second, 10*time.Millisecond, "the last words are not kept")
	release()
	e, _ := next()
	require.Equal(t, event{"2", "text", `{"text":"Last."}`}, e)
	e, _ = next()
	require.Equal(t, event{"3", "end", `{"status":"completed","by":"scripted"}`}, e)
}

// A turn goes on when whoever listens has gone, and is heard from any chunk on, at any
// replica.
func TestAListenerGoesOnAtAnotherReplicaWhereItWas(t *testing.T) {
	t.Parallel()
	b := assistanttest.New(t)
	begun, may := make(chan struct{}, 1), make(chan struct{})
	first, _ := b.Replica(t, prometheus.NewRegistry(), patient(begun, may))
	second, _ := b.Replica(t, prometheus.NewRegistry(), responder(echo))
	p := b.Person(t, first)
	turn, err := first.Say(t.Context(), p.ID, chat.Saying{Session: p.Session, Text: "hello"})
	require.NoError(t, err)
	<-begun

	next, hangUp := listen(t, serve(t, first, p.ID), turn.ID, "")
	e, _ := next()
	require.Equal(t, event{"1", "text", `{"text":"First. "}`}, e)
	hangUp()

	next, _ = listen(t, serve(t, second, p.ID), turn.ID, "1")
	close(may)
	e, _ = next()
	require.Equal(t, event{"2", "text", `{"text":"Second."}`}, e)
	e, _ = next()
	require.Equal(t, event{"3", "end", `{"status":"completed","by":"scripted"}`}, e)
	_, more := next()
	require.False(t, more, "the stream goes on after the end")

	// All of it again, long after.
	next, _ = listen(t, serve(t, second, p.ID), turn.ID, "")
	for _, want := range []string{"1", "2", "3"} {
		e, _ = next()
		require.Equal(t, want, e.id)
	}
}

func TestStopEndsAnAnswerAtOnce(t *testing.T) {
	t.Parallel()
	b := assistanttest.New(t)
	begun := make(chan struct{}, 1)
	s, _ := b.Replica(t, prometheus.NewRegistry(), patient(begun, nil))
	other, _ := b.Replica(t, prometheus.NewRegistry(), responder(echo))
	for name, by := range map[string]*chat.Conversation{"by the replica that answers": s, "by another one": other} {
		p := b.Person(t, s)
		turn, err := s.Say(t.Context(), p.ID, chat.Saying{Session: p.Session, Text: "hello"})
		require.NoError(t, err)
		<-begun
		stopped, err := by.Stop(t.Context(), p.ID, turn.ID)
		require.NoError(t, err)
		require.Equal(t, chat.Stopped, stopped.Status, name)
		heard := p.Hear(t, turn.ID)
		require.Equal(t, "First. ", heard.Text, name)
		require.Equal(t, chat.Ending{Status: chat.Stopped}, heard.End, name)
		// Stopping what has ended changes nothing, and the session is free again.
		_, err = by.Stop(t.Context(), p.ID, turn.ID)
		require.NoError(t, err)
		p.Chat = other
		require.Equal(t, "again", p.Say(t, "again").Text, name)
	}
}

func TestOneTurnOfASessionRunsAtATime(t *testing.T) {
	t.Parallel()
	b := assistanttest.New(t)
	begun, may := make(chan struct{}, 2), make(chan struct{})
	s, _ := b.Replica(t, b.Registry, patient(begun, may))
	p := b.Person(t, s)
	turn, err := s.Say(t.Context(), p.ID, chat.Saying{Session: p.Session, Text: "hello"})
	require.NoError(t, err)
	<-begun
	_, err = s.Say(t.Context(), p.ID, chat.Saying{Session: p.Session, Text: "are you there?"})
	require.Equal(t, fault.Conflict, fault.CodeOf(err))
	elsewhere, err := s.Say(t.Context(), p.ID, chat.Saying{Session: uuid.New(), Text: "hello"})
	require.NoError(t, err)
	close(may)
	require.Equal(t, "First. Second.", p.Hear(t, turn.ID).Text)
	require.Equal(t, "First. Second.", p.Hear(t, elsewhere.ID).Text)
}

func TestATurnWhoseReplicaHasDiedIsEnded(t *testing.T) {
	t.Parallel()
	b := assistanttest.New(t)
	s, _ := b.Replica(t, b.Registry, responder(echo))
	p := b.Person(t, s)
	var turn uuid.UUID
	require.NoError(t, b.DB.QueryRow(t.Context(), `INSERT INTO chat_turns (id, user_id, session_id, text, lease)
		VALUES (gen_random_uuid(), $1, $2, 'hello', now() - interval '1 second') RETURNING id`, p.ID, p.Session).Scan(&turn))
	heard := p.Hear(t, turn)
	require.Equal(t, chat.Failed, heard.Turn.Status)
	require.Contains(t, heard.Text, "was interrupted")
	require.Equal(t, "again", p.Say(t, "again").Text)
}

// When a replica stops, the answers that it makes come to their end.
func TestAReplicaThatStopsFinishesItsAnswers(t *testing.T) {
	t.Parallel()
	b := assistanttest.New(t)
	begun, may := make(chan struct{}, 1), make(chan struct{})
	s, stop := b.Replica(t, b.Registry, patient(begun, may))
	p := b.Person(t, s)
	turn, err := s.Say(t.Context(), p.ID, chat.Saying{Session: p.Session, Text: "hello"})
	require.NoError(t, err)
	<-begun
	stopped := make(chan struct{})
	go func() { stop(); close(stopped) }()
	close(may)
	<-stopped
	require.Equal(t, "First. Second.", p.Hear(t, turn.ID).Text)
}

func TestTheNextResponderAnswersWhenOneHasNotBegun(t *testing.T) {
	t.Parallel()
	b := assistanttest.New(t)
	fails := errors.New("no network")
	for name, test := range map[string]struct {
		first  responder
		text   string
		notice string
		status chat.Status
	}{
		"before a word": {
			func(context.Context, chat.Request, chat.Answer) error { return fails },
			"hello", "The language model does not answer at the moment. I understand plain commands meanwhile.", chat.Completed,
		},
		"with a reason": {
			func(context.Context, chat.Request, chat.Answer) error {
				return fault.New(fault.RateLimited, "It was enough.")
			},
			"hello", "It was enough.", chat.Completed,
		},
		"after a word": {
			func(ctx context.Context, _ chat.Request, a chat.Answer) error {
				return errors.Join(a.Say(ctx, "Well, "), fails)
			},
			"Well, Something went wrong while answering. What was done is kept; please try again.", "", chat.Failed,
		},
		"after a deed": {
			func(ctx context.Context, _ chat.Request, a chat.Answer) error {
				_, err := a.Call(ctx, call("create_task", `{"title": "Buy milk"}`))
				return errors.Join(err, fails)
			},
			"Something went wrong while answering. What was done is kept; please try again.", "", chat.Failed,
		},
		"a mistake of ours": {
			func(context.Context, chat.Request, chat.Answer) error { panic("at the first word") },
			"Something went wrong while answering. What was done is kept; please try again.", "", chat.Failed,
		},
		"without end": {
			func(context.Context, chat.Request, chat.Answer) error { return chat.ErrTooLong },
			"hello", "The language model does not answer at the moment. I understand plain commands meanwhile.", chat.Completed,
		},
	} {
		s, _ := b.Replica(t, prometheus.NewRegistry(), test.first, responder(echo))
		heard := b.Person(t, s).Say(t, "hello")
		require.Equal(t, test.text, heard.Text, name)
		require.Equal(t, test.notice, heard.Notice, name)
		require.Equal(t, test.status, heard.Turn.Status, name)
	}
}

func TestManyWordsAreFewChunksAndInTheirOrder(t *testing.T) {
	t.Parallel()
	b := assistanttest.New(t)
	var want strings.Builder
	s, _ := b.Replica(t, b.Registry, responder(func(ctx context.Context, _ chat.Request, a chat.Answer) error {
		for i := range 5000 {
			word := fmt.Sprint(i, " ")
			want.WriteString(word)
			if err := a.Say(ctx, word); err != nil {
				return err
			}
		}
		return nil
	}))
	heard := b.Person(t, s).Say(t, "hello")
	require.Equal(t, want.String(), heard.Text)
	require.Less(t, len(heard.Chunks), 500)
}

func TestConsentIsForWhatWasAsked(t *testing.T) {
	t.Parallel()
	b := assistanttest.New(t)
	var ids []string
	s, _ := b.Replica(t, b.Registry, responder(func(ctx context.Context, _ chat.Request, a chat.Answer) error {
		_, err := a.Call(ctx, call("cancel_tasks", `{"ids": ["`+strings.Join(ids, `","`)+`"]}`))
		if errors.Is(err, chat.ErrAsked) { // a responder that goes on does so in vain
			_, again := a.Call(ctx, call("create_task", `{"title": "Sneaked in"}`))
			require.ErrorIs(t, again, chat.ErrAsked)
			require.ErrorIs(t, a.Say(ctx, "Done!"), chat.ErrAsked)
		}
		return err
	}))
	p := b.Person(t, s)
	for i := range 2 {
		ids = append(ids, b.Task(t, p.ID, task.Draft{Title: fmt.Sprint("Task ", i)}).String())
	}
	open := func() int {
		return b.Count(t, `SELECT count(*) FROM tasks WHERE user_id = $1 AND status = 'pending'`, p.ID)
	}
	heard := p.Say(t, "delete them")
	require.Equal(t, chat.Waiting, heard.Turn.Status)
	require.Equal(t, "Delete 2 tasks?", heard.Question.Text)
	require.Len(t, heard.Question.Cards, 2)
	require.Empty(t, heard.Text)
	require.Equal(t, 2, open())
	// While it waits, the person may say something else.
	_, err := s.Consent(t.Context(), b.User(t), heard.Turn.ID, true)
	require.Equal(t, fault.NotFound, fault.CodeOf(err))
	done := p.Agree(t, heard, true)
	require.Equal(t, chat.Completed, done.Turn.Status)
	require.Equal(t, "Deleted 2 tasks.", done.Text)
	require.Zero(t, open())
	// Agreeing twice does it once; so does disagreeing too late.
	events := b.Count(t, `SELECT count(*) FROM outbox`)
	require.Len(t, p.Agree(t, heard, true).Chunks, len(done.Chunks))
	require.Len(t, p.Agree(t, heard, false).Chunks, len(done.Chunks))
	require.Equal(t, events, b.Count(t, `SELECT count(*) FROM outbox`))
}

// A turn changes more than three things only with consent, also one by one.
func TestConsentCannotBeAvoidedByManyCalls(t *testing.T) {
	t.Parallel()
	b := assistanttest.New(t)
	var ids []string
	s, _ := b.Replica(t, b.Registry, responder(func(ctx context.Context, _ chat.Request, a chat.Answer) error {
		for _, id := range ids {
			if _, err := a.Call(ctx, call("complete_tasks", `{"ids": ["`+id+`"]}`)); err != nil {
				return err
			}
		}
		return nil
	}))
	p := b.Person(t, s)
	for i := range 5 {
		ids = append(ids, b.Task(t, p.ID, task.Draft{Title: fmt.Sprint("Task ", i)}).String())
	}
	heard := p.Say(t, "complete them")
	require.NotNil(t, heard.Question)
	require.Equal(t, tool.MaxUnasked, b.Count(t, `SELECT count(*) FROM tasks WHERE user_id = $1 AND status = 'completed'`, p.ID))
}

func TestASessionIsRememberedAndForgotten(t *testing.T) {
	t.Parallel()
	b := assistanttest.New(t)
	s, _ := b.Replica(t, b.Registry, responder(func(ctx context.Context, r chat.Request, a chat.Answer) error {
		if r.Text == "find" {
			_, err := a.Call(ctx, call("find_tasks", `{}`))
			return err
		}
		for _, earlier := range r.Earlier {
			if err := a.Say(ctx, earlier.Said+": "+earlier.Answer+"; "); err != nil {
				return err
			}
		}
		for _, card := range r.Shown(tool.KindTask) {
			if err := a.Say(ctx, card.Title); err != nil {
				return err
			}
		}
		return nil
	}))
	p := b.Person(t, s)
	b.Task(t, p.ID, task.Draft{Title: "Buy milk"})
	require.Empty(t, p.Say(t, "first").Text)
	p.Say(t, "find")
	require.Equal(t, "first: ; find: ; Buy milk", p.Say(t, "again").Text)

	turns, err := s.Session(t.Context(), p.ID, p.Session)
	require.NoError(t, err)
	require.Len(t, turns, 3)
	require.Equal(t, chat.Tool, turns[1].Chunks[0].Kind)
	sessions, err := s.Sessions(t.Context(), p.ID)
	require.NoError(t, err)
	require.Len(t, sessions, 1)
	require.Equal(t, "first", sessions[0].Title)
	require.Equal(t, 3, sessions[0].Turns)

	require.NoError(t, s.Forget(t.Context(), p.ID, p.Session))
	require.Equal(t, fault.NotFound, fault.CodeOf(s.Forget(t.Context(), p.ID, p.Session)))
	require.Zero(t, b.Count(t, `SELECT count(*) FROM chat_chunks`))
	require.Empty(t, p.Say(t, "anew").Text)

	// Without the state store, what is said alone is understood alone.
	b.State.Away = true
	require.Equal(t, chat.Completed, p.Say(t, "and now?").Turn.Status)
}

func TestATurnIsCounted(t *testing.T) {
	t.Parallel()
	b := assistanttest.New(t)
	s, _ := b.Replica(t, b.Registry, responder(func(ctx context.Context, _ chat.Request, a chat.Answer) error {
		for _, name := range []string{"find_tasks", "made_up_by_a_model"} {
			if _, err := a.Call(ctx, call(name, `{}`)); err != nil {
				return err
			}
		}
		return nil
	}))
	b.Person(t, s).Say(t, "hello")
	require.NoError(t, testutil.GatherAndCompare(b.Registry, strings.NewReader(`
		# HELP rondo_assistant_tool_calls_total Calls of tools in chats, by tool and outcome: done, asked or failed.
		# TYPE rondo_assistant_tool_calls_total counter
		rondo_assistant_tool_calls_total{outcome="done",tool="find_tasks"} 1
		rondo_assistant_tool_calls_total{outcome="failed",tool="unknown"} 1
	`), "rondo_assistant_tool_calls_total"))
}
