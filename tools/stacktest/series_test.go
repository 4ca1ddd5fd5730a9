package stacktest

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/topology"
)

// berlin shows the clock of the accounts of this suite.
func berlin(t *testing.T, at time.Time) string {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return at.In(zone).Format("2006-01-02T15:04:05")
}

// createSeries makes a series of instances at these instants, to the second, whatever
// becomes of the ones before. It returns its id.
func createSeries(t *testing.T, who account, first time.Time, more ...time.Time) string {
	t.Helper()
	dates := []string{berlin(t, first)}
	for _, at := range more {
		dates = append(dates, berlin(t, at))
	}
	var made struct {
		ID string `json:"id"`
	}
	call(t, http.MethodPost, stack.Public(topology.API)+"/api/tasks/recurring", who.token, http.StatusCreated, map[string]any{
		"title": "Recurring", "dtstart": dates[0], "rdate": dates, "if_pending": "create", "reminder_offsets": []int{0},
	}, &made)
	return made.ID
}

type instance struct {
	ID           string    `json:"id"`
	Status       string    `json:"status"`
	OccurrenceAt time.Time `json:"occurrence_at"`
	CreatedAt    time.Time `json:"created_at"`
}

// instancesOf are what a series has made, the latest first.
func instancesOf(t *testing.T, who account, series string) []instance {
	t.Helper()
	var page struct {
		Items []instance `json:"items"`
	}
	call(t, http.MethodGet, stack.Public(topology.API)+"/api/tasks/recurring/"+series+"/instances?limit=200", who.token, http.StatusOK, nil, &page)
	return page.Items
}

// onTopic waits until so many different events of a type are on a topic that hold a text.
func onTopic(t *testing.T, topic topology.Topic, kind event.Type, text string, wanted int) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(stack.Kafka()),
		kgo.ConsumeTopics(topic.Name), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	seen := map[string]bool{}
	for len(seen) < wanted {
		fetches := client.PollFetches(t.Context())
		if err := fetches.Err(); err != nil {
			t.Fatalf("%d of %d events %s about %s on %s: %v", len(seen), wanted, kind, text, topic.Name, err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if e, err := event.Parse(r.Value); err == nil && e.Type == kind && strings.Contains(string(r.Value), text) {
				seen[e.ID] = true
			}
		})
	}
}

// SC-001, to the minute that the plan allows: three instances in a row, none before its
// time, and what was said of them on the topics.
func TestASeriesMakesItsInstancesOnTime(t *testing.T) {
	t.Parallel()
	who := signUp(t)
	first := time.Now().Truncate(time.Second).Add(4 * time.Second)
	series := createSeries(t, who, first, first.Add(2*time.Second), first.Add(4*time.Second))
	onTopic(t, topology.TaskEvents, event.RecurringScheduled{}.EventType(), series, 1)
	eventually(t, "there are three instances", func() bool { return len(instancesOf(t, who, series)) == 3 })
	for i, made := range instancesOf(t, who, series) {
		if want := first.Add(time.Duration(2-i) * 2 * time.Second); !made.OccurrenceAt.Equal(want) {
			t.Errorf("an instance of %s, want %s", made.OccurrenceAt, want)
		}
		late := made.CreatedAt.Sub(made.OccurrenceAt)
		if late < 0 || late > time.Minute {
			t.Errorf("the instance of %s was made at %s", made.OccurrenceAt, made.CreatedAt)
		}
		t.Logf("%s after its time", late)
	}
	onTopic(t, topology.TaskUpdates, event.TaskInstanceCreated{}.EventType(), series, 3)
	onTopic(t, topology.Reminders, event.ReminderScheduled{}.EventType(), instancesOf(t, who, series)[0].ID, 1)
	eventually(t, "the series has ended", func() bool {
		return count(t, `SELECT count(*) FROM series WHERE id = $1 AND status = 'completed' AND created_count = 3`, series) == 1
	})
}

// SC-009.
func TestAHundredCopiesOfASeriesEventMakeOneInstance(t *testing.T) {
	t.Parallel()
	who := signUp(t)
	at := time.Now().Truncate(time.Second).Add(5 * time.Second)
	series := createSeries(t, who, at)
	var said []byte
	if err := stack.DB.QueryRow(t.Context(), `SELECT event FROM outbox WHERE event->>'subject' = $1`, series).Scan(&said); err != nil {
		t.Fatal(err)
	}
	last, err := event.New(topology.API, uuid.MustParse(who.id), series, event.TaskCreated{Task: event.Task{ID: series, Title: "last"}})
	if err != nil {
		t.Fatal(err)
	}
	end, err := json.Marshal(last)
	if err != nil {
		t.Fatal(err)
	}
	var records []*kgo.Record
	for range 100 {
		records = append(records, &kgo.Record{Topic: topology.TaskEvents.Name, Key: []byte(who.id), Value: said})
	}
	produce(t, append(records, &kgo.Record{Topic: topology.TaskEvents.Name, Key: []byte(who.id), Value: end})...)
	eventually(t, "what came behind the copies is through", func() bool {
		return count(t, `SELECT count(*) FROM processed_event_logs WHERE key = $1`, last.ID) == 1
	})
	eventually(t, "there is an instance", func() bool { return len(instancesOf(t, who, series)) > 0 })
	made := instancesOf(t, who, series)
	if len(made) != 1 {
		t.Errorf("%d instances of 101 events", len(made))
	}
	key := event.OccurrenceKey(who.id, series, at)
	if n := count(t, `SELECT count(*) FROM processed_event_logs WHERE key = $1 AND result->>'task_id' = $2`, key, made[0].ID); n != 1 {
		t.Errorf("%d results are kept under the occurrence's key", n)
	}
}

// What counts from completion hears of it over task-updates.
func TestACompletionSetsTheNextOccurrence(t *testing.T) {
	t.Parallel()
	who := signUp(t)
	at := time.Now().Truncate(time.Second).Add(3 * time.Second)
	var made struct {
		ID string `json:"id"`
	}
	call(t, http.MethodPost, stack.Public(topology.API)+"/api/tasks/recurring", who.token, http.StatusCreated, map[string]any{
		"title": "Water the plants", "rrule": "FREQ=DAILY;INTERVAL=3", "dtstart": berlin(t, at), "mode": "completion",
	}, &made)
	eventually(t, "there is an instance", func() bool { return len(instancesOf(t, who, made.ID)) == 1 })
	task := instancesOf(t, who, made.ID)[0].ID
	call(t, http.MethodPost, stack.Public(topology.API)+"/api/tasks/"+task+"/complete", who.token, http.StatusOK, nil, nil)
	eventually(t, "the next is set", func() bool {
		return count(t, `SELECT count(*) FROM series WHERE id = $1 AND next_occurrence_at > now() + interval '2 days'`, made.ID) == 1
	})
}
