// Package reminder delivers what is due: it turns reminders into notifications,
// once per reminder and instant, and keeps the wake-ups for those to come.
package reminder

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/services/notifier/quiet"
)

// onTime is how late a notification may be without saying so.
const onTime = time.Minute

// The kinds of a notification.
const (
	kindReminder = "reminder"
	kindMissed   = "missed" // too late to be of use
)

// due is a reminder whose instant has come, with what delivering it depends on.
type due struct {
	ID, UserID, TaskID uuid.UUID
	At                 time.Time // its instant
	Version            int64
	Title              string
	TaskStatus         event.TaskStatus
	TaskDueAt          *time.Time
	Timezone           string
	QuietFrom, QuietTo *time.Duration // since midnight
	Email              bool           // the user wants it
	Told               bool           // there is a notification for this instant already
}

// outcome is what becomes of a reminder that is due.
type outcome struct {
	due

	status event.ReminderStatus
	// notification is nil when there is nothing to tell.
	notification *event.Notification
	// loud is when channels beside the app may tell it; zero: they don't.
	loud time.Time
}

// zones are those of one batch, by name: loading one takes longer than all the rest.
type zones map[string]*time.Location

func (z zones) load(name string) *time.Location {
	if _, known := z[name]; !known {
		zone, err := time.LoadLocation(name)
		if err != nil {
			zone = time.UTC // its name was checked when it was set; what matters is to tell at all
		}
		z[name] = zone
	}
	return z[name]
}

// decide says what becomes of a reminder at the instant now.
func decide(d due, zones zones, now time.Time) outcome {
	late := now.Sub(d.At)
	o := outcome{due: d, status: event.ReminderSent}
	switch {
	case !d.TaskStatus.Open():
		o.status = event.ReminderSuppressed
		return o
	case late > event.Grace:
		o.status = event.ReminderMissed
	}
	if d.Told {
		return o
	}
	zone := zones.load(d.Timezone)
	reminderID := d.ID.String()
	n := &event.Notification{
		ID: uuid.Must(uuid.NewV7()).String(), Kind: kindReminder, TaskID: d.TaskID.String(), ReminderID: &reminderID,
		Title: d.Title, Body: body(d, late, zone, now), ScheduledFor: d.At, CreatedAt: now,
	}
	if late >= onTime {
		n.LateSeconds = int(late / time.Second)
	}
	o.notification, o.loud = n, now
	if d.QuietFrom != nil && d.QuietTo != nil {
		if end, isQuiet := (quiet.Hours{From: *d.QuietFrom, To: *d.QuietTo, Zone: zone}).Until(now); isQuiet {
			n.Quiet, o.loud = true, end
		}
	}
	if o.status == event.ReminderMissed {
		n.Kind, o.loud = kindMissed, time.Time{} // it is in the list; a telephone that rings now helps nobody
	}
	return o
}

// body says in a line when the task is due and, if so, how late that is said.
func body(d due, late time.Duration, zone *time.Location, now time.Time) string {
	var parts []string
	if d.TaskDueAt != nil {
		verb := "Due "
		if d.TaskDueAt.Before(now) {
			verb = "Was due "
		}
		parts = append(parts, verb+when(d.TaskDueAt.In(zone), now.In(zone)))
	}
	switch {
	case late > event.Grace:
		parts = append(parts, "reminder missed, it was set for "+when(d.At.In(zone), now.In(zone)))
	case late >= onTime:
		parts = append(parts, ago(late)+" late")
	}
	text := strings.Join(parts, " · ")
	if text == "" {
		return "Reminder"
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// when names an instant as shortly as is clear from now. The last second of a day
// stands for the day: such a task has no time.
func when(at, now time.Time) string {
	var day string
	switch days(at) - days(now) {
	case 0:
		day = "today"
	case 1:
		day = "tomorrow"
	case -1:
		day = "yesterday"
	default:
		day = at.Format("Mon 2 Jan")
		if at.Year() != now.Year() {
			day = at.Format("Mon 2 Jan 2006")
		}
	}
	if hour, minute, second := at.Clock(); hour == 23 && minute == 59 && second == 59 {
		return day
	}
	return day + " at " + at.Format("15:04")
}

// days counts calendar days since some day.
func days(t time.Time) int {
	year, month, day := t.Date()
	return int(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60))
}

func ago(late time.Duration) string {
	if n := int(late / time.Minute); n != 1 {
		return fmt.Sprintf("%d minutes", n)
	}
	return "1 minute"
}
