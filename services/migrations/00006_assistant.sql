-- +goose Up
-- A turn of a chat: what a person said, and what came of it in numbered chunks, which
-- any replica serves from any number on.
CREATE TABLE chat_turns (
    id         uuid PRIMARY KEY,
    user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    session_id uuid NOT NULL,
    text       text NOT NULL CHECK (length(text) BETWEEN 1 AND 4000),
    status     text NOT NULL DEFAULT 'running'
               CHECK (status IN ('running', 'waiting', 'completed', 'stopped', 'failed')),
    asked      json,        -- the tool call that waits for the person's consent
    lease      timestamptz, -- renewed by the replica that runs the turn; past: that one has died
    created_at timestamptz NOT NULL DEFAULT now(),
    ended_at   timestamptz,
    CHECK ((status = 'waiting') = (asked IS NOT NULL)),
    CHECK ((status = 'running') = (lease IS NOT NULL)),
    CHECK ((status IN ('running', 'waiting')) = (ended_at IS NULL))
);
CREATE UNIQUE INDEX chat_turns_one_runs ON chat_turns (user_id, session_id) WHERE status = 'running';
CREATE INDEX chat_turns_of_session ON chat_turns (user_id, session_id, created_at);
CREATE INDEX chat_turns_running ON chat_turns (lease) WHERE status = 'running';
CREATE INDEX chat_turns_by_age ON chat_turns USING brin (created_at);

-- json and not jsonb: what a model says is kept to the letter, NUL characters too.
CREATE TABLE chat_chunks (
    turn_id    uuid NOT NULL REFERENCES chat_turns ON DELETE CASCADE,
    user_id    uuid NOT NULL, -- the turn's
    number     integer NOT NULL CHECK (number > 0),
    kind       text NOT NULL CHECK (kind IN ('text', 'tool', 'result', 'question', 'notice', 'error', 'end')),
    data       json NOT NULL,
    PRIMARY KEY (turn_id, number)
);

-- What the language model has cost a user, by the hour.
CREATE TABLE model_usage (
    user_id       uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    hour          timestamptz NOT NULL,
    answers       integer NOT NULL DEFAULT 0,
    input_tokens  bigint NOT NULL DEFAULT 0,
    output_tokens bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (user_id, hour)
);

-- +goose Down
DROP TABLE model_usage, chat_chunks, chat_turns;
