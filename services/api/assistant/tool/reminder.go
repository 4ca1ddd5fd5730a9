package tool

import (
	"context"
	"time"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/api/reminder"
)

type createReminder struct {
	TaskID        string `json:"task_id"`
	RemindAt      string `json:"remind_at,omitempty" jsonschema:"RFC 3339"`
	MinutesBefore *int   `json:"minutes_before,omitempty" jsonschema:"so long before the task is due, in place of remind_at"`
}

type findReminders struct {
	TaskID string `json:"task_id,omitempty" jsonschema:"only those of this task"`
}

type snoozeReminder struct {
	ID      string `json:"id,omitempty" jsonschema:"the last one that came when left out"`
	Minutes *int   `json:"minutes,omitempty" jsonschema:"from now"`
	Until   string `json:"until,omitempty" jsonschema:"RFC 3339, in place of minutes"`
}

type reminderID struct {
	ID string `json:"id"`
}

// reminders are the tools of the reminder service.
func reminders(s reminder.Service) []Tool {
	t := reminderTools{s}
	return []Tool{
		define("create_reminder", "Remind of a task, at a time or before it is due.", Changes, t.create),
		define("find_reminders", "List reminders.", Reads, t.find),
		define("snooze_reminder", "Let a reminder come again later.", Changes, t.snooze),
		define("cancel_reminder", "Take a reminder back.", Changes, t.cancel),
	}
}

type reminderTools struct{ reminders reminder.Service }

func (t reminderTools) create(ctx context.Context, c Caller, in createReminder) (Result, error) {
	id, err := parseID("task_id", in.TaskID)
	if err != nil {
		return Result{}, err
	}
	draft := reminder.Draft{TaskID: id, OffsetMinutes: in.MinutesBefore}
	if draft.RemindAt, err = instantOnly("remind_at", in.RemindAt); err != nil {
		return Result{}, err
	}
	made, err := t.reminders.Create(ctx, c.UserID, draft)
	if err != nil {
		return Result{}, err //nolint:wrapcheck // a fault, to be shown
	}
	return c.reminded(made), nil
}

func (t reminderTools) find(ctx context.Context, c Caller, in findReminders) (Result, error) {
	q := reminder.Query{Limit: listLimit, Statuses: []reminder.Status{reminder.Pending}}
	if in.TaskID != "" {
		id, err := parseID("task_id", in.TaskID)
		if err != nil {
			return Result{}, err
		}
		q.TaskID = &id
	}
	page, err := t.reminders.List(ctx, c.UserID, q)
	if err != nil {
		return Result{}, err //nolint:wrapcheck // a fault, to be shown
	}
	r := Result{Text: "There are no reminders to come."}
	for _, item := range page.Items {
		r.Cards = append(r.Cards, c.reminderCard(item))
	}
	if n := len(r.Cards); n > 0 {
		r.Text = plural(n, "reminder") + "."
	}
	if page.Next != nil {
		r.More = 1
	}
	return r, nil
}

func (t reminderTools) snooze(ctx context.Context, c Caller, in snoozeReminder) (Result, error) {
	until, err := instantOnly("until", in.Until)
	if err != nil {
		return Result{}, err
	}
	id, err := t.lastUnless(ctx, c, in.ID)
	if err != nil {
		return Result{}, err
	}
	changed, err := t.reminders.Snooze(ctx, c.UserID, id, nil, reminder.Snooze{Minutes: in.Minutes, Until: until})
	if err != nil {
		return Result{}, err //nolint:wrapcheck // a fault, to be shown
	}
	return c.reminded(changed), nil
}

func (t reminderTools) cancel(ctx context.Context, c Caller, in reminderID) (Result, error) {
	id, err := parseID("id", in.ID)
	if err != nil {
		return Result{}, err
	}
	gone, err := t.reminders.Cancel(ctx, c.UserID, id, nil)
	if err != nil {
		return Result{}, err //nolint:wrapcheck // a fault, to be shown
	}
	return Result{Text: "The reminder is off.", Cards: []Card{c.reminderCard(gone)}}, nil
}

func (c Caller) reminded(r reminder.Reminder) Result {
	text := "I will remind you."
	if r.ScheduledFor != nil {
		text = "I will remind you on " + c.when(*r.ScheduledFor) + "."
	}
	return Result{Text: text, Cards: []Card{c.reminderCard(r)}}
}

func (c Caller) reminderCard(r reminder.Reminder) Card {
	card := Card{Kind: "reminder", ID: r.ID, Title: r.Task.Title, Status: string(r.Status)}
	if r.ScheduledFor != nil {
		card.Detail = c.when(*r.ScheduledFor)
	}
	return card
}

func instantOnly(field, text string) (*time.Time, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // absence is a value here
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return nil, fault.Invalidf(field, "must be an RFC 3339 time such as 2026-11-22T09:00:00Z")
	}
	return &at, nil
}
