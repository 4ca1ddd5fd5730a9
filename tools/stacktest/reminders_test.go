package stacktest

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/topology"
)

// soon is how far ahead a test's reminder lies: time enough to arrange the rest.
const soon = 5 * time.Second

// dueTask makes a task that is due 15 minutes after an instant.
func dueTask(t *testing.T, who account, title string, at time.Time) string {
	t.Helper()
	var made struct {
		ID string `json:"id"`
	}
	call(t, http.MethodPost, stack.Public(topology.API)+"/api/tasks", who.token, http.StatusCreated,
		map[string]any{"title": title, "due_at": at.Add(15 * time.Minute)}, &made)
	return made.ID
}

// remind makes a reminder 15 minutes before a task is due.
func remind(t *testing.T, who account, task string) (id string) {
	t.Helper()
	var made struct {
		ID string `json:"id"`
	}
	call(t, http.MethodPost, stack.Public(topology.API)+"/api/reminders", who.token, http.StatusCreated,
		map[string]any{"task_id": task, "offset_minutes": 15}, &made)
	return made.ID
}

type notification struct {
	ID           string    `json:"id"`
	Kind         string    `json:"kind"`
	ReminderID   string    `json:"reminder_id"`
	Title        string    `json:"title"`
	ScheduledFor time.Time `json:"scheduled_for"`
	CreatedAt    time.Time `json:"created_at"`
}

func notifications(t *testing.T, who account) []notification {
	t.Helper()
	var page struct {
		Items []notification `json:"items"`
	}
	call(t, http.MethodGet, stack.Public(topology.API)+"/api/notifications", who.token, http.StatusOK, nil, &page)
	return page.Items
}

// published are the payloads of one type that a user's events on a topic carry, up to
// the first that last says is the last.
func published[P event.Payload](t *testing.T, who account, last func(P) bool) (all []P) {
	t.Helper()
	var zero P
	topic, _ := event.TopicOf(zero.EventType())
	client, err := kgo.NewClient(kgo.SeedBrokers(stack.Kafka()),
		kgo.ConsumeTopics(topic.Name), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for {
		fetches := client.PollFetches(t.Context())
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		done := false
		fetches.EachRecord(func(r *kgo.Record) {
			var e event.Envelope
			if json.Unmarshal(r.Value, &e) != nil || e.UserID != who.id || e.Type != zero.EventType() {
				return
			}
			p, err := event.Decode[P](e)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, p)
			done = done || last(p)
		})
		if done {
			return all
		}
	}
}

// SC-002, FR-007 to FR-009, FR-021: a reminder 15 minutes before its task is due is on
// reminders, and arrives once, at its time; that of a task that is done does not.
func TestAReminderArrivesOnceAtItsTime(t *testing.T) {
	t.Parallel()
	who := signUp(t)
	at := time.Now().Add(soon).Truncate(time.Second)
	open, done := dueTask(t, who, "Call the dentist", at), dueTask(t, who, "Already done", at)
	reminder, suppressed := remind(t, who, open), remind(t, who, done)
	call(t, http.MethodPost, stack.Public(topology.API)+"/api/tasks/"+done+"/complete", who.token, http.StatusOK, nil, nil)
	scheduled := published(t, who, func(p event.ReminderScheduled) bool { return p.Reminder.ID == suppressed })
	if len(scheduled) != 2 || scheduled[0].Reminder.ID != reminder || !scheduled[0].Reminder.ScheduledFor.Equal(at) {
		t.Errorf("on the topic: %+v", scheduled)
	}

	created := published(t, who, func(p event.NotificationCreated) bool { return *p.Notification.ReminderID == reminder })
	if n := created[0].Notification; len(created) != 1 || n.Title != "Call the dentist" || !n.ScheduledFor.Equal(at) || n.CreatedAt.Before(at) {
		t.Errorf("told: %+v", created)
	}
	eventually(t, "both reminders are over", func() bool {
		return count(t, `SELECT count(*) FROM reminders WHERE user_id = $1 AND status IN ('sent', 'suppressed')`, who.id) == 2
	})
	list := notifications(t, who)
	if len(list) != 1 || list[0].ID != created[0].Notification.ID {
		t.Errorf("listed: %+v", list)
	}
	t.Logf("told %v after its time", created[0].Notification.CreatedAt.Sub(at))
}

// A wake-up that never comes is found by the sweep. It runs alone: what it stops, all
// others need.
func TestTheSweepDeliversWhatTheSchedulerForgets(t *testing.T) { //nolint:paralleltest // see above
	recovered(t)
	who := signUp(t)
	before := metric(t, topology.Notifier, `rondo_wakeup_rescued_total{kind="reminders"}`)
	at := time.Now().Add(soon).Truncate(time.Second)
	reminder := remind(t, who, dueTask(t, who, "Without a scheduler", at))
	kill(t, "scheduler", syscall.SIGSTOP)
	created := published(t, who, func(p event.NotificationCreated) bool { return *p.Notification.ReminderID == reminder })
	kill(t, "scheduler", syscall.SIGKILL)
	if len(created) != 1 || created[0].Notification.CreatedAt.Before(at) {
		t.Errorf("told: %+v", created)
	}
	if after := metric(t, topology.Notifier, `rondo_wakeup_rescued_total{kind="reminders"}`); after <= before {
		t.Errorf("%v rescued before, %v after", before, after)
	}
	recovered(t)
	// The scheduler is back, and so are the wake-ups; what was told isn't told again.
	again := remind(t, who, dueTask(t, who, "With a scheduler", time.Now().Add(soon)))
	created = published(t, who, func(p event.NotificationCreated) bool { return *p.Notification.ReminderID == again })
	if len(created) != 2 || len(notifications(t, who)) != 2 {
		t.Errorf("told: %+v", created)
	}
}

// metric reads a value of a service's metrics; 0 when it is not there.
func metric(t *testing.T, service topology.Service, name string) float64 {
	t.Helper()
	a, err := try(t.Context(), http.MethodGet, stack.Public(service)+"/metrics", "", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` (\S+)$`).FindSubmatch(a.body)
	if found == nil {
		return 0
	}
	value, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		t.Fatal(err)
	}
	return value
}
