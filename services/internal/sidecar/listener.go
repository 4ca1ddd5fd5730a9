package sidecar

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/services/internal/problem"
)

// maxEvent bounds what is read of one delivery; the broker's own limit is lower.
const maxEvent = 4 << 20

// EventHandler takes one event. nil acknowledges it; an error that is
// event.ErrPoison sends it to the dead-letter topic; any other error asks the
// sidecar to deliver it again. Handlers end within seconds.
type EventHandler func(ctx context.Context, e event.Envelope) error

// JobHandler takes the wake-up of one job, by name. An error asks for another try.
type JobHandler func(ctx context.Context, name string) error

// Listener is the handler of the listener that only the sidecar may use. It
// refuses whoever does not show the service's token. A path that it does not know
// is answered with 500, never with 404, which Dapr counts as acknowledged.
type Listener struct {
	service topology.Service
	token   []byte
	log     *slog.Logger
	mux     *http.ServeMux
	events  *prometheus.CounterVec
	unknown prometheus.Counter
	refused prometheus.Counter
}

// NewListener makes a listener without routes.
func NewListener(service topology.Service, appToken string, log *slog.Logger, reg prometheus.Registerer) *Listener {
	l := &Listener{
		service: service, token: []byte(appToken), log: log, mux: http.NewServeMux(),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rondo_events_delivered_total",
			Help: "Events that the sidecar delivered, by topic and by what was answered: success, retry or drop (a dead letter).",
		}, []string{"topic", "answer"}),
		unknown: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "rondo_sidecar_unknown_routes_total",
			Help: "Calls of the sidecar to a route that the service does not have: an event or job that nobody handles.",
		}),
		refused: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "rondo_sidecar_refused_total",
			Help: "Calls to the sidecar's listener without the right token, or from a service that may not call.",
		}),
	}
	reg.MustRegister(l.events, l.unknown, l.refused)
	// What the sidecar asks for at start; subscriptions are declared in files.
	l.mux.HandleFunc("GET /dapr/config", func(w http.ResponseWriter, _ *http.Request) { answer(w, struct{}{}) })
	l.mux.HandleFunc("GET /dapr/subscribe", func(w http.ResponseWriter, _ *http.Request) { answer(w, []struct{}{}) })
	l.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	l.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		l.unknown.Inc()
		l.log.ErrorContext(r.Context(), "the sidecar calls an unknown route", "method", r.Method, "path", r.URL.Path)
		http.Error(w, "no such route", http.StatusInternalServerError)
	})
	return l
}

// ServeHTTP implements http.Handler.
func (l *Listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// Without a token of its own the service would take every call that has none.
	if len(l.token) == 0 || subtle.ConstantTimeCompare([]byte(r.Header.Get("dapr-api-token")), l.token) != 1 {
		l.refused.Inc()
		http.Error(w, "the sidecar's token is missing or wrong", http.StatusUnauthorized)
		return
	}
	l.mux.ServeHTTP(w, r)
}

// HandleEvents routes a subscription's events to h.
func (l *Listener) HandleEvents(sub topology.Subscription, h EventHandler) {
	topic := sub.Topic.Name
	l.mux.HandleFunc("POST "+sub.Route(), func(w http.ResponseWriter, r *http.Request) {
		verdict := l.deliver(r, topic, h)
		l.events.WithLabelValues(topic, verdict.label).Inc()
		answer(w, struct {
			Status string `json:"status"`
		}{verdict.status})
	})
}

// A verdict is an answer of the Dapr pub/sub API and the label it is counted by.
type verdict struct{ status, label string }

var (
	success = verdict{"SUCCESS", "success"}
	retry   = verdict{"RETRY", "retry"}
	drop    = verdict{"DROP", "drop"}
)

func (l *Listener) deliver(r *http.Request, topic string, h EventHandler) verdict {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxEvent))
	if err != nil {
		l.log.WarnContext(r.Context(), "reading an event", "topic", topic, "error", err)
		return retry
	}
	e, err := event.Parse(body)
	if err == nil {
		ctx, span := consume(r.Context(), topic, e)
		defer span.End()
		err = h(ctx, e)
		if err != nil {
			span.RecordError(err)
		}
	}
	switch {
	case err == nil:
		return success
	case errors.Is(err, event.ErrPoison):
		l.log.ErrorContext(r.Context(), "event dropped to the dead letters", "topic", topic, "id", e.ID, "type", e.Type, "error", err)
		return drop
	default:
		l.log.WarnContext(r.Context(), "event will be delivered again", "topic", topic, "id", e.ID, "type", e.Type, "error", err)
		return retry
	}
}

// consume starts a span in the trace of the request that caused the event.
func consume(ctx context.Context, topic string, e event.Envelope) (context.Context, trace.Span) {
	ctx = propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{"traceparent": e.TraceParent})
	return otel.Tracer("rondo/sidecar").Start( //nolint:spancheck // the caller ends it
		ctx, "consume "+string(e.Type), trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithAttributes(attribute.String("messaging.destination.name", topic), attribute.String("messaging.message.id", e.ID)))
}

// HandleJobs routes every job to h.
func (l *Listener) HandleJobs(h JobHandler) {
	l.mux.HandleFunc("POST "+topology.JobPath+"{name}", func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("name")
		if err := h(r.Context(), name); err != nil {
			l.log.ErrorContext(r.Context(), "job failed", "job", name, "error", err)
			http.Error(w, "the job failed", http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusOK)
	})
}

// ClientAddress is the header in which a service that calls for somebody says whose
// address (host:port) that is.
const ClientAddress = "Rondo-Client-Address"

// callerHeader is where a sidecar says whose call it passes on.
const callerHeader = "dapr-caller-app-id"

// HandleInvocations serves prefix to the services that the topology lets call this
// one. Without mTLS between sidecars nothing else checks the caller. The request's
// RemoteAddr is that of the client for whom the call is made.
func (l *Listener) HandleInvocations(prefix string, h http.Handler) {
	callers := topology.CallersOf(l.service.Name)
	l.mux.HandleFunc(prefix, func(w http.ResponseWriter, r *http.Request) {
		// The calling sidecar adds its name to what the caller may have forged, so
		// only a single value is the sidecar's.
		if names := r.Header.Values(callerHeader); len(names) != 1 || !slices.Contains(callers, names[0]) {
			l.refused.Inc()
			problem.Write(r.Context(), fault.New(fault.Forbidden, "Service %q may not call this one.", names), w)
			return
		}
		if address := r.Header.Get(ClientAddress); address != "" {
			r.RemoteAddr = address
		}
		h.ServeHTTP(w, r)
	})
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) //nolint:errchkjson // the sidecar is gone if this fails, and will ask again
}
