package conformance_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/tools/internal/laptop"
)

// While the broker is away a publication is an error, never a silent loss; the
// sidecars stay, call themselves healthy, and go on by themselves when it is back.
func TestSidecarsOutliveTheBroker(t *testing.T) {
	t.Parallel()
	s := ownStack(t, topology.API, topology.Recurring)
	api, recurring := s.node(topology.API), s.node(topology.Recurring)
	got := recurring.app.events(t, recurringTasks, t.Name(), nil)
	var sent []string
	publish := func() error {
		e := newEvent(t.Name())
		e["id"] = strconv.Itoa(len(sent))
		err := api.publish(t.Context(), recurringTasks.Topic, "key", e)
		if err == nil {
			sent = append(sent, e.id())
		}
		return err
	}
	for range 20 {
		require.NoError(t, publish())
	}
	await(t, "all before", func() bool { return got.count() >= 20 })

	s.stopBroker()
	require.Error(t, publish())
	for _, n := range s.nodes {
		require.True(t, n.running())
		for _, path := range []string{"/v1.0/healthz", "/v1.0/healthz/outbound"} {
			resp := n.call(t, http.MethodGet, path, "")
			require.Equal(t, http.StatusNoContent, resp.status, resp.body)
		}
	}
	require.Error(t, publish())

	require.NoError(t, s.startBroker(t.Context()))
	// The client in the sidecar has a circuit breaker: it goes on refusing for ten seconds.
	await(t, "publishing works again", func() bool { return publish() == nil })
	for range 20 {
		require.NoError(t, publish())
	}
	await(t, "everything that was accepted arrives", func() bool { return contains(got.ids(), sent) })
	// At least once; each for the first time in the order of publication.
	var order []string
	for _, id := range got.ids() {
		if !slices.Contains(order, id) {
			order = append(order, id)
		}
	}
	require.Equal(t, sent, order)
	for _, n := range s.nodes {
		require.True(t, n.running())
	}
}

// A sidecar that finds no broker when it starts ends; whoever starts it has to try
// again. For a moment before it may call itself healthy, so that is not asked here.
func TestASidecarDoesNotStartWithoutTheBroker(t *testing.T) {
	t.Parallel()
	for _, service := range topology.Services() {
		t.Run(service.Name, func(t *testing.T) {
			t.Parallel()
			s, err := newStack(t.TempDir())
			require.NoError(t, err)
			sidecar := s.Sidecar(daprd, service)
			sidecar.Scheduler = "" // none either
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			var log tail
			_, err = laptop.Run(ctx, sidecar.Command(), &log, func(context.Context) error { return errors.New("never") })
			require.ErrorContains(t, err, "ended before it was ready", "%s", &log)
			require.Contains(t, log.String(), topology.PubSub)
		})
	}
}
