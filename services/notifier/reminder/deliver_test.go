package reminder_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/services/internal/inbox"
	"github.com/rondohq/rondo/services/internal/outbox"
	"github.com/rondohq/rondo/services/internal/postgres/postgrestest"
	"github.com/rondohq/rondo/services/notifier/channel"
	"github.com/rondohq/rondo/services/notifier/reminder"
)

// nine is when everything here is due: 09:00 in Berlin.
var nine = time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)

// deaf is a channel that nothing is sent through: only its rows matter here.
type deaf struct{ name string }

func (d deaf) Name() string                              { return d.name }
func (deaf) PublicKey() string                           { return "" }
func (deaf) Send(context.Context, channel.Message) error { return nil }

type testBundle struct {
	*reminder.Deliverer

	db   *pgxpool.Pool // with all rights
	pool *pgxpool.Pool
	now  time.Time
	late []time.Duration
}

func setup(tb testing.TB) *testBundle {
	tb.Helper()
	db := postgrestest.New(tb)
	b := &testBundle{db: db.Owner(tb), pool: db.Pool(tb, topology.Notifier), now: nine}
	log, reg, clock := slog.New(slog.NewTextHandler(tb.Output(), nil)), prometheus.NewRegistry(), func() time.Time { return b.now }
	set := channel.NewSet(b.pool, clock, log, reg, deaf{channel.Push}, deaf{channel.Email})
	b.Deliverer = reminder.New(b.pool, outbox.New(topology.Notifier), set, clock, log, reg)
	b.Late = func(by time.Duration) { b.late = append(b.late, by) }
	return b
}

func (b *testBundle) exec(tb testing.TB, sql string, args ...any) {
	tb.Helper()
	_, err := b.db.Exec(tb.Context(), sql, args...)
	require.NoError(tb, err)
}

func (b *testBundle) count(t *testing.T, sql string, args ...any) (n int) {
	t.Helper()
	require.NoError(t, b.db.QueryRow(t.Context(), sql, args...).Scan(&n))
	return n
}

// user makes a person in Berlin.
func (b *testBundle) user(tb testing.TB) uuid.UUID {
	tb.Helper()
	id := uuid.New()
	b.exec(tb, `INSERT INTO users (id, email, password_hash, display_name, timezone) VALUES ($1, $2, 'x', 'Ada', 'Europe/Berlin')`,
		id, id.String()+"@example.org")
	return id
}

// task makes a task that is due half an hour after nine.
func (b *testBundle) task(t *testing.T, user uuid.UUID, title string) uuid.UUID {
	t.Helper()
	id := uuid.New()
	b.exec(t, `INSERT INTO tasks (id, user_id, title, position, due_at) VALUES ($1, $2, $3, 1, $4)`, id, user, title, nine.Add(30*time.Minute))
	return id
}

func (b *testBundle) reminder(t *testing.T, user, task uuid.UUID, at time.Time) uuid.UUID {
	t.Helper()
	id := uuid.New()
	b.exec(t, `INSERT INTO reminders (id, user_id, task_id, remind_at, scheduled_for) VALUES ($1, $2, $3, $4, $4)`, id, user, task, at)
	return id
}

// many makes so many tasks, each with a reminder at nine.
func (b *testBundle) many(tb testing.TB, user uuid.UUID, n int) {
	tb.Helper()
	b.exec(tb, `INSERT INTO tasks (id, user_id, title, position) SELECT gen_random_uuid(), $1, 'task ' || i, i FROM generate_series(1, $2::int) i`, user, n)
	b.exec(tb, `
		INSERT INTO reminders (id, user_id, task_id, remind_at, scheduled_for) SELECT gen_random_uuid(), user_id, id, $1, $1 FROM tasks t
		WHERE NOT EXISTS (SELECT FROM reminders r WHERE r.task_id = t.id)`, nine)
}

// one makes a user with a task and a reminder at nine.
func (b *testBundle) one(t *testing.T) (user, task, id uuid.UUID) {
	t.Helper()
	user = b.user(t)
	task = b.task(t, user, "Water the plants")
	return user, task, b.reminder(t, user, task, nine)
}

func (b *testBundle) due(t *testing.T) int {
	t.Helper()
	done, next, err := b.Due(t.Context(), b.now, 500)
	require.NoError(t, err)
	require.Empty(t, next)
	return done
}

func (b *testBundle) status(t *testing.T, id uuid.UUID) (status event.ReminderStatus) {
	t.Helper()
	require.NoError(t, b.db.QueryRow(t.Context(), `SELECT status FROM reminders WHERE id = $1`, id).Scan(&status))
	return status
}

// told are the events that tell of notifications, and so must equal these.
func (b *testBundle) told(t *testing.T, user uuid.UUID) []event.Notification {
	t.Helper()
	rows, err := b.db.Query(t.Context(), `
		SELECT event->'data'->'notification' FROM outbox WHERE user_id = $1 AND event->>'type' = 'notification.created' ORDER BY seq`, user)
	require.NoError(t, err)
	all, err := pgx.CollectRows(rows, pgx.RowTo[event.Notification])
	require.NoError(t, err)
	for _, n := range all {
		require.Equal(t, 1, b.count(t, `
			SELECT count(*) FROM notifications WHERE id = $1 AND user_id = $2 AND kind = $3 AND task_id = $4 AND reminder_id = $5 AND title = $6
				AND body = $7 AND scheduled_for = $8 AND late_seconds = $9 AND quiet = $10 AND created_at = $11 AND read_at IS NULL`,
			n.ID, user, n.Kind, n.TaskID, n.ReminderID, n.Title, n.Body, n.ScheduledFor, n.LateSeconds, n.Quiet, n.CreatedAt))
	}
	require.Equal(t, len(all), b.count(t, `SELECT count(*) FROM notifications WHERE user_id = $1`, user))
	return all
}

// FR-008, FR-011: on time, late within the grace and saying so, or missed.
func TestWhatIsDueIsToldOnTimeLateOrAsMissed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, test := range map[string]struct {
		late   time.Duration
		status event.ReminderStatus
		kind   string
		said   int // late by so many seconds
		body   string
	}{
		"on time":          {0, event.ReminderSent, "reminder", 0, "Due today at 09:30"},
		"within a minute":  {59 * time.Second, event.ReminderSent, "reminder", 0, "Due today at 09:30"},
		"a minute late":    {time.Minute, event.ReminderSent, "reminder", 60, "Due today at 09:30 · 1 minute late"},
		"5 minutes late":   {5*time.Minute + 12*time.Second, event.ReminderSent, "reminder", 312, "Due today at 09:30 · 5 minutes late"},
		"14:59 late":       {15*time.Minute - time.Second, event.ReminderSent, "reminder", 899, "Due today at 09:30 · 14 minutes late"},
		"15:00 late":       {15 * time.Minute, event.ReminderSent, "reminder", 900, "Due today at 09:30 · 15 minutes late"},
		"15:01 late":       {15*time.Minute + time.Second, event.ReminderMissed, "missed", 901, "Due today at 09:30 · reminder missed, it was set for today at 09:00"},
		"a day late":       {24 * time.Hour, event.ReminderMissed, "missed", 86400, "Was due yesterday at 09:30 · reminder missed, it was set for yesterday at 09:00"},
		"a year late":      {365 * 24 * time.Hour, event.ReminderMissed, "missed", 365 * 86400, "Was due Tue 24 Nov 2026 at 09:30 · reminder missed, it was set for Tue 24 Nov 2026 at 09:00"},
		"the clock behind": {-time.Second, event.ReminderSent, "reminder", 0, "Due today at 09:30"},
	} {
		user, task, id := b.one(t)
		b.late = nil
		b.now = nine.Add(test.late)
		done, _, err := b.Due(t.Context(), nine, 500)
		require.NoError(t, err, name)
		require.Equal(t, 1, done, name)
		require.Equal(t, test.status, b.status(t, id), name)
		all := b.told(t, user)
		require.Len(t, all, 1, name)
		n := all[0]
		require.Equal(t, test.kind, n.Kind, name)
		require.Equal(t, test.said, n.LateSeconds, name)
		require.Equal(t, test.body, n.Body, name)
		require.Equal(t, "Water the plants", n.Title, name)
		require.Equal(t, task.String(), n.TaskID, name)
		require.Equal(t, id.String(), *n.ReminderID, name)
		require.Equal(t, nine, n.ScheduledFor, name)
		if test.status == event.ReminderSent {
			require.Equal(t, []time.Duration{test.late}, b.late, name)
		} else {
			require.Empty(t, b.late, name)
		}
		require.Zero(t, b.due(t), "again")
	}
}

// FR-009: nothing is told of a task that is done or gone, whatever events have come.
func TestNothingIsToldOfAClosedTask(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, closed := range []event.TaskStatus{event.TaskCompleted, event.TaskCancelled, event.TaskSkipped, event.TaskFailed} {
		user, task, id := b.one(t)
		b.exec(t, `UPDATE tasks SET status = $2, completed_at = CASE $2 WHEN 'completed' THEN now() END WHERE id = $1`, task, closed)
		require.Equal(t, 1, b.due(t), closed)
		require.Equal(t, event.ReminderSuppressed, b.status(t, id), closed)
		require.Empty(t, b.told(t, user), closed)
	}
	require.Empty(t, b.late)
}

func TestWhatIsNotDueIsLeftAlone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	user := b.user(t)
	task := b.task(t, user, "Later")
	later := b.reminder(t, user, task, nine.Add(time.Second))
	cancelled := b.reminder(t, user, task, nine)
	b.exec(t, `UPDATE reminders SET status = 'cancelled' WHERE id = $1`, cancelled)
	b.exec(t, `INSERT INTO reminders (id, user_id, task_id, offset_minutes) VALUES ($1, $2, $3, 15)`, uuid.New(), user, task)
	require.Zero(t, b.due(t))
	require.Empty(t, b.told(t, user))
	upcoming, err := b.Upcoming(t.Context(), nine, nine.Add(time.Hour), 10)
	require.NoError(t, err)
	require.Len(t, upcoming, 1)
	require.True(t, upcoming[0].Equal(nine.Add(time.Second)))
	b.now = nine.Add(time.Second)
	overdue, err := b.Overdue(t.Context(), b.now)
	require.NoError(t, err)
	require.Equal(t, 1, overdue)
	require.Equal(t, 1, b.due(t))
	require.Equal(t, event.ReminderSent, b.status(t, later))
}

// Several replicas, and a job that comes twice: each reminder is told once.
func TestConcurrentDeliverersTellEachReminderOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.Late = func(time.Duration) {}
	user := b.user(t)
	const reminders = 200
	for i := range reminders {
		b.reminder(t, user, b.task(t, user, fmt.Sprint("task ", i)), nine)
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	total := 0
	for range 8 {
		all.Go(func() {
			for range 20 {
				done, _, err := b.Due(t.Context(), nine, 15)
				mu.Lock()
				total += done
				mu.Unlock()
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	require.Equal(t, reminders, total)
	require.Len(t, b.told(t, user), reminders)
	require.Zero(t, b.due(t))
}

func TestAReminderThatComesAgainIsToldAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	user, _, id := b.one(t)
	for i := range 3 { // told, and snoozed twice
		require.Equal(t, 1, b.due(t))
		require.Len(t, b.told(t, user), i+1)
		b.now = b.now.Add(10 * time.Minute)
		b.exec(t, `UPDATE reminders SET status = 'pending', scheduled_for = $2 WHERE id = $1`, id, b.now)
	}
	// The same instant again is no other.
	b.now = b.now.Add(-10 * time.Minute)
	b.exec(t, `UPDATE reminders SET scheduled_for = $2 WHERE id = $1`, id, b.now)
	require.Equal(t, 1, b.due(t))
	require.Len(t, b.told(t, user), 3)
	require.Equal(t, event.ReminderSent, b.status(t, id))
}

// A row that the database will not take must not hold up the others.
func TestOneBadReminderHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.exec(t, `ALTER TABLE notifications ADD CONSTRAINT no_bad_title CHECK (title <> 'bad')`)
	user := b.user(t)
	var good []uuid.UUID
	for range 3 {
		good = append(good, b.reminder(t, user, b.task(t, user, "good"), nine))
	}
	bad := b.reminder(t, user, b.task(t, user, "bad"), nine.Add(-time.Second))
	require.Equal(t, 4, b.due(t))
	for _, id := range good {
		require.Equal(t, event.ReminderSent, b.status(t, id))
	}
	require.Equal(t, event.ReminderFailed, b.status(t, bad))
	require.Len(t, b.told(t, user), 3)
	require.Zero(t, b.due(t))
}

func TestABadTimeZoneIsNoReasonToBeSilent(t *testing.T) {
	t.Parallel()
	b := setup(t)
	user, _, id := b.one(t)
	b.exec(t, `UPDATE users SET timezone = 'Mars/Olympus' WHERE id = $1`, user)
	require.Equal(t, 1, b.due(t))
	require.Equal(t, event.ReminderSent, b.status(t, id))
	require.Equal(t, "Due today at 08:30", b.told(t, user)[0].Body)
}

// In quiet hours the app is told silently, and the channels wait for their end.
func TestQuietHoursHoldTheChannelsAndNotTheApp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, test := range map[string]struct {
		from, to string
		now      time.Time
		quiet    bool
		until    time.Time // when channels may tell
	}{
		"no quiet hours":  {"", "", nine, false, nine},
		"outside":         {"22:00", "07:00", nine, false, nine},
		"over midnight":   {"22:00", "09:30", nine, true, nine.Add(30 * time.Minute)},
		"before midnight": {"22:00", "07:00", nine.Add(14 * time.Hour), true, nine.Add(22 * time.Hour)},
	} {
		user := b.user(t)
		b.exec(t, `UPDATE users SET quiet_from = nullif($2, '')::time, quiet_to = nullif($3, '')::time, notify_email = true WHERE id = $1`,
			user, test.from, test.to)
		for i := range 2 {
			b.exec(t, `INSERT INTO push_subscriptions (id, user_id, endpoint, p256dh, auth) VALUES ($1, $2, $3, 'k', 'a')`,
				uuid.New(), user, fmt.Sprint("https://push.example.org/", user, i))
		}
		b.now = test.now
		b.reminder(t, user, b.task(t, user, "Sleep"), test.now)
		require.Equal(t, 1, b.due(t), name)
		n := b.told(t, user)[0]
		require.Equal(t, test.quiet, n.Quiet, name)
		require.Equal(t, test.now, n.CreatedAt, name)
		require.Equal(t, 3, b.count(t, `SELECT count(*) FROM deliveries WHERE notification_id = $1 AND next_attempt_at = $2`, n.ID, test.until), name)
	}
}

// Only those hear of it who want to, and nobody is rung up for what was missed.
func TestChannelsTellThoseWhoWantIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	silent, _, _ := b.one(t)
	writer, _, _ := b.one(t)
	b.exec(t, `UPDATE users SET notify_email = true WHERE id = $1`, writer)
	missed, task, _ := b.one(t)
	b.exec(t, `UPDATE users SET notify_email = true WHERE id = $1`, missed)
	b.exec(t, `UPDATE reminders SET scheduled_for = scheduled_for - interval '1 hour' WHERE task_id = $1`, task)
	require.Equal(t, 3, b.due(t))
	of := func(user uuid.UUID) int {
		return b.count(t, `SELECT count(*) FROM deliveries WHERE user_id = $1`, user)
	}
	require.Equal(t, 0, of(silent))
	require.Equal(t, 1, of(writer))
	require.Equal(t, 0, of(missed))
}

// Ten thousand at one instant go in batches, each of bounded size and of few statements.
func TestTenThousandAtOnceDrainInBatches(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.Late = func(time.Duration) {}
	user := b.user(t)
	b.many(t, user, 10000)
	var batches []int
	for total := 0; total < 10000; {
		done := b.due(t)
		require.Positive(t, done)
		batches = append(batches, done)
		total += done
	}
	require.Equal(t, slices.Repeat([]int{500}, 20), batches)
	require.Zero(t, b.due(t))
	require.Equal(t, 10000, b.count(t, `SELECT count(*) FROM notifications`))
	require.Equal(t, 10000, b.count(t, `SELECT count(DISTINCT event->>'subject') FROM outbox`))
}

// The effects of events, each a hundred times: they look at the rows.
func TestEventsAskForWakeUpsAndFollowTheTask(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var asked []time.Time
	box := inbox.New(topology.Notifier.Subscribes[0], b.pool, slog.New(slog.DiscardHandler), inbox.NewMetrics(prometheus.NewRegistry()))
	note := func(_ context.Context, instants []time.Time) { asked = append(asked, instants...) }
	inbox.OnThen(box, reminder.Scheduled, note)
	inbox.OnThen(box, reminder.StatusChanged, note)
	hear := func(user uuid.UUID, p event.Payload) []time.Time {
		t.Helper()
		asked = nil
		e, err := event.New(topology.API, user, "x", p)
		require.NoError(t, err)
		for range 100 {
			require.NoError(t, box.Handle(t.Context(), e))
		}
		distinct := slices.CompactFunc(slices.Clone(asked), time.Time.Equal)
		if len(asked) > 0 {
			require.Len(t, asked, 100*len(distinct))
		}
		return distinct
	}
	user := b.user(t)
	task := b.task(t, user, "Walk")
	future := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	id := b.reminder(t, user, task, future)
	version := func() int { return b.count(t, `SELECT version FROM reminders WHERE id = $1`, id) }
	scheduled := event.ReminderScheduled{Reminder: event.Reminder{ID: id.String()}}
	changed := event.TaskStatusChanged{TaskID: task.String()}

	got := hear(user, scheduled)
	require.Len(t, got, 1)
	require.True(t, got[0].Equal(future))
	require.Empty(t, hear(b.user(t), scheduled), "somebody else's")
	require.Equal(t, 1, version())

	// Closed: nothing is to come. However often it is said, and also when it is said late.
	b.exec(t, `UPDATE tasks SET status = 'cancelled' WHERE id = $1`, task)
	require.Empty(t, hear(user, changed))
	require.Equal(t, event.ReminderSuppressed, b.status(t, id))
	require.Equal(t, 2, version())
	require.Empty(t, hear(user, changed))
	require.Empty(t, hear(user, scheduled))
	require.Equal(t, 2, version())

	// Open again: it waits again.
	b.exec(t, `UPDATE tasks SET status = 'pending' WHERE id = $1`, task)
	require.Len(t, hear(user, changed), 1)
	require.Equal(t, event.ReminderPending, b.status(t, id))
	require.Equal(t, 3, version())

	// What passed meanwhile stays silent.
	b.exec(t, `UPDATE reminders SET status = 'suppressed', scheduled_for = now() - interval '1 second' WHERE id = $1`, id)
	require.Empty(t, hear(user, changed))
	require.Equal(t, event.ReminderSuppressed, b.status(t, id))

	// One that was told is not touched by either.
	b.exec(t, `UPDATE reminders SET status = 'sent', scheduled_for = $2 WHERE id = $1`, id, future)
	require.Empty(t, hear(user, changed))
	b.exec(t, `UPDATE tasks SET status = 'cancelled' WHERE id = $1`, task)
	require.Empty(t, hear(user, changed))
	require.Equal(t, event.ReminderSent, b.status(t, id))

	// What no id can be is poison, and goes to the dead letters.
	e, err := event.New(topology.API, user, "x", event.ReminderScheduled{Reminder: event.Reminder{ID: "x"}})
	require.NoError(t, err)
	require.ErrorIs(t, box.Handle(t.Context(), e), event.ErrPoison)
}

// BenchmarkDue is one batch: 500 reminders of as many tasks.
func BenchmarkDue(bench *testing.B) {
	b := setup(bench)
	b.Late = func(time.Duration) {}
	user := b.user(bench)
	b.many(bench, user, 500*bench.N)
	bench.ResetTimer()
	for range bench.N {
		if done, _, err := b.Due(bench.Context(), nine, 500); done != 500 || err != nil {
			bench.Fatal(done, err)
		}
	}
}
