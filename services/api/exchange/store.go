package exchange

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/recurrence"
	"github.com/rondohq/rondo/services/api/task"
	"github.com/rondohq/rondo/services/internal/idempotency"
	"github.com/rondohq/rondo/services/internal/occurrence"
	"github.com/rondohq/rondo/services/internal/outbox"
	"github.com/rondohq/rondo/services/internal/postgres"
)

// Postgres is the Store. It leaves the tasks to their own store; of series and
// reminders it knows the rows, since theirs make one at a time.
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
		head, err := p.head(ctx, tx, owner, at)
		if err != nil {
			return err
		}
		reminders, err := p.reminders(ctx, tx, owner)
		if err != nil {
			return err
		}
		if err := to.Begin(head); err != nil {
			return err
		}
		if err := p.tasks.EachIn(ctx, tx, owner, func(t task.Task) error {
			return to.Task(Item{Task: t, Reminders: reminders[t.ID]})
		}); err != nil {
			return err
		}
		return to.End() //nolint:wrapcheck // the sink's own
	})
	return postgres.Explain(err)
}

// querier is a connection or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Zone implements Store.
func (p *Postgres) Zone(ctx context.Context, owner uuid.UUID) (*time.Location, error) {
	zone, err := zoneOf(ctx, p.pool, owner)
	return zone, postgres.Explain(err)
}

func zoneOf(ctx context.Context, db querier, owner uuid.UUID) (*time.Location, error) {
	var name string
	if err := db.QueryRow(ctx, `SELECT timezone FROM users WHERE id = $1`, owner).Scan(&name); err != nil {
		return nil, fmt.Errorf("reading the owner's time zone: %w", err)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("loading the owner's time zone: %w", err)
	}
	return zone, nil
}

func (p *Postgres) head(ctx context.Context, db querier, owner uuid.UUID, at time.Time) (h Head, err error) {
	h.At = at
	if h.Zone, err = zoneOf(ctx, db, owner); err != nil {
		return h, err
	}
	rows, err := db.Query(ctx, `SELECT name FROM tags WHERE user_id = $1 ORDER BY lower(name)`, owner)
	if err != nil {
		return h, fmt.Errorf("reading tags: %w", err)
	}
	if h.Tags, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
		return h, fmt.Errorf("reading tags: %w", err)
	}
	rows, err = db.Query(ctx, `SELECT `+occurrence.Columns+` FROM series s WHERE s.user_id = $1 ORDER BY s.created_at, s.id`, owner)
	if err != nil {
		return h, fmt.Errorf("reading all series: %w", err)
	}
	h.Series, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (occurrence.Series, error) { return occurrence.Scan(row) })
	return h, err
}

// reminders are all of an owner, by task. They are few and small beside their tasks.
func (p *Postgres) reminders(ctx context.Context, db querier, owner uuid.UUID) (map[uuid.UUID][]Reminder, error) {
	rows, err := db.Query(ctx, `
		SELECT task_id, offset_minutes, remind_at, scheduled_for, status, delivered_at FROM reminders
		WHERE user_id = $1 ORDER BY scheduled_for, id`, owner)
	if err != nil {
		return nil, fmt.Errorf("reading all reminders: %w", err)
	}
	all := map[uuid.UUID][]Reminder{}
	for rows.Next() {
		var id uuid.UUID
		var r Reminder
		if err := rows.Scan(&id, &r.OffsetMinutes, &r.RemindAt, &r.ScheduledFor, &r.Status, &r.DeliveredAt); err != nil {
			return nil, fmt.Errorf("reading all reminders: %w", err)
		}
		for _, at := range []*time.Time{r.RemindAt, r.ScheduledFor, r.DeliveredAt} {
			if at != nil {
				*at = at.UTC() // pgx gives the process' zone
			}
		}
		all[id] = append(all[id], r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("reading all reminders: %w", err)
	}
	return all, nil
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
	owned, err := p.owned(ctx, tx, owner, ids)
	if err != nil {
		return Result{}, err
	}
	todo, err := plan(owned)
	if err != nil {
		return Result{}, err
	}
	tasks := make([]task.Task, len(todo.Tasks))
	for i, item := range todo.Tasks {
		tasks[i] = item.Task
	}
	for _, s := range todo.Series {
		tags = append(tags, s.Tags...)
	}
	made, err := p.tasks.InsertAllIn(ctx, tx, owner, tasks, tags)
	if err != nil {
		return Result{}, err
	}
	for some := range slices.Chunk(todo.Series, bulk) {
		if err := p.insertSeries(ctx, tx, some); err != nil {
			return Result{}, err
		}
	}
	for some := range slices.Chunk(todo.Tasks, bulk) {
		if err := p.insertReminders(ctx, tx, some); err != nil {
			return Result{}, err
		}
	}
	return Result{
		Created: len(todo.Tasks), Skipped: todo.Skipped, SeriesCreated: len(todo.Series), TagsCreated: made, Ignored: todo.Ignored,
	}, nil
}

// bulk is how many rows are sent at once.
const bulk = 500

// owned looks the candidates up. Their series stay locked, so that no instance of them
// is made meanwhile.
func (p *Postgres) owned(ctx context.Context, tx pgx.Tx, owner uuid.UUID, ids []uuid.UUID) (Owned, error) {
	owned := Owned{Tasks: map[uuid.UUID]bool{}, Series: map[uuid.UUID]bool{}, Instances: map[Occurrence]uuid.UUID{}}
	for _, look := range []struct {
		query string
		found map[uuid.UUID]bool
	}{
		{`SELECT id FROM tasks WHERE user_id = $1 AND id = ANY($2)`, owned.Tasks},
		{`SELECT id FROM series WHERE user_id = $1 AND id = ANY($2) ORDER BY id FOR NO KEY UPDATE`, owned.Series},
	} {
		rows, err := tx.Query(ctx, look.query, owner, ids)
		if err != nil {
			return owned, fmt.Errorf("looking for what is there: %w", err)
		}
		var id uuid.UUID
		if _, err := pgx.ForEachRow(rows, []any{&id}, func() error { look.found[id] = true; return nil }); err != nil {
			return owned, fmt.Errorf("looking for what is there: %w", err)
		}
	}
	rows, err := tx.Query(ctx, `SELECT id, series_id, occurrence_at FROM tasks WHERE user_id = $1 AND series_id = ANY($2)`,
		owner, slices.Collect(maps.Keys(owned.Series)))
	if err != nil {
		return owned, fmt.Errorf("looking for instances: %w", err)
	}
	var id, series uuid.UUID
	var at time.Time
	if _, err := pgx.ForEachRow(rows, []any{&id, &series, &at}, func() error {
		owned.Instances[Occurrence{series, at.UnixMicro()}] = id
		return nil
	}); err != nil {
		return owned, fmt.Errorf("looking for instances: %w", err)
	}
	return owned, nil
}

// insertSeries inserts new series, whose tags are there, each with its event.
func (p *Postgres) insertSeries(ctx context.Context, tx pgx.Tx, all []occurrence.Series) error {
	batch := &pgx.Batch{}
	for _, s := range all {
		clocks := func(list []recurrence.Local) []time.Time {
			times := make([]time.Time, len(list))
			for i, l := range list {
				times[i] = l.In(time.UTC)
			}
			return times
		}
		batch.Queue(`
			INSERT INTO series (id, user_id, title, description, priority, reminder_offsets, rrule, dtstart, all_day, timezone, rdates,
				exdates, mode, if_pending, catch_up, previous_id, version, status, since, last_occurrence_at, created_count,
				skipped_count, missed_count, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)`,
			s.ID, s.Owner, s.Title, s.Description, s.Priority, notNil(s.ReminderOffsets), s.Spec.RRule, s.Spec.Start.In(time.UTC), s.AllDay,
			s.Spec.Zone, clocks(s.Spec.RDates), clocks(s.Spec.ExDates), s.Mode, s.IfPending, s.CatchUp, s.PreviousID, s.Version, s.Status,
			s.Since, s.LastOccurrenceAt, s.Created, s.Skipped, s.Missed, s.CreatedAt, s.UpdatedAt)
		batch.Queue(`
			INSERT INTO series_tags (series_id, tag_id) SELECT $2, g.id FROM tags g
			WHERE g.user_id = $1 AND lower(g.name) IN (SELECT lower(n) FROM unnest($3::text[]) AS n)`, s.Owner, s.ID, s.Tags)
		if _, err := p.outbox.Queue(ctx, batch, outbox.Message{
			UserID: s.Owner, Subject: s.ID.String(), Payload: event.RecurringScheduled{Series: occurrence.Snapshot(s)},
		}); err != nil {
			return err
		}
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("inserting series: %w", err)
	}
	return nil
}

// insertReminders inserts the reminders of new tasks. There is an event of those that
// are to be delivered.
func (p *Postgres) insertReminders(ctx context.Context, tx pgx.Tx, all []Item) error {
	batch := &pgx.Batch{}
	for _, item := range all {
		for _, r := range item.Reminders {
			id, err := uuid.NewV7()
			if err != nil {
				return fmt.Errorf("making a reminder id: %w", err)
			}
			batch.Queue(`
				INSERT INTO reminders (id, user_id, task_id, offset_minutes, remind_at, scheduled_for, status, delivered_at, created_at,
					updated_at)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)`,
				id, item.Owner, item.ID, r.OffsetMinutes, r.RemindAt, r.ScheduledFor, r.Status, r.DeliveredAt, item.UpdatedAt)
			if r.Status != event.ReminderPending || r.ScheduledFor == nil {
				continue
			}
			if _, err := p.outbox.Queue(ctx, batch, outbox.Message{
				UserID: item.Owner, Subject: id.String(), Payload: event.ReminderScheduled{Reminder: event.Reminder{
					ID: id.String(), TaskID: item.ID.String(), OffsetMinutes: r.OffsetMinutes, RemindAt: r.RemindAt,
					ScheduledFor: r.ScheduledFor, Status: r.Status, Version: 1,
				}},
			}); err != nil {
				return err
			}
		}
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("inserting reminders: %w", err)
	}
	return nil
}
