// Package occurrence holds what api and recurring both have to know of a series: how
// it is stored, when its occurrences are due, and what an occurrence becomes.
package occurrence

import (
	"errors"
	"fmt"
	"time"
	_ "time/tzdata" // the image has no zone files

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/platform/recurrence"
)

// Mode is what a series counts from.
type Mode string

// The modes.
const (
	BySchedule   Mode = "schedule"
	ByCompletion Mode = "completion" // the next one counts from the end of the one before
)

// Modes lists all.
func Modes() []Mode { return []Mode{BySchedule, ByCompletion} }

// IfPending is what becomes of an occurrence while the one before is still open.
type IfPending string

// The choices.
const (
	Skip   IfPending = "skip" // it is recorded as a task with status skipped
	Create IfPending = "create"
)

// IfPendings lists all.
func IfPendings() []IfPending { return []IfPending{Skip, Create} }

// CatchUp is what becomes of occurrences that nobody could make in time; see ADR 9.
type CatchUp string

// The choices.
const (
	CatchUpLatest CatchUp = "latest"
	CatchUpAll    CatchUp = "all"
	CatchUpNone   CatchUp = "none"
)

// CatchUps lists all.
func CatchUps() []CatchUp { return []CatchUp{CatchUpLatest, CatchUpAll, CatchUpNone} }

// Series makes tasks by a rule. Instants are UTC, to the microsecond.
type Series struct {
	ID    uuid.UUID
	Owner uuid.UUID

	// What each instance is made of.
	Title           string
	Description     string
	Priority        string      // high, medium or low
	Tags            []string    // names as the user wrote them first, sorted
	TagIDs          []uuid.UUID // of Tags, in their order
	ReminderOffsets []int       // minutes before an instance is due, the longest first

	Spec       recurrence.Spec
	AllDay     bool // a date: an instance is due at the end of its day
	Mode       Mode
	IfPending  IfPending
	CatchUp    CatchUp
	PreviousID *uuid.UUID // the series that this one took over from
	Version    int64
	Status     event.SeriesStatus

	Since            time.Time // nothing before is made
	NextOccurrenceAt *time.Time
	FireAt           *time.Time // set exactly when NextOccurrenceAt is
	LastOccurrenceAt *time.Time
	Created          int // instances made
	Skipped          int // occurrences left out
	Missed           int // occurrences that catch-up let go
	Failure          *string
	Failures         int
	CreatedAt        time.Time
	UpdatedAt        time.Time
}

// Columns of series s in the order of Scan.
const Columns = `s.id, s.user_id, s.title, s.description, s.priority::text,
	ARRAY(SELECT g.name FROM series_tags st JOIN tags g ON g.id = st.tag_id WHERE st.series_id = s.id ORDER BY lower(g.name)),
	ARRAY(SELECT g.id FROM series_tags st JOIN tags g ON g.id = st.tag_id WHERE st.series_id = s.id ORDER BY lower(g.name)),
	s.reminder_offsets, s.rrule, s.dtstart, s.timezone, s.rdates, s.exdates, s.all_day, s.mode, s.if_pending, s.catch_up,
	s.previous_id, s.version, s.status, s.since, s.next_occurrence_at, s.fire_at, s.last_occurrence_at,
	s.created_count, s.skipped_count, s.missed_count, s.failure, s.failures, s.created_at, s.updated_at`

// Scan reads a row of Columns, and what more follows them.
func Scan(row pgx.Row, more ...any) (Series, error) {
	var s Series
	var start time.Time
	var rdates, exdates []time.Time
	err := row.Scan(append([]any{
		&s.ID, &s.Owner, &s.Title, &s.Description, &s.Priority, &s.Tags, &s.TagIDs,
		&s.ReminderOffsets, &s.Spec.RRule, &start, &s.Spec.Zone, &rdates, &exdates, &s.AllDay, &s.Mode, &s.IfPending, &s.CatchUp,
		&s.PreviousID, &s.Version, &s.Status, &s.Since, &s.NextOccurrenceAt, &s.FireAt, &s.LastOccurrenceAt,
		&s.Created, &s.Skipped, &s.Missed, &s.Failure, &s.Failures, &s.CreatedAt, &s.UpdatedAt,
	}, more...)...)
	if errors.Is(err, pgx.ErrNoRows) {
		return Series{}, fault.New(fault.NotFound, "There is no such series.")
	}
	if err != nil {
		return Series{}, fmt.Errorf("reading a series: %w", err)
	}
	s.Spec.Start = recurrence.LocalOf(start, time.UTC)
	s.Spec.RDates, s.Spec.ExDates = locals(rdates), locals(exdates)
	for _, at := range []*time.Time{&s.Since, s.NextOccurrenceAt, s.FireAt, s.LastOccurrenceAt, &s.CreatedAt, &s.UpdatedAt} {
		if at != nil {
			*at = at.UTC() // pgx gives the process' zone
		}
	}
	return s, nil
}

func locals(times []time.Time) []recurrence.Local {
	all := make([]recurrence.Local, len(times))
	for i, t := range times {
		all[i] = recurrence.LocalOf(t, time.UTC)
	}
	return all
}

// Rule is the series' rule, understood. Its errors are *recurrence.Error.
func (s Series) Rule() (*recurrence.Rule, error) { return recurrence.Parse(s.Spec) }

// DueAt is when the instance of an occurrence is due, in UTC: at that very time, or of
// a day at its last second, as everywhere in Rondo.
func (s Series) DueAt(at time.Time, zone *time.Location) time.Time {
	if !s.AllDay {
		return at.UTC()
	}
	return recurrence.LocalOf(at, zone).At(endOfDay).In(zone).UTC()
}

var endOfDay = recurrence.LocalOf(time.Date(1, 1, 1, 23, 59, 59, 0, time.UTC), time.UTC)

// FiresAt is when the instance of an occurrence is to be made, in UTC: at its time, or
// so much earlier that the longest reminder can be on time.
func (s Series) FiresAt(at time.Time, zone *time.Location) time.Time {
	early := s.DueAt(at, zone).Add(-s.longestReminder())
	if early.Before(at) {
		return early
	}
	return at.UTC()
}

// Lead is how much earlier than its time an instance is made.
func (s Series) Lead(at time.Time, zone *time.Location) time.Duration {
	return at.Sub(s.FiresAt(at, zone))
}

func (s Series) longestReminder() time.Duration {
	longest := 0
	for _, minutes := range s.ReminderOffsets {
		longest = max(longest, minutes)
	}
	return time.Duration(longest) * time.Minute
}

// From is the first instant at which an occurrence may be: the minute in which it was
// asked for, or of a series of days, that day.
func (s Series) From(zone *time.Location) time.Time {
	if s.AllDay {
		return recurrence.LocalOf(s.Since, zone).At(recurrence.Local{}).In(zone)
	}
	return s.Since.Truncate(time.Minute)
}

// Resume finds the occurrence with which an unscheduled series goes on: the first one
// that is allowed and comes after the last one. Of a series that counts from
// completion, closed is when its last instance was closed; nil before there was one.
// False: the rule has ended.
func (s Series) Resume(rule *recurrence.Rule, closed *time.Time) (time.Time, bool) {
	from := s.From(rule.Zone())
	if s.Mode == ByCompletion && s.LastOccurrenceAt != nil && closed != nil {
		next, ok := s.AfterCompletion(rule, *closed)
		if ok && next.Before(from) {
			return s.AfterCompletion(rule, from) // it was paused, or counted otherwise, when it was due
		}
		return next, ok
	}
	after := from.Add(-time.Second)
	if s.LastOccurrenceAt != nil && s.LastOccurrenceAt.After(after) {
		after = *s.LastOccurrenceAt
	}
	next, ok := rule.Next(after)
	return next.UTC(), ok
}

// AfterCompletion is the occurrence after one that was closed at an instant.
func (s Series) AfterCompletion(rule *recurrence.Rule, closed time.Time) (time.Time, bool) {
	if count := rule.Count(); count > 0 && s.Created+s.Skipped+s.Missed >= count {
		return time.Time{}, false
	}
	next, ok := rule.NextAfterCompletion(closed)
	return next.UTC(), ok
}

// Snapshot is the series as events carry it.
func Snapshot(s Series) event.Series {
	return event.Series{
		ID: s.ID.String(), Title: s.Title, Description: s.Description, Priority: s.Priority, Tags: notNil(s.Tags),
		ReminderOffsets: notNil(s.ReminderOffsets), RRule: s.Spec.RRule, DTStart: s.Spec.Start.String(), AllDay: s.AllDay,
		Timezone: s.Spec.Zone, RDates: texts(s.Spec.RDates), ExDates: texts(s.Spec.ExDates),
		Mode: string(s.Mode), IfPending: string(s.IfPending), CatchUp: string(s.CatchUp), PreviousID: words(s.PreviousID),
		Status: s.Status, Version: s.Version, CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt,
	}
}

func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func texts(times []recurrence.Local) []string {
	all := make([]string, len(times))
	for i, t := range times {
		all[i] = t.String()
	}
	return all
}

func words(id *uuid.UUID) *string {
	if id == nil {
		return nil
	}
	s := id.String()
	return &s
}
