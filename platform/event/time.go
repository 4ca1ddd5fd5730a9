package event

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// Series is a recurring task as it stood when the event happened. Times are UTC,
// but for those of the rule, which are wall clock ("2026-03-27T14:00:00") in Timezone.
type Series struct {
	ID              string       `json:"id"`
	Title           string       `json:"title"`
	Description     string       `json:"description"`
	Priority        string       `json:"priority"` // high, medium or low
	Tags            []string     `json:"tags"`     // names, sorted
	ReminderOffsets []int        `json:"reminder_offsets"`
	RRule           string       `json:"rrule"` // RFC 5545 §3.3.10; empty when RDates say all
	DTStart         string       `json:"dtstart"`
	AllDay          bool         `json:"all_day"`
	Timezone        string       `json:"timezone"` // IANA name
	RDates          []string     `json:"rdates"`
	ExDates         []string     `json:"exdates"`
	Mode            string       `json:"mode"`       // schedule or completion
	IfPending       string       `json:"if_pending"` // skip or create
	CatchUp         string       `json:"catch_up"`   // latest, all or none
	PreviousID      *string      `json:"previous_id"`
	Status          SeriesStatus `json:"status"`
	Version         int64        `json:"version"`
	CreatedAt       time.Time    `json:"created_at"`
	UpdatedAt       time.Time    `json:"updated_at"`
}

// RecurringScheduled says that a series came to be.
type RecurringScheduled struct {
	Series Series `json:"series"`
}

// RecurringUpdated says that a series changed: its rule, its template, or that it
// was paused or resumed. No field has changed when an occurrence was taken out of the
// schedule, to be skipped or to be a task before its time.
type RecurringUpdated struct {
	SeriesID      string   `json:"series_id"`
	Version       int64    `json:"version"`
	ChangedFields []string `json:"changed_fields"` // names as in Series, sorted
	Before        Series   `json:"before"`
	After         Series   `json:"after"`
}

// RecurringCancelled says that a series makes no more instances.
type RecurringCancelled struct {
	Series Series `json:"series"`
}

// TaskInstanceCreated says that an occurrence of a series became a task. Its status
// is skipped when the one before was still open and the series leaves such out.
type TaskInstanceCreated struct {
	Task Task `json:"task"`
	// Key is the same for an occurrence however often it is made; see OccurrenceKey.
	Key string `json:"occurrence_key"`
}

// TaskOverdue says that a task's due date passed while it was open.
type TaskOverdue struct {
	TaskID  string    `json:"task_id"`
	Version int64     `json:"version"`
	Title   string    `json:"title"`
	DueAt   time.Time `json:"due_at"`
}

// Grace is how late something that was due may still be done as if on time, saying
// so; what is older is missed.
const Grace = 15 * time.Minute

// Reminder is a reminder as it stood when the event happened. Times are UTC.
type Reminder struct {
	ID     string `json:"id"`
	TaskID string `json:"task_id"`
	// OffsetMinutes is how long before the task is due; nil when RemindAt is set.
	OffsetMinutes *int           `json:"offset_minutes"`
	RemindAt      *time.Time     `json:"remind_at"`
	ScheduledFor  *time.Time     `json:"scheduled_for"` // nil while the task has no due date
	Status        ReminderStatus `json:"status"`
	Version       int64          `json:"version"`
}

// ReminderScheduled says when a reminder is to be delivered: it came to be, was
// snoozed, or follows the due date of its task.
type ReminderScheduled struct {
	Reminder Reminder `json:"reminder"`
}

// ReminderCancelled says that a reminder will not be delivered.
type ReminderCancelled struct {
	Reminder Reminder `json:"reminder"`
}

// Notification is what a person is told. Times are UTC.
type Notification struct {
	ID         string  `json:"id"`
	Kind       string  `json:"kind"` // reminder, or missed: too late to be of use
	TaskID     string  `json:"task_id"`
	ReminderID *string `json:"reminder_id"`
	Title      string  `json:"title"`
	Body       string  `json:"body"`
	// ScheduledFor is when it was meant to be told, LateSeconds how much later it was;
	// 0 when on time.
	ScheduledFor time.Time `json:"scheduled_for"`
	LateSeconds  int       `json:"late_seconds"`
	// Quiet asks for no sound and no toast: it is the person's quiet time.
	Quiet     bool      `json:"quiet"`
	CreatedAt time.Time `json:"created_at"`
}

// NotificationCreated tells open tabs what to show.
type NotificationCreated struct {
	Notification Notification `json:"notification"`
}

// EventType implements Payload.
func (RecurringScheduled) EventType() Type { return "recurring.scheduled" }

// EventType implements Payload.
func (RecurringUpdated) EventType() Type { return "recurring.updated" }

// EventType implements Payload.
func (RecurringCancelled) EventType() Type { return "recurring.cancelled" }

// EventType implements Payload.
func (TaskInstanceCreated) EventType() Type { return "task.instance_created" }

// EventType implements Payload.
func (TaskOverdue) EventType() Type { return "task.overdue" }

// EventType implements Payload.
func (ReminderScheduled) EventType() Type { return "reminder.scheduled" }

// EventType implements Payload.
func (ReminderCancelled) EventType() Type { return "reminder.cancelled" }

// EventType implements Payload.
func (NotificationCreated) EventType() Type { return "notification.created" }

// OccurrenceKey identifies an occurrence of a user's series, whoever asks for it and
// however often: the first 16 digits of a SHA-256 (the plan's formula).
func OccurrenceKey(userID, seriesID string, at time.Time) string {
	sum := sha256.Sum256([]byte(userID + ":" + seriesID + ":" + at.UTC().Format(time.RFC3339)))
	return hex.EncodeToString(sum[:])[:16]
}
