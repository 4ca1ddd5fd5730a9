// Package notification shows users what they were told, and keeps which channels
// beside the app may tell them. Notifications themselves are notifier's to make.
package notification

import (
	"crypto/ecdh"
	"encoding/base64"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/fault"
)

// Notification is something that a user was told. Times are UTC.
type Notification struct {
	ID           uuid.UUID  `json:"id"`
	Kind         string     `json:"kind"` // reminder, or missed: too late to be of use
	TaskID       uuid.UUID  `json:"task_id"`
	ReminderID   uuid.UUID  `json:"reminder_id"`
	Title        string     `json:"title"`
	Body         string     `json:"body"`
	ScheduledFor time.Time  `json:"scheduled_for"`
	LateSeconds  int        `json:"late_seconds"` // 0 when on time
	Quiet        bool       `json:"quiet"`        // it was the user's quiet time: no sound, no toast
	ReadAt       *time.Time `json:"read_at"`
	CreatedAt    time.Time  `json:"created_at"`
	Deliveries   []Delivery `json:"deliveries"` // through channels beside the app
}

// Delivery is what came of a notification in one channel, at one address.
type Delivery struct {
	Channel  string `json:"channel"`
	Status   string `json:"status"` // pending, sent, dropped (read or done meanwhile) or dead
	Attempts int    `json:"attempts"`
	Error    string `json:"error"` // of the last attempt, empty when it went well
}

// Channel is a way to tell a user outside the app.
type Channel struct {
	Name      string `json:"name"`       // push or email
	Available bool   `json:"available"`  // this Rondo is configured for it
	Enabled   bool   `json:"enabled"`    // the user wants it
	PublicKey string `json:"public_key"` // of push: what a browser subscribes with (RFC 8292), in base64url
}

// The channels.
const (
	Push  = "push"
	Email = "email"
)

// Subscription is a browser that takes pushes.
type Subscription struct {
	ID        uuid.UUID `json:"id"`
	Endpoint  string    `json:"endpoint"`
	CreatedAt time.Time `json:"created_at"`
}

// NewSubscription is what a browser's PushSubscription says of itself (W3C Push API).
type NewSubscription struct {
	Endpoint string
	P256DH   string // its public key, an uncompressed point of P-256 in base64url
	Auth     string // its authentication secret, 16 bytes in base64url
}

// Limits of subscriptions.
const (
	MaxSubscriptions = 20 // of one user; the oldest makes room
	maxEndpoint      = 2048
	authSize         = 16 // RFC 8291 §3.2
)

// Check says which fields are bad. Keys lose their padding, which some browsers add.
func (s *NewSubscription) Check() error {
	var bad []fault.Field
	complain := func(field, message string) { bad = append(bad, fault.Field{Name: field, Message: message}) }
	if u, err := url.Parse(s.Endpoint); err != nil || u.Scheme != "https" || u.Host == "" || len(s.Endpoint) > maxEndpoint {
		complain("endpoint", "must be the https address that the browser gave")
	}
	point, err := decode(&s.P256DH)
	if err == nil {
		_, err = ecdh.P256().NewPublicKey(point)
	}
	if err != nil {
		complain("keys.p256dh", "must be a P-256 public key in base64url, as the browser gave it")
	}
	if secret, err := decode(&s.Auth); err != nil || len(secret) != authSize {
		complain("keys.auth", "must be 16 bytes in base64url, as the browser gave them")
	}
	if err := fault.InvalidFields(bad); err != nil {
		return err
	}
	return nil
}

func decode(text *string) ([]byte, error) {
	*text = strings.TrimRight(*text, "=")
	return base64.RawURLEncoding.DecodeString(*text)
}
