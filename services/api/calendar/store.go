package calendar

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/services/api/task"
	"github.com/rondohq/rondo/services/internal/occurrence"
	"github.com/rondohq/rondo/services/internal/postgres"
)

// Postgres is the Store.
type Postgres struct {
	pool  *pgxpool.Pool
	tasks *task.Postgres
}

// NewPostgres makes the store.
func NewPostgres(pool *pgxpool.Pool, tasks *task.Postgres) *Postgres { return &Postgres{pool, tasks} }

// Days implements Store.
func (p *Postgres) Days(ctx context.Context, owner uuid.UUID, s Span) ([]Day, error) {
	tasks, counts, err := p.tasks.OpenByDay(ctx, owner, s.From, s.Before, s.Zone, s.PerDay)
	if err != nil {
		return nil, err //nolint:wrapcheck // says all
	}
	var days []Day
	for i, t := range tasks {
		date := t.DueAt.In(s.Zone).Format(time.DateOnly)
		if n := len(days); n == 0 || days[n-1].Date != date {
			days = append(days, Day{Date: date, Count: counts[i]})
		}
		last := &days[len(days)-1]
		last.Items = append(last.Items, t)
	}
	return days, nil
}

// Series implements Store.
func (p *Postgres) Series(ctx context.Context, owner uuid.UUID) ([]occurrence.Series, error) {
	rows, err := p.pool.Query(ctx, `SELECT `+occurrence.Columns+` FROM series s WHERE s.user_id = $1 AND s.status = ANY($2) ORDER BY s.id`,
		owner, []event.SeriesStatus{event.SeriesPending, event.SeriesActive})
	if err != nil {
		return nil, postgres.Explain(fmt.Errorf("reading the series of a calendar: %w", err))
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (occurrence.Series, error) { return occurrence.Scan(row) })
	return found, postgres.Explain(err)
}

// Made implements Store.
func (p *Postgres) Made(ctx context.Context, owner uuid.UUID, from time.Time) (map[Key]bool, error) {
	rows, err := p.pool.Query(ctx, `
		SELECT t.series_id, t.occurrence_at FROM series s JOIN tasks t ON t.series_id = s.id
		WHERE s.user_id = $1 AND t.occurrence_at >= $2`, owner, from)
	if err != nil {
		return nil, postgres.Explain(fmt.Errorf("reading what series have made: %w", err))
	}
	made := map[Key]bool{}
	var id uuid.UUID
	var at time.Time
	_, err = pgx.ForEachRow(rows, []any{&id, &at}, func() error {
		made[Key{id, at.Unix()}] = true
		return nil
	})
	return made, postgres.Explain(err)
}
