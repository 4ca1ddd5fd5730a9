// Package reminder keeps when a user wants to be told of a task. Delivering is
// notifier's: this package says when, and notifier reads it from the same rows.
package reminder

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/fault"
)

const (
	// MaxPerTask is how many reminders a task may have, cancelled ones not counted.
	MaxPerTask = 20
	// MaxOffset is how many minutes before the due date a reminder may come: a year.
	MaxOffset = 365 * 24 * 60
	// horizon is how far ahead an instant may lie.
	horizon = 20 * 365 * 24 * time.Hour
	// slack is how long ago an instant may be that somebody asks for: who picks the
	// present minute means now.
	slack = time.Minute
)

// Status is where a reminder stands; events use the same words.
type Status = event.ReminderStatus

// The statuses.
const (
	Pending    = event.ReminderPending
	Sent       = event.ReminderSent
	Missed     = event.ReminderMissed     // its instant passed longer ago than event.Grace
	Suppressed = event.ReminderSuppressed // the task was done or gone; reopening it wakes the reminder
	Failed     = event.ReminderFailed
	Cancelled  = event.ReminderWithdrawn
)

// Statuses lists all.
func Statuses() []Status { return []Status{Pending, Sent, Missed, Suppressed, Failed, Cancelled} }

// Reminder tells a user of a task at an instant: a fixed one, or so long before the
// task is due. Instants are UTC and whole seconds.
type Reminder struct {
	ID     uuid.UUID `json:"id"`
	Owner  uuid.UUID `json:"-"`
	TaskID uuid.UUID `json:"task_id"`
	Task   Task      `json:"task"`
	// OffsetMinutes is how long before the task is due; nil when RemindAt is set.
	OffsetMinutes *int       `json:"offset_minutes"`
	RemindAt      *time.Time `json:"remind_at"`
	// ScheduledFor is the delivery that is to come, or was; nil while the task that
	// OffsetMinutes counts from has no due date.
	ScheduledFor *time.Time `json:"scheduled_for"`
	Status       Status     `json:"status"`
	Version      int64      `json:"version"` // 1, and one more with each change
	DeliveredAt  *time.Time `json:"delivered_at"`
	CreatedAt    time.Time  `json:"created_at"`
	UpdatedAt    time.Time  `json:"updated_at"`
}

// Task is what of its task a reminder is shown with.
type Task struct {
	Title  string           `json:"title"`
	Status event.TaskStatus `json:"status"`
	DueAt  *time.Time       `json:"due_at"`
}

// Draft is a reminder to be made: for an instant, or so many minutes before the
// task is due.
type Draft struct {
	TaskID        uuid.UUID
	OffsetMinutes *int
	RemindAt      *time.Time
}

// Check says which fields are bad, whatever the task is.
func (d Draft) Check(now time.Time) error {
	switch {
	case d.OffsetMinutes == nil && d.RemindAt == nil:
		return fault.Invalidf("remind_at", "is required, or offset_minutes in its place")
	case d.OffsetMinutes != nil && d.RemindAt != nil:
		return fault.Invalidf("offset_minutes", "cannot be given together with remind_at")
	case d.OffsetMinutes != nil:
		if *d.OffsetMinutes < 0 || *d.OffsetMinutes > MaxOffset {
			return fault.Invalidf("offset_minutes", "must be a whole number from 0 to %d", MaxOffset)
		}
		return nil
	}
	return checkInstant("remind_at", *d.RemindAt, now.Add(-slack), now)
}

func checkInstant(field string, at, earliest, now time.Time) error {
	switch {
	case at.Before(earliest):
		return fault.Invalidf(field, "is past")
	case at.After(now.Add(horizon)):
		return fault.Invalidf(field, "is more than 20 years ahead")
	}
	return nil
}

// New makes a reminder for a task of the owner, which others are for already, or
// says why it cannot be.
func New(owner uuid.UUID, d Draft, of Task, others []Reminder, now time.Time) (Reminder, error) {
	if err := d.Check(now); err != nil {
		return Reminder{}, err
	}
	if err := open(of); err != nil {
		return Reminder{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Reminder{}, fmt.Errorf("making a reminder id: %w", err)
	}
	created := now.UTC().Truncate(time.Microsecond)
	r := Reminder{
		ID: id, Owner: owner, TaskID: d.TaskID, Task: of, OffsetMinutes: d.OffsetMinutes,
		Status: Pending, Version: 1, CreatedAt: created, UpdatedAt: created,
	}
	if d.RemindAt != nil {
		at := second(*d.RemindAt)
		r.RemindAt, r.ScheduledFor = &at, &at
	} else {
		if of.DueAt == nil {
			return Reminder{}, fault.Invalidf("offset_minutes", "counts from the due date, and the task has none; give remind_at instead")
		}
		at := before(*of.DueAt, *d.OffsetMinutes)
		if at.Before(now.Add(-slack)) {
			return Reminder{}, fault.Invalidf("offset_minutes", "would remind at %s, which is past", at.Format(time.RFC3339))
		}
		r.ScheduledFor = &at
	}
	if len(others) >= MaxPerTask {
		return Reminder{}, fault.New(fault.Conflict, "The task has %d reminders; please delete one first.", len(others)).
			Because("too_many_reminders", nil)
	}
	for _, other := range others {
		if other.Status == Pending && other.ScheduledFor != nil && other.ScheduledFor.Equal(*r.ScheduledFor) {
			return Reminder{}, fault.New(fault.Conflict, "The task has a reminder for this time already.").Because("reminder_exists", nil)
		}
	}
	return r, nil
}

func open(of Task) error {
	if of.Status.Open() {
		return nil
	}
	return fault.New(fault.Conflict, "The task is %s. Reopen it to be reminded of it.", of.Status).Because("task_closed", nil)
}

// Snooze is for how long, or until when, a reminder is to keep quiet.
type Snooze struct {
	Minutes *int
	Until   *time.Time
}

// Snoozed returns the reminder as it is when it is to come again.
func (r Reminder) Snoozed(s Snooze, now time.Time) (Reminder, error) {
	var at time.Time
	switch {
	case s.Minutes == nil && s.Until == nil:
		return Reminder{}, fault.Invalidf("minutes", "is required, or until in its place")
	case s.Minutes != nil && s.Until != nil:
		return Reminder{}, fault.Invalidf("until", "cannot be given together with minutes")
	case s.Until != nil:
		at = second(*s.Until)
		if err := checkInstant("until", at, now, now); err != nil {
			return Reminder{}, err
		}
	case *s.Minutes < 1 || *s.Minutes > MaxOffset:
		return Reminder{}, fault.Invalidf("minutes", "must be a whole number from 1 to %d", MaxOffset)
	default:
		at = second(now.Add(time.Duration(*s.Minutes) * time.Minute))
	}
	if r.Status == Cancelled {
		return Reminder{}, fault.New(fault.Conflict, "The reminder is cancelled. Make a new one.").Because("reminder_cancelled", nil)
	}
	if err := open(r.Task); err != nil {
		return Reminder{}, err
	}
	return r.pending(at, now), nil
}

// Follow returns the reminder as it is when its task, which is open or not, is due at
// another time, or at none, and whether that is a change; r.Task is as it was before.
// Fixed instants don't follow, and what was told isn't told again, unless the new instant
// is still to come. A snooze outlives the due date: its instant was asked for by itself.
func (r Reminder) Follow(due *time.Time, open bool, now time.Time) (Reminder, bool) {
	if r.OffsetMinutes == nil || r.Status == Cancelled {
		return r, false
	}
	waiting := r.Status == Pending || r.Status == Suppressed
	if due == nil {
		if waiting && r.ScheduledFor != nil && !r.snoozed() {
			r.ScheduledFor, r.UpdatedAt = nil, now.UTC().Truncate(time.Microsecond)
			return r, true
		}
		return r, false
	}
	at := before(*due, *r.OffsetMinutes)
	past := at.Before(now)
	if past && !waiting || r.ScheduledFor != nil && r.ScheduledFor.Equal(at) {
		return r, false
	}
	r = r.pending(at, now)
	switch {
	case !open:
		r.Status = Suppressed
	case at.Before(now.Add(-event.Grace)):
		r.Status = Missed // whoever moves a task into the past need not be told
	}
	return r, true
}

// snoozed tells whether it waits for another instant than the one that it counts.
func (r Reminder) snoozed() bool {
	return r.Task.DueAt == nil || !before(*r.Task.DueAt, *r.OffsetMinutes).Equal(*r.ScheduledFor)
}

// pending is the reminder when it is to be delivered at the instant.
func (r Reminder) pending(at, now time.Time) Reminder {
	r.ScheduledFor, r.Status, r.UpdatedAt = &at, Pending, now.UTC().Truncate(time.Microsecond)
	return r
}

func before(due time.Time, minutes int) time.Time {
	return second(due.Add(-time.Duration(minutes) * time.Minute))
}

// second is the instant at which notifier can be woken: jobs are named to the second.
func second(at time.Time) time.Time { return at.UTC().Truncate(time.Second) }

// Snapshot is the reminder as events carry it.
func Snapshot(r Reminder) event.Reminder {
	return event.Reminder{
		ID: r.ID.String(), TaskID: r.TaskID.String(), OffsetMinutes: r.OffsetMinutes, RemindAt: r.RemindAt,
		ScheduledFor: r.ScheduledFor, Status: r.Status, Version: r.Version,
	}
}
