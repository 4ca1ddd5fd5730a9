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

// due is a claimed series and its earliest instance that is open.
type due struct {
	occurrence.Series

	oldestOpen *time.Time
}

// Fire implements Store.
func (p *Postgres) Fire(
	ctx context.Context, at time.Time, limit int, now time.Time, decide func(occurrence.Series, *recurrence.Rule) Turn,
) ([]Fired, error) {
	var all []Fired
	err := postgres.InTx(ctx, p.pool, func(tx pgx.Tx) error {
		claimed, err := claim(ctx, tx, at, limit)
		if err != nil {
			return err
		}
		all = make([]Fired, 0, len(claimed))
		for _, d := range claimed {
			fired, err := p.fireAlone(ctx, tx, d, now, decide)
			if err != nil {
				return err
			}
			all = append(all, fired)
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

// fireAlone fires one series behind a savepoint: what goes wrong with it is undone and
// noted, and the transaction lives on.
func (p *Postgres) fireAlone(
	ctx context.Context, tx pgx.Tx, d due, now time.Time, decide func(occurrence.Series, *recurrence.Rule) Turn,
) (fired Fired, err error) {
	err = pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
		rule, err := d.Rule()
		if err != nil {
			return fmt.Errorf("reading its rule: %w", err)
		}
		fired, err = p.fire(ctx, tx, d, rule, now, decide(d.Series, rule))
		return err
	})
	switch {
	case err == nil:
		return fired, nil
	case ctx.Err() != nil, tx.Conn().IsClosed(), fault.CodeOf(postgres.Explain(err)) == fault.Unavailable:
		return Fired{}, err // nobody's fault but the moment's: all of it comes again
	}
	return Fired{Series: d.Series, Failure: err}, occurrence.Fail(ctx, tx, d.Series, err, now)
}

func (p *Postgres) fire(ctx context.Context, tx pgx.Tx, d due, rule *recurrence.Rule, now time.Time, t Turn) (Fired, error) {
	fired := Fired{Series: d.Series, Missed: t.Missed}
	last, next := d.LastOccurrenceAt, t.Next
	if t.Missed > 0 && d.Mode == occurrence.BySchedule {
		last = &t.LastMissed
	}
	waits := false
	for _, at := range t.Make {
		status := event.TaskPending
		if d.IfPending == occurrence.Skip && d.previousOpen(at, rule) {
			status = event.TaskSkipped
		}
		instance, err := occurrence.Make(ctx, tx, p.outbox, d.Series, at, d.DueAt(at, rule.Zone()), status, now)
		if err != nil {
			return Fired{}, err
		}
		switch {
		case !instance.New: // it was skipped, or made a task of, before its time
		case instance.Status == event.TaskSkipped:
			fired.Skipped++
		default:
			fired.Made++
		}
		if instance.Status.Open() {
			waits = d.Mode == occurrence.ByCompletion && !next.IsZero()
			if d.oldestOpen == nil {
				d.oldestOpen = &at
			}
		}
		last = &at
	}
	status := event.SeriesActive
	var nextAt *time.Time
	switch {
	case waits:
	case next.IsZero():
		status = event.SeriesCompleted
	default:
		nextAt = &next
		fire := d.FiresAt(next, rule.Zone())
		fired.Next = &fire
	}
	if _, err := tx.Exec(ctx, `
		UPDATE series SET status = $3, next_occurrence_at = $4, fire_at = $5, last_occurrence_at = $6,
			created_count = created_count + $7, skipped_count = skipped_count + $8, missed_count = missed_count + $9,
			failure = NULL, failures = 0
		WHERE user_id = $1 AND id = $2`,
		d.Owner, d.ID, status, nextAt, fired.Next, last, fired.Made, fired.Skipped, fired.Missed); err != nil {
		return Fired{}, fmt.Errorf("moving series %s on: %w", d.ID, err)
	}
	return fired, nil
}

// previousOpen tells whether an earlier instance is still open when an occurrence is to
// be made. Instances that are made before their time are compared as far apart as if
// they were made at it: nobody can have done yesterday's task before yesterday.
func (d due) previousOpen(at time.Time, rule *recurrence.Rule) bool {
	if d.oldestOpen == nil || !d.oldestOpen.Before(at) {
		return false
	}
	return !d.oldestOpen.After(at.Add(-2 * d.Lead(at, rule.Zone())))
}

// Upcoming implements Store.
func (p *Postgres) Upcoming(ctx context.Context, from, to time.Time, limit int) ([]time.Time, error) {
	rows, err := p.pool.Query(ctx, `
		SELECT DISTINCT fire_at FROM series WHERE fire_at > $1 AND fire_at <= $2 AND status = 'active' ORDER BY fire_at LIMIT $3`, from, to, limit)
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
