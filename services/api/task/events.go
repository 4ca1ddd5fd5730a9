package task

import (
	"reflect"
	"slices"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/event"
)

// payloads are the events of a change: what consumers hear and what the history
// keeps. before is nil for a new task.
func payloads(before *Task, after Task) []event.Payload {
	if before == nil {
		return []event.Payload{event.TaskCreated{Task: Snapshot(after)}}
	}
	changed := changedFields(*before, after)
	if len(changed) == 0 {
		return nil
	}
	var events []event.Payload
	deleted := after.Status == Cancelled && before.Status != Cancelled
	if deleted {
		events = append(events, event.TaskDeleted{Task: Snapshot(after)})
	}
	if !deleted || len(withoutStatus(changed)) > 0 {
		events = append(events, event.TaskUpdated{
			TaskID: after.ID.String(), Version: after.Version, ChangedFields: changed,
			Before: Snapshot(*before), After: Snapshot(after),
		})
	}
	if after.Status != before.Status {
		events = append(events, event.TaskStatusChanged{
			TaskID: after.ID.String(), Version: after.Version,
			From: before.Status, To: after.Status, Title: after.Title, Series: words(after.SeriesID),
		})
	}
	return events
}

func withoutStatus(fields []string) []string {
	return slices.DeleteFunc(slices.Clone(fields), func(f string) bool { return f == "status" || f == "completed_at" })
}

// changedFields names the fields that a user can see differ, sorted. The version
// and its time are not among them: they follow.
func changedFields(before, after Task) []string {
	before.Version, before.UpdatedAt = after.Version, after.UpdatedAt
	was, is := reflect.ValueOf(Snapshot(before)), reflect.ValueOf(Snapshot(after))
	var names []string
	for i := range was.NumField() {
		if !reflect.DeepEqual(was.Field(i).Interface(), is.Field(i).Interface()) {
			names = append(names, was.Type().Field(i).Tag.Get("json"))
		}
	}
	slices.Sort(names)
	return names
}

// Snapshot is the task as events carry it.
func Snapshot(t Task) event.Task {
	return event.Task{
		ID: t.ID.String(), Title: t.Title, Description: t.Description,
		Priority: string(t.Priority), Status: string(t.Status),
		DueAt: t.DueAt, ParentID: words(t.ParentID), Position: t.Position, Tags: t.Tags, Version: t.Version,
		SeriesID: words(t.SeriesID), OccurrenceAt: t.OccurrenceAt, CompletedAt: t.CompletedAt,
		CreatedAt: t.CreatedAt, UpdatedAt: t.UpdatedAt,
	}
}

func words(id *uuid.UUID) *string {
	if id == nil {
		return nil
	}
	s := id.String()
	return &s
}
