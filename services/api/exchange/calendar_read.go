package exchange

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/services/api/ical"
	"github.com/rondohq/rondo/services/api/task"
)

const (
	// maxLines is how many lines the VTODOs of a file may have together: it bounds memory.
	maxLines = 500_000
	// lookBack is how far the past of a series is searched for an occurrence that is open.
	lookBack = 366 * 24 * time.Hour
)

// calendarFile is a calendar on its way to a file.
type calendarFile struct {
	file

	zones   *ical.Zones
	bad     *problems
	now     time.Time
	ignored map[string]int
	// masters are the recurring VTODOs by UID.
	masters map[string]seriesRow
}

// parseCalendar reads iCalendar. VTODOs become tasks; those with a rule, series. Rows are
// the lines of the file.
func parseCalendar(body []byte, zone *time.Location, now time.Time) (file, *problems, error) {
	c := calendarFile{
		zones: ical.NewZones(zone, now), bad: &problems{unit: "line"}, now: now, ignored: map[string]int{}, masters: map[string]seriesRow{},
	}
	c.unit = "line"
	var todos []*ical.Component
	lines := 0
	properties, err := ical.Read(string(body), func(one *ical.Component) error {
		switch one.Name {
		case "VTIMEZONE":
			c.zones.Define(one)
		case "VTODO":
			todos = append(todos, one)
			lines += len(one.Lines)
			for _, child := range one.Children {
				lines += len(child.Lines)
			}
			if len(todos) > 2*MaxRows || lines > maxLines {
				return refusef("body", "must have at most %d VTODOs with %d lines", MaxRows, maxLines)
			}
		default:
			c.ignored[one.Name]++
		}
		return nil
	})
	if wrong, ok := errors.AsType[*ical.Error](err); ok {
		c.wrong("", wrong)
		return file{}, nil, c.bad.fault()
	}
	if err != nil {
		return file{}, nil, err
	}
	for _, l := range properties {
		if l.Name == xTags {
			tags, wrong := task.NormaliseTags(l.Texts()[:min(len(l.Texts()), MaxRows)])
			if len(wrong) == 0 || len(tags) > task.MaxTags {
				c.tags = append(c.tags, tags...)
			}
		}
	}
	c.todos(c.latest(todos))
	if len(c.rows) > MaxRows || len(c.series) > MaxSeries {
		return file{}, nil, refusef("body", "must have at most %d tasks and %d that repeat", MaxRows, MaxSeries)
	}
	c.tell()
	return c.file, c.bad, nil
}

// wrong notes a mistake in a line; component is where it is.
func (c *calendarFile) wrong(component string, err *ical.Error) {
	field := err.Property
	switch {
	case field == "":
		field = "line"
	case component != "":
		field = component + "." + field
	}
	c.bad.addf(err.Line, field, "%s", err.Reason)
}

// reasons say why parts of a calendar are left out.
var reasons = map[string]string{
	"VEVENT":    "events are no tasks",
	"VJOURNAL":  "journal entries are no tasks",
	"VFREEBUSY": "busy times are no tasks",
	"VALARM":    "an alarm that is no time before the due date, nor an instant",
	"VTODO":     "older versions of a task that is in the file too",
	"ATTACH":    "tasks have no attachments",
}

func (c *calendarFile) tell() {
	for _, name := range slices.Sorted(maps.Keys(c.ignored)) {
		reason, ok := reasons[name]
		if !ok {
			reason = "is no part of tasks"
		}
		if len(c.file.ignored) < maxProblems {
			c.file.ignored = append(c.file.ignored, Ignored{What: name, Count: c.ignored[name], Reason: reason})
		}
	}
}

// entry is a VTODO with what tells it from others.
type entry struct {
	*ical.Component

	uid        string
	recurrence *ical.Line // its RECURRENCE-ID
}

func (t entry) key() string {
	if t.recurrence == nil {
		return t.uid
	}
	return t.uid + "\n" + t.recurrence.Value
}

// latest leaves out the older ones of VTODOs that are the same, as SEQUENCE tells.
func (c *calendarFile) latest(all []*ical.Component) []entry {
	place := map[string]int{}
	var kept []entry
	for _, one := range all {
		t := entry{Component: one, uid: uidOf(one)}
		if l, ok := one.Get("RECURRENCE-ID"); ok {
			t.recurrence = &l
		}
		i, again := place[t.key()]
		if !again {
			place[t.key()] = len(kept)
			kept = append(kept, t)
			continue
		}
		c.ignored["VTODO"]++
		if sequence(one) >= sequence(kept[i].Component) {
			kept[i] = t
		}
	}
	return kept
}

func sequence(c *ical.Component) int {
	l, _ := c.Get("SEQUENCE")
	n, err := strconv.Atoi(strings.TrimSpace(l.Value))
	if err != nil {
		return 0
	}
	return n
}

// uidOf is the UID of a VTODO. One without is known by what it says, so that importing
// its file again finds it.
func uidOf(c *ical.Component) string {
	if l, ok := c.Get("UID"); ok && strings.TrimSpace(l.Value) != "" {
		return strings.TrimSpace(l.Text())
	}
	h := sha256.New()
	for _, l := range c.Lines {
		if l.Name != "DTSTAMP" {
			_, _ = fmt.Fprintf(h, "%s:%s\n", l.Name, l.Value)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// idOf is the id that stands for a UID, which need not be a UUID.
func idOf(uid string) *uuid.UUID {
	id, err := uuid.Parse(uid)
	if err != nil || len(uid) != len(id.String()) {
		id = uuid.NewSHA1(uuid.Nil, []byte("iCalendar UID "+uid))
	}
	return &id
}

func (c *calendarFile) todos(all []entry) {
	for _, t := range all {
		if t.repeats() {
			c.seriesOf(t)
		}
	}
	overridden := map[string]map[int64]bool{} // occurrences with a VTODO of their own, by UID
	for i, t := range all {
		master, ok := c.masters[t.uid]
		switch {
		case t.repeats():
		case t.recurrence == nil || !ok:
			c.taskOf(t, i-len(all), nil)
		default:
			if at := c.taskOf(t, i-len(all), &master); at != nil {
				if overridden[t.uid] == nil {
					overridden[t.uid] = map[int64]bool{}
				}
				overridden[t.uid][at.UnixMicro()] = true
			}
		}
	}
	for _, t := range all {
		if master, ok := c.masters[t.uid]; ok && t.repeats() {
			c.openOccurrence(master, t, overridden[t.uid])
		}
	}
}

// repeats tells a series from its occurrences, and from other tasks.
func (t entry) repeats() bool {
	_, hasRule := t.Get("RRULE")
	_, hasDates := t.Get("RDATE")
	return t.recurrence == nil && (hasRule || hasDates)
}
