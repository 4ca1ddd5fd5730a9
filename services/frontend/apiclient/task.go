package apiclient

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/event"
)

// Task is a task as the api shows it, which is also how events carry it.
type Task = event.Task

// The states of a task that the web application speaks of.
const (
	Pending   = "pending"
	Active    = "active"
	Completed = "completed"
	Cancelled = "cancelled"
)

// The priorities, highest first.
const (
	High   = "high"
	Medium = "medium"
	Low    = "low"
)

// Query selects and orders tasks; zero values do not restrict.
type Query struct {
	Statuses   []string // any of
	Priorities []string // any of
	Tags       []string // all of
	Search     string
	DueBefore  time.Time
	DueAfter   time.Time
	Parent     string // only the direct subtasks of this task
	SortBy     string
	SortOrder  string
	Limit      int
	Cursor     string
}

func (q Query) values() url.Values {
	v := url.Values{}
	for name, all := range map[string][]string{"status": q.Statuses, "priority": q.Priorities, "tags": q.Tags} {
		if len(all) > 0 {
			v[name] = all
		}
	}
	for name, one := range map[string]string{
		"search": q.Search, "sort_by": q.SortBy, "sort_order": q.SortOrder, "cursor": q.Cursor, "parent_id": q.Parent,
	} {
		if one != "" {
			v.Set(name, one)
		}
	}
	for name, at := range map[string]time.Time{"due_before": q.DueBefore, "due_after": q.DueAfter} {
		if !at.IsZero() {
			v.Set(name, at.UTC().Format(time.RFC3339))
		}
	}
	if q.Limit > 0 {
		v.Set("limit", strconv.Itoa(q.Limit))
	}
	return v
}

// Page is part of a list.
type Page struct {
	Items      []Task `json:"items"`
	NextCursor string `json:"next_cursor"` // empty on the last page
}

// NewTask is what a task is made of; only the title is required.
type NewTask struct {
	Title       string     `json:"title"`
	Description string     `json:"description,omitempty"`
	Priority    string     `json:"priority,omitempty"`
	DueAt       *time.Time `json:"due_at,omitempty"`
	Tags        []string   `json:"tags,omitempty"`
	ParentID    *uuid.UUID `json:"parent_id,omitempty"`
}

// HistoryEntry is one change of a task.
type HistoryEntry struct {
	Version       int64     `json:"version"`
	Type          string    `json:"type"`
	At            time.Time `json:"at"`
	ChangedFields []string  `json:"changed_fields"`
	Before        *Task     `json:"before"`
	After         Task      `json:"after"`
}

// Change is a merge patch (RFC 7396): absent stays, nil clears.
type Change map[string]any

// Tasks lists.
func (c Caller) Tasks(ctx context.Context, q Query) (Page, error) {
	var page Page
	err := c.do(ctx, request{method: http.MethodGet, path: "/api/tasks", query: q.values()}, &page)
	return page, err
}

// Task gets one.
func (c Caller) Task(ctx context.Context, id uuid.UUID) (Task, error) {
	var task Task
	err := c.do(ctx, request{method: http.MethodGet, path: taskPath(id)}, &task)
	return task, err
}

// CreateTask makes one. The same key twice makes one task.
func (c Caller) CreateTask(ctx context.Context, in NewTask, key string) (Task, error) {
	var task Task
	err := c.do(ctx, request{method: http.MethodPost, path: "/api/tasks", body: in, key: key}, &task)
	return task, err
}

// ChangeTask patches. A version other than 0 must be the newest, else fault.Stale.
func (c Caller) ChangeTask(ctx context.Context, id uuid.UUID, change Change, version int64) (Task, error) {
	var task Task
	err := c.do(ctx, request{method: http.MethodPatch, path: taskPath(id), body: change, version: version}, &task)
	return task, err
}

// CompleteTask marks as done.
func (c Caller) CompleteTask(ctx context.Context, id uuid.UUID) (Task, error) {
	var task Task
	err := c.do(ctx, request{method: http.MethodPost, path: taskPath(id) + "/complete"}, &task)
	return task, err
}

// ReopenTask makes a completed or deleted task pending again.
func (c Caller) ReopenTask(ctx context.Context, id uuid.UUID) (Task, error) {
	var task Task
	err := c.do(ctx, request{method: http.MethodPost, path: taskPath(id) + "/reopen"}, &task)
	return task, err
}

// DeleteTask cancels; ReopenTask undoes it.
func (c Caller) DeleteTask(ctx context.Context, id uuid.UUID) error {
	return c.do(ctx, request{method: http.MethodDelete, path: taskPath(id)}, nil)
}

func taskPath(id uuid.UUID) string { return "/api/tasks/" + id.String() }

// History is every change of a task, oldest first.
func (c Caller) History(ctx context.Context, id uuid.UUID) ([]HistoryEntry, error) {
	var list struct {
		Items []HistoryEntry `json:"items"`
	}
	err := c.do(ctx, request{method: http.MethodGet, path: taskPath(id) + "/history"}, &list)
	return list.Items, err
}
