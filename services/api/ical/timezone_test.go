package ical

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var day = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

func timezone(t *testing.T, zone *time.Location, from time.Time) (*Component, string) {
	t.Helper()
	var file strings.Builder
	w := NewWriter(&file)
	w.Begin("VCALENDAR")
	w.Timezone(zone, from, day)
	w.End("VCALENDAR")
	require.NoError(t, w.Err())
	var read *Component
	_, err := Read(file.String(), func(c *Component) error { read = c; return nil })
	require.NoError(t, err)
	return read, file.String()
}

// The offsets of a generated VTIMEZONE are those of the zone's data, from the instant that was asked for to far beyond where we looked.
func TestTimezoneHasTheOffsetsOfTheZone(t *testing.T) {
	t.Parallel()
	names := []string{
		"UTC", "Europe/Dublin", "America/Sao_Paulo", "Africa/Casablanca", "Asia/Gaza", "Antarctica/Troll", "America/Nuuk", "America/Scoresbysund",
		"Asia/Tehran", "Africa/Monrovia", "Europe/Lisbon", "Pacific/Apia",
	}
	for _, zone := range windowsLocations() {
		names = append(names, zone.String())
	}
	for _, name := range names {
		zone := load(name)
		require.NotNil(t, zone, name)
		for _, from := range []time.Time{time.Date(1960, 7, 1, 0, 0, 0, 0, time.UTC), time.Date(1995, 1, 1, 0, 0, 0, 0, time.UTC), day} {
			c, text := timezone(t, zone, from)
			last := day.Year() + foresight
			switch name {
			case "Africa/Casablanca", "Africa/El_Aaiun", "Asia/Gaza", "Asia/Hebron": // their changes follow the moon
			case "Africa/Cairo": // and this one's, the end of the last Thursday of October, may be in November
			default:
				last += 50
			}
			onsets, ok := onsetsOf(c, 1900, last+1)
			require.True(t, ok, "%s\n%s", name, text)
			i := -1
			for at := from; at.Year() <= last; at = at.Add(3 * 24 * time.Hour) {
				for i+1 < len(onsets) && onsets[i+1].at <= at.Unix() {
					i++
				}
				require.False(t, i < 0 || offsetAt(at, zone) != onsets[i].to, "%s at %s\n%s", name, at, text)
			}
			for _, o := range onsets { // and to the second
				if at := time.Unix(o.at, 0); at.After(from) && at.Year() <= last {
					require.False(t, offsetAt(at.Add(-time.Second), zone) != o.from || offsetAt(at, zone) != o.to, "%s at %s\n%s", name, at, text)
				}
			}
		}
	}
}

func TestTimezoneIsWrittenAsPeopleTellIt(t *testing.T) {
	t.Parallel()
	_, text := timezone(t, load("Europe/Berlin"), day)
	require.Equal(t, strings.ReplaceAll(`BEGIN:VCALENDAR
BEGIN:VTIMEZONE
TZID:Europe/Berlin
X-LIC-LOCATION:Europe/Berlin
BEGIN:DAYLIGHT
DTSTART:20270328T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:20261025T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
END:VCALENDAR
`, "\n", "\r\n"), text)
}
