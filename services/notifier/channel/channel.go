// Package channel tells people outside the app: by push and by e-mail. What is to be
// told waits in the table deliveries; each channel has a worker of its own, so that
// one that fails holds up neither the others nor the app.
package channel

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"
)

// The names of the channels.
const (
	Push  = "push"
	Email = "email"
)

// Message is what a channel tells one person at one address.
type Message struct {
	NotificationID uuid.UUID
	ReminderID     uuid.UUID
	TaskID         uuid.UUID
	Title, Body    string
	CreatedAt      time.Time

	Name, Address string       // of the person, for e-mail
	Browser       Subscription // for push
}

// Subscription is a browser that takes pushes (W3C Push API).
type Subscription struct{ Endpoint, P256DH, Auth string }

// Channel tells people. A message may be sent twice, when the process dies in
// between: channels mark it so that the receiver can tell.
type Channel interface {
	Name() string
	// PublicKey is what a person's device needs for the channel, empty when nothing.
	PublicKey() string
	// Send returns when the message is accepted. An error is tried again later, unless
	// it is ErrGone or ErrRefused.
	Send(ctx context.Context, m Message) error
}

var (
	// ErrGone says that the address is no more, and is to be forgotten.
	ErrGone = errors.New("the address is gone")
	// ErrRefused says that no other attempt will do better.
	ErrRefused = errors.New("refused for good")
)

// Set is the channels of a service, each with its worker.
type Set struct {
	pool    *pgxpool.Pool
	log     *slog.Logger
	workers []*worker
}

// NewSet makes the workers of the channels that are configured. now is the clock,
// time.Now outside tests.
func NewSet(pool *pgxpool.Pool, now func() time.Time, log *slog.Logger, reg prometheus.Registerer, channels ...Channel) *Set {
	s := &Set{pool: pool, log: log}
	m := newMetrics(reg)
	for _, c := range channels {
		s.workers = append(s.workers, &worker{
			channel: c, pool: pool, now: now, log: log.With("channel", c.Name()), metrics: m, wake: make(chan struct{}, 1),
		})
	}
	return s
}

// Told is a notification of a person, and when channels may tell it.
type Told struct {
	NotificationID, UserID uuid.UUID
	At                     time.Time
}

// Queue adds to a batch what each channel is to tell: to those who want it.
func (s *Set) Queue(batch *pgx.Batch, all []Told) {
	if len(all) == 0 {
		return
	}
	ids, users, at := make([]uuid.UUID, len(all)), make([]uuid.UUID, len(all)), make([]time.Time, len(all))
	for i, one := range all {
		ids[i], users[i], at[i] = one.NotificationID, one.UserID, one.At
	}
	for _, w := range s.workers {
		statement := `
			INSERT INTO deliveries (user_id, notification_id, channel, next_attempt_at)
			SELECT n.user_id, n.id, $4, n.at FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) AS n (id, user_id, at)
			JOIN users u ON u.id = n.user_id WHERE u.notify_email`
		if w.channel.Name() == Push {
			statement = `
			INSERT INTO deliveries (user_id, notification_id, channel, next_attempt_at, subscription_id)
			SELECT n.user_id, n.id, $4, n.at, s.id FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) AS n (id, user_id, at)
			JOIN push_subscriptions s ON s.user_id = n.user_id`
		}
		batch.Queue(statement, ids, users, at, w.channel.Name())
	}
}

// Wake tells the workers that deliveries have been committed. It never blocks, and a
// lost call costs no more than a worker's next look.
func (s *Set) Wake() {
	for _, w := range s.workers {
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
}

// Run says which channels there are, and works until ctx ends. What is on its way
// then is given a moment to arrive.
func (s *Set) Run(ctx context.Context) error {
	for s.announce(ctx) != nil {
		s.log.WarnContext(ctx, "the channels cannot be announced yet")
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Second):
		}
	}
	var all errgroup.Group
	for _, w := range s.workers {
		all.Go(func() error { w.run(ctx); return nil })
	}
	all.Go(func() error { s.purge(ctx); return nil })
	return all.Wait() //nolint:wrapcheck // nil
}

// announce lets api know which channels users may choose.
func (s *Set) announce(ctx context.Context) error {
	for _, name := range []string{Push, Email} {
		key := ""
		i := slices.IndexFunc(s.workers, func(w *worker) bool { return w.channel.Name() == name })
		if i >= 0 {
			key = s.workers[i].channel.PublicKey()
		}
		_, err := s.pool.Exec(ctx, `
			INSERT INTO channels (name, available, public_key) VALUES ($1, $2, $3)
			ON CONFLICT (name) DO UPDATE SET available = $2, public_key = $3, updated_at = now()`, name, i >= 0, key)
		if err != nil {
			return fmt.Errorf("announcing a channel: %w", err)
		}
	}
	return nil
}

// purge forgets what has long been delivered, or been given up.
func (s *Set) purge(ctx context.Context) {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if _, err := s.pool.Exec(ctx, `DELETE FROM deliveries WHERE status <> 'pending' AND created_at < now() - $1::interval`,
			keep); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "purging deliveries", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
