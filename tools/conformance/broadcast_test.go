package conformance_test

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/topology"
)

// replica starts one more sidecar of a service, with an app of its own.
func (s *stack) replica(t *testing.T, service topology.Service) *node {
	t.Helper()
	sidecar := s.Sidecar(daprd, service)
	base, err := nextBase()
	require.NoError(t, err)
	sidecar.Ports = topology.LaptopPorts(base).Services[service.Name]
	n, err := startNode(t.Context(), sidecar)
	require.NoError(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the last of %s's other sidecar:\n%s", service.Name, n.log)
		}
		n.stop()
	})
	return n
}

// Each replica of a broadcast has a group of its own: it gets every event of all
// topics from when it has joined, and nothing from before.
func TestABroadcastReachesEveryReplica(t *testing.T) {
	t.Parallel()
	s := ownStack(t, topology.API, topology.Frontend)
	api, first := s.node(topology.API), s.node(topology.Frontend)
	// send publishes to every partition of every topic, and returns what.
	send := func(kind string, i int) []string {
		var ids []string
		for _, sub := range topology.Frontend.Subscribes {
			for k := range 8 {
				e := newEvent(t.Name())
				e["id"] = fmt.Sprintf("%s-%s-%d-%d", kind, sub.Topic.Name, i, k)
				require.NoError(t, api.publish(t.Context(), sub.Topic, strconv.Itoa(k), e))
				ids = append(ids, e.id())
			}
		}
		return ids
	}
	collect := func(n *node) map[string]*deliveries {
		got := map[string]*deliveries{}
		for _, sub := range topology.Frontend.Subscribes {
			got[sub.Topic.Name] = n.app.events(t, sub, t.Name(), nil)
		}
		return got
	}
	// joined wants an event of every partition of every topic.
	joined := func(got map[string]*deliveries) bool {
		for _, sub := range topology.Frontend.Subscribes {
			seen := map[string]bool{}
			for _, d := range got[sub.Topic.Name].list() {
				seen[d.header.Get("__partition")] = true
			}
			if len(seen) < sub.Topic.Partitions {
				return false
			}
		}
		return true
	}
	ids := func(got map[string]*deliveries) (all []string) {
		for _, d := range got {
			all = append(all, d.ids()...)
		}
		return all
	}

	// A sidecar is ready before it has joined its group: what is published in
	// between never arrives. So this asks until an event does.
	probe := 0
	join := func(got map[string]*deliveries) {
		await(t, "the replica joins", func() bool {
			send("probe", probe)
			probe++
			return joined(got)
		})
	}
	atFirst := collect(first)
	join(atFirst)
	before := send("before", 0)
	await(t, "the first replica gets all", func() bool { return contains(ids(atFirst), before) })

	second := s.replica(t, topology.Frontend)
	atSecond := collect(second)
	join(atSecond)
	after := send("after", 0)
	await(t, "both replicas get all", func() bool { return contains(ids(atFirst), after) && contains(ids(atSecond), after) })
	for _, id := range before {
		require.NotContains(t, ids(atSecond), id)
	}
}

func contains(all, wanted []string) bool {
	set := map[string]bool{}
	for _, id := range all {
		set[id] = true
	}
	for _, id := range wanted {
		if !set[id] {
			return false
		}
	}
	return true
}

// What a replica of a broadcast refuses, or cannot decode, is tried a few times and
// skipped: there is no dead letter, and what comes next is not held up for ever.
func TestABroadcastSkipsWhatItCannotDeliver(t *testing.T) {
	t.Parallel()
	s := sharedStack(t)
	sub := topology.Frontend.Subscribes[1]
	require.True(t, sub.Broadcast)
	dead := s.watch(t, sub.Topic.DeadLetter())
	api, frontend := s.node(topology.API), s.node(topology.Frontend)
	got := frontend.app.events(t, sub, t.Name(), func(d delivery, _ int) answer {
		if d.event["type"] == "refused" {
			return retry
		}
		return success
	})
	refused := newEvent(t.Name())
	refused["type"] = "refused"
	// The sidecar may not have joined yet.
	await(t, "the replica has joined", func() bool {
		api.publishNew(t, sub.Topic, t.Name(), t.Name())
		return got.count() > 0
	})
	require.NoError(t, api.publish(t.Context(), sub.Topic, t.Name(), refused))
	last := api.publishNew(t, sub.Topic, t.Name(), t.Name())
	await(t, "the event behind it", func() bool { return contains(got.ids(), []string{last}) })
	tries := 0
	for _, id := range got.ids() {
		if id == refused["id"] {
			tries++
		}
	}
	require.Equal(t, 4, tries)
	require.Empty(t, dead.with(refused.id()))
}
