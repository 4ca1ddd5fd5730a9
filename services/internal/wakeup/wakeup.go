// Package wakeup does what is due, on time, and whatever happens. The database says
// what is due; a Dapr job per instant only says "look now". A sweep finds what a
// lost job has left, and start-up asks for all jobs anew. It is the one place that
// uses the jobs API.
package wakeup

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rondohq/rondo/platform/topology"
)

const (
	// Horizon is how far ahead jobs exist.
	Horizon = 24 * time.Hour

	batch      = 500 // of one claim, which is one transaction
	sweepEvery = 2 * time.Second
	// rescueAfter is how late something has to be before the sweep takes it: the job's
	// own call comes first as a rule.
	rescueAfter  = 500 * time.Millisecond
	shortestRest = 250 * time.Millisecond // between two sweeps
	instants     = 500                    // jobs asked for in one sweep
	scheduleTime = 2 * time.Second        // for one call of the jobs API
	early        = 5 * time.Second        // by which the scheduler's clock may be ahead
	rebuildRest  = time.Minute            // between two rebuilds
)

// Scheduler is the jobs API.
type Scheduler interface {
	ScheduleJob(ctx context.Context, name string, due time.Time) error
}

// Work is what wake-ups are for. Several replicas do it at once.
type Work interface {
	// Due claims up to limit of what was due at the instant or before and does it, in
	// one transaction. It returns how many that were, and the instants of what it has
	// put on the schedule meanwhile. One that is past asks to be called again at once.
	Due(ctx context.Context, at time.Time, limit int) (done int, next []time.Time, err error)
	// Upcoming lists the distinct instants after from and up to to, the soonest first.
	Upcoming(ctx context.Context, from, to time.Time, limit int) ([]time.Time, error)
	// Overdue counts what was due at the instant or before and is not done.
	Overdue(ctx context.Context, at time.Time) (int, error)
}

// Wakeup wakes one kind of work.
type Wakeup struct {
	job       topology.Job
	scheduler Scheduler
	work      Work
	now       func() time.Time
	log       *slog.Logger
	called    atomic.Int32 // jobs whose work is being done

	mu        sync.Mutex
	jobs      map[string]time.Time // asked for and not due yet
	horizon   time.Time            // all instants up to here have their job
	away      bool                 // the scheduler: the last call of it failed
	rebuiltAt time.Time

	lateness prometheus.Histogram
	rescued  prometheus.Counter
	overdue  prometheus.Gauge
	pending  prometheus.Gauge
	failures prometheus.Counter
}

// New makes the wake-ups of a kind. now is the clock, time.Now outside tests.
func New(job topology.Job, scheduler Scheduler, work Work, now func() time.Time, log *slog.Logger, reg prometheus.Registerer) *Wakeup {
	kind := prometheus.Labels{"kind": job.Kind}
	w := &Wakeup{
		job: job, scheduler: scheduler, work: work, now: now, log: log, jobs: map[string]time.Time{},
		lateness: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "rondo_wakeup_lateness_seconds", ConstLabels: kind,
			Help:    "Time from the instant that something was due to the commit of what was done for it.",
			Buckets: []float64{.025, .05, .1, .25, .5, 1, 2, 5, 10, 30, 60, 300, 900},
		}),
		rescued: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "rondo_wakeup_rescued_total", ConstLabels: kind,
			Help: "Things that were due and that the sweep found, since no job had called for them.",
		}),
		overdue: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "rondo_wakeup_overdue", ConstLabels: kind,
			Help: "Things that are due for longer than a job takes and are not done.",
		}),
		pending: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "rondo_wakeup_jobs", ConstLabels: kind,
			Help: "Jobs that this replica has asked for and that are not due yet.",
		}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "rondo_wakeup_schedule_failures_total", ConstLabels: kind,
			Help: "Jobs that could not be asked for; each is asked for again.",
		}),
	}
	reg.MustRegister(w.lateness, w.rescued, w.overdue, w.pending, w.failures)
	return w
}

// Late records how late the work did one thing.
func (w *Wakeup) Late(by time.Duration) { w.lateness.Observe(max(by, 0).Seconds()) }

// Handle takes the call of a job; it has the shape of the sidecar's JobHandler.
func (w *Wakeup) Handle(ctx context.Context, name string) error {
	at, ok := w.job.At(name)
	if !ok {
		return fmt.Errorf("%q is no job of %q", name, w.job.Kind)
	}
	if ahead := at.Sub(w.now()); ahead > 0 {
		// The scheduler's clock is ahead of ours.
		timer := time.NewTimer(min(ahead, early))
		defer timer.Stop()
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", at, context.Cause(ctx))
		case <-timer.C:
		}
	}
	w.called.Add(1)
	defer w.called.Add(-1)
	_, err := w.do(ctx, 0)
	return err
}

// do does all that is due for longer than a time.
func (w *Wakeup) do(ctx context.Context, longer time.Duration) (total int, err error) {
	for {
		at := w.now().Add(-longer)
		done, next, err := w.work.Due(ctx, at, batch)
		if err != nil {
			return total, fmt.Errorf("doing what is due: %w", err)
		}
		more := done == batch
		next = slices.DeleteFunc(next, func(instant time.Time) bool {
			past := !instant.After(at)
			more = more || past
			return past
		})
		w.Schedule(ctx, next...)
		if total += done; !more {
			return total, nil
		}
	}
}

// Schedule asks for a job at each instant. It is called after the commit of what is
// due then. A failure is no error: the sweep asks again. While the scheduler is away
// nobody waits for it here.
func (w *Wakeup) Schedule(ctx context.Context, at ...time.Time) {
	if len(at) > 0 && w.leave(slices.MinFunc(at, time.Time.Compare)) {
		return
	}
	last := w.now().Add(Horizon)
	slices.SortFunc(at, time.Time.Compare)
	for _, instant := range slices.CompactFunc(at, time.Time.Equal) {
		if instant.After(last) {
			return // the sweep comes to it in time
		}
		if err := w.schedule(ctx, instant); err != nil {
			w.log.WarnContext(ctx, "no job for now, the sweep asks again", "error", err)
			return
		}
	}
}

// leave leaves instants from one on to the sweep, if the scheduler is away.
func (w *Wakeup) leave(at time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.away {
		w.retreat(at)
	}
	return w.away
}

// retreat makes the sweep ask again for the jobs from an instant on. The lock is held.
func (w *Wakeup) retreat(at time.Time) {
	if before := at.Add(-time.Nanosecond); before.Before(w.horizon) {
		w.horizon = before
	}
}

func (w *Wakeup) schedule(ctx context.Context, at time.Time) error {
	name := w.job.Name(at)
	w.mu.Lock()
	_, known := w.jobs[name]
	w.mu.Unlock()
	if known {
		return nil
	}
	due, _ := w.job.At(name)
	ctx, cancel := context.WithTimeout(ctx, scheduleTime)
	defer cancel()
	err := w.scheduler.ScheduleJob(ctx, name, due)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.away = err != nil; w.away {
		w.failures.Inc()
		w.retreat(at)
		return err //nolint:wrapcheck // names the job
	}
	w.jobs[name] = due
	w.pending.Set(float64(len(w.jobs)))
	return nil
}

// Run sweeps until ctx ends. Its first turn asks for every job that should exist. What
// is due does not wait for a scheduler that does not answer.
func (w *Wakeup) Run(ctx context.Context) error {
	var both sync.WaitGroup
	both.Go(func() { w.repeat(ctx, w.rescue, w.rest) })
	both.Go(func() { w.repeat(ctx, w.extend, func() time.Duration { return sweepEvery }) })
	both.Wait()
	return nil
}

func (w *Wakeup) repeat(ctx context.Context, do func(context.Context) error, rest func() time.Duration) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		if err := do(ctx); err != nil && ctx.Err() == nil {
			w.log.WarnContext(ctx, "the sweep will try again", "kind", w.job.Kind, "error", err)
		}
		timer.Reset(rest())
	}
}

// rest is how long until the next sweep: the usual time, or until the next job that was
// asked for has to be given up; a scheduler that is away gives none. So even one that
// forgets everything costs half a second and not two.
func (w *Wakeup) rest() time.Duration {
	now := w.now()
	w.mu.Lock()
	defer w.mu.Unlock()
	rest := sweepEvery
	if w.away {
		rest = rescueAfter
	}
	for _, due := range w.jobs {
		if lost := due.Add(rescueAfter).Sub(now); lost > 0 {
			rest = min(rest, lost)
		}
	}
	return max(rest, shortestRest)
}

// Sweep does what no job has called for, and asks for the jobs to come.
func (w *Wakeup) Sweep(ctx context.Context) error {
	if err := w.rescue(ctx); err != nil {
		return err
	}
	return w.extend(ctx)
}

// rescue does what no job has called for.
func (w *Wakeup) rescue(ctx context.Context) error {
	w.forget()
	if w.called.Load() == 0 { // else what is late is not lost: a job is at it
		found, err := w.do(ctx, rescueAfter)
		if err != nil {
			return err
		}
		if found > 0 {
			w.rescued.Add(float64(found))
			w.rebuild()
		}
	}
	late, err := w.work.Overdue(ctx, w.now().Add(-rescueAfter))
	if err != nil {
		return fmt.Errorf("counting what is overdue: %w", err)
	}
	w.overdue.Set(float64(late))
	return nil
}

// forget drops the jobs whose time is over; until they are given up, the sweep rests no
// longer than for them.
func (w *Wakeup) forget() {
	now := w.now()
	w.mu.Lock()
	defer w.mu.Unlock()
	for name, due := range w.jobs {
		if due.Add(rescueAfter).Before(now) {
			delete(w.jobs, name)
		}
	}
	w.pending.Set(float64(len(w.jobs)))
}

// rebuild lets the next extension ask for every job again: one that did not come may
// not be the only one that is lost.
func (w *Wakeup) rebuild() {
	now := w.now()
	w.mu.Lock()
	defer w.mu.Unlock()
	if now.Sub(w.rebuiltAt) >= rebuildRest {
		w.rebuiltAt, w.horizon = now, time.Time{}
		clear(w.jobs)
	}
}

// extend asks for the jobs of the instants that have come within the horizon.
func (w *Wakeup) extend(ctx context.Context) error {
	w.mu.Lock()
	reached, to := w.horizon, w.now().Add(Horizon)
	w.mu.Unlock()
	from := reached
	if now := w.now(); from.Before(now) {
		from = now
	}
	upcoming, err := w.work.Upcoming(ctx, from, to, instants)
	if err != nil {
		return fmt.Errorf("looking ahead: %w", err)
	}
	if len(upcoming) == instants {
		to = upcoming[instants-1] // the next sweep goes on from there
	}
	w.mu.Lock()
	if w.horizon.Equal(reached) { // else there are jobs to ask for again
		w.horizon = to
	}
	w.mu.Unlock()
	for _, at := range upcoming {
		if err := w.schedule(ctx, at); err != nil {
			return err
		}
	}
	return nil
}
