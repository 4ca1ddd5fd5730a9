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

const (
	// keep is how long turns are shown again.
	keep = 30 * 24 * time.Hour
	// oneRuns is the index that allows a session one running turn.
	oneRuns = "chat_turns_one_runs"
	// abandonedLimit is how many turns one look for abandoned ones finds.
	abandonedLimit = 100
)

// Postgres is the Store.
type Postgres struct{ pool *pgxpool.Pool }

// NewPostgres makes the store.
func NewPostgres(pool *pgxpool.Pool) *Postgres { return &Postgres{pool: pool} }

const columns = `id, user_id, session_id, text, status, asked, created_at, ended_at`

func scan(row pgx.Row) (Turn, error) {
	var t Turn
	err := row.Scan(&t.ID, &t.Owner, &t.SessionID, &t.Text, &t.Status, &t.asked, &t.CreatedAt, &t.EndedAt)
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

// all runs a query of turns.
func (p *Postgres) all(ctx context.Context, query string, args ...any) ([]Turn, error) {
	rows, err := p.pool.Query(ctx, query, args...)
	if err != nil {
		return nil, postgres.Explain(fmt.Errorf("reading turns: %w", err))
	}
	turns, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Turn, error) { return scan(row) })
	return turns, postgres.Explain(err)
}

// Begin implements Store.
func (p *Postgres) Begin(ctx context.Context, t Turn) (kept Turn, fresh bool, err error) {
	err = postgres.InTx(ctx, p.pool, func(tx pgx.Tx) error {
		kept, err = idempotency.Once(ctx, tx, t.Owner, func() (Turn, error) {
			fresh = true
			return scan(tx.QueryRow(ctx, `
				INSERT INTO chat_turns (id, user_id, session_id, text, lease) VALUES ($1, $2, $3, $4, now() + $5::interval)
				RETURNING `+columns, t.ID, t.Owner, t.SessionID, t.Text, leaseTime))
		})
		return err
	})
	if postgres.Violates(err, oneRuns) {
		return Turn{}, false, fault.New(fault.Conflict, "The answer before is still being made. Wait for it, or stop it.").
			Because("turn_running", nil)
	}
	return kept, fresh, err
}

// Get implements Store.
func (p *Postgres) Get(ctx context.Context, owner, id uuid.UUID) (Turn, error) {
	t, err := scan(p.pool.QueryRow(ctx, `SELECT `+columns+` FROM chat_turns WHERE user_id = $1 AND id = $2`, owner, id))
	return t, postgres.Explain(err)
}

// Sessions implements Store.
func (p *Postgres) Sessions(ctx context.Context, owner uuid.UUID, limit int) ([]Session, error) {
	rows, err := p.pool.Query(ctx, `
		SELECT session_id, left((array_agg(text ORDER BY created_at, id))[1], 100), max(created_at) AS last, count(*)
		FROM chat_turns WHERE user_id = $1 GROUP BY session_id ORDER BY last DESC, session_id LIMIT $2`, owner, limit)
	if err != nil {
		return nil, postgres.Explain(fmt.Errorf("reading sessions: %w", err))
	}
	sessions, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Session])
	if err != nil {
		return nil, postgres.Explain(fmt.Errorf("reading sessions: %w", err))
	}
	for i := range sessions {
		sessions[i].LastAt = sessions[i].LastAt.UTC()
	}
	return sessions, nil
}

// Session implements Store.
func (p *Postgres) Session(ctx context.Context, owner, session uuid.UUID, limit int) ([]Turn, error) {
	turns, err := p.all(ctx, `
		SELECT `+columns+` FROM (
			SELECT `+columns+` FROM chat_turns WHERE user_id = $1 AND session_id = $2 ORDER BY created_at DESC, id DESC LIMIT $3
		) latest ORDER BY created_at, id`, owner, session, limit)
	if err != nil || len(turns) == 0 {
		return nil, err
	}
	byID := map[uuid.UUID]*Turn{}
	for i := range turns {
		byID[turns[i].ID] = &turns[i]
	}
	rows, err := p.pool.Query(ctx, `
		SELECT c.turn_id, c.number, c.kind, c.data FROM chat_chunks c JOIN chat_turns t ON t.id = c.turn_id
		WHERE c.user_id = $1 AND t.user_id = $1 AND t.session_id = $2 AND (t.created_at, t.id) >= ($3, $4) ORDER BY c.turn_id, c.number`,
		owner, session, turns[0].CreatedAt, turns[0].ID)
	if err != nil {
		return nil, postgres.Explain(fmt.Errorf("reading chunks: %w", err))
	}
	var turn uuid.UUID
	var c Chunk
	_, err = pgx.ForEachRow(rows, []any{&turn, &c.Number, &c.Kind, &c.Data}, func() error {
		if t := byID[turn]; t != nil { // else it is newer than the list
			t.Chunks = append(t.Chunks, Chunk{c.Number, c.Kind, append(json.RawMessage(nil), c.Data...)})
		}
		return nil
	})
	if err != nil {
		return nil, postgres.Explain(fmt.Errorf("reading chunks: %w", err))
	}
	return turns, nil
}

// Forget implements Store.
func (p *Postgres) Forget(ctx context.Context, owner, session uuid.UUID) error {
	tag, err := p.pool.Exec(ctx, `DELETE FROM chat_turns WHERE user_id = $1 AND session_id = $2`, owner, session)
	switch {
	case err != nil:
		return postgres.Explain(fmt.Errorf("forgetting a session: %w", err))
	case tag.RowsAffected() == 0:
		return fault.New(fault.NotFound, "There is no such conversation.")
	}
	return nil
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
func (p *Postgres) Append(ctx context.Context, t Turn, c NewChunk) error {
	return postgres.InTx(ctx, p.pool, func(tx pgx.Tx) error {
		if err := lockRunning(ctx, tx, t); err != nil {
			return err
		}
		return appendChunk(ctx, tx, t, c)
	})
}

// Rest implements Store.
func (p *Postgres) Rest(ctx context.Context, t Turn, status Status, asked *Call, chunks ...NewChunk) error {
	return postgres.InTx(ctx, p.pool, func(tx pgx.Tx) error {
		if err := lockRunning(ctx, tx, t); err != nil {
			return err
		}
		for _, c := range chunks {
			if err := appendChunk(ctx, tx, t, c); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `
			UPDATE chat_turns SET status = $3, asked = $4, lease = NULL, ended_at = CASE WHEN $3 <> 'waiting' THEN now() END
			WHERE user_id = $1 AND id = $2`, t.Owner, t.ID, status, asked); err != nil {
			return fmt.Errorf("resting a turn: %w", err)
		}
		return nil
	})
}

// lockRunning lets one at a time add to a turn that runs.
func lockRunning(ctx context.Context, tx pgx.Tx, t Turn) error {
	var running bool
	err := tx.QueryRow(ctx, `SELECT status = 'running' FROM chat_turns WHERE user_id = $1 AND id = $2 FOR UPDATE`,
		t.Owner, t.ID).Scan(&running)
	switch {
	case errors.Is(err, pgx.ErrNoRows) || err == nil && !running: // gone: the session was forgotten
		return errResting
	case err != nil:
		return fmt.Errorf("locking a turn: %w", err)
	}
	return nil
}

func appendChunk(ctx context.Context, tx pgx.Tx, t Turn, c NewChunk) error {
	if _, err := tx.Exec(ctx, `
		INSERT INTO chat_chunks (turn_id, user_id, number, kind, data)
		SELECT $1, $2, coalesce(max(number), 0) + 1, $3, $4 FROM chat_chunks WHERE user_id = $2 AND turn_id = $1`,
		t.ID, t.Owner, c.Kind, c.Data); err != nil {
		return fmt.Errorf("keeping a chunk: %w", err)
	}
	return nil
}

// Renew implements Store.
func (p *Postgres) Renew(ctx context.Context, t Turn) error {
	tag, err := p.pool.Exec(ctx, `
		UPDATE chat_turns SET lease = now() + $3::interval WHERE user_id = $1 AND id = $2 AND status = 'running'`, t.Owner, t.ID, leaseTime)
	switch {
	case err != nil:
		return postgres.Explain(fmt.Errorf("renewing a turn's lease: %w", err))
	case tag.RowsAffected() == 0:
		return errResting
	}
	return nil
}

// Stop implements Store.
func (p *Postgres) Stop(ctx context.Context, owner, id uuid.UUID) (t Turn, err error) {
	err = postgres.InTx(ctx, p.pool, func(tx pgx.Tx) error {
		t, err = scan(tx.QueryRow(ctx, `SELECT `+columns+` FROM chat_turns WHERE user_id = $1 AND id = $2 FOR UPDATE`, owner, id))
		if err != nil || t.Status != Running && t.Status != Waiting {
			return err
		}
		if err := appendChunk(ctx, tx, t, NewChunk{End, Ending{Status: Stopped}}); err != nil {
			return err
		}
		t, err = scan(tx.QueryRow(ctx, `
			UPDATE chat_turns SET status = 'stopped', asked = NULL, lease = NULL, ended_at = now() WHERE user_id = $1 AND id = $2
			RETURNING `+columns, owner, id))
		return err
	})
	return t, err
}

// Resume implements Store.
func (p *Postgres) Resume(ctx context.Context, owner, id uuid.UUID) (t Turn, call *Call, err error) {
	err = postgres.InTx(ctx, p.pool, func(tx pgx.Tx) error {
		row := tx.QueryRow(ctx, `SELECT `+columns+` FROM chat_turns WHERE user_id = $1 AND id = $2 FOR UPDATE`, owner, id)
		if t, err = scan(row); err != nil {
			return err
		}
		if t.asked == nil {
			return nil // somebody was faster, or it was stopped
		}
		call, t.Status, t.asked = t.asked, Running, nil
		_, err = tx.Exec(ctx, `
			UPDATE chat_turns SET status = 'running', asked = NULL, lease = now() + $3::interval WHERE user_id = $1 AND id = $2`,
			owner, id, leaseTime)
		return err //nolint:wrapcheck // explained below
	})
	if postgres.Violates(err, oneRuns) {
		err = fault.New(fault.Conflict, "Another answer is being made. Wait for it, or stop it.").Because("turn_running", nil)
	}
	return t, call, err
}

// Take implements Store.
func (p *Postgres) Take(ctx context.Context, after Turn, end Ending) (call *Call, err error) {
	err = postgres.InTx(ctx, p.pool, func(tx pgx.Tx) error {
		t, err := scan(tx.QueryRow(ctx, `
			SELECT `+columns+` FROM chat_turns WHERE user_id = $1 AND session_id = $2 AND (created_at, id) < ($3, $4)
			ORDER BY created_at DESC, id DESC LIMIT 1 FOR UPDATE`, after.Owner, after.SessionID, after.CreatedAt, after.ID))
		if fault.CodeOf(err) == fault.NotFound || err == nil && t.asked == nil {
			return nil
		}
		if err != nil {
			return err
		}
		call = t.asked
		if err := appendChunk(ctx, tx, t, NewChunk{End, end}); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `
			UPDATE chat_turns SET status = $3, asked = NULL, ended_at = now() WHERE user_id = $1 AND id = $2`,
			t.Owner, t.ID, end.Status); err != nil {
			return fmt.Errorf("taking a question: %w", err)
		}
		return nil
	})
	return call, err
}

// Abandoned implements Store.
func (p *Postgres) Abandoned(ctx context.Context) ([]Turn, error) {
	return p.all(ctx, `SELECT `+columns+` FROM chat_turns WHERE status = 'running' AND lease < now() LIMIT $1`, abandonedLimit)
}

// Zone implements Store.
func (p *Postgres) Zone(ctx context.Context, owner uuid.UUID) (*time.Location, error) {
	var name string
	if err := p.pool.QueryRow(ctx, `SELECT timezone FROM users WHERE id = $1`, owner).Scan(&name); err != nil {
		return nil, postgres.Explain(fmt.Errorf("reading the time zone: %w", err))
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("loading the time zone: %w", err)
	}
	return zone, nil
}

// Purge implements Store.
func (p *Postgres) Purge(ctx context.Context) error {
	if _, err := p.pool.Exec(ctx, `DELETE FROM chat_turns WHERE created_at < now() - $1::interval`, keep); err != nil {
		return postgres.Explain(fmt.Errorf("purging turns: %w", err))
	}
	return nil
}
