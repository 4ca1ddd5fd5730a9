// Package text is everything that the web application says to people, and how
// it writes days and times. A language is one value of Catalogue in one file.
package text

// Catalogue holds the texts of one language. A field is a whole sentence or
// label, never a fragment to be glued; what needs a value is a function.
type Catalogue struct {
	Language string // BCP 47, for the lang attribute
	Name     string // of the product

	Skip, Menu, Close, Save, Retry, Back string

	Rooms      Rooms
	Calendar   Calendar
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
}

// Rooms are the places of the application.
type Rooms struct {
	Navigation, Tabs, Inbox, Today, Upcoming, Done, Tags, NoTags, Settings, SignIn, SignUp, NotFound string
	TagHeading                                                                                       func(tag string) string
	TagCount                                                                                         func(n int) string
	RenameTag, NewTagName, DeleteTag, TagOptions                                                     string
	DeleteTagWarning                                                                                 string
}

// Calendar is the month.
type Calendar struct {
	Views, Agenda, Month, Previous, Next, Full string
	More                                       func(n int) string
	Day                                        func(label string, tasks int) string
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
	Label, Placeholder, Due, Time, Priority, Tags, TagsPlaceholder, Add string
}

// Filters narrow and order a list.
type Filters struct {
	Search, SearchPlaceholder, Open, Label, Sort, Apply, Clear            string
	Status, StatusOpen, StatusDone, StatusDeleted, StatusAny              string
	Priority, Tags, Due, DueAny, DueOverdue, DueToday, DueWeek            string
	SortNewest, SortOldest, SortDue, SortPriority, SortTitle, SortChanged string
	SortHand                                                              string
	Active                                                                string
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
	HasNotes, ListLabel, More, Subtask                                                  string
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

// Keys are the keyboard shortcuts.
type Keys struct {
	Title, Add, Search, Next, Previous, Toggle, Open, Rename, Delete, Undo, Escape string
	Schedule, Priority, Tag, Move, Select, SelectMore, SelectAll                   string
	GoInbox, GoToday, GoUpcoming, GoCalendar, GoDone, GoSettings, Help             string
}

// Errors say what happened and what to do next.
type Errors struct {
	UnreachableTitle, UnreachableHint, NotFoundTitle, NotFoundHint, TaskGone       string
	ForgeryTitle, ForgeryHint, InternalTitle, InternalHint, TooMany, TooLarge      string
	WrongPassword, EmailTaken, Sessions, Check, TagTaken, NotAllowed, ConflictHint string
	NothingSelected                                                                string
	TooManySelected                                                                func(limit int) string
}

// Fields are messages about one input, by what is wrong with it.
type Fields struct {
	Required, TitleLong, NotesLong, Email, PasswordShort, Date, Time, TimeWithoutDate, Priority, Timezone string
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
