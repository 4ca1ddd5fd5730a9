package view

import "github.com/google/uuid"

// ReminderList is the room of reminders.
type ReminderList struct {
	URL    string
	Groups []ReminderGroup
	Error  bool
}

// ReminderGroup are the reminders of one day.
type ReminderGroup struct {
	Key, Label string
	Reminders  []Reminder
}

// Reminder is one that is to come.
type Reminder struct {
	ID, TaskID  uuid.UUID
	Title       string
	When, Clock string
	Machine     string // RFC 3339
	Before      string // "15 minutes before", where it counts from the due date
}

// TaskReminderList are the reminders in a task's details.
type TaskReminderList struct {
	Reminders []Reminder
	Cancelled *Reminder // just now; it can be set again
	Options   []Option
	HasDue    bool
}

// NoticeList is the room of notifications.
type NoticeList struct {
	URL     string
	Notices []Notice
	More    string // URL of the next page
	Until   string // when the newest one was created
	Unread  bool
	Error   bool
}

// Notice is a notification.
type Notice struct {
	ID, TaskID, ReminderID uuid.UUID
	Title, Body            string
	When, Machine          string
	Unread, Missed         bool
}
