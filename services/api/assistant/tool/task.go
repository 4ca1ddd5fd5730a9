package tool

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/services/api/task"
)

const (
	listLimit = 20 // cards of one answer
	bulkLimit = 100
)

type createTask struct {
	Title       string   `json:"title" jsonschema:"what is to be done, in the user's words, without date, priority and tags"`
	Description string   `json:"description,omitempty" jsonschema:"notes"`
	Priority    string   `json:"priority,omitempty" jsonschema:"high, medium or low; medium when left out"`
	DueAt       string   `json:"due_at,omitempty" jsonschema:"when it is due: RFC 3339, or a date 2026-11-27 for some time that day"`
	Tags        []string `json:"tags,omitempty" jsonschema:"names without #"`
	ParentID    string   `json:"parent_id,omitempty" jsonschema:"id of the task that this is a part of"`
}

type findTasks struct {
	Search   string   `json:"search,omitempty" jsonschema:"text anywhere in title or notes"`
	Status   []string `json:"status,omitempty" jsonschema:"pending, active, completed, cancelled, skipped, failed; open ones when left out"`
	Priority []string `json:"priority,omitempty" jsonschema:"high, medium, low: any of these"`
	Tags     []string `json:"tags,omitempty" jsonschema:"all of these"`
	DueFrom  string   `json:"due_from,omitempty" jsonschema:"due then or later: RFC 3339 or a date"`
	DueTo    string   `json:"due_to,omitempty" jsonschema:"due before then: RFC 3339, or a date whose day is included"`
	Limit    int      `json:"limit,omitempty" jsonschema:"at most 20"`
}

type updateTask struct {
	ID          string    `json:"id"`
	Title       *string   `json:"title,omitempty"`
	Description *string   `json:"description,omitempty"`
	Priority    *string   `json:"priority,omitempty" jsonschema:"high, medium or low"`
	DueAt       *string   `json:"due_at,omitempty" jsonschema:"RFC 3339 or a date; an empty text takes the date away"`
	Tags        *[]string `json:"tags,omitempty" jsonschema:"the whole list, which replaces the present one"`
}

type taskIDs struct {
	IDs []string `json:"ids" jsonschema:"ids of tasks"`
}

// Tasks are the tools of the task service.
func tasks(s task.Service) []Tool {
	t := taskTools{s}
	return []Tool{
		define("create_task", "Make a task.", Changes, t.create),
		define("find_tasks", "List or search tasks.", Reads, t.find),
		define("find_task", "Look at one task.", Reads, t.get),
		define("update_task", "Change a task's title, notes, priority, due date or tags.", Changes, t.update),
		asking(define("complete_tasks", "Mark tasks as done.", Changes, t.complete), t.askMany("Complete", s)),
		asking(define("reopen_tasks", "Make finished or deleted tasks open again.", Changes, t.reopen), t.askMany("Reopen", s)),
		asking(define("cancel_tasks", "Delete tasks. They can be reopened.", Removes, t.cancel), t.askAlways("Delete", s)),
		define("summarise_day", "What is overdue, and what is due today and tomorrow.", Reads, t.summarise),
	}
}

type taskTools struct{ tasks task.Service }

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
	made, err := t.tasks.Create(ctx, c.UserID, draft)
	if err != nil {
		return Result{}, err
	}
	return Result{Text: "Added.", Cards: []Card{c.card(made)}}, nil
}

func (t taskTools) find(ctx context.Context, c Caller, in findTasks) (Result, error) {
	q := task.Query{Search: strings.TrimSpace(in.Search), Tags: in.Tags, SortBy: task.ByDueAt, Limit: listLimit}
	if in.Limit > 0 {
		q.Limit = min(in.Limit, listLimit)
	}
	for _, status := range in.Status {
		q.Statuses = append(q.Statuses, task.Status(status))
	}
	if len(q.Statuses) == 0 {
		q.Statuses = []task.Status{task.Pending, task.Active}
	}
	for _, priority := range in.Priority {
		q.Priorities = append(q.Priorities, task.Priority(priority))
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
		return Result{}, err
	}
	return c.listed(page), nil
}

type taskID struct {
	ID string `json:"id"`
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
	return Result{Text: found.Description, Cards: []Card{c.card(found)}}, nil
}

func (c Caller) listed(page task.Page) Result {
	r := Result{Text: "Nothing matches."}
	for _, item := range page.Items {
		r.Cards = append(r.Cards, c.card(item))
	}
	if n := len(r.Cards); n > 0 {
		r.Text = plural(n, "task") + "."
	}
	if page.Next != nil {
		r.Text, r.More = "The first "+plural(len(r.Cards), "task")+"; there are more.", 1
	}
	return r
}

func (t taskTools) update(ctx context.Context, c Caller, in updateTask) (Result, error) {
	id, err := parseID("id", in.ID)
	if err != nil {
		return Result{}, err
	}
	change := task.Change{Title: in.Title, Description: in.Description, Tags: in.Tags}
	if in.Priority != nil {
		priority := task.Priority(strings.ToLower(*in.Priority))
		change.Priority = &priority
	}
	if in.DueAt != nil {
		if change.DueAt, err = c.due("due_at", *in.DueAt); err != nil {
			return Result{}, err
		}
		change.ClearDueAt = change.DueAt == nil
	}
	changed, err := t.tasks.Update(ctx, c.UserID, id, nil, change)
	if err != nil {
		return Result{}, err
	}
	return Result{Text: "Changed.", Cards: []Card{c.card(changed)}}, nil
}

type onOne func(ctx context.Context, owner, id uuid.UUID, version *int64) (task.Task, error)

// each does one thing to several tasks. Each has a transaction of its own, so each
// gets a key of its own: together they would be one effect of one key.
func (t taskTools) each(ctx context.Context, c Caller, verb string, in taskIDs, do onOne) (Result, error) {
	ids, err := parseIDs(in)
	if err != nil {
		return Result{}, err
	}
	r := Result{}
	for _, id := range ids {
		changed, err := do(repeatable(ctx, c, verb, id), c.UserID, id, nil)
		if err != nil {
			return r, err
		}
		r.Cards = append(r.Cards, c.card(changed))
	}
	r.Text = verb + " " + plural(len(ids), "task") + "."
	return r, nil
}

func (t taskTools) complete(ctx context.Context, c Caller, in taskIDs) (Result, error) {
	return t.each(ctx, c, "Completed", in, t.tasks.Complete)
}

func (t taskTools) reopen(ctx context.Context, c Caller, in taskIDs) (Result, error) {
	return t.each(ctx, c, "Reopened", in, t.tasks.Reopen)
}

func (t taskTools) cancel(ctx context.Context, c Caller, in taskIDs) (Result, error) {
	return t.each(ctx, c, "Deleted", in, t.tasks.Delete)
}

func (t taskTools) askMany(verb string, s task.Service) func(context.Context, Caller, taskIDs) (*Plan, error) {
	always := t.askAlways(verb, s)
	return func(ctx context.Context, c Caller, in taskIDs) (*Plan, error) {
		if len(in.IDs) <= MaxUnasked {
			return nil, nil //nolint:nilnil // nothing to ask is a plan, too
		}
		return always(ctx, c, in)
	}
}

func (t taskTools) askAlways(verb string, s task.Service) func(context.Context, Caller, taskIDs) (*Plan, error) {
	return func(ctx context.Context, c Caller, in taskIDs) (*Plan, error) {
		ids, err := parseIDs(in)
		if err != nil {
			return nil, err
		}
		p := &Plan{Text: fmt.Sprintf("%s %s?", verb, plural(len(ids), "task"))}
		for _, id := range ids {
			found, err := s.Get(ctx, c.UserID, id)
			if err != nil {
				return nil, err //nolint:wrapcheck // a fault, to be shown
			}
			p.Cards = append(p.Cards, c.card(found))
		}
		return p, nil
	}
}

func (t taskTools) summarise(ctx context.Context, c Caller, _ struct{}) (Result, error) {
	open := []task.Status{task.Pending, task.Active}
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
			Statuses: open, DueAfter: part.from, DueBefore: part.to, SortBy: task.ByDueAt, Limit: listLimit,
		})
		if err != nil {
			return Result{}, err //nolint:wrapcheck // a fault, to be shown
		}
		count := fmt.Sprint(len(page.Items))
		if page.Next != nil {
			count, r.More = "more than "+count, r.More+1
		}
		parts = append(parts, count+" "+part.name)
		for _, item := range page.Items {
			r.Cards = append(r.Cards, c.card(item))
		}
	}
	r.Text = strings.Join(parts, ", ") + "."
	return r, nil
}

func (c Caller) card(t task.Task) Card {
	card := Card{Kind: "task", ID: t.ID, Title: t.Title, Status: string(t.Status)}
	if t.DueAt != nil {
		card.Detail = "due " + c.when(*t.DueAt)
	}
	return card
}
