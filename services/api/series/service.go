package series

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/platform/recurrence"
	preview "github.com/rondohq/rondo/services/api/recurrence"
	"github.com/rondohq/rondo/services/api/task"
	"github.com/rondohq/rondo/services/internal/occurrence"
)

// How many items a page has, and how many occurrences to come are shown.
const (
	DefaultLimit    = 50
	MaxLimit        = 200
	DefaultUpcoming = 5
	MaxUpcoming     = 100
)

// Service is what can be done with series. Each call acts for one owner; another
// user's series is as good as none (fault.NotFound). A version that is not nil has to
// be the current one, else the call fails with fault.Stale and changes nothing. What a
// series' status does not allow is fault.Conflict and says why.
type Service interface {
	Create(ctx context.Context, owner uuid.UUID, d Draft) (Series, error)
	Get(ctx context.Context, owner, id uuid.UUID) (Series, error)
	List(ctx context.Context, owner uuid.UUID, q Query) (Page, error)
	// Update changes all of a series, or divides it at an occurrence and returns the one
	// that follows, or changes a single occurrence, which is a task from then on.
	Update(ctx context.Context, owner, id uuid.UUID, version *int64, c Change) (Result, error)
	// Cancel ends a series. Its open instances stay, but for those that are not due yet.
	Cancel(ctx context.Context, owner, id uuid.UUID, version *int64) (Series, error)
	// Pause stops a series until Resume; what would have been in between is left out.
	Pause(ctx context.Context, owner, id uuid.UUID, version *int64) (Series, error)
	Resume(ctx context.Context, owner, id uuid.UUID, version *int64) (Series, error)
	// Skip leaves an occurrence out, and returns the task that says so; nil: the next,
	// which is that of an open instance that is not due yet, or else the one that comes.
	Skip(ctx context.Context, owner, id uuid.UUID, version *int64, at *time.Time) (task.Task, error)
	// Instances are what a series has made, the latest first, and what is to come.
	Instances(ctx context.Context, owner, id uuid.UUID, q InstanceQuery) (Instances, error)
}

// Query says which series, the newest first. Zero values do not restrict.
type Query struct {
	Statuses []event.SeriesStatus // any of them; empty: all but cancelled
	Search   string               // anywhere in title or description, in any case
	Limit    int
	After    *Cursor
}

// Cursor is the place behind the last series of a page.
type Cursor struct {
	CreatedAt time.Time `json:"c"`
	ID        uuid.UUID `json:"i"`
}

// Page is one page of a list. Next is nil on the last.
type Page struct {
	Items []Series
	Next  *Cursor
}

// InstanceQuery says which instances.
type InstanceQuery struct {
	Limit    int
	Before   *time.Time // the occurrence that the page before ended with
	Upcoming int        // occurrences to come
}

// Instances are tasks of a series, and occurrences that are no tasks yet.
type Instances struct {
	Items    []task.Task
	Upcoming []Upcoming // the soonest first
	Next     *time.Time // the Before of the next page; nil on the last
}

// Upcoming is an occurrence that is no task yet.
type Upcoming struct {
	OccurrenceAt time.Time
	DueAt        time.Time
}

// Result is what a change has led to.
type Result struct {
	Series Series
	Task   *task.Task // of a change to one occurrence
}

// Store keeps series, and records the events of each change with it.
type Store interface {
	// Zone is the owner's time zone.
	Zone(ctx context.Context, owner uuid.UUID) (string, error)
	Insert(ctx context.Context, s occurrence.Series) (occurrence.Series, error)
	Get(ctx context.Context, owner, id uuid.UUID) (occurrence.Series, error)
	// List returns one more than the limit when there are more.
	List(ctx context.Context, owner uuid.UUID, q Query) ([]occurrence.Series, error)
	// Instances returns up to limit instances before an occurrence, the latest first.
	Instances(ctx context.Context, owner, id uuid.UUID, before *time.Time, limit int) ([]task.Task, error)
	// Change does something to a series while nobody else can, all or nothing.
	Change(ctx context.Context, owner, id uuid.UUID, do func(Tx, occurrence.Series) (Kept, error)) (Kept, error)
}

// Kept is the result of a change as it is kept for its idempotency key.
type Kept struct {
	Series occurrence.Series
	Task   *task.Task
}

// Tx is what a change can do.
type Tx interface {
	// Save replaces a series by what it is after the change, and tells of it. One
	// without a difference stays as it is.
	Save(ctx context.Context, before, after occurrence.Series) (occurrence.Series, error)
	Insert(ctx context.Context, s occurrence.Series) (occurrence.Series, error)
	// Instances are those that are open, or of an occurrence at the instant or later.
	Instances(ctx context.Context, s occurrence.Series, from time.Time) ([]task.Task, error)
	// Instance is the task of an occurrence; nil: it has none.
	Instance(ctx context.Context, s occurrence.Series, at time.Time) (*task.Task, error)
	// Make makes an occurrence a task.
	Make(ctx context.Context, s occurrence.Series, at, due time.Time, status task.Status, now time.Time) (task.Task, error)
	ChangeTask(ctx context.Context, owner, id uuid.UUID, change func(task.Task) (task.Task, error)) (task.Task, error)
}

// NewService makes the service. now is the clock, time.Now outside tests.
func NewService(store Store, now func() time.Time) Service {
	return &service{store: store, now: func() time.Time {
		return now().UTC().Truncate(time.Microsecond) // what the database keeps
	}}
}

type service struct {
	store Store
	now   func() time.Time
}

// Create implements Service.
func (s *service) Create(ctx context.Context, owner uuid.UUID, d Draft) (Series, error) {
	zone := "UTC"
	if d.Timezone == "" {
		var err error
		if zone, err = s.store.Zone(ctx, owner); err != nil {
			return Series{}, err
		}
	}
	made, err := New(owner, d, zone, s.now())
	if err != nil {
		return Series{}, err
	}
	kept, err := s.store.Insert(ctx, made)
	return present(kept), err
}

// present adds what follows from the rule.
func present(s occurrence.Series) Series {
	shown := Series{Series: s, Rule: s.Spec.RRule}
	rule, err := s.Rule()
	if err != nil {
		return shown // Failure says why
	}
	shown.Rule = describe(s, rule)
	if next, ok := NextOf(s, rule); ok {
		shown.NextOccurrenceAt = &next
	}
	return shown
}

// NextOf is the next occurrence of a series, also of one that recurring has not
// scheduled yet. False: none is to come, or nobody knows yet when.
func NextOf(s occurrence.Series, rule *recurrence.Rule) (time.Time, bool) {
	switch {
	case s.Status != event.SeriesPending && s.Status != event.SeriesActive:
		return time.Time{}, false
	case s.NextOccurrenceAt != nil:
		return *s.NextOccurrenceAt, true
	case s.Mode == occurrence.ByCompletion && s.LastOccurrenceAt != nil:
		return time.Time{}, false // nobody knows yet
	default:
		return s.Resume(rule, nil)
	}
}

// Get implements Service.
func (s *service) Get(ctx context.Context, owner, id uuid.UUID) (Series, error) {
	found, err := s.store.Get(ctx, owner, id)
	if err != nil {
		return Series{}, err
	}
	return present(found), nil
}

// List implements Service.
func (s *service) List(ctx context.Context, owner uuid.UUID, q Query) (Page, error) {
	found, err := s.store.List(ctx, owner, q)
	if err != nil {
		return Page{}, err
	}
	var page Page
	if len(found) > q.Limit {
		found = found[:q.Limit]
		last := found[q.Limit-1]
		page.Next = &Cursor{last.CreatedAt, last.ID}
	}
	page.Items = make([]Series, len(found))
	for i := range found {
		page.Items[i] = present(found[i])
	}
	return page, nil
}

// change runs do on a series of the version.
func (s *service) change(
	ctx context.Context, owner, id uuid.UUID, version *int64, do func(Tx, occurrence.Series) (Kept, error),
) (Result, error) {
	kept, err := s.store.Change(ctx, owner, id, func(tx Tx, old occurrence.Series) (Kept, error) {
		if version != nil && *version != old.Version {
			return Kept{}, fault.New(fault.Stale,
				"The series has changed meanwhile: it has version %d now, not %d. Load it again.", old.Version, *version)
		}
		return do(tx, old)
	})
	if err != nil {
		return Result{}, err
	}
	return Result{present(kept.Series), kept.Task}, nil
}

// Update implements Service.
func (s *service) Update(ctx context.Context, owner, id uuid.UUID, version *int64, c Change) (Result, error) {
	if err := checkScope(&c); err != nil {
		return Result{}, err
	}
	now := s.now()
	return s.change(ctx, owner, id, version, func(tx Tx, old occurrence.Series) (Kept, error) {
		if err := living(old); err != nil {
			return Kept{}, err
		}
		switch c.Scope {
		case ScopeThis:
			return updateThis(ctx, tx, old, c, now)
		case ScopeFollowing:
			return updateFollowing(ctx, tx, old, c, now)
		case ScopeAll:
		}
		return updateAll(ctx, tx, old, c, now)
	})
}

func checkScope(c *Change) error {
	if c.Scope == "" {
		c.Scope = ScopeAll
	}
	var bad []fault.Field
	complain := func(wrong bool, field, message string) {
		if wrong {
			bad = append(bad, fault.Field{Name: field, Message: message})
		}
	}
	one := c.Scope == ScopeThis
	complain(c.Scope != ScopeAll && c.OccurrenceAt == nil, "occurrence_at", "is required with this scope")
	complain(c.Scope == ScopeAll && c.OccurrenceAt != nil, "occurrence_at", "is only for the scopes this and following")
	complain(c.DueAt != nil && !one, "due_at", "is only for the scope this")
	for field, given := range map[string]bool{
		"rrule": c.RRule != nil, "dtstart": c.Start != nil, "timezone": c.Timezone != nil, "rdate": c.RDates != nil, "exdate": c.ExDates != nil,
		"mode": c.Mode != nil, "if_pending": c.IfPending != nil, "catch_up": c.CatchUp != nil, "reminder_offsets": c.ReminderOffsets != nil,
	} {
		complain(one && given, field, "belongs to the whole series; use the scope all or following")
	}
	if err := fault.InvalidFields(bad); err != nil {
		return err
	}
	return nil
}

// conflict is what a status does not allow.
func conflict(reason, format string, args ...any) error {
	return fault.New(fault.Conflict, format, args...).Because(reason, nil)
}

func living(s occurrence.Series) error {
	if s.Status == event.SeriesCancelled {
		return conflict("series_cancelled", "The series is cancelled and makes no more instances. Create a new one.")
	}
	return nil
}

func unfinished(s occurrence.Series) error {
	if s.Status == event.SeriesCompleted {
		return conflict("series_completed", "The series has ended: its rule has no more occurrences. Create a new one.")
	}
	return living(s)
}

func unschedule(s *occurrence.Series) { s.NextOccurrenceAt, s.FireAt = nil, nil }

func updateAll(ctx context.Context, tx Tx, old occurrence.Series, c Change, now time.Time) (Kept, error) {
	after, newRule, newSchedule, err := apply(old, c, now)
	if err != nil {
		return Kept{}, err
	}
	if newSchedule {
		if err := unfinished(old); err != nil {
			return Kept{}, err
		}
		unschedule(&after)
	}
	instances, err := tx.Instances(ctx, old, now)
	if err != nil {
		return Kept{}, err
	}
	kept, err := follow(ctx, tx, instances, after, after.ID, newRule, c, now)
	if err != nil {
		return Kept{}, err
	}
	if newRule && old.LastOccurrenceAt != nil && old.LastOccurrenceAt.After(now) {
		after.LastOccurrenceAt = latest(kept, *old.LastOccurrenceAt)
	}
	saved, err := tx.Save(ctx, old, after)
	return Kept{Series: saved}, err
}

// follow lets instances follow a change of their series: open ones take over what of
// the template has changed, and those that the new rule does not have, and that are not
// due yet, are cancelled. It returns the others.
func follow(
	ctx context.Context, tx Tx, instances []task.Task, after occurrence.Series, to uuid.UUID, newRule bool, c Change, now time.Time,
) (kept []task.Task, err error) {
	rule, err := after.Rule()
	if err != nil {
		return nil, preview.Refused(err)
	}
	cancelled := task.Cancelled
	for _, t := range instances {
		change := task.Change{}
		gone := false
		if t.Status.Open() {
			change = task.Change{Title: c.Title, Description: c.Description, Priority: c.Priority, Tags: c.Tags}
			gone = newRule && after.Mode == occurrence.BySchedule && notDue(t, now) && !rule.Occurs(*t.OccurrenceAt)
			if gone {
				change = task.Change{Status: &cancelled}
			}
		}
		changed, err := tx.ChangeTask(ctx, after.Owner, t.ID, func(t task.Task) (task.Task, error) {
			if !gone {
				t.SeriesID = &to
			}
			return t.Apply(change, now)
		})
		if err != nil {
			return nil, err
		}
		if !gone {
			kept = append(kept, changed)
		}
	}
	return kept, nil
}

func notDue(t task.Task, now time.Time) bool { return t.DueAt != nil && t.DueAt.After(now) }

// latest is the last occurrence among instances that is not after a limit.
func latest(instances []task.Task, limit time.Time) *time.Time {
	var last *time.Time
	for _, t := range instances {
		if at := t.OccurrenceAt; t.Status != task.Cancelled && !at.After(limit) && (last == nil || at.After(*last)) {
			last = at
		}
	}
	return last
}

func updateFollowing(ctx context.Context, tx Tx, old occurrence.Series, c Change, now time.Time) (Kept, error) {
	if err := unfinished(old); err != nil {
		return Kept{}, err
	}
	if old.Mode == occurrence.ByCompletion {
		return updateAll(ctx, tx, old, c, now) // it has no occurrences ahead to divide
	}
	rule, err := old.Rule()
	if err != nil {
		return Kept{}, preview.Refused(err)
	}
	before, divides, following, err := rule.Split(*c.OccurrenceAt)
	if err != nil {
		return Kept{}, preview.Refused(err)
	}
	if !divides {
		return updateAll(ctx, tx, old, c, now)
	}
	next := old
	next.ID, next.PreviousID, next.Spec = uuid.Must(uuid.NewV7()), &old.ID, following
	next.Version, next.Created, next.Skipped, next.Missed, next.Failure, next.Failures = 1, 0, 0, 0, nil, 0
	next.Since, next.CreatedAt, next.UpdatedAt, next.LastOccurrenceAt = now, now, now, nil
	unschedule(&next)
	if next.Status != event.SeriesPaused {
		next.Status = event.SeriesPending
	}
	next, newRule, _, err := apply(next, c, now)
	if err != nil {
		return Kept{}, err
	}
	instances, err := tx.Instances(ctx, old, *c.OccurrenceAt)
	if err != nil {
		return Kept{}, err
	}
	for len(instances) > 0 && instances[0].OccurrenceAt.Before(*c.OccurrenceAt) {
		instances = instances[1:] // open, and of the part that stays
	}
	after := old
	after.Spec, after.UpdatedAt = before, now
	unschedule(&after)
	moved, err := follow(ctx, tx, instances, next, next.ID, newRule, c, now)
	if err != nil {
		return Kept{}, err
	}
	if old.LastOccurrenceAt != nil {
		next.LastOccurrenceAt = latest(moved, *old.LastOccurrenceAt)
	}
	if _, err := tx.Save(ctx, old, after); err != nil {
		return Kept{}, err
	}
	saved, err := tx.Insert(ctx, next)
	return Kept{Series: saved}, err
}

func updateThis(ctx context.Context, tx Tx, old occurrence.Series, c Change, now time.Time) (Kept, error) {
	t, after, err := single(ctx, tx, old, *c.OccurrenceAt, task.Pending, now)
	if err != nil {
		return Kept{}, err
	}
	changed, err := tx.ChangeTask(ctx, old.Owner, t.ID, func(t task.Task) (task.Task, error) {
		return t.Apply(task.Change{Title: c.Title, Description: c.Description, Priority: c.Priority, Tags: c.Tags, DueAt: c.DueAt}, now)
	})
	if err != nil {
		return Kept{}, err
	}
	saved, err := tx.Save(ctx, old, after)
	return Kept{Series: saved, Task: &changed}, err
}

// single finds the open task of an occurrence, or makes one of a status before its
// time. after is the series without that occurrence on its schedule.
func single(
	ctx context.Context, tx Tx, old occurrence.Series, at time.Time, status task.Status, now time.Time,
) (t task.Task, after occurrence.Series, err error) {
	at, after = at.UTC(), old
	after.UpdatedAt = now
	found, err := tx.Instance(ctx, old, at)
	if err != nil {
		return t, after, err
	}
	if found != nil {
		if !found.Status.Open() && found.Status != status {
			return t, after, conflict("occurrence_closed", "That occurrence is a task already, and it is %s.", found.Status)
		}
		return *found, after, nil
	}
	rule, err := old.Rule()
	if err != nil {
		return t, after, preview.Refused(err)
	}
	next, hasNext := NextOf(old, rule)
	isNext := hasNext && at.Equal(next)
	switch {
	case old.Status == event.SeriesCompleted:
		return t, after, unfinished(old)
	case old.Status == event.SeriesPaused:
		return t, after, conflict("series_paused", "The series is paused, so nothing comes of it. Resume it first.")
	case isNext:
		after.LastOccurrenceAt = &next
		unschedule(&after)
	case old.Mode == occurrence.ByCompletion || !rule.Occurs(at):
		return t, after, preview.Refused(&recurrence.Error{
			Part: "occurrence", Reason: "There is no occurrence at " + at.In(rule.Zone()).Format(time.RFC3339) + ".",
		})
	case at.Before(now) || (hasNext && at.Before(next)):
		return t, after, conflict("occurrence_passed", "That occurrence has passed, and no task was made of it.")
	}
	if status == task.Skipped {
		after.Skipped++
	} else {
		after.Created++
	}
	t, err = tx.Make(ctx, old, at, old.DueAt(at, rule.Zone()), status, now)
	return t, after, err
}

// Skip implements Service.
func (s *service) Skip(ctx context.Context, owner, id uuid.UUID, version *int64, at *time.Time) (task.Task, error) {
	now := s.now()
	result, err := s.change(ctx, owner, id, version, func(tx Tx, old occurrence.Series) (Kept, error) {
		if err := living(old); err != nil {
			return Kept{}, err
		}
		if at == nil {
			next, err := nextToSkip(ctx, tx, old, now)
			if err != nil {
				return Kept{}, err
			}
			at = &next
		}
		t, after, err := single(ctx, tx, old, *at, task.Skipped, now)
		if err != nil {
			return Kept{}, err
		}
		if t.Status != task.Skipped {
			skipped := task.Skipped
			if t, err = tx.ChangeTask(ctx, owner, t.ID, func(t task.Task) (task.Task, error) {
				return t.Apply(task.Change{Status: &skipped}, now)
			}); err != nil {
				return Kept{}, err
			}
			after.Skipped++
		}
		saved, err := tx.Save(ctx, old, after)
		return Kept{Series: saved, Task: &t}, err
	})
	if err != nil {
		return task.Task{}, err
	}
	return *result.Task, nil
}

// nextToSkip is the occurrence that people mean by the next one: that of an open instance
// which is not due yet, else the one that comes.
func nextToSkip(ctx context.Context, tx Tx, s occurrence.Series, now time.Time) (time.Time, error) {
	if s.Status == event.SeriesPaused {
		return time.Time{}, conflict("series_paused", "The series is paused, so nothing comes of it. Resume it first.")
	}
	instances, err := tx.Instances(ctx, s, now)
	if err != nil {
		return time.Time{}, err
	}
	for _, t := range instances {
		if t.Status.Open() && notDue(t, now) {
			return *t.OccurrenceAt, nil
		}
	}
	if err := unfinished(s); err != nil {
		return time.Time{}, err
	}
	rule, err := s.Rule()
	if err != nil {
		return time.Time{}, preview.Refused(err)
	}
	next, ok := NextOf(s, rule)
	switch {
	case ok:
		return next, nil
	case s.Mode == occurrence.ByCompletion:
		return time.Time{}, conflict("series_waits", "The next one counts from the end of the open instance, so there is none to skip yet.")
	default:
		return time.Time{}, conflict("series_completed", "There is no occurrence left to skip.")
	}
}

// Cancel implements Service.
func (s *service) Cancel(ctx context.Context, owner, id uuid.UUID, version *int64) (Series, error) {
	now := s.now()
	result, err := s.change(ctx, owner, id, version, func(tx Tx, old occurrence.Series) (Kept, error) {
		if old.Status == event.SeriesCancelled {
			return Kept{Series: old}, nil
		}
		instances, err := tx.Instances(ctx, old, now)
		if err != nil {
			return Kept{}, err
		}
		cancelled := task.Cancelled
		for _, t := range instances {
			if !t.Status.Open() || !notDue(t, now) {
				continue
			}
			if _, err := tx.ChangeTask(ctx, owner, t.ID, func(t task.Task) (task.Task, error) {
				return t.Apply(task.Change{Status: &cancelled}, now)
			}); err != nil {
				return Kept{}, err
			}
		}
		after := old
		after.Status, after.UpdatedAt = event.SeriesCancelled, now
		unschedule(&after)
		saved, err := tx.Save(ctx, old, after)
		return Kept{Series: saved}, err
	})
	return result.Series, err
}

// Pause implements Service.
func (s *service) Pause(ctx context.Context, owner, id uuid.UUID, version *int64) (Series, error) {
	return s.become(ctx, owner, id, version, event.SeriesPaused)
}

// Resume implements Service.
func (s *service) Resume(ctx context.Context, owner, id uuid.UUID, version *int64) (Series, error) {
	return s.become(ctx, owner, id, version, event.SeriesActive)
}

func (s *service) become(ctx context.Context, owner, id uuid.UUID, version *int64, status event.SeriesStatus) (Series, error) {
	now := s.now()
	result, err := s.change(ctx, owner, id, version, func(tx Tx, old occurrence.Series) (Kept, error) {
		if err := unfinished(old); err != nil {
			return Kept{}, err
		}
		running := old.Status != event.SeriesPaused
		if running == (status == event.SeriesActive) {
			return Kept{Series: old}, nil
		}
		after := old
		after.Status, after.UpdatedAt = status, now
		unschedule(&after)
		if status == event.SeriesActive {
			after.Since = now
		}
		saved, err := tx.Save(ctx, old, after)
		return Kept{Series: saved}, err
	})
	return result.Series, err
}

// Instances implements Service.
func (s *service) Instances(ctx context.Context, owner, id uuid.UUID, q InstanceQuery) (Instances, error) {
	found, err := s.store.Get(ctx, owner, id)
	if err != nil {
		return Instances{}, err
	}
	var all Instances
	if all.Items, err = s.store.Instances(ctx, owner, id, q.Before, q.Limit+1); err != nil {
		return Instances{}, err
	}
	if len(all.Items) > q.Limit {
		all.Items = all.Items[:q.Limit]
		all.Next = all.Items[q.Limit-1].OccurrenceAt
	}
	if q.Before == nil && q.Upcoming > 0 {
		all.Upcoming, err = s.upcoming(ctx, found, q.Upcoming)
	}
	return all, err
}

// upcoming computes the occurrences to come that are no tasks yet.
func (s *service) upcoming(ctx context.Context, found occurrence.Series, limit int) ([]Upcoming, error) {
	rule, err := found.Rule()
	if err != nil {
		return nil, nil //nolint:nilerr // its Failure says so
	}
	at, ok := NextOf(found, rule)
	if !ok {
		return nil, nil
	}
	// The tasks of occurrences to come are the latest of all; there are few.
	made := map[int64]bool{}
	tasks, err := s.store.Instances(ctx, found.Owner, found.ID, nil, MaxUpcoming)
	if err != nil {
		return nil, fmt.Errorf("reading the instances ahead: %w", err)
	}
	for _, t := range tasks {
		made[t.OccurrenceAt.Unix()] = true
	}
	var all []Upcoming
	for ; ok && len(all) < limit; at, ok = rule.Next(at) {
		if !made[at.Unix()] {
			all = append(all, Upcoming{at.UTC(), found.DueAt(at, rule.Zone())})
		}
		if found.Mode == occurrence.ByCompletion {
			break
		}
	}
	return all, nil
}
