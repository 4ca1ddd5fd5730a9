package exchange

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rondohq/rondo/services/api/task"
	"github.com/rondohq/rondo/services/internal/idempotency"
	"github.com/rondohq/rondo/services/internal/outbox"
	"github.com/rondohq/rondo/services/internal/postgres"
)

// Postgres is the Store. It leaves the tasks themselves to their own store.
type Postgres struct {
	pool   *pgxpool.Pool
	tasks  *task.Postgres
	outbox *outbox.Outbox
}

// NewPostgres makes the store.
func NewPostgres(pool *pgxpool.Pool, tasks *task.Postgres, o *outbox.Outbox) *Postgres {
	return &Postgres{pool: pool, tasks: tasks, outbox: o}
}

// Export implements Store.
func (p *Postgres) Export(ctx context.Context, owner uuid.UUID, at time.Time, to Sink) error {
	snapshot := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, p.pool, snapshot, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT name FROM tags WHERE user_id = $1 ORDER BY lower(name)`, owner)
		if err != nil {
			return fmt.Errorf("reading tags: %w", err)
		}
		tags, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return fmt.Errorf("reading tags: %w", err)
		}
		if err := to.Begin(at, tags); err != nil {
			return err //nolint:wrapcheck // the sink's own
		}
		if err := p.tasks.EachIn(ctx, tx, owner, to.Task); err != nil {
			return err //nolint:wrapcheck // says all
		}
		return to.End() //nolint:wrapcheck // the sink's own
	})
	return postgres.Explain(err)
}

// Import implements Store.
func (p *Postgres) Import(
	ctx context.Context, owner uuid.UUID, ids []uuid.UUID, tags []string, plan Planner,
) (result Result, err error) {
	err = postgres.InTx(ctx, p.pool, func(tx pgx.Tx) error {
		result, err = idempotency.Once(ctx, tx, owner, func() (Result, error) {
			return p.importIn(ctx, tx, owner, ids, tags, plan)
		})
		return err //nolint:wrapcheck // says all
	})
	if err != nil {
		return Result{}, err
	}
	p.outbox.Wake()
	return result, nil
}

func (p *Postgres) importIn(
	ctx context.Context, tx pgx.Tx, owner uuid.UUID, ids []uuid.UUID, tags []string, plan Planner,
) (Result, error) {
	// One import of a user at a time: the second of two alike finds all of it there.
	if _, err := tx.Exec(ctx, `SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE`, owner); err != nil {
		return Result{}, fmt.Errorf("locking a user: %w", err)
	}
	rows, err := tx.Query(ctx, `SELECT id FROM tasks WHERE user_id = $1 AND id = ANY($2)`, owner, ids)
	if err != nil {
		return Result{}, fmt.Errorf("looking for tasks: %w", err)
	}
	owned := map[uuid.UUID]bool{}
	var id uuid.UUID
	if _, err := pgx.ForEachRow(rows, []any{&id}, func() error { owned[id] = true; return nil }); err != nil {
		return Result{}, fmt.Errorf("looking for tasks: %w", err)
	}
	todo, err := plan(owned)
	if err != nil {
		return Result{}, err
	}
	made, err := p.tasks.InsertAllIn(ctx, tx, owner, todo.Create, tags)
	if err != nil {
		return Result{}, err //nolint:wrapcheck // says all
	}
	return Result{Created: len(todo.Create), Skipped: todo.Skipped, TagsCreated: made}, nil
}
