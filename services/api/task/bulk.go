package task

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// bulk is how many tasks InsertAllIn sends at once. It bounds memory; a larger
// number is no faster.
const bulk = 500

// InsertAllIn inserts many new tasks of one owner, each with its event and its
// entry in the history, in the caller's transaction, who wakes the outbox after it.
// The ids are the caller's choice. Parents come before their children, and are the
// owner's: that is the caller's to check. Tags are made as needed, moreTags too;
// tagsMade counts the new ones.
func (p *Postgres) InsertAllIn(
	ctx context.Context, tx pgx.Tx, owner uuid.UUID, tasks []Task, moreTags []string,
) (tagsMade int, err error) {
	names := slices.Clone(moreTags)
	for _, t := range tasks {
		names = append(names, t.Tags...)
	}
	tags, tagsMade, err := p.tagsByName(ctx, tx, owner, names)
	if err != nil {
		return 0, err
	}
	for some := range slices.Chunk(tasks, bulk) {
		batch := &pgx.Batch{}
		for _, t := range some {
			var ids []uuid.UUID
			kept := []string{}
			for _, name := range t.Tags {
				if g := tags[name]; !slices.Contains(ids, g.id) {
					ids, kept = append(ids, g.id), append(kept, g.name)
				}
			}
			slices.SortFunc(kept, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
			t.Tags = kept
			queueTask(batch, t)
			queueTags(batch, t.ID, ids)
			if err := p.record(ctx, batch, nil, t); err != nil {
				return 0, err
			}
		}
		if err := tx.SendBatch(ctx, batch).Close(); err != nil {
			return 0, fmt.Errorf("inserting tasks: %w", err)
		}
	}
	return tagsMade, nil
}

// EachIn calls do with every task of the owner, cancelled ones too, oldest first,
// without ever holding them all.
func (p *Postgres) EachIn(ctx context.Context, tx pgx.Tx, owner uuid.UUID, do func(Task) error) error {
	rows, err := tx.Query(ctx, `SELECT `+columns+` FROM tasks t WHERE t.user_id = $1 ORDER BY t.created_at, t.id`, owner)
	if err != nil {
		return fmt.Errorf("reading all tasks: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		t, err := scan(rows)
		if err != nil {
			return err
		}
		if err := do(t); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("reading all tasks: %w", err)
	}
	return nil
}

// CurrentIn are the owner's open tasks that have all the tags, and those that were
// completed at an instant or later, unless it is nil: at most limit of them, the soonest
// due first. One without a due date comes last.
func (p *Postgres) CurrentIn(
	ctx context.Context, tx pgx.Tx, owner uuid.UUID, tags []uuid.UUID, completed *time.Time, limit int,
) ([]Task, error) {
	rows, err := tx.Query(ctx, `SELECT `+columns+` FROM tasks t
		WHERE t.user_id = $1 AND (t.status IN ('pending', 'active') OR t.status = 'completed' AND t.completed_at >= $2)
			AND $3::uuid[] <@ ARRAY(SELECT tt.tag_id FROM task_tags tt WHERE tt.task_id = t.id)
		ORDER BY coalesce(t.due_at, 'infinity'), t.id LIMIT $4`, owner, completed, tags, limit)
	if err != nil {
		return nil, fmt.Errorf("reading current tasks: %w", err)
	}
	return collect(rows)
}

type namedTag struct {
	id   uuid.UUID
	name string // as the user wrote it first
}

// tagsByName finds or makes the tags with these names, in any case.
func (p *Postgres) tagsByName(
	ctx context.Context, tx pgx.Tx, owner uuid.UUID, names []string,
) (tags map[string]namedTag, made int, err error) {
	slices.Sort(names)
	names = slices.Compact(names)
	var before, after int
	const count = `SELECT count(*) FROM tags WHERE user_id = $1`
	if err := tx.QueryRow(ctx, count, owner).Scan(&before); err != nil {
		return nil, 0, fmt.Errorf("counting tags: %w", err)
	}
	if _, _, err := p.tags(ctx, tx, owner, names); err != nil {
		return nil, 0, err
	}
	if err := tx.QueryRow(ctx, count, owner).Scan(&after); err != nil {
		return nil, 0, fmt.Errorf("counting tags: %w", err)
	}
	rows, err := tx.Query(ctx, `
		SELECT n, g.id, g.name FROM unnest($2::text[]) AS n JOIN tags g ON g.user_id = $1 AND lower(g.name) = lower(n)`,
		owner, names)
	if err != nil {
		return nil, 0, fmt.Errorf("reading tags: %w", err)
	}
	tags = make(map[string]namedTag, len(names))
	var wanted string
	var tag namedTag
	if _, err := pgx.ForEachRow(rows, []any{&wanted, &tag.id, &tag.name}, func() error {
		tags[wanted] = tag
		return nil
	}); err != nil {
		return nil, 0, fmt.Errorf("reading tags: %w", err)
	}
	return tags, after - before, nil
}
