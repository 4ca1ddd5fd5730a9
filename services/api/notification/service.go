package notification

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Service is what can be done with notifications. Each call acts for one owner;
// what is another user's is as good as none (fault.NotFound).
type Service interface {
	// List is newest first.
	List(ctx context.Context, owner uuid.UUID, q Query) (Page, error)
	// Read marks one as read; one that is read stays as it is.
	Read(ctx context.Context, owner, id uuid.UUID) (Notification, error)
	// ReadAll marks all as read that are not newer than until, and counts them.
	ReadAll(ctx context.Context, owner uuid.UUID, until *time.Time) (int, error)

	Channels(ctx context.Context, owner uuid.UUID) ([]Channel, error)
	Subscriptions(ctx context.Context, owner uuid.UUID) ([]Subscription, error)
	// Subscribe takes a browser's pushes over for the owner, whoever had them before.
	// It is fault.Conflict when push is not available.
	Subscribe(ctx context.Context, owner uuid.UUID, s NewSubscription) (Subscription, error)
	Unsubscribe(ctx context.Context, owner, id uuid.UUID) error
}

// How many notifications a page has.
const (
	DefaultLimit = 50
	MaxLimit     = 200
)

// Query says which notifications.
type Query struct {
	Unread bool // only those
	Limit  int
	After  *Cursor
}

// Page is one page of a list. Next is nil on the last.
type Page struct {
	Items  []Notification
	Next   *Cursor
	Unread int // of all
}

// Cursor is the place behind the last notification of a page.
type Cursor struct {
	At time.Time `json:"t"`
	ID uuid.UUID `json:"i"`
}

// Store keeps read marks and subscriptions, and tells open tabs of each change.
type Store interface {
	List(ctx context.Context, owner uuid.UUID, q Query) (Page, error)
	Read(ctx context.Context, owner, id uuid.UUID, at time.Time) (Notification, error)
	ReadAll(ctx context.Context, owner uuid.UUID, until, at time.Time) (int, error)
	Channels(ctx context.Context, owner uuid.UUID) ([]Channel, error)
	Subscriptions(ctx context.Context, owner uuid.UUID) ([]Subscription, error)
	Subscribe(ctx context.Context, owner uuid.UUID, s NewSubscription) (Subscription, error)
	Unsubscribe(ctx context.Context, owner, id uuid.UUID) error
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

// Read implements Service.
func (s *service) Read(ctx context.Context, owner, id uuid.UUID) (Notification, error) {
	return s.store.Read(ctx, owner, id, s.now())
}

// ReadAll implements Service.
func (s *service) ReadAll(ctx context.Context, owner uuid.UUID, until *time.Time) (int, error) {
	now := s.now()
	if until == nil {
		until = &now
	}
	return s.store.ReadAll(ctx, owner, *until, now)
}

// Channels implements Service.
func (s *service) Channels(ctx context.Context, owner uuid.UUID) ([]Channel, error) {
	return s.store.Channels(ctx, owner)
}

// Subscriptions implements Service.
func (s *service) Subscriptions(ctx context.Context, owner uuid.UUID) ([]Subscription, error) {
	return s.store.Subscriptions(ctx, owner)
}

// Subscribe implements Service.
func (s *service) Subscribe(ctx context.Context, owner uuid.UUID, in NewSubscription) (Subscription, error) {
	if err := in.Check(); err != nil {
		return Subscription{}, err
	}
	return s.store.Subscribe(ctx, owner, in)
}

// Unsubscribe implements Service.
func (s *service) Unsubscribe(ctx context.Context, owner, id uuid.UUID) error {
	return s.store.Unsubscribe(ctx, owner, id)
}
