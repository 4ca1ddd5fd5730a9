package tag

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/internal/idempotency"
	"github.com/rondohq/rondo/services/internal/outbox"
	"github.com/rondohq/rondo/services/internal/postgres"
)

// uniqueName is the index that keeps names apart in any case.
const uniqueName = "tags_by_name"

// Postgres is the Store.
type Postgres struct {
	pool   *pgxpool.Pool
	outbox *outbox.Outbox
}

// NewPostgres makes the store.
func NewPostgres(pool *pgxpool.Pool, o *outbox.Outbox) *Postgres {
	return &Postgres{pool: pool, outbox: o}
}

// columns of tags g, with the count of tasks.
const columns = `g.id, g.name, (SELECT count(*) FROM task_tags tt JOIN tasks t ON t.id = tt.task_id
	WHERE tt.tag_id = g.id AND t.user_id = g.user_id AND t.status IN ('pending', 'active'))`

// List implements Store.
func (p *Postgres) List(ctx context.Context, owner uuid.UUID) ([]Tag, error) {
	// Counted all at once: tag by tag, each task would be looked up by itself.
	rows, err := p.pool.Query(ctx, `
		SELECT g.id, g.name, count(t.id) FROM tags g LEFT JOIN task_tags tt ON tt.tag_id = g.id
			LEFT JOIN tasks t ON t.id = tt.task_id AND t.user_id = g.user_id AND t.status IN ('pending', 'active')
		WHERE g.user_id = $1 GROUP BY g.id ORDER BY lower(g.name)`, owner)
	if err != nil {
		return nil, postgres.Explain(fmt.Errorf("listing tags: %w", err))
	}
	tags, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Tag])
	if err != nil {
		return nil, postgres.Explain(fmt.Errorf("listing tags: %w", err))
	}
	return tags, nil
}

// Insert implements Store.
func (p *Postgres) Insert(ctx context.Context, owner uuid.UUID, t Tag) (Tag, error) {
	return p.change(ctx, owner, func(tx pgx.Tx) (Tag, error) {
		if _, err := tx.Exec(ctx, `INSERT INTO tags (id, user_id, name) VALUES ($1, $2, $3)`, t.ID, owner, t.Name); err != nil {
			return Tag{}, fmt.Errorf("inserting a tag: %w", err)
		}
		return t, p.tell(ctx, tx, owner)
	})
}

// Rename implements Store.
func (p *Postgres) Rename(ctx context.Context, owner, id uuid.UUID, name string) (Tag, error) {
	return p.change(ctx, owner, func(tx pgx.Tx) (Tag, error) {
		var old string
		err := tx.QueryRow(ctx, `SELECT name FROM tags WHERE user_id = $1 AND id = $2 FOR UPDATE`, owner, id).Scan(&old)
		if errors.Is(err, pgx.ErrNoRows) {
			return Tag{}, notFound()
		}
		if err != nil {
			return Tag{}, fmt.Errorf("locking a tag: %w", err)
		}
		if old != name {
			if _, err := tx.Exec(ctx, `UPDATE tags SET name = $3 WHERE user_id = $1 AND id = $2`, owner, id, name); err != nil {
				return Tag{}, fmt.Errorf("renaming a tag: %w", err)
			}
			if err := p.tell(ctx, tx, owner); err != nil {
				return Tag{}, err
			}
		}
		var t Tag
		err = tx.QueryRow(ctx, `SELECT `+columns+` FROM tags g WHERE g.user_id = $1 AND g.id = $2`, owner, id).
			Scan(&t.ID, &t.Name, &t.TaskCount)
		if err != nil {
			return Tag{}, fmt.Errorf("reading a tag: %w", err)
		}
		return t, nil
	})
}

// Delete implements Store.
func (p *Postgres) Delete(ctx context.Context, owner, id uuid.UUID) error {
	_, err := p.change(ctx, owner, func(tx pgx.Tx) (Tag, error) {
		deleted, err := tx.Exec(ctx, `DELETE FROM tags WHERE user_id = $1 AND id = $2`, owner, id)
		if err != nil {
			return Tag{}, fmt.Errorf("deleting a tag: %w", err)
		}
		if deleted.RowsAffected() == 0 {
			return Tag{}, notFound()
		}
		return Tag{}, p.tell(ctx, tx, owner)
	})
	return err
}

// change runs do once per idempotency key, in a transaction.
func (p *Postgres) change(ctx context.Context, owner uuid.UUID, do func(pgx.Tx) (Tag, error)) (t Tag, err error) {
	err = postgres.InTx(ctx, p.pool, func(tx pgx.Tx) error {
		t, err = idempotency.Once(ctx, tx, owner, func() (Tag, error) { return do(tx) })
		return err //nolint:wrapcheck // says all
	})
	if postgres.Violates(err, uniqueName) {
		exists := fault.New(fault.Conflict, "There is a tag with this name already.").Because("tag_exists", nil)
		exists.Fields = []fault.Field{{Name: "name", Message: "is taken"}}
		return Tag{}, exists
	}
	if err != nil {
		return Tag{}, err
	}
	p.outbox.Wake()
	return t, nil
}

// tell lets open tabs fetch tags and tasks again. The tasks' own versions stay:
// their names of tags are not theirs.
func (p *Postgres) tell(ctx context.Context, tx pgx.Tx, owner uuid.UUID) error {
	_, err := p.outbox.Append(ctx, tx, outbox.Message{
		UserID: owner, Subject: owner.String(), Payload: event.AccountChanged{Changed: event.AccountTags},
	})
	return err //nolint:wrapcheck // says all
}

func notFound() error { return fault.New(fault.NotFound, "There is no such tag.") }
