package exchange

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rondohq/rondo/platform/recurrence"
	"github.com/rondohq/rondo/services/api/ical"
	"github.com/rondohq/rondo/services/api/task"
	"github.com/rondohq/rondo/services/internal/occurrence"
)

// ahead is how many occurrences of a series that ends by COUNT, or that no rule tells
// from its next occurrence on, a calendar is told of.
const ahead = 366

// Single writes a task as a VTODO by itself, with no reminders: Rondo delivers them.
func (c *CalendarWriter) Single(t task.Task) error {
	c.w.Begin("VTODO")
	c.w.Text("UID", t.ID.String())
	c.task(Item{Task: t}, c.zone)
	c.w.End("VTODO")
	return c.w.Err()
}

// Event writes a task as a VEVENT at its due date; one without is left out. There are
// calendars that show nothing else.
func (c *CalendarWriter) Event(t task.Task) error {
	if t.DueAt == nil {
		return c.w.Err()
	}
	title := t.Title
	if t.Status == task.Completed {
		title = "✓ " + title
	}
	c.w.Begin("VEVENT")
	c.w.Text("UID", t.ID.String())
	c.stamps(t.CreatedAt, t.UpdatedAt, t.Version)
	c.text(title, t.Description, t.Priority, t.Tags)
	if day, ok := dayOf(*t.DueAt, c.zone); ok {
		c.w.Raw("DTSTART", ical.FormatDate(day), "VALUE", "DATE")
	} else {
		c.w.Raw("DTSTART", ical.FormatUTC(*t.DueAt))
	}
	c.w.Raw("TRANSP", "TRANSPARENT") // nobody is busy with being due
	c.w.End("VEVENT")
	return c.w.Err()
}

// Coming writes those occurrences of a series that are no tasks yet, as a recurring
// VTODO or VEVENT that begins with the next one. Nothing is written when none is known.
func (c *CalendarWriter) Coming(s occurrence.Series, asEvent bool) error {
	if s.NextOccurrenceAt == nil {
		return c.w.Err()
	}
	rule, err := s.Rule()
	if err != nil {
		return fmt.Errorf("understanding a stored rule: %w", err)
	}
	component := "VTODO"
	if asEvent {
		component = "VEVENT"
	}
	c.w.Begin(component)
	c.w.Text("UID", s.ID.String())
	c.stamps(s.CreatedAt, s.UpdatedAt, s.Version)
	c.text(s.Title, s.Description, task.Priority(s.Priority), s.Tags)
	spec := comingSpec(s, rule)
	c.local("DTSTART", s, spec.Start)
	if asEvent {
		c.w.Raw("TRANSP", "TRANSPARENT")
	} else {
		c.local("DUE", s, spec.Start)
		c.w.Raw("STATUS", "NEEDS-ACTION")
	}
	if spec.RRule != "" {
		c.w.Raw("RRULE", untilLike(spec.RRule, s.AllDay, rule.Zone()))
	}
	for _, wall := range spec.RDates {
		c.local("RDATE", s, wall)
	}
	for _, wall := range spec.ExDates {
		c.local("EXDATE", s, wall)
	}
	c.w.End(component)
	return c.w.Err()
}

// comingSpec is the recurrence of a series from its next occurrence on: by the same rule
// if that has the same occurrences when it begins there, else as a list of them.
func comingSpec(s occurrence.Series, rule *recurrence.Rule) recurrence.Spec {
	next := *s.NextOccurrenceAt
	spec := recurrence.Spec{Start: recurrence.LocalOf(next, rule.Zone()), Zone: s.Spec.Zone}
	if s.Mode == occurrence.ByCompletion { // what follows depends on when it is done
		return spec
	}
	before := next.Add(-time.Second)
	occurrences, finished := rule.First(ahead, &before)
	if len(occurrences) == 0 { // it was moved, or its rule was just changed
		return spec
	}
	list := spec
	if len(occurrences) > 1 {
		for _, at := range occurrences { // the start too, see recurrence
			list.RDates = append(list.RDates, recurrence.LocalOf(at, rule.Zone()))
		}
	}
	spec.RRule = withoutCount(rule.String(), occurrences[len(occurrences)-1])
	late := func(wall recurrence.Local) bool { return wall.In(rule.Zone()).Before(next) }
	spec.RDates = slices.DeleteFunc(slices.Clone(s.Spec.RDates), late)
	spec.ExDates = slices.DeleteFunc(slices.Clone(s.Spec.ExDates), late)
	rebased, err := recurrence.Parse(spec)
	if err != nil || !spec.Start.In(rule.Zone()).Equal(next) {
		return list
	}
	same, ended := rebased.First(ahead, &before)
	if !slices.EqualFunc(occurrences, same, time.Time.Equal) || ended != finished && !strings.Contains(rule.String(), "COUNT=") {
		return list
	}
	return spec
}

// withoutCount lets a rule that ends by COUNT end with an occurrence, since it begins
// with another one now.
func withoutCount(rule string, last time.Time) string {
	parts := strings.Split(rule, ";")
	for i, part := range parts {
		if strings.HasPrefix(part, "COUNT=") {
			parts[i] = "UNTIL=" + ical.FormatUTC(last)
		}
	}
	return strings.Join(parts, ";")
}
