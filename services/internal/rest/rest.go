// Package rest carries typed endpoints over HTTP: strict JSON in, JSON or a
// problem out. It is go-kit's transport with the casts in one place.
package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-kit/kit/endpoint"
	kithttp "github.com/go-kit/kit/transport/http"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/internal/idempotency"
	"github.com/rondohq/rondo/services/internal/problem"
)

// MaxBody is the largest body of an ordinary request, in bytes.
const MaxBody = 1 << 20

// Endpoint makes a go-kit endpoint of a typed function.
func Endpoint[Req, Resp any](call func(ctx context.Context, req Req) (Resp, error)) endpoint.Endpoint {
	return func(ctx context.Context, req any) (any, error) {
		typed, ok := req.(Req)
		if !ok {
			return nil, fmt.Errorf("the endpoint got a %T", req)
		}
		return call(ctx, typed)
	}
}

// Handler serves an endpoint: decode makes its Req of the request, encode writes
// its Resp. Every error becomes a problem.
func Handler[Req, Resp any](
	e endpoint.Endpoint,
	decode func(r *http.Request) (Req, error),
	encode func(w http.ResponseWriter, resp Resp) error,
) http.Handler {
	return kithttp.NewServer(e,
		func(_ context.Context, r *http.Request) (any, error) { return decode(r) },
		func(_ context.Context, w http.ResponseWriter, resp any) error {
			typed, ok := resp.(Resp)
			if !ok {
				return fmt.Errorf("the endpoint answered with a %T", resp)
			}
			return encode(w, typed)
		},
		kithttp.ServerErrorEncoder(problem.Write))
}

// Instrument measures an endpoint under the name of its operation.
func Instrument(durations *prometheus.HistogramVec, operation string) endpoint.Middleware {
	return func(next endpoint.Endpoint) endpoint.Endpoint {
		return func(ctx context.Context, req any) (any, error) {
			begin := time.Now()
			resp, err := next(ctx, req)
			outcome := "ok"
			if err != nil {
				outcome = string(fault.CodeOf(err))
			}
			durations.WithLabelValues(operation, outcome).Observe(time.Since(begin).Seconds())
			return resp, err
		}
	}
}

// Durations registers the histogram that Instrument fills.
func Durations(reg prometheus.Registerer) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "rondo_operation_duration_seconds",
		Help:    "Time that a use case took without the transport, by operation and outcome (ok or the fault's code).",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5},
	}, []string{"operation", "outcome"})
	reg.MustRegister(h)
	return h
}

// JSON writes v with a status.
func JSON(w http.ResponseWriter, status int, v any) error {
	var body bytes.Buffer
	if err := json.NewEncoder(&body).Encode(v); err != nil {
		return err //nolint:wrapcheck // becomes a problem
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = body.WriteTo(w) // it fails when the client is gone, who cannot be told
	return nil
}

// Decode reads a JSON document into T. Unknown fields, a second document, invalid
// UTF-8 and other media types are refused, each with its field or reason.
func Decode[T any](r *http.Request) (T, error) {
	var v T
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || (media != "application/json" && media != "application/merge-patch+json") {
		return v, fault.New(fault.UnsupportedMedia, "Send the body as application/json.")
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, MaxBody))
	if err != nil {
		return v, idempotency.Unreadable(err)
	}
	if !utf8.Valid(body) {
		return v, fault.New(fault.Invalid, "The body is not valid UTF-8.").Because("malformed_json", nil)
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&v); err != nil {
		return v, malformed(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return v, fault.New(fault.Invalid, "The body holds more than one JSON document.").Because("malformed_json", nil)
	}
	return v, nil
}

// malformed names the field of a JSON error where there is one.
func malformed(err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f // from a field's own UnmarshalJSON
	}
	if wrongType, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrongType.Field != "" {
		return fault.Invalidf(wrongType.Field, "must be %s, not %s", kind(wrongType.Type), wrongType.Value)
	}
	// encoding/json has no type for this one.
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return fault.Invalidf(strings.Trim(name, `"`), "is not a field of this request")
	}
	return fault.New(fault.Invalid, "The body is not the JSON document that is expected here.").Because("malformed_json", err)
}

func kind(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Int, reflect.Int64, reflect.Float64:
		return "a number"
	default:
		return "an object"
	}
}

// Field is a member of a merge patch (RFC 7396): absent, null or a value.
type Field[T any] struct {
	Set   bool // the member is there
	Null  bool
	Value T
}

// UnmarshalJSON implements json.Unmarshaler; it is called only for a member that is there.
func (f *Field[T]) UnmarshalJSON(data []byte) error {
	f.Set = true
	if f.Null = string(data) == "null"; f.Null {
		return nil
	}
	return json.Unmarshal(data, &f.Value) //nolint:wrapcheck // Decode reads it
}

// PathID reads the path's {id}. What is no UUID names nothing that exists.
func PathID(r *http.Request) (uuid.UUID, error) {
	id, err := uuid.Parse(r.PathValue("id"))
	if err != nil {
		return uuid.Nil, fault.New(fault.NotFound, "There is nothing with the id %q.", r.PathValue("id"))
	}
	return id, nil
}

// IfMatch reads the version that the request insists on; nil: any (RFC 9110 §13.1.1).
func IfMatch(r *http.Request) (*int64, error) {
	header := r.Header.Get("If-Match")
	if header == "" || header == "*" {
		return nil, nil //nolint:nilnil // absence is a value here
	}
	version, err := strconv.ParseInt(strings.Trim(header, `"`), 10, 64)
	if err != nil || header != ETag(version) {
		return nil, fault.Invalidf("If-Match", `must be an ETag as an answer carried it, such as "3"`)
	}
	return &version, nil
}

// ETag is the entity tag of a version.
func ETag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// Router takes routes; *http.ServeMux is one.
type Router interface {
	Handle(pattern string, h http.Handler)
}

// Through is a Router that leads each route through middleware. The mux below
// stays the only one, so that a request's Pattern is the route's template.
func Through(mux Router, middleware func(http.Handler) http.Handler) Router {
	return through{mux, middleware}
}

type through struct {
	mux        Router
	middleware func(http.Handler) http.Handler
}

// Handle implements Router.
func (t through) Handle(pattern string, h http.Handler) { t.mux.Handle(pattern, t.middleware(h)) }

// methods are those that a route may have; HEAD goes with GET.
var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
}

// Fallback answers what no route of mux takes: 405 with Allow (RFC 9110 §15.5.6)
// where another method would be taken, else 404. It is for the pattern "/", and
// mux has to have no other that holds for every method.
func Fallback(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var allowed []string
		for _, method := range methods {
			other := &http.Request{Method: method, URL: r.URL, Host: r.Host}
			if _, pattern := mux.Handler(other); strings.HasPrefix(pattern, http.MethodGet+" ") || strings.HasPrefix(pattern, method+" ") {
				allowed = append(allowed, method)
			}
		}
		if len(allowed) == 0 {
			problem.Write(r.Context(), fault.New(fault.NotFound, "There is nothing at %s.", r.URL.Path), w)
			return
		}
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		problem.Write(r.Context(), fault.New(fault.MethodNotAllowed, "%s does not take %s.", r.URL.Path, r.Method), w)
	})
}
