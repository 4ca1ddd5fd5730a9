package integration_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/api/series"
	"github.com/rondohq/rondo/services/api/task"
)

// friday is a series of Fridays at 14:00 whose instances come a day ahead.
func (b *testBundle) friday(t *testing.T) series.Series {
	t.Helper()
	return b.create(t, series.Draft{
		RRule: "FREQ=WEEKLY;BYDAY=FR", Start: at("2026-03-20T14:00:00"), ReminderOffsets: []int{24 * 60}, IfPending: "create",
	})
}

func (b *testBundle) update(t *testing.T, id uuid.UUID, c series.Change) series.Result {
	t.Helper()
	result, err := b.series.Update(t.Context(), b.owner, id, nil, c)
	require.NoError(t, err)
	b.deliver(t)
	return result
}

func (b *testBundle) titles(t *testing.T, id uuid.UUID) string {
	t.Helper()
	var all []string
	for _, i := range b.list(t, id) {
		all = append(all, i.Title)
	}
	return strings.Join(all, ",")
}

func TestAChangeToAllReachesOpenInstancesAndThoseToCome(t *testing.T) {
	t.Parallel()
	b := setup(t, "2026-03-16 09:00:00")
	s := b.friday(t)
	b.until(t, "2026-03-27 15:00:00")
	_, err := b.tasks.Complete(t.Context(), b.owner, b.list(t, s.ID)[0].ID, nil)
	require.NoError(t, err)
	next := b.get(t, s.ID).NextOccurrenceAt
	got := b.update(t, s.ID, series.Change{Title: new("Weekly"), Tags: &[]string{"Work"}, Priority: new(task.High)}).Series
	require.Equal(t, int64(2), got.Version)
	require.Equal(t, next, got.NextOccurrenceAt, "the rule is the same, and so is the schedule")
	b.until(t, "2026-04-03 15:00:00")
	require.Equal(t, "Team sync,Weekly,Weekly", b.titles(t, s.ID))
	for _, i := range b.list(t, s.ID)[1:] {
		require.Equal(t, []string{"Work"}, i.Tags)
		require.Equal(t, task.High, i.Priority)
	}
	same := b.update(t, s.ID, series.Change{Title: new("Weekly")}).Series
	require.Equal(t, int64(2), same.Version, "nothing has changed")
	require.Equal(t, 1, b.count(t, `SELECT count(*) FROM outbox WHERE event->>'type' = 'recurring.updated'
		AND event->'data'->'changed_fields' = '["priority", "tags", "title"]'`))
}

func TestAnotherRuleGoesOnFromNowAndTakesBackWhatIsNotDueYet(t *testing.T) {
	t.Parallel()
	b := setup(t, "2026-03-16 09:00:00")
	s := b.friday(t)
	b.until(t, "2026-03-26 15:00:00")
	require.Equal(t, []string{"2026-03-20 14:00:00 pending", "2026-03-27 14:00:00 pending"}, b.made(t, s.ID), "that of tomorrow is there already")
	b.update(t, s.ID, series.Change{Start: at("2026-03-20T10:00:00")})
	b.until(t, "2026-04-03 09:00:00")
	require.Equal(t, []string{
		"2026-03-20 14:00:00 pending", "2026-03-27 10:00:00 pending", "2026-03-27 14:00:00 cancelled", "2026-04-03 10:00:00 pending",
	}, b.made(t, s.ID))

	// A rule that still has the occurrence keeps its instance.
	b.update(t, s.ID, series.Change{RRule: new("FREQ=WEEKLY;BYDAY=FR,MO")})
	b.until(t, "2026-04-06 11:00:00")
	require.Equal(t, []string{"2026-04-03 10:00:00 pending", "2026-04-06 10:00:00 pending"}, b.made(t, s.ID)[3:])

	// Other reminders move the moment, not the occurrences.
	b.update(t, s.ID, series.Change{ReminderOffsets: &[]int{}})
	got := b.get(t, s.ID)
	require.True(t, got.NextOccurrenceAt.Equal(local("2026-04-10 10:00:00")))
	require.True(t, got.FireAt.Equal(*got.NextOccurrenceAt))
}

func TestThisAndFollowingDividesASeries(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change   series.Change
		old, new []string
		ahead    int // how many of new were there before
		title    string
	}{
		"another title": {
			series.Change{Title: new("Weekly")},
			[]string{"2026-03-20 14:00:00 pending"},
			[]string{"2026-03-27 14:00:00 pending", "2026-04-03 14:00:00 pending", "2026-04-10 14:00:00 pending"},
			1, "Weekly,Weekly,Weekly",
		},
		"another time": {
			series.Change{Start: at("2026-03-27T15:00:00"), Title: new("Later")},
			[]string{"2026-03-20 14:00:00 pending", "2026-03-27 14:00:00 cancelled"},
			[]string{"2026-03-27 15:00:00 pending", "2026-04-03 15:00:00 pending", "2026-04-10 15:00:00 pending"},
			0, "Later,Later,Later",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, "2026-03-16 09:00:00")
			s := b.create(t, series.Draft{
				RRule: "FREQ=WEEKLY;BYDAY=FR;COUNT=4", Start: at("2026-03-20T14:00:00"), ReminderOffsets: []int{24 * 60}, IfPending: "create",
			})
			b.until(t, "2026-03-26 15:00:00")
			test.change.Scope, test.change.OccurrenceAt = series.ScopeFollowing, new(local("2026-03-27 14:00:00"))
			next := b.update(t, s.ID, test.change).Series
			require.NotEqual(t, s.ID, next.ID)
			require.Equal(t, s.ID, *next.PreviousID)
			require.True(t, b.get(t, next.ID).NextOccurrenceAt.Equal(local(test.new[test.ahead][:len("2026-03-27 14:00:00")])))
			b.until(t, "2026-05-01 10:00:00")
			require.Equal(t, test.old, b.made(t, s.ID))
			require.Equal(t, test.new, b.made(t, next.ID))
			require.Equal(t, test.title, b.titles(t, next.ID))
			for _, id := range []uuid.UUID{s.ID, next.ID} {
				require.Equal(t, event.SeriesCompleted, b.get(t, id).Status)
			}
			require.Equal(t, 2, b.count(t, `SELECT count(*) FROM outbox WHERE event->>'type' = 'recurring.scheduled'`))
		})
	}

	t.Run("at the first occurrence there is nothing to divide", func(t *testing.T) {
		t.Parallel()
		b := setup(t, "2026-03-16 09:00:00")
		s := b.friday(t)
		got := b.update(t, s.ID, series.Change{Scope: series.ScopeFollowing, OccurrenceAt: new(local("2026-03-20 14:00:00")), Title: new("Weekly")}).Series
		require.Equal(t, s.ID, got.ID)
		require.Equal(t, "Weekly", got.Title)
	})
	t.Run("a paused one stays paused", func(t *testing.T) {
		t.Parallel()
		b := setup(t, "2026-03-16 09:00:00")
		s := b.friday(t)
		_, err := b.series.Pause(t.Context(), b.owner, s.ID, nil)
		require.NoError(t, err)
		next := b.update(t, s.ID, series.Change{Scope: series.ScopeFollowing, OccurrenceAt: new(local("2026-04-03 14:00:00")), Title: new("Weekly")}).Series
		require.Equal(t, event.SeriesPaused, next.Status)
		b.until(t, "2026-05-01 10:00:00")
		require.Empty(t, b.made(t, next.ID))
	})
}

func TestOneOccurrenceGoesItsOwnWay(t *testing.T) {
	t.Parallel()
	b := setup(t, "2026-03-16 09:00:00")
	s := b.friday(t)
	ctx := t.Context()
	later := local("2026-03-27 16:00:00")
	for _, occurrence := range []string{"2026-03-20 14:00:00", "2026-03-27 14:00:00"} { // the next one, and one beyond
		result := b.update(t, s.ID, series.Change{
			Scope: series.ScopeThis, OccurrenceAt: new(local(occurrence)), Title: new("Special"), DueAt: &later,
		})
		require.Equal(t, "Special", result.Task.Title)
		require.True(t, result.Task.DueAt.Equal(later))
		require.Equal(t, "Team sync", result.Series.Title)
	}
	shown, err := b.series.Instances(ctx, b.owner, s.ID, series.InstanceQuery{Limit: 1, Upcoming: 2})
	require.NoError(t, err)
	require.Len(t, shown.Items, 1)
	require.NotNil(t, shown.Next)
	require.True(t, shown.Upcoming[0].OccurrenceAt.Equal(local("2026-04-03 14:00:00")), "tasks are not listed as upcoming")
	b.until(t, "2026-04-03 15:00:00")
	require.Equal(t, []string{"2026-03-20 14:00:00 pending", "2026-03-27 14:00:00 pending", "2026-04-03 14:00:00 pending"}, b.made(t, s.ID))
	require.Equal(t, "Special,Special,Team sync", b.titles(t, s.ID))
	require.Equal(t, 3, b.get(t, s.ID).Created)

	for name, test := range map[string]struct {
		at   string
		code fault.Code
		why  string
	}{
		"no occurrence": {"2026-04-04 14:00:00", fault.Unprocessable, "invalid_recurrence"},
		"long past":     {"2026-03-13 14:00:00", fault.Unprocessable, "invalid_recurrence"}, // before the start
	} {
		_, err := b.series.Update(ctx, b.owner, s.ID, nil, series.Change{Scope: series.ScopeThis, OccurrenceAt: new(local(test.at))})
		refused(t, err, test.code, test.why, name)
	}
	_, err = b.tasks.Complete(ctx, b.owner, b.list(t, s.ID)[0].ID, nil)
	require.NoError(t, err)
	_, err = b.series.Update(ctx, b.owner, s.ID, nil, series.Change{Scope: series.ScopeThis, OccurrenceAt: new(local("2026-03-20 14:00:00"))})
	refused(t, err, fault.Conflict, "occurrence_closed", "a completed instance")
}

func refused(t *testing.T, err error, code fault.Code, reason, what string) {
	t.Helper()
	f, ok := errors.AsType[*fault.Error](err)
	require.True(t, ok, "%s: %v", what, err)
	require.Equal(t, code, f.Code, "%s: %v", what, err)
	require.Equal(t, reason, f.Reason, "%s: %v", what, err)
	require.NotEmpty(t, f.Message)
}

func TestSkippedOccurrencesAreRecorded(t *testing.T) {
	t.Parallel()
	b := setup(t, "2026-03-16 09:00:00")
	s := b.create(t, series.Draft{RRule: "FREQ=WEEKLY;BYDAY=FR", Start: at("2026-03-20T14:00:00")})
	ctx := t.Context()
	skip := func(at *time.Time) task.Task {
		t.Helper()
		skipped, err := b.series.Skip(ctx, b.owner, s.ID, nil, at)
		require.NoError(t, err)
		require.Equal(t, task.Skipped, skipped.Status)
		b.deliver(t)
		return skipped
	}
	first := skip(nil)
	require.True(t, first.OccurrenceAt.Equal(local("2026-03-20 14:00:00")))
	require.True(t, b.get(t, s.ID).NextOccurrenceAt.Equal(local("2026-03-27 14:00:00")), "the schedule moves on at once")
	skip(new(local("2026-04-03 14:00:00"))) // beyond the next
	again := skip(new(local("2026-04-03 14:00:00")))
	require.Equal(t, int64(1), again.Version)
	b.until(t, "2026-04-03 15:00:00")
	require.Equal(t, []string{"2026-03-20 14:00:00 skipped", "2026-03-27 14:00:00 pending", "2026-04-03 14:00:00 skipped"}, b.made(t, s.ID))
	skip(new(local("2026-03-27 14:00:00"))) // an open instance
	b.until(t, "2026-04-10 15:00:00")
	require.Equal(t, "2026-04-10 14:00:00 pending", b.made(t, s.ID)[3])
	got := b.get(t, s.ID)
	require.Equal(t, []int{2, 3}, []int{got.Created, got.Skipped})

	_, err := b.tasks.Complete(ctx, b.owner, b.list(t, s.ID)[3].ID, nil)
	require.NoError(t, err)
	_, err = b.series.Skip(ctx, b.owner, s.ID, nil, new(local("2026-04-10 14:00:00")))
	refused(t, err, fault.Conflict, "occurrence_closed", "a completed instance")
}

// An instance that was made ahead for its reminder is the next one, not that after it.
func TestTheNextOneToSkipMayBeATaskAlready(t *testing.T) {
	t.Parallel()
	b := setup(t, "2026-03-16 09:00:00")
	s := b.friday(t)
	b.until(t, "2026-03-19 15:00:00")
	require.Equal(t, []string{"2026-03-20 14:00:00 pending"}, b.made(t, s.ID))
	for _, want := range []string{"2026-03-20 14:00:00 skipped", "2026-03-27 14:00:00 skipped"} {
		skipped, err := b.series.Skip(t.Context(), b.owner, s.ID, nil, nil)
		require.NoError(t, err)
		require.Equal(t, want, skipped.OccurrenceAt.In(berlin).Format("2006-01-02 15:04:05 ")+string(skipped.Status))
		b.deliver(t)
	}
}

func TestSkippingInASeriesThatCountsFromCompletion(t *testing.T) {
	t.Parallel()
	b := setup(t, "2026-03-16 09:00:00")
	s := b.create(t, series.Draft{RRule: "FREQ=DAILY;INTERVAL=3", Start: at("2026-03-20T14:00:00"), Mode: "completion"})
	_, err := b.series.Skip(t.Context(), b.owner, s.ID, nil, nil)
	require.NoError(t, err)
	b.deliver(t)
	require.True(t, b.get(t, s.ID).NextOccurrenceAt.Equal(local("2026-03-23 14:00:00")), "3 days after its own time")
	b.until(t, "2026-03-24 10:00:00")
	_, err = b.series.Skip(t.Context(), b.owner, s.ID, nil, new(local("2026-03-23 14:00:00"))) // the open one
	require.NoError(t, err)
	b.until(t, "2026-03-26 15:00:00")
	require.Equal(t, []string{"2026-03-20 14:00:00 skipped", "2026-03-23 14:00:00 skipped", "2026-03-26 14:00:00 pending"}, b.made(t, s.ID))
}

// FR-004.
func TestACancelledSeriesMakesNothingAndKeepsWhatIsDue(t *testing.T) {
	t.Parallel()
	b := setup(t, "2026-03-16 09:00:00")
	s := b.friday(t)
	b.until(t, "2026-03-26 15:00:00")
	_, err := b.series.Cancel(t.Context(), b.owner, s.ID, nil)
	require.NoError(t, err)
	b.until(t, "2026-05-01 10:00:00")
	require.Equal(t, []string{"2026-03-20 14:00:00 pending", "2026-03-27 14:00:00 cancelled"}, b.made(t, s.ID))
	events := `SELECT count(*) FROM outbox WHERE topic = 'task-events' AND event->>'type' = 'recurring.cancelled'`
	require.Equal(t, 1, b.count(t, events))
	_, err = b.series.Cancel(t.Context(), b.owner, s.ID, nil)
	require.NoError(t, err)
	require.Equal(t, 1, b.count(t, events), "cancelling twice is once")
}

// Every transition, by the service in words and by the table's trigger.
func TestTransitions(t *testing.T) {
	t.Parallel()
	b := setup(t, "2026-03-16 09:00:00")
	ctx := t.Context()
	statuses := []event.SeriesStatus{event.SeriesPending, event.SeriesActive, event.SeriesPaused, event.SeriesCompleted, event.SeriesCancelled}
	in := func(status event.SeriesStatus) series.Series {
		s, err := b.series.Create(ctx, b.owner, series.Draft{Title: "a", RRule: "FREQ=DAILY", Start: at("2026-03-20T14:00:00")})
		require.NoError(t, err)
		_, err = b.db.Exec(ctx, `ALTER TABLE series DISABLE TRIGGER series_status_transition`)
		require.NoError(t, err)
		_, err = b.db.Exec(ctx, `UPDATE series SET status = $2 WHERE id = $1`, s.ID, status)
		require.NoError(t, err)
		_, err = b.db.Exec(ctx, `ALTER TABLE series ENABLE TRIGGER series_status_transition`)
		require.NoError(t, err)
		return s
	}
	allowed := map[event.SeriesStatus]string{
		"pending": "active paused completed cancelled", "active": "paused completed cancelled", "paused": "active cancelled",
		"completed": "cancelled", "cancelled": "",
	}
	for _, from := range statuses {
		for _, to := range statuses {
			s := in(from)
			_, err := b.db.Exec(ctx, `UPDATE series SET status = $2 WHERE id = $1`, s.ID, to)
			may := from == to || strings.Contains(" "+allowed[from]+" ", " "+string(to)+" ")
			require.Equal(t, may, err == nil, "%s to %s: %v", from, to, err)
		}
	}
	type call = func(id uuid.UUID) error
	calls := map[string]call{
		"pause":  func(id uuid.UUID) error { _, err := b.series.Pause(ctx, b.owner, id, nil); return err },
		"resume": func(id uuid.UUID) error { _, err := b.series.Resume(ctx, b.owner, id, nil); return err },
		"cancel": func(id uuid.UUID) error { _, err := b.series.Cancel(ctx, b.owner, id, nil); return err },
		"skip":   func(id uuid.UUID) error { _, err := b.series.Skip(ctx, b.owner, id, nil, nil); return err },
		"retitle": func(id uuid.UUID) error {
			_, err := b.series.Update(ctx, b.owner, id, nil, series.Change{Title: new("b")})
			return err
		},
		"rerule": func(id uuid.UUID) error {
			_, err := b.series.Update(ctx, b.owner, id, nil, series.Change{RRule: new("FREQ=WEEKLY")})
			return err
		},
		"divide": func(id uuid.UUID) error {
			_, err := b.series.Update(ctx, b.owner, id, nil, series.Change{Scope: series.ScopeFollowing, OccurrenceAt: new(local("2026-03-25 14:00:00"))})
			return err
		},
	}
	conflicts := map[event.SeriesStatus]map[string]string{
		"paused": {"skip": "series_paused"},
		"completed": {
			"pause": "series_completed", "resume": "series_completed", "skip": "series_completed", "rerule": "series_completed", "divide": "series_completed",
		},
		"cancelled": {
			"pause": "series_cancelled", "resume": "series_cancelled", "skip": "series_cancelled", "retitle": "series_cancelled",
			"rerule": "series_cancelled", "divide": "series_cancelled",
		},
	}
	for _, from := range statuses {
		for name, do := range calls {
			err := do(in(from).ID)
			if reason := conflicts[from][name]; reason != "" {
				refused(t, err, fault.Conflict, reason, name+" a series that is "+string(from))
			} else {
				require.NoError(t, err, "%s a series that is %s", name, from)
			}
		}
	}
}

func TestAStaleVersionChangesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t, "2026-03-16 09:00:00")
	s := b.friday(t)
	b.update(t, s.ID, series.Change{Title: new("Weekly")})
	_, err := b.series.Update(t.Context(), b.owner, s.ID, &s.Version, series.Change{Title: new("Mine")})
	require.Equal(t, fault.Stale, fault.CodeOf(err))
	_, err = b.series.Pause(t.Context(), b.owner, s.ID, &s.Version)
	require.Equal(t, fault.Stale, fault.CodeOf(err))
	require.Equal(t, "Weekly", b.get(t, s.ID).Title)
}

// What fails half-way leaves nothing: no row, no task, no event.
func TestAFailedChangeLeavesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t, "2026-03-16 09:00:00")
	s := b.friday(t)
	b.until(t, "2026-03-26 15:00:00")
	state := func() string {
		var all string
		require.NoError(t, b.db.QueryRow(t.Context(), `SELECT (SELECT json_agg(s)::text FROM series s) || (SELECT json_agg(t ORDER BY id)::text FROM tasks t)
			|| (SELECT count(*) FROM outbox) || (SELECT count(*) FROM task_history) || (SELECT count(*) FROM tags)
			|| (SELECT count(*) FROM processed_event_logs)`).Scan(&all))
		return all
	}
	before := state()
	_, err := b.db.Exec(t.Context(), `ALTER TABLE outbox ADD CONSTRAINT refuse CHECK (event->>'type' NOT LIKE 'recurring.%') NOT VALID`)
	require.NoError(t, err)
	following, tags := new(local("2026-04-03 14:00:00")), &[]string{"new"}
	for name, c := range map[string]series.Change{
		"all":       {Title: new("Weekly"), Tags: tags, RRule: new("FREQ=DAILY")},
		"following": {Scope: series.ScopeFollowing, OccurrenceAt: following, Title: new("Weekly"), Tags: tags},
		"this":      {Scope: series.ScopeThis, OccurrenceAt: following, Title: new("Weekly"), Tags: tags},
	} {
		_, err := b.series.Update(t.Context(), b.owner, s.ID, nil, c)
		require.Error(t, err, name)
		require.Equal(t, before, state(), name)
	}
	_, err = b.series.Skip(t.Context(), b.owner, s.ID, nil, nil)
	require.Error(t, err)
	_, err = b.series.Cancel(t.Context(), b.owner, s.ID, nil)
	require.Error(t, err)
	_, err = b.series.Create(t.Context(), b.owner, series.Draft{Title: "a", RRule: "FREQ=DAILY", Tags: *tags})
	require.Error(t, err)
	require.Equal(t, before, state())
}
