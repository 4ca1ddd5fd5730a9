// Package exchange moves a person's tasks, series and reminders out of Rondo and back in, as files that
// other programs can read too.
package exchange

import (
	"context"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/services/api/task"
	"github.com/rondohq/rondo/services/internal/occurrence"
)

const (
	// MaxRows is how many tasks one import may hold.
	MaxRows = 10_000
	// MaxSeries is how many series.
	MaxSeries = 1000
	// MaxBody is how large it may be, in bytes.
	MaxBody = 10 << 20
)

// Format is the kind of a file.
type Format string

// The formats. A table (CSV) has tasks alone; the others have series and reminders too.
const (
	JSON     Format = "json"
	CSV      Format = "csv"
	Calendar Format = "ics"
)

// Item is a task with what belongs to it.
type Item struct {
	task.Task

	Reminders []Reminder `json:"reminders"` // by the instant, the soonest first
}

// Reminder tells of a task at an instant: a fixed one, or so long before the task is
// due. Instants are UTC.
type Reminder struct {
	OffsetMinutes *int                 `json:"offset_minutes"` // nil when RemindAt is set
	RemindAt      *time.Time           `json:"remind_at"`
	ScheduledFor  *time.Time           `json:"scheduled_for"` // also where it was snoozed to
	Status        event.ReminderStatus `json:"status"`
	DeliveredAt   *time.Time           `json:"delivered_at"`
}

// Head is what an export begins with.
type Head struct {
	At     time.Time
	Zone   *time.Location      // the owner's
	Tags   []string            // the names of all, used or not
	Series []occurrence.Series // all, oldest first
}

// Sink takes an export piece by piece, so that it is never held in memory whole.
type Sink interface {
	// Begin is called once, first.
	Begin(h Head) error
	// Task is called for each task, oldest first.
	Task(t Item) error
	// End is called last. An export that failed has no end.
	End() error
}

// Result is what an import did.
type Result struct {
	Created       int `json:"created"` // tasks
	Skipped       int `json:"skipped"` // tasks and series that were there already
	SeriesCreated int `json:"series_created"`
	TagsCreated   int `json:"tags_created"`
	// Ignored is what the file had besides, and Rondo has no place for.
	Ignored []Ignored `json:"ignored"`
}

// Ignored counts parts of a file that were read and left out.
type Ignored struct {
	What   string `json:"what"` // such as "VEVENT"
	Count  int    `json:"count"`
	Reason string `json:"reason"`
}

// Service exports and imports what an owner has.
type Service interface {
	// Export writes everything to the sink, as it was at one moment.
	Export(ctx context.Context, owner uuid.UUID, to Sink) error
	// Import adds what is new in a file, all of it or nothing. Bad rows make a
	// fault.Invalid that names each. A repetition changes nothing.
	Import(ctx context.Context, owner uuid.UUID, format Format, body []byte) (Result, error)
}

// Store is where tasks come from and go to. Each method is one transaction.
type Store interface {
	// Export is one snapshot.
	Export(ctx context.Context, owner uuid.UUID, at time.Time, to Sink) error
	// Zone is the owner's time zone.
	Zone(ctx context.Context, owner uuid.UUID) (*time.Location, error)
	// Import inserts what plan makes and the tags. plan is told what of the candidates
	// is the owner's; nothing else of the owner is imported meanwhile.
	Import(ctx context.Context, owner uuid.UUID, ids []uuid.UUID, tags []string, plan Planner) (Result, error)
}

// Owned is what an owner has of the candidates: ids of tasks and series.
type Owned struct {
	Tasks  map[uuid.UUID]bool
	Series map[uuid.UUID]bool
	// Instances are the tasks of those series' occurrences.
	Instances map[Occurrence]uuid.UUID
}

// Occurrence is one of a series.
type Occurrence struct {
	Series uuid.UUID
	At     int64 // in microseconds of Unix time, as precise as the database
}

// Planner makes the plan of an import.
type Planner func(owned Owned) (Plan, error)

// Plan is what an import comes to: new series, and new tasks, parents first.
type Plan struct {
	Series  []occurrence.Series
	Tasks   []Item
	Skipped int
	Ignored []Ignored
}

// NewService makes the service. now is the clock, time.Now outside tests.
func NewService(store Store, now func() time.Time) Service {
	return &service{store: store, now: now}
}

type service struct {
	store Store
	now   func() time.Time
}

// Export implements Service.
func (s *service) Export(ctx context.Context, owner uuid.UUID, to Sink) error {
	return s.store.Export(ctx, owner, s.now(), to)
}

// Import implements Service.
func (s *service) Import(ctx context.Context, owner uuid.UUID, format Format, body []byte) (Result, error) {
	if format != Calendar && !utf8.Valid(body) { // the lines of a calendar may be folded within a character
		return Result{}, refusef("body", "must be UTF-8")
	}
	zone, err := s.store.Zone(ctx, owner)
	if err != nil {
		return Result{}, err
	}
	parse := map[Format]func([]byte, *time.Location, time.Time) (file, *problems, error){
		JSON: parseJSON, CSV: parseTable, Calendar: parseCalendar,
	}[format]
	f, bad, err := parse(body, zone, s.now())
	if err != nil {
		return Result{}, err
	}
	if err := bad.fault(); err != nil {
		return Result{}, err
	}
	p := newPlanner(owner, f, s.now())
	return s.store.Import(ctx, owner, p.candidates(), f.tags, p.plan)
}

// planner decides what becomes of each row of a file.
//
// An id of the file is either a task or series that the owner has, or one that an
// earlier import of the same file has made, or new. What is new gets an id that is
// derived from the owner and the file's id: it cannot collide with another user's,
// tells nothing about one, and a repetition finds it again.
type planner struct {
	owner  uuid.UUID
	file   file
	now    time.Time
	byID   map[uuid.UUID]int // rows by the file's id
	series map[uuid.UUID]int // series of the file by its id
	bad    problems

	owned Owned
	// instead of a row of the file stands the task that its occurrence has already.
	instead map[uuid.UUID]uuid.UUID
}

func newPlanner(owner uuid.UUID, f file, now time.Time) *planner {
	p := &planner{
		owner: owner, file: f, now: now, byID: make(map[uuid.UUID]int, len(f.rows)), series: make(map[uuid.UUID]int, len(f.series)),
		instead: map[uuid.UUID]uuid.UUID{},
	}
	p.bad.unit = f.unit
	for i, s := range f.series {
		if s.id == nil {
			continue
		}
		if first, ok := p.series[*s.id]; ok {
			p.bad.addf(s.number, "series.id", "is the id of series %d too", f.series[first].number)
			continue
		}
		p.series[*s.id] = i
	}
	for i, r := range f.rows {
		if r.id == nil {
			continue
		}
		if first, ok := p.byID[*r.id]; ok {
			p.bad.addf(r.number, "id", "is the id of %s %d too", p.bad.name(), f.rows[first].number)
			continue
		}
		p.byID[*r.id] = i
	}
	return p
}

func (p *planner) derived(id uuid.UUID) uuid.UUID { return uuid.NewSHA1(p.owner, id[:]) }

// candidates are the ids under which the rows, their parents and their series may be
// there already.
func (p *planner) candidates() []uuid.UUID {
	var ids []uuid.UUID
	add := func(given ...*uuid.UUID) {
		for _, id := range given {
			if id != nil {
				ids = append(ids, *id, p.derived(*id))
			}
		}
	}
	for _, r := range p.file.rows {
		add(r.id, r.task.ParentID, r.task.SeriesID)
	}
	for _, s := range p.file.series {
		add(s.id, s.series.PreviousID)
	}
	return ids
}

// existing is what the owner has that an id of the file stands for.
func (p *planner) existing(owned map[uuid.UUID]bool, id uuid.UUID) (uuid.UUID, bool) {
	if derived := p.derived(id); owned[derived] {
		return derived, true
	}
	return id, owned[id]
}

// existingTask is existing for tasks.
func (p *planner) existingTask(id uuid.UUID) (uuid.UUID, bool) {
	if other, ok := p.instead[id]; ok {
		return other, true
	}
	return p.existing(p.owned.Tasks, id)
}

// seriesID is the id that a series of the file has or gets; nil when the file's id is of
// none.
func (p *planner) seriesID(id *uuid.UUID) *uuid.UUID {
	if id == nil {
		return nil
	}
	existing, ok := p.existing(p.owned.Series, *id)
	if !ok {
		if _, ok = p.series[*id]; !ok {
			return nil
		}
		existing = p.derived(*id)
	}
	return &existing
}

func (p *planner) plan(owned Owned) (Plan, error) {
	p.owned = owned
	plan := Plan{Ignored: p.file.ignored}
	for _, row := range p.file.series {
		if row.id != nil {
			if _, ok := p.existing(owned.Series, *row.id); ok {
				plan.Skipped++
				continue
			}
		}
		s := row.series
		s.Owner = p.owner
		if row.id != nil {
			s.ID = p.derived(*row.id)
		}
		s.PreviousID = p.seriesID(s.PreviousID)
		plan.Series = append(plan.Series, s)
	}
	fresh := p.linked(&plan)
	levels := make([][]Item, task.MaxDepth)
	for _, r := range fresh {
		level, ok := p.level(r)
		if !ok {
			continue
		}
		item := Item{Task: r.task, Reminders: due(r.task, r.reminders, p.now)}
		item.Owner = p.owner
		if r.id != nil {
			item.ID = p.derived(*r.id)
		}
		if r.task.ParentID != nil {
			parent, ok := p.existingTask(*r.task.ParentID)
			if !ok {
				parent = p.derived(*r.task.ParentID)
			}
			item.ParentID = &parent
		}
		levels[level] = append(levels[level], item)
	}
	if err := p.bad.fault(); err != nil {
		return Plan{}, err
	}
	for _, tasks := range levels {
		plan.Tasks = append(plan.Tasks, tasks...)
	}
	return plan, nil
}

// linked are the rows that are new, each linked to its series if that is known here. An
// occurrence that has a task already is not made again.
func (p *planner) linked(plan *Plan) []row {
	fresh := make([]row, 0, len(p.file.rows))
	taken := map[Occurrence]bool{}
	for i := range p.file.rows {
		r := &p.file.rows[i]
		if parent := r.task.ParentID; parent != nil && r.loose {
			_, here := p.byID[*parent]
			if _, there := p.existing(p.owned.Tasks, *parent); !here && !there {
				r.task.ParentID = nil
			}
		}
		if r.id != nil {
			if _, ok := p.existing(p.owned.Tasks, *r.id); ok {
				plan.Skipped++
				continue
			}
		}
		series := p.seriesID(r.task.SeriesID)
		if series == nil || r.task.OccurrenceAt == nil {
			r.task.SeriesID, r.task.OccurrenceAt = nil, nil
			fresh = append(fresh, *r)
			continue
		}
		of := Occurrence{*series, r.task.OccurrenceAt.UnixMicro()}
		if instance, ok := p.owned.Instances[of]; ok {
			if r.id != nil {
				p.instead[*r.id] = instance
			}
			plan.Skipped++
			continue
		}
		linked := *r
		linked.task.SeriesID = series
		if taken[of] {
			linked.task.SeriesID, linked.task.OccurrenceAt = nil, nil
		}
		taken[of] = true
		fresh = append(fresh, linked)
	}
	return fresh
}

// due are the reminders of a new task as they stand now: none is delivered that was due
// before the import, nor for a task that is closed.
func due(t task.Task, reminders []Reminder, now time.Time) []Reminder {
	for i := range reminders {
		r := &reminders[i]
		switch {
		case r.Status != event.ReminderPending:
		case !t.Status.Open():
			r.Status = event.ReminderSuppressed
		case r.ScheduledFor != nil && r.ScheduledFor.Before(now):
			r.Status = event.ReminderMissed
		}
	}
	return reminders
}

// level is how many of the file's new tasks a row is below; false when it can be
// below none of them, which bad then says.
func (p *planner) level(r row) (int, bool) {
	level := 0
	for parent := r.task.ParentID; parent != nil; level++ {
		if _, ok := p.existingTask(*parent); ok {
			return level, true
		}
		i, ok := p.byID[*parent]
		switch {
		case !ok && level == 0:
			p.bad.addf(r.number, r.field("parent_id"), "is neither in this file nor a task of yours")
			return 0, false
		case !ok: // the row above has been told
			return 0, false
		case level >= task.MaxDepth-1:
			p.bad.addf(r.number, r.field("parent_id"), "is nested deeper than %d levels, or below the task itself", task.MaxDepth)
			return 0, false
		}
		parent = p.file.rows[i].task.ParentID
	}
	return level, true
}
