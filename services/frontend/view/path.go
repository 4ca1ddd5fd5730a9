package view

import "net/url"

// The paths of the rooms.
const (
	InboxPath    = "/tasks"
	TodayPath    = "/today"
	UpcomingPath = "/upcoming"
	DonePath     = "/done"
	SettingsPath = "/settings"
	SignInPath   = "/sign-in"
	SignUpPath   = "/sign-up"
)

// TagPath is the path of a tag's room.
func TagPath(name string) string { return "/tags/" + url.PathEscape(name) }

// room is an entry of the navigation.
type room struct{ path, icon, label, key string }

func rooms(p Page) []room {
	return []room{
		{InboxPath, "inbox", p.T.Rooms.Inbox, "a"},
		{TodayPath, "today", p.T.Rooms.Today, "t"},
		{UpcomingPath, "upcoming", p.T.Rooms.Upcoming, "u"},
		{DonePath, "done", p.T.Rooms.Done, "d"},
	}
}
