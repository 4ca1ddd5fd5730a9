package task

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/rondohq/rondo/services/internal/postgres"
)

// What package series does to tasks, in transactions of its own: the caller wakes the
// outbox after them.

// TagsIn finds or makes the owner's tags; see InsertIn.
func (p *Postgres) TagsIn(ctx context.Context, tx pgx.Tx, owner uuid.UUID, names []string) ([]uuid.UUID, []string, error) {
	return p.tags(ctx, tx, owner, names)
}

// ChangeIn is Change without the idempotency key.
func (p *Postgres) ChangeIn(ctx context.Context, tx pgx.Tx, owner, id uuid.UUID, change func(Task) (Task, error)) (Task, error) {
	return p.changeIn(ctx, tx, owner, id, change)
}

// InstancesIn are those instances of a series that are open, or whose occurrence is at
// the instant or later, the earliest first.
func (p *Postgres) InstancesIn(ctx context.Context, tx pgx.Tx, owner, series uuid.UUID, from time.Time) ([]Task, error) {
	rows, err := tx.Query(ctx, `SELECT `+columns+` FROM tasks t
		WHERE t.user_id = $1 AND t.series_id = $2 AND (t.status IN ('pending', 'active') OR t.occurrence_at >= $3)
		ORDER BY t.occurrence_at`, owner, series, from)
	if err != nil {
		return nil, fmt.Errorf("reading the open instances of a series: %w", err)
	}
	return collect(rows)
}

// InstanceIn is the task of an occurrence, in a list that is empty when it has none.
func (p *Postgres) InstanceIn(ctx context.Context, tx pgx.Tx, owner, series uuid.UUID, at time.Time) ([]Task, error) {
	rows, err := tx.Query(ctx, `SELECT `+columns+` FROM tasks t
		WHERE t.user_id = $1 AND t.series_id = $2 AND t.occurrence_at = $3`, owner, series, at)
	if err != nil {
		return nil, fmt.Errorf("reading an instance: %w", err)
	}
	return collect(rows)
}

// Instances are those of a series, the latest first, from before an occurrence on; nil:
// from the latest.
func (p *Postgres) Instances(ctx context.Context, owner, series uuid.UUID, before *time.Time, limit int) ([]Task, error) {
	rows, err := p.pool.Query(ctx, `SELECT `+columns+` FROM tasks t
		WHERE t.user_id = $1 AND t.series_id = $2 AND t.occurrence_at < coalesce($3::timestamptz, 'infinity')
		ORDER BY t.occurrence_at DESC LIMIT $4`, owner, series, before, limit)
	if err != nil {
		return nil, postgres.Explain(fmt.Errorf("reading instances: %w", err))
	}
	tasks, err := collect(rows)
	return tasks, postgres.Explain(err)
}

func collect(rows pgx.Rows) ([]Task, error) {
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Task, error) { return scan(row) })
}
