package occurrence

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Purge forgets old marks every hour, until ctx ends.
func Purge(ctx context.Context, pool *pgxpool.Pool, log *slog.Logger) error {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if _, err := pool.Exec(ctx, `DELETE FROM processed_event_logs WHERE consumer = $1 AND processed_at < now() - $2::interval`,
			consumer, keep); err != nil && ctx.Err() == nil {
			log.WarnContext(ctx, "purging the marks of occurrences", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
