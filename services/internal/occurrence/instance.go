package occurrence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/services/internal/outbox"
)

// consumer is under which name the marks of occurrences stand beside those of events.
const consumer = "occurrences"

// keep is how long a mark lives, as those of events do. Beyond it the tasks' own
// unique index still keeps an occurrence from becoming two tasks.
const keep = 30 * 24 * time.Hour

// Instance is what an occurrence has become. It is kept under the occurrence's key, and
// whoever asks for the same again gets it.
type Instance struct {
	TaskID uuid.UUID        `json:"task_id"`
	Status event.TaskStatus `json:"status"`
	// New tells that this call has made it.
	New bool `json:"-"`
}

// Wanted is an occurrence that is to become a task.
type Wanted struct {
	Series  *Series
	At, Due time.Time
	Status  event.TaskStatus
}

// Make makes the tasks of occurrences, each once: with its tags, its history and, if it
// is open, its reminders, and with their events. It takes two round trips for all of
// them. The caller holds the rows of their series.
func Make(ctx context.Context, tx pgx.Tx, o *outbox.Outbox, now time.Time, all ...Wanted) ([]Instance, error) {
	made, tasks := make([]Instance, len(all)), make([]event.Task, len(all))
	claims := &pgx.Batch{}
	for i, w := range all {
		var err error
		if tasks[i], err = w.task(now); err != nil {
			return nil, err
		}
		made[i] = Instance{TaskID: uuid.MustParse(tasks[i].ID), Status: w.Status, New: true}
		if err := w.claim(claims, tasks[i], made[i]); err != nil {
			return nil, err
		}
	}
	marks, err := send(ctx, tx, claims)
	if err != nil {
		return nil, fmt.Errorf("inserting instances: %w", err)
	}
	completion := &pgx.Batch{}
	for i, w := range all {
		mark, inserted := marks[2*i], marks[2*i+1]
		if inserted == 0 {
			if made[i], err = w.earlier(ctx, tx, mark == 1); err != nil {
				return nil, err
			}
			continue
		}
		if err := w.complete(ctx, completion, o, tasks[i]); err != nil {
			return nil, err
		}
	}
	if _, err := send(ctx, tx, completion); err != nil {
		return nil, fmt.Errorf("completing instances: %w", err)
	}
	return made, nil
}

// send runs a batch and counts the rows of each statement.
func send(ctx context.Context, tx pgx.Tx, batch *pgx.Batch) (rows []int64, err error) {
	results := tx.SendBatch(ctx, batch)
	defer func() { err = errors.Join(err, results.Close()) }()
	for range batch.Len() {
		tag, err := results.Exec()
		if err != nil {
			return nil, err
		}
		rows = append(rows, tag.RowsAffected())
	}
	return rows, nil
}

func (w Wanted) task(now time.Time) (event.Task, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return event.Task{}, fmt.Errorf("making a task id: %w", err)
	}
	now, s, series := now.UTC().Truncate(time.Microsecond), w.Series, w.Series.ID.String()
	return event.Task{
		ID: id.String(), Title: s.Title, Description: s.Description, Priority: s.Priority, Status: string(w.Status),
		DueAt: &w.Due, Position: float64(now.UnixMicro()) / 1e6, // as of every new task: later ones come last
		Tags: notNil(s.Tags), Version: 1, SeriesID: &series, OccurrenceAt: &w.At, CreatedAt: now, UpdatedAt: now,
	}, nil
}

func (w Wanted) key() string {
	return event.OccurrenceKey(w.Series.Owner.String(), w.Series.ID.String(), w.At)
}

// claim queues the two statements that decide who makes the occurrence.
func (w Wanted) claim(batch *pgx.Batch, task event.Task, made Instance) error {
	result, err := json.Marshal(made)
	if err != nil {
		return fmt.Errorf("encoding the instance: %w", err)
	}
	batch.Queue(`INSERT INTO processed_event_logs (consumer, key, result) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
		consumer, w.key(), result)
	batch.Queue(`
		INSERT INTO tasks (id, user_id, title, description, priority, status, due_at, position, version,
			series_id, occurrence_at, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $10, $11, $11)
		ON CONFLICT (series_id, occurrence_at) DO NOTHING`,
		task.ID, w.Series.Owner, task.Title, task.Description, task.Priority, task.Status, w.Due, task.Position,
		w.Series.ID, w.At, task.CreatedAt)
	return nil
}

// complete queues what belongs to a new instance.
func (w Wanted) complete(ctx context.Context, batch *pgx.Batch, o *outbox.Outbox, task event.Task) error {
	s := w.Series
	if len(s.TagIDs) > 0 {
		batch.Queue(`INSERT INTO task_tags (task_id, tag_id) SELECT $1, unnest($2::uuid[])`, task.ID, s.TagIDs)
	}
	events, err := o.Queue(ctx, batch, outbox.Message{
		UserID: s.Owner, Subject: task.ID, Payload: event.TaskInstanceCreated{Task: task, Key: w.key()},
	})
	if err != nil {
		return err
	}
	after, err := json.Marshal(task)
	if err != nil {
		return fmt.Errorf("encoding the history: %w", err)
	}
	batch.Queue(`
		INSERT INTO task_history (id, task_id, user_id, version, type, at, changed_fields, before, after)
		VALUES ($1, $2, $3, 1, $4, $5, '{}', NULL, $6)`,
		events[0].ID, task.ID, s.Owner, events[0].Type, events[0].Time, after)
	if !w.Status.Open() {
		return nil
	}
	return remind(ctx, batch, o, s, task)
}

// remind queues the reminders of a new instance and tells of each.
func remind(ctx context.Context, batch *pgx.Batch, o *outbox.Outbox, s *Series, task event.Task) error {
	for _, minutes := range s.ReminderOffsets {
		id, err := uuid.NewV7()
		if err != nil {
			return fmt.Errorf("making a reminder id: %w", err)
		}
		at := task.DueAt.Add(-time.Duration(minutes) * time.Minute)
		batch.Queue(`
			INSERT INTO reminders (id, user_id, task_id, offset_minutes, scheduled_for, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $6)`,
			id, s.Owner, task.ID, minutes, at, task.CreatedAt)
		if _, err := o.Queue(ctx, batch, outbox.Message{UserID: s.Owner, Subject: id.String(), Payload: event.ReminderScheduled{
			Reminder: event.Reminder{
				ID: id.String(), TaskID: task.ID, OffsetMinutes: &minutes, ScheduledFor: &at,
				Status: event.ReminderPending, Version: 1,
			},
		}}); err != nil {
			return err
		}
	}
	return nil
}

// earlier is what an occurrence had become before: by the mark, or by the task itself
// when the mark was purged since.
func (w Wanted) earlier(ctx context.Context, tx pgx.Tx, lost bool) (kept Instance, err error) {
	key := w.key()
	if !lost {
		var result []byte
		if err := tx.QueryRow(ctx, `SELECT result FROM processed_event_logs WHERE consumer = $1 AND key = $2`, consumer, key).
			Scan(&result); err != nil {
			return kept, fmt.Errorf("reading what the occurrence has become: %w", err)
		}
		if err := json.Unmarshal(result, &kept); err != nil {
			return kept, fmt.Errorf("decoding what the occurrence has become: %w", err)
		}
		return kept, nil
	}
	if err := tx.QueryRow(ctx, `
		WITH kept AS (SELECT id, status FROM tasks WHERE user_id = $1 AND series_id = $2 AND occurrence_at = $3)
		UPDATE processed_event_logs p SET result = jsonb_build_object('task_id', kept.id, 'status', kept.status)
		FROM kept WHERE p.consumer = $4 AND p.key = $5 RETURNING kept.id, kept.status`,
		w.Series.Owner, w.Series.ID, w.At, consumer, key).Scan(&kept.TaskID, &kept.Status); err != nil {
		return kept, fmt.Errorf("reading the task of the occurrence: %w", err)
	}
	return kept, nil
}
