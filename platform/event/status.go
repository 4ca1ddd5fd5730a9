package event

// TaskStatus is where a task stands.
type TaskStatus string

// The statuses of a task.
const (
	TaskPending   TaskStatus = "pending"
	TaskActive    TaskStatus = "active"
	TaskCompleted TaskStatus = "completed"
	TaskCancelled TaskStatus = "cancelled" // deleted by its owner, who can bring it back
	TaskSkipped   TaskStatus = "skipped"   // an occurrence that its series left out
	TaskFailed    TaskStatus = "failed"
)

// Open tells whether there is still something to do.
func (s TaskStatus) Open() bool { return s == TaskPending || s == TaskActive }

// SeriesStatus is where a series stands: pending -> active <-> paused -> completed,
// and from any of them to cancelled.
type SeriesStatus string

// The statuses of a series.
const (
	SeriesPending   SeriesStatus = "pending" // not scheduled yet
	SeriesActive    SeriesStatus = "active"
	SeriesPaused    SeriesStatus = "paused"
	SeriesCompleted SeriesStatus = "completed" // its rule has no more occurrences
	SeriesCancelled SeriesStatus = "cancelled"
)

// ReminderStatus is where a reminder stands.
type ReminderStatus string

// The statuses of a reminder.
const (
	ReminderPending    ReminderStatus = "pending"
	ReminderSent       ReminderStatus = "sent"
	ReminderMissed     ReminderStatus = "missed"     // its time passed longer ago than the grace
	ReminderSuppressed ReminderStatus = "suppressed" // the task was done or gone
	ReminderFailed     ReminderStatus = "failed"
	ReminderWithdrawn  ReminderStatus = "cancelled"
)
