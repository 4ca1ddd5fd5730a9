// Package fault is the one kind of error that Rondo shows to people: a code for
// machines, a message for humans and, for bad input, the fields to mend.
// Every other error is internal: logged in full, shown as nothing.
package fault

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Code says what kind of failure it is. One function maps it to an HTTP status.
type Code string

// The codes, each with the status that it becomes (RFC 9110).
const (
	Invalid          Code = "invalid"                // 400, names each bad field
	Unauthenticated  Code = "unauthenticated"        // 401
	Forbidden        Code = "forbidden"              // 403: known, but this token may not
	NotFound         Code = "not_found"              // 404, also for another user's row
	MethodNotAllowed Code = "method_not_allowed"     // 405, with Allow
	Conflict         Code = "conflict"               // 409
	Stale            Code = "stale"                  // 412, a newer version exists
	TooLarge         Code = "too_large"              // 413
	UnsupportedMedia Code = "unsupported_media_type" // 415
	Unprocessable    Code = "unprocessable"          // 422, well-formed and yet refused
	RateLimited      Code = "rate_limited"           // 429, RetryAfter is set
	Unavailable      Code = "unavailable"            // 503, something behind us is down
	Internal         Code = "internal"               // 500
)

// Field is one bad part of the input.
type Field struct {
	Row     int    `json:"row,omitempty"` // of an imported file; 0 when the input has no rows
	Name    string `json:"field"`         // as in the JSON document or query: "title", "tags[2]", "limit"
	Message string `json:"message"`
}

// Error is a failure that may be shown.
type Error struct {
	Code Code
	// Reason is the stable code that the answer carries, finer than Code, such as
	// "email_taken". Empty: Code itself.
	Reason  string
	Message string
	Fields  []Field
	// RetryAfter is when to try again, with RateLimited and Unavailable.
	RetryAfter time.Duration
	// Err is the cause; it is logged and never shown.
	Err error
}

// New makes an Error with a message for humans.
func New(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Invalidf makes an Invalid error with one bad field.
func Invalidf(field, format string, args ...any) *Error {
	return InvalidFields([]Field{{Name: field, Message: fmt.Sprintf(format, args...)}})
}

// InvalidFields makes an Invalid error; it is nil when no field is bad.
func InvalidFields(fields []Field) *Error {
	if len(fields) == 0 {
		return nil
	}
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	return &Error{Code: Invalid, Message: "Please check: " + strings.Join(names, ", ") + ".", Fields: fields}
}

// Because returns a copy of e with the reason and cause; either may be empty.
func (e *Error) Because(reason string, cause error) *Error {
	c := *e
	c.Reason, c.Err = reason, cause
	return &c
}

// Error says all that is known, for the log.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(string(e.Code))
	if e.Reason != "" {
		b.WriteString("/" + e.Reason)
	}
	b.WriteString(": " + e.Message)
	for _, f := range e.Fields {
		b.WriteString(" [" + f.Name + ": " + f.Message + "]")
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// CodeOf is the code of the first Error in err's chain, else Internal.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return Internal
}
