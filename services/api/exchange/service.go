// Package exchange moves a person's tasks out of Rondo and back in, as files that
// other programs can read too.
package exchange

import (
	"context"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/services/api/task"
)

const (
	// MaxRows is how many tasks one import may hold.
	MaxRows = 10_000
	// MaxBody is how large it may be, in bytes.
	MaxBody = 10 << 20
)

// Format is the kind of a file.
type Format string

// The formats.
const (
	JSON Format = "json"
	CSV  Format = "csv"
)

// Sink takes an export piece by piece, so that it is never held in memory whole.
type Sink interface {
	// Begin is called once, first, with the names of all tags.
	Begin(at time.Time, tags []string) error
	// Task is called for each task, oldest first.
	Task(t task.Task) error
	// End is called last. An export that failed has no end.
	End() error
}

// Result is what an import did.
type Result struct {
	Created     int `json:"created"`
	Skipped     int `json:"skipped"` // were there already
	TagsCreated int `json:"tags_created"`
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
	// Import inserts the tasks that plan makes and the tags. plan is told which of
	// ids are the owner's tasks; nothing else of the owner is imported meanwhile.
	Import(ctx context.Context, owner uuid.UUID, ids []uuid.UUID, tags []string, plan Planner) (Result, error)
}

// Planner makes the plan of an import; owned are those of the ids that the owner has.
type Planner func(owned map[uuid.UUID]bool) (Plan, error)

// Plan is what an import comes to: new tasks, parents first.
type Plan struct {
	Create  []task.Task
	Skipped int
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
	if !utf8.Valid(body) {
		return Result{}, refusef("body", "must be UTF-8")
	}
	parse := parseJSON
	if format == CSV {
		parse = parseTable
	}
	f, bad, err := parse(body, s.now())
	if err != nil {
		return Result{}, err
	}
	if err := bad.fault(); err != nil {
		return Result{}, err
	}
	p := newPlanner(owner, f.rows)
	return s.store.Import(ctx, owner, p.candidates(), f.tags, p.plan)
}

// planner decides what becomes of each row of a file.
//
// An id of the file is either a task that the owner has, or one that an earlier
// import of the same file has made, or new. A new task gets an id that is derived
// from the owner and the file's id: it cannot collide with another user's task, tells
// nothing about one, and a repetition finds it again.
type planner struct {
	owner uuid.UUID
	rows  []row
	byID  map[uuid.UUID]int // rows by the file's id
	bad   problems
}

func newPlanner(owner uuid.UUID, rows []row) *planner {
	p := &planner{owner: owner, rows: rows, byID: make(map[uuid.UUID]int, len(rows))}
	for i, r := range rows {
		if r.id == nil {
			continue
		}
		if first, ok := p.byID[*r.id]; ok {
			p.bad.addf(r.number, "id", "is the id of row %d too", rows[first].number)
			continue
		}
		p.byID[*r.id] = i
	}
	return p
}

func (p *planner) derived(id uuid.UUID) uuid.UUID { return uuid.NewSHA1(p.owner, id[:]) }

// candidates are the ids under which the rows and their parents may be there already.
func (p *planner) candidates() []uuid.UUID {
	var ids []uuid.UUID
	for _, r := range p.rows {
		for _, id := range []*uuid.UUID{r.id, r.task.ParentID} {
			if id != nil {
				ids = append(ids, *id, p.derived(*id))
			}
		}
	}
	return ids
}

// existing is the owner's task that an id of the file stands for.
func (p *planner) existing(owned map[uuid.UUID]bool, id uuid.UUID) (uuid.UUID, bool) {
	if derived := p.derived(id); owned[derived] {
		return derived, true
	}
	return id, owned[id]
}

func (p *planner) plan(owned map[uuid.UUID]bool) (Plan, error) {
	var plan Plan
	levels := make([][]task.Task, task.MaxDepth)
	for _, r := range p.rows {
		if r.id != nil {
			if _, ok := p.existing(owned, *r.id); ok {
				plan.Skipped++
				continue
			}
		}
		t := r.task
		t.Owner = p.owner
		if r.id != nil {
			t.ID = p.derived(*r.id)
		}
		level, ok := p.level(owned, r)
		if !ok {
			continue
		}
		if t.ParentID != nil {
			parent, ok := p.existing(owned, *t.ParentID)
			if !ok {
				parent = p.derived(*t.ParentID)
			}
			t.ParentID = &parent
		}
		levels[level] = append(levels[level], t)
	}
	if err := p.bad.fault(); err != nil {
		return Plan{}, err
	}
	for _, tasks := range levels {
		plan.Create = append(plan.Create, tasks...)
	}
	return plan, nil
}

// level is how many of the file's new tasks a row is below; false when it can be
// below none of them, which bad then says.
func (p *planner) level(owned map[uuid.UUID]bool, r row) (int, bool) {
	level := 0
	for parent := r.task.ParentID; parent != nil; level++ {
		if _, ok := p.existing(owned, *parent); ok {
			return level, true
		}
		i, ok := p.byID[*parent]
		switch {
		case !ok && level == 0:
			p.bad.addf(r.number, "parent_id", "is neither in this file nor a task of yours")
			return 0, false
		case !ok: // the row above has been told
			return 0, false
		case level >= task.MaxDepth-1:
			p.bad.addf(r.number, "parent_id", "is nested deeper than %d levels, or below the task itself", task.MaxDepth)
			return 0, false
		}
		parent = p.rows[i].task.ParentID
	}
	return level, true
}
