// Package text is everything that the web application says to people, and how
// it writes days and times. A language is one value of Catalogue in one file.
package text

import "strconv"

// Catalogue holds the texts of one language. A field is a whole sentence or
// label, never a fragment to be glued; what needs a value is a function.
type Catalogue struct {
	Language string // BCP 47, for the lang attribute
	Name     string // of the product

	Skip, Menu, Close, Save, Retry, Back string

	Rooms      Rooms
	Settings   Settings
	Offline    Offline
	Recurring  Recurring
	History    History
	Reminders  Reminders
	Notices    Notices
	Calendar   Calendar
	Chat       Chat
	When       When
	Bulk       Bulk
	Composer   Composer
	Filters    Filters
	Task       Task
	Empty      Empty
	Toasts     Toasts
	Account    Account
	Keys       Keys
	Errors     Errors
	Fields     Fields
	Days       Days
	Priorities Priorities
	// Statuses are a task's, by their name in the api.
	Statuses map[string]string
}

// Rooms are the places of the application.
type Rooms struct {
	Navigation, Tabs, Inbox, Today, Upcoming, Done, Tags, NoTags, Settings, SignIn, SignUp, NotFound string
	TagHeading                                                                                       func(tag string) string
	TagCount                                                                                         func(n int) string
	Recurring, Reminders, Notifications                                                              string
	RenameTag, NewTagName, DeleteTag, TagOptions                                                     string
	DeleteTagNow                                                                                     string
	DeleteTagWarning                                                                                 func(name string, tasks int) string
}

// Calendar is the month.
type Calendar struct {
	Views, Agenda, Month, Previous, Next, Full string
	More                                       func(n int) string
	Day                                        func(label string, tasks, coming int) string
}

// Offline is about being without a connection.
type Offline struct {
	Title, Hint, Kept, Conflict string
	// Waiting counts what is to be sent; by plural category, with # for the number.
	Waiting map[string]string
}

// Recurring is about series of tasks and the builder of their rules.
type Recurring struct {
	Lead, New, EmptyTitle, EmptyHint, Failing, Ended                                       string
	Resume, Pause, Skip, Cancel, SkipAt, ChangeFrom                                        func(string) string
	ResumeShort, PauseShort, SkipShort, CancelShort, Change, ChangeHeading                 string
	Upcoming, Past, PausedNow, WaitsNow, OverNow, PendingNow                               string
	NextAt                                                                                 func(when string) string
	Counts                                                                                 func(made, skipped, missed int) string
	Start, Repeat, Every, Unit, OnWeekdays, InMonths, OnMonthDays, Nth, NthDay             string
	Daily, Weekdays, Weekly, Biweekly, Monthly, Yearly, Custom, AsRule                     string
	Days, Weeks, Months, Years                                                             string
	SameDay, OnDays, OnNth, MonthDaysHint, AnyDay, AnyWeekday                              string
	First, Second, Third, Fourth, Last, LastButOne                                         string
	RuleLabel, RuleHint, Ends, Never, OnDate, AfterTimes, Times                            string
	Mode, FromDue, FromCompletion                                                          string
	More, IfPending, PendingSkip, PendingCreate, CatchUp, CatchLatest, CatchAll, CatchNone string
	ScopeLegend                                                                            func(when string) string
	ScopeThis, ScopeFollowing, ScopeAll                                                    string
	Next, ThenOver, RuleRequired, IntervalWrong, MonthDaysWrong, CountWrong, Stale         string
	AfterFinish                                                                            func(sentence string) string
	InZone                                                                                 func(sentence, zone string) string
}

// History is what happened to a task.
type History struct {
	Heading, Show, Created, Notes, Moved, Parent, Nothing string
	Changed                                               func(field, before, after string) string
}

// Reminders are about being told in time.
type Reminders struct {
	Heading, Lead, EmptyTitle, EmptyHint, AtDue, Add, AtTime, None, NeedsDue, NoDue string
	Before                                                                          func(minutes int) string
	Cancel                                                                          func(title string) string
	Cancelled                                                                       func(when string) string
	Snooze, SnoozeTitle                                                             string
	When                                                                            func(when string) string
}

// Notices are notifications.
type Notices struct {
	Lead, EmptyTitle, EmptyHint, ReadAll, Done, Snooze, SnoozeTen, SnoozeHour, SnoozeTomorrow, Missed, Unread string
	Count                                                                                                     func(n int) string
}

// When chooses a due date.
type When struct {
	Title, Short, Weekend, NextWeek, None, Set string
	Of                                         func(title string) string
}

// Bulk is about several tasks at once.
type Bulk struct {
	Label, Start, Clear, TagName, TagPlaceholder, AddTag, RemoveTag string
	Select                                                          func(title string) string
	// Count has a form for each plural category of the language (CLDR), with # for the number.
	Count map[string]string
}

// Composer is where tasks are added.
type Composer struct {
	Label, Placeholder, Due, Time, Priority, Tags, TagsPlaceholder, Add, Understood string
	AsText, GiveMeaning                                                             func(phrase string) string
	LeaveAsText                                                                     func(label, phrase string) string
}

// Filters narrow and order a list.
type Filters struct {
	Search, SearchPlaceholder, Open, Label, Sort, Apply, Clear            string
	Status, StatusOpen, StatusDone, StatusDeleted, StatusAny              string
	Priority, Tags, Due, DueAny, DueOverdue, DueToday, DueWeek            string
	SortNewest, SortOldest, SortDue, SortPriority, SortTitle, SortChanged string
	SortHand                                                              string
	Active, Save, SaveName, Saved, Unsave, Named                          string
	Remove                                                                func(what string) string
	SearchChip                                                            func(words string) string
}

// Task is what is said about one.
type Task struct {
	Title, Notes, NotesPlaceholder, Due, Time, Priority, Tags, Detail, Deleted, Overdue string
	TagsHint, TimeHint                                                                  string
	Complete, Reopen, Delete, Edit, Open                                                func(title string) string
	DeleteShort, ReopenShort, CompleteShort                                             string
	Created, Changed, CompletedOn                                                       func(when string) string
	Subtasks, NewSubtask, PartOf                                                        string
	HasNotes, ListLabel, More, Subtask, Coming                                          string
	Stale                                                                               string
}

// Empty is what an empty list says: a heading and what to do next.
type Empty struct {
	InboxTitle, InboxHint, TodayTitle, TodayHint, UpcomingTitle, UpcomingHint string
	DoneTitle, DoneHint, TagTitle, TagHint, FilteredTitle, FilteredHint       string
	SearchTitle                                                               func(words string) string
	SearchHint, SearchEverywhere                                              string
}

// Toasts report what has just been done.
type Toasts struct {
	Region, Undo, Dismiss                                              string
	Added, Completed, Deleted, Reopened, Restored, Saved               func(title string) string
	Prioritised, Tagged, Moved, Unscheduled                            func(title string) string
	Rescheduled                                                        func(title, when string) string
	CompletedMany, DeletedMany, ReopenedMany, RestoredMany             func(n int) string
	PrioritisedMany, TaggedMany, RescheduledMany                       func(n int) string
	SomeFailed                                                         func(n int) string
	AddedDue, AddedNoReminder, SeriesRule                              func(title, more string) string
	SeriesAdded, SeriesSaved, SeriesPaused, SeriesResumed              func(title string) string
	SeriesCancelled, Skipped, ReminderCancelled                        func(title string) string
	ReminderAdded, Snoozed                                             func(when string) string
	AllRead                                                            string
	ListForgotten                                                      func(name string) string
	TagRenamed, TagDeleted, SettingsSaved, SignedOut, Offline, Unknown string
}

// Account is about signing in, up and out, and the settings.
type Account struct {
	SignInTitle, SignInLead, SignIn, NoAccount, SignUpTitle, SignUpLead, SignUp, HaveAccount, SignOut string
	Email, Password, PasswordHint, DisplayName, NamePlaceholder, Timezone, TimezoneHint               string
	Promise1, Promise2, Promise3                                                                      string
	SettingsTitle, Profile, Appearance, Theme, ThemeSystem, ThemeLight, ThemeDark, Menu               string
	Expired                                                                                           string
}

// Settings are about everything but the profile.
type Settings struct {
	Feeds, FeedsHint, FeedAddress, FeedName, FeedShow, FeedEvents, FeedTasks, AddFeed, ExportICS                   string
	Password, CurrentPassword, NewPassword, NotPassword, Quiet, QuietHint, QuietFrom, QuietTo, QuietOff, QuietSame string
	Channels, Email, EmailHint, EmailAway, PushTitle, PushHint, PushOn, PushOff, PushAway, PushDenied, SwitchOn    string
	SwitchOff, ThisBrowser                                                                                         string
	BrowserSince                                                                                                   func(day string) string
	Tokens, TokensHint, TokenName, TokenScope, ScopeRead, ScopeWrite, TokenDays, Never, AddToken, Secret, Copy     string
	Days                                                                                                           func(n int) string
	Revoke                                                                                                         func(name string) string
	RevokeToken, RevokeFeed                                                                                        func(name string) string
	RevokeShort, RevokeNow, NeverUsed, NeverExpires, Expired, Copied                                               string
	LastUsed, Expires                                                                                              func(when string) string
	Data, DataHint, ExportJSON, ExportCSV, Import, ImportHint, File, ChooseFile                                    string

	Imported func(created, skipped int) string

	Delete, DeleteHint, DeletePassword, DeleteAct, Gone string
}

// Keys are the keyboard shortcuts.
type Keys struct {
	Title, Add, Search, Next, Previous, Toggle, Open, Rename, Delete, Undo, Escape string
	Schedule, Priority, Tag, Move, Select, SelectMore, SelectAll                   string
	GoInbox, GoToday, GoUpcoming, GoCalendar, GoDone, GoSettings, Help, Chat       string
}

// Errors say what happened and what to do next.
type Errors struct {
	UnreachableTitle, UnreachableHint, UnreachableNow, NotFoundTitle, NotFoundHint, TaskGone string
	ForgeryTitle, ForgeryHint, InternalTitle, InternalHint, TooMany, TooLarge                string
	WrongPassword, EmailTaken, Sessions, Check, TagTaken, NotAllowed, ConflictHint           string
	NothingSelected                                                                          string
	TooManySelected                                                                          func(limit int) string
}

// Fields are messages about one input, by what is wrong with it.
type Fields struct {
	Required, TitleLong, NotesLong, Email, PasswordShort, Date, Time, TimeWithoutDate, Priority, Timezone string
	WrongPassword                                                                                         string
	NameLong, TagLong                                                                                     string
}

// Days are relative days and their like.
type Days struct {
	Today, Tomorrow, Yesterday string
	// Weekdays from Sunday on, months from January on; short forms for lists.
	Weekdays            [7]string
	Months, MonthsShort [12]string
	// Short is a weekday as the head of a narrow column.
	Short func(weekday string) string
	// At joins a day and a time.
	At func(day, time string) string
}

// Priorities are their names.
type Priorities struct{ High, Medium, Low string }

// Number writes a number without separators.
func Number(n int) string { return strconv.Itoa(n) }
