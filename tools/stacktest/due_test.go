package stacktest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/tools/internal/topics"
)

// falling is a set of series and reminders that fall due at random seconds of a
// time to come, each exactly once.
type falling struct {
	who       []account
	series    []string
	reminders []string
}

// fall asks for them: the first is due after lead, the last when span has passed as well.
func fall(t *testing.T, random *rand.Rand, series, reminders int, lead, span time.Duration) *falling {
	t.Helper()
	const users, remindersOfTask = 10, 10
	f := &falling{}
	for range users {
		f.who = append(f.who, signUp(t))
	}
	from, seconds := time.Now().Add(lead).UTC().Truncate(time.Second), int(span/time.Second)
	at := func(first, count int) time.Time {
		return from.Add(time.Duration(first+random.IntN(count)) * time.Second)
	}
	api := stack.Public(topology.API)
	var mu sync.Mutex
	var all sync.WaitGroup
	for i, who := range f.who {
		// Chance is not for goroutines to share. The reminders of one task differ: each
		// has a part of the time for its own.
		var starts, calls []time.Time
		for n := i; n < series; n += users {
			starts = append(starts, at(0, seconds))
		}
		for n := i; n < reminders; n += users {
			part := n / users % remindersOfTask
			calls = append(calls, at(part*seconds/remindersOfTask, seconds/remindersOfTask))
		}
		all.Go(func() {
			for n, start := range starts {
				id := made(t, api+"/api/tasks/recurring", who, map[string]any{
					"title": fmt.Sprint("series ", n), "rrule": "FREQ=DAILY;COUNT=1", "timezone": "UTC",
					"dtstart": start.Format("2006-01-02T15:04:05"),
				})
				mu.Lock()
				f.series = append(f.series, id)
				mu.Unlock()
			}
			var task string
			for n, call := range calls {
				if n%remindersOfTask == 0 {
					task = made(t, api+"/api/tasks", who, map[string]any{"title": fmt.Sprint("task ", n)})
				}
				id := made(t, api+"/api/reminders", who, map[string]any{"task_id": task, "remind_at": call.Format(time.RFC3339)})
				mu.Lock()
				f.reminders = append(f.reminders, id)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
	if len(f.series) != series || len(f.reminders) != reminders {
		t.Fatalf("%d series and %d reminders instead of %d and %d", len(f.series), len(f.reminders), series, reminders)
	}
	return f
}

// made posts a body and returns the id of what it made; "" after an error.
func made(t *testing.T, url string, who account, body any) string {
	t.Helper()
	a, err := try(t.Context(), http.MethodPost, url, who.token, nil, body)
	var thing struct {
		ID string `json:"id"`
	}
	if err != nil || a.status != http.StatusCreated || json.Unmarshal(a.body, &thing) != nil {
		t.Errorf("POST %s: %d %s %v", url, a.status, a.body, err)
	}
	return thing.ID
}

// instances and notified count what has come of it, distinct by its instant.
func (f *falling) instances(t *testing.T) int {
	t.Helper()
	return count(t, `SELECT count(DISTINCT (series_id, occurrence_at)) FROM tasks WHERE series_id::text = ANY($1)`, f.series)
}

func (f *falling) notified(t *testing.T) int {
	t.Helper()
	return count(t, `SELECT count(DISTINCT (reminder_id, scheduled_for)) FROM notifications WHERE reminder_id::text = ANY($1)`, f.reminders)
}

func (f *falling) fired(t *testing.T) int {
	t.Helper()
	return f.instances(t) + f.notified(t)
}

// once waits until all is done and wants each to be done once, for the right instant,
// and told once: what the database holds and what the outbox sent.
func (f *falling) once(t *testing.T) {
	t.Helper()
	eventually(t, "every occurrence is a task", func() bool { return f.instances(t) == len(f.series) })
	eventually(t, "every reminder is a notification", func() bool { return f.notified(t) == len(f.reminders) })
	if n := count(t, `SELECT count(*) FROM tasks t JOIN series s ON s.id = t.series_id
		WHERE s.id::text = ANY($1) AND t.occurrence_at = s.dtstart AT TIME ZONE 'UTC'`, f.series); n != len(f.series) {
		t.Errorf("%d instances for %d occurrences", n, len(f.series))
	}
	if n := count(t, `SELECT count(*) FROM notifications n JOIN reminders r ON r.id = n.reminder_id
		WHERE r.id::text = ANY($1) AND n.scheduled_for = r.remind_at AND r.status = $2`, f.reminders, event.ReminderSent); n != len(f.reminders) {
		t.Errorf("%d notifications for %d reminders", n, len(f.reminders))
	}
	told := func(p event.Payload) int {
		var users []string
		for _, who := range f.who {
			users = append(users, who.id)
		}
		return count(t, `SELECT count(*) FROM outbox WHERE user_id::text = ANY($1) AND event->>'type' = $2`, users, string(p.EventType()))
	}
	if n := told(event.TaskInstanceCreated{}); n != len(f.series) {
		t.Errorf("%d events of %d instances", n, len(f.series))
	}
	if n := told(event.NotificationCreated{}); n != len(f.reminders) {
		t.Errorf("%d events of %d notifications", n, len(f.reminders))
	}
}

// seeded is a source of chance whose seed a failure prints.
func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the seed was %d", seed)
		}
	})
	return rand.New(rand.NewPCG(seed, 0))
}

// Whatever dies while 200 series and 1,000 reminders fall due over two minutes: each
// occurrence becomes one task and each reminder one notification.
func TestWhatIsDueHappensOnceWhateverDies(t *testing.T) { //nolint:paralleltest // it kills what all others need
	recovered(t)
	random := seeded(t)
	var victims []string
	for name, part := range stack.Parts(t) {
		if part.Process.PID != 0 {
			victims = append(victims, name)
		}
	}
	slices.Sort(victims)
	random.Shuffle(len(victims), func(i, k int) { victims[i], victims[k] = victims[k], victims[i] })
	const series, reminders = 200, 1000
	f := fall(t, random, series, reminders, 15*time.Second, 2*time.Minute)
	for i, victim := range victims {
		// A random moment of the i-th part of the time, told by how much has happened.
		share := (float64(i) + random.Float64()) / float64(len(victims))
		moment := int(share * (series + reminders))
		eventually(t, fmt.Sprintf("%d have happened", moment), func() bool { return f.fired(t) >= moment })
		kill(t, victim, syscall.SIGKILL)
		t.Logf("killed %s after %d", victim, moment)
	}
	recovered(t)
	f.once(t)
}

// The scheduler is no more than an alarm clock: all that it knew may be lost.
func TestWhatIsDueHappensWithoutTheSchedulersMemory(t *testing.T) { //nolint:paralleltest // it kills what all others need
	recovered(t)
	const series, reminders = 20, 100
	f := fall(t, seeded(t), series, reminders, 15*time.Second, 20*time.Second)
	dir := stack.SchedulerDir()
	if entries, err := os.ReadDir(dir); err != nil || len(entries) == 0 {
		t.Fatalf("the scheduler keeps nothing in %s: %v", dir, err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	kill(t, "scheduler", syscall.SIGKILL)
	recovered(t)
	f.once(t)
}

// Two replicas of every service: still once.
func TestTwoReplicasDoWhatIsDueOnce(t *testing.T) { //nolint:paralleltest // it adds to what all others use
	recovered(t)
	for _, service := range topology.Services() {
		stack.Replica(t, service)
	}
	const series, reminders = 50, 250
	fall(t, seeded(t), series, reminders, 15*time.Second, 10*time.Second).once(t)
}

// An outage of PostgreSQL that is longer than every bounded retry costs time and
// nothing else: events and jobs wait, and no dead letter is written.
func TestALongOutageOfTheDatabaseLosesNothing(t *testing.T) { //nolint:paralleltest // it kills what all others need
	recovered(t)
	dead := deadLetters(t)
	f := fall(t, seeded(t), 20, 100, 15*time.Second, 20*time.Second)
	events := updates(t, 20, 5)
	kill(t, "postgres", syscall.SIGKILL)
	produce(t, records(t, events)...)
	// The supervisor starts it again and again. A job is tried for some seconds, so
	// when an event has failed this often, every retry that ends has ended.
	const failures = 15
	eventually(t, "deliveries fail", func() bool {
		if part := stack.Parts(t)["postgres"]; part.Process.PID != 0 {
			_ = syscall.Kill(part.Process.PID, syscall.SIGKILL)
		}
		return metric(t, topology.Recurring, `rondo_events_delivered_total{answer="retry",topic="`+topology.TaskEvents.Name+`"}`) >= failures
	})
	recovered(t)
	f.once(t)
	eventually(t, "every event is handled", func() bool { return len(handled(t, events)) == len(events) })
	if now := deadLetters(t); now != dead {
		t.Errorf("%d dead letters, and %d before the outage", now, dead)
	}
}

// A backlog drains, and within an entity in order.
func TestABacklogDrainsInOrder(t *testing.T) { //nolint:paralleltest // it kills what all others need
	recovered(t)
	kill(t, topology.Recurring.Name+"-sidecar", syscall.SIGSTOP) // nobody reads
	events := updates(t, 100, 100)
	produce(t, records(t, events)...)
	kill(t, topology.Recurring.Name+"-sidecar", syscall.SIGCONT)
	var at map[string]time.Time
	eventually(t, "the backlog is empty", func() bool {
		at = handled(t, events)
		return len(at) == len(events)
	})
	last := map[string]time.Time{}
	for _, e := range events {
		if at[e.ID].Before(last[e.Subject]) {
			t.Errorf("%s was handled before the event in front of it", e.ID)
		}
		last[e.Subject] = at[e.ID]
	}
}

// updates are events of series that nobody has: each of entities has versions of
// them, in their order.
func updates(t *testing.T, entities, versions int) []event.Envelope {
	t.Helper()
	users, ids := make([]uuid.UUID, entities), make([]uuid.UUID, entities)
	for i := range entities {
		users[i], ids[i] = uuid.New(), uuid.New()
	}
	var events []event.Envelope
	for version := range versions {
		for i := range entities {
			s := event.Series{ID: ids[i].String(), Status: event.SeriesActive, Version: int64(version + 2)}
			e, err := event.New(topology.API, users[i], s.ID, event.RecurringUpdated{SeriesID: s.ID, Version: s.Version, Before: s, After: s})
			if err != nil {
				t.Fatal(err)
			}
			events = append(events, e)
		}
	}
	return events
}

func records(t *testing.T, events []event.Envelope) []*kgo.Record {
	t.Helper()
	all := make([]*kgo.Record, len(events))
	for i, e := range events {
		body, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		topic, ok := event.TopicOf(e.Type)
		if !ok {
			t.Fatalf("%s has no topic", e.Type)
		}
		all[i] = &kgo.Record{Topic: topic.Name, Key: []byte(e.UserID), Value: body}
	}
	return all
}

// handled is when recurring has handled which of the events, by id.
func handled(t *testing.T, events []event.Envelope) map[string]time.Time {
	t.Helper()
	ids := make([]string, len(events))
	for i, e := range events {
		ids[i] = e.ID
	}
	at := map[string]time.Time{}
	rows, err := stack.DB.Query(t.Context(), `SELECT key, processed_at FROM processed_event_logs WHERE consumer = $1 AND key = ANY($2)`,
		topology.Recurring.Subscribes[0].Group(), ids)
	if err != nil {
		return at // the database is away
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var when time.Time
		if err := rows.Scan(&id, &when); err != nil {
			return at
		}
		at[id] = when
	}
	return at
}

func deadLetters(t *testing.T) (n int64) {
	t.Helper()
	report, err := topics.Lag(t.Context(), stack.Kafka())
	if err != nil {
		t.Fatal(err)
	}
	for _, depth := range report.DeadLetters {
		n += depth.Records
	}
	return n
}
