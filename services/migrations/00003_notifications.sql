-- +goose Up
-- Upcoming reminders first, those without an instant last; id makes the order total.
DROP INDEX reminders_of_user;
CREATE INDEX reminders_of_user ON reminders (user_id, (coalesce(scheduled_for, 'infinity')), id);

-- What a person is told. Being here is the delivery in the app; every other channel is extra.
CREATE TABLE notifications (
    id            uuid PRIMARY KEY,
    user_id       uuid NOT NULL, -- the reminder's, with which the notification goes
    kind          text NOT NULL CHECK (kind IN ('reminder', 'missed')),
    task_id       uuid NOT NULL, -- the reminder's, too
    reminder_id   uuid NOT NULL REFERENCES reminders ON DELETE CASCADE,
    title         text NOT NULL,
    body          text NOT NULL,
    scheduled_for timestamptz NOT NULL,
    late_seconds  integer NOT NULL CHECK (late_seconds >= 0),
    quiet         boolean NOT NULL,
    read_at       timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now(),
    -- Once per instant: a snoozed reminder, or one whose task was moved, tells again.
    UNIQUE (reminder_id, scheduled_for)
);
CREATE INDEX notifications_of_user ON notifications (user_id, created_at, id);
CREATE INDEX notifications_unread ON notifications (user_id) WHERE read_at IS NULL;

-- The channels beside the app, as notifier found them configured when it started.
CREATE TABLE channels (
    name       text PRIMARY KEY CHECK (name IN ('push', 'email')),
    available  boolean NOT NULL,
    public_key text NOT NULL DEFAULT '', -- of push: the application server's key (RFC 8292), which browsers ask for
    updated_at timestamptz NOT NULL DEFAULT now()
);

ALTER TABLE users ADD notify_email boolean NOT NULL DEFAULT false;

-- Browsers that take pushes (RFC 8030). An endpoint is one browser's: whoever has subscribed with it last.
CREATE TABLE push_subscriptions (
    id         uuid PRIMARY KEY,
    user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    endpoint   text NOT NULL UNIQUE CHECK (length(endpoint) <= 2048),
    p256dh     text NOT NULL,
    auth       text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX push_subscriptions_of_user ON push_subscriptions (user_id);

-- What is to leave through a channel: one row per notification and address.
CREATE TABLE deliveries (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id         uuid NOT NULL, -- the notification's
    notification_id uuid NOT NULL REFERENCES notifications ON DELETE CASCADE,
    channel         text NOT NULL CHECK (channel IN ('push', 'email')),
    subscription_id uuid REFERENCES push_subscriptions ON DELETE CASCADE, -- of push
    status          text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'sent', 'dropped', 'dead')),
    attempts        integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL, -- the end of quiet time, of a pause after a failure, or of a try that is under way
    error           text NOT NULL DEFAULT '',
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX deliveries_once ON deliveries (notification_id, channel, (coalesce(subscription_id, notification_id)));
CREATE INDEX deliveries_due ON deliveries (channel, next_attempt_at) WHERE status = 'pending';
CREATE INDEX deliveries_of_subscription ON deliveries (subscription_id) WHERE subscription_id IS NOT NULL;
CREATE INDEX deliveries_by_age ON deliveries USING brin (created_at);

-- +goose Down
DROP TABLE deliveries, push_subscriptions, channels, notifications;
ALTER TABLE users DROP notify_email;
DROP INDEX reminders_of_user;
CREATE INDEX reminders_of_user ON reminders (user_id, scheduled_for, id);
