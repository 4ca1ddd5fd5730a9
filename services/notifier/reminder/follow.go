package reminder

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/rondohq/rondo/platform/event"
)

// The effects below answer with the instants that wake-ups are to be asked for. They
// look at the rows, which are the truth: an event that comes late, twice or out of
// order changes nothing that is not so.

// Scheduled is the effect of a reminder that came to be or moved.
func Scheduled(ctx context.Context, tx pgx.Tx, e event.Envelope, p event.ReminderScheduled) ([]time.Time, error) {
	user, id, err := ids(e, p.Reminder.ID)
	if err != nil {
		return nil, err
	}
	var at time.Time
	err = tx.QueryRow(ctx, `
		SELECT scheduled_for FROM reminders WHERE user_id = $1 AND id = $2 AND status = 'pending' AND scheduled_for IS NOT NULL`,
		user, id).Scan(&at)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil // cancelled meanwhile
	}
	if err != nil {
		return nil, fmt.Errorf("reading a reminder: %w", err)
	}
	return []time.Time{at}, nil
}

// StatusChanged is the effect of a task that was closed or opened: its reminders are
// suppressed, or wait again if they are still to come.
func StatusChanged(ctx context.Context, tx pgx.Tx, e event.Envelope, p event.TaskStatusChanged) ([]time.Time, error) {
	user, id, err := ids(e, p.TaskID)
	if err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, `
		UPDATE reminders r SET version = r.version + 1, updated_at = now(),
			status = CASE r.status WHEN 'pending' THEN 'suppressed' ELSE 'pending' END
		FROM tasks t
		WHERE r.user_id = $1 AND r.task_id = $2 AND t.id = r.task_id AND CASE
			WHEN t.status IN ('pending', 'active') THEN r.status = 'suppressed' AND (r.scheduled_for IS NULL OR r.scheduled_for > now())
			ELSE r.status = 'pending' END
		RETURNING r.status, r.scheduled_for`, user, id)
	if err != nil {
		return nil, fmt.Errorf("following a task's status: %w", err)
	}
	var instants []time.Time
	var status event.ReminderStatus
	var at *time.Time
	if _, err := pgx.ForEachRow(rows, []any{&status, &at}, func() error {
		if status == event.ReminderPending && at != nil {
			instants = append(instants, *at)
		}
		return nil
	}); err != nil {
		return nil, fmt.Errorf("following a task's status: %w", err)
	}
	return instants, nil
}

// ids reads the user's id, and that of what an event is about.
func ids(e event.Envelope, subject string) (user, id uuid.UUID, err error) {
	if user, err = uuid.Parse(e.UserID); err == nil {
		id, err = uuid.Parse(subject)
	}
	if err != nil {
		return uuid.Nil, uuid.Nil, fmt.Errorf("%w: %s: %w", event.ErrPoison, e.Type, err)
	}
	return user, id, nil
}
