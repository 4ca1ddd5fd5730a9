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

// Make makes the task of an occurrence, once: with its tags, its history and, if it is
// open, its reminders, and with their events. The caller holds the series' row.
func Make(
	ctx context.Context, tx pgx.Tx, o *outbox.Outbox, s Series, at time.Time, due time.Time, status event.TaskStatus, now time.Time,
) (Instance, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Instance{}, fmt.Errorf("making a task id: %w", err)
	}
	now, series := now.UTC().Truncate(time.Microsecond), s.ID.String()
	task := event.Task{
		ID: id.String(), Title: s.Title, Description: s.Description, Priority: s.Priority, Status: string(status),
		DueAt: &due, Position: float64(now.UnixMicro()) / 1e6, // as of every new task: later ones come last
		Tags: notNil(s.Tags), Version: 1, SeriesID: &series, OccurrenceAt: &at, CreatedAt: now, UpdatedAt: now,
	}
	key := event.OccurrenceKey(s.Owner.String(), series, at)
	made := Instance{TaskID: id, Status: status, New: true}
	result, err := json.Marshal(made)
	if err != nil {
		return Instance{}, fmt.Errorf("encoding the instance: %w", err)
	}
	claim := &pgx.Batch{}
	claim.Queue(`INSERT INTO processed_event_logs (consumer, key, result) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, consumer, key, result)
	claim.Queue(`
		INSERT INTO tasks (id, user_id, title, description, priority, status, due_at, position, version,
			series_id, occurrence_at, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $10, $11, $11)
		ON CONFLICT (series_id, occurrence_at) DO NOTHING`,
		id, s.Owner, s.Title, s.Description, s.Priority, status, due, task.Position, s.ID, at, now)
	claimed := tx.SendBatch(ctx, claim)
	mark, errMark := claimed.Exec()
	inserted, errTask := claimed.Exec()
	if err := errors.Join(errMark, errTask, claimed.Close()); err != nil {
		return Instance{}, fmt.Errorf("inserting an instance: %w", err)
	}
	if inserted.RowsAffected() == 0 {
		return earlier(ctx, tx, s, at, key, mark.RowsAffected() == 1)
	}
	return made, complete(ctx, tx, o, s, task, key)
}

// complete adds what belongs to a new instance.
func complete(ctx context.Context, tx pgx.Tx, o *outbox.Outbox, s Series, task event.Task, key string) error {
	batch := &pgx.Batch{}
	if len(s.TagIDs) > 0 {
		batch.Queue(`INSERT INTO task_tags (task_id, tag_id) SELECT $1, unnest($2::uuid[])`, task.ID, s.TagIDs)
	}
	events, err := o.Queue(ctx, batch, outbox.Message{
		UserID: s.Owner, Subject: task.ID, Payload: event.TaskInstanceCreated{Task: task, Key: key},
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
	if event.TaskStatus(task.Status).Open() {
		if err := remind(ctx, batch, o, s, task); err != nil {
			return err
		}
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("completing an instance: %w", err)
	}
	return nil
}

// remind adds the reminders of a new instance and tells of each.
func remind(ctx context.Context, batch *pgx.Batch, o *outbox.Outbox, s Series, task event.Task) error {
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
func earlier(ctx context.Context, tx pgx.Tx, s Series, at time.Time, key string, lost bool) (Instance, error) {
	var kept Instance
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
		s.Owner, s.ID, at, consumer, key).Scan(&kept.TaskID, &kept.Status); err != nil {
		return kept, fmt.Errorf("reading the task of the occurrence: %w", err)
	}
	return kept, nil
}
