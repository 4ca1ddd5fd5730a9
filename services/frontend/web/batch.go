package web

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/frontend/apiclient"
	"github.com/rondohq/rondo/services/frontend/text"
)

const (
	// maxBatch is how many tasks one action may change.
	maxBatch = 500
	// batchWidth is how many of them are changed at the same time.
	batchWidth = 8
)

// The actions that work on several tasks.
const (
	actComplete = "complete"
	actReopen   = "reopen"
	actDelete   = "delete"
	actDue      = "due"      // to the day in value, or what it names
	actShift    = "shift"    // by the days in value
	actPriority = "priority" // to value
	actTag      = "tag"      // add those in value
	actUntag    = "untag"    // take off those in value
)

// batch changes every task whose id is given, in one way.
func (s *Server) batch(v *visit) error {
	ids, err := v.ids()
	if err != nil {
		return err
	}
	name, value := v.namedAction()
	do, err := v.batchAction(name, value)
	if err != nil {
		return err
	}
	c := change{did: batchDid[name]}
	tasks := make([]apiclient.Task, len(ids))
	undo := make([]step, len(ids))
	failed := make([]error, len(ids))
	var group errgroup.Group
	group.SetLimit(batchWidth)
	for i, id := range ids {
		group.Go(func() error {
			tasks[i], undo[i], failed[i] = do(v.r.Context(), id)
			return nil // one that fails does not stop the others
		})
	}
	_ = group.Wait()
	for i := range ids {
		if failed[i] != nil {
			c.failed++
			continue
		}
		c.tasks = append(c.tasks, tasks[i])
		if len(undo[i].Was) > 0 {
			c.undo = append(c.undo, undo[i])
		}
	}
	if len(c.tasks) == 0 {
		return failed[0]
	}
	return v.changed(c)
}

// batchDid says what the toast after each action reports.
var batchDid = map[string]string{
	actComplete: didComplete, actReopen: didReopen, actDelete: didDelete, actDue: didSchedule, actShift: didSchedule,
	actPriority: didPriority, actTag: didTag, actUntag: didTag,
}

// ids are the tasks that a form names, each once.
func (v *visit) ids() ([]uuid.UUID, error) {
	var ids []uuid.UUID
	for _, raw := range v.r.PostForm["ids"] {
		id, err := uuid.Parse(raw)
		if err != nil {
			return nil, fault.New(fault.NotFound, "There is no such task.")
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	switch {
	case len(ids) == 0:
		return nil, fault.New(fault.Invalid, "%s", v.server.text.Errors.NothingSelected).Because(reasonSaid, nil)
	case len(ids) > maxBatch:
		return nil, fault.New(fault.Invalid, "%s", v.server.text.Errors.TooManySelected(maxBatch)).Because(reasonSaid, nil)
	}
	return ids, nil
}

// action changes one task of several, and says what it was before.
type action func(context.Context, uuid.UUID) (apiclient.Task, step, error)

// namedAction is what is to be done, which a button says in one word with the value,
// as "priority:high".
func (v *visit) namedAction() (name, value string) {
	name, value, both := strings.Cut(v.r.PostForm.Get("action"), ":")
	if !both {
		value = v.r.PostForm.Get("value")
	}
	return name, strings.TrimSpace(value)
}

// batchAction is what to do with each task.
func (v *visit) batchAction(name, value string) (action, error) {
	wrong := func(message string) (action, error) {
		return nil, fault.New(fault.Invalid, "%s", message).Because(reasonSaid, nil)
	}
	t := v.server.text.Fields
	switch name {
	case actComplete:
		return v.status(v.api.CompleteTask), nil
	case actReopen:
		return v.status(v.api.ReopenTask), nil
	case actDelete:
		return v.status(v.cancel), nil
	case actPriority:
		if !slices.Contains([]string{apiclient.High, apiclient.Medium, apiclient.Low}, value) {
			return wrong(t.Priority)
		}
		return v.patch(func(apiclient.Task) apiclient.Change { return apiclient.Change{"priority": value} }), nil
	case actShift:
		days, err := strconv.Atoi(value)
		if err != nil {
			return wrong(t.Date)
		}
		return v.patch(func(task apiclient.Task) apiclient.Change {
			if task.DueAt == nil {
				return nil
			}
			local := task.DueAt.In(v.locale.Zone)
			return apiclient.Change{"due_at": local.AddDate(0, 0, days)}
		}), nil
	case actDue:
		due, ok := v.reschedule(value, v.r.PostForm.Get("time"))
		if !ok {
			return wrong(t.Date)
		}
		return v.patch(func(task apiclient.Task) apiclient.Change { return apiclient.Change{"due_at": due(task.DueAt)} }), nil
	case actTag, actUntag:
		names, problem := tagNames(value, t)
		if problem != "" {
			return wrong(problem)
		}
		return v.patch(func(task apiclient.Task) apiclient.Change {
			return apiclient.Change{"tags": retagged(task.Tags, names, name == actTag)}
		}), nil
	}
	return wrong(v.server.text.Errors.NotAllowed)
}

// tagNames are the names in a field, at least one.
func tagNames(value string, t text.Fields) (names []string, problem string) {
	in := taskForm{tags: value, errors: map[string]string{}}
	in.readTags(t)
	if len(in.tagNames) == 0 {
		return nil, t.Required
	}
	return in.tagNames, in.errors["tags"]
}

// retagged is the list with the names added or taken off, in whatever case.
func retagged(tags, names []string, add bool) []string {
	result := slices.DeleteFunc(slices.Clone(tags), func(tag string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, tag) })
	})
	if add {
		result = append(result, names...)
	}
	return append([]string{}, result...)
}

// status is an action that gives a task another status.
func (v *visit) status(do func(context.Context, uuid.UUID) (apiclient.Task, error)) action {
	return func(ctx context.Context, id uuid.UUID) (apiclient.Task, step, error) {
		before, err := v.api.Task(ctx, id)
		if err != nil {
			return apiclient.Task{}, step{}, err //nolint:wrapcheck // a fault of the api
		}
		after, err := do(ctx, id)
		if err != nil {
			return apiclient.Task{}, step{}, err
		}
		return after, step{ID: id, Was: apiclient.Change{"status": before.Status}}, nil
	}
}

// patch is an action that changes fields. What a change leaves as it was is not undone.
func (v *visit) patch(change func(apiclient.Task) apiclient.Change) action {
	return func(ctx context.Context, id uuid.UUID) (apiclient.Task, step, error) {
		before, err := v.api.Task(ctx, id)
		if err != nil {
			return apiclient.Task{}, step{}, err //nolint:wrapcheck // a fault of the api
		}
		fields := change(before)
		if len(fields) == 0 {
			return before, step{}, nil
		}
		after, err := v.api.ChangeTask(ctx, id, fields, 0)
		if err != nil || after.Version == before.Version {
			return after, step{}, err //nolint:wrapcheck // a fault of the api
		}
		return after, stepBack(before, fields), nil
	}
}

// The days that can be said in a word.
const (
	dayToday    = "today"
	dayTomorrow = "tomorrow"
	dayWeekend  = "weekend"   // the next Saturday
	dayNextWeek = "next-week" // the next Monday
	dayNone     = "none"
)

// reschedule moves a due date to a day, given as yyyy-mm-dd or in a word. The time
// of day stays, unless another is given.
func (v *visit) reschedule(value, clock string) (func(*time.Time) *time.Time, bool) {
	local := v.now.In(v.locale.Zone)
	untilNext := func(weekday time.Weekday) int {
		const week = 7
		return (int(weekday)-int(local.Weekday())+week-1)%week + 1
	}
	var day time.Time
	switch value {
	case dayNone:
		return func(*time.Time) *time.Time { return nil }, true
	case dayToday:
		day = local
	case dayTomorrow:
		day = local.AddDate(0, 0, 1)
	case dayWeekend:
		day = local.AddDate(0, 0, untilNext(time.Saturday))
	case dayNextWeek:
		day = local.AddDate(0, 0, untilNext(time.Monday))
	default:
		var err error
		if day, err = time.Parse(dateLayout, value); err != nil {
			return nil, false
		}
	}
	year, month, date := day.Date()
	at, err := time.Parse(timeLayout, clock)
	if clock != "" && err != nil {
		return nil, false
	}
	return func(due *time.Time) *time.Time {
		moved := v.locale.EndOfDay(year, month, date)
		switch {
		case clock != "":
			moved = time.Date(year, month, date, at.Hour(), at.Minute(), 0, 0, v.locale.Zone)
		case due != nil && v.locale.HasTime(*due):
			hour, minute, second := due.In(v.locale.Zone).Clock()
			moved = time.Date(year, month, date, hour, minute, second, 0, v.locale.Zone)
		}
		return &moved
	}, true
}

// moveTask puts a task between two others of the list that is sorted by hand.
func (s *Server) moveTask(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	ctx := v.r.Context()
	task, err := v.api.Task(ctx, id)
	if err != nil {
		return err //nolint:wrapcheck // a fault of the api
	}
	position, err := v.between(ctx, id, v.r.PostForm.Get("after"), v.r.PostForm.Get("before"))
	if err != nil {
		return err
	}
	moved, err := v.api.ChangeTask(ctx, id, apiclient.Change{"position": position}, 0)
	if err != nil {
		return err //nolint:wrapcheck // a fault of the api
	}
	return v.changed(change{
		did: didMove, tasks: []apiclient.Task{moved}, undo: []step{{ID: id, Was: apiclient.Change{"position": task.Position}}},
	})
}

// between is a position after one task and before another, of which one may be
// missing. When no number lies between theirs, those that follow are moved on.
func (v *visit) between(ctx context.Context, moved uuid.UUID, after, before string) (float64, error) {
	neighbour := func(raw string) (*apiclient.Task, error) {
		id, err := uuid.Parse(raw)
		if err != nil {
			return nil, nil //nolint:nilerr,nilnil // the end of the list has no neighbour
		}
		task, err := v.api.Task(ctx, id)
		return &task, err //nolint:wrapcheck // a fault of the api
	}
	first, err := neighbour(after)
	if err != nil {
		return 0, err
	}
	next, err := neighbour(before)
	if err != nil {
		return 0, err
	}
	switch {
	case first == nil && next == nil:
		return 0, fault.New(fault.Invalid, "%s", v.server.text.Errors.NotAllowed).Because(reasonSaid, nil)
	case first == nil:
		return next.Position - 1, nil
	case next == nil:
		return first.Position + 1, nil
	}
	if middle := first.Position + (next.Position-first.Position)/2; middle > first.Position && middle < next.Position {
		return middle, nil
	}
	return first.Position + 1, v.makeRoom(ctx, moved, *first)
}

// makeRoom moves the tasks that stand where the moved one is to go, behind first.
func (v *visit) makeRoom(ctx context.Context, moved uuid.UUID, first apiclient.Task) error {
	query := apiclient.Query{Statuses: open(), SortBy: "position", SortOrder: "asc", Limit: apiLimit}
	place, behind := first.Position+1, false
	for {
		page, err := v.api.Tasks(ctx, query)
		if err != nil {
			return err //nolint:wrapcheck // a fault of the api
		}
		for _, task := range page.Items {
			if !behind || task.ID == moved.String() {
				behind = behind || task.ID == first.ID
				continue
			}
			place++
			if task.Position >= place {
				return nil // from here on there is room
			}
			id, err := uuid.Parse(task.ID)
			if err != nil {
				continue // the api's ids are UUIDs
			}
			if _, err := v.api.ChangeTask(ctx, id, apiclient.Change{"position": place}, 0); err != nil {
				return err //nolint:wrapcheck // a fault of the api
			}
		}
		if query.Cursor = page.NextCursor; query.Cursor == "" {
			return nil
		}
	}
}
