package tool

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/api/reminder"
	"github.com/rondohq/rondo/services/api/task"
)

const (
	listLimit = 20  // cards of one answer
	bulkLimit = 100 // of one call that asks for more
)

type createTask struct {
	Title         string   `json:"title" jsonschema:"what is to be done, in the person's words, without date, priority and tags"`
	Description   string   `json:"description,omitempty" jsonschema:"notes"`
	Priority      string   `json:"priority,omitempty" jsonschema:"high, medium or low; medium when left out"`
	DueAt         string   `json:"due_at,omitempty" jsonschema:"when it is due: RFC 3339, or a date 2026-11-27 for some time that day"`
	Tags          []string `json:"tags,omitempty" jsonschema:"names without #"`
	ParentID      string   `json:"parent_id,omitempty" jsonschema:"id of the task that this is a part of"`
	RemindAt      string   `json:"remind_at,omitempty" jsonschema:"a reminder at that time: RFC 3339"`
	MinutesBefore *int     `json:"remind_minutes_before,omitempty" jsonschema:"a reminder so many minutes before it is due"`
}

type findTasks struct {
	Search   string   `json:"search,omitempty" jsonschema:"text anywhere in title or notes"`
	Status   []string `json:"status,omitempty" jsonschema:"pending, active, completed, cancelled, skipped, failed; open ones when left out"`
	Priority []string `json:"priority,omitempty" jsonschema:"high, medium, low: any of these"`
	Tags     []string `json:"tags,omitempty" jsonschema:"all of these"`
	DueFrom  string   `json:"due_from,omitempty" jsonschema:"due then or later: RFC 3339 or a date"`
	DueTo    string   `json:"due_to,omitempty" jsonschema:"due before then: RFC 3339, or a date whose day is included"`
	SortBy   string   `json:"sort_by,omitempty" jsonschema:"due_at, priority, created_at or title; due_at when left out"`
	Limit    int      `json:"limit,omitempty" jsonschema:"20 when left out, at most 100"`
}

type updateTasks struct {
	IDs         []string `json:"ids" jsonschema:"ids of tasks"`
	Title       *string  `json:"title,omitempty" jsonschema:"of a single task"`
	Description *string  `json:"description,omitempty" jsonschema:"notes, in place of those there are"`
	Priority    *string  `json:"priority,omitempty" jsonschema:"high, medium or low"`
	DueAt       *string  `json:"due_at,omitempty" jsonschema:"RFC 3339 or a date; an empty text takes the date away"`
	Later       *int     `json:"minutes_later,omitempty" jsonschema:"put off by so many minutes, in place of due_at"`
	AddTags     []string `json:"add_tags,omitempty" jsonschema:"names without #"`
	RemoveTags  []string `json:"remove_tags,omitempty" jsonschema:"names without #"`
}

type taskIDs struct {
	IDs []string `json:"ids" jsonschema:"ids of tasks"`
}

type taskID struct {
	ID string `json:"id"`
}

// tasks are the tools of the task service.
func tasks(s Services) []Tool {
	t := taskTools{s.Tasks, s.Reminders}
	ids := func(in taskIDs) []string { return in.IDs }
	return []Tool{
		define("create_task", "Make a task, and a reminder of it if wanted.", Adds, t.create),
		define("find_tasks", "List or search tasks.", Reads, t.find),
		define("find_task", "Look at one task with its notes.", Reads, t.get),
		asking(define("update_tasks", "Change title, notes, priority, due date or tags of tasks.", Changes, t.update),
			"Change", KindTask, named(t, func(in updateTasks) []string { return in.IDs })),
		asking(define("complete_tasks", "Mark tasks as done.", Changes, t.complete), "Complete", KindTask, named(t, ids)),
		asking(define("reopen_tasks", "Make finished or deleted tasks open again.", Changes, t.reopen), "Reopen", KindTask, named(t, ids)),
		asking(define("cancel_tasks", "Delete tasks. They can be reopened.", Removes, t.cancel), "Delete", KindTask, named(t, ids)),
		define("summarise_day", "What is overdue, and what is due today and tomorrow.", Reads, t.summarise),
	}
}

type taskTools struct {
	tasks     task.Service
	reminders reminder.Service
}

// named finds the tasks that arguments name.
func named[In any](t taskTools, idsOf func(In) []string) func(context.Context, Caller, In) ([]Card, error) {
	return func(ctx context.Context, c Caller, in In) ([]Card, error) {
		ids, err := parseIDs(idsOf(in))
		if err != nil {
			return nil, err
		}
		cards := make([]Card, len(ids))
		for i, id := range ids {
			found, err := t.tasks.Get(ctx, c.UserID, id)
			if err != nil {
				return nil, err //nolint:wrapcheck // a fault, to be shown
			}
			cards[i] = c.taskCard(found)
		}
		return cards, nil
	}
}

func (t taskTools) create(ctx context.Context, c Caller, in createTask) (Result, error) {
	draft := task.Draft{
		Title: in.Title, Description: in.Description, Priority: task.Priority(strings.ToLower(in.Priority)), Tags: in.Tags,
	}
	var err error
	if draft.DueAt, err = c.due("due_at", in.DueAt); err != nil {
		return Result{}, err
	}
	if in.ParentID != "" {
		parent, err := parseID("parent_id", in.ParentID)
		if err != nil {
			return Result{}, err
		}
		draft.ParentID = &parent
	}
	remind := reminder.Draft{OffsetMinutes: in.MinutesBefore}
	if remind.RemindAt, err = c.instant("remind_at", in.RemindAt, 0); err != nil {
		return Result{}, err
	}
	made, err := t.tasks.Create(ctx, c.UserID, draft)
	if err != nil {
		return Result{}, err //nolint:wrapcheck // a fault, to be shown
	}
	r := Result{Text: "Added.", Cards: []Card{c.taskCard(made)}}
	if remind == (reminder.Draft{}) {
		return r, nil
	}
	remind.TaskID = made.ID
	reminded, err := t.reminders.Create(c.once(ctx, KindReminder), c.UserID, remind)
	if f, ok := errors.AsType[*fault.Error](err); ok { // the task is there all the same
		r.Text = "Added, but without a reminder: " + Explain(f)
		return r, nil
	}
	if err != nil {
		return Result{}, err //nolint:wrapcheck // internal
	}
	r.Text = "Added. " + c.reminded(reminded)
	r.Cards = append(r.Cards, c.reminderCard(reminded))
	return r, nil
}

func (t taskTools) find(ctx context.Context, c Caller, in findTasks) (Result, error) {
	q := task.Query{Search: strings.TrimSpace(in.Search), Tags: in.Tags, SortBy: task.ByDueAt, Limit: listLimit}
	if in.Limit > 0 {
		q.Limit = min(in.Limit, bulkLimit)
	}
	var bad []fault.Field
	check := func(ok bool, field, message string) {
		if !ok {
			bad = append(bad, fault.Field{Name: field, Message: message})
		}
	}
	for _, status := range in.Status {
		q.Statuses = append(q.Statuses, task.Status(status))
		check(slices.Contains(task.Statuses(), task.Status(status)), "status", fmt.Sprintf("must be of %v", task.Statuses()))
	}
	if len(q.Statuses) == 0 {
		q.Statuses = []task.Status{task.Pending, task.Active}
	}
	for _, priority := range in.Priority {
		q.Priorities = append(q.Priorities, task.Priority(priority))
		check(slices.Contains(task.Priorities(), task.Priority(priority)), "priority", fmt.Sprintf("must be of %v", task.Priorities()))
	}
	if in.SortBy != "" {
		q.SortBy = task.SortKey(in.SortBy)
		q.Descending = q.SortBy == task.ByPriority || q.SortBy == task.ByCreatedAt // the heaviest or newest first
		check(slices.Contains(task.SortKeys(), q.SortBy), "sort_by", fmt.Sprintf("must be one of %v", task.SortKeys()))
	}
	if err := fault.InvalidFields(bad); err != nil {
		return Result{}, err
	}
	var err error
	if q.DueAfter, err = c.instant("due_from", in.DueFrom, 0); err != nil {
		return Result{}, err
	}
	if q.DueBefore, err = c.instant("due_to", in.DueTo, 1); err != nil {
		return Result{}, err
	}
	page, err := t.tasks.List(ctx, c.UserID, q)
	if err != nil {
		return Result{}, err //nolint:wrapcheck // a fault, to be shown
	}
	r := Result{Text: "Nothing matches.", More: page.Next != nil}
	for _, item := range page.Items {
		r.Cards = append(r.Cards, c.taskCard(item))
	}
	switch n := len(r.Cards); {
	case r.More:
		r.Text = "The first " + plural(n, KindTask) + "; there are more."
	case n > 0:
		r.Text = plural(n, KindTask) + "."
	}
	return r, nil
}

func (t taskTools) get(ctx context.Context, c Caller, in taskID) (Result, error) {
	id, err := parseID("id", in.ID)
	if err != nil {
		return Result{}, err
	}
	found, err := t.tasks.Get(ctx, c.UserID, id)
	if err != nil {
		return Result{}, err //nolint:wrapcheck // a fault, to be shown
	}
	card := c.taskCard(found)
	card.Notes = found.Description
	return Result{Text: "Here it is.", Cards: []Card{card}}, nil
}

func (t taskTools) update(ctx context.Context, c Caller, in updateTasks) (Result, error) {
	if in.Title != nil && len(in.IDs) > 1 {
		return Result{}, fault.Invalidf("title", "cannot be given to several tasks")
	}
	if in.DueAt != nil && in.Later != nil {
		return Result{}, fault.Invalidf("minutes_later", "cannot be given together with due_at")
	}
	change := task.Change{Title: in.Title, Description: in.Description}
	if in.Priority != nil {
		priority := task.Priority(strings.ToLower(*in.Priority))
		change.Priority = &priority
	}
	if in.DueAt != nil {
		var err error
		if change.DueAt, err = c.due("due_at", *in.DueAt); err != nil {
			return Result{}, err
		}
		change.ClearDueAt = change.DueAt == nil
	}
	return t.each(ctx, c, "Changed", in.IDs, func(ctx context.Context, owner, id uuid.UUID, _ *int64) (task.Task, error) {
		return t.updateOne(ctx, owner, id, change, in)
	})
}

// updateOne changes a task. What depends on the task as it is holds only for that version.
func (t taskTools) updateOne(ctx context.Context, owner, id uuid.UUID, change task.Change, in updateTasks) (task.Task, error) {
	var version *int64
	if in.Later != nil || len(in.AddTags)+len(in.RemoveTags) > 0 {
		present, err := t.tasks.Get(ctx, owner, id)
		if err != nil {
			return task.Task{}, err //nolint:wrapcheck // a fault, to be shown
		}
		version = &present.Version
		if in.Later != nil {
			if present.DueAt == nil {
				return task.Task{}, fault.Invalidf("minutes_later", "counts from the due date, and %q has none", present.Title)
			}
			at := present.DueAt.Add(time.Duration(*in.Later) * time.Minute)
			change.DueAt = &at
		}
		if len(in.AddTags)+len(in.RemoveTags) > 0 {
			tags := slices.Clone(present.Tags)
			tags = slices.DeleteFunc(append(tags, in.AddTags...), func(have string) bool {
				return slices.ContainsFunc(in.RemoveTags, func(gone string) bool { return strings.EqualFold(have, gone) })
			})
			change.Tags = &tags
		}
	}
	return t.tasks.Update(ctx, owner, id, version, change) //nolint:wrapcheck // a fault, to be shown
}

type onOne func(ctx context.Context, owner, id uuid.UUID, version *int64) (task.Task, error)

// each does one thing to several tasks. When one of them fails, those before it stay
// changed, and the result says so.
func (t taskTools) each(ctx context.Context, c Caller, done string, texts []string, do onOne) (Result, error) {
	ids, err := parseIDs(texts)
	if err != nil {
		return Result{}, err
	}
	r := Result{}
	for _, id := range ids {
		changed, err := do(c.once(ctx, id.String()), c.UserID, id, nil)
		if f, ok := errors.AsType[*fault.Error](err); ok && len(r.Cards) > 0 {
			r.Text = fmt.Sprintf("%s %d of %s. Then it failed: %s", done, len(r.Cards), plural(len(ids), KindTask), Explain(f))
			return r, nil
		}
		if err != nil {
			return Result{}, err
		}
		r.Cards = append(r.Cards, c.taskCard(changed))
	}
	r.Text = done + "."
	if len(ids) > 1 {
		r.Text = done + " " + plural(len(ids), KindTask) + "."
	}
	return r, nil
}

func (t taskTools) complete(ctx context.Context, c Caller, in taskIDs) (Result, error) {
	return t.each(ctx, c, "Completed", in.IDs, t.tasks.Complete)
}

func (t taskTools) reopen(ctx context.Context, c Caller, in taskIDs) (Result, error) {
	return t.each(ctx, c, "Reopened", in.IDs, t.tasks.Reopen)
}

func (t taskTools) cancel(ctx context.Context, c Caller, in taskIDs) (Result, error) {
	return t.each(ctx, c, "Deleted", in.IDs, t.tasks.Delete)
}

func (t taskTools) summarise(ctx context.Context, c Caller, _ struct{}) (Result, error) {
	year, month, day := c.Now.In(c.Zone).Date()
	start := func(days int) *time.Time {
		at := time.Date(year, month, day+days, 0, 0, 0, 0, c.Zone)
		return &at
	}
	var r Result
	var parts []string
	for _, part := range []struct {
		name     string
		from, to *time.Time
	}{{"overdue", nil, &c.Now}, {"due today", &c.Now, start(1)}, {"due tomorrow", start(1), start(2)}} {
		page, err := t.tasks.List(ctx, c.UserID, task.Query{
			Statuses: []task.Status{task.Pending, task.Active}, DueAfter: part.from, DueBefore: part.to, SortBy: task.ByDueAt, Limit: listLimit,
		})
		if err != nil {
			return Result{}, err //nolint:wrapcheck // a fault, to be shown
		}
		count := strconv.Itoa(len(page.Items))
		if page.Next != nil {
			count, r.More = "more than "+count, true
		}
		parts = append(parts, count+" "+part.name)
		for _, item := range page.Items {
			r.Cards = append(r.Cards, c.taskCard(item))
		}
	}
	r.Text = strings.Join(parts, ", ") + "."
	return r, nil
}

func (c Caller) taskCard(t task.Task) Card {
	card := Card{
		Kind: KindTask, ID: t.ID, Title: t.Title, Status: string(t.Status), Priority: string(t.Priority), Tags: t.Tags, At: c.local(t.DueAt),
	}
	if t.DueAt != nil {
		card.Detail = "due " + c.when(*t.DueAt)
	}
	return card
}

// Explain is what a fault says, with its fields.
func Explain(f *fault.Error) string {
	words := []string{f.Message}
	for _, field := range f.Fields {
		words = append(words, field.Name+" "+field.Message+".")
	}
	return strings.Join(words, " ")
}
