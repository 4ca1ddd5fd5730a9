package calendar_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/recurrence"
	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/services/api/calendar"
	"github.com/rondohq/rondo/services/api/series"
	"github.com/rondohq/rondo/services/api/task"
	"github.com/rondohq/rondo/services/internal/occurrence"
	"github.com/rondohq/rondo/services/internal/outbox"
	"github.com/rondohq/rondo/services/internal/postgres/postgrestest"
)

// testBundle is the service on a real database, for one person in Berlin.
type testBundle struct {
	calendar.Service

	tasks  task.Service
	series series.Service
	owner  uuid.UUID
	berlin *time.Location
}

func setup(t *testing.T) *testBundle {
	t.Helper()
	db := postgrestest.New(t)
	pool, box := db.Pool(t, topology.API), outbox.New(topology.API)
	clock := func() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) }
	tasks := task.NewPostgres(pool, box)
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	b := &testBundle{
		Service: calendar.NewService(calendar.NewPostgres(pool, tasks), clock), tasks: task.NewService(tasks, clock),
		series: series.NewService(series.NewPostgres(pool, tasks, box), clock), owner: uuid.New(), berlin: berlin,
	}
	_, err = db.Owner(t).Exec(t.Context(), `INSERT INTO users (id, email, password_hash, display_name, timezone)
		VALUES ($1, 'ada@example.org', '', 'Ada', 'Europe/Berlin')`, b.owner)
	require.NoError(t, err)
	return b
}

func (b *testBundle) due(t *testing.T, title string, at time.Time) task.Task {
	t.Helper()
	made, err := b.tasks.Create(t.Context(), b.owner, task.Draft{Title: title, DueAt: &at})
	require.NoError(t, err)
	return made
}

// recurs makes a series that starts at a local time, or on a date.
func (b *testBundle) recurs(t *testing.T, rule, start string, mode occurrence.Mode) series.Series {
	t.Helper()
	local, err := recurrence.ParseLocal(start)
	require.NoError(t, err)
	made, err := b.series.Create(t.Context(), b.owner, series.Draft{
		Title: rule, RRule: rule, Start: &series.Moment{Local: local, Date: len(start) == len(time.DateOnly)}, Mode: mode,
	})
	require.NoError(t, err)
	return made
}

// of reads from one day of November 2026 until before another.
func (b *testBundle) of(t *testing.T, from, before, perDay int) calendar.Calendar {
	t.Helper()
	at := func(day int) *time.Time {
		start := time.Date(2026, 11, day, 0, 0, 0, 0, b.berlin)
		return &start
	}
	c, err := b.Read(t.Context(), b.owner, calendar.Query{From: at(from), Before: at(before), Zone: b.berlin, PerDay: perDay})
	require.NoError(t, err)
	return c
}

func TestADayNamesItsFirstTasksAndCountsAll(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const many = 30
	for i := range many {
		b.due(t, strconv.Itoa(i), time.Date(2026, 11, 25, 8, i, 0, 0, b.berlin))
	}
	b.due(t, "late in Berlin, the day before in London", time.Date(2026, 11, 26, 0, 30, 0, 0, b.berlin))
	b.due(t, "before", time.Date(2026, 11, 23, 23, 59, 59, 0, b.berlin))
	b.due(t, "after", time.Date(2026, 11, 27, 0, 0, 0, 0, b.berlin))
	done := b.due(t, "done", time.Date(2026, 11, 25, 7, 0, 0, 0, b.berlin))
	_, err := b.tasks.Complete(t.Context(), b.owner, done.ID, nil)
	require.NoError(t, err)

	got := b.of(t, 24, 27, 3)
	require.Len(t, got.Days, 2)
	require.Equal(t, "2026-11-25", got.Days[0].Date)
	require.Equal(t, many, got.Days[0].Count)
	require.Len(t, got.Days[0].Items, 3)
	for i, item := range got.Days[0].Items {
		require.Equal(t, strconv.Itoa(i), item.Title)
	}
	require.Equal(t, "2026-11-26", got.Days[1].Date)
	require.Equal(t, 1, got.Days[1].Count)
	require.Empty(t, b.of(t, 24, 27, 0).Days, "nobody asked for tasks")
}

func TestOccurrencesToComeAreThoseThatAreNoTasksYet(t *testing.T) {
	t.Parallel()
	b := setup(t)
	timed := b.recurs(t, "FREQ=DAILY", "2026-11-25T09:00:00", occurrence.BySchedule)
	days := b.recurs(t, "FREQ=WEEKLY;BYDAY=WE,FR", "2026-11-25", occurrence.BySchedule)
	finished := b.recurs(t, "FREQ=DAILY;INTERVAL=2", "2026-11-25", occurrence.ByCompletion)
	paused := b.recurs(t, "FREQ=DAILY;BYHOUR=6", "2026-11-25T06:00:00", occurrence.BySchedule)
	_, err := b.series.Pause(t.Context(), b.owner, paused.ID, nil)
	require.NoError(t, err)
	skipped := time.Date(2026, 11, 26, 9, 0, 0, 0, b.berlin)
	_, err = b.series.Skip(t.Context(), b.owner, timed.ID, nil, &skipped) // a task that says so
	require.NoError(t, err)

	got := b.of(t, 24, 28, 0)
	require.True(t, got.Complete)
	var all []string
	for _, o := range got.Upcoming {
		name := map[uuid.UUID]string{timed.ID: "timed", days.ID: "days", finished.ID: "finished"}[o.SeriesID]
		all = append(all, name+" "+o.DueAt.In(b.berlin).Format("02 15:04:05"))
	}
	require.ElementsMatch(t, []string{
		"timed 25 09:00:00", "days 25 23:59:59", "finished 25 23:59:59", "timed 27 09:00:00", "days 27 23:59:59",
	}, all)
	require.IsNonDecreasing(t, dues(got))
	require.Len(t, b.of(t, 27, 28, 0).Upcoming, 2, "a later span begins within the series")
}

func dues(c calendar.Calendar) []int64 {
	var all []int64
	for _, o := range c.Upcoming {
		all = append(all, o.DueAt.Unix())
	}
	return all
}

func TestACalendarThatLeavesSomethingOutSaysSo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.recurs(t, "FREQ=MINUTELY;INTERVAL=5", "2026-11-24T00:00:00", occurrence.BySchedule)
	got := b.of(t, 24, 40, 0)
	require.False(t, got.Complete)
	require.Len(t, got.Upcoming, calendar.MaxOccurrences)
}
