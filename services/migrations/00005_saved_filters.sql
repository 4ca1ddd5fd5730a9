-- +goose Up
-- Lists of the web application that a person has given a name, in their order.
ALTER TABLE users ADD COLUMN saved_filters jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(saved_filters) = 'array');

-- +goose Down
ALTER TABLE users DROP COLUMN saved_filters;
