package schedule

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/platform/recurrence"
	"github.com/rondohq/rondo/services/internal/occurrence"
	"github.com/rondohq/rondo/services/internal/postgres"
)

// Postgres is the Store.
type Postgres struct{ pool *pgxpool.Pool }

// NewPostgres makes the store.
func NewPostgres(pool *pgxpool.Pool) *Postgres { return &Postgres{pool} }

// Schedule implements Store.
func (p *Postgres) Schedule(ctx context.Context, tx pgx.Tx, owner, id uuid.UUID, now time.Time) (Plan, error) {
	s, err := occurrence.Scan(tx.QueryRow(ctx,
		`SELECT `+occurrence.Columns+` FROM series s WHERE s.user_id = $1 AND s.id = $2 FOR NO KEY UPDATE OF s`, owner, id))
	if fault.CodeOf(err) == fault.NotFound {
		return Plan{}, nil // gone with its owner since
	}
	if err != nil {
		return Plan{}, err
	}
	return plan(ctx, tx, s, now)
}

// waiting is the beginning of what finds series without a schedule. A failed one has
// to rest; see occurrence.Rest, of which the power is the same.
const waiting = `SELECT ` + occurrence.Columns + ` FROM series s
	LEFT JOIN tasks t ON t.user_id = s.user_id AND t.series_id = s.id AND t.occurrence_at = s.last_occurrence_at
	WHERE s.fire_at IS NULL AND s.status IN ('pending', 'active') AND s.updated_at < $1
		AND (s.failures = 0 OR s.updated_at < $2::timestamptz - least(5 * power(2, s.failures), 3600) * interval '1 second') `

// left is what tells the kinds of neglect apart.
var left = map[Neglect]string{
	Unscheduled: `AND (s.mode = 'schedule' OR s.last_occurrence_at IS NULL)`,
	CompletionUnmet: `AND s.mode = 'completion' AND s.last_occurrence_at IS NOT NULL
		AND t.status NOT IN ('pending', 'active') AND t.updated_at < $1`,
}

// Rescue implements Store.
func (p *Postgres) Rescue(ctx context.Context, kind Neglect, before, now time.Time, limit int) (plans []Plan, err error) {
	err = postgres.InTx(ctx, p.pool, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, waiting+left[kind]+` ORDER BY s.updated_at LIMIT $3 FOR NO KEY UPDATE OF s SKIP LOCKED`, before, now, limit)
		if err != nil {
			return fmt.Errorf("looking for series without a schedule: %w", err)
		}
		found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (occurrence.Series, error) { return occurrence.Scan(row) })
		if err != nil {
			return fmt.Errorf("looking for series without a schedule: %w", err)
		}
		for _, s := range found {
			made, err := plan(ctx, tx, s, now)
			if err != nil {
				return err
			}
			plans = append(plans, made)
		}
		return nil
	})
	return plans, err
}

// plan schedules a series that its caller has locked.
func plan(ctx context.Context, tx pgx.Tx, s occurrence.Series, now time.Time) (Plan, error) {
	unchanged := Plan{SeriesID: s.ID, Status: s.Status, NextOccurrenceAt: s.NextOccurrenceAt, FireAt: s.FireAt}
	if s.FireAt != nil || (s.Status != event.SeriesPending && s.Status != event.SeriesActive) {
		return unchanged, nil
	}
	closed, open, err := lastInstance(ctx, tx, s)
	if err != nil {
		return Plan{}, err
	}
	rule, err := s.Rule()
	if refused, ok := errors.AsType[*recurrence.Error](err); ok {
		unchanged.Failure = refused.Error()
		return unchanged, occurrence.Fail(ctx, tx, s, refused, now)
	}
	if err != nil {
		return Plan{}, fmt.Errorf("reading the rule of series %s: %w", s.ID, err)
	}
	p := Plan{SeriesID: s.ID, Status: event.SeriesActive}
	if !open {
		if next, ok := s.Resume(rule, closed); ok {
			fire := s.FiresAt(next, rule.Zone())
			p.NextOccurrenceAt, p.FireAt = &next, &fire
		} else {
			p.Status = event.SeriesCompleted
		}
	}
	if _, err := tx.Exec(ctx, `
		UPDATE series SET status = $3, next_occurrence_at = $4, fire_at = $5, failure = NULL, failures = 0
		WHERE user_id = $1 AND id = $2`, s.Owner, s.ID, p.Status, p.NextOccurrenceAt, p.FireAt); err != nil {
		return Plan{}, fmt.Errorf("scheduling series %s: %w", s.ID, err)
	}
	return p, nil
}

// lastInstance tells of a series that counts from completion whether its last instance
// is open, or when it was closed. One that was skipped was closed at its own time.
func lastInstance(ctx context.Context, tx pgx.Tx, s occurrence.Series) (closed *time.Time, open bool, err error) {
	if s.Mode != occurrence.ByCompletion || s.LastOccurrenceAt == nil {
		return nil, false, nil
	}
	err = tx.QueryRow(ctx, `
		SELECT status IN ('pending', 'active'),
			CASE status WHEN 'completed' THEN completed_at WHEN 'skipped' THEN occurrence_at ELSE updated_at END
		FROM tasks WHERE user_id = $1 AND series_id = $2 AND occurrence_at = $3`,
		s.Owner, s.ID, *s.LastOccurrenceAt).Scan(&open, &closed)
	if errors.Is(err, pgx.ErrNoRows) {
		return s.LastOccurrenceAt, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("reading the last instance of series %s: %w", s.ID, err)
	}
	return closed, open, nil
}
