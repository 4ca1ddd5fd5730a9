package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/frontend/apiclient"
	"github.com/rondohq/rondo/services/frontend/text"
	"github.com/rondohq/rondo/services/frontend/view"
)

const (
	upcomingShown = 5
	pastShown     = 10
	previewShown  = 5
)

// reminderOffsets are those to choose from, in minutes.
func reminderOffsets() []int { return []int{0, 5, 15, 30, 60, 24 * 60} }

// showSeries is the room of recurring tasks.
func (s *Server) showSeries(v *visit) error {
	list, err := v.seriesList()
	if err != nil {
		return err
	}
	p := v.shell(view.RecurringPath, s.text.Rooms.Recurring)
	return v.showRoomPart(&p, view.SeriesMain(p, list), view.SeriesRows(p, list), list.Error)
}

func (v *visit) seriesList() (view.SeriesList, error) {
	list := view.SeriesList{URL: view.RecurringPath}
	all, err := v.api.ListSeries(v.r.Context(), "")
	switch {
	case err != nil && fault.CodeOf(err) == fault.Unavailable:
		list.Error = true
		return list, nil
	case err != nil:
		return list, err //nolint:wrapcheck // a fault of the api
	}
	for _, series := range all {
		list.Series = append(list.Series, v.seriesRow(series))
	}
	return list, nil
}

func (v *visit) seriesRow(series apiclient.Series) view.Series {
	t := v.server.text.Recurring
	row := view.Series{
		ID: series.ID, Title: series.Title, Sentence: series.RuleDescription, Priority: series.Priority, Tags: series.Tags,
		Paused: series.Status == apiclient.Paused, Ended: series.Status == apiclient.Completed || series.Status == apiclient.Cancelled,
	}
	if series.Timezone != v.session.User.Timezone && !series.AllDay {
		row.Sentence = t.InZone(row.Sentence, series.Timezone)
	}
	if series.Failure != nil {
		row.Failure = *series.Failure
	}
	switch {
	case row.Ended:
		row.Next = t.OverNow
	case row.Paused:
		row.Next = t.PausedNow
	case series.NextOccurrenceAt != nil:
		row.Next = t.NextAt(v.occurrence(*series.NextOccurrenceAt, series.AllDay))
	case series.Status == apiclient.Pending:
		row.Next = t.PendingNow
	default:
		row.Next = t.WaitsNow
	}
	return row
}

// occurrence writes when one is.
func (v *visit) occurrence(at time.Time, allDay bool) string {
	if allDay {
		return v.locale.Heading(v.now, at)
	}
	return v.server.text.Days.At(v.locale.Heading(v.now, at), v.locale.Clock(at))
}

func (s *Server) showNewSeries(v *visit) error {
	local := v.now.In(v.locale.Zone)
	q := v.r.URL.Query()
	form := view.SeriesForm{
		Key: uuid.NewString(), Title: strings.TrimSpace(q.Get("title")), Start: local.Format(dateLayout), Mode: apiclient.BySchedule,
		Rule: view.RuleForm{Preset: presetWeekly, Frequency: "WEEKLY", Interval: "1"}, Errors: map[string]string{},
	}
	return v.showSeriesForm(http.StatusOK, form)
}

func (v *visit) showSeriesForm(status int, form view.SeriesForm) error {
	form.Reminders = v.offsetOptions(form.Reminders, nil)
	p := v.shell(view.RecurringPath, v.server.text.Recurring.New)
	return v.showMain(status, &p, view.SeriesFormMain(p, form))
}

// offsetOptions are the reminders to choose from, with those chosen that are set.
func (v *visit) offsetOptions(known []view.Option, set []int) []view.Option {
	if known != nil {
		return known
	}
	offsets := slices.Concat(reminderOffsets(), set)
	slices.Sort(offsets)
	var options []view.Option
	for _, offset := range slices.Compact(offsets) {
		options = append(options, view.Option{
			Value: strconv.Itoa(offset), Label: v.server.text.Reminders.Before(offset), Chosen: slices.Contains(set, offset),
		})
	}
	return options
}

// seriesInput is a series as it was typed.
type seriesInput struct {
	form    view.SeriesForm
	rrule   string
	dtstart string
	tags    []string
	offsets []int
}

func (v *visit) readSeries() seriesInput {
	f := v.r.PostForm
	in := seriesInput{form: view.SeriesForm{
		Key: f.Get(view.KeyField), Title: strings.TrimSpace(f.Get("title")), Notes: strings.ReplaceAll(f.Get("description"), "\r\n", "\n"),
		Priority: f.Get("priority"), Tags: f.Get("tags"), Start: f.Get("start"), Time: f.Get("time"), Rule: readRule(f),
		Mode: f.Get("mode"), IfPending: f.Get("if_pending"), CatchUp: f.Get("catch_up"), From: f.Get("from"), Scope: f.Get("scope"),
		Version: version(f.Get("version")), Errors: map[string]string{},
	}}
	errs, t := in.form.Errors, v.server.text
	if message := checkTitle(in.form.Title, t.Fields); message != "" {
		errs["title"] = message
	}
	in.rrule = composeRule(in.form.Rule, t, errs)
	in.dtstart = startOf(in.form.Start, in.form.Time, errs, t.Fields)
	tags := taskForm{tags: in.form.Tags, errors: errs}
	tags.readTags(t.Fields)
	in.tags = append([]string{}, tags.tagNames...)
	in.offsets = []int{}
	for _, raw := range f["reminders"] {
		if offset, err := strconv.Atoi(raw); err == nil {
			in.offsets = append(in.offsets, offset)
		}
	}
	in.form.Reminders = v.offsetOptions(nil, in.offsets)
	return in
}

func (s *Server) addSeries(v *visit) error {
	in := v.readSeries()
	if len(in.form.Errors) > 0 {
		return v.showSeriesForm(http.StatusBadRequest, in.form)
	}
	series, err := v.api.CreateSeries(v.r.Context(), apiclient.NewSeries{
		Title: in.form.Title, Description: in.form.Notes, Priority: in.form.Priority, Tags: in.tags, ReminderOffsets: in.offsets,
		RRule: in.rrule, DTStart: in.dtstart, Timezone: v.session.User.Timezone, Mode: in.form.Mode,
		IfPending: in.form.IfPending, CatchUp: in.form.CatchUp,
	}, in.form.Key)
	if err != nil && refusedInput(err) {
		in.form.Key = uuid.NewString()
		in.form.Problem = explainRule(err, in.form.Errors, s.text)
		return v.showSeriesForm(statusOf(err), in.form)
	}
	if err != nil {
		return err //nolint:wrapcheck // a fault of the api
	}
	return v.redirect(with(with(view.RecurringPath, "did", didSeriesAdd), "series", series.ID.String()))
}

// explainRule puts what the api says of a rule beside the input for it.
func explainRule(err error, errs map[string]string, t *text.Catalogue) string {
	f := asFault(err)
	var rest []string
	for _, field := range f.Fields {
		name, _, _ := strings.Cut(field.Name, ".")
		name, _, _ = strings.Cut(name, "[")
		switch {
		case name == "rrule":
			rest = append(rest, field.Message)
		case name == "dtstart":
			errs["start"] = fieldMessage("start", field.Message, t.Fields)
		case slices.Contains(shown, name):
			errs[name] = fieldMessage(name, field.Message, t.Fields)
		default:
			rest = append(rest, field.Message)
		}
	}
	if len(f.Fields) == 0 {
		return f.Message
	}
	return strings.Join(rest, " ")
}

// showOneSeries shows a series with its form; "from" in the query names the
// occurrence that is to be changed.
func (s *Server) showOneSeries(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	series, err := v.api.Series(v.r.Context(), id)
	if err != nil {
		return err //nolint:wrapcheck // a fault of the api
	}
	form := v.seriesForm(series)
	if at, err := time.Parse(time.RFC3339, v.r.URL.Query().Get("from")); err == nil {
		form.From, form.Scope = at.Format(time.RFC3339), apiclient.ScopeFollowing
		local := at.In(v.locale.Zone)
		form.Start = local.Format(dateLayout)
		if !series.AllDay {
			form.Time = local.Format(timeLayout)
		}
	}
	return v.showSeriesPage(http.StatusOK, series, form)
}

// seriesForm is the form with what the series holds.
func (v *visit) seriesForm(series apiclient.Series) view.SeriesForm {
	date, clock, _ := strings.Cut(series.DTStart, "T")
	form := view.SeriesForm{
		ID: series.ID, Key: uuid.NewString(), Version: series.Version, Title: series.Title, Notes: series.Description,
		Priority: series.Priority, Tags: tagInput(series.Tags), Start: date, Rule: ruleForm(series.RRule, v.locale),
		Mode: series.Mode, IfPending: series.IfPending, CatchUp: series.CatchUp, Errors: map[string]string{},
		Reminders: v.offsetOptions(nil, series.ReminderOffsets),
	}
	if len(clock) >= len(timeLayout) {
		form.Time = clock[:len(timeLayout)]
	}
	return form
}

func (v *visit) showSeriesPage(status int, series apiclient.Series, form view.SeriesForm) error {
	form.ID = series.ID
	if at, err := time.Parse(time.RFC3339, form.From); err == nil {
		form.FromLabel = v.occurrence(at, series.AllDay)
	}
	instances, err := v.api.Instances(v.r.Context(), series.ID, pastShown, upcomingShown)
	if err != nil {
		return err //nolint:wrapcheck // a fault of the api
	}
	page := view.SeriesPage{
		Series: v.seriesRow(series), Form: form,
		Counts: v.server.text.Recurring.Counts(series.CreatedCount, series.SkippedCount, series.MissedCount),
	}
	for _, o := range instances.Upcoming {
		page.Upcoming = append(page.Upcoming, view.Occurrence{
			At: o.OccurrenceAt.Format(time.RFC3339), Label: v.occurrence(o.OccurrenceAt, series.AllDay),
		})
	}
	for _, task := range instances.Items {
		page.Past = append(page.Past, v.row(task))
	}
	p := v.shell(view.RecurringPath, series.Title)
	return v.showMain(status, &p, view.SeriesPageMain(p, page))
}

func (s *Server) saveSeries(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	ctx := v.r.Context()
	series, err := v.api.Series(ctx, id)
	if err != nil {
		return err //nolint:wrapcheck // a fault of the api
	}
	in := v.readSeries()
	wanted := in.form.Version
	in.form.Version = series.Version
	if len(in.form.Errors) > 0 {
		return v.showSeriesPage(http.StatusBadRequest, series, in.form)
	}
	saved, err := v.api.ChangeSeries(ctx, id, v.seriesChange(series, in), wanted)
	switch {
	case fault.CodeOf(err) == fault.Stale:
		in.form.Problem = s.text.Recurring.Stale
		return v.showSeriesPage(http.StatusPreconditionFailed, series, in.form)
	case err != nil && refusedInput(err):
		in.form.Problem = explainRule(err, in.form.Errors, s.text)
		return v.showSeriesPage(statusOf(err), series, in.form)
	case err != nil:
		return err //nolint:wrapcheck // a fault of the api
	}
	return v.redirect(with(with(view.SeriesPath(saved.ID, ""), "did", didSeriesSave), "series", saved.ID.String()))
}

// seriesChange is what differs from the series as it is, within the scope.
func (v *visit) seriesChange(series apiclient.Series, in seriesInput) apiclient.Change {
	change := apiclient.Change{}
	differs := func(name string, now, wanted any, same bool) {
		if !same {
			change[name] = wanted
		}
		_ = now
	}
	differs("title", series.Title, in.form.Title, series.Title == in.form.Title)
	differs("description", series.Description, in.form.Notes, series.Description == in.form.Notes)
	differs("priority", series.Priority, in.form.Priority, in.form.Priority == "" || series.Priority == in.form.Priority)
	differs("tags", series.Tags, in.tags, in.form.Tags == tagInput(series.Tags))
	at, err := time.Parse(time.RFC3339, in.form.From)
	if err == nil && in.form.Scope == apiclient.ScopeThis {
		change["scope"], change["occurrence_at"] = apiclient.ScopeThis, at
		due := v.localTime(in.form.Start, in.form.Time)
		if !due.Equal(at) {
			change["due_at"] = due
		}
		return change
	}
	if ruleForm(series.RRule, v.locale).Rule != in.rrule && series.RRule != in.rrule {
		change["rrule"] = in.rrule
	}
	date, clock, _ := strings.Cut(series.DTStart, "T")
	if in.form.Start != date || (in.form.Time != "" && !strings.HasPrefix(clock, in.form.Time)) || (in.form.Time == "" && clock != "") {
		change["dtstart"] = in.dtstart
	}
	for name, pair := range map[string][2]string{
		"mode": {series.Mode, in.form.Mode}, "if_pending": {series.IfPending, in.form.IfPending}, "catch_up": {series.CatchUp, in.form.CatchUp},
	} {
		if pair[1] != "" && pair[0] != pair[1] {
			change[name] = pair[1]
		}
	}
	set := slices.Clone(series.ReminderOffsets)
	slices.Sort(set)
	slices.Sort(in.offsets)
	if !slices.Equal(set, in.offsets) {
		change["reminder_offsets"] = in.offsets
	}
	if err == nil && in.form.Scope == apiclient.ScopeFollowing {
		change["scope"], change["occurrence_at"] = apiclient.ScopeFollowing, at
	}
	return change
}

// localTime is a day, and a time where there is one, else the end of the day.
func (v *visit) localTime(date, clock string) time.Time {
	form := taskForm{due: date, time: clock, errors: map[string]string{}}
	form.readDue(v.locale)
	if form.dueAt == nil {
		return v.now
	}
	return *form.dueAt
}

// previewRule answers the builder while somebody is at it.
func (s *Server) previewRule(v *visit) error {
	in := v.readSeries()
	delete(in.form.Errors, "title")
	p := v.page("")
	var preview view.RulePreview
	for _, name := range []string{"start", "time", "interval", "bymonthday", "until", "count", "rrule"} {
		if message := in.form.Errors[name]; message != "" && preview.Problem == "" {
			preview.Problem = message
		}
	}
	if preview.Problem == "" {
		preview = v.rulePreview(in)
	}
	return v.part(http.StatusOK, view.RulePreviewBlock(p, preview))
}

func (v *visit) rulePreview(in seriesInput) view.RulePreview {
	t := v.server.text
	after := v.now
	if in.form.Time == "" {
		after = v.locale.StartOfDay(v.now, 0).Add(-time.Second) // today counts
	}
	answer, err := v.api.PreviewRule(v.r.Context(), in.rrule, in.dtstart, v.session.User.Timezone, after, previewShown)
	if err != nil {
		if f, ok := errors.AsType[*fault.Error](err); ok && refusedInput(err) && f.Message != "" {
			return view.RulePreview{Problem: f.Message}
		}
		return view.RulePreview{Problem: t.Toasts.Offline}
	}
	preview := view.RulePreview{Sentence: answer.Description, Finished: answer.Finished}
	if in.form.Mode == apiclient.ByCompletion {
		preview.Sentence = t.Recurring.AfterFinish(preview.Sentence)
	}
	if in.form.Time != "" {
		preview.Sentence = t.Recurring.InZone(preview.Sentence, v.session.User.Timezone)
	}
	for _, at := range answer.Occurrences {
		preview.Occurrences = append(preview.Occurrences, view.Occurrence{
			At: at.Format(time.RFC3339), Label: v.occurrence(at, in.form.Time == ""),
		})
	}
	return preview
}

func (s *Server) pauseSeries(v *visit) error { return v.actOnSeries(didSeriesPause) }

func (s *Server) resumeSeries(v *visit) error { return v.actOnSeries(didSeriesResume) }

func (s *Server) cancelSeries(v *visit) error { return v.actOnSeries(didSeriesCancel) }

func (s *Server) skipOccurrence(v *visit) error { return v.actOnSeries(didSkip) }

// restoreSeries makes one again that was ended: what it had made stays with the old one.
func (s *Server) restoreSeries(v *visit) error { return v.actOnSeries(didSeriesAdd) }

func (v *visit) actOnSeries(did string) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	ctx, t := v.r.Context(), v.server.text.Toasts
	series, err := v.api.Series(ctx, id)
	if err != nil {
		return err //nolint:wrapcheck // a fault of the api
	}
	toast := view.Toast{}
	target := view.SeriesPath(id, "")
	switch did {
	case didSeriesPause:
		series, err = v.api.PauseSeries(ctx, id)
		toast.Message = t.SeriesPaused(series.Title)
	case didSeriesResume:
		series, err = v.api.ResumeSeries(ctx, id)
		toast.Message = t.SeriesResumed(series.Title)
	case didSeriesCancel:
		err = v.api.CancelSeries(ctx, id)
		toast = view.Toast{Message: t.SeriesCancelled(series.Title), Undo: "1", UndoPath: view.SeriesPath(id, "restore")}
		target = view.RecurringPath
	case didSeriesAdd:
		series, err = v.api.CreateSeries(ctx, apiclient.NewSeries{
			Title: series.Title, Description: series.Description, Priority: series.Priority, Tags: series.Tags,
			ReminderOffsets: series.ReminderOffsets, RRule: series.RRule, DTStart: series.DTStart, Timezone: series.Timezone,
			Mode: series.Mode, IfPending: series.IfPending, CatchUp: series.CatchUp,
		}, "")
		toast.Message = t.SeriesAdded(series.Title)
	case didSkip:
		var skipped apiclient.Task
		skipped, err = v.skip(series)
		if err == nil && skipped.OccurrenceAt != nil {
			toast.Message = t.Skipped(v.occurrence(*skipped.OccurrenceAt, series.AllDay))
			toast.Undo = encodeSteps(changedOne(didSkip, skipped, apiclient.Pending).undo)
		}
	}
	if err != nil {
		return said(err)
	}
	if !v.byScript() {
		return v.redirect(with(with(target, "did", did), "series", id.String()))
	}
	return v.answerRoom(toast)
}

func (v *visit) skip(series apiclient.Series) (apiclient.Task, error) {
	var at *time.Time
	if named, err := time.Parse(time.RFC3339, v.r.PostForm.Get("at")); err == nil {
		at = &named
	}
	return v.api.SkipOccurrence(v.r.Context(), series.ID, at) //nolint:wrapcheck // a fault of the api
}

// said lets a conflict's own words reach the person: the api writes them for people.
func said(err error) error {
	if f := asFault(err); f.Code == fault.Conflict && f.Message != "" {
		return fault.New(fault.Conflict, "%s", f.Message).Because(reasonSaid, nil)
	}
	return err
}

// seriesToast is the report on a form about a series that was sent without script.
func (v *visit) seriesToast(did, raw string) *view.Toast {
	id, err := uuid.Parse(raw)
	if err != nil {
		return nil
	}
	series, err := v.api.Series(v.r.Context(), id)
	if err != nil {
		return nil // only the report is missing
	}
	t := v.server.text.Toasts
	toast := view.Toast{Message: t.SeriesSaved(series.Title)}
	switch did {
	case didSeriesAdd:
		toast.Message = t.SeriesAdded(series.Title)
	case didSeriesPause:
		toast.Message = t.SeriesPaused(series.Title)
	case didSeriesResume:
		toast.Message = t.SeriesResumed(series.Title)
	case didSeriesCancel:
		toast = view.Toast{Message: t.SeriesCancelled(series.Title), Undo: "1", UndoPath: view.SeriesPath(id, "restore")}
	case didSkip:
		toast.Message = t.Skipped(series.Title)
	}
	return &toast
}
