package idempotency

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Keep is how long a repetition is recognised.
const Keep = 24 * time.Hour

// Purge forgets old keys every hour, until ctx ends.
func Purge(ctx context.Context, pool *pgxpool.Pool, log *slog.Logger) error {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		_, err := pool.Exec(ctx, `DELETE FROM idempotency_keys WHERE created_at < now() - $1::interval`, Keep)
		if err != nil && ctx.Err() == nil {
			log.WarnContext(ctx, "purging idempotency keys", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
