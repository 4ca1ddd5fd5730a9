package reminder_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/api/reminder"
)

var (
	now  = time.Date(2026, 11, 24, 8, 0, 0, 500e6, time.UTC)
	open = reminder.Task{Title: "Walk", Status: event.TaskPending, DueAt: new(now.Add(time.Hour))}
)

// after is an instant so long after now, as reminders have them.
func after(d time.Duration) time.Time { return now.Add(d).Truncate(time.Second) }

func TestNewSaysWhenOrWhyNot(t *testing.T) {
	t.Parallel()
	many := make([]reminder.Reminder, reminder.MaxPerTask)
	same := []reminder.Reminder{{Status: reminder.Pending, ScheduledFor: new(after(45 * time.Minute))}}
	told := []reminder.Reminder{{Status: reminder.Sent, ScheduledFor: new(after(45 * time.Minute))}}
	for name, test := range map[string]struct {
		draft  reminder.Draft
		of     reminder.Task
		others []reminder.Reminder
		at     time.Time
		reason string // the field, or the fault's reason
	}{
		"before it is due":       {draft: reminder.Draft{OffsetMinutes: new(15)}, of: open, at: after(45 * time.Minute)},
		"when it is due":         {draft: reminder.Draft{OffsetMinutes: new(0)}, of: open, at: after(time.Hour)},
		"at an instant":          {draft: reminder.Draft{RemindAt: new(now.Add(90 * time.Second))}, of: open, at: after(90 * time.Second)},
		"this minute":            {draft: reminder.Draft{RemindAt: new(now.Truncate(time.Minute))}, of: open, at: now.Truncate(time.Minute)},
		"a minute ago":           {draft: reminder.Draft{RemindAt: new(now.Add(-time.Minute - 1))}, of: open, reason: "remind_at"},
		"in 20 years":            {draft: reminder.Draft{RemindAt: new(now.AddDate(20, 1, 0))}, of: open, reason: "remind_at"},
		"never":                  {of: open, reason: "remind_at"},
		"twice":                  {draft: reminder.Draft{RemindAt: &now, OffsetMinutes: new(1)}, of: open, reason: "offset_minutes"},
		"after it is due":        {draft: reminder.Draft{OffsetMinutes: new(-1)}, of: open, reason: "offset_minutes"},
		"more than a year":       {draft: reminder.Draft{OffsetMinutes: new(reminder.MaxOffset + 1)}, of: open, reason: "offset_minutes"},
		"before now":             {draft: reminder.Draft{OffsetMinutes: new(62)}, of: open, reason: "offset_minutes"},
		"no date to count from":  {draft: reminder.Draft{OffsetMinutes: new(1)}, of: reminder.Task{Status: event.TaskActive}, reason: "offset_minutes"},
		"a task that is done":    {draft: reminder.Draft{OffsetMinutes: new(1)}, of: reminder.Task{Status: event.TaskCompleted}, reason: "task_closed"},
		"one too many":           {draft: reminder.Draft{OffsetMinutes: new(1)}, of: open, others: many, reason: "too_many_reminders"},
		"the same again":         {draft: reminder.Draft{OffsetMinutes: new(15)}, of: open, others: same, reason: "reminder_exists"},
		"one that was told then": {draft: reminder.Draft{OffsetMinutes: new(15)}, of: open, others: told, at: after(45 * time.Minute)},
	} {
		r, err := reminder.New(uuid.New(), test.draft, test.of, test.others, now)
		if test.reason != "" {
			var f *fault.Error
			require.ErrorAs(t, err, &f, name)
			if f.Reason != test.reason {
				require.Len(t, f.Fields, 1, name)
				require.Equal(t, test.reason, f.Fields[0].Name, name)
			}
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, test.at, *r.ScheduledFor, name)
		require.Equal(t, reminder.Pending, r.Status, name)
	}
}

func TestFollowingTheDueDate(t *testing.T) {
	t.Parallel()
	offset := func(status reminder.Status, at *time.Time) reminder.Reminder {
		return reminder.Reminder{
			OffsetMinutes: new(15), Status: status, ScheduledFor: at, Task: reminder.Task{DueAt: new(now.Add(time.Hour))},
		}
	}
	snoozed := offset(reminder.Pending, new(after(3*time.Hour)))
	snoozed.DeliveredAt = new(after(-time.Minute))
	soon := new(after(45 * time.Minute)) // of a task due in an hour
	passed := new(after(-time.Hour))
	for name, test := range map[string]struct {
		r      reminder.Reminder
		due    *time.Time
		closed bool
		want   reminder.Status
		at     *time.Time
		same   bool // nothing changes
	}{
		"later":                        {r: offset(reminder.Pending, soon), due: new(now.Add(2 * time.Hour)), want: reminder.Pending, at: new(after(105 * time.Minute))},
		"earlier":                      {r: offset(reminder.Pending, soon), due: new(now.Add(30 * time.Minute)), want: reminder.Pending, at: new(after(15 * time.Minute))},
		"to the same second":           {r: offset(reminder.Pending, soon), due: new(now.Add(time.Hour + 100*time.Millisecond)), same: true},
		"so that it should be told":    {r: offset(reminder.Pending, soon), due: new(now.Add(5 * time.Minute)), want: reminder.Pending, at: new(after(-10 * time.Minute))},
		"so that it is too late":       {r: offset(reminder.Pending, soon), due: new(now.Add(-time.Minute)), want: reminder.Missed, at: new(after(-16 * time.Minute))},
		"away":                         {r: offset(reminder.Pending, soon), want: reminder.Pending},
		"away, again":                  {r: offset(reminder.Pending, nil), same: true},
		"snoozed, and away":            {r: snoozed, same: true},
		"snoozed, and later":           {r: snoozed, due: new(now.Add(2 * time.Hour)), want: reminder.Pending, at: new(after(105 * time.Minute))},
		"back":                         {r: offset(reminder.Pending, nil), due: new(now.Add(time.Hour)), want: reminder.Pending, at: soon},
		"told, and later":              {r: offset(reminder.Sent, passed), due: new(now.Add(time.Hour)), want: reminder.Pending, at: soon},
		"told, and earlier":            {r: offset(reminder.Sent, passed), due: new(now.Add(-2 * time.Hour)), same: true},
		"told, and away":               {r: offset(reminder.Sent, passed), same: true},
		"missed, and later":            {r: offset(reminder.Missed, passed), due: new(now.Add(time.Hour)), want: reminder.Pending, at: soon},
		"failed, and later":            {r: offset(reminder.Failed, passed), due: new(now.Add(time.Hour)), want: reminder.Pending, at: soon},
		"of a closed task":             {r: offset(reminder.Suppressed, soon), due: new(now.Add(2 * time.Hour)), closed: true, want: reminder.Suppressed, at: new(after(105 * time.Minute))},
		"closed this moment":           {r: offset(reminder.Pending, soon), due: new(now.Add(2 * time.Hour)), closed: true, want: reminder.Suppressed, at: new(after(105 * time.Minute))},
		"opened and moved at once":     {r: offset(reminder.Suppressed, passed), due: new(now.Add(time.Hour)), want: reminder.Pending, at: soon},
		"cancelled":                    {r: offset(reminder.Cancelled, soon), due: new(now.Add(2 * time.Hour)), same: true},
		"an instant stays where it is": {r: reminder.Reminder{RemindAt: soon, ScheduledFor: soon, Status: reminder.Pending}, due: new(now.Add(2 * time.Hour)), same: true},
	} {
		got, changed := test.r.Follow(test.due, !test.closed, now)
		require.Equal(t, !test.same, changed, name)
		if test.same {
			require.Equal(t, test.r, got, name)
			continue
		}
		require.Equal(t, test.want, got.Status, name)
		require.Equal(t, test.at, got.ScheduledFor, name)
	}
}

func TestSnoozing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		from   reminder.Status
		of     reminder.Task
		how    reminder.Snooze
		at     time.Time
		reason string
	}{
		"one that was told":     {from: reminder.Sent, of: open, how: reminder.Snooze{Minutes: new(10)}, at: after(10 * time.Minute)},
		"one that was missed":   {from: reminder.Missed, of: open, how: reminder.Snooze{Minutes: new(1)}, at: after(time.Minute)},
		"one that is to come":   {from: reminder.Pending, of: open, how: reminder.Snooze{Until: new(now.Add(24 * time.Hour))}, at: after(24 * time.Hour)},
		"one that passed while": {from: reminder.Suppressed, of: open, how: reminder.Snooze{Minutes: new(10)}, at: after(10 * time.Minute)},
		"of a task without due": {from: reminder.Sent, of: reminder.Task{Status: event.TaskActive}, how: reminder.Snooze{Minutes: new(10)}, at: after(10 * time.Minute)},
		"one that is cancelled": {from: reminder.Cancelled, of: open, how: reminder.Snooze{Minutes: new(10)}, reason: "reminder_cancelled"},
		"of a task that is done": {
			from: reminder.Sent, of: reminder.Task{Status: event.TaskCompleted}, how: reminder.Snooze{Minutes: new(10)},
			reason: "task_closed",
		},
		"until now": {from: reminder.Sent, of: open, how: reminder.Snooze{Until: &now}, reason: "until"},
	} {
		r, err := reminder.Reminder{OffsetMinutes: new(15), Status: test.from, ScheduledFor: &now, Task: test.of}.Snoozed(test.how, now)
		if test.reason != "" {
			var f *fault.Error
			require.ErrorAs(t, err, &f, name)
			if f.Reason != test.reason {
				require.Equal(t, test.reason, f.Fields[0].Name, name)
			}
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, reminder.Pending, r.Status, name)
		require.Equal(t, test.at, *r.ScheduledFor, name)
		require.Equal(t, 15, *r.OffsetMinutes, name)
	}
}
