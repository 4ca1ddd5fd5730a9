package model

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/api/assistant/chat"
	"github.com/rondohq/rondo/services/internal/postgres"
)

// What the model may cost one user.
const (
	AnswersPerHour = 60
	TokensPerDay   = 300_000 // in and out; some 60 answers
	keepUsage      = 30 * 24 * time.Hour
)

// Usage is the Spending of all replicas together, in PostgreSQL.
type Usage struct{ pool *pgxpool.Pool }

// NewUsage makes the spending.
func NewUsage(pool *pgxpool.Pool) *Usage { return &Usage{pool} }

// Allow implements Spending.
func (u *Usage) Allow(ctx context.Context, r chat.Request) error {
	var answers int
	var tokens int64
	err := postgres.InTx(ctx, u.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM model_usage WHERE user_id = $1 AND hour < now() - $2::interval`,
			r.Caller.UserID, keepUsage); err != nil {
			return fmt.Errorf("forgetting old usage: %w", err)
		}
		if err := tx.QueryRow(ctx, `
			INSERT INTO model_usage (user_id, hour, answers) VALUES ($1, date_trunc('hour', now()), 1)
			ON CONFLICT (user_id, hour) DO UPDATE SET answers = model_usage.answers + 1 RETURNING answers`,
			r.Caller.UserID).Scan(&answers); err != nil {
			return fmt.Errorf("counting an answer: %w", err)
		}
		if err := tx.QueryRow(ctx, `
			SELECT coalesce(sum(input_tokens + output_tokens), 0) FROM model_usage WHERE user_id = $1 AND hour > now() - interval '24 hours'`,
			r.Caller.UserID).Scan(&tokens); err != nil {
			return fmt.Errorf("adding tokens up: %w", err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	const meanwhile = " I understand plain commands meanwhile."
	switch {
	case answers > AnswersPerHour:
		f := fault.New(fault.RateLimited, "You have asked the language model %d times this hour, which is all there is."+meanwhile,
			AnswersPerHour)
		f.RetryAfter = time.Until(time.Now().Truncate(time.Hour).Add(time.Hour))
		return f
	case tokens >= TokensPerDay:
		f := fault.New(fault.RateLimited, "You have used up what the language model may cost in a day."+meanwhile)
		f.RetryAfter = time.Hour
		return f
	}
	return nil
}

// Spent implements Spending.
func (u *Usage) Spent(ctx context.Context, r chat.Request, inputTokens, outputTokens int64) error {
	if _, err := u.pool.Exec(ctx, `
		INSERT INTO model_usage (user_id, hour, input_tokens, output_tokens) VALUES ($1, date_trunc('hour', now()), $2, $3)
		ON CONFLICT (user_id, hour) DO UPDATE SET
			input_tokens = model_usage.input_tokens + $2, output_tokens = model_usage.output_tokens + $3`,
		r.Caller.UserID, inputTokens, outputTokens); err != nil {
		return postgres.Explain(fmt.Errorf("counting tokens: %w", err))
	}
	return nil
}
