package reminder

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/services/internal/outbox"
	"github.com/rondohq/rondo/services/internal/postgres"
	"github.com/rondohq/rondo/services/notifier/channel"
)

// Deliverer is the work that wake-ups are for (wakeup.Work).
type Deliverer struct {
	pool     *pgxpool.Pool
	outbox   *outbox.Outbox
	channels *channel.Set
	now      func() time.Time
	log      *slog.Logger
	outcomes *prometheus.CounterVec

	// Late is told how late each delivery was. It is to be set before the first one.
	Late func(by time.Duration)
}

// New makes the deliverer. now is the clock, time.Now outside tests.
func New(
	pool *pgxpool.Pool, o *outbox.Outbox, channels *channel.Set, now func() time.Time, log *slog.Logger, reg prometheus.Registerer,
) *Deliverer {
	d := &Deliverer{
		pool: pool, outbox: o, channels: channels, now: now, log: log,
		outcomes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rondo_reminders_total",
			Help: "Reminders that were due, by what became of them: sent, missed (told too late), suppressed (the task is done) or failed.",
		}, []string{"outcome"}),
		Late: func(time.Duration) {},
	}
	reg.MustRegister(d.outcomes)
	return d
}

// Due implements wakeup.Work.
func (d *Deliverer) Due(ctx context.Context, at time.Time, limit int) (int, []time.Time, error) {
	outcomes, err := d.deliver(ctx, at, limit, d.write)
	if unacceptable(err) {
		// One row that the database will not take must not hold up the others.
		outcomes, err = d.deliver(ctx, at, limit, d.writeEach)
	}
	if err != nil {
		return 0, nil, err
	}
	now := d.now()
	for _, o := range outcomes {
		d.outcomes.WithLabelValues(string(o.status)).Inc()
		if o.status == event.ReminderSent {
			d.Late(now.Sub(o.At))
		}
	}
	if len(outcomes) > 0 {
		d.outbox.Wake()
		d.channels.Wake()
	}
	return len(outcomes), nil, nil
}

// deliver claims what is due and does it, in one transaction.
func (d *Deliverer) deliver(
	ctx context.Context, at time.Time, limit int, write func(context.Context, pgx.Tx, []outcome) error,
) (outcomes []outcome, err error) {
	err = postgres.InTx(ctx, d.pool, func(tx pgx.Tx) error {
		claimed, err := claim(ctx, tx, at, limit)
		if err != nil || len(claimed) == 0 {
			return err
		}
		now := d.now().UTC().Truncate(time.Microsecond)
		zones := zones{}
		outcomes = make([]outcome, len(claimed))
		for i, one := range claimed {
			outcomes[i] = decide(one, zones, now)
		}
		return write(ctx, tx, outcomes)
	})
	return outcomes, err
}

// claim locks reminders that are due, for this transaction. Others that deliver at
// the same time take different ones.
func claim(ctx context.Context, tx pgx.Tx, at time.Time, limit int) ([]due, error) {
	rows, err := tx.Query(ctx, `
		SELECT r.id, r.user_id, r.task_id, r.scheduled_for, r.version, t.title, t.status, t.due_at, u.timezone,
			extract(epoch FROM u.quiet_from)::bigint * 1000000000, extract(epoch FROM u.quiet_to)::bigint * 1000000000, u.notify_email,
			EXISTS (SELECT FROM notifications n WHERE n.reminder_id = r.id AND n.scheduled_for = r.scheduled_for)
		FROM reminders r JOIN tasks t ON t.id = r.task_id JOIN users u ON u.id = r.user_id
		WHERE r.status = 'pending' AND r.scheduled_for <= $1
		ORDER BY r.scheduled_for LIMIT $2 FOR NO KEY UPDATE OF r SKIP LOCKED`, at, limit)
	if err != nil {
		return nil, fmt.Errorf("claiming reminders: %w", err)
	}
	claimed, err := pgx.CollectRows(rows, pgx.RowToStructByPos[due])
	if err != nil {
		return nil, fmt.Errorf("claiming reminders: %w", err)
	}
	for i := range claimed {
		claimed[i].At = claimed[i].At.UTC()
	}
	return claimed, nil
}

// write records outcomes with their notifications, events and deliveries, in one
// round trip.
func (d *Deliverer) write(ctx context.Context, tx pgx.Tx, outcomes []outcome) error {
	var (
		batch    = &pgx.Batch{}
		ids      = make([]uuid.UUID, len(outcomes))
		statuses = make([]string, len(outcomes))
		told     []event.Notification
		users    []uuid.UUID
		loud     []channel.Told
		messages []outbox.Message
	)
	for i, o := range outcomes {
		ids[i], statuses[i] = o.ID, string(o.status)
		if o.notification == nil {
			continue
		}
		told, users = append(told, *o.notification), append(users, o.UserID)
		messages = append(messages, outbox.Message{
			UserID: o.UserID, Subject: o.notification.ID, Payload: event.NotificationCreated{Notification: *o.notification},
		})
		if !o.loud.IsZero() {
			loud = append(loud, channel.Told{NotificationID: uuid.MustParse(o.notification.ID), UserID: o.UserID, At: o.loud})
		}
	}
	queueNotifications(batch, told, users)
	batch.Queue(`
		UPDATE reminders r SET status = o.status, version = r.version + 1, updated_at = $3,
			delivered_at = CASE o.status WHEN 'sent' THEN $3 ELSE r.delivered_at END
		FROM unnest($1::uuid[], $2::text[]) AS o (id, status) WHERE r.id = o.id`, ids, statuses, d.now())
	d.channels.Queue(batch, loud)
	if _, err := d.outbox.Queue(ctx, batch, messages...); err != nil {
		return err //nolint:wrapcheck // says all
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("recording deliveries: %w", err)
	}
	return nil
}

func queueNotifications(batch *pgx.Batch, told []event.Notification, users []uuid.UUID) {
	if len(told) == 0 {
		return
	}
	var ids, kinds, tasks, reminders, titles, bodies []string
	var scheduled, created []time.Time
	var late []int
	var quiet []bool
	for _, n := range told {
		ids, kinds, tasks, reminders = append(ids, n.ID), append(kinds, n.Kind), append(tasks, n.TaskID), append(reminders, *n.ReminderID)
		titles, bodies, late, quiet = append(titles, n.Title), append(bodies, n.Body), append(late, n.LateSeconds), append(quiet, n.Quiet)
		scheduled, created = append(scheduled, n.ScheduledFor), append(created, n.CreatedAt)
	}
	batch.Queue(`
		INSERT INTO notifications (id, user_id, kind, task_id, reminder_id, title, body, scheduled_for, late_seconds, quiet, created_at)
		SELECT n.id, n.user_id, n.kind, n.task_id, n.reminder_id, n.title, n.body, n.scheduled_for, n.late_seconds, n.quiet, n.created_at
		FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::text[], $7::text[],
			$8::timestamptz[], $9::integer[], $10::boolean[], $11::timestamptz[])
			AS n (id, user_id, kind, task_id, reminder_id, title, body, scheduled_for, late_seconds, quiet, created_at)`,
		ids, users, kinds, tasks, reminders, titles, bodies, scheduled, late, quiet, created)
}

// writeEach records outcomes one by one. Of one that the database does not take the
// channels are left out, and if that is not it, it has failed.
func (d *Deliverer) writeEach(ctx context.Context, tx pgx.Tx, outcomes []outcome) error {
	for i := range outcomes {
		one := outcomes[i : i+1]
		attempt := func() error {
			return pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error { return d.write(ctx, tx, one) })
		}
		err := attempt()
		for _, concede := range []func(){
			func() { one[0].loud = time.Time{} },
			func() { one[0].status, one[0].notification = event.ReminderFailed, nil },
		} {
			if unacceptable(err) {
				d.log.ErrorContext(ctx, "a reminder is not delivered as it should be", "reminder", one[0].ID, "error", err)
				concede()
				err = attempt()
			}
		}
		if err != nil {
			return err //nolint:wrapcheck // says all
		}
	}
	return nil
}

// unacceptable tells whether the database refuses the data themselves: the classes 22
// data exception and 23 integrity constraint, and P0 an exception of a trigger.
func unacceptable(err error) bool {
	pgErr, ok := errors.AsType[*pgconn.PgError](err)
	return ok && slices.ContainsFunc([]string{"22", "23", "P0"}, func(class string) bool { return strings.HasPrefix(pgErr.Code, class) })
}

// Upcoming implements wakeup.Work.
func (d *Deliverer) Upcoming(ctx context.Context, from, to time.Time, limit int) ([]time.Time, error) {
	rows, err := d.pool.Query(ctx, `
		SELECT DISTINCT scheduled_for FROM reminders WHERE status = 'pending' AND scheduled_for > $1 AND scheduled_for <= $2
		ORDER BY scheduled_for LIMIT $3`, from, to, limit)
	if err != nil {
		return nil, postgres.Explain(fmt.Errorf("reading what is due next: %w", err))
	}
	instants, err := pgx.CollectRows(rows, pgx.RowTo[time.Time])
	if err != nil {
		return nil, postgres.Explain(fmt.Errorf("reading what is due next: %w", err))
	}
	return instants, nil
}

// Overdue implements wakeup.Work.
func (d *Deliverer) Overdue(ctx context.Context, at time.Time) (n int, err error) {
	err = d.pool.QueryRow(ctx, `SELECT count(*) FROM reminders WHERE status = 'pending' AND scheduled_for <= $1`, at).Scan(&n)
	if err != nil {
		return 0, postgres.Explain(fmt.Errorf("counting what is overdue: %w", err))
	}
	return n, nil
}
