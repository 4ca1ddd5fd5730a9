package tool

import (
	"context"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/api/notification"
	"github.com/rondohq/rondo/services/api/reminder"
)

type createReminder struct {
	TaskID        string `json:"task_id"`
	RemindAt      string `json:"remind_at,omitempty" jsonschema:"RFC 3339"`
	MinutesBefore *int   `json:"minutes_before,omitempty" jsonschema:"so long before the task is due, in place of remind_at"`
}

type findReminders struct {
	TaskID string `json:"task_id,omitempty" jsonschema:"only those of this task"`
	Sent   bool   `json:"sent,omitempty" jsonschema:"those that have come, too"`
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
func reminders(s Services) []Tool {
	t := reminderTools{s.Reminders, s.Notifications}
	return []Tool{
		define("create_reminder", "Remind of a task that is there, at a time or before it is due.", Adds, t.create),
		define("find_reminders", "List reminders.", Reads, t.find),
		define("snooze_reminder", "Let a reminder come again later.", Changes, t.snooze),
		asking(define("cancel_reminder", "Take a reminder back.", Changes, t.cancel), "Take back", KindReminder, t.named),
	}
}

type reminderTools struct {
	reminders     reminder.Service
	notifications notification.Service
}

func (t reminderTools) create(ctx context.Context, c Caller, in createReminder) (Result, error) {
	id, err := parseID("task_id", in.TaskID)
	if err != nil {
		return Result{}, err
	}
	draft := reminder.Draft{TaskID: id, OffsetMinutes: in.MinutesBefore}
	if draft.RemindAt, err = c.instant("remind_at", in.RemindAt, 0); err != nil {
		return Result{}, err
	}
	made, err := t.reminders.Create(ctx, c.UserID, draft)
	if err != nil {
		return Result{}, err //nolint:wrapcheck // a fault, to be shown
	}
	return Result{Text: c.reminded(made), Cards: []Card{c.reminderCard(made)}}, nil
}

func (t reminderTools) find(ctx context.Context, c Caller, in findReminders) (Result, error) {
	q := reminder.Query{Limit: listLimit, Statuses: []reminder.Status{reminder.Pending}}
	if in.Sent {
		q.Statuses = append(q.Statuses, reminder.Sent, reminder.Missed)
	}
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
	r := Result{Text: "There are no reminders to come.", More: page.Next != nil}
	for _, item := range page.Items {
		r.Cards = append(r.Cards, c.reminderCard(item))
	}
	if n := len(r.Cards); n > 0 {
		r.Text = plural(n, "reminder") + "."
	}
	return r, nil
}

func (t reminderTools) snooze(ctx context.Context, c Caller, in snoozeReminder) (Result, error) {
	until, err := c.instant("until", in.Until, 0)
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
	return Result{Text: c.reminded(changed), Cards: []Card{c.reminderCard(changed)}}, nil
}

// lastUnless is the reminder that the text names, or the one that came last.
func (t reminderTools) lastUnless(ctx context.Context, c Caller, text string) (uuid.UUID, error) {
	if text != "" {
		return parseID("id", text)
	}
	page, err := t.notifications.List(ctx, c.UserID, notification.Query{Limit: 1})
	if err != nil {
		return uuid.Nil, err //nolint:wrapcheck // a fault, to be shown
	}
	if len(page.Items) == 0 {
		return uuid.Nil, fault.New(fault.NotFound, "No reminder has come yet.")
	}
	return page.Items[0].ReminderID, nil
}

// named finds the reminder that arguments name.
func (t reminderTools) named(ctx context.Context, c Caller, in reminderID) ([]Card, error) {
	id, err := parseID("id", in.ID)
	if err != nil {
		return nil, err
	}
	found, err := t.reminders.Get(ctx, c.UserID, id)
	if err != nil {
		return nil, err //nolint:wrapcheck // a fault, to be shown
	}
	return []Card{c.reminderCard(found)}, nil
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

// reminded says when a reminder comes.
func (c Caller) reminded(r reminder.Reminder) string {
	if r.ScheduledFor == nil {
		return "I will remind you."
	}
	return "I will remind you on " + c.when(*r.ScheduledFor) + "."
}

func (c Caller) reminderCard(r reminder.Reminder) Card {
	card := Card{Kind: KindReminder, ID: r.ID, Title: r.Task.Title, Status: string(r.Status), At: c.local(r.ScheduledFor), TaskID: &r.TaskID}
	if r.ScheduledFor != nil {
		card.Detail = c.when(*r.ScheduledFor)
	}
	return card
}
