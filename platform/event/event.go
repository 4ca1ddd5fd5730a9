// Package event is what the services say to each other: CloudEvents 1.0 with
// typed payloads. Each payload type belongs to one topic; the catalogue says
// which. A JSON Schema per type is kept in schemas/, made by go generate.
package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/rondohq/rondo/platform/topology"
)

// ContentType of a complete event (CloudEvents 1.0, HTTP binding, structured mode).
const ContentType = "application/cloudevents+json"

// SchemaVersion is what this release writes, "major.minor". A consumer takes any
// minor of the major that it knows; another major is poison.
const SchemaVersion = "1.0"

// Type is the CloudEvents type; consumers route on it.
type Type string

// Payload is the data of one event type.
type Payload interface {
	// EventType is constant for a Go type.
	EventType() Type
}

// Envelope is a complete CloudEvent.
type Envelope struct {
	SpecVersion     string    `json:"specversion"`
	ID              string    `json:"id"` // UUID v7
	Source          string    `json:"source"`
	Type            Type      `json:"type"`
	Time            time.Time `json:"time"`
	Subject         string    `json:"subject"` // the entity's id
	DataContentType string    `json:"datacontenttype"`
	// TraceParent is the W3C trace context of the request that caused the event;
	// TraceID is what Dapr looks at for the same purpose.
	TraceParent   string          `json:"traceparent,omitempty"`
	TraceID       string          `json:"traceid,omitempty"`
	SchemaVersion string          `json:"schemaversion"`
	UserID        string          `json:"userid"` // also the partition key
	Data          json.RawMessage `json:"data"`
}

// New wraps a payload. subject is the id of the entity that it is about.
func New(source topology.Service, userID uuid.UUID, subject string, p Payload) (Envelope, error) {
	data, err := json.Marshal(p)
	if err != nil {
		return Envelope{}, fmt.Errorf("encoding %s: %w", p.EventType(), err)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Envelope{}, fmt.Errorf("making an event id: %w", err)
	}
	return Envelope{
		SpecVersion: "1.0", ID: id.String(), Source: source.Source(), Type: p.EventType(),
		Time: time.Now().UTC(), Subject: subject, DataContentType: "application/json",
		SchemaVersion: SchemaVersion, UserID: userID.String(), Data: data,
	}, nil
}

// ErrPoison marks an event that no retry can mend.
var ErrPoison = errors.New("undecodable event")

// Parse reads an envelope and checks what every consumer relies on. All its
// errors are ErrPoison.
func Parse(body []byte) (Envelope, error) {
	var e Envelope
	if err := json.Unmarshal(body, &e); err != nil {
		return Envelope{}, fmt.Errorf("%w: %w", ErrPoison, err)
	}
	switch major, _, _ := strings.Cut(e.SchemaVersion, "."); {
	case e.ID == "" || e.Type == "" || len(e.Data) == 0:
		return Envelope{}, fmt.Errorf("%w: id, type or data is missing", ErrPoison)
	case major != "1":
		return Envelope{}, fmt.Errorf("%w: schema version %q, this release knows 1", ErrPoison, e.SchemaVersion)
	}
	if _, err := uuid.Parse(e.UserID); err != nil {
		return Envelope{}, fmt.Errorf("%w: userid: %w", ErrPoison, err)
	}
	return e, nil
}

// Decode reads the payload of an envelope whose type is P's. Unknown fields are
// ignored, so that a newer minor version can be read. All its errors are ErrPoison.
func Decode[P Payload](e Envelope) (P, error) {
	var p P
	if e.Type != p.EventType() {
		return p, fmt.Errorf("%w: type %q read as %q", ErrPoison, e.Type, p.EventType())
	}
	if err := json.Unmarshal(e.Data, &p); err != nil {
		return p, fmt.Errorf("%w: %s: %w", ErrPoison, e.Type, err)
	}
	return p, nil
}
