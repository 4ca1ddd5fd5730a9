// Package integration_test lets api and recurring work together, on a real database and
// under a clock of its own: api writes, its events are delivered, and jobs come when due.
package integration_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/services/api/series"
	"github.com/rondohq/rondo/services/api/task"
	"github.com/rondohq/rondo/services/internal/inbox"
	"github.com/rondohq/rondo/services/internal/outbox"
	"github.com/rondohq/rondo/services/internal/postgres/postgrestest"
	"github.com/rondohq/rondo/services/internal/wakeup"
	"github.com/rondohq/rondo/services/recurring/materialise"
	"github.com/rondohq/rondo/services/recurring/overdue"
	"github.com/rondohq/rondo/services/recurring/schedule"
)

// clock is set by hand.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) Set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

// jobs is the scheduler: it keeps what was asked for until it is due.
type jobs struct {
	mu   sync.Mutex
	due  map[string]time.Time
	lost bool // whatever is asked for is forgotten
}

func (j *jobs) ScheduleJob(_ context.Context, name string, due time.Time) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.lost {
		j.due[name] = due
	}
	return nil
}

// take is the job that is due first, until an instant.
func (j *jobs) take(until time.Time) (name string, due time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for n, at := range j.due {
		if !at.After(until) && (name == "" || at.Before(due)) {
			name, due = n, at
		}
	}
	delete(j.due, name)
	return name, due
}

// replica is one recurring.
type replica struct {
	wake      *wakeup.Wakeup
	instances *materialise.Service
	schedules *schedule.Service
	overdue   *overdue.Service
	inboxes   map[string]*inbox.Inbox // by topic
}

type testBundle struct {
	*replica

	series series.Service
	tasks  task.Service
	owner  uuid.UUID
	clock  *clock
	jobs   *jobs
	pool   *pgxpool.Pool // recurring's
	db     *pgxpool.Pool // with all rights
	seen   int64         // of the outbox
}

// berlin is the zone of most tests.
var berlin = mustZone("Europe/Berlin")

func mustZone(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return zone
}

func local(text string) time.Time {
	at, err := time.ParseInLocation("2006-01-02 15:04:05", text, berlin)
	if err != nil {
		panic(err)
	}
	return at
}

func setup(tb testing.TB, now string) *testBundle {
	tb.Helper()
	database := postgrestest.New(tb)
	pool, box := database.Pool(tb, topology.API), outbox.New(topology.API)
	b := &testBundle{
		clock: &clock{at: local(now)}, jobs: &jobs{due: map[string]time.Time{}}, owner: uuid.New(),
		pool: database.Pool(tb, topology.Recurring), db: database.Owner(tb),
	}
	tasks := task.NewPostgres(pool, box)
	b.tasks = task.NewService(tasks, b.clock.Now)
	b.series = series.NewService(series.NewPostgres(pool, tasks, box), b.clock.Now)
	b.replica = b.another()
	_, err := b.db.Exec(tb.Context(), `INSERT INTO users (id, email, password_hash, display_name, timezone)
		VALUES ($1, 'ada@example.org', '', 'Ada', 'Europe/Berlin')`, b.owner)
	require.NoError(tb, err)
	return b
}

// another is one more replica on the same database.
func (b *testBundle) another() *replica {
	log, reg, box := slog.New(slog.DiscardHandler), prometheus.NewRegistry(), outbox.New(topology.Recurring)
	r := &replica{inboxes: map[string]*inbox.Inbox{}}
	r.instances = materialise.New(materialise.NewPostgres(b.pool, box), b.clock.Now, log, reg)
	r.wake = wakeup.New(topology.SeriesDue, b.jobs, r.instances, b.clock.Now, log, reg)
	r.schedules = schedule.New(schedule.NewPostgres(b.pool), r.wake, b.clock.Now, log, reg)
	r.overdue = overdue.New(b.pool, box, b.clock.Now, log, reg)
	metrics := inbox.NewMetrics(reg)
	for _, sub := range topology.Recurring.Subscribes {
		r.inboxes[sub.Topic.Name] = inbox.New(sub, b.pool, log, metrics)
	}
	r.schedules.Subscribe(r.inboxes[topology.TaskEvents.Name], r.inboxes[topology.TaskUpdates.Name])
	return r
}

// events are those of the outbox that were not seen before.
func (b *testBundle) events(t *testing.T) []event.Envelope {
	t.Helper()
	rows, err := b.db.Query(t.Context(), `SELECT seq, event FROM outbox WHERE seq > $1 ORDER BY seq`, b.seen)
	require.NoError(t, err)
	var all []event.Envelope
	var body []byte
	_, err = pgx.ForEachRow(rows, []any{&b.seen, &body}, func() error {
		e, err := event.Parse(body)
		all = append(all, e)
		return err
	})
	require.NoError(t, err)
	return all
}

// deliver brings all new events to recurring.
func (b *testBundle) deliver(t *testing.T) {
	t.Helper()
	for _, e := range b.events(t) {
		topic, _ := event.TopicOf(e.Type)
		if i := b.inboxes[topic.Name]; i != nil {
			require.NoError(t, i.Handle(t.Context(), e))
		}
	}
}

// until lets time pass: every job comes at its instant.
func (b *testBundle) until(t *testing.T, end string) {
	t.Helper()
	for {
		b.deliver(t)
		// The sweep asks for jobs once they are near; a day is as far as they reach.
		next := min(b.clock.Now().Add(wakeup.Horizon).Unix(), local(end).Unix())
		require.NoError(t, b.wake.Sweep(t.Context()))
		name, due := b.jobs.take(time.Unix(next, 0))
		if name != "" {
			b.clock.Set(due)
			require.NoError(t, b.wake.Handle(t.Context(), name))
			continue
		}
		b.clock.Set(time.Unix(next, 0))
		if next == local(end).Unix() {
			b.deliver(t)
			return
		}
	}
}

func (b *testBundle) create(t *testing.T, d series.Draft) series.Series {
	t.Helper()
	if d.Title == "" {
		d.Title = "Team sync"
	}
	s, err := b.series.Create(t.Context(), b.owner, d)
	require.NoError(t, err)
	b.deliver(t)
	return s
}

func (b *testBundle) get(t *testing.T, id uuid.UUID) series.Series {
	t.Helper()
	s, err := b.series.Get(t.Context(), b.owner, id)
	require.NoError(t, err)
	return s
}

// made are the instances of a series as "local time status", the earliest first.
func (b *testBundle) made(t *testing.T, id uuid.UUID) []string {
	t.Helper()
	all := []string{}
	for _, i := range b.list(t, id) {
		all = append(all, i.OccurrenceAt.In(berlin).Format("2006-01-02 15:04:05 ")+string(i.Status))
	}
	return all
}

func (b *testBundle) list(t *testing.T, id uuid.UUID) []task.Task {
	t.Helper()
	got, err := b.series.Instances(t.Context(), b.owner, id, series.InstanceQuery{Limit: 5000})
	require.NoError(t, err)
	slices.Reverse(got.Items)
	return got.Items
}

func (b *testBundle) count(t *testing.T, query string, args ...any) (n int) {
	t.Helper()
	require.NoError(t, b.db.QueryRow(t.Context(), query, args...).Scan(&n))
	return n
}

func moment(text string) series.Moment {
	m, err := series.ParseMoment(text)
	if err != nil {
		panic(err)
	}
	return m
}

func at(text string) *series.Moment {
	m := moment(text)
	return &m
}

// SC-001: "every Friday 14:00" makes its instance at each Friday 14:00 on the clock in
// the kitchen, also when the clocks go forward and back.
func TestEveryFridayAtTwoStaysAtTwoWhenTheClocksChange(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		now, end string
		want     []string
		utc      []int
	}{
		"spring": {
			"2026-03-18 09:00:00", "2026-04-11 00:00:00",
			[]string{"2026-03-20 14:00:00", "2026-03-27 14:00:00", "2026-04-03 14:00:00", "2026-04-10 14:00:00"},
			[]int{13, 13, 12, 12},
		},
		"autumn": {
			"2026-10-14 09:00:00", "2026-11-07 00:00:00",
			[]string{"2026-10-16 14:00:00", "2026-10-23 14:00:00", "2026-10-30 14:00:00", "2026-11-06 14:00:00"},
			[]int{12, 12, 13, 13},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, test.now)
			s := b.create(t, series.Draft{
				RRule: "FREQ=WEEKLY;BYDAY=FR", Start: at("2026-01-02T14:00:00"), Tags: []string{"Work"}, ReminderOffsets: []int{15}, IfPending: "create",
			})
			require.Equal(t, event.SeriesPending, s.Status)
			require.True(t, s.NextOccurrenceAt.Equal(local(test.want[0])), "the answer knows already what is next")
			b.until(t, test.end)

			instances := b.list(t, s.ID)
			require.Len(t, instances, len(test.want))
			for i, made := range instances {
				require.True(t, made.OccurrenceAt.Equal(local(test.want[i])), "%s", made.OccurrenceAt)
				require.Equal(t, test.utc[i], made.DueAt.UTC().Hour())
				require.Equal(t, []string{"Work"}, made.Tags)
				require.True(t, made.CreatedAt.Equal(local(test.want[i]).Add(-15*time.Minute)), "made at %s, so that its reminder is on time", made.CreatedAt)
			}
			got := b.get(t, s.ID)
			require.Equal(t, event.SeriesActive, got.Status)
			require.Equal(t, len(test.want), got.Created)
			require.Equal(t, len(test.want), b.count(t, `SELECT count(*) FROM reminders r JOIN tasks t ON t.id = r.task_id
				WHERE r.status = 'pending' AND r.scheduled_for = t.due_at - interval '15 minutes' AND t.series_id = $1`, s.ID))
			for kind, topic := range map[string]string{
				"recurring.scheduled": "task-events", "task.instance_created": "task-updates", "reminder.scheduled": "reminders",
			} {
				want := len(test.want)
				if kind == "recurring.scheduled" {
					want = 1
				}
				require.Equal(t, want, b.count(t, `SELECT count(*) FROM outbox WHERE event->>'type' = $1 AND topic = $2`, kind, topic), kind)
			}
			history, err := b.tasks.History(t.Context(), b.owner, instances[0].ID)
			require.NoError(t, err)
			require.Len(t, history, 1)
		})
	}
}

func TestRulesComeOutAsPeopleMeanThem(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		draft series.Draft
		now   string
		end   string
		want  []string // the due times
	}{
		"the last day of the month": {
			series.Draft{RRule: "FREQ=MONTHLY;BYMONTHDAY=-1", Start: at("2027-12-31T09:00:00")},
			"2028-01-01 00:00:00", "2028-04-01 00:00:00",
			[]string{"2028-01-31 09:00:00", "2028-02-29 09:00:00", "2028-03-31 09:00:00"},
		},
		"the 31st only": {
			series.Draft{RRule: "FREQ=MONTHLY;BYMONTHDAY=31", Start: at("2026-12-31T09:00:00")},
			"2027-01-01 00:00:00", "2027-06-01 00:00:00",
			[]string{"2027-01-31 09:00:00", "2027-03-31 09:00:00", "2027-05-31 09:00:00"},
		},
		"every other Tuesday and its last of three": {
			series.Draft{RRule: "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;COUNT=3", Start: at("2026-11-24T08:00:00")},
			"2026-11-24 07:00:00", "2027-03-01 00:00:00",
			[]string{"2026-11-24 08:00:00", "2026-12-08 08:00:00", "2026-12-22 08:00:00"},
		},
		"the second last working day": {
			series.Draft{RRule: "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2", Start: at("2026-11-01T08:00:00")},
			"2026-11-01 00:00:00", "2027-01-01 00:00:00",
			[]string{"2026-11-27 08:00:00", "2026-12-30 08:00:00"},
		},
		"days, with an exception": {
			series.Draft{RRule: "FREQ=DAILY", Start: at("2026-03-28"), ExDates: []series.Moment{moment("2026-03-29")}},
			"2026-03-28 10:00:00", "2026-03-31 10:00:00",
			[]string{"2026-03-28 23:59:59", "2026-03-30 23:59:59", "2026-03-31 23:59:59"},
		},
		"dates alone": {
			series.Draft{Start: at("2026-03-28T10:00:00"), RDates: []series.Moment{moment("2026-03-29T02:30:00"), moment("2026-04-02T10:00:00")}},
			"2026-03-28 10:00:00", "2026-05-01 10:00:00",
			[]string{"2026-03-28 10:00:00", "2026-03-29 03:30:00", "2026-04-02 10:00:00"},
		},
		"in another zone than one's own": {
			series.Draft{RRule: "FREQ=DAILY;COUNT=2", Start: at("2026-03-08T01:30:00"), Timezone: "America/New_York"},
			"2026-03-08 00:00:00", "2026-05-01 10:00:00",
			[]string{"2026-03-08 07:30:00", "2026-03-09 06:30:00"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, test.now)
			test.draft.IfPending = "create"
			s := b.create(t, test.draft)
			b.until(t, test.end)
			var got []string
			for _, made := range b.list(t, s.ID) {
				got = append(got, made.DueAt.In(berlin).Format("2006-01-02 15:04:05"))
			}
			require.Equal(t, test.want, got)
			if strings.Contains(test.draft.RRule, "COUNT") {
				require.Equal(t, event.SeriesCompleted, b.get(t, s.ID).Status)
			}
		})
	}
}

// FR-006.
func TestWhileThePreviousInstanceIsPendingTheNextIsSkippedAndRecorded(t *testing.T) {
	t.Parallel()
	b := setup(t, "2026-03-16 09:00:00")
	s := b.create(t, series.Draft{RRule: "FREQ=WEEKLY;BYDAY=FR", Start: at("2026-03-20T14:00:00"), ReminderOffsets: []int{15}})
	b.until(t, "2026-04-04 00:00:00")
	require.Equal(t, []string{"2026-03-20 14:00:00 pending", "2026-03-27 14:00:00 skipped", "2026-04-03 14:00:00 skipped"}, b.made(t, s.ID))
	require.Equal(t, 1, b.count(t, `SELECT count(*) FROM reminders`), "what is skipped is not reminded of")
	_, err := b.tasks.Complete(t.Context(), b.owner, b.list(t, s.ID)[0].ID, nil)
	require.NoError(t, err)
	b.until(t, "2026-04-11 00:00:00")
	require.Equal(t, "2026-04-10 14:00:00 pending", b.made(t, s.ID)[3])
	got := b.get(t, s.ID)
	require.Equal(t, []int{2, 2, 0}, []int{got.Created, got.Skipped, got.Missed})
}

// A reminder a day ahead makes each instance of a daily series a day ahead, when the one
// before could not be done yet.
func TestInstancesMadeAheadAreNotSkippedForTheOneOfToday(t *testing.T) {
	t.Parallel()
	b := setup(t, "2026-03-10 13:00:00")
	s := b.create(t, series.Draft{RRule: "FREQ=DAILY", Start: at("2026-03-12T14:00:00"), ReminderOffsets: []int{24 * 60}})
	b.until(t, "2026-03-12 15:00:00")
	require.Equal(t, []string{"2026-03-12 14:00:00 pending", "2026-03-13 14:00:00 pending"}, b.made(t, s.ID))
	b.until(t, "2026-03-13 15:00:00")
	require.Equal(t, "2026-03-14 14:00:00 skipped", b.made(t, s.ID)[2], "that of the 12th is open for a day now")
}

// SC-009: the same event a hundred times, from a hundred callers, and every replica at
// once: one instance, and everybody is told of the same.
func TestAHundredCopiesAndCallersMakeOneInstance(t *testing.T) {
	t.Parallel()
	b := setup(t, "2026-03-20 13:00:00")
	s, err := b.series.Create(t.Context(), b.owner, series.Draft{Title: "Sync", RRule: "FREQ=WEEKLY;BYDAY=FR", Start: at("2026-03-20T14:00:00")})
	require.NoError(t, err)
	events := b.events(t)
	require.Len(t, events, 1)
	replicas := []*replica{b.replica, b.another(), b.another()}
	together := func(do func(r *replica)) {
		var all sync.WaitGroup
		for i := range 100 {
			all.Go(func() { do(replicas[i%len(replicas)]) })
		}
		all.Wait()
	}
	together(func(r *replica) {
		if err := r.inboxes[topology.TaskEvents.Name].Handle(t.Context(), events[0]); err != nil {
			t.Error(err)
		}
	})
	var kept schedule.Plan
	var result []byte
	require.NoError(t, b.db.QueryRow(t.Context(), `SELECT result FROM processed_event_logs WHERE key = $1`, events[0].ID).Scan(&result))
	require.NoError(t, json.Unmarshal(result, &kept))
	require.True(t, kept.NextOccurrenceAt.Equal(local("2026-03-20 14:00:00")))

	b.clock.Set(local("2026-03-20 14:00:00"))
	together(func(r *replica) {
		if err := r.wake.Handle(t.Context(), topology.SeriesDue.Name(b.clock.Now())); err != nil {
			t.Error(err)
		}
	})
	require.Equal(t, []string{"2026-03-20 14:00:00 pending"}, b.made(t, s.ID))
	require.Equal(t, 1, b.get(t, s.ID).Created)
	require.Equal(t, 1, b.count(t, `SELECT count(*) FROM outbox WHERE event->>'type' = 'task.instance_created'`))

	// Even a series whose schedule ran backwards makes nothing twice: the occurrence's key
	// is known, and with it what it has become.
	key := event.OccurrenceKey(b.owner.String(), s.ID.String(), local("2026-03-20 14:00:00"))
	require.Equal(t, 1, b.count(t, `SELECT count(*) FROM processed_event_logs WHERE key = $1 AND result->>'task_id' = $2`,
		key, b.list(t, s.ID)[0].ID.String()))
	again := func() {
		_, err = b.db.Exec(t.Context(), `UPDATE series SET next_occurrence_at = $1, fire_at = $1`, local("2026-03-20 14:00:00"))
		require.NoError(t, err)
		together(func(r *replica) {
			if err := r.wake.Handle(t.Context(), topology.SeriesDue.Name(b.clock.Now())); err != nil {
				t.Error(err)
			}
		})
		require.Len(t, b.made(t, s.ID), 1)
		require.Equal(t, 1, b.get(t, s.ID).Created)
		require.True(t, b.get(t, s.ID).NextOccurrenceAt.Equal(local("2026-03-27 14:00:00")))
	}
	again()
	_, err = b.db.Exec(t.Context(), `DELETE FROM processed_event_logs`) // as after 30 days
	require.NoError(t, err)
	again()
}

// A year of downtime obeys catch_up, without a flood.
func TestDowntimeObeysCatchUp(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		draft   series.Draft
		up      string // when it runs again
		created int
		skipped int
		missed  int
		first   string
	}{
		"a year of days, latest":                   {series.Draft{RRule: "FREQ=DAILY", CatchUp: "latest"}, "2027-03-20 10:00:00", 1, 0, 364, "2027-03-19 14:00:00"},
		"a year of days, none":                     {series.Draft{RRule: "FREQ=DAILY", CatchUp: "none"}, "2027-03-20 10:00:00", 0, 0, 365, ""},
		"a year of days, all":                      {series.Draft{RRule: "FREQ=DAILY", CatchUp: "all", IfPending: "create"}, "2027-03-20 10:00:00", 365, 0, 0, "2026-03-20 14:00:00"},
		"all, and one is open":                     {series.Draft{RRule: "FREQ=DAILY", CatchUp: "all"}, "2026-04-20 10:00:00", 1, 30, 0, "2026-03-20 14:00:00"},
		"a year of hours, all":                     {series.Draft{RRule: "FREQ=HOURLY", CatchUp: "all", IfPending: "create"}, "2027-03-20 14:30:00", 1000, 0, 7760, "2027-02-06 23:00:00"},
		"a year of 5 min, where three are on time": {series.Draft{RRule: "FREQ=MINUTELY;INTERVAL=5", CatchUp: "latest"}, "2027-03-20 14:03:00", 1, 2, 105106, "2027-03-20 13:50:00"},
		"late is not missed":                       {series.Draft{RRule: "FREQ=DAILY", CatchUp: "none"}, "2026-03-20 14:14:59", 1, 0, 0, "2026-03-20 14:00:00"},
		"missed is missed":                         {series.Draft{RRule: "FREQ=DAILY", CatchUp: "none"}, "2026-03-20 14:15:01", 0, 0, 1, ""},
		"the late one is latest":                   {series.Draft{RRule: "FREQ=DAILY", CatchUp: "latest"}, "2026-03-22 14:05:00", 1, 0, 2, "2026-03-22 14:00:00"},
		"days last until night":                    {series.Draft{RRule: "FREQ=DAILY", CatchUp: "none", Start: at("2026-03-20")}, "2026-03-22 22:00:00", 1, 0, 2, "2026-03-22 00:00:00"},
		"from completion, latest":                  {series.Draft{RRule: "FREQ=DAILY", CatchUp: "latest", Mode: "completion"}, "2027-03-20 10:00:00", 1, 0, 0, "2026-03-20 14:00:00"},
		"from completion, none":                    {series.Draft{RRule: "FREQ=DAILY", CatchUp: "none", Mode: "completion"}, "2027-03-20 10:00:00", 0, 0, 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, "2026-03-20 09:00:00")
			if test.draft.Start == nil {
				test.draft.Start = at("2026-03-20T14:00:00")
			}
			s := b.create(t, test.draft)
			b.clock.Set(local(test.up))
			require.NoError(t, b.wake.Sweep(t.Context()))
			got := b.get(t, s.ID)
			require.Equal(t, []int{test.created, test.skipped, test.missed}, []int{got.Created, got.Skipped, got.Missed})
			require.Equal(t, test.created+test.skipped, b.count(t, `SELECT count(*) FROM tasks`))
			if test.first != "" {
				require.Equal(t, test.first, b.made(t, s.ID)[0][:len(test.first)])
			}
			if s.Mode != "completion" || test.created == 0 {
				require.True(t, got.NextOccurrenceAt.After(b.clock.Now()), "next at %s", got.NextOccurrenceAt)
			}
		})
	}
}

func TestAPausedSeriesFiresNothingAndDoesNotPileUp(t *testing.T) {
	t.Parallel()
	b := setup(t, "2026-03-20 13:00:00")
	s := b.create(t, series.Draft{RRule: "FREQ=DAILY", Start: at("2026-03-20T14:00:00"), CatchUp: "all", IfPending: "create"})
	b.until(t, "2026-03-21 15:00:00")
	paused, err := b.series.Pause(t.Context(), b.owner, s.ID, nil)
	require.NoError(t, err)
	require.Nil(t, paused.NextOccurrenceAt)
	b.until(t, "2026-06-20 15:00:00")
	require.Len(t, b.made(t, s.ID), 2)
	_, err = b.series.Resume(t.Context(), b.owner, s.ID, nil)
	require.NoError(t, err)
	b.until(t, "2026-06-22 15:00:00")
	require.Equal(t, []string{
		"2026-03-20 14:00:00 pending", "2026-03-21 14:00:00 pending", "2026-06-21 14:00:00 pending", "2026-06-22 14:00:00 pending",
	}, b.made(t, s.ID))
	require.Zero(t, b.get(t, s.ID).Missed)
}

func TestASeriesThatCountsFromCompletionGoesOnWhenItsInstanceIsClosed(t *testing.T) {
	t.Parallel()
	b := setup(t, "2026-03-20 09:00:00")
	s := b.create(t, series.Draft{RRule: "FREQ=DAILY;INTERVAL=3;COUNT=3", Start: at("2026-03-20T14:00:00"), Mode: "completion"})
	b.until(t, "2026-03-30 10:00:00")
	require.Equal(t, []string{"2026-03-20 14:00:00 pending"}, b.made(t, s.ID), "nothing comes before it is done")
	require.Nil(t, b.get(t, s.ID).NextOccurrenceAt)
	_, err := b.series.Skip(t.Context(), b.owner, s.ID, nil, nil)
	require.Equal(t, fault.Conflict, fault.CodeOf(err), "there is no next one to skip")

	_, err = b.tasks.Complete(t.Context(), b.owner, b.list(t, s.ID)[0].ID, nil)
	require.NoError(t, err)
	b.until(t, "2026-04-02 15:00:00")
	require.Equal(t, "2026-04-02 14:00:00 pending", b.made(t, s.ID)[1], "3 days after the 30th")

	// The event of the next completion is lost; the sweep finds it.
	_, err = b.tasks.Complete(t.Context(), b.owner, b.list(t, s.ID)[1].ID, nil)
	require.NoError(t, err)
	b.events(t)
	require.Nil(t, b.get(t, s.ID).NextOccurrenceAt)
	b.clock.Set(b.clock.Now().Add(time.Minute))
	require.NoError(t, b.schedules.Sweep(t.Context()))
	require.True(t, b.get(t, s.ID).NextOccurrenceAt.Equal(local("2026-04-05 14:00:00")))
	b.until(t, "2026-05-01 10:00:00")
	require.Len(t, b.made(t, s.ID), 3)
	require.Equal(t, event.SeriesCompleted, b.get(t, s.ID).Status, "COUNT is reached")
}

func TestASeriesWhoseEventNeverCameIsFound(t *testing.T) {
	t.Parallel()
	b := setup(t, "2026-03-20 13:00:00")
	s, err := b.series.Create(t.Context(), b.owner, series.Draft{Title: "Sync", RRule: "FREQ=DAILY", Start: at("2026-03-20T14:00:00")})
	require.NoError(t, err)
	require.NoError(t, b.schedules.Sweep(t.Context()))
	require.Equal(t, event.SeriesPending, b.get(t, s.ID).Status, "its event may be on its way")
	b.clock.Set(local("2026-03-20 15:00:00"))
	require.NoError(t, b.schedules.Sweep(t.Context()))
	require.Equal(t, event.SeriesActive, b.get(t, s.ID).Status)
	require.NoError(t, b.wake.Sweep(t.Context()))
	require.Equal(t, []string{"2026-03-20 14:00:00 pending"}, b.made(t, s.ID), "what was due meanwhile is not lost")
}

// Whatever jobs were asked for is lost, as when the scheduler's data is wiped.
func TestSeriesFireWithoutAnyJob(t *testing.T) {
	t.Parallel()
	b := setup(t, "2026-03-20 13:00:00")
	b.jobs.lost = true
	s := b.create(t, series.Draft{RRule: "FREQ=DAILY", Start: at("2026-03-20T14:00:00")})
	b.clock.Set(local("2026-03-20 14:00:02"))
	require.NoError(t, b.wake.Sweep(t.Context()))
	require.Equal(t, []string{"2026-03-20 14:00:00 pending"}, b.made(t, s.ID))
}

// One bad series neither holds up the others nor is forgotten.
func TestOneBadSeriesDoesNotHoldUpTheOthers(t *testing.T) {
	t.Parallel()
	b := setup(t, "2026-03-20 13:00:00")
	daily := series.Draft{RRule: "FREQ=DAILY", Start: at("2026-03-20T14:00:00"), IfPending: "create"}
	bad, unread, good := b.create(t, daily), b.create(t, daily), b.create(t, daily)
	_, err := b.db.Exec(t.Context(), `UPDATE series SET timezone = 'Atlantis/Capital' WHERE id = $1`, unread.ID)
	require.NoError(t, err)
	// Its instance is refused by the database.
	_, err = b.db.Exec(t.Context(), `ALTER TABLE tasks ADD CONSTRAINT refuse CHECK (series_id <> '`+bad.ID.String()+`')`)
	require.NoError(t, err)
	b.clock.Set(local("2026-03-20 14:00:00"))
	require.NoError(t, b.wake.Handle(t.Context(), topology.SeriesDue.Name(b.clock.Now())))

	require.Len(t, b.made(t, good.ID), 1)
	for _, failed := range []uuid.UUID{bad.ID, unread.ID} {
		got := b.get(t, failed)
		require.Empty(t, b.made(t, failed))
		require.NotNil(t, got.Failure)
		require.Equal(t, 1, got.Failures)
		require.True(t, got.FireAt.After(b.clock.Now()), "it rests")
		require.Equal(t, event.SeriesActive, got.Status)
	}
	require.Contains(t, *b.get(t, bad.ID).Failure, "refuse")
	require.Contains(t, *b.get(t, unread.ID).Failure, "Atlantis")
	require.Zero(t, b.count(t, `SELECT count(*) FROM processed_event_logs WHERE key = $1`,
		event.OccurrenceKey(b.owner.String(), bad.ID.String(), local("2026-03-20 14:00:00"))), "nothing of the failed try is left")
	require.Equal(t, 1, b.count(t, `SELECT count(*) FROM outbox WHERE source = 'recurring'`))

	_, err = b.db.Exec(t.Context(), `ALTER TABLE tasks DROP CONSTRAINT refuse`)
	require.NoError(t, err)
	b.until(t, "2026-03-20 14:02:00")
	require.Equal(t, []string{"2026-03-20 14:00:00 pending"}, b.made(t, bad.ID))
	require.Nil(t, b.get(t, bad.ID).Failure)
}

func TestEachTaskIsOverdueOnce(t *testing.T) {
	t.Parallel()
	b := setup(t, "2026-03-20 13:00:00")
	ctx := t.Context()
	due := local("2026-03-20 14:00:00")
	before := local("2026-03-20 12:00:00")
	make1 := func(due *time.Time) task.Task {
		made, err := b.tasks.Create(ctx, b.owner, task.Draft{Title: "Buy milk", DueAt: due})
		require.NoError(t, err)
		return made
	}
	make1(&before)
	make1(nil)
	require.NoError(t, b.overdue.Sweep(ctx)) // the first one only looks at the clock
	const many = 1203
	_, err := b.db.Exec(ctx, `INSERT INTO tasks (id, user_id, title, position, due_at)
		SELECT gen_random_uuid(), $1, 'due together', 1, $2 FROM generate_series(1, $3)`, b.owner, due, many)
	require.NoError(t, err)
	done := make1(&due)
	_, err = b.tasks.Complete(ctx, b.owner, done.ID, nil)
	require.NoError(t, err)
	later := due.Add(time.Hour)
	last := make1(&later)

	told := func() int { return b.count(t, `SELECT count(*) FROM outbox WHERE event->>'type' = 'task.overdue'`) }
	replicas := []*replica{b.replica, b.another(), b.another()}
	for _, at := range []time.Time{due.Add(-time.Second), due.Add(time.Minute), due.Add(time.Minute), later.Add(time.Minute)} {
		b.clock.Set(at)
		var all sync.WaitGroup
		for i := range 12 {
			all.Go(func() {
				if err := replicas[i%3].overdue.Sweep(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		require.NoError(t, b.overdue.Sweep(ctx)) // those that stepped back for another
		want := map[bool]int{true: many, false: 0}[!at.Before(due)]
		if at.After(later) {
			want++
		}
		require.Equal(t, want, told(), "%s", at)
	}
	require.Equal(t, many+1, b.count(t, `SELECT count(DISTINCT event->>'subject') FROM outbox WHERE event->>'type' = 'task.overdue'`))
	require.Equal(t, 1, b.count(t, `SELECT count(*) FROM outbox WHERE event->>'subject' = $1 AND topic = 'task-updates' AND event->>'type' = 'task.overdue'`, last.ID.String()))
}
