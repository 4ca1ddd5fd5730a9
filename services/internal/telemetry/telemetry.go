// Package telemetry gives a service its logs, metrics and traces.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/services/internal/problem"
)

// Telemetry is what the parts of a service log to and count in.
type Telemetry struct {
	Log      *slog.Logger
	Registry *prometheus.Registry

	requests  *prometheus.CounterVec
	durations *prometheus.HistogramVec
}

// Start sets logs (JSON on standard error, level RONDO_LOG_LEVEL) and traces up
// for the whole process. Traces always exist, so that events and logs carry their
// ids; they are exported when OTEL_EXPORTER_OTLP_ENDPOINT names a collector. The
// returned function flushes them.
func Start(ctx context.Context, service topology.Service) (*Telemetry, func(context.Context) error, error) {
	var level slog.Level
	if text := os.Getenv("RONDO_LOG_LEVEL"); text != "" {
		if err := level.UnmarshalText([]byte(text)); err != nil {
			return nil, nil, fmt.Errorf("RONDO_LOG_LEVEL: %w", err)
		}
	}
	handler := slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level})
	log := slog.New(traced{handler}).With("service", service.Name)
	slog.SetDefault(log)

	options := []sdktrace.TracerProviderOption{
		sdktrace.WithResource(resource.NewSchemaless(attribute.String("service.name", service.Name))),
	}
	if os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" {
		exporter, err := otlptracehttp.New(ctx)
		if err != nil {
			return nil, nil, fmt.Errorf("making the trace exporter: %w", err)
		}
		options = append(options, sdktrace.WithBatcher(exporter))
	}
	provider := sdktrace.NewTracerProvider(options...)
	otel.SetTracerProvider(provider)
	otel.SetTextMapPropagator(propagation.TraceContext{})
	return New(log), provider.Shutdown, nil
}

// New makes a Telemetry with a registry of its own; tests use it directly.
func New(log *slog.Logger) *Telemetry {
	t := &Telemetry{
		Log: log, Registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "http_requests_total",
			Help: "HTTP requests answered, by method, route template and status.",
		}, []string{"method", "route", "code"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "http_request_duration_seconds",
			Help:    "Time from the request's arrival to the end of the answer, by method and route template.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .2, .5, 1, 2.5, 5},
		}, []string{"method", "route"}),
	}
	t.Registry.MustRegister(t.requests, t.durations,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return t
}

// Metrics serves the registry in Prometheus' format.
func (t *Telemetry) Metrics() http.Handler {
	return promhttp.HandlerFor(t.Registry, promhttp.HandlerOpts{Registry: t.Registry})
}

// HTTP wraps a ServeMux: each request gets a span in the caller's trace, a count,
// a duration and a log line. Labels hold the route's template, never the path,
// which would be without bound and would name users' rows.
func (t *Telemetry) HTTP(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begin := time.Now()
		ctx := otel.GetTextMapPropagator().Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		ctx, span := otel.Tracer("rondo/http").Start(ctx, r.Method, trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		r = r.WithContext(ctx)
		recorder := &recorder{ResponseWriter: w, status: http.StatusOK}
		defer func() {
			panicked := recover()
			if panicked != nil {
				t.failed(ctx, recorder, panicked)
			}
			t.observe(ctx, r, recorder.status, time.Since(begin))
			if panicked != nil {
				panic(http.ErrAbortHandler) // the answer is not whole: break the connection
			}
		}()
		mux.ServeHTTP(recorder, r)
	})
}

// failed logs a handler's panic, once and with its place, and answers when nothing
// was answered yet.
func (t *Telemetry) failed(ctx context.Context, w *recorder, panicked any) {
	if panicked == http.ErrAbortHandler { //nolint:err113,errorlint // net/http compares it so, too
		return // a handler's way to break an answer off
	}
	t.Log.ErrorContext(ctx, "a handler panicked", "panic", fmt.Sprint(panicked), "stack", string(debug.Stack()))
	if w.wrote {
		w.status = http.StatusInternalServerError
		return
	}
	w.Header().Set("Connection", "close")
	http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	_ = http.NewResponseController(w).Flush()
}

func (t *Telemetry) observe(ctx context.Context, r *http.Request, status int, elapsed time.Duration) {
	route, method := r.Pattern, r.Method // the mux has set the pattern
	if route == "" {
		route = "none"
	}
	if !slices.Contains(methods, method) {
		method = "other" // somebody's invention must not become a label
	}
	t.requests.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
	t.durations.WithLabelValues(method, route).Observe(elapsed.Seconds())
	span := trace.SpanFromContext(ctx)
	span.SetName(route)
	span.SetAttributes(attribute.Int("http.response.status_code", status))
	level := slog.LevelDebug
	if status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	t.Log.LogAttrs(ctx, level, "request", slog.String("method", method), slog.String("route", route),
		slog.Int("status", status), slog.Duration("elapsed", elapsed))
}

var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
}

// recorder remembers the status.
type recorder struct {
	http.ResponseWriter

	status int
	wrote  bool
}

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) {
	if !r.wrote {
		r.status, r.wrote = status, true
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (r *recorder) Write(p []byte) (int, error) {
	r.wrote = true
	return r.ResponseWriter.Write(p) //nolint:wrapcheck // a decorator
}

// Unwrap lets http.ResponseController flush a stream.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// Check is something that a service cannot work without.
type Check struct {
	Name string
	Do   func(ctx context.Context) error
}

// onlyRead answers what would change something that can only be read. Without it, the
// mux would take such a request for one of the service's own routes.
func onlyRead(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Allow", http.MethodGet+", "+http.MethodHead)
	problem.Write(r.Context(), fault.New(fault.MethodNotAllowed, "%s does not take %s.", r.URL.Path, r.Method), w)
}

// Health adds /healthz (the process answers), /readyz (503 naming what is
// missing) and /metrics. The broker is on no list of checks: without it requests
// still succeed, and events follow.
func (t *Telemetry) Health(mux *http.ServeMux, checks ...Check) {
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			mux.HandleFunc(method+" "+path, onlyRead)
		}
	}
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
		defer cancel()
		var missing error
		for _, check := range checks {
			if err := check.Do(ctx); err != nil {
				t.Log.WarnContext(ctx, "not ready", "missing", check.Name, "error", err)
				missing = errors.Join(missing, errors.New("missing: "+check.Name))
			}
		}
		if missing != nil {
			http.Error(w, missing.Error(), http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("ok\n"))
	})
	mux.Handle("GET /metrics", t.Metrics())
}

// traced adds the ids of the current trace to each line.
type traced struct{ slog.Handler }

// Handle implements slog.Handler.
func (h traced) Handle(ctx context.Context, record slog.Record) error {
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		record.AddAttrs(slog.String("trace_id", span.TraceID().String()), slog.String("span_id", span.SpanID().String()))
	}
	return h.Handler.Handle(ctx, record) //nolint:wrapcheck // a decorator
}

// WithAttrs implements slog.Handler.
func (h traced) WithAttrs(attrs []slog.Attr) slog.Handler { return traced{h.Handler.WithAttrs(attrs)} }

// WithGroup implements slog.Handler.
func (h traced) WithGroup(name string) slog.Handler { return traced{h.Handler.WithGroup(name)} }
