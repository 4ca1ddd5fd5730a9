// Package series is the use case of recurring tasks: what a person says of a series.
// When its instances come is the business of recurring.
package series

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/platform/recurrence"
	preview "github.com/rondohq/rondo/services/api/recurrence"
	"github.com/rondohq/rondo/services/api/task"
	"github.com/rondohq/rondo/services/internal/occurrence"
)

// Limits of a series, beside those of the tasks that it makes.
const (
	MaxReminders      = 10
	MaxReminderOffset = 365 * 24 * 60 // minutes
)

// Series is a stored series and what follows from its rule.
type Series struct {
	occurrence.Series

	// Rule is the recurrence in plain English.
	Rule string
}

// Moment is a time on the wall clock, or a date.
type Moment struct {
	recurrence.Local

	Date bool
}

// ParseMoment reads "2026-03-27T14:00:00" or "2026-03-27".
func ParseMoment(text string) (Moment, error) {
	if day, err := time.Parse(time.DateOnly, text); err == nil && day.Year() >= 1 {
		return Moment{recurrence.LocalOf(day, time.UTC), true}, nil
	}
	local, err := recurrence.ParseLocal(text)
	return Moment{local, false}, err
}

// Draft is a series to be made. What is left out has its default.
type Draft struct {
	Title           string
	Description     string
	Priority        task.Priority
	Tags            []string
	ReminderOffsets []int
	RRule           string
	Start           *Moment // nil: today, or the next full hour when the rule has times of day
	Timezone        string  // empty: the owner's
	RDates, ExDates []Moment
	Mode            occurrence.Mode
	IfPending       occurrence.IfPending
	CatchUp         occurrence.CatchUp
}

// Scope is how much of a series a change is for.
type Scope string

// The scopes.
const (
	ScopeAll       Scope = "all"
	ScopeFollowing Scope = "following" // an occurrence and those after it, as a series of their own
	ScopeThis      Scope = "this"      // one occurrence, as a task that goes its own way
)

// Scopes lists all.
func Scopes() []Scope { return []Scope{ScopeAll, ScopeFollowing, ScopeThis} }

// Change is what a caller wants to be different; nil leaves a field alone.
type Change struct {
	Scope        Scope
	OccurrenceAt *time.Time // with the scopes following and this

	Title           *string
	Description     *string
	Priority        *task.Priority
	Tags            *[]string
	DueAt           *time.Time // of one occurrence
	ReminderOffsets *[]int
	RRule           *string
	Start           *Moment
	Timezone        *string
	RDates, ExDates *[]Moment
	Mode            *occurrence.Mode
	IfPending       *occurrence.IfPending
	CatchUp         *occurrence.CatchUp
}

// New makes the owner's series of a draft, or says which fields are bad
// (fault.Invalid), or which part of the rule (fault.Unprocessable). zone is the owner's.
func New(owner uuid.UUID, d Draft, zone string, now time.Time) (occurrence.Series, error) {
	now = now.UTC().Truncate(time.Microsecond)
	s := occurrence.Series{
		ID: uuid.Must(uuid.NewV7()), Owner: owner, Title: d.Title, Description: d.Description, Priority: string(d.Priority),
		Tags: d.Tags, ReminderOffsets: d.ReminderOffsets, Mode: orElse(d.Mode, occurrence.BySchedule),
		IfPending: orElse(d.IfPending, occurrence.Skip), CatchUp: orElse(d.CatchUp, occurrence.CatchUpLatest),
		Version: 1, Status: event.SeriesPending, Since: now, CreatedAt: now, UpdatedAt: now,
	}
	s.Spec = recurrence.Spec{RRule: d.RRule, Zone: orElse(d.Timezone, zone)}
	bad := normalise(&s)
	location, err := time.LoadLocation(s.Spec.Zone)
	if err != nil {
		location = time.UTC // the engine will complain
	}
	start := orElseStart(d.Start, d.RRule, recurrence.LocalOf(now, location))
	s.Spec.Start, s.AllDay = start.Local, start.Date
	if beyond(start.Local) {
		bad = append(bad, fault.Field{Name: "dtstart", Message: lastYear})
	}
	var wrong []fault.Field
	s.Spec.RDates, wrong = dates("rdate", d.RDates, s.AllDay)
	bad = append(bad, wrong...)
	s.Spec.ExDates, wrong = dates("exdate", d.ExDates, s.AllDay)
	bad = append(bad, wrong...)
	if err := fault.InvalidFields(bad); err != nil {
		return occurrence.Series{}, err
	}
	if err := checkRule(&s); err != nil {
		return occurrence.Series{}, err
	}
	return s, nil
}

func orElse[T ~string](value, fallback T) T {
	if value == "" {
		return fallback
	}
	return value
}

// orElseStart is the start that people mean when they name none: a rule that says
// nothing of the time of day is about days, and begins today.
func orElseStart(given *Moment, rule string, now recurrence.Local) Moment {
	if given != nil {
		return *given
	}
	if timesOfDay(rule) == "" {
		return Moment{now.At(recurrence.Local{}), true}
	}
	hour := now.In(time.UTC).Truncate(time.Hour).Add(time.Hour)
	return Moment{recurrence.LocalOf(hour, time.UTC), false}
}

// timesOfDay is the part of a rule that speaks of the time of day; empty: none does.
func timesOfDay(rule string) string {
	for part := range strings.SplitSeq(strings.TrimPrefix(strings.ToUpper(rule), "RRULE:"), ";") {
		name, value, _ := strings.Cut(part, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		switch {
		case slices.Contains([]string{"BYHOUR", "BYMINUTE", "BYSECOND"}, name):
			return name
		case name == "FREQ" && slices.Contains([]string{"HOURLY", "MINUTELY", "SECONDLY"}, value):
			return name
		}
	}
	return ""
}

// lastYear is what is wrong with a time that is so late that the instants around it
// could not be told in RFC 3339.
const lastYear = "must lie before the year 9990"

func beyond(l recurrence.Local) bool { return l.In(time.UTC).Year() >= 9990 }

func dates(field string, moments []Moment, allDay bool) ([]recurrence.Local, []fault.Field) {
	var bad []fault.Field
	if len(moments) > recurrence.MaxDates {
		return nil, []fault.Field{{Name: field, Message: fmt.Sprintf("are more than %d", recurrence.MaxDates)}}
	}
	all := make([]recurrence.Local, len(moments))
	for i, m := range moments {
		if beyond(m.Local) {
			bad = append(bad, fault.Field{Name: fmt.Sprintf("%s[%d]", field, i), Message: lastYear})
		}
		if all[i] = m.Local; m.Date != allDay {
			want := "a date and time such as 2026-03-27T14:00:00"
			if allDay {
				want = "a date such as 2026-03-27"
			}
			bad = append(bad, fault.Field{Name: fmt.Sprintf("%s[%d]", field, i), Message: "must be " + want + ", as dtstart is"})
		}
	}
	return all, bad
}

// normalise checks what a series has besides its rule. What an instance would be
// refused for, its template is refused for.
func normalise(s *occurrence.Series) []fault.Field {
	var bad []fault.Field
	complain := func(field, format string, args ...any) {
		bad = append(bad, fault.Field{Name: field, Message: fmt.Sprintf(format, args...)})
	}
	template, err := task.New(s.Owner, task.Draft{
		Title: s.Title, Description: s.Description, Priority: task.Priority(s.Priority), Tags: s.Tags,
	}, s.CreatedAt)
	if f, ok := errors.AsType[*fault.Error](err); ok {
		bad = f.Fields
	} else {
		s.Title, s.Description, s.Priority, s.Tags = template.Title, template.Description, string(template.Priority), template.Tags
	}
	if !slices.Contains(occurrence.Modes(), s.Mode) {
		complain("mode", "must be one of %v", occurrence.Modes())
	}
	if !slices.Contains(occurrence.IfPendings(), s.IfPending) {
		complain("if_pending", "must be one of %v", occurrence.IfPendings())
	}
	if !slices.Contains(occurrence.CatchUps(), s.CatchUp) {
		complain("catch_up", "must be one of %v", occurrence.CatchUps())
	}
	for i, minutes := range s.ReminderOffsets {
		if minutes < 0 || minutes > MaxReminderOffset {
			complain(fmt.Sprintf("reminder_offsets[%d]", i), "must be from 0 to %d minutes", MaxReminderOffset)
		}
	}
	s.ReminderOffsets = slices.Clone(s.ReminderOffsets)
	slices.SortFunc(s.ReminderOffsets, func(a, b int) int { return b - a })
	if s.ReminderOffsets = slices.Compact(s.ReminderOffsets); len(s.ReminderOffsets) > MaxReminders {
		complain("reminder_offsets", "are more than %d", MaxReminders)
	}
	return bad
}

// checkRule refuses a rule that cannot be kept, and brings it into its normal form.
func checkRule(s *occurrence.Series) error {
	rule, err := s.Rule()
	if err == nil {
		err = rule.Storable()
	}
	if err != nil {
		return preview.Refused(err)
	}
	if part := timesOfDay(rule.String()); s.AllDay && part != "" {
		return preview.Refused(&recurrence.Error{
			Part: part, Reason: part + " speaks of times of day, but dtstart is a date. Give dtstart a time.",
		})
	}
	if s.Mode == occurrence.ByCompletion {
		switch {
		case s.Spec.RRule == "":
			return preview.Refused(&recurrence.Error{Part: "RRULE", Reason: "A series that counts from completion needs a rule."})
		case len(s.Spec.RDates) > 0:
			return preview.Refused(&recurrence.Error{Part: "rdate", Reason: "A series that counts from completion has no extra dates."})
		}
	}
	s.Spec.RRule = rule.String()
	return nil
}

// apply returns the series as it is after a change to all of it, and whether it needs
// another schedule.
func apply(s occurrence.Series, c Change, now time.Time) (after occurrence.Series, rule, schedule bool, err error) {
	after = s
	after.UpdatedAt = now
	set(&after.Title, c.Title)
	set(&after.Description, c.Description)
	if c.Priority != nil {
		after.Priority = string(*c.Priority)
	}
	set(&after.Tags, c.Tags)
	set(&after.ReminderOffsets, c.ReminderOffsets)
	set(&after.Mode, c.Mode)
	set(&after.IfPending, c.IfPending)
	set(&after.CatchUp, c.CatchUp)
	set(&after.Spec.RRule, c.RRule)
	set(&after.Spec.Zone, c.Timezone)
	if c.Start != nil {
		after.Spec.Start, after.AllDay = c.Start.Local, c.Start.Date
	}
	bad := normalise(&after)
	if beyond(after.Spec.Start) {
		bad = append(bad, fault.Field{Name: "dtstart", Message: lastYear})
	}
	var wrong []fault.Field
	if c.RDates != nil {
		after.Spec.RDates, wrong = dates("rdate", *c.RDates, after.AllDay)
		bad = append(bad, wrong...)
	}
	if c.ExDates != nil {
		after.Spec.ExDates, wrong = dates("exdate", *c.ExDates, after.AllDay)
		bad = append(bad, wrong...)
	}
	if err := fault.InvalidFields(bad); err != nil {
		return s, false, false, err
	}
	if err := checkRule(&after); err != nil {
		return s, false, false, err
	}
	rule = !sameRule(s, after)
	if rule {
		after.Since = now
	}
	return after, rule, rule || !slices.Equal(s.ReminderOffsets, after.ReminderOffsets), nil
}

func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

// sameRule tells whether two series have the same occurrences.
func sameRule(a, b occurrence.Series) bool {
	return a.Spec.RRule == b.Spec.RRule && a.Spec.Start == b.Spec.Start && a.Spec.Zone == b.Spec.Zone &&
		slices.Equal(a.Spec.RDates, b.Spec.RDates) && slices.Equal(a.Spec.ExDates, b.Spec.ExDates) &&
		a.AllDay == b.AllDay && a.Mode == b.Mode
}

// describe is the rule in plain English.
func describe(s occurrence.Series, rule *recurrence.Rule) string {
	text := rule.Describe()
	if s.AllDay {
		text = rule.DescribeDays()
	}
	if s.Mode == occurrence.ByCompletion {
		text += ", counted from completion"
	}
	return text
}
