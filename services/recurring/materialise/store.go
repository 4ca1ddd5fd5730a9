package materialise

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/platform/recurrence"
	"github.com/rondohq/rondo/services/internal/occurrence"
	"github.com/rondohq/rondo/services/internal/outbox"
	"github.com/rondohq/rondo/services/internal/postgres"
)

// Postgres is the Store.
type Postgres struct {
	pool   *pgxpool.Pool
	outbox *outbox.Outbox
}

// NewPostgres makes the store.
func NewPostgres(pool *pgxpool.Pool, o *outbox.Outbox) *Postgres { return &Postgres{pool, o} }

// due is a claimed series and what is to be done for it.
type due struct {
	occurrence.Series

	oldestOpen *time.Time // of its instances
	rule       *recurrence.Rule
	turn       Turn
}

// Fire implements Store.
func (p *Postgres) Fire(
	ctx context.Context, at time.Time, limit int, now time.Time, decide func(occurrence.Series, *recurrence.Rule) Turn,
) (all []Fired, err error) {
	err = postgres.InTx(ctx, p.pool, func(tx pgx.Tx) error {
		claimed, err := claim(ctx, tx, at, limit)
		if err != nil {
			return err
		}
		all = make([]Fired, 0, len(claimed))
		var simple, others []*due
		for i := range claimed {
			d := &claimed[i]
			if d.rule, err = d.Rule(); err != nil {
				all = append(all, Fired{Series: d.Series, Failure: fmt.Errorf("reading its rule: %w", err)})
				continue
			}
			d.turn = decide(d.Series, d.rule)
			// What becomes of an occurrence can depend on the one before in the same turn.
			if len(d.turn.Make) <= 1 {
				simple = append(simple, d)
			} else {
				others = append(others, d)
			}
		}
		fired, err := p.fireApart(ctx, tx, now, simple...)
		if err != nil {
			return err
		}
		all = append(all, fired...)
		for _, d := range others {
			if fired, err = p.fireApart(ctx, tx, now, d); err != nil {
				return err
			}
			all = append(all, fired...)
		}
		for _, f := range all {
			if f.Failure != nil {
				if err := occurrence.Fail(ctx, tx, f.Series, f.Failure, now); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	p.outbox.Wake()
	return all, nil
}

func claim(ctx context.Context, tx pgx.Tx, at time.Time, limit int) ([]due, error) {
	rows, err := tx.Query(ctx, `
		SELECT `+occurrence.Columns+`, (SELECT min(t.occurrence_at) FROM tasks t
			WHERE t.user_id = s.user_id AND t.series_id = s.id AND t.status IN ('pending', 'active'))
		FROM series s WHERE s.fire_at <= $1 AND s.status = 'active'
		ORDER BY s.fire_at LIMIT $2 FOR NO KEY UPDATE OF s SKIP LOCKED`, at, limit)
	if err != nil {
		return nil, fmt.Errorf("claiming due series: %w", err)
	}
	claimed, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (d due, err error) {
		d.Series, err = occurrence.Scan(row, &d.oldestOpen)
		return d, err
	})
	if err != nil {
		return nil, fmt.Errorf("claiming due series: %w", err)
	}
	return claimed, nil
}

// fireApart fires series behind a savepoint, all in a few round trips. When that fails
// and it may be the fault of one, they are fired one by one, and that one is left.
func (p *Postgres) fireApart(ctx context.Context, tx pgx.Tx, now time.Time, all ...*due) (fired []Fired, err error) {
	if len(all) == 0 {
		return nil, nil
	}
	err = pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
		if len(all) == 1 {
			fired, err = p.fireSlowly(ctx, tx, all[0], now)
		} else {
			fired, err = p.fireTogether(ctx, tx, all, now)
		}
		return err
	})
	switch {
	case err == nil:
		return fired, nil
	case ctx.Err() != nil, tx.Conn().IsClosed(), fault.CodeOf(postgres.Explain(err)) == fault.Unavailable:
		return nil, err // nobody's fault but the moment's: all of it comes again
	case len(all) == 1:
		return []Fired{{Series: all[0].Series, Failure: err}}, nil
	}
	fired = fired[:0]
	for _, d := range all {
		one, err := p.fireApart(ctx, tx, now, d)
		if err != nil {
			return nil, err
		}
		fired = append(fired, one...)
	}
	return fired, nil
}

// fireTogether fires series that make one instance at most.
func (p *Postgres) fireTogether(ctx context.Context, tx pgx.Tx, all []*due, now time.Time) ([]Fired, error) {
	var wanted []occurrence.Wanted
	for _, d := range all {
		for _, at := range d.turn.Make {
			wanted = append(wanted, d.want(at))
		}
	}
	instances, err := occurrence.Make(ctx, tx, p.outbox, now, wanted...)
	if err != nil {
		return nil, err
	}
	batch := &pgx.Batch{}
	fired := make([]Fired, len(all))
	for i, d := range all {
		n := len(d.turn.Make)
		fired[i] = d.moveOn(batch, instances[:n])
		instances = instances[n:]
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return nil, fmt.Errorf("moving series on: %w", err)
	}
	return fired, nil
}

// fireSlowly fires one series, occurrence by occurrence.
func (p *Postgres) fireSlowly(ctx context.Context, tx pgx.Tx, d *due, now time.Time) ([]Fired, error) {
	var instances []occurrence.Instance
	open := d.oldestOpen
	defer func() { d.oldestOpen = open }()
	for _, at := range d.turn.Make {
		made, err := occurrence.Make(ctx, tx, p.outbox, now, d.want(at))
		if err != nil {
			return nil, err
		}
		if d.oldestOpen == nil && made[0].Status.Open() {
			d.oldestOpen = &at
		}
		instances = append(instances, made...)
	}
	batch := &pgx.Batch{}
	fired := d.moveOn(batch, instances)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return nil, fmt.Errorf("moving series %s on: %w", d.ID, err)
	}
	return []Fired{fired}, nil
}

// want is what an occurrence is to become.
func (d *due) want(at time.Time) occurrence.Wanted {
	w := occurrence.Wanted{Series: &d.Series, At: at, Due: d.DueAt(at, d.rule.Zone()), Status: event.TaskPending}
	if d.IfPending == occurrence.Skip && d.previousOpen(at) {
		w.Status = event.TaskSkipped
	}
	return w
}

// moveOn queues what a series is after its turn has led to these instances.
func (d *due) moveOn(batch *pgx.Batch, instances []occurrence.Instance) Fired {
	fired := Fired{Series: d.Series, Missed: d.turn.Missed}
	last, next := d.LastOccurrenceAt, d.turn.Next
	if d.turn.Missed > 0 && d.Mode == occurrence.BySchedule {
		last = &d.turn.LastMissed
	}
	waits := false
	for i, instance := range instances {
		switch {
		case !instance.New: // it was skipped, or made a task of, before its time
		case instance.Status == event.TaskSkipped:
			fired.Skipped++
		default:
			fired.Made++
		}
		if instance.Status.Open() {
			waits = d.Mode == occurrence.ByCompletion && !next.IsZero()
		}
		last = &d.turn.Make[i]
	}
	status := event.SeriesActive
	var nextAt *time.Time
	switch {
	case waits:
	case next.IsZero():
		status = event.SeriesCompleted
	default:
		nextAt = &next
		fire := d.FiresAt(next, d.rule.Zone())
		fired.Next = &fire
	}
	batch.Queue(`
		UPDATE series SET status = $3, next_occurrence_at = $4, fire_at = $5, last_occurrence_at = $6,
			created_count = created_count + $7, skipped_count = skipped_count + $8, missed_count = missed_count + $9,
			failure = NULL, failures = 0
		WHERE user_id = $1 AND id = $2`,
		d.Owner, d.ID, status, nextAt, fired.Next, last, fired.Made, fired.Skipped, fired.Missed)
	return fired
}

// previousOpen tells whether an earlier instance is still open when an occurrence is to
// be made. Instances that are made before their time are compared as far apart as if
// they were made at it: nobody can have done yesterday's task before yesterday.
func (d *due) previousOpen(at time.Time) bool {
	if d.oldestOpen == nil || !d.oldestOpen.Before(at) {
		return false
	}
	return !d.oldestOpen.After(at.Add(-2 * d.Lead(at, d.rule.Zone())))
}

// Upcoming implements Store.
func (p *Postgres) Upcoming(ctx context.Context, from, to time.Time, limit int) ([]time.Time, error) {
	rows, err := p.pool.Query(ctx, `
		SELECT DISTINCT fire_at FROM series WHERE fire_at > $1 AND fire_at <= $2 AND status = 'active'
		ORDER BY fire_at LIMIT $3`, from, to, limit)
	if err != nil {
		return nil, postgres.Explain(fmt.Errorf("reading what is due next: %w", err))
	}
	instants, err := pgx.CollectRows(rows, pgx.RowTo[time.Time])
	return instants, postgres.Explain(err)
}

// Overdue implements Store.
func (p *Postgres) Overdue(ctx context.Context, at time.Time) (n int, err error) {
	err = p.pool.QueryRow(ctx, `SELECT count(*) FROM series WHERE fire_at <= $1 AND status = 'active'`, at).Scan(&n)
	return n, postgres.Explain(err)
}

// Failing implements Store.
func (p *Postgres) Failing(ctx context.Context) (n int, err error) {
	err = p.pool.QueryRow(ctx, `SELECT count(*) FROM series WHERE failures > 0 AND status IN ('pending', 'active')`).Scan(&n)
	return n, postgres.Explain(err)
}
