package apiclient

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// Reminder tells of a task at an instant, or so long before it is due.
type Reminder struct {
	ID     uuid.UUID `json:"id"`
	TaskID uuid.UUID `json:"task_id"`
	Task   struct {
		Title  string     `json:"title"`
		Status string     `json:"status"`
		DueAt  *time.Time `json:"due_at"`
	} `json:"task"`
	OffsetMinutes *int       `json:"offset_minutes"`
	RemindAt      *time.Time `json:"remind_at"`
	ScheduledFor  *time.Time `json:"scheduled_for"`
	Status        string     `json:"status"`
}

// NewReminder has either an offset or an instant.
type NewReminder struct {
	TaskID        string     `json:"task_id"`
	OffsetMinutes *int       `json:"offset_minutes,omitempty"`
	RemindAt      *time.Time `json:"remind_at,omitempty"`
}

// Reminders lists those that are to come, of one task or of all (uuid.Nil), the
// soonest first, at most 200.
func (c Caller) Reminders(ctx context.Context, task uuid.UUID) ([]Reminder, error) {
	var page struct {
		Items []Reminder `json:"items"`
	}
	query := url.Values{"status": {Pending}, "limit": {"200"}}
	if task != uuid.Nil {
		query.Set("task_id", task.String())
	}
	err := c.do(ctx, request{method: http.MethodGet, path: "/api/reminders", query: query}, &page)
	return page.Items, err
}

// Reminder gets one.
func (c Caller) Reminder(ctx context.Context, id uuid.UUID) (Reminder, error) {
	var reminder Reminder
	err := c.do(ctx, request{method: http.MethodGet, path: "/api/reminders/" + id.String()}, &reminder)
	return reminder, err
}

// CreateReminder makes one. The same key twice makes one reminder; "" is a fresh key.
func (c Caller) CreateReminder(ctx context.Context, in NewReminder, key string) (Reminder, error) {
	var reminder Reminder
	err := c.do(ctx, request{method: http.MethodPost, path: "/api/reminders", body: in, key: key}, &reminder)
	return reminder, err
}

// CancelReminder takes one back.
func (c Caller) CancelReminder(ctx context.Context, id uuid.UUID) error {
	return c.do(ctx, request{method: http.MethodDelete, path: "/api/reminders/" + id.String()}, nil)
}

// SnoozeReminder lets it come again at an instant.
func (c Caller) SnoozeReminder(ctx context.Context, id uuid.UUID, until time.Time) (Reminder, error) {
	var reminder Reminder
	body := map[string]time.Time{"until": until}
	err := c.do(ctx, request{method: http.MethodPost, path: "/api/reminders/" + id.String() + "/snooze", body: body}, &reminder)
	return reminder, err
}

// Notification is something that a person was told.
type Notification struct {
	ID         uuid.UUID  `json:"id"`
	Kind       string     `json:"kind"` // reminder or missed
	TaskID     uuid.UUID  `json:"task_id"`
	ReminderID uuid.UUID  `json:"reminder_id"`
	Title      string     `json:"title"`
	Body       string     `json:"body"`
	Quiet      bool       `json:"quiet"`
	ReadAt     *time.Time `json:"read_at"`
	CreatedAt  time.Time  `json:"created_at"`
}

// Notifications are a page of them, newest first.
type Notifications struct {
	Items       []Notification `json:"items"`
	NextCursor  string         `json:"next_cursor"`
	UnreadCount int            `json:"unread_count"` // of all
}

// Notifications lists.
func (c Caller) Notifications(ctx context.Context, unread bool, limit int, cursor string) (Notifications, error) {
	var page Notifications
	query := url.Values{"limit": {strconv.Itoa(limit)}, "unread": {strconv.FormatBool(unread)}}
	if cursor != "" {
		query.Set("cursor", cursor)
	}
	err := c.do(ctx, request{method: http.MethodGet, path: "/api/notifications", query: query}, &page)
	return page, err
}

// ReadNotification marks one as read.
func (c Caller) ReadNotification(ctx context.Context, id uuid.UUID) (Notification, error) {
	var notification Notification
	err := c.do(ctx, request{method: http.MethodPost, path: "/api/notifications/" + id.String() + "/read"}, &notification)
	return notification, err
}

// ReadNotifications marks all as read that were created until an instant.
func (c Caller) ReadNotifications(ctx context.Context, until time.Time) error {
	return c.do(ctx, request{method: http.MethodPost, path: "/api/notifications/read", body: map[string]time.Time{"until": until}}, nil)
}

// Channel is a way beside the application to be told.
type Channel struct {
	Name      string `json:"name"` // push or email
	Available bool   `json:"available"`
	Enabled   bool   `json:"enabled"`
	PublicKey string `json:"public_key"`
}

// Channels lists them.
func (c Caller) Channels(ctx context.Context) ([]Channel, error) {
	var list struct {
		Items []Channel `json:"items"`
	}
	err := c.do(ctx, request{method: http.MethodGet, path: "/api/notifications/channels"}, &list)
	return list.Items, err
}

// PushSubscription is what a browser says of where to push to.
type PushSubscription struct {
	Endpoint string `json:"endpoint"`
	Keys     struct {
		P256dh string `json:"p256dh"`
		Auth   string `json:"auth"`
	} `json:"keys"`
}

// Subscription is a browser that gets pushes.
type Subscription struct {
	ID        uuid.UUID `json:"id"`
	Endpoint  string    `json:"endpoint"`
	CreatedAt time.Time `json:"created_at"`
}

// Subscriptions lists the browsers that get pushes.
func (c Caller) Subscriptions(ctx context.Context) ([]Subscription, error) {
	var list struct {
		Items []Subscription `json:"items"`
	}
	err := c.do(ctx, request{method: http.MethodGet, path: "/api/notifications/subscriptions"}, &list)
	return list.Items, err
}

// Subscribe lets a browser get pushes.
func (c Caller) Subscribe(ctx context.Context, in PushSubscription) error {
	return c.do(ctx, request{method: http.MethodPost, path: "/api/notifications/subscriptions", body: in}, nil)
}

// Unsubscribe lets it get no more.
func (c Caller) Unsubscribe(ctx context.Context, id uuid.UUID) error {
	return c.do(ctx, request{method: http.MethodDelete, path: "/api/notifications/subscriptions/" + id.String()}, nil)
}
