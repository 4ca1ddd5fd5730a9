package occurrence

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	maxFailure  = 500
	firstRest   = 5 * time.Second
	longestRest = time.Hour
)

// Rest is how long to wait after so many failures in a row.
func Rest(failures int) time.Duration {
	if failures > 9 { // 2^9 times the first rest is close to the longest
		return longestRest
	}
	return min(firstRest<<failures, longestRest)
}

// Fail notes at the series why it could not be scheduled or fired, where its owner
// sees it, and lets it rest, so that it does not hold up the others.
func Fail(ctx context.Context, tx pgx.Tx, s Series, reason error, now time.Time) error {
	text := []rune(reason.Error())
	_, err := tx.Exec(ctx, `
		UPDATE series SET failure = $3, failures = failures + 1, updated_at = $4,
			fire_at = CASE WHEN fire_at IS NULL THEN NULL ELSE $5::timestamptz END
		WHERE user_id = $1 AND id = $2`,
		s.Owner, s.ID, string(text[:min(len(text), maxFailure)]), now, now.Add(Rest(s.Failures)).UTC().Truncate(time.Second))
	if err != nil {
		return fmt.Errorf("noting the failure of series %s: %w", s.ID, err)
	}
	return nil
}
