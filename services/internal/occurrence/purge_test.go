package occurrence_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/services/internal/inbox"
	"github.com/rondohq/rondo/services/internal/occurrence"
	"github.com/rondohq/rondo/services/internal/postgres/postgrestest"
)

// The marks of events and of occurrences live 30 days, and those of other consumers are
// not touched.
func TestMarksLiveThirtyDays(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	pool, log, sub := db.Pool(t, topology.Recurring), slog.New(slog.DiscardHandler), topology.Recurring.Subscribes[0]
	const insert = `INSERT INTO processed_event_logs (consumer, key, processed_at)
		SELECT c, d::text, now() - d * interval '1 day' FROM unnest($1::text[]) AS c, unnest('{29, 31}'::int[]) AS d`
	_, err := pool.Exec(t.Context(), insert, []string{sub.Group(), "occurrences", "another"})
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go func() { _ = inbox.New(sub, pool, log, nil).Purge(ctx) }()
	go func() { _ = occurrence.Purge(ctx, pool, log) }()
	left := func() (all []string) {
		require.NoError(t, pool.QueryRow(t.Context(), `SELECT array_agg(consumer || ' ' || key ORDER BY 1) FROM (
			SELECT consumer, key FROM processed_event_logs) AS l`).Scan(&all))
		return all
	}
	want := []string{"another 29", "another 31", "occurrences 29", sub.Group() + " 29"}
	require.Eventually(t, func() bool { return len(left()) == len(want) }, time.Minute, 10*time.Millisecond)
	require.ElementsMatch(t, want, left())
}
