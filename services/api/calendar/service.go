// Package calendar shows what falls on which day: open tasks by their due date, and the
// occurrences of series that are no tasks yet.
package calendar

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/api/series"
	"github.com/rondohq/rondo/services/api/task"
	"github.com/rondohq/rondo/services/internal/occurrence"
)

const (
	// DefaultSpan and MaxSpan are how much time one calendar covers.
	DefaultSpan = 31 * 24 * time.Hour
	MaxSpan     = 100 * 24 * time.Hour
	// DefaultPerDay and MaxPerDay are how many tasks a day names; it counts them all.
	DefaultPerDay = 4
	MaxPerDay     = 50
	// MaxOccurrences is how many occurrences to come a calendar lists.
	MaxOccurrences = 2000
	// longestDay is how long before its due date an occurrence may be: a day is due at
	// its end, and some have an hour more.
	longestDay = 25 * time.Hour
)

// Query says which days.
type Query struct {
	From   *time.Time     // inclusive; nil: today
	Before *time.Time     // exclusive; nil: DefaultSpan after From
	Zone   *time.Location // whose days
	PerDay int
}

// Span is a Query without anything left out.
type Span struct {
	From, Before time.Time
	Zone         *time.Location
	PerDay       int
}

// Day is one on which open tasks are due.
type Day struct {
	Date  string      `json:"date"`  // yyyy-mm-dd, in the query's zone
	Count int         `json:"count"` // of all its tasks
	Items []task.Task `json:"items"` // the first of them
}

// Occurrence is one of a series that is no task yet.
type Occurrence struct {
	SeriesID     uuid.UUID `json:"series_id"`
	Title        string    `json:"title"`
	Priority     string    `json:"priority"`
	Tags         []string  `json:"tags"`
	AllDay       bool      `json:"all_day"`
	OccurrenceAt time.Time `json:"occurrence_at"`
	DueAt        time.Time `json:"due_at"`
}

// Calendar is what falls into a span of time, the earliest first. Days without tasks
// are left out.
type Calendar struct {
	Days     []Day        `json:"days"`
	Upcoming []Occurrence `json:"upcoming"`
	// Complete is false when there are more occurrences than MaxOccurrences; the latest are missing.
	Complete bool `json:"complete"`
}

// Service is what can be asked of the calendar.
type Service interface {
	// Read is fault.Invalid when the span is empty or too long.
	Read(ctx context.Context, owner uuid.UUID, q Query) (Calendar, error)
}

// Store reads what a calendar is made of.
type Store interface {
	// Days are those with open tasks, each with its first PerDay tasks.
	Days(ctx context.Context, owner uuid.UUID, s Span) ([]Day, error)
	// Series are those that make tasks.
	Series(ctx context.Context, owner uuid.UUID) ([]occurrence.Series, error)
	// Made are the occurrences from an instant on that are tasks already.
	Made(ctx context.Context, owner uuid.UUID, from time.Time) (map[Key]bool, error)
}

// Key is which occurrence of which series.
type Key struct {
	Series uuid.UUID
	At     int64 // in seconds
}

// NewService makes the service. now is the clock, time.Now outside tests.
func NewService(store Store, now func() time.Time) Service { return &service{store, now} }

type service struct {
	store Store
	now   func() time.Time
}

// Read implements Service.
func (s *service) Read(ctx context.Context, owner uuid.UUID, asked Query) (Calendar, error) {
	year, month, day := s.now().In(asked.Zone).Date()
	q := Span{From: time.Date(year, month, day, 0, 0, 0, 0, asked.Zone), Zone: asked.Zone, PerDay: asked.PerDay}
	if asked.From != nil {
		q.From = *asked.From
	}
	if q.Before = q.From.Add(DefaultSpan); asked.Before != nil {
		q.Before = *asked.Before
	}
	if !q.Before.After(q.From) || q.Before.Sub(q.From) > MaxSpan {
		return Calendar{}, fault.Invalidf("before", "must be after from, and %d days later at the most", MaxSpan/(24*time.Hour))
	}
	c := Calendar{Days: []Day{}, Upcoming: []Occurrence{}, Complete: true}
	if q.PerDay > 0 {
		days, err := s.store.Days(ctx, owner, q)
		if err != nil {
			return Calendar{}, err
		}
		c.Days = append(c.Days, days...)
	}
	all, err := s.store.Series(ctx, owner)
	if err != nil || len(all) == 0 {
		return c, err
	}
	made, err := s.store.Made(ctx, owner, q.From.Add(-longestDay))
	if err != nil {
		return Calendar{}, err
	}
	for _, found := range all {
		c.Upcoming = append(c.Upcoming, coming(found, q, made)...)
	}
	slices.SortStableFunc(c.Upcoming, func(a, b Occurrence) int { return a.DueAt.Compare(b.DueAt) })
	if len(c.Upcoming) > MaxOccurrences {
		c.Upcoming, c.Complete = c.Upcoming[:MaxOccurrences], false
	}
	return c, nil
}

// coming are the occurrences of a series within the span that are no tasks yet, at most
// one more than MaxOccurrences.
func coming(s occurrence.Series, q Span, made map[Key]bool) []Occurrence {
	rule, err := s.Rule()
	if err != nil {
		return nil // its Failure says so
	}
	at, ok := series.NextOf(s, rule)
	if early := q.From.Add(-longestDay); ok && at.Before(early) && s.Mode == occurrence.BySchedule {
		at, ok = rule.Next(early)
	}
	var all []Occurrence
	for ; ok && len(all) <= MaxOccurrences; at, ok = rule.Next(at) {
		due := s.DueAt(at, rule.Zone())
		if !due.Before(q.Before) {
			break
		}
		if !due.Before(q.From) && !made[Key{s.ID, at.Unix()}] {
			all = append(all, Occurrence{
				SeriesID: s.ID, Title: s.Title, Priority: s.Priority, Tags: s.Tags, AllDay: s.AllDay, OccurrenceAt: at.UTC(), DueAt: due,
			})
		}
		if s.Mode == occurrence.ByCompletion { // what follows depends on when it is done
			break
		}
	}
	return all
}
