package schema_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/google/uuid"
	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/event/schema"
	"github.com/rondohq/rondo/platform/topology"
)

func committed(t *testing.T, typ event.Type) ([]byte, *jsonschema.Schema) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "schemas", schema.File(typ)))
	if err != nil {
		t.Fatalf("no committed schema: run go generate ./event/schema: %v", err)
	}
	var s jsonschema.Schema
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	return data, &s
}

func TestCommittedSchemasAreThoseOfTheTypes(t *testing.T) {
	t.Parallel()
	for _, entry := range event.Catalogue() {
		is, err := schema.Of(entry.Payload)
		if err != nil {
			t.Fatal(err)
		}
		old, was := committed(t, entry.Payload.EventType())
		if found := schema.Breaking(was, is); len(found) > 0 {
			t.Errorf("%s breaks its consumers: %v", is.Title, found)
		}
		if data, err := schema.Encode(is); err != nil || !bytes.Equal(data, old) {
			t.Errorf("%s: run go generate ./event/schema (%v)", is.Title, err)
		}
	}
}

func TestEventsMatchTheirSchema(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC()
	task := event.Task{ID: uuid.NewString(), Title: "x", Priority: "high", Status: "pending", DueAt: &now, Tags: []string{"a"}, CreatedAt: now, UpdatedAt: now}
	series := event.Series{
		ID: uuid.NewString(), Title: "x", Priority: "high", Tags: []string{"a"}, ReminderOffsets: []int{15}, RRule: "FREQ=DAILY",
		DTStart: "2026-03-27T14:00:00", Timezone: "Europe/Berlin", RDates: []string{}, ExDates: []string{"2026-03-28T14:00:00"},
		Mode: "schedule", IfPending: "skip", CatchUp: "latest", Status: event.SeriesActive, Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	offset := 15
	reminder := event.Reminder{ID: uuid.NewString(), TaskID: task.ID, OffsetMinutes: &offset, ScheduledFor: &now, Status: event.ReminderPending, Version: 1}
	payloads := []event.Payload{
		event.RecurringScheduled{Series: series},
		event.RecurringUpdated{SeriesID: series.ID, Version: 2, ChangedFields: []string{"title"}, Before: series, After: series},
		event.RecurringCancelled{Series: series},
		event.ReminderScheduled{Reminder: reminder},
		event.ReminderCancelled{Reminder: reminder},
		event.TaskInstanceCreated{Task: task, Key: event.OccurrenceKey(uuid.NewString(), series.ID, now)},
		event.TaskOverdue{TaskID: task.ID, Version: 1, Title: "x", DueAt: now},
		event.NotificationCreated{Notification: event.Notification{
			ID: uuid.NewString(), Kind: "reminder", TaskID: task.ID, ReminderID: &reminder.ID, Title: "x", ScheduledFor: now, CreatedAt: now,
		}},
		event.TaskCreated{Task: task},
		event.TaskUpdated{TaskID: task.ID, Version: 2, ChangedFields: []string{"title"}, Before: task, After: task},
		event.TaskDeleted{Task: task},
		event.TaskStatusChanged{TaskID: task.ID, Version: 2, From: "pending", To: "completed"},
		event.AccountChanged{Changed: event.AccountTags},
	}
	if len(payloads) != len(event.Catalogue()) {
		t.Fatalf("%d samples for %d types", len(payloads), len(event.Catalogue()))
	}
	for _, p := range payloads {
		e, err := event.New(topology.API, uuid.New(), task.ID, p)
		if err != nil {
			t.Fatal(err)
		}
		_, s := committed(t, e.Type)
		resolved, err := s.Resolve(nil)
		if err != nil {
			t.Fatal(err)
		}
		var data any
		if err := json.Unmarshal(e.Data, &data); err != nil {
			t.Fatal(err)
		}
		if err := resolved.Validate(data); err != nil {
			t.Errorf("%s: %v", e.Type, err)
		}
	}
}

func TestBreakingFindsWhatHurtsAndLetsTheRestPass(t *testing.T) {
	t.Parallel()
	object := func(required []string, properties map[string]*jsonschema.Schema) *jsonschema.Schema {
		return &jsonschema.Schema{Type: "object", Required: required, Properties: properties}
	}
	text, number := &jsonschema.Schema{Type: "string"}, &jsonschema.Schema{Type: "number"}
	was := object([]string{"a"}, map[string]*jsonschema.Schema{"a": text})
	for name, test := range map[string]struct {
		is   *jsonschema.Schema
		want []string
	}{
		"new field":      {object([]string{"a", "b"}, map[string]*jsonschema.Schema{"a": text, "b": number}), nil},
		"field gone":     {object(nil, nil), []string{"data.a is gone"}},
		"optional now":   {object(nil, map[string]*jsonschema.Schema{"a": text}), []string{"data.a may now be absent"}},
		"another type":   {object([]string{"a"}, map[string]*jsonschema.Schema{"a": number}), []string{"data.a may now be of type number"}},
		"another format": {object([]string{"a"}, map[string]*jsonschema.Schema{"a": {Type: "string", Format: "date"}}), []string{`data.a has format "date" instead of ""`}},
	} {
		if got := schema.Breaking(was, test.is); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
