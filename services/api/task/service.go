package task

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/fault"
)

// Service is what can be done with tasks. Each call acts for one owner; another
// user's task is as good as none (fault.NotFound). A version that is not nil has
// to be the current one, else the call fails with fault.Stale and changes nothing.
type Service interface {
	Create(ctx context.Context, owner uuid.UUID, d Draft) (Task, error)
	Get(ctx context.Context, owner, id uuid.UUID) (Task, error)
	List(ctx context.Context, owner uuid.UUID, q Query) (Page, error)
	Update(ctx context.Context, owner, id uuid.UUID, version *int64, c Change) (Task, error)
	// Complete finishes an open task; a finished one stays as it is.
	Complete(ctx context.Context, owner, id uuid.UUID, version *int64) (Task, error)
	// Reopen makes a task pending again, also a deleted one.
	Reopen(ctx context.Context, owner, id uuid.UUID, version *int64) (Task, error)
	// Delete cancels a task: it leaves the lists, and Reopen brings it back.
	Delete(ctx context.Context, owner, id uuid.UUID, version *int64) (Task, error)
	// History is what happened to a task, oldest first.
	History(ctx context.Context, owner, id uuid.UUID) ([]HistoryEntry, error)
}

// HistoryEntry is one event of a task's life.
type HistoryEntry struct {
	ID            uuid.UUID       `json:"id"` // the event's
	Version       int64           `json:"version"`
	Type          event.Type      `json:"type"`
	At            time.Time       `json:"at"`
	ChangedFields []string        `json:"changed_fields"`
	Before        json.RawMessage `json:"before"` // a task, null at its creation
	After         json.RawMessage `json:"after"`
}

// Store keeps tasks, and records the events of each change with it.
type Store interface {
	Insert(ctx context.Context, t Task) (Task, error)
	Get(ctx context.Context, owner, id uuid.UUID) (Task, error)
	List(ctx context.Context, owner uuid.UUID, q Query) (Page, error)
	// Change replaces a task by what change makes of it, while nobody else can
	// change it. A result without a difference leaves the version as it is.
	Change(ctx context.Context, owner, id uuid.UUID, change func(Task) (Task, error)) (Task, error)
	History(ctx context.Context, owner, id uuid.UUID) ([]HistoryEntry, error)
}

// NewService makes the service. now is the clock, time.Now outside tests.
func NewService(store Store, now func() time.Time) Service {
	return &service{store: store, now: now}
}

type service struct {
	store Store
	now   func() time.Time
}

// Create implements Service.
func (s *service) Create(ctx context.Context, owner uuid.UUID, d Draft) (Task, error) {
	t, err := New(owner, d, s.now())
	if err != nil {
		return Task{}, err
	}
	return s.store.Insert(ctx, t)
}

// Get implements Service.
func (s *service) Get(ctx context.Context, owner, id uuid.UUID) (Task, error) {
	return s.store.Get(ctx, owner, id)
}

// List implements Service.
func (s *service) List(ctx context.Context, owner uuid.UUID, q Query) (Page, error) {
	return s.store.List(ctx, owner, q)
}

// History implements Service.
func (s *service) History(ctx context.Context, owner, id uuid.UUID) ([]HistoryEntry, error) {
	return s.store.History(ctx, owner, id)
}

// Update implements Service.
func (s *service) Update(ctx context.Context, owner, id uuid.UUID, version *int64, c Change) (Task, error) {
	return s.store.Change(ctx, owner, id, func(t Task) (Task, error) {
		if version != nil && *version != t.Version {
			return Task{}, fault.New(fault.Stale,
				"The task has changed meanwhile: it has version %d now, not %d. Load it again.", t.Version, *version)
		}
		return t.Apply(c, s.now())
	})
}

// Complete implements Service.
func (s *service) Complete(ctx context.Context, owner, id uuid.UUID, version *int64) (Task, error) {
	return s.become(ctx, owner, id, version, Completed)
}

// Reopen implements Service.
func (s *service) Reopen(ctx context.Context, owner, id uuid.UUID, version *int64) (Task, error) {
	return s.become(ctx, owner, id, version, Pending)
}

// Delete implements Service.
func (s *service) Delete(ctx context.Context, owner, id uuid.UUID, version *int64) (Task, error) {
	return s.become(ctx, owner, id, version, Cancelled)
}

func (s *service) become(ctx context.Context, owner, id uuid.UUID, version *int64, status Status) (Task, error) {
	return s.Update(ctx, owner, id, version, Change{Status: &status})
}
