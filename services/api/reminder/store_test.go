package reminder_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/services/api/reminder"
	"github.com/rondohq/rondo/services/api/task"
	"github.com/rondohq/rondo/services/internal/outbox"
	"github.com/rondohq/rondo/services/internal/postgres/postgrestest"
)

// testBundle is reminders and tasks as they run, on a real database.
type testBundle struct {
	reminder.Service

	tasks task.Service
	owner uuid.UUID
	db    *pgxpool.Pool // with all rights
	now   time.Time
}

func setup(t *testing.T) *testBundle {
	t.Helper()
	db := postgrestest.New(t)
	b := &testBundle{db: db.Owner(t), owner: uuid.New(), now: now}
	clock := func() time.Time { return b.now }
	pool, box := db.Pool(t, topology.API), outbox.New(topology.API)
	b.Service = reminder.NewService(reminder.NewPostgres(pool, box), clock)
	b.tasks = task.NewService(task.NewPostgres(pool, box), clock)
	_, err := b.db.Exec(t.Context(), `INSERT INTO users (id, email, password_hash, display_name, timezone) VALUES ($1, 'ada@example.org', 'x', 'Ada', 'UTC')`, b.owner)
	require.NoError(t, err)
	return b
}

// task makes a task that is due in an hour.
func (b *testBundle) task(t *testing.T) uuid.UUID {
	t.Helper()
	made, err := b.tasks.Create(t.Context(), b.owner, task.Draft{Title: "Walk", DueAt: new(now.Add(time.Hour))})
	require.NoError(t, err)
	return made.ID
}

func (b *testBundle) remind(t *testing.T, taskID uuid.UUID, minutes int) reminder.Reminder {
	t.Helper()
	r, err := b.Create(t.Context(), b.owner, reminder.Draft{TaskID: taskID, OffsetMinutes: &minutes})
	require.NoError(t, err)
	return r
}

// move changes when a task is due.
func (b *testBundle) move(t *testing.T, id uuid.UUID, due *time.Time) {
	t.Helper()
	_, err := b.tasks.Update(t.Context(), b.owner, id, nil, task.Change{DueAt: due, ClearDueAt: due == nil})
	require.NoError(t, err)
}

// reload reads a reminder, which the last event of it must agree with.
func (b *testBundle) reload(t *testing.T, id uuid.UUID) reminder.Reminder {
	t.Helper()
	r, err := b.Get(t.Context(), b.owner, id)
	require.NoError(t, err)
	kinds, last := b.events(t, id)
	require.Equal(t, reminder.Snapshot(r), last)
	want := event.ReminderCancelled{}.EventType()
	if r.Status == reminder.Pending && r.ScheduledFor != nil {
		want = event.ReminderScheduled{}.EventType()
	}
	require.Equal(t, want, kinds[len(kinds)-1])
	require.Len(t, kinds, int(r.Version))
	return r
}

func (b *testBundle) events(t *testing.T, id uuid.UUID) (kinds []event.Type, last event.Reminder) {
	t.Helper()
	rows, err := b.db.Query(t.Context(), `SELECT event->>'type', event->'data'->'reminder' FROM outbox
		WHERE event->>'subject' = $1 AND topic = $2 AND user_id = $3 ORDER BY seq`, id.String(), topology.Reminders.Name, b.owner)
	require.NoError(t, err)
	var kind event.Type
	_, err = pgx.ForEachRow(rows, []any{&kind, &last}, func() error {
		kinds = append(kinds, kind)
		return nil
	})
	require.NoError(t, err)
	return kinds, last
}

// A task takes its reminders along, in the transaction that moves it.
func TestRemindersFollowTheirTasksDueDate(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.task(t)
	early, exact := b.remind(t, id, 15), b.remind(t, id, 0)
	fixed, err := b.Create(t.Context(), b.owner, reminder.Draft{TaskID: id, RemindAt: new(now.Add(10 * time.Minute))})
	require.NoError(t, err)

	b.move(t, id, new(now.Add(3*time.Hour)))
	require.Equal(t, after(165*time.Minute), *b.reload(t, early.ID).ScheduledFor)
	require.Equal(t, after(3*time.Hour), *b.reload(t, exact.ID).ScheduledFor)
	require.Equal(t, int64(1), b.reload(t, fixed.ID).Version)

	b.move(t, id, nil)
	gone := b.reload(t, early.ID)
	require.Nil(t, gone.ScheduledFor)
	require.Equal(t, reminder.Pending, gone.Status)

	b.move(t, id, new(now.Add(2*time.Hour)))
	require.Equal(t, after(105*time.Minute), *b.reload(t, early.ID).ScheduledFor)

	// What has been told comes again when it is still to come; nothing else is touched.
	_, err = b.db.Exec(t.Context(), `UPDATE reminders SET status = 'sent' WHERE id = $1`, early.ID)
	require.NoError(t, err)
	b.move(t, id, new(now.Add(4*time.Hour)))
	r := b.reload(t, early.ID)
	require.Equal(t, reminder.Pending, r.Status)
	require.Equal(t, int64(5), r.Version)

	// Any other change of the task leaves its reminders alone.
	_, err = b.tasks.Update(t.Context(), b.owner, id, nil, task.Change{Title: new("Run"), DueAt: new(now.Add(4 * time.Hour))})
	require.NoError(t, err)
	require.Equal(t, int64(5), b.reload(t, early.ID).Version)
}

func TestOneHasAReminderAsOneIsShownIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.task(t)
	made := b.remind(t, id, 15)
	require.Equal(t, reminder.Task{Title: "Walk", Status: event.TaskPending, DueAt: new(now.Add(time.Hour).Truncate(time.Microsecond))}, made.Task)
	require.Equal(t, made, b.reload(t, made.ID))

	snoozed, err := b.Snooze(t.Context(), b.owner, made.ID, new(int64(1)), reminder.Snooze{Minutes: new(50)})
	require.NoError(t, err)
	require.Equal(t, snoozed, b.reload(t, made.ID))
	require.Equal(t, after(50*time.Minute), *snoozed.ScheduledFor)

	_, err = b.Cancel(t.Context(), b.owner, made.ID, new(int64(1)))
	require.Equal(t, fault.Stale, fault.CodeOf(err))
	for range 2 {
		cancelled, err := b.Cancel(t.Context(), b.owner, made.ID, nil)
		require.NoError(t, err)
		require.Equal(t, cancelled, b.reload(t, made.ID))
		require.Equal(t, int64(3), cancelled.Version)
	}
	page, err := b.List(t.Context(), b.owner, reminder.Query{Limit: 10})
	require.NoError(t, err)
	require.Empty(t, page.Items)
}

func TestPagesHoldEveryReminderOnceTheSoonestFirst(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, other := b.task(t), b.task(t)
	var want []uuid.UUID
	for minutes := range 9 {
		want = append(want, b.remind(t, id, 45-5*minutes).ID)
	}
	undated := b.remind(t, other, 15)
	b.move(t, other, nil)
	want = append(want, undated.ID) // without an instant it comes last
	var got []uuid.UUID
	q := reminder.Query{Limit: 3}
	for {
		page, err := b.List(t.Context(), b.owner, q)
		require.NoError(t, err)
		for _, r := range page.Items {
			got = append(got, r.ID)
		}
		if q.After = page.Next; q.After == nil {
			break
		}
	}
	require.Equal(t, want, got)
	page, err := b.List(t.Context(), b.owner, reminder.Query{TaskID: &other, Statuses: []reminder.Status{reminder.Pending}, Limit: 10})
	require.NoError(t, err)
	require.Len(t, page.Items, 1)
}

// A task has room for twenty, also when they come at once; and a due date that moves
// at the same time takes all of them along.
func TestConcurrentRemindersOfOneTask(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.task(t)
	var all sync.WaitGroup
	errs := make([]error, 30)
	for i := range errs {
		all.Go(func() {
			_, errs[i] = b.Create(t.Context(), b.owner, reminder.Draft{TaskID: id, OffsetMinutes: new(i)})
		})
	}
	all.Go(func() { b.move(t, id, new(now.Add(5*time.Hour))) })
	all.Wait()
	made := 0
	for _, err := range errs {
		if err == nil {
			made++
			continue
		}
		require.Equal(t, fault.Conflict, fault.CodeOf(err), fmt.Sprint(err))
	}
	require.Equal(t, reminder.MaxPerTask, made)
	page, err := b.List(t.Context(), b.owner, reminder.Query{Limit: 50})
	require.NoError(t, err)
	require.Len(t, page.Items, made)
	for _, r := range page.Items {
		require.Equal(t, after(5*time.Hour-time.Duration(*r.OffsetMinutes)*time.Minute), *r.ScheduledFor)
	}
}
