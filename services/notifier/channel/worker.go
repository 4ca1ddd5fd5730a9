package channel

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
)

const (
	parallel  = 16               // messages of one channel on their way at once
	sendTime  = 10 * time.Second // for one attempt
	drainTime = 3 * time.Second  // for what is on its way when the service stops
	lease     = time.Minute      // after which an attempt that nobody has ended is taken for dead
	poll      = time.Second      // the slow look behind Wake

	retryFirst = 15 * time.Second // doubled with each failure
	retryMost  = time.Hour
	maxTries   = 10             // which takes some two hours
	tooOld     = 24 * time.Hour // nobody wants to be rung up for what was yesterday
	keep       = 30 * 24 * time.Hour

	maxError = 300 // characters of an error that are kept
)

// The statuses of a delivery.
const (
	pending = "pending"
	sent    = "sent"
	dropped = "dropped" // read, done or stale before it left
	dead    = "dead"    // given up
)

type metrics struct {
	outcomes *prometheus.CounterVec
	age      *prometheus.GaugeVec
	waiting  *prometheus.GaugeVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		outcomes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rondo_delivery_attempts_total",
			Help: "Attempts to deliver through a channel, by outcome: sent, retry (failed, comes again), " +
				"dropped (read, done or stale before it left), gone (the address is no more) or dead (given up).",
		}, []string{"channel", "outcome"}),
		age: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "rondo_delivery_queue_age_seconds",
			Help: "How long the oldest delivery that may leave now has been waiting.",
		}, []string{"channel"}),
		waiting: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "rondo_delivery_queue", Help: "Deliveries that may leave now.",
		}, []string{"channel"}),
	}
	reg.MustRegister(m.outcomes, m.age, m.waiting)
	return m
}

// worker delivers through one channel. Several replicas do it at once.
type worker struct {
	channel Channel
	pool    *pgxpool.Pool
	now     func() time.Time
	log     *slog.Logger
	metrics *metrics
	wake    chan struct{}
}

// claimed is a delivery that is this worker's to try.
type claimed struct {
	Message

	id           int64
	userID       uuid.UUID
	subscription *uuid.UUID
	attempts     int
	over         bool // read, done or stale
}

// run delivers until ctx ends. A free place takes the next delivery at once, so that
// a slow address holds up one place and not the queue.
func (w *worker) run(ctx context.Context) {
	sending, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(drainTime, cut) })()
	var underWay sync.WaitGroup
	defer func() {
		over := make(chan struct{})
		go func() { underWay.Wait(); close(over) }()
		select {
		case <-over:
		case <-time.After(drainTime + time.Second): // the lease ends what does not end by itself
		}
	}()
	places := make(chan struct{}, parallel)
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		free := w.takeFree(ctx, places)
		if free == 0 {
			return
		}
		batch, err := w.claim(ctx, free)
		if err != nil && ctx.Err() == nil {
			w.log.WarnContext(ctx, "claiming deliveries, trying again", "error", err)
		}
		for range free - len(batch) {
			<-places
		}
		for _, d := range batch {
			underWay.Go(func() {
				defer func() { <-places }()
				w.try(sending, d)
			})
		}
		if len(batch) == free {
			continue // there may be more
		}
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
		case <-tick.C:
			w.measure(ctx)
		}
	}
}

// takeFree waits for a free place and takes all there are; 0 when ctx ended.
func (w *worker) takeFree(ctx context.Context, places chan struct{}) (n int) {
	select {
	case <-ctx.Done():
		return 0
	case places <- struct{}{}:
		n++
	}
	for {
		select {
		case places <- struct{}{}:
			n++
		default:
			return n
		}
	}
}

// claim takes deliveries that may leave, for the time of a lease. An attempt counts
// when it begins: one that kills the process is not tried for ever.
func (w *worker) claim(ctx context.Context, limit int) ([]claimed, error) {
	now := w.now()
	rows, err := w.pool.Query(ctx, `
		WITH next AS (
			SELECT id FROM deliveries WHERE channel = $1 AND status = 'pending' AND next_attempt_at <= $2
			ORDER BY next_attempt_at LIMIT $3 FOR UPDATE SKIP LOCKED
		)
		UPDATE deliveries d SET attempts = d.attempts + 1, next_attempt_at = $4, updated_at = $2
		FROM next, notifications n, users u, tasks t
		WHERE d.id = next.id AND n.id = d.notification_id AND u.id = d.user_id AND t.id = n.task_id
		RETURNING d.id, d.user_id, d.subscription_id, d.attempts,
			n.read_at IS NOT NULL OR t.status NOT IN ('pending', 'active') OR n.created_at < $5,
			n.id, n.reminder_id, n.task_id, n.title, n.body, n.created_at, u.display_name, u.email,
			(SELECT s.endpoint FROM push_subscriptions s WHERE s.id = d.subscription_id AND s.user_id = d.user_id),
			(SELECT s.p256dh FROM push_subscriptions s WHERE s.id = d.subscription_id AND s.user_id = d.user_id),
			(SELECT s.auth FROM push_subscriptions s WHERE s.id = d.subscription_id AND s.user_id = d.user_id)`,
		w.channel.Name(), now, limit, now.Add(lease), now.Add(-tooOld))
	if err != nil {
		return nil, fmt.Errorf("claiming deliveries: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c claimed, err error) {
		var endpoint, key, auth *string
		err = row.Scan(&c.id, &c.userID, &c.subscription, &c.attempts, &c.over,
			&c.NotificationID, &c.ReminderID, &c.TaskID, &c.Title, &c.Body, &c.CreatedAt, &c.Name, &c.Address,
			&endpoint, &key, &auth)
		if endpoint != nil && key != nil && auth != nil {
			c.Browser = Subscription{*endpoint, *key, *auth}
		}
		return c, err //nolint:wrapcheck // wrapped below
	})
	if err != nil {
		return nil, fmt.Errorf("claiming deliveries: %w", err)
	}
	return all, nil
}

// try makes one attempt and records what came of it.
func (w *worker) try(ctx context.Context, c claimed) {
	status, message, outcome, next := sent, "", sent, w.now()
	if c.over {
		status, outcome = dropped, dropped
	} else {
		attempt, cancel := context.WithTimeout(ctx, sendTime)
		err := w.channel.Send(attempt, c.Message)
		cancel()
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return // the service stops: the lease ends, and then it is tried again
		case errors.Is(err, ErrGone) && c.subscription != nil:
			w.forget(ctx, c)
			w.metrics.outcomes.WithLabelValues(w.channel.Name(), "gone").Inc()
			return
		case errors.Is(err, ErrRefused), errors.Is(err, ErrGone), c.attempts >= maxTries:
			status, outcome, message = dead, dead, err.Error()
			w.log.ErrorContext(ctx, "a delivery is given up", "delivery", c.id, "attempts", c.attempts, "error", err)
		default:
			status, outcome, message, next = pending, "retry", err.Error(), w.now().Add(pause(c.attempts))
			w.log.WarnContext(ctx, "a delivery failed and comes again", "delivery", c.id, "attempts", c.attempts, "error", err)
		}
	}
	w.metrics.outcomes.WithLabelValues(w.channel.Name(), outcome).Inc()
	if runes := []rune(message); len(runes) > maxError {
		message = string(runes[:maxError])
	}
	if _, err := w.pool.Exec(ctx, `
		UPDATE deliveries SET status = $3, error = $4, next_attempt_at = $5, updated_at = $6
		WHERE id = $1 AND user_id = $2 AND attempts = $7`,
		c.id, c.userID, status, message, next, w.now(), c.attempts); err != nil {
		w.log.WarnContext(ctx, "a delivery's outcome is not recorded, it may be made again", "delivery", c.id, "error", err)
	}
}

// pause is how long to wait after so many attempts; no two wait alike, so that what
// failed together does not come back together.
func pause(attempts int) time.Duration {
	wait := retryMost
	if shift := attempts - 1; shift < 8 { // of 15 s, more than an hour
		wait = min(retryFirst<<shift, retryMost)
	}
	return wait + time.Duration(rand.Int64N(int64(wait)/5)) //nolint:gosec // no secret
}

// forget removes a browser that takes no more pushes, and with it what waits for it.
func (w *worker) forget(ctx context.Context, c claimed) {
	if _, err := w.pool.Exec(ctx, `DELETE FROM push_subscriptions WHERE id = $1 AND user_id = $2`, *c.subscription, c.userID); err != nil {
		w.log.WarnContext(ctx, "a push subscription that is gone stays for now", "error", err)
	}
}

// measure counts what waits.
func (w *worker) measure(ctx context.Context) {
	var waiting int
	var age float64
	now := w.now()
	err := w.pool.QueryRow(ctx, `
		SELECT count(*), coalesce(extract(epoch FROM $2 - min(next_attempt_at)), 0) FROM deliveries
		WHERE channel = $1 AND status = 'pending' AND next_attempt_at <= $2`, w.channel.Name(), now).Scan(&waiting, &age)
	if err != nil {
		return // the next look
	}
	w.metrics.waiting.WithLabelValues(w.channel.Name()).Set(float64(waiting))
	w.metrics.age.WithLabelValues(w.channel.Name()).Set(age)
}
