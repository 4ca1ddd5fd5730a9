// Package task is the use case that Rondo is named for: tasks that a user keeps,
// finds, changes and finishes.
package task

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/api/text"
)

// Limits of a task; the database checks the first two as well. Lengths count characters.
const (
	MaxTitle       = 255
	MaxDescription = 2000
	MaxTag         = 50
	MaxTags        = 20
	MaxDepth       = 8 // of subtasks, the topmost task counted
)

// Priority orders tasks by weight.
type Priority string

// The priorities.
const (
	High   Priority = "high"
	Medium Priority = "medium"
	Low    Priority = "low"
)

// Priorities lists all, heaviest first.
func Priorities() []Priority { return []Priority{High, Medium, Low} }

// Status is where a task stands; events use the same words.
type Status = event.TaskStatus

// The statuses. Pending and Active tasks are open.
const (
	Pending   = event.TaskPending
	Active    = event.TaskActive
	Completed = event.TaskCompleted
	Cancelled = event.TaskCancelled // deleted by its owner; Reopen brings it back
	Skipped   = event.TaskSkipped
	Failed    = event.TaskFailed
)

// Statuses lists all.
func Statuses() []Status { return []Status{Pending, Active, Completed, Cancelled, Skipped, Failed} }

// Task is a task of one user. Times are UTC, to the microsecond.
type Task struct {
	ID           uuid.UUID  `json:"id"`
	Owner        uuid.UUID  `json:"-"`
	Title        string     `json:"title"`
	Description  string     `json:"description"`
	Priority     Priority   `json:"priority"`
	Status       Status     `json:"status"`
	DueAt        *time.Time `json:"due_at"`
	ParentID     *uuid.UUID `json:"parent_id"`
	Position     float64    `json:"position"` // in the order that the user drags to; ascending
	Tags         []string   `json:"tags"`     // names as the user wrote them first, sorted
	Version      int64      `json:"version"`  // 1, and one more with each change
	SeriesID     *uuid.UUID `json:"series_id"`
	OccurrenceAt *time.Time `json:"occurrence_at"`
	CompletedAt  *time.Time `json:"completed_at"` // set exactly while Status is Completed
	CreatedAt    time.Time  `json:"created_at"`
	UpdatedAt    time.Time  `json:"updated_at"`
}

// Draft is a task to be made. What is left out has its default: medium, pending,
// at the end of the list.
type Draft struct {
	Title       string
	Description string
	Priority    Priority
	DueAt       *time.Time
	ParentID    *uuid.UUID
	Position    *float64
	Tags        []string
}

// New makes the owner's task of a draft, or says which fields are bad.
func New(owner uuid.UUID, d Draft, now time.Time) (Task, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Task{}, fmt.Errorf("making a task id: %w", err)
	}
	now = instant(now)
	t := Task{
		ID: id, Owner: owner, Title: d.Title, Description: d.Description, Priority: d.Priority, Status: Pending,
		DueAt: d.DueAt, ParentID: d.ParentID, Tags: d.Tags, Version: 1, CreatedAt: now, UpdatedAt: now,
		// Later tasks come last, and there is room between any two.
		Position: float64(now.UnixMicro()) / 1e6,
	}
	if t.Priority == "" {
		t.Priority = Medium
	}
	if d.Position != nil {
		t.Position = *d.Position
	}
	if err := normalise(&t); err != nil {
		return Task{}, err
	}
	return t, nil
}

// Change is what a caller wants to be different; nil and false leave a field alone.
type Change struct {
	Title       *string
	Description *string
	Priority    *Priority
	Status      *Status
	DueAt       *time.Time
	ClearDueAt  bool
	ParentID    *uuid.UUID
	ClearParent bool
	Position    *float64
	Tags        *[]string
}

// Apply returns the task as it is after the change at the instant now, or says which
// fields are bad. The version is the store's to count.
func (t Task) Apply(c Change, now time.Time) (Task, error) {
	set(&t.Title, c.Title)
	set(&t.Description, c.Description)
	set(&t.Priority, c.Priority)
	set(&t.Position, c.Position)
	set(&t.Tags, c.Tags)
	if c.DueAt != nil || c.ClearDueAt {
		t.DueAt = c.DueAt
	}
	if c.ParentID != nil || c.ClearParent {
		t.ParentID = c.ParentID
	}
	if c.Status != nil && *c.Status != t.Status {
		t.Status, t.CompletedAt = *c.Status, nil
		if t.Status == Completed {
			at := instant(now)
			t.CompletedAt = &at
		}
	}
	t.UpdatedAt = instant(now)
	if err := normalise(&t); err != nil {
		return Task{}, err
	}
	return t, nil
}

func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

// normalise trims what people mistype and checks the rest.
func normalise(t *Task) error {
	var bad []fault.Field
	complain := func(field, format string, args ...any) {
		bad = append(bad, fault.Field{Name: field, Message: fmt.Sprintf(format, args...)})
	}
	t.Title = strings.TrimSpace(t.Title)
	if wrong := text.Line(t.Title, 1, MaxTitle); wrong != "" {
		complain("title", "%s", wrong)
	}
	if wrong := text.Block(t.Description, MaxDescription); wrong != "" {
		complain("description", "%s", wrong)
	}
	if !slices.Contains(Priorities(), t.Priority) {
		complain("priority", "must be one of %s", list(Priorities()))
	}
	if !slices.Contains(Statuses(), t.Status) {
		complain("status", "must be one of %s", list(Statuses()))
	}
	if math.IsNaN(t.Position) || math.IsInf(t.Position, 0) {
		complain("position", "must be a finite number")
	}
	if t.ParentID != nil && *t.ParentID == t.ID {
		complain("parent_id", "is the task itself")
	}
	if t.DueAt != nil {
		if year := t.DueAt.UTC().Year(); year < 1 || year > 9998 {
			complain("due_at", "must lie in the years 1 to 9998")
		}
		at := instant(*t.DueAt)
		t.DueAt = &at
	}
	tags, tagFields := NormaliseTags(t.Tags)
	t.Tags = tags
	if err := fault.InvalidFields(append(bad, tagFields...)); err != nil {
		return err
	}
	return nil
}

// NormaliseTags trims tag names and drops repetitions (in any case), and says
// which are bad.
func NormaliseTags(names []string) ([]string, []fault.Field) {
	var bad []fault.Field
	seen := map[string]bool{}
	kept := make([]string, 0, len(names))
	for i, name := range names {
		name = strings.TrimSpace(name)
		if wrong := text.Line(name, 1, MaxTag); wrong != "" {
			bad = append(bad, fault.Field{Name: fmt.Sprintf("tags[%d]", i), Message: wrong})
		} else if !seen[strings.ToLower(name)] {
			seen[strings.ToLower(name)] = true
			kept = append(kept, name)
		}
	}
	if len(kept) > MaxTags {
		bad = append(bad, fault.Field{Name: "tags", Message: fmt.Sprintf("are more than %d", MaxTags)})
	}
	return kept, bad
}

// instant is a time as the database keeps it: UTC, to the microsecond.
func instant(at time.Time) time.Time { return at.UTC().Truncate(time.Microsecond) }

func list[T ~string](values []T) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = string(v)
	}
	return strings.Join(words, ", ")
}
