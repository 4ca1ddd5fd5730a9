package web

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/frontend/apiclient"
)

// step is one task's part of undoing a change: what its fields were, by their
// names in the api. A browser keeps the steps in the toast's form.
type step struct {
	ID  uuid.UUID        `json:"id"`
	Was apiclient.Change `json:"was"`
}

// undoable are the fields that a step may restore.
func undoable() []string {
	return []string{"title", "description", "status", "priority", "due_at", "tags", "position", "parent_id"}
}

// stepBack is how to undo a change of those fields.
func stepBack(before apiclient.Task, fields apiclient.Change) step {
	was := apiclient.Change{}
	id, _ := uuid.Parse(before.ID) // the api's ids are UUIDs
	for name := range fields {
		switch name {
		case "title":
			was[name] = before.Title
		case "description":
			was[name] = before.Description
		case "status":
			was[name] = before.Status
		case "priority":
			was[name] = before.Priority
		case "due_at":
			was[name] = before.DueAt
		case "tags":
			was[name] = append([]string{}, before.Tags...)
		case "position":
			was[name] = before.Position
		case "parent_id":
			was[name] = before.ParentID
		}
	}
	return step{ID: id, Was: was}
}

func encodeSteps(steps []step) string {
	if len(steps) == 0 {
		return ""
	}
	encoded, err := json.Marshal(steps)
	if err != nil {
		return "" // strings, numbers and times can always be encoded
	}
	return string(encoded)
}

// undo gives tasks back what they were.
func (s *Server) undo(v *visit) error {
	var steps []step
	if err := json.Unmarshal([]byte(v.r.PostForm.Get("steps")), &steps); err != nil || len(steps) == 0 || len(steps) > maxBatch {
		return fault.New(fault.Invalid, "The steps to undo cannot be read.")
	}
	c := change{did: didUndo}
	var last error
	for _, step := range steps {
		task, err := v.restore(v.r.Context(), step)
		if err != nil {
			c.failed++
			last = err
			continue
		}
		c.tasks = append(c.tasks, task)
	}
	if len(c.tasks) == 0 {
		return last
	}
	return v.changed(c)
}

func (v *visit) restore(ctx context.Context, step step) (apiclient.Task, error) {
	fields := apiclient.Change{}
	for name, value := range step.Was {
		if !slices.Contains(undoable(), name) {
			return apiclient.Task{}, fault.New(fault.Invalid, "A step names a field that cannot be undone.")
		}
		fields[name] = value
	}
	status, changesStatus := fields["status"].(string)
	delete(fields, "status")
	var task apiclient.Task
	var err error
	if len(fields) > 0 {
		if task, err = v.api.ChangeTask(ctx, step.ID, fields, 0); err != nil {
			return apiclient.Task{}, err //nolint:wrapcheck // a fault of the api
		}
	}
	if changesStatus {
		task, err = v.restoreStatus(ctx, step.ID, knownStatus(status))
	}
	return task, err
}

func (v *visit) restoreStatus(ctx context.Context, id uuid.UUID, was string) (apiclient.Task, error) {
	if was == apiclient.Cancelled {
		return v.cancel(ctx, id)
	}
	task, err := v.api.ReopenTask(ctx, id)
	switch {
	case err != nil:
	case was == apiclient.Completed:
		task, err = v.api.CompleteTask(ctx, id)
	case was == apiclient.Active:
		task, err = v.api.ChangeTask(ctx, id, apiclient.Change{"status": was}, 0)
	}
	return task, err //nolint:wrapcheck // a fault of the api
}
