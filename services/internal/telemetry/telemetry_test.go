package telemetry_test

import (
	"bytes"
	"context"
	"errors"
	"io"
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
	mux.HandleFunc("/", http.NotFound)
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
http_requests_total{code="404",method="other",route="/"} 1
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

func TestAPanicIsAnsweredLoggedAndCounted(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	tel := telemetry.New(slog.New(slog.NewTextHandler(&log, nil)))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /early", func(http.ResponseWriter, *http.Request) { panic("early") })
	mux.HandleFunc("GET /late", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("half"))
		panic("late")
	})
	server := httptest.NewServer(tel.HTTP(mux))
	t.Cleanup(server.Close)
	get := func(path string) (int, error) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := server.Client().Do(req)
		if err != nil {
			return 0, err
		}
		defer resp.Body.Close()
		_, err = io.ReadAll(resp.Body)
		return resp.StatusCode, err
	}
	if status, _ := get("/early"); status != http.StatusInternalServerError {
		t.Errorf("a panic before the answer: %d", status)
	}
	if status, err := get("/late"); err == nil {
		t.Errorf("half an answer looks whole: %d", status)
	}
	server.Close() // all handlers have ended
	want := `
# HELP http_requests_total HTTP requests answered, by method, route template and status.
# TYPE http_requests_total counter
http_requests_total{code="500",method="GET",route="GET /early"} 1
http_requests_total{code="500",method="GET",route="GET /late"} 1
`
	if err := testutil.GatherAndCompare(tel.Registry, strings.NewReader(want), "http_requests_total"); err != nil {
		t.Error(err)
	}
	if !strings.Contains(log.String(), "early") || !strings.Contains(log.String(), "telemetry_test.go") {
		t.Errorf("the log does not say where: %s", log.String())
	}
}

func TestWhatCanOnlyBeReadSaysSo(t *testing.T) {
	t.Parallel()
	tel := telemetry.New(slog.New(slog.DiscardHandler))
	for name, route := range map[string]string{"api": "/", "frontend": "GET /"} {
		mux := http.NewServeMux()
		mux.Handle(route, http.NotFoundHandler())
		tel.Health(mux)
		for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, http.NoBody))
			if got := w.Header().Get("Allow"); w.Code != http.StatusMethodNotAllowed || got != "GET, HEAD" {
				t.Errorf("%s: POST %s is %d, and allows %q", name, path, w.Code, got)
			}
			w = httptest.NewRecorder()
			mux.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
			if w.Code != http.StatusOK {
				t.Errorf("%s: GET %s is %d", name, path, w.Code)
			}
		}
	}
}
