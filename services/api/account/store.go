package account

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/internal/outbox"
	"github.com/rondohq/rondo/services/internal/postgres"
)

// store is the Store in PostgreSQL.
type store struct {
	pool   *pgxpool.Pool
	outbox *outbox.Outbox
}

// NewStore keeps accounts in the tables users and api_tokens.
func NewStore(pool *pgxpool.Pool, box *outbox.Outbox) Store { return &store{pool, box} }

const (
	userColumns   = `id, email, display_name, timezone, created_at, password_hash`
	readColumns   = userColumns + `, to_char(quiet_from, 'HH24:MI'), to_char(quiet_to, 'HH24:MI'), notify_email, saved_filters`
	kindSession   = "session"
	kindAPI       = "api"
	uniqueAddress = "users_email_key"
	uniqueID      = "users_pkey" // of one address and idempotency key, see SignUp
)

// Create implements Store.
func (s *store) Create(ctx context.Context, u User, passwordHash string, session NewStoredToken) error {
	err := postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO users (`+userColumns+`, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $5)`,
			u.ID, u.Email, u.DisplayName, u.Timezone, u.CreatedAt, passwordHash)
		if err != nil {
			return fmt.Errorf("inserting a user: %w", err)
		}
		return insertToken(ctx, tx, session)
	})
	if postgres.Violates(err, uniqueAddress) || postgres.Violates(err, uniqueID) {
		taken := fault.New(fault.Conflict, "An account with this e-mail address exists already.").Because("email_taken", nil)
		taken.Fields = []fault.Field{{Name: "email", Message: "is taken"}}
		return taken
	}
	return err
}

func insertToken(ctx context.Context, tx pgx.Tx, t NewStoredToken) error {
	kind := kindAPI
	if t.Session {
		kind = kindSession
	}
	_, err := tx.Exec(ctx, `INSERT INTO api_tokens (id, user_id, kind, name, hash, scopes, expires_at, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		t.ID, t.UserID, kind, t.Name, t.Hash[:], t.Scopes, t.ExpiresAt, t.CreatedAt)
	if err != nil {
		return fmt.Errorf("inserting a token: %w", err)
	}
	return nil
}

// FindByEmail implements Store.
func (s *store) FindByEmail(ctx context.Context, email string) (User, string, error) {
	u, hash, err := s.user(ctx, `SELECT `+readColumns+` FROM users WHERE email = $1`, email)
	if errors.Is(err, pgx.ErrNoRows) {
		return User{}, "", nil
	}
	return u, hash, err
}

// Find implements Store.
func (s *store) Find(ctx context.Context, id uuid.UUID) (User, string, error) {
	u, hash, err := s.user(ctx, `SELECT `+readColumns+` FROM users WHERE id = $1`, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return User{}, "", fault.New(fault.NotFound, "This account is gone.")
	}
	return u, hash, err
}

func (s *store) user(ctx context.Context, query string, arg any) (u User, hash string, err error) {
	u, hash, err = scanUser(s.pool.QueryRow(ctx, query, arg))
	if err != nil {
		return User{}, "", postgres.Explain(fmt.Errorf("finding a user: %w", err))
	}
	return u, hash, nil
}

func scanUser(row pgx.Row) (u User, hash string, err error) {
	var from, to *string
	err = row.Scan(&u.ID, &u.Email, &u.DisplayName, &u.Timezone, &u.CreatedAt, &hash, &from, &to, &u.NotifyEmail, &u.SavedFilters)
	if from != nil && to != nil {
		u.QuietHours = &QuietHours{From: *from, To: *to}
	}
	u.CreatedAt = u.CreatedAt.UTC()
	return u, hash, err //nolint:wrapcheck // wrapped by the caller
}

// StartSession implements Store.
func (s *store) StartSession(ctx context.Context, session NewStoredToken) error {
	return postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM api_tokens WHERE user_id = $1 AND kind = $2 AND expires_at <= $3`,
			session.UserID, kindSession, session.CreatedAt)
		if err != nil {
			return fmt.Errorf("clearing expired sessions: %w", err)
		}
		return insertToken(ctx, tx, session)
	})
}

// Update implements Store.
func (s *store) Update(ctx context.Context, userID uuid.UUID, c Changes, keep uuid.UUID) (u User, err error) {
	err = postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		var from, to *string
		if c.QuietHours != nil {
			from, to = &c.QuietHours.From, &c.QuietHours.To
		}
		u, _, err = scanUser(tx.QueryRow(ctx, `UPDATE users SET display_name = coalesce($2, display_name), timezone = coalesce($3, timezone),
			password_hash = coalesce($4, password_hash), notify_email = coalesce($5, notify_email), saved_filters = coalesce($9, saved_filters),
			quiet_from = CASE WHEN NOT $6 THEN coalesce($7::text::time, quiet_from) END,
			quiet_to = CASE WHEN NOT $6 THEN coalesce($8::text::time, quiet_to) END, updated_at = now()
			WHERE id = $1 RETURNING `+readColumns,
			userID, c.DisplayName, c.Timezone, c.PasswordHash, c.NotifyEmail, c.ClearQuietHours, from, to, c.SavedFilters))
		if err != nil {
			return fmt.Errorf("updating a user: %w", err)
		}
		if c.PasswordHash != nil {
			_, err := tx.Exec(ctx, `DELETE FROM api_tokens WHERE user_id = $1 AND kind = $2 AND id <> $3`, userID, kindSession, keep)
			if err != nil {
				return fmt.Errorf("ending sessions: %w", err)
			}
		}
		_, err = s.outbox.Append(ctx, tx, outbox.Message{
			UserID: userID, Subject: userID.String(), Payload: event.AccountChanged{Changed: event.AccountSettings},
		})
		return err
	})
	if err != nil {
		return User{}, err
	}
	s.outbox.Wake()
	return u, nil
}

// Delete implements Store. The rows of the user's own tables refer to the user and
// go along (ON DELETE CASCADE).
func (s *store) Delete(ctx context.Context, userID uuid.UUID) error {
	err := postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM users WHERE id = $1`, userID); err != nil {
			return fmt.Errorf("deleting a user: %w", err)
		}
		// Open tabs fetch again, and learn that they are signed out.
		_, err := s.outbox.Append(ctx, tx, outbox.Message{
			UserID: userID, Subject: userID.String(), Payload: event.AccountChanged{Changed: event.AccountSettings},
		})
		return err
	})
	if err != nil {
		return err
	}
	s.outbox.Wake()
	return nil
}

// Tokens implements Store.
func (s *store) Tokens(ctx context.Context, userID uuid.UUID) ([]Token, error) {
	rows, err := s.pool.Query(ctx, `SELECT id, name, scopes, created_at, expires_at, last_used_at FROM api_tokens
		WHERE user_id = $1 AND kind = $2 ORDER BY created_at DESC, id DESC`, userID, kindAPI)
	if err != nil {
		return nil, postgres.Explain(fmt.Errorf("listing tokens: %w", err))
	}
	tokens, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t Token, err error) {
		err = row.Scan(&t.ID, &t.Name, &t.Scopes, &t.CreatedAt, &t.ExpiresAt, &t.LastUsedAt)
		t.CreatedAt, t.ExpiresAt, t.LastUsedAt = t.CreatedAt.UTC(), utc(t.ExpiresAt), utc(t.LastUsedAt)
		return t, err //nolint:wrapcheck // wrapped below
	})
	if err != nil {
		return nil, postgres.Explain(fmt.Errorf("listing tokens: %w", err))
	}
	return tokens, nil
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

// AddToken implements Store.
func (s *store) AddToken(ctx context.Context, t NewStoredToken, limit int) error {
	return postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		// Without the lock two at once could both be the last.
		if _, err := tx.Exec(ctx, `SELECT FROM users WHERE id = $1 FOR UPDATE`, t.UserID); err != nil {
			return fmt.Errorf("locking a user: %w", err)
		}
		var count int
		err := tx.QueryRow(ctx, `SELECT count(*) FROM api_tokens WHERE user_id = $1 AND kind = $2`, t.UserID, kindAPI).Scan(&count)
		if err != nil {
			return fmt.Errorf("counting tokens: %w", err)
		}
		if count >= limit {
			return fault.New(fault.Conflict, "You have %d API tokens; please revoke one first.", count).Because("too_many_tokens", nil)
		}
		return insertToken(ctx, tx, t)
	})
}

// RemoveToken implements Store.
func (s *store) RemoveToken(ctx context.Context, userID, id uuid.UUID) error {
	tag, err := s.pool.Exec(ctx, `DELETE FROM api_tokens WHERE user_id = $1 AND id = $2`, userID, id)
	if err != nil {
		return postgres.Explain(fmt.Errorf("removing a token: %w", err))
	}
	if tag.RowsAffected() == 0 {
		return fault.New(fault.NotFound, "There is no such token.")
	}
	return nil
}

// FindToken implements TokenStore.
func (s *store) FindToken(ctx context.Context, hash [sha256.Size]byte) (StoredToken, error) {
	var t StoredToken
	err := s.pool.QueryRow(ctx, `SELECT user_id, id, scopes, kind = $2, expires_at, last_used_at FROM api_tokens WHERE hash = $1`,
		hash[:], kindSession).
		Scan(&t.Principal.UserID, &t.Principal.TokenID, &t.Principal.Scopes, &t.Principal.Session, &t.ExpiresAt, &t.LastUsedAt)
	if errors.Is(err, pgx.ErrNoRows) {
		return StoredToken{}, fault.New(fault.Unauthenticated, "This token is not valid. Please sign in again.")
	}
	if err != nil {
		return StoredToken{}, postgres.Explain(fmt.Errorf("finding a token: %w", err))
	}
	return t, nil
}

// TouchToken implements TokenStore.
func (s *store) TouchToken(ctx context.Context, userID, id uuid.UUID, at time.Time) error {
	_, err := s.pool.Exec(ctx, `UPDATE api_tokens SET last_used_at = $3 WHERE user_id = $1 AND id = $2`, userID, id, at)
	if err != nil {
		return fmt.Errorf("noting the use of a token: %w", err)
	}
	return nil
}
