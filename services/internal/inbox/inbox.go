// Package inbox makes the effect of an event happen once, however often it is
// delivered: the mark that it was handled commits together with the effect.
package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/services/internal/postgres"
)

const (
	keep       = 30 * 24 * time.Hour
	purgeEvery = time.Hour
)

// Effect is what one type of event does. Its result is kept beside the mark, and
// a duplicate gets it instead of a second effect.
type Effect func(ctx context.Context, tx pgx.Tx, e event.Envelope) (result any, err error)

// handler is an effect and what follows its commit; then may be nil. Without an effect
// only the mark is left, of an event that is in order.
type handler struct {
	effect Effect
	check  func(e event.Envelope) error
	then   func(ctx context.Context, result json.RawMessage) error
}

// Inbox is the receiving side of one subscription.
type Inbox struct {
	consumer string // the consumer group
	pool     *pgxpool.Pool
	log      *slog.Logger
	handlers map[event.Type]handler
	metrics  *Metrics
}

// Metrics count for all inboxes of a service.
type Metrics struct {
	events *prometheus.CounterVec
	age    *prometheus.HistogramVec
}

// NewMetrics registers what inboxes count.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rondo_inbox_events_total",
			Help: "Events by consumer group, type and outcome: handled, duplicate, ignored (no effect here), failed (comes again) or poison.",
		}, []string{"consumer", "type", "outcome"}),
		age: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "rondo_event_age_seconds",
			Help:    "Time from an event's creation to the commit of its effect, by consumer group.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 15, 60},
		}, []string{"consumer"}),
	}
	reg.MustRegister(m.events, m.age)
	return m
}

// New makes the inbox of a subscription.
func New(sub topology.Subscription, pool *pgxpool.Pool, log *slog.Logger, metrics *Metrics) *Inbox {
	return &Inbox{consumer: sub.Group(), pool: pool, log: log, handlers: map[event.Type]handler{}, metrics: metrics}
}

// On sets the effect of P's type.
func On[P event.Payload](i *Inbox, effect func(ctx context.Context, tx pgx.Tx, e event.Envelope, payload P) (result any, err error)) {
	var zero P
	i.handlers[zero.EventType()] = handler{effect: decoding(effect)}
}

// OnThen is On with something to do after the commit, for what a transaction cannot
// take back. It gets the effect's result, also when the event comes again: the
// first time may have ended between the commit and it.
func OnThen[P event.Payload, R any](
	i *Inbox,
	effect func(ctx context.Context, tx pgx.Tx, e event.Envelope, payload P) (R, error),
	then func(ctx context.Context, result R),
) {
	var zero P
	i.handlers[zero.EventType()] = handler{
		effect: decoding(func(ctx context.Context, tx pgx.Tx, e event.Envelope, payload P) (any, error) {
			return effect(ctx, tx, e, payload)
		}),
		then: func(ctx context.Context, kept json.RawMessage) error {
			var result R
			if err := json.Unmarshal(kept, &result); err != nil {
				return fmt.Errorf("decoding the kept result: %w", err)
			}
			then(ctx, result)
			return nil
		},
	}
}

// Mark has no other effect of P's type than that its event is known to have come.
func Mark[P event.Payload](i *Inbox) {
	var zero P
	i.handlers[zero.EventType()] = handler{check: func(e event.Envelope) error {
		_, err := event.Decode[P](e)
		return err //nolint:wrapcheck // poison says all
	}}
}

func decoding[P event.Payload](effect func(ctx context.Context, tx pgx.Tx, e event.Envelope, payload P) (any, error)) Effect {
	return func(ctx context.Context, tx pgx.Tx, e event.Envelope) (any, error) {
		payload, err := event.Decode[P](e)
		if err != nil {
			return nil, err //nolint:wrapcheck // poison says all
		}
		return effect(ctx, tx, e, payload)
	}
}

// Handle takes one delivery; it has the shape of the sidecar's EventHandler. Types
// without an effect are ignored: a topic may carry more than this consumer needs.
func (i *Inbox) Handle(ctx context.Context, e event.Envelope) error {
	h, ok := i.handlers[e.Type]
	if !ok {
		i.count("other", "ignored")
		return nil
	}
	result, first, err := i.once(ctx, e, h)
	if err == nil && h.then != nil {
		err = h.then(ctx, result)
	}
	switch {
	case errors.Is(err, event.ErrPoison):
		i.count(e.Type, "poison")
	case err != nil:
		i.count(e.Type, "failed")
	case first:
		i.count(e.Type, "handled")
		i.metrics.age.WithLabelValues(i.consumer).Observe(time.Since(e.Time).Seconds())
	default:
		i.count(e.Type, "duplicate")
	}
	return err
}

func (i *Inbox) count(t event.Type, outcome string) {
	i.metrics.events.WithLabelValues(i.consumer, string(t), outcome).Inc()
}

// once runs the effect unless the event was handled before, and returns the result
// of the one time that it ran.
func (i *Inbox) once(ctx context.Context, e event.Envelope, h handler) (result json.RawMessage, first bool, err error) {
	if h.effect == nil {
		if err = h.check(e); err == nil {
			first, err = i.mark(ctx, i.pool, e) // alone, it needs no transaction around it
		}
		if err != nil {
			return nil, false, fmt.Errorf("handling %s %s: %w", e.Type, e.ID, postgres.Explain(err))
		}
		return nil, first, nil
	}
	err = postgres.InTx(ctx, i.pool, func(tx pgx.Tx) error {
		if first, err = i.mark(ctx, tx, e); err != nil {
			return err
		}
		if !first {
			return tx.QueryRow(ctx, `SELECT coalesce(result, 'null') FROM processed_event_logs WHERE consumer = $1 AND key = $2`,
				i.consumer, e.ID).Scan(&result)
		}
		value, err := h.effect(ctx, tx, e)
		if err != nil || value == nil {
			return err
		}
		if result, err = json.Marshal(value); err != nil {
			return fmt.Errorf("encoding the result: %w", err)
		}
		_, err = tx.Exec(ctx, `UPDATE processed_event_logs SET result = $3 WHERE consumer = $1 AND key = $2`, i.consumer, e.ID, result)
		return err //nolint:wrapcheck // wrapped by the caller
	})
	if err != nil {
		return nil, false, fmt.Errorf("handling %s %s: %w", e.Type, e.ID, err)
	}
	return result, first, nil
}

// executor is a pool or a transaction.
type executor interface {
	Exec(ctx context.Context, statement string, args ...any) (pgconn.CommandTag, error)
}

// mark notes that the event has come and tells whether it is the first time. In a
// transaction, a concurrent twin waits here for the other's commit.
func (i *Inbox) mark(ctx context.Context, db executor, e event.Envelope) (first bool, err error) {
	tag, err := db.Exec(ctx, `INSERT INTO processed_event_logs (consumer, key) VALUES ($1, $2) ON CONFLICT DO NOTHING`, i.consumer, e.ID)
	if err != nil {
		return false, fmt.Errorf("marking the event: %w", err)
	}
	return tag.RowsAffected() == 1, nil
}

// Purge forgets old marks from time to time, until ctx ends.
func (i *Inbox) Purge(ctx context.Context) error {
	tick := time.NewTicker(purgeEvery)
	defer tick.Stop()
	for {
		if _, err := i.pool.Exec(ctx, `DELETE FROM processed_event_logs WHERE consumer = $1 AND processed_at < now() - $2::interval`,
			i.consumer, keep); err != nil && ctx.Err() == nil {
			i.log.WarnContext(ctx, "purging the inbox", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
