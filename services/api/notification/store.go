package notification

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

// Postgres is the Store.
type Postgres struct {
	pool   *pgxpool.Pool
	outbox *outbox.Outbox
}

// NewPostgres makes the store.
func NewPostgres(pool *pgxpool.Pool, o *outbox.Outbox) *Postgres { return &Postgres{pool, o} }

// columns of notifications n in the order of scan.
const columns = `n.id, n.kind, n.task_id, n.reminder_id, n.title, n.body, n.scheduled_for, n.late_seconds, n.quiet, n.read_at, n.created_at,
	(SELECT coalesce(json_agg(json_build_object(
			'channel', d.channel, 'status', d.status, 'attempts', d.attempts, 'error', d.error) ORDER BY d.id), '[]')
		FROM deliveries d WHERE d.notification_id = n.id AND d.user_id = n.user_id)`

func scan(row pgx.CollectableRow) (Notification, error) {
	var n Notification
	if err := row.Scan(&n.ID, &n.Kind, &n.TaskID, &n.ReminderID, &n.Title, &n.Body, &n.ScheduledFor, &n.LateSeconds, &n.Quiet,
		&n.ReadAt, &n.CreatedAt, &n.Deliveries); err != nil {
		return Notification{}, fmt.Errorf("reading a notification: %w", err)
	}
	for _, at := range []*time.Time{&n.ScheduledFor, n.ReadAt, &n.CreatedAt} {
		if at != nil {
			*at = at.UTC() // pgx gives the process' zone
		}
	}
	return n, nil
}

// List implements Store.
func (p *Postgres) List(ctx context.Context, owner uuid.UUID, q Query) (Page, error) {
	after := Cursor{At: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)} // before the newest
	if q.After != nil {
		after = *q.After
	}
	rows, err := p.pool.Query(ctx, `
		SELECT `+columns+` FROM notifications n
		WHERE n.user_id = $1 AND (n.created_at, n.id) < ($2, $3) AND (n.read_at IS NULL OR NOT $4)
		ORDER BY n.created_at DESC, n.id DESC LIMIT $5`, owner, after.At, after.ID, q.Unread, q.Limit+1)
	if err != nil {
		return Page{}, postgres.Explain(fmt.Errorf("listing notifications: %w", err))
	}
	page := Page{}
	if page.Items, err = pgx.CollectRows(rows, scan); err != nil {
		return Page{}, postgres.Explain(err)
	}
	if len(page.Items) > q.Limit { // the one more that was asked for
		page.Items = page.Items[:q.Limit]
		last := page.Items[q.Limit-1]
		page.Next = &Cursor{At: last.CreatedAt, ID: last.ID}
	}
	err = p.pool.QueryRow(ctx, `SELECT count(*) FROM notifications WHERE user_id = $1 AND read_at IS NULL`, owner).Scan(&page.Unread)
	if err != nil {
		return Page{}, postgres.Explain(fmt.Errorf("counting notifications: %w", err))
	}
	return page, nil
}

// Read implements Store.
func (p *Postgres) Read(ctx context.Context, owner, id uuid.UUID, at time.Time) (Notification, error) {
	return once(ctx, p, owner, func(tx pgx.Tx) (Notification, error) {
		marked, err := p.mark(ctx, tx, owner, `AND id = $3`, at, id)
		if err != nil {
			return Notification{}, err
		}
		rows, err := tx.Query(ctx, `SELECT `+columns+` FROM notifications n WHERE n.user_id = $1 AND n.id = $2`, owner, id)
		if err != nil {
			return Notification{}, fmt.Errorf("reading a notification: %w", err)
		}
		n, err := pgx.CollectExactlyOneRow(rows, scan)
		if marked == 0 && errors.Is(err, pgx.ErrNoRows) {
			return Notification{}, fault.New(fault.NotFound, "There is no such notification.")
		}
		return n, err //nolint:wrapcheck // scan has
	})
}

// ReadAll implements Store.
func (p *Postgres) ReadAll(ctx context.Context, owner uuid.UUID, until, at time.Time) (int, error) {
	return once(ctx, p, owner, func(tx pgx.Tx) (int, error) {
		return p.mark(ctx, tx, owner, `AND created_at <= $3`, at, until)
	})
}

// mark marks those as read that are not, and tells open tabs.
func (p *Postgres) mark(ctx context.Context, tx pgx.Tx, owner uuid.UUID, condition string, at time.Time, arg any) (int, error) {
	marked, err := tx.Exec(ctx, `UPDATE notifications SET read_at = $2 WHERE user_id = $1 AND read_at IS NULL `+condition, owner, at, arg)
	if err != nil {
		return 0, fmt.Errorf("marking notifications as read: %w", err)
	}
	if marked.RowsAffected() == 0 {
		return 0, nil
	}
	return int(marked.RowsAffected()), p.tell(ctx, tx, owner, event.AccountNotifications)
}

// Channels implements Store.
func (p *Postgres) Channels(ctx context.Context, owner uuid.UUID) ([]Channel, error) {
	rows, err := p.pool.Query(ctx, `
		SELECT c.name, coalesce(k.available, false),
			CASE c.name WHEN $2 THEN EXISTS (SELECT FROM push_subscriptions s WHERE s.user_id = u.id) ELSE u.notify_email END,
			coalesce(k.public_key, '')
		FROM users u CROSS JOIN unnest($3::text[]) WITH ORDINALITY AS c (name, n) LEFT JOIN channels k ON k.name = c.name
		WHERE u.id = $1 ORDER BY c.n`, owner, Push, []string{Push, Email})
	if err != nil {
		return nil, postgres.Explain(fmt.Errorf("reading channels: %w", err))
	}
	channels, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Channel])
	if err != nil {
		return nil, postgres.Explain(fmt.Errorf("reading channels: %w", err))
	}
	return channels, nil
}

// Subscriptions implements Store.
func (p *Postgres) Subscriptions(ctx context.Context, owner uuid.UUID) ([]Subscription, error) {
	rows, err := p.pool.Query(ctx,
		`SELECT id, endpoint, created_at FROM push_subscriptions WHERE user_id = $1 ORDER BY created_at DESC, id`, owner)
	if err != nil {
		return nil, postgres.Explain(fmt.Errorf("listing push subscriptions: %w", err))
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Subscription])
	if err != nil {
		return nil, postgres.Explain(fmt.Errorf("listing push subscriptions: %w", err))
	}
	for i := range all {
		all[i].CreatedAt = all[i].CreatedAt.UTC()
	}
	return all, nil
}

// Subscribe implements Store.
func (p *Postgres) Subscribe(ctx context.Context, owner uuid.UUID, in NewSubscription) (Subscription, error) {
	return once(ctx, p, owner, func(tx pgx.Tx) (Subscription, error) {
		var available bool
		err := tx.QueryRow(ctx, `SELECT available FROM channels WHERE name = $1`, Push).Scan(&available)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return Subscription{}, fmt.Errorf("reading a channel: %w", err)
		}
		if !available {
			return Subscription{}, fault.New(fault.Conflict, "Push is not set up on this Rondo.").Because("push_unavailable", nil)
		}
		s := Subscription{ID: uuid.Must(uuid.NewV7()), Endpoint: in.Endpoint}
		// Whoever signs in at a browser must not see what is pushed for the one before: what
		// still waits for the endpoint goes with its old row.
		if _, err := tx.Exec(ctx, `DELETE FROM push_subscriptions WHERE endpoint = $2 AND user_id <> $1`, owner, in.Endpoint); err != nil {
			return Subscription{}, fmt.Errorf("taking a push subscription over: %w", err)
		}
		err = tx.QueryRow(ctx, `
			INSERT INTO push_subscriptions (id, user_id, endpoint, p256dh, auth) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (endpoint) DO UPDATE SET user_id = excluded.user_id, p256dh = excluded.p256dh, auth = excluded.auth
			RETURNING id, created_at`,
			s.ID, owner, in.Endpoint, in.P256DH, in.Auth).Scan(&s.ID, &s.CreatedAt)
		if err != nil {
			return Subscription{}, fmt.Errorf("inserting a push subscription: %w", err)
		}
		s.CreatedAt = s.CreatedAt.UTC()
		_, err = tx.Exec(ctx, `
			DELETE FROM push_subscriptions WHERE user_id = $1 AND id IN (
				SELECT id FROM push_subscriptions WHERE user_id = $1 AND id <> $3 ORDER BY created_at DESC, id OFFSET $2)`,
			owner, MaxSubscriptions-1, s.ID)
		if err != nil {
			return Subscription{}, fmt.Errorf("making room for a push subscription: %w", err)
		}
		return s, p.tell(ctx, tx, owner, event.AccountSettings)
	})
}

// Unsubscribe implements Store.
func (p *Postgres) Unsubscribe(ctx context.Context, owner, id uuid.UUID) error {
	_, err := once(ctx, p, owner, func(tx pgx.Tx) (struct{}, error) {
		deleted, err := tx.Exec(ctx, `DELETE FROM push_subscriptions WHERE user_id = $1 AND id = $2`, owner, id)
		if err != nil {
			return struct{}{}, fmt.Errorf("deleting a push subscription: %w", err)
		}
		if deleted.RowsAffected() == 0 {
			return struct{}{}, fault.New(fault.NotFound, "There is no such subscription.")
		}
		return struct{}{}, p.tell(ctx, tx, owner, event.AccountSettings)
	})
	return err
}

// tell lets open tabs fetch a part of the account again.
func (p *Postgres) tell(ctx context.Context, tx pgx.Tx, owner uuid.UUID, part event.AccountPart) error {
	_, err := p.outbox.Append(ctx, tx, outbox.Message{
		UserID: owner, Subject: owner.String(), Payload: event.AccountChanged{Changed: part},
	})
	return err //nolint:wrapcheck // says all
}

// once runs do once per idempotency key, in a transaction.
func once[T any](ctx context.Context, p *Postgres, owner uuid.UUID, do func(pgx.Tx) (T, error)) (result T, err error) {
	err = postgres.InTx(ctx, p.pool, func(tx pgx.Tx) error {
		result, err = idempotency.Once(ctx, tx, owner, func() (T, error) { return do(tx) })
		return err //nolint:wrapcheck // says all
	})
	if err == nil {
		p.outbox.Wake()
	}
	return result, err
}
