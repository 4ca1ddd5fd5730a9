// Package assistanttest gives tests of the assistant a real database with its services,
// people in it, and conversations with them.
package assistanttest

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/services/api/assistant/chat"
	"github.com/rondohq/rondo/services/api/assistant/tool"
	"github.com/rondohq/rondo/services/api/notification"
	"github.com/rondohq/rondo/services/api/reminder"
	"github.com/rondohq/rondo/services/api/series"
	"github.com/rondohq/rondo/services/api/tag"
	"github.com/rondohq/rondo/services/api/task"
	"github.com/rondohq/rondo/services/internal/outbox"
	"github.com/rondohq/rondo/services/internal/postgres/postgrestest"
)

// Bundle is a database and what stands on it.
type Bundle struct {
	DB       *pgxpool.Pool // with all rights
	Pool     *pgxpool.Pool // with those of api
	Now      time.Time     // a Tuesday, 17:00 in Zone
	Zone     *time.Location
	Services tool.Services
	Tools    *tool.Registry
	State    *State
	Registry *prometheus.Registry
}

// New makes a bundle.
func New(tb testing.TB) *Bundle {
	tb.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	require.NoError(tb, err)
	db := postgrestest.New(tb)
	b := &Bundle{
		DB: db.Owner(tb), Pool: db.Pool(tb, topology.API), Now: time.Date(2026, 11, 24, 16, 0, 0, 0, time.UTC), Zone: zone,
		State: &State{}, Registry: prometheus.NewRegistry(),
	}
	box := outbox.New(topology.API)
	now := func() time.Time { return b.Now }
	tasks := task.NewPostgres(b.Pool, box)
	b.Services = tool.Services{
		Tasks:         task.NewService(tasks, now),
		Series:        series.NewService(series.NewPostgres(b.Pool, tasks, box), now),
		Reminders:     reminder.NewService(reminder.NewPostgres(b.Pool, box), now),
		Notifications: notification.NewService(notification.NewPostgres(b.Pool, box), now),
		Tags:          tag.NewService(tag.NewPostgres(b.Pool, box)),
	}
	b.Tools = tool.New(b.Services)
	return b
}

// User makes somebody in Zone.
func (b *Bundle) User(tb testing.TB) uuid.UUID {
	tb.Helper()
	id := uuid.New()
	_, err := b.DB.Exec(tb.Context(), `INSERT INTO users (id, email, password_hash, display_name, timezone)
		VALUES ($1, $2, '', 'Somebody', $3)`, id, id.String()+"@example.org", b.Zone.String())
	require.NoError(tb, err)
	return id
}

// Caller is a user in a turn of a chat.
func (b *Bundle) Caller(user uuid.UUID, turn string) tool.Caller {
	return tool.Caller{UserID: user, Zone: b.Zone, Now: b.Now, Turn: turn}
}

// Task makes a task and returns its id.
func (b *Bundle) Task(tb testing.TB, user uuid.UUID, d task.Draft) uuid.UUID {
	tb.Helper()
	made, err := b.Services.Tasks.Create(tb.Context(), user, d)
	require.NoError(tb, err)
	return made.ID
}

// Notify lets a reminder of the task have come.
func (b *Bundle) Notify(tb testing.TB, user, taskID uuid.UUID) (reminderID uuid.UUID) {
	tb.Helper()
	at := b.Now.Add(time.Minute)
	made, err := b.Services.Reminders.Create(tb.Context(), user, reminder.Draft{TaskID: taskID, RemindAt: &at})
	require.NoError(tb, err)
	_, err = b.DB.Exec(tb.Context(), `UPDATE reminders SET status = 'sent', delivered_at = now() WHERE user_id = $2 AND id = $1`, made.ID, user)
	require.NoError(tb, err)
	_, err = b.DB.Exec(tb.Context(), `
		INSERT INTO notifications (id, user_id, task_id, reminder_id, kind, title, body, scheduled_for, late_seconds, quiet)
		VALUES (gen_random_uuid(), $1, $2, $3, 'reminder', 'It is time', '', now(), 0, false)`, user, taskID, made.ID)
	require.NoError(tb, err)
	return made.ID
}

// Count is a number out of the database.
func (b *Bundle) Count(tb testing.TB, query string, args ...any) (n int) {
	tb.Helper()
	require.NoError(tb, b.DB.QueryRow(tb.Context(), query, args...).Scan(&n))
	return n
}

// State is a state store that forgets nothing, or is away.
type State struct {
	values sync.Map
	Away   bool
}

var errAway = errors.New("the state store is away")

// SaveState implements chat.State.
func (s *State) SaveState(_ context.Context, key string, value []byte, _ time.Duration) error {
	if s.Away {
		return errAway
	}
	s.values.Store(key, value)
	return nil
}

// LoadState implements chat.State.
func (s *State) LoadState(_ context.Context, key string) ([]byte, error) {
	if s.Away {
		return nil, errAway
	}
	value, _ := s.values.Load(key)
	data, _ := value.([]byte)
	return data, nil
}

// DeleteState implements chat.State.
func (s *State) DeleteState(_ context.Context, key string) error {
	s.values.Delete(key)
	return nil
}

// Replica runs a conversation until the test ends, or stop is called.
func (b *Bundle) Replica(tb testing.TB, registry prometheus.Registerer, responders ...chat.Responder) (s *chat.Conversation, stop func()) {
	tb.Helper()
	s = chat.NewService(chat.Config{
		Store: chat.NewPostgres(b.Pool), Memory: chat.Memory{State: b.State}, Tools: b.Tools, Responders: responders,
		Now: func() time.Time { return b.Now }, Log: slog.New(slog.DiscardHandler), Registry: registry,
	})
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- s.Run(ctx) }()
	stop = sync.OnceFunc(func() { cancel(); require.NoError(tb, <-stopped) })
	tb.Cleanup(stop)
	return s, stop
}

// Person talks.
type Person struct {
	ID      uuid.UUID
	Session uuid.UUID
	Chat    chat.Service
}

// Person makes a user who talks in a new session.
func (b *Bundle) Person(tb testing.TB, s chat.Service) Person {
	tb.Helper()
	return Person{ID: b.User(tb), Session: uuid.New(), Chat: s}
}

// Heard is what an answer has come to.
type Heard struct {
	Turn      chat.Turn
	Chunks    []chat.Chunk
	Text      string // words and errors
	Notice    string
	Calls     []string
	Cards     []tool.Card // of all results
	Question  *tool.Plan
	End       chat.Ending
	Refusals  []string
	Responded bool // it has ended
}

// Titles are those of the cards.
func (h Heard) Titles() []string {
	titles := []string{}
	for _, card := range h.Cards {
		titles = append(titles, card.Title)
	}
	return titles
}

// Say says something and waits until the turn rests.
func (p Person) Say(tb testing.TB, text string) Heard {
	tb.Helper()
	turn, err := p.Chat.Say(tb.Context(), p.ID, chat.Saying{Session: p.Session, Text: text})
	require.NoError(tb, err)
	return p.Hear(tb, turn.ID)
}

// Agree answers the question of a turn and waits until it rests.
func (p Person) Agree(tb testing.TB, to Heard, agreed bool) Heard {
	tb.Helper()
	_, err := p.Chat.Consent(tb.Context(), p.ID, to.Turn.ID, agreed)
	require.NoError(tb, err)
	return p.Hear(tb, to.Turn.ID)
}

// Hear waits until a turn rests.
func (p Person) Hear(tb testing.TB, id uuid.UUID) Heard {
	tb.Helper()
	changed, release := p.Chat.Listen(id)
	defer release()
	look := time.NewTicker(100 * time.Millisecond) // another replica makes no sound here
	defer look.Stop()
	patience := time.After(time.Minute)
	for {
		turn, chunks, err := p.Chat.Chunks(tb.Context(), p.ID, id, 0)
		require.NoError(tb, err)
		if turn.Status.Rests() {
			return heard(tb, turn, chunks)
		}
		select {
		case <-changed:
		case <-look.C:
		case <-patience:
			require.FailNow(tb, "the turn does not come to rest", "%s: %v", turn.Text, chunks)
		}
	}
}

func heard(tb testing.TB, turn chat.Turn, chunks []chat.Chunk) Heard {
	tb.Helper()
	h := Heard{Turn: turn, Chunks: chunks}
	var words strings.Builder
	for i, c := range chunks {
		require.Equal(tb, i+1, c.Number)
		var said chat.Said
		var done chat.Done
		var call chat.Call
		var err error
		switch c.Kind {
		case chat.Text, chat.Error:
			err = json.Unmarshal(c.Data, &said)
			words.WriteString(said.Text)
		case chat.Notice:
			err = json.Unmarshal(c.Data, &said)
			h.Notice += said.Text
		case chat.Tool:
			err = json.Unmarshal(c.Data, &call)
			h.Calls = append(h.Calls, call.Name)
		case chat.Result:
			err = json.Unmarshal(c.Data, &done)
			h.Cards = append(h.Cards, done.Result.Cards...)
			if done.Failed {
				h.Refusals = append(h.Refusals, done.Result.Text)
			}
		case chat.Question:
			h.Question = &tool.Plan{}
			err = json.Unmarshal(c.Data, h.Question)
		case chat.End:
			h.Responded = true
			err = json.Unmarshal(c.Data, &h.End)
		}
		require.NoError(tb, err)
	}
	h.Text = words.String()
	return h
}
