package sidecar_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/services/internal/sidecar"
)

const secret = "the sidecar's token"

type testBundle struct {
	listener *sidecar.Listener
	registry *prometheus.Registry
	handle   func(event.Envelope) error
	job      func(name string) error
}

func setup(t *testing.T) *testBundle {
	t.Helper()
	b := &testBundle{registry: prometheus.NewRegistry()}
	b.listener = sidecar.NewListener(topology.API, secret, slog.New(slog.DiscardHandler), b.registry)
	b.listener.HandleEvents(topology.Recurring.Subscribes[0], func(_ context.Context, e event.Envelope) error { return b.handle(e) })
	b.listener.HandleJobs(func(_ context.Context, name string) error { return b.job(name) })
	b.listener.HandleInvocations("/api/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.RemoteAddr)
	}))
	return b
}

func (b *testBundle) call(method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("dapr-api-token", secret)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	b.listener.ServeHTTP(w, r)
	return w
}

func TestTheListenerRefusesAWrongToken(t *testing.T) {
	t.Parallel()
	b := setup(t)
	route := topology.Recurring.Subscribes[0].Route()
	for _, path := range []string{route, topology.JobPath + "x", "/api/tasks", "/dapr/config", "/healthz", "/nowhere"} {
		for _, token := range []string{"", "wrong", secret + "x"} {
			if w := b.call(http.MethodPost, path, "{}", "dapr-api-token", token); w.Code != http.StatusUnauthorized {
				t.Errorf("%s with token %q answers %d", path, token, w.Code)
			}
		}
	}
}

func TestUnknownRoutesAreNeverAcknowledged(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i, path := range []string{topology.EventsPath + "unknown", "/job", "/elsewhere"} {
		if w := b.call(http.MethodPost, path, "{}"); w.Code != http.StatusInternalServerError {
			t.Errorf("%s answers %d; Dapr takes 404 for an acknowledgement", path, w.Code)
		}
		want := fmt.Sprintf(`
# HELP rondo_sidecar_unknown_routes_total Calls of the sidecar to a route that the service does not have: an event or job that nobody handles.
# TYPE rondo_sidecar_unknown_routes_total counter
rondo_sidecar_unknown_routes_total %d
`, i+1)
		if err := testutil.GatherAndCompare(b.registry, strings.NewReader(want), "rondo_sidecar_unknown_routes_total"); err != nil {
			t.Error(err)
		}
	}
}

func TestAnEventIsAnsweredByWhatTheHandlerSays(t *testing.T) {
	t.Parallel()
	b := setup(t)
	e, err := event.New(topology.API, uuid.New(), "42", event.AccountChanged{Changed: event.AccountTags})
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		body    []byte
		outcome error
		want    string
	}{
		"handled":       {body, nil, "SUCCESS"},
		"transient":     {body, errors.New("database away"), "RETRY"},
		"poison inside": {body, fmt.Errorf("%w: payload", event.ErrPoison), "DROP"},
		"no event":      {[]byte("{"), nil, "DROP"},
		"another major": {bytes.Replace(body, []byte(`"schemaversion":"1.0"`), []byte(`"schemaversion":"2.0"`), 1), nil, "DROP"},
	} {
		b.handle = func(got event.Envelope) error {
			if got.ID != e.ID {
				t.Errorf("%s: event %q, want %q", name, got.ID, e.ID)
			}
			return test.outcome
		}
		w := b.call(http.MethodPost, topology.Recurring.Subscribes[0].Route(), string(test.body))
		var answer struct {
			Status string `json:"status"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK || answer.Status != test.want {
			t.Errorf("%s: %d %q, want %s", name, w.Code, w.Body, test.want)
		}
	}
}

func TestAListenerWithoutATokenTakesNoCalls(t *testing.T) {
	t.Parallel()
	l := sidecar.NewListener(topology.API, "", slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	w := httptest.NewRecorder()
	l.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/healthz", http.NoBody))
	if w.Code != http.StatusUnauthorized {
		t.Errorf("%d", w.Code)
	}
}

func TestAFailedJobAsksForAnotherTry(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.job = func(name string) error {
		if name == "good" {
			return nil
		}
		return errors.New("bad")
	}
	for name, want := range map[string]int{"good": http.StatusOK, "other": http.StatusInternalServerError} {
		if w := b.call(http.MethodPost, topology.JobPath+name, "{}"); w.Code != want {
			t.Errorf("job %s answers %d, want %d", name, w.Code, want)
		}
	}
}

func TestOnlyCallersOfTheTopologyMayInvoke(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const caller = "dapr-caller-app-id"
	w := b.call(http.MethodGet, "/api/tasks", "", caller, topology.Frontend.Name, sidecar.ClientAddress, "192.0.2.7:99")
	if w.Code != http.StatusOK || w.Body.String() != "192.0.2.7:99" {
		t.Errorf("frontend: %d %q", w.Code, w.Body)
	}
	forged := httptest.NewRequest(http.MethodGet, "/api/tasks", http.NoBody)
	forged.Header = http.Header{"Dapr-Api-Token": {secret}, "Dapr-Caller-App-Id": {topology.Frontend.Name, topology.Notifier.Name}}
	recorder := httptest.NewRecorder()
	b.listener.ServeHTTP(recorder, forged)
	if recorder.Code != http.StatusForbidden {
		t.Errorf("two names of which one is forged: %d", recorder.Code)
	}
	for _, name := range []string{"", topology.Notifier.Name, topology.API.Name} {
		if w := b.call(http.MethodGet, "/api/tasks", "", caller, name); w.Code != http.StatusForbidden {
			t.Errorf("caller %q: %d", name, w.Code)
		}
	}
}
