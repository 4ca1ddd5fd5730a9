package reminder

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/fault"
)

// Service is what can be done with reminders. Each call acts for one owner; another
// user's reminder is as good as none (fault.NotFound). A version that is not nil has
// to be the current one, else the call fails with fault.Stale and changes nothing.
type Service interface {
	// List is by the instant, the soonest first, those without one last.
	List(ctx context.Context, owner uuid.UUID, q Query) (Page, error)
	Get(ctx context.Context, owner, id uuid.UUID) (Reminder, error)
	Create(ctx context.Context, owner uuid.UUID, d Draft) (Reminder, error)
	// Snooze lets a reminder come again, or later, whether it was told or is still to be.
	Snooze(ctx context.Context, owner, id uuid.UUID, version *int64, s Snooze) (Reminder, error)
	// Cancel takes a reminder back; a cancelled one stays as it is.
	Cancel(ctx context.Context, owner, id uuid.UUID, version *int64) (Reminder, error)
}

// How many reminders a page has.
const (
	DefaultLimit = 50
	MaxLimit     = 200
)

// Query says which reminders. Zero values do not restrict; conditions add up.
type Query struct {
	TaskID   *uuid.UUID
	Statuses []Status // any of them; empty: all but Cancelled
	Limit    int
	After    *Cursor
}

// Page is one page of a list. Next is nil on the last.
type Page struct {
	Items []Reminder
	Next  *Cursor
}

// Cursor is the place behind the last reminder of a page.
type Cursor struct {
	At *time.Time `json:"t"` // its instant
	ID uuid.UUID  `json:"i"`
}

// Store keeps reminders, and records the event of each change with it.
type Store interface {
	List(ctx context.Context, owner uuid.UUID, q Query) (Page, error)
	Get(ctx context.Context, owner, id uuid.UUID) (Reminder, error)
	// Insert keeps what create makes for the task, which nobody changes meanwhile, and
	// for which there are others already that are not cancelled.
	Insert(ctx context.Context, owner, taskID uuid.UUID, create func(of Task, others []Reminder) (Reminder, error)) (Reminder, error)
	// Change replaces a reminder by what change makes of it, while nobody else can
	// change it. One that change returns as it was is left alone.
	Change(ctx context.Context, owner, id uuid.UUID, change func(Reminder) (Reminder, error)) (Reminder, error)
}

// NewService makes the service. now is the clock, time.Now outside tests.
func NewService(store Store, now func() time.Time) Service { return &service{store, now} }

type service struct {
	store Store
	now   func() time.Time
}

// List implements Service.
func (s *service) List(ctx context.Context, owner uuid.UUID, q Query) (Page, error) {
	return s.store.List(ctx, owner, q)
}

// Get implements Service.
func (s *service) Get(ctx context.Context, owner, id uuid.UUID) (Reminder, error) {
	return s.store.Get(ctx, owner, id)
}

// Create implements Service.
func (s *service) Create(ctx context.Context, owner uuid.UUID, d Draft) (Reminder, error) {
	if err := d.Check(s.now()); err != nil {
		return Reminder{}, err
	}
	return s.store.Insert(ctx, owner, d.TaskID, func(of Task, others []Reminder) (Reminder, error) {
		return New(owner, d, of, others, s.now())
	})
}

// Snooze implements Service.
func (s *service) Snooze(ctx context.Context, owner, id uuid.UUID, version *int64, how Snooze) (Reminder, error) {
	return s.change(ctx, owner, id, version, func(r Reminder) (Reminder, error) { return r.Snoozed(how, s.now()) })
}

// Cancel implements Service.
func (s *service) Cancel(ctx context.Context, owner, id uuid.UUID, version *int64) (Reminder, error) {
	return s.change(ctx, owner, id, version, func(r Reminder) (Reminder, error) {
		if r.Status != Cancelled {
			r.Status, r.UpdatedAt = Cancelled, s.now().UTC().Truncate(time.Microsecond)
		}
		return r, nil
	})
}

func (s *service) change(
	ctx context.Context, owner, id uuid.UUID, version *int64, change func(Reminder) (Reminder, error),
) (Reminder, error) {
	return s.store.Change(ctx, owner, id, func(r Reminder) (Reminder, error) {
		if version != nil && *version != r.Version {
			return Reminder{}, fault.New(fault.Stale,
				"The reminder has changed meanwhile: it has version %d now, not %d. Load it again.", r.Version, *version)
		}
		return change(r)
	})
}
