package bench

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// seed gives a user n tasks, straight into the table: it is the reading of many
// tasks that is measured, not their making, and a million events would be in the
// way of the rest. Every hundredth has "grocery" in its title.
func seed(ctx context.Context, db *pgx.Conn, u user, n int) error {
	_, err := db.Exec(ctx, `
		WITH made AS (
			INSERT INTO tasks (id, user_id, title, description, priority, due_at, position, created_at, updated_at)
			SELECT gen_random_uuid(), $1,
				CASE WHEN i % 100 = 0 THEN 'Buy grocery number ' ELSE 'Write report number ' END || i,
				'Call ' || md5(i::text) || ' about the contract, then send the summary to the team before noon.',
				(ARRAY['low', 'medium', 'high'])[1 + i % 3]::task_priority,
				CASE WHEN i % 4 <> 0 THEN now() + i * interval '7 minutes' END,
				i, now() - i * interval '1 second', now() - i * interval '1 second'
			FROM generate_series(1, $2) AS i
			RETURNING id, position
		), tag AS (
			INSERT INTO tags (id, user_id, name) SELECT gen_random_uuid(), $1, name FROM unnest(ARRAY['work', 'home']) AS name
			ON CONFLICT DO NOTHING RETURNING id, name
		)
		INSERT INTO task_tags (task_id, tag_id)
		SELECT made.id, tag.id FROM made JOIN tag ON (made.position::int % 2 = 0) = (tag.name = 'work')`, u.ID, n)
	if err != nil {
		return fmt.Errorf("seeding %d tasks: %w", n, err)
	}
	return nil
}

// settle lets PostgreSQL do now what it would do some time after a bulk load.
func settle(ctx context.Context, db *pgx.Conn) error {
	if _, err := db.Exec(ctx, `VACUUM ANALYZE tasks, task_tags, tags`); err != nil {
		return fmt.Errorf("vacuuming: %w", err)
	}
	return nil
}
