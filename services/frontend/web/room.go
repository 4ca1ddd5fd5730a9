package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/a-h/templ"
	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/frontend/apiclient"
	"github.com/rondohq/rondo/services/frontend/text"
	"github.com/rondohq/rondo/services/frontend/view"
)

const (
	pageSize = 50
	// maxLoaded is how many rows a refreshed list brings back at most.
	maxLoaded = 600
	apiLimit  = 200
)

// roomKind is a way of looking at the tasks.
type roomKind int

const (
	inbox roomKind = iota
	today
	upcoming
	done
	tagged
)

// room is a kind with, for one of them, its tag.
type room struct {
	kind roomKind
	tag  string
}

// The words of the filters in URLs.
const (
	statusOpen    = "open"
	statusDone    = "done"
	statusDeleted = "deleted"
	statusAny     = "any"

	dueOverdue = "overdue"
	dueToday   = "today"
	dueWeek    = "week"
)

// filter is what narrows a room, as its URL says it.
type filter struct {
	search     string
	status     string
	due        string
	sort       string
	priorities []string
	tags       []string
}

// sorting is a choice of order and what it is to the api.
type sorting struct{ name, by, order string }

var sortings = []sorting{
	{"newest", "created_at", "desc"},
	{"due", "due_at", "asc"},
	{"priority", "priority", "desc"},
	{"title", "title", "asc"},
	{"changed", "updated_at", "desc"},
	{"oldest", "created_at", "asc"},
	{sortHand, "position", "asc"},
}

// sortHand is the order that tasks are dragged into.
const sortHand = "hand"

// readFilter takes the known values of a query and drops all others.
func readFilter(q url.Values, r room) filter {
	f := filter{search: strings.TrimSpace(q.Get("search")), status: statusOpen, sort: sortings[0].name}
	if len(f.search) > maxTitle {
		f.search = strings.ToValidUTF8(f.search[:maxTitle], "")
	}
	for _, p := range q["priority"] {
		if slices.Contains([]string{apiclient.High, apiclient.Medium, apiclient.Low}, p) && !slices.Contains(f.priorities, p) {
			f.priorities = append(f.priorities, p)
		}
	}
	for _, tag := range q["tags"] {
		if tag != "" && !slices.Contains(f.tags, tag) {
			f.tags = append(f.tags, tag)
		}
	}
	if !r.freelyFiltered() {
		return f
	}
	if slices.Contains([]string{statusDone, statusDeleted, statusAny}, q.Get("status")) {
		f.status = q.Get("status")
	}
	if _, err := time.Parse(dateLayout, q.Get("due")); err == nil || slices.Contains([]string{dueOverdue, dueToday, dueWeek}, q.Get("due")) {
		f.due = q.Get("due")
	}
	if slices.ContainsFunc(sortings, func(s sorting) bool { return s.name == q.Get("sort") }) {
		f.sort = q.Get("sort")
	}
	return f
}

// freelyFiltered rooms let status, due date and order be chosen; others are made of them.
func (r room) freelyFiltered() bool { return r.kind == inbox || r.kind == tagged }

func (r room) path() string {
	switch r.kind {
	case today:
		return view.TodayPath
	case upcoming:
		return view.UpcomingPath
	case done:
		return view.DonePath
	case tagged:
		return view.TagPath(r.tag)
	case inbox:
	}
	return view.InboxPath
}

// url is the room's address with the filter, without what is usual.
func (r room) url(f filter) string {
	q := url.Values{}
	set := func(name, value, usual string) {
		if value != usual {
			q.Set(name, value)
		}
	}
	set("search", f.search, "")
	set("status", f.status, statusOpen)
	set("due", f.due, "")
	set("sort", f.sort, sortings[0].name)
	for _, p := range f.priorities {
		q.Add("priority", p)
	}
	for _, tag := range f.tags {
		q.Add("tags", tag)
	}
	if len(q) == 0 {
		return r.path()
	}
	return r.path() + "?" + q.Encode()
}

// order is what dragging within the list changes.
func (r room) order(f filter) string {
	switch {
	case r.kind == upcoming:
		return "day"
	case r.freelyFiltered() && f.sort == sortHand:
		return "hand"
	}
	return ""
}

// narrowed says that the filter hides something that the room usually shows.
func (f filter) narrowed() bool {
	return f.search != "" || f.status != statusOpen || f.due != "" || len(f.priorities) > 0 || len(f.tags) > 0
}

// open are the states of a task that is still to be done.
func open() []string { return []string{apiclient.Pending, apiclient.Active} }

// query is what the api is asked for.
func (r room) query(f filter, locale text.Locale, now time.Time) apiclient.Query {
	q := apiclient.Query{
		Search: f.search, Priorities: f.priorities, Tags: f.tags, Statuses: open(), SortBy: "due_at", SortOrder: "asc",
	}
	switch r.kind {
	case today:
		q.DueBefore = locale.StartOfDay(now, 1)
		return q
	case upcoming:
		q.DueAfter = locale.StartOfDay(now, 1)
		return q
	case done:
		q.Statuses, q.SortBy, q.SortOrder = []string{apiclient.Completed}, "updated_at", "desc"
		return q
	case tagged:
		q.Tags = append([]string{r.tag}, f.tags...)
	case inbox:
	}
	switch f.status {
	case statusDone:
		q.Statuses = []string{apiclient.Completed}
	case statusDeleted:
		q.Statuses = []string{apiclient.Cancelled}
	case statusAny:
		q.Statuses = append(open(), apiclient.Completed, apiclient.Cancelled)
	}
	const week = 7
	switch f.due {
	case dueOverdue:
		q.DueBefore = now
	case dueToday:
		q.DueAfter, q.DueBefore = locale.StartOfDay(now, 0), locale.StartOfDay(now, 1)
	case dueWeek:
		q.DueAfter, q.DueBefore = locale.StartOfDay(now, 0), locale.StartOfDay(now, week)
	default:
		if day, err := time.ParseInLocation(dateLayout, f.due, locale.Zone); err == nil {
			q.DueAfter, q.DueBefore = day, locale.StartOfDay(day, 1)
		}
	}
	i := slices.IndexFunc(sortings, func(s sorting) bool { return s.name == f.sort })
	q.SortBy, q.SortOrder = sortings[i].by, sortings[i].order
	return q
}

// showRoom shows a room without a tag.
func (s *Server) showRoom(kind roomKind) func(*visit) error {
	return func(v *visit) error { return v.showList(room{kind: kind}) }
}

func (s *Server) showTagRoom(v *visit) error {
	return v.showList(room{kind: tagged, tag: v.r.PathValue("tag")})
}

// showList answers with as much of the room as was asked for.
func (v *visit) showList(r room) error {
	q := v.r.URL.Query()
	f := readFilter(q, r)
	p := v.roomPage(r, f)
	filtered := v.r.Header.Get("Hx-Trigger") == "filters"
	if v.byScript() && (v.target() == "more" || v.target() == view.ListID && filtered) {
		list, err := v.list(r, f, q.Get("cursor"), q.Get("group"))
		if err != nil {
			return err
		}
		if v.target() == "more" {
			return v.part(http.StatusOK, view.TaskRows(p, list))
		}
		v.w.Header().Set("Hx-Replace-Url", r.url(f))
		return v.part(v.listStatus(list), view.TaskList(p, list))
	}
	var list view.List
	var tags []apiclient.Tag
	var both errgroup.Group
	both.Go(func() (err error) { list, err = v.list(r, f, q.Get("cursor"), q.Get("group")); return err })
	both.Go(func() (err error) { tags, err = v.sidebar(&p); return err })
	if err := both.Wait(); err != nil {
		return err //nolint:wrapcheck // a fault of the api
	}
	if v.byScript() && v.target() == view.ListID {
		// The list fetches itself when something changed; that may be tags.
		return v.part(v.listStatus(list), view.TaskList(p, list), view.Around(p))
	}
	p.Toast = v.toastAfterRedirect()
	content := view.RoomMain(p, v.roomView(r, f, tags, list))
	if v.byScript() && v.target() == view.MainID {
		return v.part(v.listStatus(list), content, view.Navigated(p))
	}
	return v.show(v.listStatus(list), within(view.App(p), content))
}

func (v *visit) listStatus(list view.List) int {
	if list.Error {
		return http.StatusServiceUnavailable
	}
	return http.StatusOK
}

// sidebar fills in what the sidebar shows. Without the api there are no tags, and
// the list says why.
func (v *visit) sidebar(p *view.Page) ([]apiclient.Tag, error) {
	var unread sync.WaitGroup
	unread.Go(func() { p.Unread = v.unread() })
	tags, err := v.api.Tags(v.r.Context())
	unread.Wait()
	if err != nil && fault.CodeOf(err) != fault.Unavailable {
		return nil, err //nolint:wrapcheck // a fault of the api
	}
	p.Tags, p.Saved = tags, v.savedFilters()
	return tags, nil
}

func (v *visit) roomPage(r room, f filter) view.Page {
	p := v.page(v.heading(r))
	p.Path, p.Back = r.path(), r.url(f)
	return p
}

func (v *visit) heading(r room) string {
	t := v.server.text.Rooms
	switch r.kind {
	case today:
		return t.Today
	case upcoming:
		return t.Upcoming
	case done:
		return t.Done
	case tagged:
		return t.TagHeading(r.tag)
	case inbox:
	}
	return t.Inbox
}

// list gets one page, or, when a list that is longer is to be replaced, as many
// as it had. An api that does not answer makes a list that says so.
func (v *visit) list(r room, f filter, cursor, group string) (view.List, error) {
	want := pageSize
	if cursor == "" && v.byScript() {
		loaded, _ := strconv.Atoi(v.r.Header.Get("Rondo-Loaded")) // absent or wrong: 0
		want = min(max(loaded, pageSize), maxLoaded)
	}
	query := r.query(f, v.locale, v.now)
	query.Cursor = cursor
	from, before := v.coming(r, f)
	if since, err := time.Parse(time.RFC3339Nano, v.r.URL.Query().Get("since")); err == nil && cursor != "" {
		from = since // where the page before ended
	}
	var coming []apiclient.Task
	var asking sync.WaitGroup
	asking.Go(func() { coming = v.occurrences(from, before, r, f) })
	defer asking.Wait()
	var tasks []apiclient.Task
	for {
		query.Limit = min(want-len(tasks), apiLimit)
		page, err := v.api.Tasks(v.r.Context(), query)
		switch {
		case fault.CodeOf(err) == fault.Unavailable && err != nil:
			v.server.Log.WarnContext(v.r.Context(), "the list could not be had", "error", err)
			return view.List{URL: r.url(f), Error: true}, nil
		case err != nil:
			return view.List{}, err //nolint:wrapcheck // a fault of the api
		}
		tasks = append(tasks, page.Items...)
		query.Cursor = page.NextCursor
		if query.Cursor == "" || len(tasks) >= want {
			break
		}
	}
	list := view.List{URL: r.url(f), Chips: v.chips(r, f), Clear: r.path(), Order: r.order(f)}
	asking.Wait()
	var until time.Time
	switch {
	case r.kind == upcoming:
		if query.Cursor != "" {
			until = *tasks[len(tasks)-1].DueAt
		}
		tasks = merge(tasks, coming, from, until)
	case query.Cursor == "":
		tasks = append(tasks, coming...) // the list of one day may be in any order
	}
	list.Groups = v.groups(r, tasks, group)
	if query.Cursor != "" {
		list.More = more(r, f, query.Cursor, list.Groups, until)
	}
	if path := r.url(f); len(list.Chips) > 0 || f.sort != sortings[0].name {
		list.Saveable = true
		for _, saved := range v.session.User.SavedFilters {
			if saved.Path == path {
				list.SavedAs = saved.Name
			}
		}
	}
	if len(tasks) == 0 && cursor == "" {
		list.Empty = v.empty(r, f)
	}
	return list, nil
}

// more is the URL of the page after cursor; it remembers the last group, so that
// its heading is not repeated, and until when the page shows what is to come.
func more(r room, f filter, cursor string, groups []view.Group, until time.Time) string {
	next := r.url(f)
	if strings.Contains(next, "?") {
		next += "&"
	} else {
		next += "?"
	}
	q := url.Values{"cursor": {cursor}, "group": {groups[len(groups)-1].Key}}
	if !until.IsZero() {
		q.Set("since", until.UTC().Format(time.RFC3339Nano))
	}
	return next + q.Encode()
}

// groups puts tasks that follow each other under headings. The heading of the
// group named before is left out.
func (v *visit) groups(r room, tasks []apiclient.Task, before string) []view.Group {
	var groups []view.Group
	for _, task := range tasks {
		key, label, alarm := v.group(r, task)
		if len(groups) == 0 || groups[len(groups)-1].Key != key {
			g := view.Group{Key: key, Label: label, Alarm: alarm}
			if len(groups) == 0 && key == before {
				g.Label = ""
			}
			groups = append(groups, g)
		}
		last := &groups[len(groups)-1]
		row := v.row(task)
		if r.kind == upcoming {
			row.Day = key
		}
		if label != "" && !alarm {
			row.Due = v.timeOnly(row.Due, *task.DueAt)
		}
		last.Tasks = append(last.Tasks, row)
	}
	return groups
}

func (v *visit) group(r room, task apiclient.Task) (key, label string, alarm bool) {
	if task.DueAt == nil || (r.kind != today && r.kind != upcoming) {
		return "all", "", false
	}
	if r.kind == today {
		if task.DueAt.Before(v.locale.StartOfDay(v.now, 0)) {
			return "overdue", v.server.text.Task.Overdue, true
		}
		return "today", v.server.text.Rooms.Today, false
	}
	return task.DueAt.In(v.locale.Zone).Format(dateLayout), v.locale.Heading(v.now, *task.DueAt), false
}

func (v *visit) row(task apiclient.Task) view.Task {
	id, _ := uuid.Parse(task.ID) // the api's own; a wrong one is shown and cannot be used
	row := view.Task{
		ID: id, Title: task.Title, Version: task.Version, Status: task.Status,
		Done: task.Status == apiclient.Completed, Deleted: task.Status == apiclient.Cancelled,
		Coming: comingURL(task), Priority: task.Priority, Notes: task.Description != "", Tags: task.Tags, Subtask: task.ParentID != nil,
	}
	if task.DueAt != nil {
		row.Due = &view.Due{
			Label: v.locale.Due(v.now, *task.DueAt), Machine: task.DueAt.UTC().Format(time.RFC3339),
			Overdue: task.DueAt.Before(v.now) && !row.Done && !row.Deleted,
			Today:   v.locale.StartOfDay(v.now, 0).Equal(v.locale.StartOfDay(*task.DueAt, 0)),
		}
	}
	return row
}

// timeOnly is a due date below the heading that names its day.
func (v *visit) timeOnly(due *view.Due, at time.Time) *view.Due {
	if !v.locale.HasTime(at) {
		return nil
	}
	short := *due
	short.Label = v.locale.Clock(at)
	return &short
}

// roomView is the room around the list.
func (v *visit) roomView(r room, f filter, tags []apiclient.Tag, list view.List) view.RoomView {
	rv := view.RoomView{Heading: v.heading(r), List: list, Filters: v.filters(r, f, tags)}
	if r.kind != done {
		rv.Composer = &view.Composer{Key: uuid.NewString(), Errors: map[string]string{}}
	}
	switch r.kind {
	case today:
		rv.Subheading = strings.TrimPrefix(v.locale.Heading(v.now, v.now), v.server.text.Days.Today+" · ")
		rv.Composer.Due = v.now.In(v.locale.Zone).Format(dateLayout)
	case upcoming:
		rv.Upcoming = true
		rv.Composer.Due = v.locale.StartOfDay(v.now, 1).Format(dateLayout)
	case tagged:
		rv.Composer.Tags = r.tag
		i := slices.IndexFunc(tags, func(t apiclient.Tag) bool { return strings.EqualFold(t.Name, r.tag) })
		if i >= 0 {
			rv.Tag = &view.TagView{ID: tags[i].ID, Name: tags[i].Name, Count: tags[i].TaskCount, Error: tagProblem(v)}
		}
	case inbox, done:
	}
	if _, ok := v.dueDay(f); ok && rv.Composer != nil {
		rv.Composer.Due = f.due
	}
	return rv
}

func (v *visit) filters(r room, f filter, tags []apiclient.Tag) view.Filters {
	t := v.server.text
	form := view.Filters{Path: r.path(), Search: f.search}
	for _, p := range view.Priorities(t, "none") {
		p.Chosen = slices.Contains(f.priorities, p.Value)
		form.Priorities = append(form.Priorities, p)
	}
	for _, tag := range tags {
		if r.kind == tagged && strings.EqualFold(tag.Name, r.tag) {
			continue
		}
		form.Tags = append(form.Tags, view.Option{Value: tag.Name, Label: tag.Name, Chosen: slices.Contains(f.tags, tag.Name)})
	}
	if !r.freelyFiltered() {
		return form
	}
	form.Statuses = choices(f.status, statusOpen, t.Filters.StatusOpen, statusDone, t.Filters.StatusDone,
		statusDeleted, t.Filters.StatusDeleted, statusAny, t.Filters.StatusAny)
	form.Dues = choices(f.due, "", t.Filters.DueAny, dueOverdue, t.Filters.DueOverdue,
		dueToday, t.Filters.DueToday, dueWeek, t.Filters.DueWeek)
	if day, ok := v.dueDay(f); ok {
		form.Dues = append(form.Dues, view.Option{Value: f.due, Label: v.locale.Day(v.now, day), Chosen: true})
	}
	form.Sorts = choices(f.sort, "newest", t.Filters.SortNewest, "due", t.Filters.SortDue, "priority", t.Filters.SortPriority,
		"title", t.Filters.SortTitle, "changed", t.Filters.SortChanged, "oldest", t.Filters.SortOldest,
		sortHand, t.Filters.SortHand)
	return form
}

// dueDay is the one day that the filter lets through.
func (v *visit) dueDay(f filter) (time.Time, bool) {
	day, err := time.ParseInLocation(dateLayout, f.due, v.locale.Zone)
	return day, err == nil
}

// choices makes options of pairs of value and label.
func choices(chosen string, pairs ...string) []view.Option {
	var options []view.Option
	for pair := range slices.Chunk(pairs, 2) {
		options = append(options, view.Option{Value: pair[0], Label: pair[1], Chosen: pair[0] == chosen})
	}
	return options
}

// chips are the active filters, each with the way out of it.
func (v *visit) chips(r room, f filter) []view.Chip {
	t := v.server.text
	var chips []view.Chip
	add := func(label string, without filter) {
		chips = append(chips, view.Chip{Label: label, Without: r.url(without)})
	}
	if f.search != "" {
		without := f
		without.search = ""
		add(t.Filters.SearchChip(f.search), without)
	}
	if f.status != statusOpen {
		without := f
		without.status = statusOpen
		label := map[string]string{
			statusDone: t.Filters.StatusDone, statusDeleted: t.Filters.StatusDeleted, statusAny: t.Filters.StatusAny,
		}[f.status]
		add(t.Filters.Status+": "+label, without)
	}
	if f.due != "" {
		without := f
		without.due = ""
		label := map[string]string{dueOverdue: t.Filters.DueOverdue, dueToday: t.Filters.DueToday, dueWeek: t.Filters.DueWeek}[f.due]
		if day, ok := v.dueDay(f); ok {
			label = v.locale.Day(v.now, day)
		}
		add(t.Filters.Due+": "+label, without)
	}
	names := map[string]string{apiclient.High: t.Priorities.High, apiclient.Medium: t.Priorities.Medium, apiclient.Low: t.Priorities.Low}
	for _, p := range f.priorities {
		without := f
		without.priorities = dropped(f.priorities, p)
		add(t.Filters.Priority+": "+names[p], without)
	}
	for _, tag := range f.tags {
		without := f
		without.tags = dropped(f.tags, tag)
		add(t.Rooms.TagHeading(tag), without)
	}
	return chips
}

func dropped(all []string, one string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == one })
}

// empty is what a room without tasks says.
func (v *visit) empty(r room, f filter) *view.Empty {
	t := v.server.text.Empty
	if f.search != "" {
		e := &view.Empty{Title: t.SearchTitle(f.search), Hint: t.SearchHint, Art: "search"}
		if everywhere := (filter{search: f.search, status: statusAny, sort: f.sort}); r.url(f) != (room{}).url(everywhere) {
			e.ActionLabel, e.ActionURL = t.SearchEverywhere, room{}.url(everywhere)
		}
		return e
	}
	if f.narrowed() {
		return &view.Empty{
			Title: t.FilteredTitle, Hint: t.FilteredHint, Art: "search",
			ActionLabel: v.server.text.Filters.Clear, ActionURL: r.path(),
		}
	}
	switch r.kind {
	case today:
		return &view.Empty{Title: t.TodayTitle, Hint: t.TodayHint, Art: "today"}
	case upcoming:
		return &view.Empty{Title: t.UpcomingTitle, Hint: t.UpcomingHint, Art: "upcoming"}
	case done:
		return &view.Empty{Title: t.DoneTitle, Hint: t.DoneHint, Art: "done"}
	case tagged:
		return &view.Empty{Title: t.TagTitle, Hint: t.TagHint, Art: "inbox"}
	case inbox:
	}
	return &view.Empty{Title: t.InboxTitle, Hint: t.InboxHint, Art: "inbox"}
}

// roomOf finds the room and filter of a URL of ours; the inbox for any other.
func roomOf(address string) (room, filter) {
	parsed, err := url.Parse(address)
	if err != nil {
		return room{}, readFilter(nil, room{})
	}
	r := room{}
	switch path := parsed.EscapedPath(); {
	case path == view.TodayPath:
		r.kind = today
	case path == view.UpcomingPath:
		r.kind = upcoming
	case path == view.DonePath:
		r.kind = done
	case strings.HasPrefix(path, "/tags/"):
		tag, err := url.PathUnescape(strings.TrimPrefix(path, "/tags/"))
		if err == nil && tag != "" {
			r = room{kind: tagged, tag: tag}
		}
	}
	return r, readFilter(parsed.Query(), r)
}

// changed answers a change: the list as it is now, what was done, and whatever
// else on the page may be another. Without script it returns to the list.
func (v *visit) changed(c change) error {
	if !v.byScript() {
		target, err := url.Parse(v.back())
		if err != nil || strings.HasPrefix(target.Path, view.InboxPath+"/") {
			target = &url.URL{Path: view.InboxPath}
		}
		q := target.Query()
		q.Set("did", c.did)
		if len(c.tasks) > 0 {
			q.Set("task", c.tasks[0].ID)
		}
		if len(c.undo) == 1 {
			if was, ok := c.undo[0].Was["status"].(string); ok {
				q.Set("was", was)
			}
		}
		target.RawQuery = q.Encode()
		return v.redirect(target.RequestURI())
	}
	p, content, err := v.shown()
	if err != nil {
		return err
	}
	parts := []templ.Component{content, view.Around(p)}
	toast := v.toast(c)
	switch c.did {
	case didAdd: // everybody else sees it appear
		parts = append(parts, view.ComposerKey(uuid.NewString(), true), view.Announcement(toast.Message))
	case didAddReminder, didAddNoReminder:
		parts = append(parts, view.ComposerKey(uuid.NewString(), true), view.ToastAside(p, toast))
	default:
		parts = append(parts, view.ToastAside(p, toast))
	}
	v.w.Header().Set("Hx-Trigger", changedEvent(c.tasks))
	return v.part(http.StatusOK, parts...)
}

// shown is what current gives, in a page that also knows what surrounds it.
func (v *visit) shown() (view.Page, templ.Component, error) {
	var p, around view.Page
	var content templ.Component
	var both errgroup.Group
	both.Go(func() (err error) { p, content, err = v.current(); return err })
	both.Go(func() error { _, err := v.sidebar(&around); return err })
	err := both.Wait()
	p.Tags, p.Saved, p.Unread = around.Tags, around.Saved, around.Unread
	return p, content, err //nolint:wrapcheck // a fault of the api
}

// current is the list, or what stands in its place, that the browser shows.
func (v *visit) current() (view.Page, templ.Component, error) {
	address := v.r.Header.Get("Hx-Current-Url")
	at, err := url.Parse(address)
	if err != nil {
		at = &url.URL{Path: view.InboxPath}
	}
	t := v.server.text.Rooms
	switch at.Path {
	case view.CalendarPath:
		calendar, p, err := v.calendar(at.Query().Get("month"))
		return p, view.CalendarMonth(p, calendar), err
	case view.RecurringPath:
		list, err := v.seriesList()
		p := v.shell(view.RecurringPath, t.Recurring)
		return p, view.SeriesRows(p, list), err
	case view.RemindersPath:
		list, err := v.reminderList()
		p := v.shell(view.RemindersPath, t.Reminders)
		return p, view.ReminderRows(p, list), err
	case view.NoticesPath:
		list, err := v.noticeList("")
		p := v.shell(view.NoticesPath, t.Notifications)
		return p, view.NoticeRows(p, list), err
	}
	r, f := roomOf(address)
	list, err := v.list(r, f, "", "")
	p := v.roomPage(r, f)
	return p, view.TaskList(p, list), err
}
