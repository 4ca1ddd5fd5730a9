package outbox

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
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
	leaseTime    = 5 * time.Second         // a dead relay's shards are free after this
	renewal      = 1500 * time.Millisecond // how often leases are prolonged and shared out anew
	poll         = time.Second             // the slow look behind Wake
	usersAtOnce  = 8                       // of each shard, in one pass
	eventsAtOnce = 8                       // of each user, in one pass
	parallel     = 32                      // users whose events are on their way at once
	publishTime  = 10 * time.Second
	drainTime    = 3 * time.Second // for what is on its way when the service stops
	retryFirst   = 100 * time.Millisecond
	retryMost    = 5 * time.Second
	mostSetAside = 64 // when more users than this fail, it is the broker that does
	forgetAside  = time.Minute
	keepSent     = 7 * 24 * time.Hour
	purgeEvery   = time.Hour
	measureEvery = 5 * time.Second
	bookkeepTime = leaseTime - renewal // for one statement about leases or marks
)

// Publisher hands one event to the broker and returns when that has acknowledged it.
type Publisher interface {
	Publish(ctx context.Context, topic topology.Topic, partitionKey string, cloudEvent []byte) error
}

// Relay moves committed events to the broker. Several replicas may run: each
// publishes the shards that it holds a lease of. Within a user the order is kept
// and one event is on its way at a time; after a crash an event may go twice.
// Users take turns, so that neither a flood of one user's events nor one that
// cannot be published holds up anybody else's.
type Relay struct {
	outbox    *Outbox
	pool      *pgxpool.Pool
	publisher Publisher
	log       *slog.Logger
	owner     uuid.UUID

	mu     sync.Mutex
	owned  []int16   // shards that this relay holds a lease of
	until  time.Time // when these leases end, unless they are prolonged
	shards []int16   // of the owned ones, those that the next pass may read
	busy   []int16   // those that the running pass publishes

	// The fields below are the running pass's alone.
	next     map[int16]uuid.UUID  // per shard, the user after whom its next turn begins
	aside    map[uuid.UUID]*pause // users whose first event could not be published
	unmarked []int64              // published, and not marked so yet

	published prometheus.Counter
	failures  prometheus.Counter
	waiting   prometheus.Gauge
	pending   prometheus.Gauge
	oldest    prometheus.Gauge
}

// A pause is how long a user's events are left alone after a failure.
type pause struct {
	until  time.Time
	length time.Duration
}

// NewRelay makes the relay of an outbox.
func NewRelay(o *Outbox, pool *pgxpool.Pool, publisher Publisher, log *slog.Logger, reg prometheus.Registerer) *Relay {
	r := &Relay{
		outbox: o, pool: pool, publisher: publisher, log: log, owner: uuid.New(),
		next: map[int16]uuid.UUID{}, aside: map[uuid.UUID]*pause{},
		published: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "rondo_outbox_published_total", Help: "Events that the broker has acknowledged.",
		}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "rondo_outbox_publish_failures_total", Help: "Attempts to publish that failed; each is made again.",
		}),
		waiting: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "rondo_outbox_users_set_aside",
			Help: "Users whose next event could not be published; their later ones wait behind it, everybody else's go on.",
		}),
		pending: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "rondo_outbox_pending", Help: "Committed events that the broker has not acknowledged yet.",
		}),
		oldest: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "rondo_outbox_oldest_seconds", Help: "Age of the oldest pending event, in seconds.",
		}),
	}
	reg.MustRegister(r.published, r.failures, r.waiting, r.pending, r.oldest)
	return r
}

// Run relays until ctx ends; it then publishes what is pending, as far as the
// broker lets it in a few seconds, and gives its leases back.
func (r *Relay) Run(ctx context.Context) error {
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	publishing, cut := context.WithCancel(background)
	defer cut()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(drainTime, cut) })()

	var keeping sync.WaitGroup
	r.keep(background)
	keeping.Go(func() { r.every(background, renewal, r.keep) })
	keeping.Go(func() { r.every(background, measureEvery, r.measure) })
	keeping.Go(func() { r.purge(background); r.every(background, purgeEvery, r.purge) })

	backoff := retryFirst
	for ctx.Err() == nil {
		more, err := r.pass(publishing)
		wake, wait := r.outbox.wake, r.rest()
		switch {
		case err != nil:
			r.log.WarnContext(ctx, "publishing failed, trying again", "in", backoff, "error", err)
			wake = nil // new work does not shorten the pause
			wait, backoff = backoff, min(2*backoff, retryMost)
		case more:
			backoff = retryFirst
			continue
		default:
			backoff = retryFirst
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-wake:
		case <-timer.C:
		}
		timer.Stop()
	}
	for publishing.Err() == nil {
		if more, err := r.pass(publishing); err != nil || !more {
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
	Shard  int16
	UserID uuid.UUID
	Topic  string
	Event  []byte
}

// pass gives some users a turn. It tells whether there may be more to do at once.
// A user's failure is no error: the user is set aside.
func (r *Relay) pass(ctx context.Context) (more bool, err error) {
	if err := r.mark(ctx); err != nil {
		return false, err
	}
	r.mu.Lock()
	var shards []int16
	if time.Now().Before(r.until) {
		shards = slices.Clone(r.shards)
	}
	r.busy = shards
	r.mu.Unlock()
	defer r.setBusy(nil)

	rows, more, err := r.read(ctx, shards)
	if err != nil || len(rows) == 0 {
		return more, err
	}
	var busy []int16
	for _, row := range rows {
		busy = append(busy, row.Shard)
	}
	r.setBusy(busy)
	failed := r.publish(ctx, rows)
	if err := r.mark(ctx); err != nil {
		return false, err
	}
	if err := r.setAside(ctx, rows, failed); err != nil {
		return false, err
	}
	// Even a pass that was not full may have left out what was committed meanwhile.
	return true, nil
}

func (r *Relay) setBusy(shards []int16) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.busy = shards
}

// holds tells whether the lease of a shard is still this relay's.
func (r *Relay) holds(shard int16) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Now().Before(r.until) && slices.Contains(r.owned, shard)
}

// read finds the first events of the users whose turn it is in each shard. It steps
// from user to user through the index, so that a flood of one costs no more than one
// event does. more is true when users before these have to be looked at again.
func (r *Relay) read(ctx context.Context, shards []int16) (rows []row, more bool, err error) {
	if len(shards) == 0 {
		return nil, false, nil
	}
	after := make([]uuid.UUID, len(shards))
	for i, shard := range shards {
		after[i] = r.next[shard]
		more = more || after[i] != uuid.Nil
	}
	// Planned each time: a plan from when the table was small would read all of it.
	found, err := r.pool.Query(ctx, `
		SELECT o.seq, s.shard, u.user_id, o.topic, o.event
		FROM unnest($2::smallint[], $3::uuid[]) AS s (shard, after)
		CROSS JOIN LATERAL (
			WITH RECURSIVE waiting AS (
				(SELECT user_id FROM outbox
				WHERE source = $1 AND shard = s.shard AND published_at IS NULL AND user_id > s.after
				ORDER BY user_id LIMIT 1)
				UNION ALL
				SELECT following.user_id FROM waiting w CROSS JOIN LATERAL (
					SELECT user_id FROM outbox
					WHERE source = $1 AND shard = s.shard AND published_at IS NULL AND user_id > w.user_id
					ORDER BY user_id LIMIT 1
				) following
			)
			SELECT user_id FROM waiting WHERE user_id <> ALL($4::uuid[]) LIMIT $5
		) u
		CROSS JOIN LATERAL (
			SELECT seq, topic, event FROM outbox
			WHERE source = $1 AND shard = s.shard AND user_id = u.user_id AND published_at IS NULL
			ORDER BY seq LIMIT $6
		) o
		ORDER BY o.seq`,
		pgx.QueryExecModeCacheDescribe, r.outbox.source.Name, shards, after, r.resting(), usersAtOnce, eventsAtOnce)
	if err != nil {
		return nil, false, fmt.Errorf("reading the outbox: %w", err)
	}
	if rows, err = pgx.CollectRows(found, pgx.RowToStructByPos[row]); err != nil {
		return nil, false, fmt.Errorf("reading the outbox: %w", err)
	}
	users := map[int16][]uuid.UUID{}
	for _, row := range rows {
		if !slices.Contains(users[row.Shard], row.UserID) {
			users[row.Shard] = append(users[row.Shard], row.UserID)
		}
	}
	for _, shard := range shards {
		delete(r.next, shard)
		if len(users[shard]) == usersAtOnce { // there may be others behind these
			r.next[shard] = slices.MaxFunc(users[shard], func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
		}
	}
	return rows, more, nil
}

// mark notes in the outbox what the broker has acknowledged. What cannot be noted
// now is noted before anything else is read, lest it goes twice.
func (r *Relay) mark(ctx context.Context) error {
	if len(r.unmarked) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), bookkeepTime)
	defer cancel()
	if _, err := r.pool.Exec(ctx, `UPDATE outbox SET published_at = now() WHERE seq = ANY($1)`, r.unmarked); err != nil {
		return fmt.Errorf("marking what was published: %w", err)
	}
	r.unmarked = nil
	return nil
}

// publish sends users' events side by side and each user's one after the other. A
// user's first failure ends that user's turn, so that nothing overtakes.
func (r *Relay) publish(ctx context.Context, rows []row) (failed map[uuid.UUID]error) {
	byUser := map[uuid.UUID][]row{}
	for _, row := range rows {
		byUser[row.UserID] = append(byUser[row.UserID], row)
	}
	failed = map[uuid.UUID]error{}
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(parallel)
	for user, rows := range byUser {
		group.Go(func() error {
			sent, err := r.turn(ctx, rows)
			mu.Lock()
			defer mu.Unlock()
			r.unmarked = append(r.unmarked, sent...)
			if err != nil {
				failed[user] = err
			}
			return nil
		})
	}
	_ = group.Wait() // failures are kept by user
	return failed
}

// turn publishes events of one user until the first failure, or until the shard has
// become another relay's.
func (r *Relay) turn(ctx context.Context, rows []row) (sent []int64, err error) {
	for _, row := range rows {
		if !r.holds(row.Shard) {
			break
		}
		if err := r.one(ctx, row); err != nil {
			r.failures.Inc()
			return sent, err
		}
		r.published.Inc()
		sent = append(sent, row.Seq)
	}
	return sent, nil
}

// setAside leaves the users alone whose events failed, each for longer than the last
// time. When very many fail it is the broker that does, and that is the error.
func (r *Relay) setAside(ctx context.Context, rows []row, failed map[uuid.UUID]error) error {
	now := time.Now()
	for _, row := range rows {
		if failed[row.UserID] == nil {
			delete(r.aside, row.UserID)
		}
	}
	var example error
	for user, err := range failed {
		p := r.aside[user]
		if p == nil {
			p = &pause{length: retryFirst / 2}
			r.aside[user] = p
		}
		p.length = min(2*p.length, retryMost)
		p.until, example = now.Add(p.length), err
	}
	// Some may have become another relay's.
	maps.DeleteFunc(r.aside, func(_ uuid.UUID, p *pause) bool { return now.Sub(p.until) > forgetAside })
	r.waiting.Set(float64(len(r.aside)))
	if len(r.aside) > mostSetAside {
		clear(r.aside)
		return example
	}
	if example != nil {
		r.log.WarnContext(ctx, "events could not be published, trying again", "users", len(failed), "error", example)
	}
	return nil
}

// resting are the users who are set aside at this moment.
func (r *Relay) resting() []uuid.UUID {
	users := []uuid.UUID{}
	for user, p := range r.aside {
		if time.Now().Before(p.until) {
			users = append(users, user)
		}
	}
	return users
}

// rest is how long to wait for work: until the next look, or the end of a pause.
func (r *Relay) rest() time.Duration {
	wait := poll
	for _, p := range r.aside {
		wait = min(wait, max(0, time.Until(p.until)))
	}
	return wait
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
// is beyond it, though not before the pass that publishes it has ended. The presence
// rows count the relays among which to share. When it fails, the leases are good
// until their time is over.
func (r *Relay) keep(ctx context.Context) {
	begin := time.Now()
	keepCtx, cancel := context.WithTimeout(ctx, bookkeepTime)
	defer cancel()
	var kept, taken []int16
	var share int
	err := pgx.BeginFunc(keepCtx, r.pool, func(tx pgx.Tx) (err error) {
		if share, err = r.share(keepCtx, tx); err != nil {
			return err
		}
		kept, taken, err = r.prolong(keepCtx, tx, share)
		return err
	})
	if err != nil {
		if ctx.Err() == nil {
			r.log.WarnContext(ctx, "keeping the outbox leases", "error", err)
		}
		return
	}
	r.mu.Lock()
	r.owned, r.until = slices.Concat(kept, taken), begin.Add(leaseTime)
	r.shards = slices.DeleteFunc(r.shards, func(s int16) bool { return !slices.Contains(kept, s) })
	r.shards = append(r.shards, taken...)
	r.mu.Unlock()
	if len(taken) > 0 {
		r.outbox.Wake()
	}
}

// share is how many shards are this relay's when all have as many.
func (r *Relay) share(ctx context.Context, tx pgx.Tx) (int, error) {
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
		r.outbox.source.Name, r.owner, leaseTime).Scan(&relays); err != nil {
		return 0, fmt.Errorf("counting the relays: %w", err)
	}
	return (topology.OutboxShards + relays - 1) / relays, nil
}

func (r *Relay) prolong(ctx context.Context, tx pgx.Tx, share int) (kept, taken []int16, err error) {
	source := r.outbox.source.Name
	r.mu.Lock()
	r.shards = r.shards[:min(share, len(r.shards))] // no pass that begins now reads the rest
	free := share - len(r.shards)
	needed := slices.Concat(r.shards, r.busy)
	r.mu.Unlock()
	if _, err := tx.Exec(ctx, `DELETE FROM outbox_leases WHERE source = $1 AND owner = $2 AND shard >= 0 AND shard <> ALL($3)`,
		source, r.owner, needed); err != nil {
		return nil, nil, fmt.Errorf("letting go of leases: %w", err)
	}
	found, err := tx.Query(ctx, `
		UPDATE outbox_leases SET until = now() + $3 WHERE source = $1 AND owner = $2 AND shard >= 0 RETURNING shard`,
		source, r.owner, leaseTime)
	if err != nil {
		return nil, nil, fmt.Errorf("prolonging leases: %w", err)
	}
	if kept, err = pgx.CollectRows(found, pgx.RowTo[int16]); err != nil {
		return nil, nil, fmt.Errorf("prolonging leases: %w", err)
	}
	if found, err = tx.Query(ctx, `
		INSERT INTO outbox_leases (source, shard, owner, until)
		SELECT $1, s, $2, now() + $3 FROM generate_series(0, $4 - 1) s
		LEFT JOIN outbox_leases l ON l.source = $1 AND l.shard = s
		WHERE l.shard IS NULL OR l.until < now() ORDER BY s LIMIT $5
		ON CONFLICT (source, shard) WHERE shard >= 0 DO UPDATE SET owner = excluded.owner, until = excluded.until
		WHERE outbox_leases.until < now()
		RETURNING shard`, source, r.owner, leaseTime, topology.OutboxShards, free); err != nil {
		return nil, nil, fmt.Errorf("taking leases: %w", err)
	}
	if taken, err = pgx.CollectRows(found, pgx.RowTo[int16]); err != nil {
		return nil, nil, fmt.Errorf("taking leases: %w", err)
	}
	return kept, taken, nil
}

// measure reads for the gauges; what fails here has been complained of elsewhere.
func (r *Relay) measure(ctx context.Context) {
	var pending int
	var oldest float64
	err := r.pool.QueryRow(ctx, `
		SELECT count(*), coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8
		FROM outbox WHERE source = $1 AND published_at IS NULL`, r.outbox.source.Name).Scan(&pending, &oldest)
	if err == nil {
		r.pending.Set(float64(pending))
		r.oldest.Set(oldest)
	}
}

func (r *Relay) purge(ctx context.Context) {
	if _, err := r.pool.Exec(ctx, `
		DELETE FROM outbox WHERE source = $1 AND created_at < now() - $2::interval AND published_at IS NOT NULL`,
		r.outbox.source.Name, keepSent); err != nil && ctx.Err() == nil {
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
