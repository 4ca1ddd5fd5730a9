package event

import (
	"time"

	"github.com/rondohq/rondo/platform/topology"
)

// Task is a task as it stood when the event happened. Times are UTC.
type Task struct {
	ID           string     `json:"id"`
	Title        string     `json:"title"`
	Description  string     `json:"description"`
	Priority     string     `json:"priority"` // high, medium or low
	Status       string     `json:"status"`   // a TaskStatus
	DueAt        *time.Time `json:"due_at"`
	ParentID     *string    `json:"parent_id"`
	Position     float64    `json:"position"`
	Tags         []string   `json:"tags"` // names, sorted
	Version      int64      `json:"version"`
	SeriesID     *string    `json:"series_id"`
	OccurrenceAt *time.Time `json:"occurrence_at"`
	CompletedAt  *time.Time `json:"completed_at"`
	CreatedAt    time.Time  `json:"created_at"`
	UpdatedAt    time.Time  `json:"updated_at"`
}

// TaskCreated says that a task came to be.
type TaskCreated struct {
	Task Task `json:"task"`
}

// TaskUpdated says that a task changed, in whatever way.
type TaskUpdated struct {
	TaskID        string   `json:"task_id"`
	Version       int64    `json:"version"`
	ChangedFields []string `json:"changed_fields"` // names as in Task, sorted
	Before        Task     `json:"before"`
	After         Task     `json:"after"`
}

// TaskDeleted says that a task was cancelled by its owner; it can be reopened.
type TaskDeleted struct {
	Task Task `json:"task"`
}

// TaskStatusChanged says that a task went from one status to another.
type TaskStatusChanged struct {
	TaskID  string     `json:"task_id"`
	Version int64      `json:"version"`
	From    TaskStatus `json:"from"`
	To      TaskStatus `json:"to"`
	Title   string     `json:"title"`
	Series  *string    `json:"series_id"`
}

// AccountChanged tells open tabs to fetch something again.
type AccountChanged struct {
	Changed AccountPart `json:"changed"`
}

// AccountPart is what of an account changed.
type AccountPart string

// The parts.
const (
	AccountTags          AccountPart = "tags"
	AccountSettings      AccountPart = "settings"
	AccountNotifications AccountPart = "notifications"
)

// EventType implements Payload.
func (TaskCreated) EventType() Type { return "task.created" }

// EventType implements Payload.
func (TaskUpdated) EventType() Type { return "task.updated" }

// EventType implements Payload.
func (TaskDeleted) EventType() Type { return "task.deleted" }

// EventType implements Payload.
func (TaskStatusChanged) EventType() Type { return "task.status_changed" }

// EventType implements Payload.
func (AccountChanged) EventType() Type { return "account.changed" }

// Entry is one event type of the catalogue.
type Entry struct {
	Payload Payload // a zero value, for its Go type
	Topic   topology.Topic
	About   string // one line for people
}

// Catalogue lists every event type that Rondo publishes.
func Catalogue() []Entry {
	return []Entry{
		{TaskCreated{}, topology.TaskEvents, "a task came to be"},
		{TaskUpdated{}, topology.TaskEvents, "a task changed: which fields, before and after"},
		{TaskDeleted{}, topology.TaskEvents, "a task was cancelled by its owner"},
		{RecurringScheduled{}, topology.TaskEvents, "a series came to be"},
		{RecurringUpdated{}, topology.TaskEvents, "a series changed, was paused or resumed"},
		{RecurringCancelled{}, topology.TaskEvents, "a series makes no more instances"},
		{ReminderScheduled{}, topology.Reminders, "when a reminder is to be delivered"},
		{ReminderCancelled{}, topology.Reminders, "a reminder will not be delivered"},
		{TaskInstanceCreated{}, topology.TaskUpdates, "an occurrence of a series became a task"},
		{TaskOverdue{}, topology.TaskUpdates, "a task's due date passed while it was open"},
		{NotificationCreated{}, topology.TaskUpdates, "something to tell a person"},
		{TaskStatusChanged{}, topology.TaskUpdates, "a task went from one status to another"},
		{AccountChanged{}, topology.TaskUpdates, "tags, settings or read marks changed"},
	}
}

// TopicOf is the topic of a type, and whether the catalogue has it.
func TopicOf(t Type) (topology.Topic, bool) {
	for _, entry := range Catalogue() {
		if entry.Payload.EventType() == t {
			return entry.Topic, true
		}
	}
	return topology.Topic{}, false
}
