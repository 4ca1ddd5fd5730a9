package stacktest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/google/uuid"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/tools/internal/topics"
)

// seenBy counts the marks that a consumer has made of a task's events of one type.
func seenBy(t *testing.T, sub topology.Subscription, task string, kind event.Type) int {
	t.Helper()
	return count(t, `
		SELECT count(*) FROM processed_event_logs p JOIN outbox o ON o.event->>'id' = p.key
		WHERE p.consumer = $1 AND o.event->>'subject' = $2 AND o.event->>'type' = $3`, sub.Group(), task, string(kind))
}

func create(t *testing.T, who account, title string) string {
	t.Helper()
	var made struct {
		ID string `json:"id"`
	}
	call(t, http.MethodPost, stack.Public(topology.API)+"/api/tasks", who.token, http.StatusCreated, map[string]string{"title": title}, &made)
	return made.ID
}

func TestAWriteTravelsFromTheDatabaseToTheConsumers(t *testing.T) {
	t.Parallel()
	who := signUp(t)
	task := create(t, who, "Travel")
	created, status := event.TaskCreated{}.EventType(), event.TaskStatusChanged{}.EventType()
	eventually(t, "recurring has seen the task", func() bool {
		return seenBy(t, topology.Recurring.Subscribes[0], task, created) == 1
	})
	call(t, http.MethodPost, stack.Public(topology.API)+"/api/tasks/"+task+"/complete", who.token, http.StatusOK, nil, nil)
	eventually(t, "recurring and notifier have seen its end", func() bool {
		return seenBy(t, topology.Recurring.Subscribes[1], task, status) == 1 && seenBy(t, topology.Notifier.Subscribes[1], task, status) == 1
	})
}

func TestATraceJoinsTheRequestWithItsEvent(t *testing.T) {
	t.Parallel()
	who := signUp(t)
	trace := strings.ReplaceAll(uuid.NewString(), "-", "")
	a, err := try(t.Context(), http.MethodPost, stack.Public(topology.API)+"/api/tasks", who.token,
		map[string]string{"traceparent": "00-" + trace + "-00f067aa0ba902b7-01"}, map[string]string{"title": "Traced"})
	if err != nil || a.status != http.StatusCreated {
		t.Fatalf("%d %s %v", a.status, a.body, err)
	}
	n := count(t, `SELECT count(*) FROM outbox WHERE event->>'traceid' = $1 AND event->>'traceparent' LIKE '00-' || $1 || '-%'`, trace)
	if n != 1 {
		t.Errorf("%d events carry the trace of their request", n)
	}
}

// produce puts records onto a topic beside the sidecars.
func produce(t *testing.T, records ...*kgo.Record) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(stack.Kafka()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

func TestAHundredCopiesOfAnEventAreSeenOnce(t *testing.T) {
	t.Parallel()
	user, task := uuid.New(), uuid.New()
	copied, err := event.New(topology.API, user, task.String(), event.TaskCreated{Task: event.Task{ID: task.String(), Title: "copied"}})
	if err != nil {
		t.Fatal(err)
	}
	last, err := event.New(topology.API, user, task.String(), event.TaskCreated{Task: event.Task{ID: task.String(), Title: "last"}})
	if err != nil {
		t.Fatal(err)
	}
	var records []*kgo.Record
	for i := range 101 {
		e := copied
		if i == 100 {
			e = last // what came before it in its partition is through when it is
		}
		body, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, &kgo.Record{Topic: topology.TaskEvents.Name, Key: []byte(user.String()), Value: body})
	}
	produce(t, records...)
	marks := func(e event.Envelope) int {
		return count(t, `SELECT count(*) FROM processed_event_logs WHERE key = $1`, e.ID)
	}
	eventually(t, "the last event is through", func() bool { return marks(last) == 1 })
	if n := marks(copied); n != 1 {
		t.Errorf("%d marks of 100 copies", n)
	}
}

func TestAnUndecodableEventIsADeadLetterAndTheConsumerGoesOn(t *testing.T) {
	t.Parallel()
	user := uuid.New()
	marker := "undecodable " + user.String()
	poison, err := json.Marshal(map[string]any{
		"specversion": "1.0", "id": marker, "type": "task.created", "source": "test", "schemaversion": "9.0",
		"userid": user.String(), "data": map[string]string{},
	})
	if err != nil {
		t.Fatal(err)
	}
	good, err := event.New(topology.API, user, user.String(), event.TaskCreated{Task: event.Task{ID: user.String()}})
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(good)
	if err != nil {
		t.Fatal(err)
	}
	key := []byte(user.String())
	produce(t,
		// The sidecar cannot read the first, the service will not read the second.
		&kgo.Record{Topic: topology.TaskEvents.Name, Key: key, Value: []byte("no JSON " + marker)},
		&kgo.Record{Topic: topology.TaskEvents.Name, Key: key, Value: poison},
		&kgo.Record{Topic: topology.TaskEvents.Name, Key: key, Value: body})
	eventually(t, "the event behind the poison is seen", func() bool {
		return count(t, `SELECT count(*) FROM processed_event_logs WHERE key = $1`, good.ID) == 1
	})
	dead, err := kgo.NewClient(kgo.SeedBrokers(stack.Kafka()),
		kgo.ConsumeTopics(topology.TaskEvents.DeadLetter().Name), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer dead.Close()
	for found := 0; found < 2; {
		fetches := dead.PollFetches(t.Context())
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if bytes.Contains(r.Value, []byte(marker)) {
				found++
			}
		})
	}
	report, err := topics.Lag(t.Context(), stack.Kafka())
	if err != nil {
		t.Fatal(err)
	}
	for _, depth := range report.DeadLetters {
		if depth.Topic == topology.TaskEvents.DeadLetter().Name && depth.Records < 2 {
			t.Errorf("an operator is told of %d dead letters", depth.Records)
		}
	}
	metrics, err := try(t.Context(), http.MethodGet, stack.Public(topology.Recurring)+"/metrics", "", nil, nil)
	if err != nil || !strings.Contains(string(metrics.body), `rondo_events_delivered_total{answer="drop",topic="`+topology.TaskEvents.Name+`"}`) {
		t.Errorf("the dead letter is not counted: %v", err)
	}
}

func TestTheSidecarsRoutesAreUnreachableFromOutside(t *testing.T) {
	t.Parallel()
	for _, service := range topology.Services() {
		ports := stack.Plan.Services[service.Name]
		paths := []string{topology.JobPath + "x", "/dapr/config"}
		for _, sub := range service.Subscribes {
			paths = append(paths, sub.Route())
		}
		for _, path := range paths {
			public, err := try(t.Context(), http.MethodPost, stack.Public(service)+path, "", nil, map[string]string{})
			if err != nil || (public.status != http.StatusNotFound && public.status != http.StatusMethodNotAllowed && public.status != http.StatusForbidden) {
				t.Errorf("%s: %s on the public port answers %d, %v", service.Name, path, public.status, err)
			}
			for _, token := range []string{"", "wrong"} {
				inner, err := try(t.Context(), http.MethodPost, fmt.Sprintf("http://127.0.0.1:%d%s", ports.App, path), "",
					map[string]string{"dapr-api-token": token}, map[string]string{})
				if err != nil || inner.status != http.StatusUnauthorized {
					t.Errorf("%s: %s with token %q answers %d, %v", service.Name, path, token, inner.status, err)
				}
			}
		}
		own, err := try(t.Context(), http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/v1.0/metadata", ports.SidecarHTTP), "", nil, nil)
		if err != nil || own.status != http.StatusUnauthorized {
			t.Errorf("%s: its sidecar answers %d without a token, %v", service.Name, own.status, err)
		}
	}
}

// It runs alone: what it stops, all others need.
func TestABrokerThatIsAwayDelaysEventsAndNothingElse(t *testing.T) { //nolint:paralleltest // see above
	who := signUp(t)
	const broker = "kafka"
	kill(t, broker, syscall.SIGSTOP)
	hanging := create(t, who, "while the broker hangs")
	kill(t, broker, syscall.SIGKILL)
	dead := create(t, who, "while the broker is dead")
	for _, task := range []string{hanging, dead} {
		eventually(t, "the event arrives after the broker is back", func() bool {
			return seenBy(t, topology.Recurring.Subscribes[0], task, event.TaskCreated{}.EventType()) == 1
		})
	}
	recovered(t)
}
