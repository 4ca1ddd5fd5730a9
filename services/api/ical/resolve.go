package ical

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rondohq/rondo/platform/recurrence"
)

// Zones finds out which IANA zones a file means.
type Zones struct {
	floating *time.Location
	now      time.Time
	defined  map[string]*Component
	known    map[string]*time.Location // what was found out already; nil for what is unknown
	guesses  int
}

// maxGuesses bounds how many time zones of a file are told by their offsets, each of
// which costs about a millisecond.
const maxGuesses = 50

// NewZones makes a resolver. floating is where times without a zone are.
func NewZones(floating *time.Location, now time.Time) *Zones {
	return &Zones{floating: floating, now: now, defined: map[string]*Component{}, known: map[string]*time.Location{}}
}

// Define takes a VTIMEZONE of the file.
func (z *Zones) Define(c *Component) {
	if id, ok := c.Get("TZID"); ok && len(z.defined) < maxLines {
		z.defined[id.Text()] = c
	}
}

// Floating is where times without a zone are.
func (z *Zones) Floating() *time.Location { return z.floating }

// Zone is the zone that a TZID of the file means; an empty one is Floating. It is an
// IANA name, perhaps with something before it, or a name that Windows uses, or it is
// told by X-LIC-LOCATION or by the offsets of the VTIMEZONE.
func (z *Zones) Zone(tzid string) (*time.Location, error) {
	if tzid == "" {
		return z.floating, nil
	}
	zone, tried := z.known[tzid]
	if !tried {
		zone = z.find(tzid)
		z.known[tzid] = zone
	}
	if zone == nil {
		return nil, fmt.Errorf("names the time zone %s, which is neither an IANA zone nor like one", quote(tzid))
	}
	return zone, nil
}

func (z *Zones) find(tzid string) *time.Location {
	if zone := namedZone(tzid); zone != nil {
		return zone
	}
	definition := z.defined[tzid]
	if definition == nil {
		return nil
	}
	if location, ok := definition.Get("X-LIC-LOCATION"); ok {
		if zone := namedZone(location.Text()); zone != nil {
			return zone
		}
	}
	z.guesses++
	if z.guesses > maxGuesses {
		return nil
	}
	onsets, ok := onsetsOf(definition, z.now.Year()-2, z.now.Year()+2)
	if !ok {
		return nil
	}
	candidates := append([]*time.Location{z.floating, time.UTC}, windowsLocations()...)
	for _, zone := range candidates {
		if fits(onsets, zone, z.now) {
			return zone
		}
	}
	return nil
}

// namedZone reads a name such as Europe/Berlin, W. Europe Standard Time, or
// /freeassociation.sourceforge.net/Europe/Berlin; nil: it is none.
func namedZone(name string) *time.Location {
	name = strings.TrimSpace(name)
	if iana, ok := windowsZones[strings.ToLower(name)]; ok {
		name = iana
	}
	parts := strings.Split(strings.Trim(name, "/"), "/")
	for i := range parts {
		if len(parts)-i > 3 { // no IANA name has more
			continue
		}
		if zone := load(strings.Join(parts[i:], "/")); zone != nil {
			return zone
		}
	}
	return nil
}

// load finds an IANA zone; what LoadLocation knows beside those is left out.
func load(name string) *time.Location {
	if name == "" || len(name) > 64 || name == "Local" || name == "localtime" ||
		strings.HasPrefix(name, "posix") || strings.HasPrefix(name, "right") {
		return nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	return zone
}

// Instant is the moment as an instant. A time that the clock skips is read with the
// offset before the gap, one that it shows twice is the first (RFC 5545 §3.3.5); a date
// is its midnight.
func (z *Zones) Instant(m Moment) (time.Time, error) {
	if m.Form == UTC {
		return m.Wall, nil
	}
	zone, err := z.Zone(m.TZID)
	if err != nil {
		return time.Time{}, err
	}
	return recurrence.LocalOf(m.Wall, time.UTC).In(zone), nil
}

func offsetAt(t time.Time, zone *time.Location) int {
	_, offset := t.In(zone).Zone()
	return offset
}

// onset is when an offset begins to hold.
type onset struct {
	at       int64 // Unix time
	from, to int   // seconds east of UTC
}

// onsetsOf are the clock changes that a VTIMEZONE tells of some years, and those before
// that it tells one by one; false when it tells them by a rule that is not understood.
func onsetsOf(c *Component, firstYear, lastYear int) ([]onset, bool) {
	var onsets []onset
	for _, observance := range c.Children {
		some, ok := observanceOnsets(observance, firstYear, lastYear)
		if !ok {
			return nil, false
		}
		onsets = append(onsets, some...)
	}
	slices.SortStableFunc(onsets, func(a, b onset) int { return int(min(max(a.at-b.at, -1), 1)) })
	return onsets, len(onsets) > 0
}

func observanceOnsets(c *Component, firstYear, lastYear int) ([]onset, bool) {
	start, _ := c.Get("DTSTART")
	from, _ := c.Get("TZOFFSETFROM")
	to, _ := c.Get("TZOFFSETTO")
	begin, err := start.Moment()
	before, ok1 := parseOffset(from.Value)
	after, ok2 := parseOffset(to.Value)
	if err != nil || !ok1 || !ok2 {
		return nil, false
	}
	var onsets []onset
	add := func(wall time.Time) { onsets = append(onsets, onset{wall.Unix() - int64(before), before, after}) }
	add(begin.Wall)
	for _, l := range c.All("RDATE") {
		dates, err := l.Moments()
		if err != nil {
			return nil, false
		}
		for _, date := range dates {
			add(date.Wall)
		}
	}
	for _, l := range c.All("RRULE") {
		for year := max(firstYear, begin.Wall.Year()); year <= lastYear; year++ {
			wall, ends, ok := yearly(l.Value, begin.Wall, year)
			if !ok {
				return nil, false
			}
			if at := wall.Unix() - int64(before); wall.After(begin.Wall) && (ends.IsZero() || at <= ends.Unix()) {
				add(wall)
			}
		}
	}
	return onsets, true
}

// yearly is when a yearly rule such as FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU changes the
// clock in a year. It is all that time zones are made of.
func yearly(rule string, start time.Time, year int) (wall, until time.Time, ok bool) {
	parts := map[string]string{}
	for part := range strings.SplitSeq(strings.ToUpper(rule), ";") {
		name, value, _ := strings.Cut(part, "=")
		parts[name] = value
	}
	month := int(start.Month())
	day, from := start.Day(), 1
	for name, value := range parts {
		switch name {
		case "FREQ":
			ok = value == "YEARLY"
		case "UNTIL":
			m, err := Line{Value: value}.Moment()
			if err != nil {
				return wall, until, false
			}
			until = m.Wall
		case "BYMONTH":
			n, err := strconv.Atoi(value)
			if err != nil || n < 1 || n > 12 {
				return wall, until, false
			}
			month = n
		case "BYMONTHDAY":
			first, _, _ := strings.Cut(value, ",")
			n, err := strconv.Atoi(first)
			if err != nil || n < 1 || n > 31 {
				return wall, until, false
			}
			day, from = n, n
		case "BYDAY", "INTERVAL", "WKST":
		default:
			return wall, until, false
		}
	}
	if interval := parts["INTERVAL"]; !ok || interval != "" && interval != "1" {
		return wall, until, false
	}
	if weekday := parts["BYDAY"]; weekday != "" {
		ordinal, err := 1, error(nil)
		name := weekday[max(len(weekday)-2, 0):]
		if number := strings.TrimSuffix(weekday, name); number != "" {
			ordinal, err = strconv.Atoi(number)
		}
		which := slices.Index(weekdays[:], name)
		if err != nil || which < 0 || ordinal == 0 || ordinal < -5 || ordinal > 5 {
			return wall, until, false
		}
		if ordinal > 0 {
			first := time.Date(year, time.Month(month), from, 0, 0, 0, 0, time.UTC)
			day = from + (which-int(first.Weekday())+7)%7 + 7*(ordinal-1)
		} else {
			last := time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC)
			day = last.Day() - (int(last.Weekday())-which+7)%7 + 7*(ordinal+1)
		}
	}
	hour, minute, second := start.Clock()
	return time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC), until, true
}

// parseOffset reads a UTC-OFFSET such as +0530 (RFC 5545 §3.3.14), in seconds.
func parseOffset(text string) (seconds int, ok bool) {
	text = strings.TrimSpace(text)
	if len(text) != 5 && len(text) != 7 {
		return 0, false
	}
	for i := 1; i < len(text); i += 2 {
		n, err := strconv.ParseUint(text[i:i+2], 10, 8)
		if err != nil || n > 59 {
			return 0, false
		}
		seconds = seconds*60 + int(n)
	}
	if len(text) == 5 {
		seconds *= 60
	}
	if text[0] == '-' {
		seconds = -seconds
	}
	return seconds, text[0] == '-' || text[0] == '+'
}

// fits tells whether a zone has the offsets of a VTIMEZONE in each week of last year
// and this one, which is when people's times are.
func fits(onsets []onset, zone *time.Location, now time.Time) bool {
	for week := range 2 * 53 {
		t := now.AddDate(-1, 0, 7*week)
		offset := onsets[0].from
		for _, o := range onsets {
			if o.at > t.Unix() {
				break
			}
			offset = o.to
		}
		if offsetAt(t, zone) != offset {
			return false
		}
	}
	return true
}
