package telemetry_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/rondohq/rondo/services/internal/telemetry"
)

func TestRequestsAreCountedByTemplateAndNeverByPath(t *testing.T) {
	t.Parallel()
	tel := telemetry.New(slog.New(slog.DiscardHandler))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/tasks/{id}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	handler := tel.HTTP(mux)
	for _, r := range []*http.Request{
		httptest.NewRequest(http.MethodGet, "/api/tasks/1", http.NoBody),
		httptest.NewRequest(http.MethodGet, "/api/tasks/2", http.NoBody),
		httptest.NewRequest("INVENTED", "/anything", http.NoBody),
	} {
		handler.ServeHTTP(httptest.NewRecorder(), r)
	}
	want := `
# HELP http_requests_total HTTP requests answered, by method, route template and status.
# TYPE http_requests_total counter
http_requests_total{code="404",method="other",route="none"} 1
http_requests_total{code="418",method="GET",route="GET /api/tasks/{id}"} 2
`
	if err := testutil.GatherAndCompare(tel.Registry, strings.NewReader(want), "http_requests_total"); err != nil {
		t.Error(err)
	}
}

func TestReadyNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	tel := telemetry.New(slog.New(slog.NewTextHandler(&log, nil)))
	mux := http.NewServeMux()
	away := errors.New("password=hunter2 refused")
	tel.Health(mux,
		telemetry.Check{Name: "sidecar", Do: func(context.Context) error { return nil }},
		telemetry.Check{Name: "database", Do: func(context.Context) error { return away }})
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", http.NoBody))
	if w.Code != http.StatusServiceUnavailable || strings.TrimSpace(w.Body.String()) != "missing: database" {
		t.Errorf("%d %q", w.Code, w.Body)
	}
	if !strings.Contains(log.String(), "refused") {
		t.Error("the log does not say why")
	}
	away = nil
	w = httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", http.NoBody))
	if w.Code != http.StatusOK {
		t.Errorf("%d %q", w.Code, w.Body)
	}
}
