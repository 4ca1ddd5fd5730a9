package web

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/frontend/apiclient"
	"github.com/rondohq/rondo/services/frontend/view"
)

// What can have been done; also the value of "did" in the URL to which a form
// without script returns.
const (
	didAdd = "added"

	didAddReminder   = "added-reminder"
	didAddNoReminder = "added-no-reminder"

	didSave     = "saved"
	didComplete = "completed"
	didReopen   = "reopened"
	didDelete   = "deleted"
	didUndo     = "restored"
	didSchedule = "rescheduled"
	didPriority = "prioritised"
	didTag      = "tagged"
	didMove     = "moved"

	didRenameTag = "tag-renamed"
	didDeleteTag = "tag-deleted"
	didSettings  = "settings"
	didForget    = "list-forgotten"

	didReminderCancel = "reminder-cancelled"

	didSeriesAdd    = "series-added"
	didSeriesSave   = "series-saved"
	didSeriesPause  = "series-paused"
	didSeriesResume = "series-resumed"
	didSeriesCancel = "series-ended"
	didSkip         = "skipped"
)

// change is something that was done to tasks.
type change struct {
	did    string
	tasks  []apiclient.Task // as they are now
	undo   []step
	failed int    // of several, how many could not be changed
	note   string // what else is to be said
}

// changedOne is a change of one task whose status was another before.
func changedOne(did string, task apiclient.Task, was string) change {
	c := change{did: did, tasks: []apiclient.Task{task}}
	if id, err := uuid.Parse(task.ID); err == nil && was != "" {
		c.undo = []step{{ID: id, Was: apiclient.Change{"status": knownStatus(was)}}}
	}
	return c
}

// maxTold is how many tasks fit well into a header; a list of more is fetched again.
const maxTold = 20

// changedEvent tells the page which versions it has seen, and that a dialog about
// a task is over. A header holds ASCII only, which ids and numbers are.
func changedEvent(tasks []apiclient.Task) string {
	type seen struct {
		Task    string `json:"task"`
		Version int64  `json:"version"`
	}
	told := []seen{}
	for _, task := range tasks[:min(len(tasks), maxTold)] {
		told = append(told, seen{task.ID, task.Version})
	}
	event, err := json.Marshal(map[string]any{
		"rondo:changed": map[string]any{"tasks": told}, "rondo:close": struct{}{},
	})
	if err != nil {
		return "rondo:close" // strings and numbers can always be encoded
	}
	return string(event)
}

// toast reports what was done, with the way back where there is one.
func (v *visit) toast(c change) view.Toast {
	t := v.server.text.Toasts
	toast := view.Toast{Undo: encodeSteps(c.undo), Alarm: c.failed > 0}
	title := ""
	if len(c.tasks) > 0 {
		title = c.tasks[0].Title
	}
	say := func(one func(string) string, several func(int) string) string {
		if len(c.tasks) == 1 {
			return one(title)
		}
		return several(len(c.tasks))
	}
	switch c.did {
	case didAdd:
		toast.Message, toast.Undo = t.Added(title), ""
		if len(c.tasks) > 0 && c.tasks[0].DueAt != nil {
			toast.Message = t.AddedDue(title, v.locale.Due(v.now, *c.tasks[0].DueAt))
		}
	case didAddReminder:
		toast.Message = t.Added(title) + ". " + t.ReminderAdded(c.note)
	case didAddNoReminder:
		toast.Message, toast.Alarm = t.AddedNoReminder(title, c.note), true
	case didComplete:
		toast.Message = say(t.Completed, t.CompletedMany)
	case didReopen:
		toast.Message = say(t.Reopened, t.ReopenedMany)
	case didDelete:
		toast.Message = say(t.Deleted, t.DeletedMany)
	case didUndo:
		toast.Message = say(t.Restored, t.RestoredMany)
	case didSchedule:
		toast.Message = v.rescheduled(c.tasks)
	case didPriority:
		toast.Message = say(t.Prioritised, t.PrioritisedMany)
	case didTag:
		toast.Message = say(t.Tagged, t.TaggedMany)
	case didMove:
		toast.Message = t.Moved(title)
	case didRenameTag:
		toast.Message = t.TagRenamed
	case didDeleteTag:
		toast.Message = t.TagDeleted
	case didSettings:
		toast.Message = t.SettingsSaved
	default:
		toast.Message = t.Saved(title)
	}
	if c.failed > 0 {
		toast.Message += " " + t.SomeFailed(c.failed)
	}
	return toast
}

// rescheduled says when tasks are due now, if they all are on one day.
func (v *visit) rescheduled(tasks []apiclient.Task) string {
	t := v.server.text.Toasts
	if len(tasks) == 1 {
		if tasks[0].DueAt == nil {
			return t.Unscheduled(tasks[0].Title)
		}
		return t.Rescheduled(tasks[0].Title, v.locale.Due(v.now, *tasks[0].DueAt))
	}
	return t.RescheduledMany(len(tasks))
}

func knownStatus(status string) string {
	switch status {
	case apiclient.Active, apiclient.Completed, apiclient.Cancelled:
		return status
	}
	return apiclient.Pending
}

// toastAfterRedirect is the report on a form that was sent without script.
func (v *visit) toastAfterRedirect() *view.Toast {
	q := v.r.URL.Query()
	did := q.Get("did")
	switch did {
	case didRenameTag, didDeleteTag, didSettings:
		toast := v.toast(change{did: did})
		return &toast
	case didForget:
		name := q.Get("list")
		return &view.Toast{Message: v.server.text.Toasts.ListForgotten(name), Undo: name, UndoPath: "/filters"}
	case didReminderCancel:
		return v.reminderToast(q.Get("reminder"))
	case didSeriesAdd, didSeriesSave, didSeriesPause, didSeriesResume, didSeriesCancel, didSkip:
		return v.seriesToast(did, q.Get("series"))
	case didAdd, didAddReminder, didAddNoReminder, didSave, didComplete, didReopen, didDelete, didUndo,
		didSchedule, didPriority, didTag, didMove:
	default:
		return nil
	}
	id, err := uuid.Parse(q.Get("task"))
	if err != nil {
		return nil
	}
	task, err := v.api.Task(v.r.Context(), id)
	if err != nil {
		return nil // only the report is missing
	}
	toast := v.toast(changedOne(did, task, q.Get("was")))
	return &toast
}

func (s *Server) addTask(v *visit) error {
	form := v.r.PostForm
	in := readTask(form, v.locale)
	key := form.Get(view.KeyField)
	composer := view.Composer{
		Key: key, Title: in.title, Due: in.due, Time: in.time, Tags: in.tags, Priority: in.priority, Errors: in.errors,
	}
	if len(in.errors) > 0 {
		return v.showComposer(http.StatusBadRequest, composer)
	}
	parsed, err := v.understand(in.title, form["plain"])
	if err != nil && fault.CodeOf(err) == fault.Unauthenticated {
		return err
	}
	// A reader that is away costs what it would have read, not the task.
	typed := in.title
	v.merge(&in, parsed)
	if err := v.addUnderstood(in, parsed, key); err != nil {
		if fault.CodeOf(err) == fault.Unauthenticated {
			return err
		}
		// A new key for what will be another request, except where nobody knows
		// whether the first one arrived.
		if fault.CodeOf(err) != fault.Unavailable {
			composer.Key = uuid.NewString()
		}
		composer.Title = typed
		composer.Problem = explain(err, composer.Errors, s.text)
		return v.showComposer(statusOf(err), composer)
	}
	return nil
}

// showComposer shows the form for a new task again, with what is wrong in it.
func (v *visit) showComposer(status int, composer view.Composer) error {
	if v.byScript() {
		v.aim("#"+view.ComposerID, "morph:outerHTML")
		r, f := roomOf(v.r.Header.Get("Hx-Current-Url"))
		return v.part(status, view.ComposerForm(v.roomPage(r, f), composer))
	}
	r, f := roomOf(v.back())
	list, err := v.list(r, f, "", "")
	if err != nil {
		return err
	}
	p := v.roomPage(r, f)
	tags, err := v.sidebar(&p)
	if err != nil {
		return err
	}
	rv := v.roomView(r, f, tags, list)
	rv.Composer = &composer
	return v.show(status, within(view.App(p), view.RoomMain(p, rv)))
}

func (s *Server) showTask(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	task, err := v.api.Task(v.r.Context(), id)
	if err != nil {
		return err //nolint:wrapcheck // a fault of the api
	}
	d := v.detail(task)
	if err := v.parts(&d, task); err != nil {
		return err
	}
	return v.showDetail(http.StatusOK, d)
}

// detail is the form with what the task holds.
func (v *visit) detail(task apiclient.Task) view.Detail {
	t := v.server.text.Task
	d := view.Detail{
		Task: v.row(task), Title: task.Title, Notes: task.Description, Priority: task.Priority, Tags: tagInput(task.Tags),
		Errors: map[string]string{}, Facts: []string{t.Created(v.locale.Moment(v.now, task.CreatedAt))},
	}
	d.Date, d.Time = dueInputs(task.DueAt, v.locale)
	if task.CompletedAt != nil {
		d.Facts = append(d.Facts, t.CompletedOn(v.locale.Moment(v.now, *task.CompletedAt)))
	} else if task.Version > 1 {
		d.Facts = append(d.Facts, t.Changed(v.locale.Moment(v.now, task.UpdatedAt)))
	}
	return d
}

func (v *visit) showDetail(status int, d view.Detail) error {
	p := v.page(d.Task.Title)
	if v.byScript() {
		d.Dialog = true
		if v.target() != view.DetailID {
			v.aim("#"+view.DetailID, "innerHTML")
		}
		return v.part(status, view.DetailForm(p, d))
	}
	if _, err := v.sidebar(&p); err != nil {
		return err
	}
	p.Back = view.InboxPath
	return v.show(status, within(view.App(p), view.DetailMain(p, d)))
}

func (s *Server) saveTask(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	in := readTask(v.r.PostForm, v.locale)
	task, err := v.api.Task(v.r.Context(), id)
	if err != nil {
		return err //nolint:wrapcheck // a fault of the api
	}
	d := v.detail(task)
	d.Title, d.Notes, d.Date, d.Time, d.Priority, d.Tags = in.title, in.notes, in.due, in.time, in.priority, in.tags
	d.Errors = in.errors
	if err := v.parts(&d, task); err != nil {
		return err
	}
	if len(in.errors) > 0 {
		return v.showDetail(http.StatusBadRequest, d)
	}
	changes := in.change(task, v.locale)
	if len(changes) == 0 {
		return v.changed(change{did: didSave, tasks: []apiclient.Task{task}})
	}
	saved, err := v.api.ChangeTask(v.r.Context(), id, changes, version(v.r.PostForm.Get("version")))
	switch {
	case fault.CodeOf(err) == fault.Stale:
		d.Problem = s.text.Task.Stale
		return v.showDetail(http.StatusPreconditionFailed, d)
	case err != nil && refusedInput(err):
		d.Problem = explain(err, d.Errors, s.text)
		return v.showDetail(statusOf(err), d)
	case err != nil:
		return err //nolint:wrapcheck // a fault of the api
	}
	return v.changed(change{did: didSave, tasks: []apiclient.Task{saved}, undo: []step{stepBack(task, changes)}})
}

func (s *Server) showRename(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	task, err := v.api.Task(v.r.Context(), id)
	if err != nil {
		return err //nolint:wrapcheck // a fault of the api
	}
	if !v.byScript() {
		return v.redirect(view.InboxPath + "/" + id.String())
	}
	return v.part(http.StatusOK, view.TitleForm(v.page(""), v.row(task), task.Title, ""))
}

func (s *Server) rename(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	title := strings.TrimSpace(v.r.PostForm.Get("title"))
	again := func(status int, problem string) error {
		v.aim("#name-"+id.String(), "innerHTML")
		return v.part(status, view.TitleForm(v.page(""), view.Task{ID: id}, title, problem))
	}
	if problem := checkTitle(title, s.text.Fields); problem != "" {
		return again(http.StatusBadRequest, problem)
	}
	task, undo, err := v.patch(func(apiclient.Task) apiclient.Change { return apiclient.Change{"title": title} })(v.r.Context(), id)
	if err != nil && refusedInput(err) {
		problems := map[string]string{}
		rest := explain(err, problems, s.text)
		return again(statusOf(err), strings.TrimSpace(problems["title"]+" "+rest))
	}
	if err != nil {
		return err //nolint:wrapcheck // a fault of the api
	}
	c := change{did: didSave, tasks: []apiclient.Task{task}}
	if len(undo.Was) > 0 {
		c.undo = []step{undo}
	}
	return v.changed(c)
}

func (s *Server) completeTask(v *visit) error {
	return v.act(didComplete, v.api.CompleteTask)
}

func (s *Server) reopenTask(v *visit) error {
	return v.act(didReopen, v.api.ReopenTask)
}

func (s *Server) deleteTask(v *visit) error {
	return v.act(didDelete, v.cancel)
}

// cancel deletes a task and gets what is left of it: its title and new version.
func (v *visit) cancel(ctx context.Context, id uuid.UUID) (apiclient.Task, error) {
	if err := v.api.DeleteTask(ctx, id); err != nil {
		return apiclient.Task{}, err //nolint:wrapcheck // a fault of the api
	}
	return v.api.Task(ctx, id) //nolint:wrapcheck // a fault of the api
}

func (v *visit) act(did string, do func(context.Context, uuid.UUID) (apiclient.Task, error)) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	task, err := do(v.r.Context(), id)
	if err != nil {
		return err
	}
	return v.changed(changedOne(did, task, v.r.PostForm.Get("was")))
}
