package reminder

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/internal/idempotency"
	"github.com/rondohq/rondo/services/internal/outbox"
	"github.com/rondohq/rondo/services/internal/postgres"
)

// Postgres is the Store. Each change commits together with its event and the result
// for its idempotency key.
type Postgres struct {
	pool   *pgxpool.Pool
	outbox *outbox.Outbox
}

// NewPostgres makes the store.
func NewPostgres(pool *pgxpool.Pool, o *outbox.Outbox) *Postgres { return &Postgres{pool, o} }

// selection reads reminders r with their tasks t, in the order of scan.
const selection = `SELECT r.id, r.user_id, r.task_id, t.title, t.status, t.due_at, r.offset_minutes, r.remind_at, r.scheduled_for,
	r.status, r.version, r.delivered_at, r.created_at, r.updated_at
	FROM reminders r JOIN tasks t ON t.id = r.task_id WHERE r.user_id = $1 `

func scan(row pgx.CollectableRow) (Reminder, error) {
	var r Reminder
	if err := row.Scan(
		&r.ID, &r.Owner, &r.TaskID, &r.Task.Title, &r.Task.Status, &r.Task.DueAt, &r.OffsetMinutes, &r.RemindAt, &r.ScheduledFor,
		&r.Status, &r.Version, &r.DeliveredAt, &r.CreatedAt, &r.UpdatedAt,
	); err != nil {
		return Reminder{}, fmt.Errorf("reading a reminder: %w", err)
	}
	for _, at := range []*time.Time{r.Task.DueAt, r.RemindAt, r.ScheduledFor, r.DeliveredAt, &r.CreatedAt, &r.UpdatedAt} {
		if at != nil {
			*at = at.UTC() // pgx gives the process' zone
		}
	}
	return r, nil
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func query(ctx context.Context, db querier, condition string, args ...any) ([]Reminder, error) {
	rows, err := db.Query(ctx, selection+condition, args...)
	if err != nil {
		return nil, fmt.Errorf("reading reminders: %w", err)
	}
	return pgx.CollectRows(rows, scan) //nolint:wrapcheck // scan has
}

func queryOne(ctx context.Context, db querier, condition string, args ...any) (Reminder, error) {
	found, err := query(ctx, db, condition, args...)
	if err == nil && len(found) == 0 {
		err = fault.New(fault.NotFound, "There is no such reminder.")
	}
	if err != nil {
		return Reminder{}, err
	}
	return found[0], nil
}

// List implements Store.
func (p *Postgres) List(ctx context.Context, owner uuid.UUID, q Query) (Page, error) {
	condition, args := "", []any{owner}
	restrict := func(format string, values ...any) {
		places := make([]any, len(values))
		for i, value := range values {
			args = append(args, value)
			places[i] = len(args)
		}
		condition += " AND " + fmt.Sprintf(format, places...)
	}
	if q.TaskID != nil {
		restrict("r.task_id = $%d", *q.TaskID)
	}
	if len(q.Statuses) > 0 {
		restrict("r.status = ANY($%d)", q.Statuses)
	} else {
		restrict("r.status <> $%d", Cancelled)
	}
	if q.After != nil {
		restrict("(coalesce(r.scheduled_for, 'infinity'), r.id) > (coalesce($%d::timestamptz, 'infinity'), $%d)", q.After.At, q.After.ID)
	}
	args = append(args, q.Limit+1)
	items, err := query(ctx, p.pool,
		condition+fmt.Sprintf(" ORDER BY coalesce(r.scheduled_for, 'infinity'), r.id LIMIT $%d", len(args)), args...)
	if err != nil {
		return Page{}, postgres.Explain(err)
	}
	page := Page{Items: items}
	if len(items) > q.Limit { // the one more that was asked for
		last := items[q.Limit-1]
		page.Items, page.Next = items[:q.Limit], &Cursor{At: last.ScheduledFor, ID: last.ID}
	}
	if page.Items == nil {
		page.Items = []Reminder{}
	}
	return page, nil
}

// Get implements Store.
func (p *Postgres) Get(ctx context.Context, owner, id uuid.UUID) (Reminder, error) {
	r, err := queryOne(ctx, p.pool, `AND r.id = $2`, owner, id)
	return r, postgres.Explain(err)
}

// Insert implements Store.
func (p *Postgres) Insert(
	ctx context.Context, owner, taskID uuid.UUID, create func(of Task, others []Reminder) (Reminder, error),
) (Reminder, error) {
	return p.once(ctx, owner, func(tx pgx.Tx) (Reminder, error) {
		// With the lock the due date stays, and nobody else adds the last reminder allowed.
		var of Task
		err := tx.QueryRow(ctx, `SELECT title, status, due_at FROM tasks WHERE user_id = $1 AND id = $2 FOR NO KEY UPDATE`,
			owner, taskID).Scan(&of.Title, &of.Status, &of.DueAt)
		if errors.Is(err, pgx.ErrNoRows) {
			return Reminder{}, fault.Invalidf("task_id", "is no task of yours")
		}
		if err != nil {
			return Reminder{}, fmt.Errorf("locking the task: %w", err)
		}
		if of.DueAt != nil {
			*of.DueAt = of.DueAt.UTC()
		}
		others, err := query(ctx, tx, `AND r.task_id = $2 AND r.status <> $3`, owner, taskID, Cancelled)
		if err != nil {
			return Reminder{}, err
		}
		r, err := create(of, others)
		if err != nil {
			return Reminder{}, err
		}
		batch := &pgx.Batch{}
		if err := Queue(ctx, batch, p.outbox, r); err != nil {
			return Reminder{}, err
		}
		if err := tx.SendBatch(ctx, batch).Close(); err != nil {
			return Reminder{}, fmt.Errorf("inserting a reminder: %w", err)
		}
		return r, nil
	})
}

// Queue adds the insertion of a new reminder and its event to a batch.
func Queue(ctx context.Context, batch *pgx.Batch, box *outbox.Outbox, r Reminder) error {
	batch.Queue(`
		INSERT INTO reminders (id, user_id, task_id, offset_minutes, remind_at, scheduled_for, status, version, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		r.ID, r.Owner, r.TaskID, r.OffsetMinutes, r.RemindAt, r.ScheduledFor, r.Status, r.Version, r.CreatedAt, r.UpdatedAt)
	return tell(ctx, batch, box, r)
}

// Change implements Store.
func (p *Postgres) Change(ctx context.Context, owner, id uuid.UUID, change func(Reminder) (Reminder, error)) (Reminder, error) {
	return p.once(ctx, owner, func(tx pgx.Tx) (Reminder, error) {
		before, err := queryOne(ctx, tx, `AND r.id = $2 FOR NO KEY UPDATE OF r`, owner, id)
		if err != nil {
			return Reminder{}, err
		}
		after, err := change(before)
		if err != nil || after == before {
			return after, err
		}
		batch := &pgx.Batch{}
		if after, err = update(ctx, batch, p.outbox, after); err != nil {
			return Reminder{}, err
		}
		if err := tx.SendBatch(ctx, batch).Close(); err != nil {
			return Reminder{}, fmt.Errorf("updating a reminder: %w", err)
		}
		return after, nil
	})
}

// FollowDue adds to a batch what a task's new due date, or its lack of one, means for
// the reminders that count from it. The caller holds the task's lock and wakes the
// outbox after the commit.
func FollowDue(
	ctx context.Context, tx pgx.Tx, batch *pgx.Batch, box *outbox.Outbox,
	owner, taskID uuid.UUID, due *time.Time, open bool, now time.Time,
) error {
	all, err := query(ctx, tx, `AND r.task_id = $2 AND r.offset_minutes IS NOT NULL AND r.status <> $3 ORDER BY r.id FOR NO KEY UPDATE OF r`,
		owner, taskID, Cancelled)
	if err != nil {
		return err
	}
	for _, r := range all {
		if after, changed := r.Follow(due, open, now); changed {
			if _, err := update(ctx, batch, box, after); err != nil {
				return err
			}
		}
	}
	return nil
}

// update adds the change of a reminder and its event to a batch.
func update(ctx context.Context, batch *pgx.Batch, box *outbox.Outbox, r Reminder) (Reminder, error) {
	r.Version++
	batch.Queue(`UPDATE reminders SET scheduled_for = $3, status = $4, version = $5, updated_at = $6 WHERE user_id = $1 AND id = $2`,
		r.Owner, r.ID, r.ScheduledFor, r.Status, r.Version, r.UpdatedAt)
	return r, tell(ctx, batch, box, r)
}

// tell adds the reminder's event: whether it is to be delivered, and when.
func tell(ctx context.Context, batch *pgx.Batch, box *outbox.Outbox, r Reminder) error {
	var payload event.Payload = event.ReminderCancelled{Reminder: Snapshot(r)}
	if r.Status == Pending && r.ScheduledFor != nil {
		payload = event.ReminderScheduled{Reminder: Snapshot(r)}
	}
	_, err := box.Queue(ctx, batch, outbox.Message{UserID: r.Owner, Subject: r.ID.String(), Payload: payload})
	return err //nolint:wrapcheck // says all
}

// once runs do once per idempotency key, in a transaction.
func (p *Postgres) once(ctx context.Context, owner uuid.UUID, do func(pgx.Tx) (Reminder, error)) (r Reminder, err error) {
	err = postgres.InTx(ctx, p.pool, func(tx pgx.Tx) error {
		r, err = idempotency.Once(ctx, tx, owner, func() (Reminder, error) { return do(tx) })
		return err //nolint:wrapcheck // says all
	})
	if err != nil {
		return Reminder{}, err
	}
	p.outbox.Wake()
	return r, nil
}
