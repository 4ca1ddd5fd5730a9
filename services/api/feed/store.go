package feed

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/api/task"
	"github.com/rondohq/rondo/services/internal/occurrence"
	"github.com/rondohq/rondo/services/internal/postgres"
)

// usedEvery is the grain of last_used_at.
const usedEvery = time.Minute

// Postgres is the Store.
type Postgres struct {
	pool  *pgxpool.Pool
	tasks *task.Postgres
}

// NewPostgres makes the store.
func NewPostgres(pool *pgxpool.Pool, tasks *task.Postgres) *Postgres { return &Postgres{pool, tasks} }

// columns of feeds f.
const columns = `f.id, f.name, f.show_as, f.include_completed, f.created_at, f.last_used_at,
	ARRAY(SELECT g.name FROM tags g WHERE g.user_id = f.user_id AND g.id = ANY(f.tag_ids) ORDER BY lower(g.name))`

func scan(row pgx.Row, more ...any) (f Feed, err error) {
	err = row.Scan(append([]any{&f.ID, &f.Name, &f.ShowAs, &f.IncludeCompleted, &f.CreatedAt, &f.LastUsedAt, &f.Tags}, more...)...)
	f.CreatedAt = f.CreatedAt.UTC()
	if f.LastUsedAt != nil {
		*f.LastUsedAt = f.LastUsedAt.UTC()
	}
	return f, err
}

// Insert implements Store.
func (p *Postgres) Insert(ctx context.Context, f Stored, hash [sha256.Size]byte, limit int) (kept Feed, err error) {
	err = postgres.InTx(ctx, p.pool, func(tx pgx.Tx) error {
		// Without the lock two at once could both be the last.
		if _, err := tx.Exec(ctx, `SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE`, f.Owner); err != nil {
			return fmt.Errorf("locking a user: %w", err)
		}
		var count int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM feeds WHERE user_id = $1`, f.Owner).Scan(&count); err != nil {
			return fmt.Errorf("counting feeds: %w", err)
		}
		if count >= limit {
			return fault.New(fault.Conflict, "You have %d feeds; please revoke one first.", count).Because("too_many_feeds", nil)
		}
		ids, err := tagIDs(ctx, tx, f.Owner, f.Tags)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO feeds (id, user_id, name, hash, show_as, include_completed, tag_ids, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			f.ID, f.Owner, f.Name, hash[:], f.ShowAs, f.IncludeCompleted, ids, f.CreatedAt)
		if err != nil {
			return fmt.Errorf("inserting a feed: %w", err)
		}
		if kept, err = scan(tx.QueryRow(ctx, `SELECT `+columns+` FROM feeds f WHERE f.user_id = $1 AND f.id = $2`, f.Owner, f.ID)); err != nil {
			return fmt.Errorf("reading a feed: %w", err)
		}
		return nil
	})
	return kept, err
}

// tagIDs are those of the tags with these names; it names each that there is none of.
func tagIDs(ctx context.Context, tx pgx.Tx, owner uuid.UUID, names []string) ([]uuid.UUID, error) {
	ids := make([]uuid.UUID, 0, len(names))
	var bad []fault.Field
	for i, name := range names {
		var id uuid.UUID
		err := tx.QueryRow(ctx, `SELECT id FROM tags WHERE user_id = $1 AND lower(name) = lower($2)`, owner, name).Scan(&id)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			bad = append(bad, fault.Field{Name: fmt.Sprintf("tags[%d]", i), Message: "is no tag of yours"})
		case err != nil:
			return nil, fmt.Errorf("finding a tag: %w", err)
		}
		ids = append(ids, id)
	}
	if err := fault.InvalidFields(bad); err != nil {
		return nil, err
	}
	return ids, nil
}

// List implements Store.
func (p *Postgres) List(ctx context.Context, owner uuid.UUID) ([]Feed, error) {
	rows, err := p.pool.Query(ctx, `SELECT `+columns+` FROM feeds f WHERE f.user_id = $1 ORDER BY f.created_at DESC, f.id DESC`, owner)
	if err != nil {
		return nil, postgres.Explain(fmt.Errorf("listing feeds: %w", err))
	}
	feeds, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Feed, error) { return scan(row) })
	if err != nil {
		return nil, postgres.Explain(fmt.Errorf("listing feeds: %w", err))
	}
	return feeds, nil
}

// Remove implements Store.
func (p *Postgres) Remove(ctx context.Context, owner, id uuid.UUID) error {
	tag, err := p.pool.Exec(ctx, `DELETE FROM feeds WHERE user_id = $1 AND id = $2`, owner, id)
	if err != nil {
		return postgres.Explain(fmt.Errorf("removing a feed: %w", err))
	}
	if tag.RowsAffected() == 0 {
		return fault.New(fault.NotFound, "There is no such feed.")
	}
	return nil
}

// Find implements Store.
func (p *Postgres) Find(ctx context.Context, hash [sha256.Size]byte, now time.Time) (Stored, error) {
	var f Stored
	var err error
	f.Feed, err = scan(p.pool.QueryRow(ctx, `SELECT `+columns+`, f.user_id, f.tag_ids FROM feeds f WHERE f.hash = $1`, hash[:]),
		&f.Owner, &f.TagIDs)
	if errors.Is(err, pgx.ErrNoRows) {
		return Stored{}, notFound()
	}
	if err != nil {
		return Stored{}, postgres.Explain(fmt.Errorf("finding a feed: %w", err))
	}
	if f.LastUsedAt == nil || now.Sub(*f.LastUsedAt) >= usedEvery {
		if _, err := p.pool.Exec(ctx, `UPDATE feeds SET last_used_at = $3 WHERE user_id = $1 AND id = $2`, f.Owner, f.ID, now); err != nil {
			return Stored{}, postgres.Explain(fmt.Errorf("noting the use of a feed: %w", err))
		}
	}
	return f, nil
}

// Content implements Store.
func (p *Postgres) Content(ctx context.Context, f Stored, completed *time.Time, limit int) (c Content, err error) {
	snapshot := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, p.pool, snapshot, func(tx pgx.Tx) error {
		var zone string
		if err := tx.QueryRow(ctx, `SELECT timezone FROM users WHERE id = $1`, f.Owner).Scan(&zone); err != nil {
			return fmt.Errorf("reading the owner's time zone: %w", err)
		}
		if c.Zone, err = time.LoadLocation(zone); err != nil {
			return fmt.Errorf("loading the owner's time zone: %w", err)
		}
		if c.Tasks, err = p.tasks.CurrentIn(ctx, tx, f.Owner, f.TagIDs, completed, limit); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `SELECT `+occurrence.Columns+` FROM series s
			WHERE s.user_id = $1 AND s.status = 'active' AND s.next_occurrence_at IS NOT NULL
				AND $2::uuid[] <@ ARRAY(SELECT st.tag_id FROM series_tags st WHERE st.series_id = s.id)
			ORDER BY s.next_occurrence_at, s.id LIMIT $3`, f.Owner, f.TagIDs, limit)
		if err != nil {
			return fmt.Errorf("reading series: %w", err)
		}
		c.Series, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (occurrence.Series, error) { return occurrence.Scan(row) })
		return err
	})
	return c, postgres.Explain(err)
}
