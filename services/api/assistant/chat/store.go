package chat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/internal/idempotency"
	"github.com/rondohq/rondo/services/internal/postgres"
)

// keep is how long turns are kept after their session is over.
const keep = 30 * 24 * time.Hour

// Postgres is the Store.
type Postgres struct{ pool *pgxpool.Pool }

// NewPostgres makes the store.
func NewPostgres(pool *pgxpool.Pool) *Postgres { return &Postgres{pool: pool} }

const columns = `id, user_id, session_id, text, status, asked, created_at, ended_at`

func scan(row pgx.Row) (Turn, error) {
	var t Turn
	err := row.Scan(&t.ID, &t.Owner, &t.SessionID, &t.Text, &t.Status, &t.Asked, &t.CreatedAt, &t.EndedAt)
	if errors.Is(err, pgx.ErrNoRows) {
		return Turn{}, fault.New(fault.NotFound, "There is no such turn.")
	}
	if err != nil {
		return Turn{}, fmt.Errorf("reading a turn: %w", err)
	}
	t.CreatedAt = t.CreatedAt.UTC()
	if t.EndedAt != nil {
		at := t.EndedAt.UTC()
		t.EndedAt = &at
	}
	return t, nil
}

// Begin implements Store.
func (p *Postgres) Begin(ctx context.Context, t Turn, lease time.Time) (kept Turn, fresh bool, err error) {
	err = postgres.InTx(ctx, p.pool, func(tx pgx.Tx) error {
		kept, err = idempotency.Once(ctx, tx, t.Owner, func() (Turn, error) {
			fresh = true
			return scan(tx.QueryRow(ctx, `
				INSERT INTO chat_turns (id, user_id, session_id, text, lease) VALUES ($1, $2, $3, $4, $5)
				RETURNING `+columns, t.ID, t.Owner, t.SessionID, t.Text, lease))
		})
		return err
	})
	return kept, fresh, err
}

// Get implements Store.
func (p *Postgres) Get(ctx context.Context, owner, id uuid.UUID) (Turn, error) {
	t, err := scan(p.pool.QueryRow(ctx, `SELECT `+columns+` FROM chat_turns WHERE user_id = $1 AND id = $2`, owner, id))
	return t, postgres.Explain(err)
}

// Session implements Store.
func (p *Postgres) Session(ctx context.Context, owner, session uuid.UUID, limit int) ([]Turn, error) {
	rows, err := p.pool.Query(ctx, `
		SELECT `+columns+` FROM (
			SELECT * FROM chat_turns WHERE user_id = $1 AND session_id = $2 ORDER BY created_at DESC, id DESC LIMIT $3
		) latest ORDER BY created_at, id`, owner, session, limit)
	if err != nil {
		return nil, postgres.Explain(fmt.Errorf("reading a session: %w", err))
	}
	turns, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Turn, error) { return scan(row) })
	if err != nil {
		return nil, postgres.Explain(fmt.Errorf("reading a session: %w", err))
	}
	for i := range turns {
		if turns[i].Chunks, err = p.Chunks(ctx, owner, turns[i].ID, 0); err != nil {
			return nil, err
		}
	}
	return turns, nil
}

// Chunks implements Store.
func (p *Postgres) Chunks(ctx context.Context, owner, id uuid.UUID, after int) ([]Chunk, error) {
	rows, err := p.pool.Query(ctx, `
		SELECT number, kind, data FROM chat_chunks WHERE user_id = $1 AND turn_id = $2 AND number > $3 ORDER BY number`, owner, id, after)
	if err != nil {
		return nil, postgres.Explain(fmt.Errorf("reading chunks: %w", err))
	}
	chunks, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Chunk])
	if err != nil {
		return nil, postgres.Explain(fmt.Errorf("reading chunks: %w", err))
	}
	return chunks, nil
}

// Append implements Store.
func (p *Postgres) Append(ctx context.Context, t Turn, kind Kind, data any) error {
	return postgres.InTx(ctx, p.pool, func(tx pgx.Tx) error {
		if err := lockRunning(ctx, tx, t); err != nil {
			return err
		}
		return appendChunk(ctx, tx, t, kind, data)
	})
}

// End implements Store.
func (p *Postgres) End(ctx context.Context, t Turn, status Status, asked *Call, chunks ...NewChunk) error {
	return postgres.InTx(ctx, p.pool, func(tx pgx.Tx) error {
		if err := lockRunning(ctx, tx, t); err != nil {
			return err
		}
		for _, c := range chunks {
			if err := appendChunk(ctx, tx, t, c.Kind, c.Data); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `
			UPDATE chat_turns SET status = $3, asked = $4, lease = NULL, ended_at = now() WHERE user_id = $1 AND id = $2`,
			t.Owner, t.ID, status, asked); err != nil {
			return fmt.Errorf("ending a turn: %w", err)
		}
		return nil
	})
}

// lockRunning keeps the turn as it is until the transaction ends. errNotRunning: it has
// ended, because the person stopped it or since this replica was taken for dead.
func lockRunning(ctx context.Context, tx pgx.Tx, t Turn) error {
	var status Status
	err := tx.QueryRow(ctx, `SELECT status FROM chat_turns WHERE user_id = $1 AND id = $2 FOR UPDATE`, t.Owner, t.ID).Scan(&status)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && status != Running {
		return errNotRunning
	}
	if err != nil {
		return fmt.Errorf("locking a turn: %w", err)
	}
	return nil
}

func appendChunk(ctx context.Context, tx pgx.Tx, t Turn, kind Kind, data any) error {
	text, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("encoding a chunk: %w", err)
	}
	if _, err := tx.Exec(ctx, `
		INSERT INTO chat_chunks (turn_id, user_id, number, kind, data)
		SELECT $1, $2, coalesce(max(number), 0) + 1, $3, $4 FROM chat_chunks WHERE user_id = $2 AND turn_id = $1`,
		t.ID, t.Owner, kind, text); err != nil {
		return fmt.Errorf("keeping a chunk: %w", err)
	}
	return nil
}

// Renew implements Store.
func (p *Postgres) Renew(ctx context.Context, t Turn, lease time.Time) error {
	tag, err := p.pool.Exec(ctx, `UPDATE chat_turns SET lease = $3 WHERE user_id = $1 AND id = $2 AND status = 'running'`, t.Owner, t.ID, lease)
	switch {
	case err != nil:
		return postgres.Explain(fmt.Errorf("renewing a turn's lease: %w", err))
	case tag.RowsAffected() == 0:
		return errNotRunning
	}
	return nil
}

// Resume implements Store.
func (p *Postgres) Resume(ctx context.Context, owner, id uuid.UUID, lease time.Time) (t Turn, call Call, fresh bool, err error) {
	err = postgres.InTx(ctx, p.pool, func(tx pgx.Tx) error {
		if t, err = scan(tx.QueryRow(ctx, `SELECT `+columns+` FROM chat_turns WHERE user_id = $1 AND id = $2 FOR UPDATE`, owner, id)); err != nil {
			return err
		}
		if t.Asked == nil {
			return nil // somebody was faster, or it was stopped
		}
		call, fresh = *t.Asked, true
		t.Status, t.Asked, t.EndedAt = Running, nil, nil
		_, err = tx.Exec(ctx, `
			UPDATE chat_turns SET status = 'running', asked = NULL, lease = $3, ended_at = NULL WHERE user_id = $1 AND id = $2`, owner, id, lease)
		return err //nolint:wrapcheck // wrapped by the caller
	})
	return t, call, fresh, err
}

// Abandoned implements Store.
func (p *Postgres) Abandoned(ctx context.Context) ([]Turn, error) {
	rows, err := p.pool.Query(ctx, `SELECT `+columns+` FROM chat_turns WHERE status = 'running' AND lease < now() LIMIT 100`)
	if err != nil {
		return nil, postgres.Explain(fmt.Errorf("looking for abandoned turns: %w", err))
	}
	turns, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Turn, error) { return scan(row) })
	if err != nil {
		return nil, postgres.Explain(fmt.Errorf("looking for abandoned turns: %w", err))
	}
	return turns, nil
}

// Purge implements Store.
func (p *Postgres) Purge(ctx context.Context) error {
	if _, err := p.pool.Exec(ctx, `DELETE FROM chat_turns WHERE created_at < now() - $1::interval`, keep); err != nil {
		return postgres.Explain(fmt.Errorf("purging turns: %w", err))
	}
	return nil
}
