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
