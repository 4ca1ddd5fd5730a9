package view

import "net/url"

// The paths of the rooms.
const (
	InboxPath    = "/tasks"
	TodayPath    = "/today"
	UpcomingPath = "/upcoming"
	CalendarPath = "/calendar"
	DonePath     = "/done"
	SettingsPath = "/settings"
	SignInPath   = "/sign-in"
	SignUpPath   = "/sign-up"
)

// TagPath is the path of a tag's room.
func TagPath(name string) string { return "/tags/" + url.PathEscape(name) }

// room is an entry of the navigation. What drops there gets the action.
type room struct{ path, icon, label, drop string }

func rooms(p Page) []room {
	return []room{
		{InboxPath, "inbox", p.T.Rooms.Inbox, ""},
		{TodayPath, "today", p.T.Rooms.Today, "due:today"},
		{UpcomingPath, "upcoming", p.T.Rooms.Upcoming, "due:tomorrow"},
		{DonePath, "done", p.T.Rooms.Done, "complete"},
	}
}
