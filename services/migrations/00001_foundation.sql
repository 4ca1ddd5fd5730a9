-- +goose Up
CREATE EXTENSION IF NOT EXISTS citext;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;

CREATE TABLE users (
    id            uuid PRIMARY KEY,
    email         citext NOT NULL UNIQUE CHECK (length(email) BETWEEN 3 AND 254),
    password_hash text NOT NULL,
    display_name  text NOT NULL CHECK (length(display_name) BETWEEN 1 AND 100),
    timezone      text NOT NULL, -- an IANA name, never an offset
    quiet_from    time,
    quiet_to      time,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    CHECK ((quiet_from IS NULL) = (quiet_to IS NULL))
);

CREATE TABLE api_tokens (
    id           uuid PRIMARY KEY,
    user_id      uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    kind         text NOT NULL CHECK (kind IN ('session', 'api')),
    name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    hash         bytea NOT NULL UNIQUE, -- SHA-256 of the token, which has 256 random bits
    scopes       text[] NOT NULL CHECK (scopes <@ ARRAY['read', 'write'] AND cardinality(scopes) > 0),
    expires_at   timestamptz,
    last_used_at timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX api_tokens_of_user ON api_tokens (user_id, created_at);

-- In ascending order, so that sorting by priority needs no mapping.
CREATE TYPE task_priority AS ENUM ('low', 'medium', 'high');

CREATE TABLE tasks (
    id            uuid PRIMARY KEY,
    user_id       uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    title         text NOT NULL CHECK (length(title) BETWEEN 1 AND 255),
    description   text NOT NULL DEFAULT '' CHECK (length(description) <= 2000),
    priority      task_priority NOT NULL DEFAULT 'medium',
    status        text NOT NULL DEFAULT 'pending'
                  CHECK (status IN ('pending', 'active', 'completed', 'cancelled', 'skipped', 'failed')),
    due_at        timestamptz,
    parent_id     uuid REFERENCES tasks ON DELETE SET NULL CHECK (parent_id <> id),
    position      double precision NOT NULL,
    version       bigint NOT NULL DEFAULT 1,
    series_id     uuid,
    occurrence_at timestamptz,
    completed_at  timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    -- "Anywhere in title or description, in any case" is a trigram question; the
    -- line feed keeps a match from reaching across the two.
    search_text   text NOT NULL GENERATED ALWAYS AS (lower(title || E'\n' || description)) STORED,
    UNIQUE (series_id, occurrence_at),
    CHECK ((status = 'completed') = (completed_at IS NOT NULL))
);
-- One index per order that a long list is read in; id makes each of them total.
CREATE INDEX tasks_by_creation ON tasks (user_id, created_at, id);
CREATE INDEX tasks_by_due ON tasks (user_id, (coalesce(due_at, 'infinity')), id);
CREATE INDEX tasks_by_due_backwards ON tasks (user_id, (coalesce(due_at, '-infinity')), id); -- no date is last here, too
CREATE INDEX tasks_by_priority ON tasks (user_id, priority, id);
CREATE INDEX tasks_by_position ON tasks (user_id, position, id);
CREATE INDEX tasks_by_title ON tasks (user_id, lower(title), id);
CREATE INDEX tasks_of_parent ON tasks (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX tasks_by_text ON tasks USING gin (user_id, search_text gin_trgm_ops);

CREATE TABLE tags (
    id         uuid PRIMARY KEY,
    user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 50),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX tags_by_name ON tags (user_id, lower(name));

CREATE TABLE task_tags (
    task_id uuid NOT NULL REFERENCES tasks ON DELETE CASCADE,
    tag_id  uuid NOT NULL REFERENCES tags ON DELETE CASCADE,
    PRIMARY KEY (task_id, tag_id)
);
CREATE INDEX task_tags_of_tag ON task_tags (tag_id, task_id);

CREATE TABLE task_history (
    id             uuid PRIMARY KEY, -- the event's id, so that the two can be joined
    task_id        uuid NOT NULL REFERENCES tasks ON DELETE CASCADE,
    user_id        uuid NOT NULL, -- the task's; it goes with the task
    version        bigint NOT NULL,
    type           text NOT NULL,
    at             timestamptz NOT NULL,
    changed_fields text[] NOT NULL DEFAULT '{}',
    before         jsonb,
    after          jsonb NOT NULL
);
CREATE INDEX task_history_of_task ON task_history (task_id, version);

-- What a service has committed and the broker has not acknowledged yet. seq is
-- given out while the entity's row is locked, so within an entity it never runs backwards.
CREATE TABLE outbox (
    seq          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source       text NOT NULL,
    shard        smallint NOT NULL,
    user_id      uuid NOT NULL,
    topic        text NOT NULL,
    event        jsonb NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz
);
-- Users take turns: the relay steps through a shard from user to user.
CREATE INDEX outbox_pending ON outbox (source, shard, user_id, seq) WHERE published_at IS NULL;
-- Of the ages of rows that only arrive at the end a BRIN index knows enough, and costs next to nothing to keep.
CREATE INDEX outbox_by_age ON outbox USING brin (created_at);

CREATE TABLE outbox_leases (
    source text NOT NULL,
    shard  smallint NOT NULL, -- -1: the relay's presence, by which shards are shared out
    owner  uuid NOT NULL,
    until  timestamptz NOT NULL
);
CREATE UNIQUE INDEX outbox_lease_of_shard ON outbox_leases (source, shard) WHERE shard >= 0;
CREATE UNIQUE INDEX outbox_presence ON outbox_leases (source, owner) WHERE shard = -1;

CREATE TABLE processed_event_logs (
    consumer     text NOT NULL,
    key          text NOT NULL,
    result       jsonb,
    processed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, key)
);
CREATE INDEX processed_event_logs_by_age ON processed_event_logs USING brin (processed_at);

CREATE TABLE idempotency_keys (
    user_id     uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    key         text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    fingerprint bytea NOT NULL, -- SHA-256 of method, path and body
    result      jsonb NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys USING brin (created_at);

-- +goose Down
DROP TABLE idempotency_keys, processed_event_logs, outbox_leases, outbox, task_history, task_tags, tags, tasks, api_tokens, users;
DROP TYPE task_priority;
