package wakeup_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/services/internal/wakeup"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// testBundle is a kind of work, a scheduler and a clock, all by hand.
type testBundle struct {
	*wakeup.Wakeup

	mu    sync.Mutex
	now   time.Time
	asked map[string]time.Time // jobs, by name
	away  bool                 // the scheduler
	calls int                  // of the scheduler

	instants []time.Time // what is to be done when, sorted
	done     []time.Time
	follow   []time.Time // instants that the next Due puts on the schedule
	broken   error       // of the database

	reg *prometheus.Registry
}

func setup(instants ...time.Duration) *testBundle {
	b := &testBundle{now: noon, asked: map[string]time.Time{}}
	for _, after := range instants {
		b.instants = append(b.instants, noon.Add(after))
	}
	b.restart()
	return b
}

// restart is another process on the same database and scheduler.
func (b *testBundle) restart() {
	b.reg = prometheus.NewRegistry()
	b.Wakeup = wakeup.New(topology.SeriesDue, b, b, func() time.Time { return b.now }, slog.New(slog.DiscardHandler), b.reg)
}

func (b *testBundle) ScheduleJob(_ context.Context, name string, due time.Time) error {
	b.calls++
	if b.away {
		return errors.New("the sidecar is away")
	}
	b.asked[name] = due
	return nil
}

func (b *testBundle) Due(_ context.Context, at time.Time, limit int) (int, []time.Time, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken != nil {
		return 0, nil, b.broken
	}
	n := 0
	for n < limit && n < len(b.instants) && !b.instants[n].After(at) {
		n++
	}
	b.done = append(b.done, b.instants[:n]...)
	b.instants = append(slices.Clone(b.instants[n:]), b.follow...)
	next := b.follow
	b.follow = nil
	return n, next, nil
}

func (b *testBundle) Upcoming(_ context.Context, from, to time.Time, limit int) ([]time.Time, error) {
	var all []time.Time
	for _, at := range b.instants {
		if at.After(from) && !at.After(to) && len(all) < limit {
			all = append(all, at)
		}
	}
	return slices.Compact(all), b.broken
}

func (b *testBundle) Overdue(_ context.Context, at time.Time) (int, error) {
	n := 0
	for _, instant := range b.instants {
		if !instant.After(at) {
			n++
		}
	}
	return n, nil
}

func (b *testBundle) sweep(t *testing.T) {
	t.Helper()
	require.NoError(t, b.Sweep(t.Context()))
}

func (b *testBundle) jobs() []time.Duration {
	all := []time.Duration{}
	for name, due := range b.asked {
		if at, ok := topology.SeriesDue.At(name); !ok || !at.Equal(due) {
			panic(name)
		}
		all = append(all, due.Sub(noon))
	}
	slices.Sort(all)
	return all
}

func (b *testBundle) gauge(t *testing.T, name string) float64 {
	t.Helper()
	families, err := b.reg.Gather()
	require.NoError(t, err)
	for _, f := range families {
		if f.GetName() == name {
			m := f.GetMetric()[0]
			return m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}

func TestStartUpAsksForEveryJobWithinTheHorizon(t *testing.T) {
	t.Parallel()
	b := setup(time.Hour, time.Hour, 5*time.Hour, 24*time.Hour, 25*time.Hour)
	b.sweep(t)
	require.Equal(t, []time.Duration{time.Hour, 5 * time.Hour, 24 * time.Hour}, b.jobs())
	require.InDelta(t, 3, b.gauge(t, "rondo_wakeup_jobs"), 0)
	b.sweep(t)
	require.Equal(t, 3, b.calls, "none is asked for twice")
	b.asked = map[string]time.Time{} // the scheduler has lost them
	b.restart()
	b.sweep(t)
	require.Len(t, b.jobs(), 3)
}

func TestTheHorizonMovesWithTheClock(t *testing.T) {
	t.Parallel()
	b := setup(time.Hour, 25*time.Hour, 49*time.Hour)
	b.sweep(t)
	require.Equal(t, []time.Duration{time.Hour}, b.jobs())
	b.now = noon.Add(50 * time.Minute)
	b.sweep(t)
	require.Len(t, b.jobs(), 1)
	b.now = noon.Add(time.Hour)
	require.NoError(t, b.Handle(t.Context(), topology.SeriesDue.Name(b.now)))
	b.sweep(t)
	require.Equal(t, []time.Duration{time.Hour, 25 * time.Hour}, b.jobs())
}

func TestMoreInstantsThanOneSweepTakesAreAskedForByTheNext(t *testing.T) {
	t.Parallel()
	b := setup()
	for i := range 1234 {
		b.instants = append(b.instants, noon.Add(time.Duration(i+1)*time.Second))
	}
	b.sweep(t)
	require.Less(t, len(b.asked), 1234)
	b.sweep(t)
	b.sweep(t)
	require.Len(t, b.asked, 1234)
	require.Equal(t, 1234, b.calls)
}

func TestAJobDoesWhatIsDueAndAsksForWhatFollows(t *testing.T) {
	t.Parallel()
	b := setup(time.Hour, time.Hour, 2*time.Hour)
	b.now = noon.Add(time.Hour)
	b.follow = []time.Time{noon.Add(3 * time.Hour), noon.Add(3 * time.Hour), noon.Add(300 * time.Hour)}
	require.NoError(t, b.Handle(t.Context(), topology.SeriesDue.Name(b.now)))
	require.Len(t, b.done, 2)
	require.Equal(t, []time.Duration{3 * time.Hour}, b.jobs(), "what is far off is the sweep's")
	require.InDelta(t, 0, b.gauge(t, "rondo_wakeup_rescued_total"), 0)
}

// Ten thousand things at one instant are one job and a few batches; and what says that
// it is due again at once is not left to the sweep.
func TestAJobDoesAllThereIsToDo(t *testing.T) {
	t.Parallel()
	b := setup()
	for range 10_000 {
		b.instants = append(b.instants, noon)
	}
	b.sweepless(t)
	require.Len(t, b.done, 10_000)
	b.instants, b.follow = []time.Time{noon}, []time.Time{noon}
	b.sweepless(t)
	require.Len(t, b.done, 10_002)
	require.Empty(t, b.asked)
}

func (b *testBundle) sweepless(t *testing.T) {
	t.Helper()
	require.NoError(t, b.Handle(t.Context(), topology.SeriesDue.Name(b.now)))
}

func TestTheSweepDoesWhatALostJobHasLeft(t *testing.T) {
	t.Parallel()
	b := setup(time.Hour, 2*time.Hour)
	b.sweep(t)
	b.asked = map[string]time.Time{} // all are lost
	b.now = noon.Add(time.Hour)
	b.sweep(t)
	require.Empty(t, b.done, "the job may be on its way")
	require.Zero(t, b.gauge(t, "rondo_wakeup_overdue"))
	b.now = b.now.Add(time.Second)
	b.sweep(t)
	require.Len(t, b.done, 1)
	require.InDelta(t, 1, b.gauge(t, "rondo_wakeup_rescued_total"), 0)
	require.Equal(t, []time.Duration{2 * time.Hour}, b.jobs(), "the others may be lost, too, and are asked for again")
}

func TestAJobThatCouldNotBeAskedForIsAskedForAgain(t *testing.T) {
	t.Parallel()
	b := setup(time.Hour, 3*time.Hour)
	b.sweep(t)
	b.away = true
	b.instants = slices.Insert(b.instants, 1, noon.Add(2*time.Hour))
	b.Schedule(t.Context(), noon.Add(2*time.Hour))
	require.InDelta(t, 1, b.gauge(t, "rondo_wakeup_schedule_failures_total"), 0)
	require.Error(t, b.Sweep(t.Context()))
	b.away = false
	b.sweep(t)
	require.Equal(t, []time.Duration{time.Hour, 2 * time.Hour, 3 * time.Hour}, b.jobs())
}

// A scheduler that hangs, and does not even refuse, makes nothing late, and is not waited
// for by those who have just committed something.
func TestAHangingSchedulerHoldsUpNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup()
		begin := time.Now()
		for i := range 20 {
			b.instants = append(b.instants, begin.Add(time.Duration(i)*time.Second))
		}
		var lateness []time.Duration
		work := hanging{b, func(late time.Duration) { lateness = append(lateness, late) }}
		w := wakeup.New(topology.SeriesDue, work, work, time.Now, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go func() { _ = w.Run(ctx) }()
		<-time.After(30 * time.Second) // of the bubble's clock
		synctest.Wait()
		require.Len(t, b.done, 20)
		require.Less(t, slices.Max(lateness[3:]), 1100*time.Millisecond)
		asked := time.Now()
		w.Schedule(ctx, asked.Add(time.Hour))
		require.Zero(t, time.Since(asked))
	})
}

// hanging is a scheduler that never answers, and work that says how late it was done.
type hanging struct {
	*testBundle

	late func(time.Duration)
}

func (h hanging) ScheduleJob(ctx context.Context, _ string, _ time.Time) error {
	<-ctx.Done()
	return ctx.Err()
}

func (h hanging) Due(ctx context.Context, at time.Time, limit int) (int, []time.Time, error) {
	before := len(h.done)
	n, next, err := h.testBundle.Due(ctx, at, limit)
	for _, instant := range h.done[before:] {
		h.late(time.Since(instant))
	}
	return n, next, err
}

func (h hanging) Upcoming(ctx context.Context, from, to time.Time, limit int) ([]time.Time, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.testBundle.Upcoming(ctx, from, to, limit)
}

func (h hanging) Overdue(ctx context.Context, at time.Time) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.testBundle.Overdue(ctx, at)
}

func TestOnlyJobsOfItsKindAreTaken(t *testing.T) {
	t.Parallel()
	b := setup(0)
	for _, name := range []string{"", "series", "series-", "series-tomorrow", topology.RemindersDue.Name(noon), "x" + topology.SeriesDue.Name(noon)} {
		require.Error(t, b.Handle(t.Context(), name), name)
	}
	require.Empty(t, b.done)
}

func TestAFailureOfTheWorkIsTheJobs(t *testing.T) {
	t.Parallel()
	b := setup(0)
	b.broken = errors.New("the database is away")
	require.ErrorIs(t, b.Handle(t.Context(), topology.SeriesDue.Name(noon)), b.broken, "so that it comes again")
	require.ErrorIs(t, b.Sweep(t.Context()), b.broken)
	b.broken = nil
	b.sweepless(t)
	require.Len(t, b.done, 1)
}

func TestLatenessIsMeasured(t *testing.T) {
	t.Parallel()
	b := setup()
	b.Late(3 * time.Second)
	b.Late(-time.Second) // two clocks
	require.Equal(t, 1, testutil.CollectAndCount(b.reg, "rondo_wakeup_lateness_seconds"))
	families, err := b.reg.Gather()
	require.NoError(t, err)
	for _, f := range families {
		if f.GetName() == "rondo_wakeup_lateness_seconds" {
			require.Equal(t, uint64(2), f.GetMetric()[0].GetHistogram().GetSampleCount())
			require.InDelta(t, 3, f.GetMetric()[0].GetHistogram().GetSampleSum(), 0)
		}
	}
}
