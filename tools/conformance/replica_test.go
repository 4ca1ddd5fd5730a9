package conformance_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
	"gopkg.in/yaml.v3"

	"github.com/rondohq/rondo/platform/topology"
)

// An event is done when the service has answered, and not before: the sidecar's
// death in between brings it again.
func TestAnUnansweredEventSurvivesTheSidecar(t *testing.T) {
	t.Parallel()
	s := ownStack(t, topology.API, topology.Recurring)
	api, recurring := s.node(topology.API), s.node(topology.Recurring)
	arrived, release := make(chan struct{}), make(chan struct{})
	got := recurring.app.events(t, recurringTasks, t.Name(), func(d delivery, n int) answer {
		if d.event["type"] == "held" && n == 1 {
			close(arrived)
			<-release
		}
		return success
	})
	before := api.publishNew(t, recurringTasks.Topic, "key", t.Name())
	held := newEvent(t.Name())
	held["type"] = "held"
	require.NoError(t, api.publish(t.Context(), recurringTasks.Topic, "key", held))
	receive(t, "the event arrives", arrived)
	recurring.process.Stop(syscall.SIGKILL, 0)
	close(release)
	after := api.publishNew(t, recurringTasks.Topic, "key", t.Name())

	require.NoError(t, recurring.startSidecar(t.Context()))
	await(t, "the event behind it", func() bool { return contains(got.ids(), []string{after}) })
	// The answer to the first delivery found nobody. What was acknowledged a moment
	// before the death may come again too: offsets are committed once a second.
	ids := got.ids()
	require.Equal(t, []string{before, held.id()}, ids[:2])
	require.Equal(t, []string{held.id(), after}, ids[len(ids)-2:])
}

// A retry that the sidecar's resiliency policy makes does not notice that Kafka
// wants to share the partitions anew: while one event is tried again and again, a
// replica that joins the group gets nothing, and no other partition moves on.
func TestARetryHoldsUpAJoiningReplica(t *testing.T) {
	t.Parallel()
	s := ownStack(t, topology.API, topology.Recurring)
	api, first := s.node(topology.API), s.node(topology.Recurring)
	var mended atomic.Bool
	stuck := newEvent(t.Name())
	atFirst := first.app.events(t, recurringTasks, t.Name(), func(d delivery, _ int) answer {
		if d.event["id"] == stuck["id"] && !mended.Load() {
			return retry
		}
		return success
	})
	require.NoError(t, api.publish(t.Context(), recurringTasks.Topic, "key", stuck))
	await(t, "the event is tried again", func() bool { return atFirst.count() > 1 })

	second := s.replica(t, topology.Recurring)
	atSecond := second.app.events(t, recurringTasks, t.Name(), nil)
	tries := atFirst.count()
	// The heartbeat that ends the first replica's session comes every three seconds.
	await(t, "more tries", func() bool { return atFirst.count() >= tries+5 })
	var ids []string
	for i := range 8 {
		ids = append(ids, api.publishNew(t, recurringTasks.Topic, strconv.Itoa(i), t.Name()))
	}
	tries = atFirst.count()
	await(t, "more tries", func() bool { return atFirst.count() >= tries+5 })
	require.Zero(t, atSecond.count())
	for _, id := range ids {
		require.NotContains(t, atFirst.ids(), id)
	}

	mended.Store(true)
	await(t, "both share what is there", func() bool { return contains(append(atFirst.ids(), atSecond.ids()...), ids) })
}

// A subscription of raw payloads without a dead-letter topic has neither of these
// faults: the component itself tries again, and stops when the group does; and
// nothing that is in a record can end the sidecar or pass the service by. The
// price is that the service unwraps the record and writes its dead letters.
func TestARawSubscriptionLetsAReplicaJoin(t *testing.T) {
	t.Parallel()
	s, err := newStack(t.TempDir())
	require.NoError(t, err)
	s.makeRaw(t, topology.Recurring)
	t.Cleanup(func() {
		s.report(t)
		s.stop()
	})
	require.NoError(t, s.start(t.Context(), topology.API, topology.Recurring))
	api, first := s.node(topology.API), s.node(topology.Recurring)
	const stuck = "stuck"
	refusing := first.app.raw(t, recurringTasks, func(value string) answer {
		if value == stuck {
			return retry
		}
		return success
	})
	k := s.kafka(t)
	put := func(key, value string) {
		require.NoError(t, k.ProduceSync(t.Context(), &kgo.Record{Topic: recurringTasks.Topic.Name, Key: []byte(key), Value: []byte(value)}).FirstErr())
	}
	put("key", stuck)
	await(t, "the record is tried again", func() bool { return refusing.count(stuck) > 1 })

	second := s.replica(t, topology.Recurring)
	accepting := second.app.raw(t, recurringTasks, func(string) answer { return success })
	var sent []string
	for i, value := range []string{"no JSON", `{"traceparent": 5}`, "[]"} {
		put(strconv.Itoa(i), value)
		sent = append(sent, value)
	}
	event := newEvent(t.Name())
	require.NoError(t, api.publish(t.Context(), recurringTasks.Topic, "key", event))
	await(t, "the records of the other partitions", func() bool {
		for _, value := range sent {
			if refusing.count(value)+accepting.count(value) == 0 && first.running() {
				return false
			}
		}
		return true
	})
	// The second takes over what the first can't do.
	first.process.Stop(syscall.SIGKILL, 0)
	await(t, "the stuck record", func() bool { return accepting.count(stuck) > 0 })
	await(t, "the event", func() bool { return accepting.withID(event.id()) != "" })
	var arrived map[string]any
	require.NoError(t, json.Unmarshal([]byte(accepting.withID(event.id())), &arrived))
	for name, want := range event {
		require.Equal(t, want, arrived[name], "attribute %s", name)
	}
	require.True(t, second.running())
}

// makeRaw changes the rendered files of a service to raw subscriptions.
func (s *stack) makeRaw(t *testing.T, service topology.Service) {
	t.Helper()
	type object = map[string]any
	dir := s.ResourcesDir(service.Name)
	require.NoError(t, os.Remove(filepath.Join(dir, "resiliency.yaml")))
	path := filepath.Join(dir, "subscriptions.yaml")
	require.NoError(t, os.Remove(path))
	file, err := os.Create(path)
	require.NoError(t, err)
	encoder := yaml.NewEncoder(file)
	for _, sub := range service.Subscribes {
		require.NoError(t, encoder.Encode(object{
			"apiVersion": "dapr.io/v2alpha1", "kind": "Subscription",
			"metadata": object{"name": sub.Component()},
			"spec": object{
				"pubsubname": sub.Component(), "topic": sub.Topic.Name, "routes": object{"default": sub.Route()},
				"metadata": object{"rawPayload": "true"},
			},
		}))
	}
	require.NoError(t, encoder.Close())
	require.NoError(t, file.Close())
}

// rawRecords are the values of the records that came through a raw subscription.
type rawRecords struct{ deliveries }

func (r *rawRecords) count(value string) (n int) {
	for _, d := range r.list() {
		if string(d.body) == value {
			n++
		}
	}
	return n
}

// withID is the value of the event with the id.
func (r *rawRecords) withID(id string) string {
	for _, d := range r.list() {
		if d.event["id"] == id {
			return string(d.body)
		}
	}
	return ""
}

// raw answers the records of a raw subscription by their value.
func (a *app) raw(t *testing.T, sub topology.Subscription, decide func(value string) answer) *rawRecords {
	t.Helper()
	got := &rawRecords{}
	a.handle(t, sub.Route()+" ", func(w http.ResponseWriter, r *http.Request) {
		d := newDelivery(r)
		value, err := base64.StdEncoding.DecodeString(fmt.Sprint(d.event["data_base64"]))
		if err != nil {
			t.Errorf("no raw record: %s", d.body)
		}
		d.body, d.event = value, nil
		_ = json.Unmarshal(value, &d.event)
		verdict := decide(string(value))
		got.add(d)
		reply(w, verdict)
	})
	return got
}

// The sidecar takes an event's trace context for text without looking: whoever may
// write to a topic can end every sidecar that reads it, again after each restart.
func TestATraceContextThatIsNoTextEndsTheSidecar(t *testing.T) {
	t.Parallel()
	s := ownStack(t, topology.Recurring)
	n := s.node(topology.Recurring)
	require.NoError(t, s.kafka(t).ProduceSync(t.Context(), &kgo.Record{Topic: recurringTasks.Topic.Name, Value: []byte(`{"id": "1", "traceparent": 5}`)}).FirstErr())
	receive(t, "the sidecar ends", n.process.Done())
	require.Error(t, n.process.Err())
}
