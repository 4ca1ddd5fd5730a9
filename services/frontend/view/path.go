package view

import (
	"net/url"

	"github.com/google/uuid"
)

// The paths of the rooms.
const (
	InboxPath    = "/tasks"
	TodayPath    = "/today"
	UpcomingPath = "/upcoming"
	CalendarPath = "/calendar"
	DonePath     = "/done"

	QuickAddPath  = "/quick-add"
	AroundPath    = "/around"
	RecurringPath = "/recurring"
	NewSeriesPath = "/recurring/new"
	PreviewPath   = "/recurring/preview"
	RemindersPath = "/reminders"
	NoticesPath   = "/notifications"

	ChatPath = "/chat"

	SettingsPath = "/settings"
	SignInPath   = "/sign-in"
	SignUpPath   = "/sign-up"
)

// TagPath is the path of a tag's room.
func TagPath(name string) string { return "/tags/" + url.PathEscape(name) }

// SeriesPath is the path of a series, or of an action on it.
func SeriesPath(id uuid.UUID, action string) string {
	if action == "" {
		return RecurringPath + "/" + id.String()
	}
	return RecurringPath + "/" + id.String() + "/" + action
}

// SeriesFrom is the path for changing a series from an occurrence on, or that alone.
func SeriesFrom(id uuid.UUID, occurrence string) string {
	return SeriesPath(id, "") + FromOccurrence(occurrence)
}

// FromOccurrence follows the path of a series; see SeriesFrom.
func FromOccurrence(occurrence string) string {
	return "?" + url.Values{"from": {occurrence}}.Encode() + "#change"
}

func undoPath(t Toast) string {
	if t.UndoPath == "" {
		return "/undo"
	}
	return t.UndoPath
}

func seriesAction(f SeriesForm) string {
	if f.ID == uuid.Nil {
		return RecurringPath
	}
	return SeriesPath(f.ID, "")
}

// room is an entry of the navigation. What drops there gets the action.
type room struct{ path, icon, label, drop string }

func rooms(p Page) []room {
	return []room{
		{InboxPath, "inbox", p.T.Rooms.Inbox, ""},
		{TodayPath, "today", p.T.Rooms.Today, "due:today"},
		{UpcomingPath, "upcoming", p.T.Rooms.Upcoming, "due:tomorrow"},
		{RecurringPath, "repeat", p.T.Rooms.Recurring, ""},
		{RemindersPath, "clock", p.T.Rooms.Reminders, ""},
		{NoticesPath, "bell", p.T.Rooms.Notifications, ""},
		{DonePath, "done", p.T.Rooms.Done, "complete"},
	}
}

// tabs are the rooms that a phone has at hand.
func tabs(p Page) []room {
	return []room{
		{InboxPath, "inbox", p.T.Rooms.Inbox, ""},
		{TodayPath, "today", p.T.Rooms.Today, ""},
		{UpcomingPath, "upcoming", p.T.Rooms.Upcoming, ""},
		{NoticesPath, "bell", p.T.Rooms.Notifications, ""},
	}
}
