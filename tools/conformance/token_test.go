package conformance_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/dapr/go-sdk/client"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rondohq/rondo/platform/topology"
)

// Each sidecar knows its own service by a token, on both of its APIs.
func TestASidecarRefusesAWrongToken(t *testing.T) {
	t.Parallel()
	s := sharedStack(t)
	n := s.node(topology.Frontend)
	paths := []string{
		"/v1.0/secrets/" + topology.SecretStore + "/" + topology.Frontend.AppToken().Name,
		"/v1.0/state/" + topology.StateStore + "/key",
		"/v1.0/invoke/" + topology.API.Name + "/method/tasks",
		"/v1.0/metadata",
		"/v1.0-alpha1/jobs/job",
	}
	// The last is the token that the sidecar shows to the service.
	for _, token := range []string{"", "wrong", n.APIToken + "x", s.node(topology.API).APIToken, n.AppToken} {
		for _, path := range paths {
			resp := n.call(t, http.MethodGet, path, "", apiTokenHeader, token)
			require.Equal(t, http.StatusUnauthorized, resp.status, "%s with token %q: %s", path, token, resp.body)
		}
		resp := n.call(t, http.MethodGet, "/tasks", "", apiTokenHeader, token, "dapr-app-id", topology.API.Name)
		require.Equal(t, http.StatusUnauthorized, resp.status)

		dapr, err := client.NewClientWithAddressContext(t.Context(), loopback(n.Ports.SidecarGRPC))
		require.NoError(t, err)
		dapr.WithAuthToken(token)
		_, err = dapr.GetState(t.Context(), topology.StateStore, "key", nil)
		dapr.Close()
		require.Equal(t, codes.Unauthenticated, status.Code(err), "token %q: %v", token, err)
	}
	for _, path := range paths[:1] {
		resp := n.call(t, http.MethodGet, path, "")
		require.Equal(t, http.StatusOK, resp.status, resp.body)
	}
}

// Whether the sidecar is well may be asked by anybody, as probes do.
func TestASidecarsHealthNeedsNoToken(t *testing.T) {
	t.Parallel()
	s := sharedStack(t)
	for _, path := range []string{"/v1.0/healthz", "/v1.0/healthz/outbound"} {
		resp := s.node(topology.Frontend).call(t, http.MethodGet, path, "", apiTokenHeader, "")
		require.Equal(t, http.StatusNoContent, resp.status, resp.body)
	}
}

// Every call of a sidecar carries the token of its service, and that one alone:
// a caller's own token does not travel with its call.
func TestASidecarShowsTheAppsToken(t *testing.T) {
	t.Parallel()
	s := sharedStack(t)
	api, recurring := s.node(topology.API), s.node(topology.Recurring)
	events := recurring.app.events(t, recurringTasks, t.Name(), nil)
	jobs := api.app.job(t, t.Name(), nil)
	calls := &deliveries{}
	api.app.handle(t, prefix(t), func(w http.ResponseWriter, r *http.Request) {
		calls.add(newDelivery(r))
		reply(w, success)
	})

	api.publishNew(t, recurringTasks.Topic, t.Name(), t.Name())
	require.NoError(t, api.schedule(t, t.Name(), time.Now()))
	s.invoked(t, http.MethodGet, prefix(t), nil, nil)
	s.invoked(t, http.MethodGet, prefix(t), nil, http.Header{"Accept": {"text/event-stream"}})
	await(t, "all calls", func() bool { return events.count() == 1 && jobs.count() == 1 && calls.count() == 2 })
	for got, want := range map[*deliveries]string{events: recurring.AppToken, jobs: api.AppToken, calls: api.AppToken} {
		for _, d := range got.list() {
			require.Equal(t, []string{want}, d.header.Values(apiTokenHeader), d.path)
		}
	}
	for _, service := range topology.Services() {
		require.Empty(t, s.node(service).app.callsWithoutToken(), service.Name)
	}
}
