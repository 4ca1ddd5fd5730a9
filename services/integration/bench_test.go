package integration_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/topology"
)

// BenchmarkAThousandSeriesDueTogether is one job at whose instant a thousand series are
// due, each with a tag and a reminder.
func BenchmarkAThousandSeriesDueTogether(b *testing.B) {
	w := setup(b, "2026-03-20 13:00:00")
	ctx := b.Context()
	_, err := w.db.Exec(ctx, `
		WITH made AS (
			INSERT INTO series (id, user_id, title, rrule, dtstart, timezone, reminder_offsets, if_pending, status, next_occurrence_at, fire_at)
			SELECT gen_random_uuid(), $1, 'Team sync', 'FREQ=DAILY', '2026-03-20 14:00', 'Europe/Berlin', '{0}', 'create', 'active', $2, $2
			FROM generate_series(1, 1000) RETURNING id
		), tag AS (INSERT INTO tags (id, user_id, name) VALUES (gen_random_uuid(), $1, 'Work') RETURNING id)
		INSERT INTO series_tags SELECT made.id, tag.id FROM made, tag`, w.owner, local("2026-03-20 14:00:00"))
	require.NoError(b, err)
	w.clock.Set(local("2026-03-20 14:00:00"))
	made := 0
	for b.Loop() {
		require.NoError(b, w.wake.Handle(ctx, topology.SeriesDue.Name(w.clock.Now())))
		w.clock.Set(w.clock.Now().AddDate(0, 0, 1))
		made += 1000
	}
	var got int
	require.NoError(b, w.db.QueryRow(ctx, `SELECT count(*) FROM tasks`).Scan(&got))
	require.Equal(b, made, got)
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(made), "ms/series")
}
