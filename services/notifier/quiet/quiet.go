// Package quiet knows a person's quiet hours: a span of the day on the wall clock
// of their zone, in which nothing may ring.
package quiet

import "time"

// Hours are from From up to, and not with, To, as time since midnight on the wall
// clock. Where From is later than To they go over midnight.
type Hours struct {
	From, To time.Duration
	Zone     *time.Location
}

// Until is the end of the quiet time that now lies in, and whether it lies in one.
// The wall clock decides, also on the days when it is set: a time that comes twice
// is quiet twice, and an end that is left out is when the clock jumps over it.
func (h Hours) Until(now time.Time) (end time.Time, isQuiet bool) {
	if !h.contains(wall(now.In(h.Zone))) {
		return time.Time{}, false
	}
	year, month, day := now.In(h.Zone).Date()
	if wall(now.In(h.Zone)) >= h.To {
		day++ // over midnight
	}
	// As if the zone were UTC; the offsets a day before and after are the only ones
	// that it can have here.
	naive := time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Add(h.To)
	const aDay = 24 * time.Hour
	var latest time.Time
	for _, near := range []time.Time{naive.Add(-aDay), naive.Add(aDay)} {
		_, offset := near.In(h.Zone).Zone()
		at := naive.Add(-time.Duration(offset) * time.Second)
		if local := at.In(h.Zone); wall(local) == h.To%aDay && at.After(now) && (end.IsZero() || at.Before(end)) {
			end = at
		}
		if at.After(latest) {
			latest = at
		}
	}
	if end.IsZero() { // the clock jumps over it
		end, _ = latest.In(h.Zone).ZoneBounds()
	}
	return end.UTC(), true
}

func (h Hours) contains(clock time.Duration) bool {
	if h.From <= h.To {
		return h.From <= clock && clock < h.To
	}
	return clock >= h.From || clock < h.To
}

func wall(t time.Time) time.Duration {
	hour, minute, second := t.Clock()
	return time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second +
		time.Duration(t.Nanosecond())
}
