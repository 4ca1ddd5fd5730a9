package text

import "strconv"

// English is the language in which the application is written.
func English() *Catalogue { //nolint:funlen // one value: the whole language
	titled := func(before, after string) func(string) string {
		return func(title string) string { return before + title + after }
	}
	counted := func(before, one, more string) func(int) string {
		return func(n int) string {
			if n == 1 {
				return before + "1" + one
			}
			return before + strconv.Itoa(n) + more
		}
	}
	return &Catalogue{
		Language: "en", Name: "Rondo",
		Skip: "Skip to the list", Menu: "Menu", Close: "Close", Save: "Save",
		Retry: "Try again", Back: "Back to the list",
		Rooms: Rooms{
			Navigation: "Rooms", Tabs: "Main rooms", Inbox: "All tasks", Today: "Today", Upcoming: "Upcoming", Done: "Done",
			Tags: "Tags", NoTags: "Tags that you give to tasks appear here.", Settings: "Settings",
			SignIn: "Sign in", SignUp: "Create an account", NotFound: "Not found",
			TagHeading: func(tag string) string { return "#" + tag },
			TagCount:   counted("", " task", " tasks"),
			TagOptions: "Tag options", RenameTag: "Rename", NewTagName: "New name", DeleteTag: "Delete tag",
			DeleteTagWarning: "Its tasks stay; they only lose the tag.",
		},
		Calendar: Calendar{
			Views: "Views", Agenda: "Agenda", Month: "Month", Previous: "Previous month", Next: "Next month",
			Full: "There are more tasks in this month than fit here.",
			More: counted("", " more", " more"),
			Day: func(label string, tasks int) string {
				if tasks == 0 {
					return label
				}
				return label + ", " + counted("", " task", " tasks")(tasks)
			},
		},
		When: When{
			Title: "When?", Short: "Due", Weekend: "Weekend", NextWeek: "Next week", None: "No date", Set: "Set",
			Of: titled("Reschedule “", "”"),
		},
		Bulk: Bulk{
			Label: "Selected tasks", Start: "Select tasks", Clear: "Clear the selection",
			TagName: "Tag", TagPlaceholder: "A tag, such as home", AddTag: "Add", RemoveTag: "Remove",
			Select: titled("Select “", "”"),
			Count:  map[string]string{"one": "# selected", "other": "# selected"},
		},
		Composer: Composer{
			Label: "Add a task", Placeholder: "What needs doing?", Due: "Due date", Time: "Time",
			Priority: "Priority", Tags: "Tags", TagsPlaceholder: "Tags, such as home, work", Add: "Add task",
		},
		Filters: Filters{
			Search: "Search tasks", SearchPlaceholder: "Search", Open: "Filter", Label: "Filters", Sort: "Sort by",
			Apply: "Apply", Clear: "Clear all",
			Status: "Status", StatusOpen: "Open", StatusDone: "Done", StatusDeleted: "Deleted", StatusAny: "Any",
			Priority: "Priority", Tags: "Tags", Due: "Due", DueAny: "Any time", DueOverdue: "Overdue",
			DueToday: "Today", DueWeek: "Next 7 days",
			SortNewest: "Newest first", SortOldest: "Oldest first", SortDue: "Due date", SortPriority: "Priority",
			SortTitle: "Title", SortChanged: "Last changed", SortHand: "By hand",
			Active:     "Active filters",
			Remove:     titled("Remove filter: ", ""),
			SearchChip: titled("“", "”"),
		},
		Task: Task{
			Title: "Title", Notes: "Notes", NotesPlaceholder: "Anything worth remembering", Due: "Due date",
			Time: "Time", Priority: "Priority", Tags: "Tags", TagsHint: "Separate tags with commas.",
			TimeHint: "Without a time, the task is due at the end of the day.",
			Detail:   "Task details", Deleted: "Deleted", Overdue: "Overdue",
			Complete: titled("Complete “", "”"), Reopen: titled("Reopen “", "”"),
			Delete: titled("Delete “", "”"), Edit: titled("Rename “", "”"), Open: titled("Open “", "”"),
			DeleteShort: "Delete", ReopenShort: "Reopen", CompleteShort: "Complete",
			Created: titled("Created: ", ""), Changed: titled("Changed: ", ""), CompletedOn: titled("Done: ", ""),
			HasNotes: "Has notes", ListLabel: "Tasks", More: "Show more", Subtask: "Subtask",
			Stale: "This task was changed elsewhere since you opened it. Your version is below; saving again keeps yours.",
		},
		Empty: Empty{
			InboxTitle: "A clear head", InboxHint: "Write down the first thing on your mind; it will be kept for you.",
			TodayTitle: "Nothing due today", TodayHint: "Enjoy the day, or add what you want to get done.",
			UpcomingTitle: "Nothing on the horizon", UpcomingHint: "Tasks with a due date after today appear here, day by day.",
			DoneTitle: "Nothing done yet", DoneHint: "What you complete is kept here. You can always reopen it.",
			TagTitle: "No open tasks with this tag", TagHint: "Add one here and it gets the tag.",
			FilteredTitle: "No task matches", FilteredHint: "Loosen the filters to see more.",
			SearchTitle:      titled("Nothing found for “", "”"),
			SearchHint:       "Check the spelling, or look further.",
			SearchEverywhere: "Search done and deleted tasks too",
		},
		Toasts: Toasts{
			Region: "Messages", Undo: "Undo", Dismiss: "Dismiss",
			Added: titled("Added “", "”"), Completed: titled("Completed “", "”"), Deleted: titled("Deleted “", "”"),
			Reopened: titled("Reopened “", "”"), Restored: titled("Put back “", "”"), Saved: titled("Saved “", "”"),
			Prioritised: titled("Changed the priority of “", "”"), Tagged: titled("Changed the tags of “", "”"),
			Moved: titled("Moved “", "”"), Unscheduled: titled("“", "” has no due date now"),
			Rescheduled:   func(title, when string) string { return "“" + title + "” is due " + when },
			CompletedMany: counted("Completed ", " task", " tasks"), DeletedMany: counted("Deleted ", " task", " tasks"),
			ReopenedMany: counted("Reopened ", " task", " tasks"), RestoredMany: counted("Put back ", " task", " tasks"),
			PrioritisedMany: counted("Changed the priority of ", " task", " tasks"),
			TaggedMany:      counted("Changed the tags of ", " task", " tasks"),
			RescheduledMany: counted("Rescheduled ", " task", " tasks"),
			SomeFailed:      counted("", " of them could not be changed.", " of them could not be changed."),
			TagRenamed:      "Tag renamed", TagDeleted: "Tag deleted", SettingsSaved: "Settings saved",
			SignedOut: "You are signed out.",
			Offline:   "Rondo did not answer. Check your connection and try again in a moment.",
			Unknown:   "Something went wrong. Please try again.",
		},
		Account: Account{
			SignInTitle: "Welcome back", SignInLead: "Sign in to see your tasks.", SignIn: "Sign in",
			NoAccount: "New here?", SignUpTitle: "Create your account",
			SignUpLead: "One place for everything you have to do.", SignUp: "Create account",
			HaveAccount: "Have an account?", SignOut: "Sign out",
			Email: "Email", Password: "Password", PasswordHint: "At least 10 characters.",
			DisplayName: "Name", NamePlaceholder: "What should we call you?",
			Timezone: "Time zone", TimezoneHint: "“Today” and due times follow this zone.",
			Promise1:      "Write it down, and it is off your mind.",
			Promise2:      "Every open tab is up to date, as it happens.",
			Promise3:      "Quick from the keyboard, calm to look at.",
			SettingsTitle: "Settings", Profile: "Profile", Appearance: "Appearance", Theme: "Theme",
			ThemeSystem: "System", ThemeLight: "Light", ThemeDark: "Dark", Menu: "Account",
			Expired: "You were signed out after a while. Please sign in again.",
		},
		Keys: Keys{
			Title: "Keyboard shortcuts", Add: "Add a task", Search: "Search", Next: "Next task", Previous: "Previous task",
			Toggle: "Complete or reopen", Open: "Open details", Rename: "Rename", Delete: "Delete", Undo: "Undo",
			Schedule: "Choose a due date", Priority: "High, medium, low priority", Tag: "Add or remove a tag",
			Move: "Move up or down, or a day on", Select: "Select", SelectMore: "Select more", SelectAll: "Select all",
			GoCalendar: "Go to the month", GoSettings: "Go to settings",
			GoInbox: "Go to all tasks", GoToday: "Go to today", GoUpcoming: "Go to upcoming", GoDone: "Go to done",
			Help: "Show these keys", Escape: "Close, or leave a field",
		},
		Errors: Errors{
			UnreachableTitle: "Your tasks cannot be reached right now",
			UnreachableHint:  "They are safe; the service that keeps them is not answering. This page keeps trying.",
			NotFoundTitle:    "There is nothing here", NotFoundHint: "The page may have moved, or the task belongs to somebody else.",
			TaskGone:        "That task is no longer there.",
			ForgeryTitle:    "This page has been open for too long",
			ForgeryHint:     "For your safety nothing was changed. Go back, reload the page and try again.",
			InternalTitle:   "Something went wrong on our side",
			InternalHint:    "It has been recorded. Please try again in a moment.",
			TooMany:         "Too many attempts. Please wait a moment and try again.",
			TooLarge:        "That is too much text. Please shorten it.",
			WrongPassword:   "Email and password do not match. Check both and try again.",
			EmailTaken:      "There is an account with this email already. Sign in instead?",
			Sessions:        "Signing in is not possible right now. Please try again in a moment.",
			Check:           "Please check the marked fields.",
			TagTaken:        "You have a tag with this name already.",
			NotAllowed:      "That is not possible here.",
			NothingSelected: "No task is selected.",
			TooManySelected: counted("Please select at most ", " task.", " tasks."),
			ConflictHint:    "That does not fit with what is there now. The list shows the newest state.",
		},
		Fields: Fields{
			Required: "Please fill this in.", TitleLong: "At most 255 characters, please.",
			NotesLong: "At most 2,000 characters, please.", Email: "This does not look like an email address.",
			PasswordShort: "At least 10 characters, please.", Date: "This is not a date.", Time: "This is not a time.",
			TimeWithoutDate: "A time needs a date.", Priority: "Choose high, medium or low.",
			Timezone: "Choose a time zone from the list.", NameLong: "At most 100 characters, please.",
			TagLong: "Tags are short: at most 50 characters each, without commas.",
		},
		Days: Days{
			Today: "Today", Tomorrow: "Tomorrow", Yesterday: "Yesterday",
			Weekdays: [7]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
			Months: [12]string{
				"January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
				"November", "December",
			},
			MonthsShort: [12]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
			Short:       func(weekday string) string { return weekday[:3] },
			At:          func(day, time string) string { return day + ", " + time },
		},
		Priorities: Priorities{High: "High", Medium: "Medium", Low: "Low"},
	}
}
