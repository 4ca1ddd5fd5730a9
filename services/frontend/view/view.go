// Package view turns what the application knows into HTML. Its templates hold no
// logic besides choosing and repeating; what they show is prepared by package web.
//
//nolint:godoclint // templ's header stands where a second package comment would
package view

//go:generate env GOWORK=off go tool -modfile=../../../tools/toolchain/templ/go.mod templ generate

import (
	"encoding/json"
	"time"

	"github.com/a-h/templ"
	"github.com/google/uuid"

	"github.com/rondohq/rondo/services/frontend/apiclient"
	"github.com/rondohq/rondo/services/frontend/asset"
	"github.com/rondohq/rondo/services/frontend/text"
)

// The parts of a page that are replaced on their own, by the id of their element.
const (
	MainID     = "main"
	ListID     = "list"
	DetailID   = "detail-body"
	ComposerID = "composer"
)

// CSRFField and CSRFHeader carry the token of a form or of a call by script.
const (
	CSRFField  = "csrf"
	CSRFHeader = "X-Csrf-Token"
)

// FreshHeader asks for the account as it is now, not as the session remembers it.
const FreshHeader = "Rondo-Fresh"

// KeyField carries a form's Idempotency-Key.
const KeyField = "key"

// Page is what surrounds the content.
type Page struct {
	T      *text.Catalogue
	Assets *asset.Set
	Title  string
	Theme  string // light, dark or "" for the system's
	CSRF   string
	User   *apiclient.User // nil: not signed in
	Path   string          // of the room that is shown, to mark it and to come back to
	Back   string          // where a form without script returns to: path and query
	Tags   []apiclient.Tag
	Saved  []SavedFilter
	Toast  *Toast
	Unread int // notifications
	// ChatOpen: the conversation with the assistant stands beside the room.
	ChatOpen bool
	Now      time.Time // when the page was made
}

// Toast reports what was done; with Undo it can be taken back.
type Toast struct {
	Message string
	Undo    string // the steps back, for the form; "" where there are none
	// UndoPath takes the steps; "" is that for tasks.
	UndoPath string
	Alarm    bool // an error: it stays until it is dismissed
}

// Option is one choice of several.
type Option struct {
	Value, Label string
	Chosen       bool
}

// RoomView is a list of tasks with its surroundings.
type RoomView struct {
	Heading    string
	Subheading string
	Upcoming   bool      // the room has another view: the month
	Tag        *TagView  // in the room of a tag
	Composer   *Composer // nil: nothing is added here
	Filters    Filters
	List       List
}

// TagView is the tag whose room is shown.
type TagView struct {
	ID    uuid.UUID
	Name  string
	Count int // of its open tasks
	Error string
}

// Composer is the form for a new task, as it was last filled in.
type Composer struct {
	Key      string
	Title    string
	Due      string // yyyy-mm-dd
	Time     string // hh:mm
	Tags     string
	Priority string
	Errors   map[string]string // by the name of the input
	Problem  string            // concerning no input
}

// Understood is a part of a new task's text that means something.
type Understood struct {
	Phrase, Label, Icon string
	Plain               bool // it is left as text; a click gives it its meaning back
}

// Filters is the form that narrows the list.
type Filters struct {
	Path       string
	Search     string
	Statuses   []Option // nil: the room fixes it
	Priorities []Option
	Tags       []Option
	Dues       []Option // nil: the room fixes it
	Sorts      []Option // nil: the room fixes it
}

// Chip is an active filter and the URL without it.
type Chip struct{ Label, Without string }

// SavedFilter is a list that has a name.
type SavedFilter struct{ Name, Path string }

// List is a page of tasks.
type List struct {
	Saveable bool   // it is not the room as it usually is
	SavedAs  string // the name that it has
	URL      string // of this list
	Order    string // hand or day, where dragging means something
	Chips    []Chip
	Clear    string // URL without filters
	Groups   []Group
	More     string // URL of the next page, "" on the last
	Empty    *Empty
	Error    bool // the api did not answer
}

// Empty is what stands in place of no tasks.
type Empty struct {
	Title, Hint string
	Art         string // name of the drawing
	ActionLabel string
	ActionURL   string
}

// Group is a run of tasks under one heading; without one it has no Label.
type Group struct {
	Key   string
	Label string
	Alarm bool
	Tasks []Task
}

// Calendar is one month.
type Calendar struct {
	URL, Title              string
	Previous, Next, Current string // URLs
	Weekdays                []string
	Weeks                   [][]CalendarDay
	Full                    bool // more is to come than it shows
	Error                   bool // the api did not answer
}

// CalendarDay is a day of a month, or of the weeks that it begins and ends in.
type CalendarDay struct {
	Date, Number, Label string
	URL                 string // of all its tasks
	Tasks               []Task // the first, and what is to come among them
	Count, Coming       int    // of all its tasks, and of what is to come
	More                int    // how much of both it has besides
	Today, Outside      bool
}

// Task is a row.
type Task struct {
	ID       uuid.UUID
	Title    string
	Version  int64
	Status   string
	Done     bool
	Deleted  bool
	Subtask  bool
	Priority string
	Coming   string // an occurrence that is no task yet: the URL of its series; else ""
	Day      string // yyyy-mm-dd in lists that are sorted by day
	Notes    bool
	Due      *Due
	Tags     []string
}

// Due is a due date in words.
type Due struct {
	Label   string
	Machine string // RFC 3339
	Overdue bool
	Today   bool
}

// Detail is the form of one task, as it was last filled in.
type Detail struct {
	Task     Task
	Title    string
	Notes    string
	Date     string
	Time     string
	Priority string
	Tags     string
	Facts    []string // created, changed
	Errors   map[string]string
	Problem  string
	Dialog   bool // shown over a list, not as a page of its own

	Reminders  TaskReminderList
	Subtasks   []Task
	Parent     *Task
	Series     *Series // that the task is an occurrence of
	Occurrence string  // which one, RFC 3339
}

// Moment is a change in a task's history.
type Moment struct {
	When, Machine string
	What          []string
}

// Priorities are the choices, highest first.
func Priorities(t *text.Catalogue, chosen string) []Option {
	return []Option{
		{apiclient.High, t.Priorities.High, chosen == apiclient.High},
		{apiclient.Medium, t.Priorities.Medium, chosen == apiclient.Medium || chosen == ""},
		{apiclient.Low, t.Priorities.Low, chosen == apiclient.Low},
	}
}

// AccountForm is the form for signing in or up.
type AccountForm struct {
	Key         string
	Email       string
	DisplayName string
	Timezone    string
	Zones       []string
	Errors      map[string]string
	Problem     string
	Notice      string
}

// SettingsForm are the settings, and the form of one of their parts as it was last
// filled in.
type SettingsForm struct {
	Part        string // that what is wrong is about
	DisplayName string
	Timezone    string
	Zones       []string
	QuietFrom   string // hh:mm, "" for never
	QuietTo     string
	NotifyEmail bool

	EmailAvailable bool
	PushAvailable  bool
	PushKey        string
	Browsers       []Browser

	Tokens     []Token
	TokenName  string
	TokenScope string
	TokenDays  string
	Secret     string // of a token that has just been made
	Imported   string // what an import has made

	Feeds       []Feed
	FeedName    string
	FeedShow    string
	FeedAddress string // of a feed that has just been made

	Errors  map[string]string
	Problem string
}

// Token is an API token.
type Token struct {
	ID            uuid.UUID
	Name          string
	Writes        bool
	Used, Expires string
}

// Feed is a private calendar.
type Feed struct {
	ID    uuid.UUID
	Name  string
	Tasks bool // shown as tasks, not as events
	Used  string
}

// Browser is one that gets pushes.
type Browser struct {
	ID              uuid.UUID
	Endpoint, Since string
}

// Message is a page, or part of one, that only says something.
type Message struct {
	Title, Hint        string
	ActionLabel        string
	ActionURL          string
	Art                string
	KeepsTrying        string // URL to fetch until it works, ""
	KeepsTryingReplace string // selector of what that replaces
}

func taskURL(id uuid.UUID, action string) string {
	if action == "" {
		return "/tasks/" + id.String()
	}
	return "/tasks/" + id.String() + "/" + action
}

// tagPath is the path of a tag's room. Names are escaped as one path segment.
func tagPath(name string) string { return TagPath(name) }

func invalid(errors map[string]string, field string) string {
	if errors[field] != "" {
		return "true"
	}
	return "false"
}

func describedBy(errors map[string]string, prefix, field, hint string) string {
	if errors[field] != "" {
		return prefix + "-" + field + "-error"
	}
	return hint
}

// navigates makes a link that replaces the main part of the page.
func navigates(path string) templ.Attributes {
	return templ.Attributes{
		"hx-get": path, "hx-target": "#main", "hx-swap": "outerHTML show:window:top", "hx-push-url": "true",
	}
}

// plurals are the forms of a text by CLDR category, for script to choose from.
func plurals(forms map[string]string) string {
	encoded, err := json.Marshal(forms)
	if err != nil {
		return "{}" // strings can always be encoded
	}
	return string(encoded)
}

func current(active bool) templ.Attributes {
	if active {
		return templ.Attributes{"aria-current": "page"}
	}
	return nil
}
