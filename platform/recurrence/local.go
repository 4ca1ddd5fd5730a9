package recurrence

import (
	"fmt"
	"strings"
	"time"
)

const (
	secondsPerDay = 24 * 60 * 60
	localFormat   = "2006-01-02T15:04:05"
	// unixOfLocalZero is the Unix time of 0001-01-01T00:00:00 UTC.
	unixOfLocalZero = -62135596800
	// longestShift is more than any zone's clock ever jumped (a day, where a
	// country changed the side of the date line).
	longestShift = 26 * 60 * 60
)

// Local is a time on a wall clock: date and time of day without a zone, whole
// seconds, years 1 to 9999. It is comparable; the zero value is the first
// second of year 1.
type Local struct {
	seconds int64 // since 0001-01-01T00:00:00, each day having 86,400
}

// ParseLocal reads "2026-03-27T14:00:00", "2026-03-27T14:00", "20260327T140000"
// or a date alone, which means its midnight.
func ParseLocal(text string) (Local, error) {
	for _, layout := range []string{localFormat, "2006-01-02T15:04", "20060102T150405", time.DateOnly, "20060102"} {
		if len(text) != len(layout) {
			continue
		}
		if t, err := time.Parse(layout, text); err == nil && t.Year() >= 1 {
			return LocalOf(t, time.UTC), nil
		}
	}
	if strings.HasSuffix(text, "Z") || strings.HasSuffix(text, "z") {
		return Local{}, fmt.Errorf("%q has a zone; write the time that the clock shows, such as 2026-03-27T14:00:00", text)
	}
	return Local{}, fmt.Errorf("%q is no date and time such as 2026-03-27T14:00:00", text)
}

// LocalOf is what a clock in loc shows at t, without fractions of a second.
func LocalOf(t time.Time, loc *time.Location) Local {
	return Local{seconds: t.Unix() + offsetAt(t.Unix(), loc) - unixOfLocalZero}
}

// In is the instant at which a clock in loc shows l. A time that the clock skips
// is read with the offset before the gap; of one that it shows twice, the first
// is meant (RFC 5545 §3.3.5).
func (l Local) In(loc *time.Location) time.Time {
	unix, _ := l.resolve(loc)
	return time.Unix(unix, 0).In(loc)
}

// String is l as 2026-03-27T14:00:00.
func (l Local) String() string { return l.utc().Format(localFormat) }

// At is the day of l at the time of day of clock.
func (l Local) At(clock Local) Local {
	return Local{seconds: l.day()*secondsPerDay + clock.secondOfDay()}
}

// MarshalText is String, for JSON and query parameters.
func (l Local) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText is ParseLocal.
func (l *Local) UnmarshalText(text []byte) error {
	parsed, err := ParseLocal(string(text))
	if err == nil {
		*l = parsed
	}
	return err
}

func (l Local) utc() time.Time     { return time.Unix(l.seconds+unixOfLocalZero, 0).UTC() }
func (l Local) day() int64         { return l.seconds / secondsPerDay }
func (l Local) secondOfDay() int64 { return l.seconds % secondsPerDay }

// resolve gives the Unix time of In. If the clock skips l, gapEnd is the first
// time that it shows after the gap; else it is zero.
func (l Local) resolve(loc *time.Location) (unix int64, gapEnd Local) {
	naive := l.seconds + unixOfLocalZero
	if loc == time.UTC {
		return naive, Local{}
	}
	// A guess that is right unless a transition is near.
	unix = naive - offsetAt(naive, loc)
	from, to, offset, before, after := zoneAt(unix, loc)
	if unix == naive-offset && unix-from > longestShift && to-unix > longestShift {
		return unix, Local{}
	}

	// The clock may have changed around l, once or (rarely) twice.
	if first := naive - before; first < from {
		if _, _, earlier, _, _ := zoneAt(first, loc); earlier == before {
			return first, Local{}
		}
	}
	unix = naive - offset
	switch {
	case unix >= from && unix < to:
		return unix, Local{}
	case unix < from: // neither offset shows l at the change at from
		return naive - before, Local{seconds: from + offset - unixOfLocalZero}
	case naive-after < to: // nor at the change at to
		return unix, Local{seconds: to + after - unixOfLocalZero}
	default:
		return naive - after, Local{}
	}
}

func offsetAt(unix int64, loc *time.Location) int64 {
	_, offset := time.Unix(unix, 0).In(loc).Zone()
	return int64(offset)
}

// zoneAt is the offset in force at a Unix time, from when (included) to when
// (not included), and the offsets before and after that. All are in seconds.
func zoneAt(unix int64, loc *time.Location) (from, to, offset, before, after int64) {
	const never = 1 << 60
	t := time.Unix(unix, 0).In(loc)
	_, o := t.Zone()
	offset = int64(o)
	from, to, before, after = -never, never, offset, offset
	start, end := t.ZoneBounds()
	if !start.IsZero() {
		from = start.Unix()
		before = offsetAt(from-1, loc)
	}
	if !end.IsZero() {
		to = end.Unix()
		after = offsetAt(to, loc)
	}
	return from, to, offset, before, after
}
