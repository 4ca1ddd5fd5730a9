package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/frontend/apiclient"
	"github.com/rondohq/rondo/services/frontend/view"
)

// showReminders is the room of what will come.
func (s *Server) showReminders(v *visit) error {
	list, err := v.reminderList()
	if err != nil {
		return err
	}
	p := v.shell(view.RemindersPath, s.text.Rooms.Reminders)
	return v.showRoomPart(&p, view.RemindersMain(p, list), view.ReminderRows(p, list), list.Error)
}

func (v *visit) reminderList() (view.ReminderList, error) {
	list := view.ReminderList{URL: view.RemindersPath}
	all, err := v.api.Reminders(v.r.Context(), uuid.Nil)
	switch {
	case err != nil && fault.CodeOf(err) == fault.Unavailable:
		list.Error = true
		return list, nil
	case err != nil:
		return list, err //nolint:wrapcheck // a fault of the api
	}
	for _, reminder := range all {
		row := v.reminderRow(reminder)
		key := ""
		label := v.server.text.Reminders.NoDue
		if reminder.ScheduledFor != nil {
			key, label = reminder.ScheduledFor.In(v.locale.Zone).Format(dateLayout), v.locale.Heading(v.now, *reminder.ScheduledFor)
		}
		if n := len(list.Groups); n == 0 || list.Groups[n-1].Key != key {
			list.Groups = append(list.Groups, view.ReminderGroup{Key: key, Label: label})
		}
		last := &list.Groups[len(list.Groups)-1]
		last.Reminders = append(last.Reminders, row)
	}
	return list, nil
}

func (v *visit) reminderRow(reminder apiclient.Reminder) view.Reminder {
	row := view.Reminder{ID: reminder.ID, TaskID: reminder.TaskID, Title: reminder.Task.Title}
	if reminder.OffsetMinutes != nil {
		row.Before = v.server.text.Reminders.Before(*reminder.OffsetMinutes)
	}
	if reminder.ScheduledFor != nil {
		row.Clock = v.locale.Clock(*reminder.ScheduledFor)
		row.When = v.locale.Moment(v.now, *reminder.ScheduledFor)
		row.Machine = reminder.ScheduledFor.UTC().Format(time.RFC3339)
	} else {
		row.When = v.server.text.Reminders.NoDue
	}
	return row
}

// addReminder adds one to a task, from its details.
func (s *Server) addReminder(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	in := apiclient.NewReminder{TaskID: id.String()}
	switch choice := v.r.PostForm.Get("before"); choice {
	case "at":
		at, err := time.ParseInLocation("2006-01-02T15:04", v.r.PostForm.Get("at"), v.locale.Zone)
		if err != nil {
			return fault.New(fault.Invalid, "%s", s.text.Fields.Time).Because(reasonSaid, nil)
		}
		in.RemindAt = &at
	default:
		minutes, err := strconv.Atoi(choice)
		if err != nil {
			return fault.New(fault.Invalid, "%s", s.text.Errors.NotAllowed).Because(reasonSaid, nil)
		}
		in.OffsetMinutes = &minutes
	}
	if _, err := v.api.CreateReminder(v.r.Context(), in, ""); err != nil {
		return saidOf(err)
	}
	return v.reminderChanged(id, nil)
}

// saidOf lets the api's words about a reminder reach the person.
func saidOf(err error) error {
	f := asFault(err)
	if f.Code == fault.Invalid && len(f.Fields) > 0 {
		message := f.Fields[0].Message
		message = strings.ToUpper(message[:1]) + message[1:] + "."
		return fault.New(fault.Invalid, "%s", message).Because(reasonSaid, nil)
	}
	return said(err)
}

// reminderChanged shows the details' reminders again, or goes back to them.
func (v *visit) reminderChanged(task uuid.UUID, cancelled *view.Reminder) error {
	if !v.byScript() {
		return v.redirect(view.InboxPath + "/" + task.String())
	}
	reminders, err := v.taskReminders(task)
	if err != nil {
		return err
	}
	reminders.Cancelled = cancelled
	return v.part(http.StatusOK, view.TaskReminders(v.page(""), task, reminders))
}

func (v *visit) taskReminders(task uuid.UUID) (view.TaskReminderList, error) {
	all, err := v.api.Reminders(v.r.Context(), task)
	if err != nil {
		return view.TaskReminderList{}, err //nolint:wrapcheck // a fault of the api
	}
	list := view.TaskReminderList{Options: v.offsetOptions(nil, nil)}
	for _, reminder := range all {
		list.Reminders = append(list.Reminders, v.reminderRow(reminder))
	}
	return list, nil
}

// cancelReminder takes one back, from the room or from a task's details.
func (s *Server) cancelReminder(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	reminder, err := v.api.Reminder(v.r.Context(), id)
	if err != nil {
		return err //nolint:wrapcheck // a fault of the api
	}
	if err := v.api.CancelReminder(v.r.Context(), id); err != nil {
		return err //nolint:wrapcheck // a fault of the api
	}
	switch {
	case v.byScript() && v.target() == view.ListID:
		return v.answerRoom(view.Toast{
			Message: s.text.Toasts.ReminderCancelled(reminder.Task.Title), Undo: "1",
			UndoPath: view.RemindersPath + "/" + id.String() + "/restore",
		})
	case v.byScript():
		row := v.reminderRow(reminder)
		return v.reminderChanged(reminder.TaskID, &row)
	}
	return v.redirect(with(with(v.back(), "did", didReminderCancel), "reminder", id.String()))
}

// reminderToast reports that one was cancelled, with the way back.
func (v *visit) reminderToast(raw string) *view.Toast {
	id, err := uuid.Parse(raw)
	if err != nil {
		return nil
	}
	reminder, err := v.api.Reminder(v.r.Context(), id)
	if err != nil {
		return nil // only the report is missing
	}
	return &view.Toast{
		Message: v.server.text.Toasts.ReminderCancelled(reminder.Task.Title), Undo: "1",
		UndoPath: view.RemindersPath + "/" + id.String() + "/restore",
	}
}

// restoreReminder sets one again that was cancelled.
func (s *Server) restoreReminder(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	old, err := v.api.Reminder(v.r.Context(), id)
	if err != nil {
		return err //nolint:wrapcheck // a fault of the api
	}
	again, err := v.api.CreateReminder(v.r.Context(), apiclient.NewReminder{
		TaskID: old.TaskID.String(), OffsetMinutes: old.OffsetMinutes, RemindAt: old.RemindAt,
	}, "")
	if err != nil {
		return saidOf(err)
	}
	if v.byScript() && v.target() == "task-reminders" {
		return v.reminderChanged(again.TaskID, nil)
	}
	return v.answerReminder(again)
}

// snoozeReminder lets one come again later.
func (s *Server) snoozeReminder(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	until, ok := v.snoozeUntil(v.r.PostForm.Get("for"))
	if !ok {
		return fault.New(fault.Invalid, "%s", s.text.Errors.NotAllowed).Because(reasonSaid, nil)
	}
	reminder, err := v.api.SnoozeReminder(v.r.Context(), id, until)
	if err != nil {
		return saidOf(err)
	}
	if err := v.readNotice(); err != nil {
		return err
	}
	return v.answerReminder(reminder)
}

func (v *visit) answerReminder(reminder apiclient.Reminder) error {
	if !v.byScript() {
		return v.redirect(v.back())
	}
	when := ""
	if reminder.ScheduledFor != nil {
		when = v.locale.Moment(v.now, *reminder.ScheduledFor)
	}
	return v.answerRoom(view.Toast{Message: v.server.text.Toasts.Snoozed(when)})
}

// snoozeUntil is when something comes again that is snoozed for so many minutes, or
// until tomorrow.
func (v *visit) snoozeUntil(choice string) (time.Time, bool) {
	const morning = 9
	if choice == dayTomorrow {
		return v.locale.StartOfDay(v.now, 1).Add(morning * time.Hour), true
	}
	minutes, err := strconv.Atoi(choice)
	return v.now.Add(time.Duration(minutes) * time.Minute).Truncate(time.Second), err == nil && minutes > 0
}

// readNotice marks the notification as read that a form names, if any.
func (v *visit) readNotice() error {
	id, err := uuid.Parse(v.r.PostForm.Get("notice"))
	if err != nil {
		return nil //nolint:nilerr // it names none
	}
	if _, err := v.api.ReadNotification(v.r.Context(), id); err != nil && fault.CodeOf(err) != fault.NotFound {
		return err //nolint:wrapcheck // a fault of the api
	}
	return nil
}
