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
			Recurring: "Recurring", Reminders: "Reminders", Notifications: "Notifications",
			Tags: "Tags", NoTags: "Tags that you give to tasks appear here.", Settings: "Settings",
			SignIn: "Sign in", SignUp: "Create an account", NotFound: "Not found",
			TagHeading: func(tag string) string { return "#" + tag },
			TagCount:   counted("", " task", " tasks"),
			TagOptions: "Tag options", RenameTag: "Rename", NewTagName: "New name", DeleteTag: "Delete tag",
			DeleteTagNow: "Delete the tag",
			DeleteTagWarning: func(name string, tasks int) string {
				return "Its tasks stay, and lose #" + name + counted(" (", " open task)", " open tasks)")(tasks) + ". This cannot be undone."
			},
		},
		Offline: Offline{
			Title: "You are offline",
			Hint: "This page has not been open on this device before. The rooms that you have visited are there; " +
				"others come back with the connection.",
			Kept: "Kept on this device. It is sent when you are back online.", Conflict: "A change that you made offline could not be sent.",
			Waiting: map[string]string{"one": "# change waits to be sent. Try now", "other": "# changes wait to be sent. Try now"},
		},
		Settings: Settings{
			Feeds: "Calendar feeds", FeedsHint: "Private addresses from which a calendar program reads what you have to do.",
			FeedAddress: "Add this address to your calendar program. It is shown this once:", FeedName: "Name", FeedShow: "Shown as",
			FeedEvents: "Events", FeedTasks: "Tasks", AddFeed: "Create feed", ExportICS: "Export as iCalendar",
			Password: "Password", CurrentPassword: "Current password", NewPassword: "New password", NotPassword: "This is not your password.",
			Quiet: "Quiet hours", QuietHint: "Nothing rings in them: reminders wait in the application, and other channels until they end.",
			QuietFrom: "From", QuietTo: "To", QuietOff: "No quiet hours", QuietSame: "Choose another time than the first one.",
			Channels: "Notifications", Email: "By e-mail", EmailHint: "Reminders come by e-mail, too.",
			EmailAway: "This Rondo is not set up to send e-mail.", PushTitle: "In this browser",
			PushHint: "Reminders come up also while no tab is open.", PushOn: "Turn on", PushOff: "Turn off",
			PushAway:   "This Rondo is not set up to push.",
			PushDenied: "The browser does not allow it. Change that in its settings for this page.",
			SwitchOn:   "Turn on", SwitchOff: "Turn off", ThisBrowser: "this browser",
			BrowserSince: titled("A browser, since ", ""),
			Tokens:       "API tokens", TokensHint: "For scripts and other programs. Treat each like a password.",
			TokenName: "What for", TokenScope: "Access", ScopeRead: "Read only", ScopeWrite: "Read and write", TokenDays: "Expires",
			Never: "Never", AddToken: "Create token", Secret: "The new token, shown this once. Copy it now:", Copy: "Copy", Copied: "Copied",
			Days: counted("In ", " day", " days"), Revoke: titled("Revoke “", "”"), RevokeShort: "Revoke", RevokeNow: "Revoke now",
			RevokeToken: titled("Programs that use “", "” are locked out at once, and it cannot come back."),
			RevokeFeed:  titled("Programs that read “", "” get nothing any more, and the address cannot come back."),
			NeverUsed:   "never used", NeverExpires: "never expires", Expired: "has expired", LastUsed: titled("last used ", ""),
			Expires: titled("expires ", ""),
			Data:    "Your data", DataHint: "All your tasks and tags, in a file that other programs can read.", ExportJSON: "Export as JSON",
			ExportCSV: "Export as CSV", Import: "Import",
			ImportHint: "An export of Rondo, or a table with a column “title”. Tasks that you have already are skipped.",
			File:       "JSON, CSV or iCalendar file", ChooseFile: "Choose a file first.",
			Imported: func(created, skipped int) string {
				return counted("Imported ", " task", " tasks")(created) + counted("; skipped ", ".", ".")(skipped)
			},
			Delete:         "Delete my account",
			DeleteHint:     "Everything is deleted at once and for good: tasks, series, reminders, tokens. Export first what you want to keep.",
			DeletePassword: "Your password, to be sure that it is you", DeleteAct: "Delete everything",
			Gone: "Your account is deleted. Thank you for having been here.",
		},
		Recurring: Recurring{
			Lead: "Each makes a task whenever it is time.", New: "New recurring task",
			EmptyTitle: "Nothing repeats yet", EmptyHint: "Rent, plants, reviews: make it once, and it comes back by itself.",
			Failing: "The last try to make a task failed. It is tried again; check the rule if this stays.",
			Ended:   "This series has ended; what it has made stays.",
			Resume:  titled("Resume “", "”"), Pause: titled("Pause “", "”"), Skip: titled("Skip the next time of “", "”"),
			Cancel: titled("End “", "”"), SkipAt: titled("Skip ", ""), ChangeFrom: titled("Change ", " or from then on"),
			ResumeShort: "Resume", PauseShort: "Pause", SkipShort: "Skip", CancelShort: "End", Change: "Change",
			ChangeHeading: "Change this recurring task", Upcoming: "To come", Past: "So far",
			PausedNow: "Paused", WaitsNow: "After the open one is done", OverNow: "Ended", PendingNow: "Being scheduled",
			NextAt: titled("Next: ", ""),
			Counts: func(made, skipped, missed int) string {
				said := counted("Made ", " task so far", " tasks so far")(made)
				if skipped > 0 {
					said += counted(", skipped ", "", "")(skipped)
				}
				if missed > 0 {
					said += counted(", missed ", "", "")(missed)
				}
				return said + "."
			},
			Start: "First on", Repeat: "Repeats", Every: "Every", Unit: "Unit", OnWeekdays: "On", InMonths: "In (every month if none)",
			OnMonthDays: "On", Nth: "Which", NthDay: "Day",
			Daily: "Every day", Weekdays: "Weekdays", Weekly: "Every week", Biweekly: "Every 2 weeks", Monthly: "Every month",
			Yearly: "Every year", Custom: "Custom", AsRule: "RRULE",
			Days: "days", Weeks: "weeks", Months: "months", Years: "years",
			SameDay: "The same day", OnDays: "Days of the month", OnNth: "A weekday", MonthDaysHint: "-1 is the last day.",
			AnyDay: "day", AnyWeekday: "weekday", First: "first", Second: "second", Third: "third", Fourth: "fourth", Last: "last",
			LastButOne: "last but one", RuleLabel: "Rule", RuleHint: "As RFC 5545 writes it.",
			Ends: "Ends", Never: "Never", OnDate: "On a date", AfterTimes: "After", Times: "times",
			Mode: "Counts from", FromDue: "The due date", FromCompletion: "When I finish it",
			More: "More", IfPending: "When the one before is still open", PendingSkip: "Skip it, and note so",
			PendingCreate: "Make it all the same", CatchUp: "When Rondo was not running at the time", CatchLatest: "Make the latest one",
			CatchAll: "Make them all", CatchNone: "Let them go",
			ScopeLegend: titled("Change for ", ""), ScopeThis: "Only this one", ScopeFollowing: "This and all that follow",
			ScopeAll: "The whole series",
			Next:     "The next times", ThenOver: "Then it is over.", RuleRequired: "Write a rule, such as FREQ=DAILY.",
			IntervalWrong: "A whole number from 1 to 1,000, please.", MonthDaysWrong: "Days from 1 to 31, or -1 for the last one, please.",
			CountWrong:  "A whole number from 1 to 10,000, please.",
			Stale:       "This series was changed elsewhere since you opened it. Your version is below; saving again keeps yours.",
			AfterFinish: titled("", ", counted from completion"),
			InZone:      func(sentence, zone string) string { return sentence + " (" + zone + ")" },
		},
		History: History{
			Heading: "History", Show: "Show the history", Created: "Created", Notes: "Notes changed", Moved: "Moved in the list",
			Parent: "Moved below another task", Nothing: "none",
			Changed: func(field, before, after string) string { return field + ": " + before + " → " + after },
		},
		Reminders: Reminders{
			Heading: "Reminders", Lead: "What you will be told of, and when.", EmptyTitle: "No reminders set",
			EmptyHint: "Open a task to be reminded of it, or write “remind me at 5 to call Tom” when you add one.",
			AtDue:     "When it is due", Add: "Add", AtTime: "At a time", None: "None", NeedsDue: "Give the task a due date first.",
			NoDue: "Waits for a due date", Cancelled: titled("Cancelled: ", ""),
			Before: func(minutes int) string {
				const hour, day = 60, 24 * 60
				switch {
				case minutes == 0:
					return "When it is due"
				case minutes%day == 0:
					return counted("", " day before", " days before")(minutes / day)
				case minutes%hour == 0:
					return counted("", " hour before", " hours before")(minutes / hour)
				}
				return counted("", " minute before", " minutes before")(minutes)
			},
			Cancel: titled("Cancel the reminder of “", "”"), Snooze: "Snooze", SnoozeTitle: "Remind me again",
			When: titled("", ""),
		},
		Notices: Notices{
			Lead: "What you were told.", EmptyTitle: "All quiet", EmptyHint: "Reminders that have come up are kept here.",
			ReadAll: "Mark all as read", Done: "Done", Snooze: "Snooze", SnoozeTen: "10 minutes", SnoozeHour: "1 hour",
			SnoozeTomorrow: "Tomorrow at 9:00", Missed: "Missed", Unread: "Unread",
			Count: counted("", " unread notification", " unread notifications"),
		},
		Calendar: Calendar{
			Views: "Views", Agenda: "Agenda", Month: "Month", Previous: "Previous month", Next: "Next month",
			Full: "More is to come in this month than fits here.",
			More: counted("", " more", " more"),
			Day: func(label string, tasks, coming int) string {
				if tasks > 0 {
					label += ", " + counted("", " task", " tasks")(tasks)
				}
				if coming > 0 {
					label += ", " + strconv.Itoa(coming) + " to come"
				}
				return label
			},
		},
		Chat: Chat{
			Title: "Assistant", Open: "Ask the assistant", Close: "Close the assistant", New: "New conversation",
			History: "Earlier conversations", HistoryEmpty: "What you talk about is kept here for 30 days.", Back: "Back to the conversation",
			Log: "Conversation", Field: "Message to the assistant", Placeholder: "Say what you have to do, or ask",
			Send: "Send", Stop: "Stop the answer",
			Speak: "Speak", SpeakDenied: "The browser does not allow it. Change that in its settings for this page.",
			Greeting:  "What is on your mind?",
			ModelHint: "Say it in your own words. I can add, find and change tasks, let them repeat, and remind you.",
			RulesHint: "No language model is set up here, so I go by rules: I understand plain commands such as these, and say so when I do not.",
			Examples: []string{
				"Team sync every Friday at 2 PM", "Call Tom tomorrow at 5 PM, remind me 15 minutes before",
				"Finish the slides by Thursday #work high priority",
			},
			Questions: []string{"What is due today?", "What is overdue?"},
			You:       "You", Answer: "Assistant", Working: "Thinking", Confirm: "Confirm", Cancel: "Leave it", Again: "Try again",
			Stopped:     "Stopped.",
			Suggestions: "What you could say", WaitsForYou: "Nothing has been changed yet.",
			Forget:      titled("Delete the conversation “", "”"),
			Unreachable: "The assistant cannot be reached. Your tasks are safe; this is tried again.",
			Busy:        "The answer before is still being made. Wait for it, or stop it.",
			Long:        "That is too long for one message. At most 4,000 characters, please.", Empty: "Write something first.",
			Gone:      "This conversation is no longer there.",
			MoreCards: counted("and ", " more", " more"),
			ReminderStatus: map[string]string{
				"sent": "Has come", "missed": "Missed", "suppressed": "No longer needed", "failed": "Could not be delivered",
				"cancelled": "Cancelled",
			},
			Tools: map[string]ToolText{
				"create_task":           {"Adding a task", "Added a task", "Could not add the task"},
				"find_tasks":            {"Looking through your tasks", "Looked through your tasks", "Could not look through your tasks"},
				"find_task":             {"Looking at a task", "Looked at a task", "Could not look at the task"},
				"update_tasks":          {"Changing tasks", "Changed", "Could not change this"},
				"complete_tasks":        {"Completing", "Completed", "Could not complete this"},
				"reopen_tasks":          {"Reopening", "Reopened", "Could not reopen this"},
				"cancel_tasks":          {"Deleting", "Deleted", "Could not delete this"},
				"summarise_day":         {"Looking at your day", "Looked at your day", "Could not look at your day"},
				"create_recurring_task": {"Adding a recurring task", "Added a recurring task", "Could not add the recurring task"},
				"find_recurring_tasks":  {"Looking through what repeats", "Looked through what repeats", "Could not look through what repeats"},
				"find_recurring_task":   {"Looking at a recurring task", "Looked at a recurring task", "Could not look at the recurring task"},
				"pause_recurring_task":  {"Pausing", "Paused", "Could not pause this"},
				"resume_recurring_task": {"Resuming", "Resumed", "Could not resume this"},
				"skip_occurrence":       {"Skipping", "Skipped", "Could not skip this"},
				"cancel_recurring_task": {"Ending a recurring task", "Ended a recurring task", "Could not end the recurring task"},
				"create_reminder":       {"Setting a reminder", "Set a reminder", "Could not set the reminder"},
				"find_reminders":        {"Looking through your reminders", "Looked through your reminders", "Could not find reminders"},
				"snooze_reminder":       {"Snoozing a reminder", "Snoozed a reminder", "Could not snooze the reminder"},
				"cancel_reminder":       {"Cancelling a reminder", "Cancelled a reminder", "Could not cancel the reminder"},
				"find_tags":             {"Looking through your tags", "Looked through your tags", "Could not look through your tags"},
			},
			Other: ToolText{"Working on it", "Done", "This did not work"},
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
			Label: "Add a task", Placeholder: "What needs doing? Try “Call Tom tomorrow at 5”", Due: "Due date", Time: "Time",
			Priority: "Priority", Tags: "Tags", TagsPlaceholder: "Tags, such as home, work", Add: "Add task",
			Understood: "What was understood", AsText: titled("“", "” is text"), GiveMeaning: titled("Read “", "” again"),
			LeaveAsText: func(label, phrase string) string { return label + ": leave “" + phrase + "” as text" },
		},
		Filters: Filters{
			Search: "Search tasks", SearchPlaceholder: "Search", Open: "Filter", Label: "Filters", Sort: "Sort by",
			Apply: "Apply", Clear: "Clear all",
			Status: "Status", StatusOpen: "Open", StatusDone: "Done", StatusDeleted: "Deleted", StatusAny: "Any",
			Priority: "Priority", Tags: "Tags", Due: "Due", DueAny: "Any time", DueOverdue: "Overdue",
			DueToday: "Today", DueWeek: "Next 7 days",
			SortNewest: "Newest first", SortOldest: "Oldest first", SortDue: "Due date", SortPriority: "Priority",
			SortTitle: "Title", SortChanged: "Last changed", SortHand: "By hand",
			Active: "Active filters", Save: "Save", SaveName: "Name of this list", Saved: "Saved lists", Unsave: "Forget this list",
			Named:      "Save this list",
			Remove:     titled("Remove filter: ", ""),
			SearchChip: titled("“", "”"),
		},
		Task: Task{
			Title: "Title", Notes: "Notes", NotesPlaceholder: "Anything worth remembering", Due: "Due date",
			Time: "Time", Priority: "Priority", Tags: "Tags", TagsHint: "Separate tags with commas.",
			TimeHint: "Without a time, the task is due at the end of the day.",
			Coming:   "To come",
			Detail:   "Task details", Deleted: "Deleted", Overdue: "Overdue",
			Complete: titled("Complete “", "”"), Reopen: titled("Reopen “", "”"),
			Delete: titled("Delete “", "”"), Edit: titled("Rename “", "”"), Open: titled("Open “", "”"),
			DeleteShort: "Delete", ReopenShort: "Reopen", CompleteShort: "Complete",
			Created: titled("Created: ", ""), Changed: titled("Changed: ", ""), CompletedOn: titled("Done: ", ""),
			HasNotes: "Has notes", ListLabel: "Tasks", More: "Show more", Subtask: "Subtask", Subtasks: "Subtasks",
			NewSubtask: "Add a subtask", PartOf: "Part of",
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
			AddedDue:        func(title, due string) string { return "Added “" + title + "”, due " + due },
			AddedNoReminder: func(title, why string) string { return "Added “" + title + "”, but without its reminder: " + why },
			SeriesRule:      func(title, rule string) string { return "“" + title + "” will repeat: " + rule },
			SeriesAdded:     titled("“", "” will repeat"), SeriesSaved: titled("Saved “", "”"), SeriesPaused: titled("Paused “", "”"),
			SeriesResumed: titled("Resumed “", "”"), SeriesCancelled: titled("Ended “", "”"),
			Skipped: titled("Skipped ", ""), ReminderCancelled: titled("Cancelled the reminder of “", "”"),
			ReminderAdded: titled("You will be reminded ", ""), Snoozed: titled("You will be reminded ", ""), AllRead: "All read",
			ListForgotten: titled("“", "” is no saved list any more"),
			TagRenamed:    "Tag renamed", TagDeleted: "Tag deleted", SettingsSaved: "Settings saved",
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
			Chat: "Talk to the assistant", Help: "Show these keys", Escape: "Close, or leave a field",
		},
		Errors: Errors{
			UnreachableTitle: "Your tasks cannot be reached right now",
			UnreachableNow:   "They are safe; the service that keeps them is not answering. Please try again in a moment.",
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
			Timezone: "Choose a time zone from the list.", WrongPassword: "This is not your password.",
			NameLong: "At most 100 characters, please.",
			TagLong:  "Tags are short: at most 50 characters each, without commas.",
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
		Statuses: map[string]string{
			"pending": "Open", "active": "In progress", "completed": "Done", "cancelled": "Deleted", "skipped": "Skipped", "failed": "Failed",
		},
		Priorities: Priorities{High: "High", Medium: "Medium", Low: "Low"},
	}
}
