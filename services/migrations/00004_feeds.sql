-- +goose Up
-- An address from which calendar programs read what a person has to do, without signing in.
CREATE TABLE feeds (
    id                uuid PRIMARY KEY,
    user_id           uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    name              text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    hash              bytea NOT NULL UNIQUE, -- SHA-256 of the token in its address, which has 256 random bits
    show_as           text NOT NULL CHECK (show_as IN ('events', 'tasks')),
    include_completed boolean NOT NULL,
    -- All of them. A tag that is gone leaves its id here: the feed is empty from then on, rather than of everything.
    tag_ids           uuid[] NOT NULL,
    last_used_at      timestamptz,
    created_at        timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX feeds_of_user ON feeds (user_id, created_at);

-- +goose Down
DROP TABLE feeds;
