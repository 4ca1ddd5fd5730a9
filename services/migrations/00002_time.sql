-- +goose Up
-- A series makes tasks by a rule. What a person says of it is api's to write; when
-- the next instance is due is recurring's.
CREATE TABLE series (
    id               uuid PRIMARY KEY,
    user_id          uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    -- What each instance is made of.
    title            text NOT NULL CHECK (length(title) BETWEEN 1 AND 255),
    description      text NOT NULL DEFAULT '' CHECK (length(description) <= 2000),
    priority         task_priority NOT NULL DEFAULT 'medium',
    reminder_offsets integer[] NOT NULL DEFAULT '{}', -- minutes before an instance is due
    -- The rule (RFC 5545). Its times are wall clock in the zone, which is an IANA name, never an offset.
    rrule            text NOT NULL CHECK (length(rrule) <= 4096),
    dtstart          timestamp NOT NULL,
    all_day          boolean NOT NULL DEFAULT false, -- a date: due at the end of its day
    timezone         text NOT NULL,
    rdates           timestamp[] NOT NULL DEFAULT '{}',
    exdates          timestamp[] NOT NULL DEFAULT '{}',
    mode             text NOT NULL DEFAULT 'schedule' CHECK (mode IN ('schedule', 'completion')),
    if_pending       text NOT NULL DEFAULT 'skip' CHECK (if_pending IN ('skip', 'create')),
    catch_up         text NOT NULL DEFAULT 'latest' CHECK (catch_up IN ('latest', 'all', 'none')),
    previous_id      uuid, -- the series that this one took over from, by an edit of "this and following"
    version          bigint NOT NULL DEFAULT 1,
    status           text NOT NULL DEFAULT 'pending'
                     CHECK (status IN ('pending', 'active', 'paused', 'completed', 'cancelled')),
    -- No occurrence before this moment is made: when it was created, resumed, or its rule was changed last.
    since            timestamptz NOT NULL DEFAULT now(),
    -- The schedule. An active series without fire_at waits: to be scheduled, or for a completion.
    next_occurrence_at timestamptz,
    fire_at            timestamptz, -- when to make the next instance: its time, or so much earlier that its reminders can be on time
    last_occurrence_at timestamptz,
    created_count      integer NOT NULL DEFAULT 0, -- instances made
    skipped_count      integer NOT NULL DEFAULT 0, -- occurrences left out: by the user, or since the one before was pending
    missed_count       integer NOT NULL DEFAULT 0, -- occurrences that catch_up let go
    -- Why the last try to schedule it or to make an instance failed, and how many did in a row; each is followed by a longer rest.
    failure            text CHECK (length(failure) <= 500),
    failures           integer NOT NULL DEFAULT 0,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    CHECK ((next_occurrence_at IS NULL) = (fire_at IS NULL)),
    CHECK (status = 'active' OR fire_at IS NULL),
    CHECK (rrule <> '' OR cardinality(rdates) > 0)
);
CREATE INDEX series_of_user ON series (user_id, created_at, id);
CREATE INDEX series_due ON series (fire_at) WHERE fire_at IS NOT NULL;
-- What waits to be scheduled, and what for a completion: a sweep looks through each.
CREATE INDEX series_unscheduled ON series (updated_at)
    WHERE fire_at IS NULL AND status IN ('pending', 'active') AND (mode = 'schedule' OR last_occurrence_at IS NULL);
CREATE INDEX series_waiting ON series (updated_at)
    WHERE fire_at IS NULL AND status IN ('pending', 'active') AND mode = 'completion' AND last_occurrence_at IS NOT NULL;

-- +goose StatementBegin
CREATE FUNCTION series_check_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.status, NEW.status) NOT IN (
        ('pending', 'active'), ('pending', 'paused'), ('pending', 'completed'), ('active', 'paused'), ('active', 'completed'),
        ('paused', 'active'), ('pending', 'cancelled'), ('active', 'cancelled'), ('paused', 'cancelled'), ('completed', 'cancelled')
    ) THEN
        RAISE EXCEPTION 'a series does not go from % to %', OLD.status, NEW.status
            USING ERRCODE = 'check_violation', CONSTRAINT = 'series_status_transition';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER series_status_transition BEFORE UPDATE OF status ON series
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION series_check_transition();

CREATE INDEX series_failing ON series (failures) WHERE failures > 0;

CREATE TABLE series_tags (
    series_id uuid NOT NULL REFERENCES series ON DELETE CASCADE,
    tag_id    uuid NOT NULL REFERENCES tags ON DELETE CASCADE,
    PRIMARY KEY (series_id, tag_id)
);
CREATE INDEX series_tags_of_tag ON series_tags (tag_id);

CREATE TABLE reminders (
    id             uuid PRIMARY KEY,
    user_id        uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    task_id        uuid NOT NULL REFERENCES tasks ON DELETE CASCADE,
    -- Either so many minutes before the task is due, or an instant.
    offset_minutes integer CHECK (offset_minutes BETWEEN 0 AND 525600),
    remind_at      timestamptz,
    scheduled_for  timestamptz, -- the delivery that is to come, or was; unknown while the task has no due date
    status         text NOT NULL DEFAULT 'pending'
                   CHECK (status IN ('pending', 'sent', 'missed', 'suppressed', 'failed', 'cancelled')),
    version        bigint NOT NULL DEFAULT 1,
    delivered_at   timestamptz,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    CHECK ((offset_minutes IS NULL) <> (remind_at IS NULL))
);
CREATE INDEX reminders_due ON reminders (scheduled_for) WHERE status = 'pending';
CREATE INDEX reminders_of_user ON reminders (user_id, scheduled_for, id);
CREATE INDEX reminders_of_task ON reminders (task_id);

-- How far a sweep over time has come: what lies before the mark is done. The id divides what is of one instant.
CREATE TABLE sweep_marks (
    name text PRIMARY KEY,
    at   timestamptz NOT NULL,
    id   uuid NOT NULL DEFAULT 'ffffffff-ffff-ffff-ffff-ffffffffffff'
);
-- Whether an instance of a series is still open.
CREATE INDEX tasks_open_of_series ON tasks (series_id, occurrence_at) WHERE series_id IS NOT NULL AND status IN ('pending', 'active');
-- What becomes overdue next.
CREATE INDEX tasks_open_by_due ON tasks (due_at, id) WHERE due_at IS NOT NULL AND status IN ('pending', 'active');

-- +goose Down
DROP INDEX tasks_open_by_due, tasks_open_of_series;
DROP TABLE sweep_marks, reminders, series_tags, series;
DROP FUNCTION series_check_transition;
