package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/frontend/apiclient"
	"github.com/rondohq/rondo/services/frontend/view"
)

// maxUtterance is how long a text the api reads, in characters. A longer one is a title.
const maxUtterance = 1000

// The kinds of what is understood (openapi.yaml, Action).
const (
	spanDate       = "date"
	spanTime       = "time"
	spanRecurrence = "recurrence"
	spanReminder   = "reminder"
	spanPriority   = "priority"
	spanTag        = "tag"
	spanCommand    = "command"
)

// understand reads a new task as it was typed. Phrases that are to stay text are
// hidden from the reader by characters that mean nothing, one for each of theirs, so
// that it says the same places. A text that asks for something else is a title.
func (v *visit) understand(typed string, plain []string) (apiclient.Parsed, error) {
	asTitle := apiclient.Parsed{Intent: apiclient.IntentTask, Title: typed}
	if strings.TrimSpace(typed) == "" || tooLong(typed, maxUtterance) {
		return asTitle, nil
	}
	const firstPrivate = 0xE000 // Unicode's private use area
	hidden := typed
	masks := map[string]string{}
	for i, phrase := range plain {
		if phrase == "" || !strings.Contains(hidden, phrase) {
			continue
		}
		mask := strings.Repeat(string(rune(firstPrivate+i)), len([]rune(phrase)))
		masks[mask] = phrase
		hidden = strings.Replace(hidden, phrase, mask, 1)
	}
	parsed, err := v.api.Parse(v.r.Context(), hidden, v.now.In(v.locale.Zone), v.locale.Zone.String())
	if err != nil {
		return asTitle, err //nolint:wrapcheck // a fault of the api
	}
	if !slices.Contains([]string{apiclient.IntentTask, apiclient.IntentRecurring, apiclient.IntentReminder}, parsed.Intent) {
		return asTitle, nil
	}
	for mask, phrase := range masks {
		parsed.Title = strings.ReplaceAll(parsed.Title, mask, phrase)
	}
	if strings.TrimSpace(parsed.Title) == "" {
		parsed.Title = typed
	}
	return parsed, nil
}

// showUnderstood answers the composer while somebody types in it.
func (s *Server) showUnderstood(v *visit) error {
	q := v.r.URL.Query()
	typed := q.Get("title")
	plain := q["plain"]
	parsed, err := v.understand(typed, plain)
	if err != nil && fault.CodeOf(err) == fault.Unauthenticated {
		return err
	}
	chips := v.understoodChips(typed, parsed)
	for _, phrase := range plain {
		if phrase != "" && strings.Contains(typed, phrase) {
			chips = append(chips, view.Understood{Phrase: phrase, Label: s.text.Composer.AsText(phrase), Icon: "undo", Plain: true})
		}
	}
	return v.part(http.StatusOK, view.UnderstoodChips(v.page(""), chips))
}

// understoodChips are what was understood, each with the phrase that it stands for.
func (v *visit) understoodChips(typed string, parsed apiclient.Parsed) []view.Understood {
	runes := []rune(typed)
	var chips []view.Understood
	for _, span := range parsed.Spans {
		if span.Start < 0 || span.End > len(runes) || span.Start >= span.End {
			continue
		}
		chip := view.Understood{Phrase: string(runes[span.Start:span.End])}
		chip.Icon, chip.Label = v.understoodLabel(span.Kind, chip.Phrase, parsed)
		if chip.Label != "" {
			chips = append(chips, chip)
		}
	}
	return chips
}

func (v *visit) understoodLabel(kind, phrase string, parsed apiclient.Parsed) (icon, label string) {
	t := v.server.text
	switch kind {
	case spanDate:
		if parsed.DueAt != nil {
			return "calendar", v.locale.Day(v.now, *parsed.DueAt)
		}
		return "calendar", phrase
	case spanTime:
		if parsed.DueAt != nil && parsed.HasTime {
			return "clock", v.locale.Due(v.now, *parsed.DueAt) // the phrase may name the day, too
		}
		return "clock", phrase
	case spanRecurrence:
		return "repeat", v.ruleSentence(parsed)
	case spanReminder:
		switch {
		case parsed.RemindOffsetMinutes != nil:
			return "bell", t.Reminders.Before(*parsed.RemindOffsetMinutes)
		case parsed.RemindAt != nil:
			return "bell", v.locale.Moment(v.now, *parsed.RemindAt)
		}
		return "bell", phrase
	case spanPriority:
		if parsed.Priority != nil {
			return "flag", priorityName(*parsed.Priority, t.Priorities.High, t.Priorities.Medium, t.Priorities.Low)
		}
	case spanTag:
		return "tag", strings.TrimPrefix(phrase, "#")
	case spanCommand:
		if parsed.Intent == apiclient.IntentReminder && parsed.RemindAt != nil {
			return "bell", v.locale.Moment(v.now, *parsed.RemindAt)
		}
	}
	return "", ""
}

func priorityName(priority, high, medium, low string) string {
	switch priority {
	case apiclient.High:
		return high
	case apiclient.Low:
		return low
	}
	return medium
}

// ruleSentence is the rule in words; the rule itself when there are none to be had.
func (v *visit) ruleSentence(parsed apiclient.Parsed) string {
	if parsed.RRule == nil {
		return ""
	}
	start := startOfSeries(parsed)
	if start == "" {
		start = v.now.In(v.locale.Zone).Format(dateLayout)
	}
	preview, err := v.api.PreviewRule(v.r.Context(), *parsed.RRule, start, v.locale.Zone.String(), time.Time{}, 1)
	if err != nil {
		return *parsed.RRule
	}
	return preview.Description
}

// startOfSeries is the local time of the first occurrence, a date where no time is meant.
func startOfSeries(parsed apiclient.Parsed) string {
	switch {
	case parsed.DueAt == nil:
		return ""
	case parsed.HasTime:
		return parsed.DueAt.Format("2006-01-02T15:04:05")
	}
	return parsed.DueAt.Format(dateLayout)
}

// merge puts what was understood where nothing was chosen by hand.
func (v *visit) merge(in *taskForm, parsed apiclient.Parsed) {
	in.title = strings.TrimSpace(parsed.Title)
	if parsed.Priority != nil && in.priority == apiclient.Medium {
		in.priority = *parsed.Priority
	}
	for _, tag := range parsed.Tags {
		if !slices.ContainsFunc(in.tagNames, func(other string) bool { return strings.EqualFold(other, tag) }) {
			in.tagNames = append(in.tagNames, tag)
		}
	}
	if in.dueAt != nil {
		return
	}
	due := parsed.DueAt
	switch {
	case due == nil && parsed.Intent == apiclient.IntentReminder && parsed.RemindAt != nil:
		in.dueAt = parsed.RemindAt
	case due != nil && parsed.HasTime:
		in.dueAt = due
	case due != nil:
		year, month, day := due.In(v.locale.Zone).Date()
		end := v.locale.EndOfDay(year, month, day)
		in.dueAt = &end
	}
}

// addUnderstood adds what was typed: a task, perhaps with a reminder, or a series.
func (v *visit) addUnderstood(in taskForm, parsed apiclient.Parsed, key string) error {
	if parsed.Intent == apiclient.IntentRecurring && parsed.RRule != nil {
		return v.addUnderstoodSeries(in, parsed, key)
	}
	ctx := v.r.Context()
	task, err := v.api.CreateTask(ctx, apiclient.NewTask{
		Title: in.title, Priority: in.priority, DueAt: in.dueAt, Tags: in.tagNames,
	}, key)
	if err != nil {
		return err //nolint:wrapcheck // a fault of the api
	}
	c := change{did: didAdd, tasks: []apiclient.Task{task}}
	if reminder, wanted := understoodReminder(task, parsed); wanted {
		reminderKey := uuid.NewSHA1(uuid.NameSpaceOID, []byte(key+" reminder")).String()
		set, err := v.api.CreateReminder(ctx, reminder, reminderKey)
		switch {
		case err != nil:
			c.did, c.note = didAddNoReminder, asFault(saidOf(err)).Message
		case set.ScheduledFor != nil:
			c.did, c.note = didAddReminder, v.locale.Moment(v.now, *set.ScheduledFor)
		}
	}
	return v.changed(c)
}

func understoodReminder(task apiclient.Task, parsed apiclient.Parsed) (apiclient.NewReminder, bool) {
	in := apiclient.NewReminder{TaskID: task.ID}
	switch {
	case parsed.RemindAt != nil:
		in.RemindAt = parsed.RemindAt
	case parsed.RemindOffsetMinutes != nil && task.DueAt != nil:
		in.OffsetMinutes = parsed.RemindOffsetMinutes
	default:
		return in, false
	}
	return in, true
}

func (v *visit) addUnderstoodSeries(in taskForm, parsed apiclient.Parsed, key string) error {
	series := apiclient.NewSeries{
		Title: in.title, Priority: in.priority, Tags: in.tagNames, RRule: *parsed.RRule, Mode: parsed.Mode,
		DTStart: startOfSeries(parsed), Timezone: v.session.User.Timezone,
	}
	if in.due != "" {
		series.DTStart = startOf(in.due, in.time, in.errors, v.server.text.Fields)
	}
	if parsed.RemindOffsetMinutes != nil {
		series.ReminderOffsets = []int{*parsed.RemindOffsetMinutes}
	}
	made, err := v.api.CreateSeries(v.r.Context(), series, key)
	if err != nil {
		return err //nolint:wrapcheck // a fault of the api
	}
	if !v.byScript() {
		return v.redirect(with(with(v.back(), "did", didSeriesAdd), "series", made.ID.String()))
	}
	v.w.Header().Set("Hx-Trigger", "rondo:close")
	toast := view.Toast{Message: v.server.text.Toasts.SeriesRule(made.Title, made.RuleDescription)}
	return v.answerRoom(toast, view.ComposerKey(uuid.NewString(), true))
}
