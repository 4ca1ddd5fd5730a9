package task

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/rondohq/rondo/services/internal/postgres"
)

// OpenByDay are the first open tasks of each day from one instant until before another,
// by their due date, and beside each how many its day has in all.
func (p *Postgres) OpenByDay(
	ctx context.Context, owner uuid.UUID, from, before time.Time, zone *time.Location, perDay int,
) (tasks []Task, counts []int, err error) {
	// The condition is spelled as the index has it.
	rows, err := p.pool.Query(ctx, `
		WITH placed AS (
			SELECT t.id, t.due_at, count(*) OVER (PARTITION BY d.day) AS of_day,
				row_number() OVER (PARTITION BY d.day ORDER BY t.due_at, t.id) AS place
			FROM tasks t, LATERAL (SELECT (t.due_at AT TIME ZONE $4::text)::date AS day) d
			WHERE t.user_id = $1 AND t.status IN ('pending', 'active')
				AND coalesce(t.due_at, 'infinity') >= $2::timestamptz AND coalesce(t.due_at, 'infinity') < $3::timestamptz
		)
		SELECT `+columns+`, placed.of_day FROM placed JOIN tasks t ON t.id = placed.id
		WHERE placed.place <= $5::int ORDER BY placed.due_at, placed.id`, owner, from, before, zone.String(), perDay)
	if err != nil {
		return nil, nil, postgres.Explain(fmt.Errorf("reading the tasks of days: %w", err))
	}
	tasks, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Task, error) {
		var count int
		t, err := scan(row, &count)
		counts = append(counts, count)
		return t, err
	})
	return tasks, counts, postgres.Explain(err)
}
