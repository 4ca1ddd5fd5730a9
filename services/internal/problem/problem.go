// Package problem writes errors as RFC 9457 problem documents.
package problem

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"

	"go.opentelemetry.io/otel/trace"

	"github.com/rondohq/rondo/platform/fault"
)

// ContentType of a problem (RFC 9457 §3).
const ContentType = "application/problem+json"

// StatusGone is what logs and metrics say when the client has left before its
// answer; the code is the one that nginx made common.
const StatusGone = 499

// Document is the body of every error. Code is stable; the texts may change.
type Document struct {
	Type    string        `json:"type"` // always about:blank: Code says it all
	Title   string        `json:"title"`
	Status  int           `json:"status"`
	Detail  string        `json:"detail"`
	Code    string        `json:"code"`
	Errors  []fault.Field `json:"errors,omitempty"`
	TraceID string        `json:"trace_id,omitempty"`
}

// Status is the one place where a code becomes an HTTP status.
func Status(code fault.Code) int {
	switch code {
	case fault.Invalid:
		return http.StatusBadRequest
	case fault.Unauthenticated:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.NotFound:
		return http.StatusNotFound
	case fault.MethodNotAllowed:
		return http.StatusMethodNotAllowed
	case fault.Conflict:
		return http.StatusConflict
	case fault.Stale:
		return http.StatusPreconditionFailed
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.UnsupportedMedia:
		return http.StatusUnsupportedMediaType
	case fault.Unprocessable:
		return http.StatusUnprocessableEntity
	case fault.RateLimited:
		return http.StatusTooManyRequests
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	case fault.Internal:
	}
	return http.StatusInternalServerError
}

// Write answers with err's problem. What is not a fault.Error is logged in full
// and shown as an internal error without detail. It has the shape of go-kit's
// ErrorEncoder.
func Write(ctx context.Context, err error, w http.ResponseWriter) {
	if errors.Is(ctx.Err(), context.Canceled) {
		// Nobody reads the answer, and nothing here has failed.
		w.WriteHeader(StatusGone)
		return
	}
	var f *fault.Error
	switch {
	case errors.As(err, &f):
	case errors.Is(err, context.DeadlineExceeded):
		f = fault.New(fault.Unavailable, "That took too long. Please try again.")
	default:
		f = fault.New(fault.Internal, "Something went wrong on our side. Please try again; if it stays, tell us the trace id.")
	}
	status := Status(f.Code)
	if status >= http.StatusInternalServerError {
		slog.ErrorContext(ctx, "request failed", "error", err) //nolint:sloglint // go-kit's ErrorEncoder has no place for a logger
	}
	doc := Document{
		Type: "about:blank", Title: http.StatusText(status), Status: status,
		Detail: f.Message, Code: string(f.Code), Errors: f.Fields,
	}
	if f.Reason != "" {
		doc.Code = f.Reason
	}
	if span := trace.SpanContextFromContext(ctx); span.HasTraceID() {
		doc.TraceID = span.TraceID().String()
	}
	h := w.Header()
	h.Set("Content-Type", ContentType)
	h.Set("Cache-Control", "no-store")
	if f.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(f.RetryAfter.Seconds()))))
	}
	if status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="rondo"`)
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(doc) //nolint:errchkjson // the client is gone if this fails
}
