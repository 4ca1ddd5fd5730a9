package outbox

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/rondohq/rondo/platform/topology"
)

const (
	leaseTime   = 5 * time.Second         // a dead relay's shards are free after this
	renewal     = 1500 * time.Millisecond // how often leases are prolonged and shared out anew
	poll        = time.Second             // the slow look behind Wake
	batchSize   = 500
	parallel    = 32 // users whose events are on their way at once
	publishTime = 10 * time.Second
	retryFirst  = 100 * time.Millisecond
	retryMost   = 5 * time.Second
	keepSent    = 7 * 24 * time.Hour
	purgeEvery  = time.Hour
)

// Publisher hands one event to the broker and returns when that has acknowledged it.
type Publisher interface {
	Publish(ctx context.Context, topic topology.Topic, partitionKey string, cloudEvent []byte) error
}

// Relay moves committed events to the broker. Several replicas may run: each
// publishes the shards that it holds a lease of. Within a user the order is kept
// and one event is on its way at a time; after a crash an event may go twice.
type Relay struct {
	outbox    *Outbox
	pool      *pgxpool.Pool
	publisher Publisher
	log       *slog.Logger
	owner     uuid.UUID

	mu     sync.Mutex
	shards []int16

	published prometheus.Counter
	failures  prometheus.Counter
	pending   prometheus.Gauge
	oldest    prometheus.Gauge
}

// NewRelay makes the relay of an outbox.
func NewRelay(o *Outbox, pool *pgxpool.Pool, publisher Publisher, log *slog.Logger, reg prometheus.Registerer) *Relay {
	r := &Relay{
		outbox: o, pool: pool, publisher: publisher, log: log, owner: uuid.New(),
		published: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "rondo_outbox_published_total", Help: "Events that the broker has acknowledged.",
		}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "rondo_outbox_publish_failures_total", Help: "Attempts to publish that failed; each is made again.",
		}),
		pending: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "rondo_outbox_pending", Help: "Committed events that the broker has not acknowledged yet.",
		}),
		oldest: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "rondo_outbox_oldest_seconds", Help: "Age of the oldest pending event, in seconds.",
		}),
	}
	reg.MustRegister(r.published, r.failures, r.pending, r.oldest)
	return r
}

// Run relays until ctx ends; it then publishes what is pending, as far as the
// broker lets it at once, and gives its leases back.
func (r *Relay) Run(ctx context.Context) error {
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var keeping sync.WaitGroup
	r.keep(background)
	keeping.Go(func() { r.every(background, renewal, r.keep) })
	keeping.Go(func() { r.every(background, purgeEvery, r.purge) })

	backoff := retryFirst
	for ctx.Err() == nil {
		more, err := r.pass(context.WithoutCancel(ctx))
		wait := poll
		switch {
		case err != nil:
			r.log.WarnContext(ctx, "publishing failed, trying again", "in", backoff, "error", err)
			wait, backoff = backoff, min(2*backoff, retryMost)
		case more:
			backoff = retryFirst
			continue
		default:
			backoff = retryFirst
		}
		timer := time.NewTimer(wait)
		wake := r.outbox.wake
		if err != nil {
			wake = nil // new work does not shorten the pause
		}
		select {
		case <-ctx.Done():
		case <-wake:
		case <-timer.C:
		}
		timer.Stop()
	}
	for {
		if more, err := r.pass(background); err != nil || !more {
			break
		}
	}
	stop()
	keeping.Wait()
	return r.release(context.WithoutCancel(ctx))
}

func (r *Relay) every(ctx context.Context, interval time.Duration, do func(context.Context)) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			do(ctx)
		}
	}
}

// A row of the outbox.
type row struct {
	Seq    int64
	UserID uuid.UUID
	Topic  string
	Event  []byte
}

// pass publishes one batch. It tells whether there may be more at once.
func (r *Relay) pass(ctx context.Context) (more bool, err error) {
	r.mu.Lock()
	shards := slices.Clone(r.shards)
	r.mu.Unlock()
	if len(shards) == 0 {
		return false, nil
	}
	found, err := r.pool.Query(ctx, `
		SELECT seq, user_id, topic, event FROM outbox
		WHERE source = $1 AND shard = ANY($2) AND published_at IS NULL
		ORDER BY seq LIMIT $3`, r.outbox.source.Name, shards, batchSize)
	if err != nil {
		return false, fmt.Errorf("reading the outbox: %w", err)
	}
	rows, err := pgx.CollectRows(found, pgx.RowToStructByPos[row])
	if err != nil {
		return false, fmt.Errorf("reading the outbox: %w", err)
	}
	if len(rows) == 0 {
		return false, nil
	}

	sent, failed := r.publish(ctx, rows)
	if len(sent) > 0 {
		if _, err := r.pool.Exec(ctx, `UPDATE outbox SET published_at = now() WHERE seq = ANY($1)`, sent); err != nil {
			return false, fmt.Errorf("marking what was published: %w", err)
		}
		r.published.Add(float64(len(sent)))
	}
	if failed != nil {
		return false, failed
	}
	// A batch that was not full may still have left out what was committed meanwhile.
	return true, nil
}

// publish sends users' events side by side and each user's one after the other. A
// user's first failure ends that user's turn, so that nothing overtakes.
func (r *Relay) publish(ctx context.Context, rows []row) (sent []int64, failed error) {
	byUser := map[uuid.UUID][]row{}
	for _, row := range rows {
		byUser[row.UserID] = append(byUser[row.UserID], row)
	}
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(parallel)
	for _, turn := range byUser {
		group.Go(func() error {
			for _, row := range turn {
				if err := r.one(ctx, row); err != nil {
					r.failures.Inc()
					return err
				}
				mu.Lock()
				sent = append(sent, row.Seq)
				mu.Unlock()
			}
			return nil
		})
	}
	failed = group.Wait()
	return sent, failed
}

func (r *Relay) one(ctx context.Context, row row) error {
	topic, ok := topology.TopicNamed(row.Topic)
	if !ok {
		return fmt.Errorf("outbox row %d is for topic %q, which the topology does not have", row.Seq, row.Topic)
	}
	ctx, cancel := context.WithTimeout(ctx, publishTime)
	defer cancel()
	return r.publisher.Publish(ctx, topic, row.UserID.String(), row.Event) //nolint:wrapcheck // says all
}

// keep prolongs the leases, takes free ones up to a fair share and lets go of what
// is beyond it. The presence rows count the relays among which to share.
func (r *Relay) keep(ctx context.Context) {
	source := r.outbox.source.Name
	var shards []int16
	err := pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
		var relays int
		if err := tx.QueryRow(ctx, `
			WITH me AS (
				INSERT INTO outbox_leases (source, shard, owner, until) VALUES ($1, -1, $2, now() + $3)
				ON CONFLICT (source, owner) WHERE shard = -1 DO UPDATE SET until = excluded.until
			), gone AS (
				DELETE FROM outbox_leases WHERE source = $1 AND shard = -1 AND owner <> $2 AND until < now()
			)
			SELECT 1 + count(*) FROM outbox_leases
			WHERE source = $1 AND shard = -1 AND owner <> $2 AND until >= now()`,
			source, r.owner, leaseTime).Scan(&relays); err != nil {
			return fmt.Errorf("counting the relays: %w", err)
		}
		share := (topology.OutboxShards + relays - 1) / relays
		taken, err := tx.Query(ctx, `
			WITH wanted AS (
				SELECT s AS shard FROM generate_series(0, $4 - 1) s
				LEFT JOIN outbox_leases l ON l.source = $1 AND l.shard = s
				WHERE l.shard IS NULL OR l.owner = $2 OR l.until < now()
				ORDER BY l.owner IS NOT DISTINCT FROM $2 DESC, s LIMIT $5
			), freed AS (
				DELETE FROM outbox_leases
				WHERE source = $1 AND shard >= 0 AND owner = $2 AND shard NOT IN (SELECT shard FROM wanted)
			)
			INSERT INTO outbox_leases (source, shard, owner, until)
			SELECT $1, shard, $2, now() + $3 FROM wanted
			ON CONFLICT (source, shard) WHERE shard >= 0 DO UPDATE SET owner = excluded.owner, until = excluded.until
			WHERE outbox_leases.owner = $2 OR outbox_leases.until < now()
			RETURNING shard`, source, r.owner, leaseTime, topology.OutboxShards, share)
		if err != nil {
			return fmt.Errorf("taking leases: %w", err)
		}
		shards, err = pgx.CollectRows(taken, pgx.RowTo[int16])
		return err //nolint:wrapcheck // wrapped below
	})
	if err != nil {
		if ctx.Err() == nil {
			r.log.WarnContext(ctx, "keeping the outbox leases", "error", err)
		}
		shards = nil // what cannot be prolonged may be another's soon
	}
	r.mu.Lock()
	changed := !slices.Equal(r.shards, shards)
	r.shards = shards
	r.mu.Unlock()
	if changed {
		r.outbox.Wake()
	}
	r.measure(ctx)
}

func (r *Relay) measure(ctx context.Context) {
	var pending int
	var oldest float64
	err := r.pool.QueryRow(ctx, `
		SELECT count(*), coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8
		FROM outbox WHERE source = $1 AND published_at IS NULL`, r.outbox.source.Name).Scan(&pending, &oldest)
	if err == nil { // else keep has complained already
		r.pending.Set(float64(pending))
		r.oldest.Set(oldest)
	}
}

func (r *Relay) purge(ctx context.Context) {
	if _, err := r.pool.Exec(ctx, `DELETE FROM outbox WHERE source = $1 AND published_at < now() - $2::interval`,
		r.outbox.source.Name, keepSent); err != nil {
		r.log.WarnContext(ctx, "purging the outbox", "error", err)
	}
}

func (r *Relay) release(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, leaseTime)
	defer cancel()
	if _, err := r.pool.Exec(ctx, `DELETE FROM outbox_leases WHERE source = $1 AND owner = $2`,
		r.outbox.source.Name, r.owner); err != nil {
		return fmt.Errorf("giving the outbox leases back: %w", err)
	}
	return nil
}
