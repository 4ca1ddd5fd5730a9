// Package schedule decides when a series goes on: it hears of new and changed series
// and of instances that were closed, and finds those of which it has heard nothing.
package schedule

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/services/internal/inbox"
)

const (
	// patience is how long an event may take before the sweep does without it.
	patience = 5 * time.Second
	// sweepEvery is the sweep's rhythm. It looks for completions less often: that
	// question goes through every series that waits for one.
	sweepEvery      = 5 * time.Second
	completionEvery = 6 // sweeps
	batch           = 200
)

// Jobs asks for a wake-up at each instant; *wakeup.Wakeup is one.
type Jobs interface {
	Schedule(ctx context.Context, at ...time.Time)
}

// Store keeps the schedule. All its methods are about series without one, and leave
// others as they are.
type Store interface {
	// Schedule schedules a series in the caller's transaction. One that counts from
	// completion goes on if its last instance is closed, and else waits.
	Schedule(ctx context.Context, tx pgx.Tx, owner, id uuid.UUID, now time.Time) (Plan, error)
	// Rescue schedules up to limit series that were left before an instant.
	Rescue(ctx context.Context, kind Neglect, before, now time.Time, limit int) ([]Plan, error)
}

// Neglect is what a series may have been left with.
type Neglect int

// The kinds of neglect.
const (
	Unscheduled     Neglect = iota // new, resumed or changed, and nobody has said so
	CompletionUnmet                // its last instance is closed, and nobody has said so
)

// Plan is what has become of a series' schedule. It is the result that a duplicate of
// the event gets.
type Plan struct {
	SeriesID uuid.UUID          `json:"series_id"`
	Status   event.SeriesStatus `json:"status"`
	// NextOccurrenceAt is nil when the rule has ended, when the series waits for a
	// completion, or when there is nothing to schedule.
	NextOccurrenceAt *time.Time `json:"next_occurrence_at"`
	FireAt           *time.Time `json:"fire_at"`
	Failure          string     `json:"failure,omitempty"` // of a rule that is not understood
}

// Service schedules series.
type Service struct {
	store    Store
	jobs     Jobs
	now      func() time.Time
	log      *slog.Logger
	rescued  *prometheus.CounterVec
	failures prometheus.Counter
	sweeps   int
}

// New makes the service. now is the clock, time.Now outside tests.
func New(store Store, jobs Jobs, now func() time.Time, log *slog.Logger, reg prometheus.Registerer) *Service {
	s := &Service{
		store: store, jobs: jobs, now: now, log: log,
		rescued: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rondo_series_rescued_total",
			Help: "Series that the sweep has scheduled, since no event had come in time, by what it would have told: the series or a completion.",
		}, []string{"missed"}),
	}
	s.failures = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "rondo_series_schedule_failures_total",
		Help: "Times that a series could not be scheduled, since its rule is not understood; each is tried again after a rest.",
	})
	reg.MustRegister(s.rescued, s.failures)
	return s
}

// Subscribe sets the effects of the events about series and about their instances.
func (s *Service) Subscribe(series, tasks *inbox.Inbox) {
	inbox.OnThen(series, func(ctx context.Context, tx pgx.Tx, e event.Envelope, p event.RecurringScheduled) (Plan, error) {
		return s.plan(ctx, tx, e, p.Series.ID)
	}, s.ask)
	inbox.OnThen(series, func(ctx context.Context, tx pgx.Tx, e event.Envelope, p event.RecurringUpdated) (Plan, error) {
		return s.plan(ctx, tx, e, p.SeriesID)
	}, s.ask)
	inbox.OnThen(tasks, func(ctx context.Context, tx pgx.Tx, e event.Envelope, p event.TaskStatusChanged) (Plan, error) {
		if p.Series == nil || p.To.Open() {
			return Plan{}, nil
		}
		return s.plan(ctx, tx, e, *p.Series)
	}, s.ask)
	// A cancelled series has lost its schedule when api cancelled it, and a job that
	// comes for it finds nothing to do.
}

func (s *Service) plan(ctx context.Context, tx pgx.Tx, e event.Envelope, series string) (Plan, error) {
	owner, err := uuid.Parse(e.UserID)
	if err != nil {
		return Plan{}, fmt.Errorf("%w: userid: %w", event.ErrPoison, err)
	}
	id, err := uuid.Parse(series)
	if err != nil {
		return Plan{}, fmt.Errorf("%w: series id: %w", event.ErrPoison, err)
	}
	return s.store.Schedule(ctx, tx, owner, id, s.now())
}

// ask asks for the wake-up of a plan, after its commit.
func (s *Service) ask(ctx context.Context, p Plan) {
	if p.Failure != "" {
		s.failures.Inc()
		s.log.ErrorContext(ctx, "a series cannot be scheduled, and rests", "series", p.SeriesID, "reason", p.Failure)
	}
	if p.FireAt != nil {
		s.jobs.Schedule(ctx, *p.FireAt)
	}
}

// Run sweeps until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "the sweep for unscheduled series will try again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Sweep schedules what no event has spoken of in time.
func (s *Service) Sweep(ctx context.Context) error {
	if err := s.rescue(ctx, Unscheduled, "series"); err != nil {
		return err
	}
	s.sweeps++
	if s.sweeps%completionEvery != 1 {
		return nil
	}
	return s.rescue(ctx, CompletionUnmet, "completion")
}

func (s *Service) rescue(ctx context.Context, kind Neglect, label string) error {
	for {
		now := s.now()
		plans, err := s.store.Rescue(ctx, kind, now.Add(-patience), now, batch)
		if err != nil {
			return err
		}
		for _, p := range plans {
			s.rescued.WithLabelValues(label).Inc()
			s.ask(ctx, p)
		}
		if len(plans) < batch {
			return nil
		}
	}
}
