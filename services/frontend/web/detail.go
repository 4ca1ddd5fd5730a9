package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/rondohq/rondo/services/frontend/apiclient"
	"github.com/rondohq/rondo/services/frontend/view"
)

// maxSubtasks is how many a task's details show.
const maxSubtasks = 100

// parts fills in what a task's details show besides its form.
func (v *visit) parts(d *view.Detail, task apiclient.Task) error {
	var group errgroup.Group
	group.Go(func() (err error) {
		d.Reminders, err = v.taskReminders(d.Task.ID)
		d.Reminders.HasDue = task.DueAt != nil
		return err
	})
	group.Go(func() (err error) {
		d.Subtasks, err = v.subtasks(d.Task.ID)
		return err
	})
	if task.SeriesID != nil {
		group.Go(func() error {
			id, err := uuid.Parse(*task.SeriesID)
			if err != nil {
				return nil //nolint:nilerr // the api's ids are UUIDs
			}
			series, err := v.api.Series(v.r.Context(), id)
			if err != nil {
				return err //nolint:wrapcheck // a fault of the api
			}
			row := v.seriesRow(series)
			d.Series = &row
			if task.OccurrenceAt != nil {
				d.Occurrence = task.OccurrenceAt.UTC().Format(time.RFC3339)
			}
			return nil
		})
	}
	if task.ParentID != nil {
		group.Go(func() error {
			id, err := uuid.Parse(*task.ParentID)
			if err != nil {
				return nil //nolint:nilerr // the api's ids are UUIDs
			}
			parent, err := v.api.Task(v.r.Context(), id)
			if err != nil {
				return err //nolint:wrapcheck // a fault of the api
			}
			row := v.row(parent)
			d.Parent = &row
			return nil
		})
	}
	return group.Wait() //nolint:wrapcheck // faults of the api
}

func (v *visit) subtasks(parent uuid.UUID) ([]view.Task, error) {
	page, err := v.api.Tasks(v.r.Context(), apiclient.Query{
		Parent: parent.String(), Statuses: append(open(), apiclient.Completed), SortBy: "position", SortOrder: "asc", Limit: maxSubtasks,
	})
	if err != nil {
		return nil, err //nolint:wrapcheck // a fault of the api
	}
	var rows []view.Task
	for _, task := range page.Items {
		rows = append(rows, v.row(task))
	}
	return rows, nil
}

// addSubtask adds one below a task, from its details.
func (s *Server) addSubtask(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	title := strings.TrimSpace(v.r.PostForm.Get("title"))
	if problem := checkTitle(title, s.text.Fields); problem != "" {
		return v.showSubtasks(http.StatusBadRequest, id, problem)
	}
	_, err = v.api.CreateTask(v.r.Context(), apiclient.NewTask{Title: title, ParentID: &id}, v.r.PostForm.Get(view.KeyField))
	if err != nil {
		if refusedInput(err) {
			problems := map[string]string{}
			rest := explain(err, problems, s.text)
			return v.showSubtasks(statusOf(err), id, strings.TrimSpace(problems["title"]+" "+rest))
		}
		return err //nolint:wrapcheck // a fault of the api
	}
	return v.showSubtasks(http.StatusOK, id, "")
}

// toggleSubtask completes one, or reopens it.
func (s *Server) toggleSubtask(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	do := v.api.CompleteTask
	if v.r.PostForm.Get("was") == apiclient.Completed {
		do = v.api.ReopenTask
	}
	task, err := do(v.r.Context(), id)
	if err != nil {
		return err //nolint:wrapcheck // a fault of the api
	}
	if task.ParentID == nil {
		return v.changed(change{did: didSave, tasks: []apiclient.Task{task}})
	}
	parent, err := uuid.Parse(*task.ParentID)
	if err != nil {
		return err //nolint:wrapcheck // the api's ids are UUIDs
	}
	return v.showSubtasks(http.StatusOK, parent, "")
}

func (v *visit) showSubtasks(status int, parent uuid.UUID, problem string) error {
	if !v.byScript() {
		return v.redirect(view.InboxPath + "/" + parent.String())
	}
	subtasks, err := v.subtasks(parent)
	if err != nil {
		return err
	}
	v.aim("#subtasks", "outerHTML")
	return v.part(status, view.Subtasks(v.page(""), parent, subtasks, problem))
}

// showHistory is what happened to a task, the latest first.
func (s *Server) showHistory(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	entries, err := v.api.History(v.r.Context(), id)
	if err != nil {
		return err //nolint:wrapcheck // a fault of the api
	}
	var moments []view.Moment
	for _, entry := range slices.Backward(entries) {
		moments = append(moments, view.Moment{
			When: v.locale.Moment(v.now, entry.At), Machine: entry.At.UTC().Format(time.RFC3339), What: v.happened(entry),
		})
	}
	p := v.page(s.text.History.Heading)
	if v.byScript() {
		return v.part(http.StatusOK, view.History(p, moments))
	}
	return v.showMain(http.StatusOK, &p, view.HistoryMain(p, id, moments))
}

// happened says what a change was, a line for each field.
func (v *visit) happened(e apiclient.HistoryEntry) []string {
	t := v.server.text
	if e.Before == nil {
		return []string{t.History.Created}
	}
	due := func(at *time.Time) string {
		if at == nil {
			return t.History.Nothing
		}
		return v.locale.Due(v.now, *at)
	}
	named := func(text string) string {
		if text == "" {
			return t.History.Nothing
		}
		return text
	}
	var lines []string
	for _, field := range e.ChangedFields {
		before, after := *e.Before, e.After
		switch field {
		case "title":
			lines = append(lines, t.History.Changed(t.Task.Title, before.Title, after.Title))
		case "description":
			lines = append(lines, t.History.Notes)
		case "status":
			lines = append(lines, t.History.Changed(t.Filters.Status, t.Statuses[before.Status], t.Statuses[after.Status]))
		case "priority":
			p := t.Priorities
			lines = append(lines, t.History.Changed(t.Task.Priority, priorityName(before.Priority, p.High, p.Medium, p.Low),
				priorityName(after.Priority, p.High, p.Medium, p.Low)))
		case "due_at":
			lines = append(lines, t.History.Changed(t.Task.Due, due(before.DueAt), due(after.DueAt)))
		case "tags":
			lines = append(lines, t.History.Changed(t.Task.Tags, named(tagInput(before.Tags)), named(tagInput(after.Tags))))
		case "position":
			lines = append(lines, t.History.Moved)
		case "parent_id":
			lines = append(lines, t.History.Parent)
		}
	}
	return lines
}
