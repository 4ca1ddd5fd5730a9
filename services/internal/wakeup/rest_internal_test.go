package wakeup

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/topology"
)

// idle is a scheduler and work that has nothing to do.
type idle struct{}

func (idle) ScheduleJob(context.Context, string, time.Time) error { return nil }

func (idle) Due(context.Context, time.Time, int) (int, []time.Time, error) { return 0, nil, nil }

func (idle) Upcoming(context.Context, time.Time, time.Time, int) ([]time.Time, error) {
	return nil, nil
}

func (idle) Overdue(context.Context, time.Time) (int, error) { return 0, nil }

// The sweep comes soon after a job that is due, in case that it is lost.
func TestTheSweepComesRightBehindTheNextJob(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for after, want := range map[time.Duration]time.Duration{
		time.Hour: sweepEvery, time.Second: time.Second + rescueAfter, 0: rescueAfter, -time.Hour: sweepEvery,
	} {
		w := New(topology.SeriesDue, idle{}, idle{}, func() time.Time { return now }, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
		w.Schedule(t.Context(), now.Add(after))
		require.Equal(t, want, w.rest(), "a job in %s", after)
	}
	w := New(topology.SeriesDue, idle{}, idle{}, func() time.Time { return now }, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	w.Schedule(t.Context(), now)
	now = now.Add(rescueAfter - time.Millisecond)
	require.Equal(t, shortestRest, w.rest())
}
