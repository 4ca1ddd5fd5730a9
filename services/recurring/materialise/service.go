// Package materialise turns the occurrences of series into tasks when they are due. It
// is what the wake-ups of recurring are for.
package materialise

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/recurrence"
	"github.com/rondohq/rondo/services/internal/occurrence"
)

const (
	// MaxCatchUp is how many occurrences of one series that were missed are made.
	MaxCatchUp = 1000
	// chunk is how many instances of one series a transaction makes.
	chunk = 50
	// longestWalk is how many occurrences one turn looks at.
	longestWalk = 20_000
)

// Store keeps series and their instances.
type Store interface {
	// Fire claims up to limit series that were to fire at the instant or before, and
	// does for each what decide says, in one transaction. One that fails is put to
	// rest and does not hold up the others.
	Fire(ctx context.Context, at time.Time, limit int, now time.Time, decide func(occurrence.Series, *recurrence.Rule) Turn) ([]Fired, error)
	// Upcoming and Overdue are those of wakeup.Work.
	Upcoming(ctx context.Context, from, to time.Time, limit int) ([]time.Time, error)
	Overdue(ctx context.Context, at time.Time) (int, error)
	// Failing counts the series whose last try failed.
	Failing(ctx context.Context) (int, error)
}

// Turn is what is to be done for one series.
type Turn struct {
	// Make are the occurrences to become tasks, the earliest first.
	Make []time.Time
	// Missed counts those that are let go, and LastMissed is the last of them.
	Missed     int
	LastMissed time.Time
	// Next is the occurrence after all that was looked at; zero: the rule has ended. Of
	// a series that counts from completion it is where to go on when nothing was made.
	Next time.Time
}

// Fired is what has become of one claimed series.
type Fired struct {
	Series  occurrence.Series // as it was
	Made    int               // new instances that are open
	Skipped int               // new instances that are not
	Missed  int
	Next    *time.Time // when it fires again
	Failure error
}

// Service implements wakeup.Work.
type Service struct {
	store    Store
	now      func() time.Time
	log      *slog.Logger
	late     func(time.Duration)
	made     *prometheus.CounterVec
	failures prometheus.Counter
	failing  prometheus.Gauge
}

// New makes the service. now is the clock, time.Now outside tests.
func New(store Store, now func() time.Time, log *slog.Logger, reg prometheus.Registerer) *Service {
	s := &Service{
		store: store, now: now, log: log, late: func(time.Duration) {},
		made: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rondo_occurrences_total",
			Help: "Occurrences of series by what became of them: made, skipped (recorded, since the one before was open) or missed (let go).",
		}, []string{"outcome"}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "rondo_series_fire_failures_total",
			Help: "Times that a series was due and nothing could be made of it; each is tried again after a rest.",
		}),
		failing: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "rondo_series_failing",
			Help: "Series whose last try to schedule or fire them failed. The column failure says why, to their owners too.",
		}),
	}
	reg.MustRegister(s.made, s.failures, s.failing)
	return s
}

// OnLateness sets who hears how late each series fired.
func (s *Service) OnLateness(late func(time.Duration)) { s.late = late }

// Due implements wakeup.Work.
func (s *Service) Due(ctx context.Context, at time.Time, limit int) (done int, next []time.Time, err error) {
	now := s.now()
	fired, err := s.store.Fire(ctx, at, limit, now, func(series occurrence.Series, rule *recurrence.Rule) Turn {
		return decide(series, rule, now)
	})
	if err != nil {
		return 0, nil, err
	}
	for _, f := range fired {
		if f.Failure != nil {
			s.failures.Inc()
			s.log.ErrorContext(ctx, "a series cannot fire, and rests", "series", f.Series.ID, "error", f.Failure)
			continue
		}
		s.late(s.now().Sub(*f.Series.FireAt))
		s.made.WithLabelValues("made").Add(float64(f.Made))
		s.made.WithLabelValues("skipped").Add(float64(f.Skipped))
		s.made.WithLabelValues("missed").Add(float64(f.Missed))
		if f.Next != nil {
			next = append(next, *f.Next)
		}
	}
	return len(fired), next, nil
}

// Upcoming implements wakeup.Work.
func (s *Service) Upcoming(ctx context.Context, from, to time.Time, limit int) ([]time.Time, error) {
	return s.store.Upcoming(ctx, from, to, limit)
}

// Overdue implements wakeup.Work.
func (s *Service) Overdue(ctx context.Context, at time.Time) (int, error) {
	failing, err := s.store.Failing(ctx)
	if err != nil {
		return 0, err
	}
	s.failing.Set(float64(failing))
	return s.store.Overdue(ctx, at)
}

// decide says what a due series has to make; see ADR 9.
func decide(s occurrence.Series, rule *recurrence.Rule, now time.Time) Turn {
	zone, missed := rule.Zone(), now.Add(-event.Grace)
	isMissed := func(at time.Time) bool { return s.DueAt(at, zone).Before(missed) }
	first := *s.NextOccurrenceAt
	if s.Mode == occurrence.ByCompletion {
		if isMissed(first) && s.CatchUp == occurrence.CatchUpNone {
			next, _ := s.AfterCompletion(rule, now)
			return Turn{Missed: 1, LastMissed: first, Next: next}
		}
		s.Created++
		next, _ := s.AfterCompletion(rule, first)
		return Turn{Make: []time.Time{first}, Next: next}
	}

	var late, onTime []time.Time
	at, ok := first, true
	for ; ok && !s.FiresAt(at, zone).After(now) && len(late) < longestWalk; at, ok = rule.Next(at) {
		if isMissed(at) {
			late = append(late, at.UTC())
		} else {
			onTime = append(onTime, at.UTC())
		}
	}
	var t Turn
	if ok {
		t.Next = at.UTC()
	}
	keep := 0
	switch {
	case ok && len(late) == longestWalk:
		// The next turn looks at more, and of these at as many as may still be wanted.
		wanted := 1
		if s.CatchUp == occurrence.CatchUpAll {
			wanted = MaxCatchUp
		}
		t.Next, late = late[len(late)-wanted], late[:len(late)-wanted]
	case s.CatchUp == occurrence.CatchUpAll:
		keep = min(len(late), MaxCatchUp)
	case s.CatchUp == occurrence.CatchUpLatest && len(onTime) == 0:
		keep = min(len(late), 1)
	}
	if t.Missed = len(late) - keep; t.Missed > 0 {
		t.LastMissed = late[t.Missed-1]
	}
	t.Make = slices.Concat(late[t.Missed:], onTime)
	if len(t.Make) > chunk {
		t.Next, t.Make = t.Make[chunk], t.Make[:chunk]
	}
	return t
}
