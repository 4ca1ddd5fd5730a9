package web

import (
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/frontend/apiclient"
	"github.com/rondohq/rondo/services/frontend/text"
)

// The limits of services/api/openapi.yaml, checked here so that a form answers at once. The
// api checks them again.
const (
	maxTitle   = 255
	maxNotes   = 2000
	maxTag     = 50
	maxName    = 100
	minSecret  = 10
	dateLayout = "2006-01-02"
	timeLayout = "15:04"
)

// taskForm is a task as it was typed.
type taskForm struct {
	title, notes, due, time, priority, tags string

	dueAt    *time.Time
	tagNames []string
	errors   map[string]string // by the name of the input
}

// readTask reads and checks the inputs of a task.
func readTask(form url.Values, locale text.Locale) taskForm {
	t := locale.Catalogue.Fields
	in := taskForm{
		title: strings.TrimSpace(form.Get("title")), notes: strings.ReplaceAll(form.Get("description"), "\r\n", "\n"),
		due: form.Get("due"), time: form.Get("time"), priority: form.Get("priority"), tags: form.Get("tags"),
		errors: map[string]string{},
	}
	if message := checkTitle(in.title, t); message != "" {
		in.errors["title"] = message
	}
	if utf8.RuneCountInString(in.notes) > maxNotes {
		in.errors["description"] = t.NotesLong
	}
	if in.priority == "" {
		in.priority = apiclient.Medium
	}
	if !slices.Contains([]string{apiclient.High, apiclient.Medium, apiclient.Low}, in.priority) {
		in.errors["priority"] = t.Priority
	}
	in.readTags(t)
	in.readDue(locale)
	return in
}

func checkTitle(title string, t text.Fields) string {
	switch {
	case title == "":
		return t.Required
	case utf8.RuneCountInString(title) > maxTitle:
		return t.TitleLong
	}
	return ""
}

// readTags splits at commas. A leading # is how people write a tag, not part of it.
func (in *taskForm) readTags(t text.Fields) {
	for name := range strings.SplitSeq(in.tags, ",") {
		name = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(name), "#"))
		if name == "" {
			continue
		}
		if utf8.RuneCountInString(name) > maxTag {
			in.errors["tags"] = t.TagLong
		}
		same := func(other string) bool { return strings.EqualFold(other, name) }
		if !slices.ContainsFunc(in.tagNames, same) {
			in.tagNames = append(in.tagNames, name)
		}
	}
}

// readDue joins day and time in the person's zone. A time that a change of the
// clocks leaves out moves on by what they skip (package time, Date).
func (in *taskForm) readDue(locale text.Locale) {
	t := locale.Catalogue.Fields
	if in.due == "" {
		if in.time != "" {
			in.errors["due"] = t.TimeWithoutDate
		}
		return
	}
	day, err := time.Parse(dateLayout, in.due)
	if err != nil {
		in.errors["due"] = t.Date
		return
	}
	year, month, dayOfMonth := day.Date()
	due := locale.EndOfDay(year, month, dayOfMonth)
	if in.time != "" {
		clock, err := time.Parse(timeLayout, in.time)
		if err != nil {
			in.errors["time"] = t.Time
			return
		}
		due = time.Date(year, month, dayOfMonth, clock.Hour(), clock.Minute(), 0, 0, locale.Zone)
	}
	in.dueAt = &due
}

// change is what differs from the task as it is.
func (in *taskForm) change(task apiclient.Task, locale text.Locale) apiclient.Change {
	change := apiclient.Change{}
	if in.title != task.Title {
		change["title"] = in.title
	}
	if in.notes != task.Description {
		change["description"] = in.notes
	}
	if in.priority != task.Priority {
		change["priority"] = in.priority
	}
	if date, clock := dueInputs(task.DueAt, locale); date != in.due || clock != in.time {
		change["due_at"] = in.dueAt
	}
	if in.tags != tagInput(task.Tags) {
		change["tags"] = append([]string{}, in.tagNames...)
	}
	return change
}

// dueInputs are the values of the inputs for day and time.
func dueInputs(due *time.Time, locale text.Locale) (date, clock string) {
	if due == nil {
		return "", ""
	}
	local := due.In(locale.Zone)
	if locale.HasTime(*due) {
		clock = local.Format(timeLayout)
	}
	return local.Format(dateLayout), clock
}

func tagInput(tags []string) string { return strings.Join(tags, ", ") }

// shown are the inputs beside which a message can stand.
var shown = []string{
	"title", "description", "due", "time", "priority", "tags", "email", "password", "display_name", "timezone",
	"current_password",
}

// inputs maps the api's names of fields to those of the forms.
var inputs = map[string]string{"due_at": "due"}

// explain puts a refusal of the api beside the inputs that it names. What it
// says of others, or of none, is the second value.
func explain(err error, errors map[string]string, t *text.Catalogue) string {
	f := asFault(err)
	rest := len(f.Fields) == 0
	for _, field := range f.Fields {
		name, _, _ := strings.Cut(field.Name, "[") // "tags[2]"
		if renamed, ok := inputs[name]; ok {
			name = renamed
		}
		message := fieldMessage(name, field.Message, t.Fields)
		if !slices.Contains(shown, name) {
			rest = true
			continue
		}
		errors[name] = message
	}
	if rest {
		return sentence(t, f)
	}
	return ""
}

// fieldMessage is our own words for what the api says of an input, where the
// input says it all.
func fieldMessage(name, message string, t text.Fields) string {
	switch name {
	case "email":
		return t.Email
	case "password":
		return t.PasswordShort
	case "timezone":
		return t.Timezone
	case "current_password":
		return t.WrongPassword
	case "priority":
		return t.Priority
	}
	if message == "" {
		return t.Required
	}
	first, size := utf8.DecodeRuneInString(message)
	return strings.TrimSuffix(strings.ToUpper(string(first))+message[size:], ".") + "."
}

// refusedInput says that the api found fault with what was typed, so that the
// form should be shown again.
func refusedInput(err error) bool {
	switch fault.CodeOf(err) {
	case fault.Invalid, fault.Unprocessable, fault.Conflict, fault.TooLarge:
		return true
	case fault.Unauthenticated, fault.Forbidden, fault.NotFound, fault.MethodNotAllowed, fault.Stale,
		fault.UnsupportedMedia, fault.RateLimited, fault.Unavailable, fault.Internal:
	}
	return false
}

func tooLong(s string, limit int) bool { return utf8.RuneCountInString(s) > limit }

func tooShort(s string, limit int) bool { return utf8.RuneCountInString(s) < limit }
