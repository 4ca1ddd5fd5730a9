package conformance_test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/rondohq/rondo/platform/topology"
)

// The subscriptions with a group of their own.
var (
	recurringTasks    = topology.Recurring.Subscribes[0]
	recurringUpdates  = topology.Recurring.Subscribes[1]
	notifierReminders = topology.Notifier.Subscribes[0]
	notifierUpdates   = topology.Notifier.Subscribes[1]
)

// deadLetterOf is the header of a dead letter that names the component, and so
// the consumer group, that gave it up.
const deadLetterOf = "pubsubName"

func TestAnEventArrivesAsItWasPublished(t *testing.T) {
	t.Parallel()
	s := sharedStack(t)
	log := s.watch(t, recurringTasks.Topic)
	sent := newEvent(t.Name())
	got := s.node(topology.Recurring).app.events(t, recurringTasks, t.Name(), nil)
	require.NoError(t, s.node(topology.API).publish(t.Context(), recurringTasks.Topic, "the-user", sent))

	await(t, "the event arrives", func() bool { return got.count() == 1 })
	arrived := got.list()[0]
	for name, want := range sent {
		require.Equal(t, want, arrived.event[name], "attribute %s", name)
		delete(arrived.event, name)
	}
	// What the sidecar adds.
	require.Equal(t, cloudEvent{"topic": recurringTasks.Topic.Name, "pubsubname": topology.PubSub, "tracestate": ""}, arrived.event)
	require.Equal(t, cloudEvents, arrived.header.Get("Content-Type"))
	require.Equal(t, "the-user", arrived.header.Get("__key"))

	await(t, "the record is in the topic", func() bool { return len(log.with(sent.id())) == 1 })
	require.Equal(t, "the-user", string(log.with(sent.id())[0].Key))
}

func TestEventsOfOnePartitionKeyArriveInOrder(t *testing.T) {
	t.Parallel()
	const keys, each = 6, 60
	s := sharedStack(t)
	got := s.node(topology.Recurring).app.events(t, recurringTasks, t.Name(), nil)
	sent := make([][]string, keys)
	var publishers sync.WaitGroup
	for k := range keys {
		publishers.Go(func() {
			for i := range each {
				e := newEvent(t.Name())
				e["id"] = fmt.Sprintf("%d-%d", k, i)
				if err := s.node(topology.API).publish(t.Context(), recurringTasks.Topic, fmt.Sprint(t.Name(), k), e); err != nil {
					t.Errorf("publishing: %v", err)
					return
				}
				sent[k] = append(sent[k], e.id())
			}
		})
	}
	publishers.Wait()
	await(t, "all arrive", func() bool { return got.count() >= keys*each })
	arrived := make([][]string, keys)
	partitions := map[string]bool{}
	for i, id := range got.ids() {
		var k, n int
		_, err := fmt.Sscanf(id, "%d-%d", &k, &n)
		require.NoError(t, err)
		arrived[k] = append(arrived[k], id)
		partitions[got.list()[i].header.Get("__partition")] = true
	}
	require.Equal(t, sent, arrived)
	require.Greater(t, len(partitions), 1, "the keys are spread over partitions")
}

// Each of these answers asks for the event again; the ones behind it wait.
func TestAnEventComesAgainUntilItIsAccepted(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string]answer{
		"RETRY":             retry,
		"500":               {http.StatusInternalServerError, ""},
		"503":               {http.StatusServiceUnavailable, "down"},
		"400":               {http.StatusBadRequest, ""},
		"401":               {http.StatusUnauthorized, ""},
		"an unknown status": {http.StatusOK, `{"status":"LATER"}`},
		"no answer":         {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := sharedStack(t)
			got := s.node(topology.Recurring).app.events(t, recurringTasks, t.Name(), func(d delivery, n int) answer {
				if d.event["type"] == "first" && n == 1 {
					return refusal
				}
				return success
			})
			first, second := newEvent(t.Name()), newEvent(t.Name())
			first["type"] = "first"
			for _, e := range []cloudEvent{first, second} {
				require.NoError(t, s.node(topology.API).publish(t.Context(), recurringTasks.Topic, t.Name(), e))
			}
			await(t, "all deliveries", func() bool { return got.count() >= 3 })
			require.Equal(t, []string{first.id(), first.id(), second.id()}, got.ids())
		})
	}
}

// These are success, whatever the body says.
func TestAnEventIsAcknowledgedByAnySuccess(t *testing.T) {
	t.Parallel()
	for name, verdict := range map[string]answer{
		"SUCCESS": success,
		"nothing": {http.StatusOK, ""},
		"204":     {http.StatusNoContent, ""},
		"no JSON": {http.StatusOK, "fine"},
		"no word": {http.StatusOK, "{}"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := sharedStack(t)
			got := s.node(topology.Recurring).app.events(t, recurringUpdates, t.Name(), func(delivery, int) answer { return verdict })
			first := s.node(topology.API).publishNew(t, recurringUpdates.Topic, t.Name(), t.Name())
			second := s.node(topology.API).publishNew(t, recurringUpdates.Topic, t.Name(), t.Name())
			await(t, "both arrive", func() bool { return got.count() >= 2 })
			require.Equal(t, []string{first, second}, got.ids())
		})
	}
}

// DROP sends an event to the dead letters. So does 404, at the first try: a route
// that is missing for a moment, as during a roll-out, costs its events. Services
// answer what they do not know with 500.
func TestADroppedEventBecomesOneDeadLetter(t *testing.T) {
	t.Parallel()
	for name, verdict := range map[string]answer{
		"DROP":               drop,
		"404":                {http.StatusNotFound, ""},
		"404 asking a RETRY": {http.StatusNotFound, `{"status":"RETRY"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := sharedStack(t)
			dead := s.watch(t, recurringUpdates.Topic.DeadLetter())
			got := s.node(topology.Recurring).app.events(t, recurringUpdates, t.Name(), func(d delivery, _ int) answer {
				if d.event["type"] == "poison" {
					return verdict
				}
				return success
			})
			poison, last := newEvent(t.Name()), newEvent(t.Name())
			poison["type"] = "poison"
			require.NoError(t, s.node(topology.API).publish(t.Context(), recurringUpdates.Topic, t.Name(), poison))
			between := s.node(topology.API).publishNew(t, recurringUpdates.Topic, t.Name(), t.Name())
			last["type"] = "poison"
			require.NoError(t, s.node(topology.API).publish(t.Context(), recurringUpdates.Topic, t.Name(), last))

			// The dead letters have one partition: when the last is there, so is all before.
			await(t, "the last dead letter", func() bool { return len(dead.with(last.id())) == 1 })
			require.Equal(t, []string{poison.id(), between, last.id()}, got.ids())
			letters := dead.with(`"` + t.Name() + `"`)
			require.Len(t, letters, 2)

			var letter map[string]any
			require.NoError(t, json.Unmarshal(letters[0].Value, &letter))
			for attribute, want := range poison {
				require.Equal(t, want, letter[attribute], "attribute %s of the dead letter", attribute)
			}
			require.Equal(t, t.Name(), string(letters[0].Key))
			// A replay needs to know where it came from.
			require.Equal(t, recurringUpdates.Topic.Name, header(letters[0], "__topic"))
			require.NotEmpty(t, header(letters[0], "__offset"))
			require.Equal(t, recurringUpdates.Component(), header(letters[0], deadLetterOf))
		})
	}
}

// What is no JSON object never reaches a service: the sidecar itself makes it a
// dead letter, byte by byte, so that the service cannot count it. Each group of
// the topic makes one.
func TestAnUndecodableRecordBecomesADeadLetterUnseen(t *testing.T) {
	t.Parallel()
	s := sharedStack(t)
	api, recurring := s.node(topology.API), s.node(topology.Recurring)
	unseen := recurring.app.events(t, recurringUpdates, "", nil)
	got := recurring.app.events(t, recurringUpdates, t.Name(), nil)
	dead := s.watch(t, recurringUpdates.Topic.DeadLetter())
	k := s.kafka(t, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	for i, value := range []string{`{"%s`, `["%s"]`, `"%s"`} {
		id := rand.Text()
		bad := &kgo.Record{Topic: recurringUpdates.Topic.Name, Key: []byte(t.Name()), Value: fmt.Appendf(nil, value, id)}
		require.NoError(t, k.ProduceSync(t.Context(), bad).FirstErr())
		await(t, "the dead letters", func() bool { return len(dead.with(id)) == 2 })
		var by []string
		for _, letter := range dead.with(id) {
			require.Equal(t, string(bad.Value), string(letter.Value))
			require.Equal(t, t.Name(), string(letter.Key))
			by = append(by, header(letter, deadLetterOf))
		}
		require.ElementsMatch(t, []string{recurringUpdates.Component(), notifierUpdates.Component()}, by)

		// The consumer goes on; bad is in partition 0, as some of these are.
		const behind = 8
		for n := range behind {
			api.publishNew(t, recurringUpdates.Topic, fmt.Sprint(t.Name(), n), t.Name())
		}
		await(t, "the events behind it", func() bool { return got.count() == behind*(i+1) })
		require.True(t, slices.ContainsFunc(got.list()[behind*i:], func(d delivery) bool { return d.header.Get("__partition") == "0" }))
	}
	require.Empty(t, unseen.list())
}

// What is JSON but no CloudEvent is the service's to judge.
func TestAnyJSONObjectReachesTheService(t *testing.T) {
	t.Parallel()
	s := sharedStack(t)
	got := s.node(topology.Recurring).app.events(t, recurringTasks, t.Name(), nil)
	body := fmt.Sprintf(`{"subject": %q, "specversion": 1, "data": []}`, t.Name())
	require.NoError(t, s.kafka(t).ProduceSync(t.Context(), &kgo.Record{Topic: recurringTasks.Topic.Name, Value: []byte(body)}).FirstErr())
	await(t, "it arrives", func() bool { return got.count() == 1 })
	require.Equal(t, body, string(got.list()[0].body))
}

// A tombstone arrives as the JSON word null.
func TestARecordWithoutAValueArrivesAsNull(t *testing.T) {
	t.Parallel()
	s := sharedStack(t)
	got := s.node(topology.Recurring).app.events(t, recurringTasks, "", nil)
	require.NoError(t, s.kafka(t).ProduceSync(t.Context(), &kgo.Record{Topic: recurringTasks.Topic.Name}).FirstErr())
	await(t, "it arrives", func() bool { return got.count() == 1 })
	require.Equal(t, "null", string(got.list()[0].body))
}

// Retries end neither after some number nor in a dead letter, since a good event
// waits as long as an outage lasts. Dapr's own policies give up after 3.
func TestRetriesDoNotEnd(t *testing.T) {
	t.Parallel()
	const tries = 12
	s := sharedStack(t)
	dead := s.watch(t, notifierReminders.Topic.DeadLetter())
	api, notifier := s.node(topology.API), s.node(topology.Notifier)
	got := notifier.app.events(t, notifierReminders, t.Name(), func(d delivery, n int) answer {
		switch {
		case d.event["type"] == "poison":
			return drop
		case n < tries:
			return retry
		default:
			return success
		}
	})
	patient := api.publishNew(t, notifierReminders.Topic, t.Name(), t.Name())
	poison := newEvent(t.Name())
	poison["type"] = "poison"
	require.NoError(t, api.publish(t.Context(), notifierReminders.Topic, t.Name(), poison))

	await(t, "the dead letter behind it", func() bool { return len(dead.with(poison.id())) == 1 })
	require.Equal(t, append(slices.Repeat([]string{patient}, tries), poison.id()), got.ids())
	require.Empty(t, dead.with(patient))
}
