package quiet_test

import (
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/rondohq/rondo/services/notifier/quiet"
)

func TestQuietTimeEndsByTheWallClock(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		zone, from, to string
		now            string // RFC 3339
		until          string // empty: it is not quiet
	}{
		"afternoon":                    {"UTC", "13:00", "14:30", "2026-06-01T13:15:00Z", "2026-06-01T14:30:00Z"},
		"its first moment":             {"UTC", "13:00", "14:30", "2026-06-01T13:00:00Z", "2026-06-01T14:30:00Z"},
		"a moment before":              {"UTC", "13:00", "14:30", "2026-06-01T12:59:59.999Z", ""},
		"its last moment":              {"UTC", "13:00", "14:30", "2026-06-01T14:29:59.999Z", "2026-06-01T14:30:00Z"},
		"its end":                      {"UTC", "13:00", "14:30", "2026-06-01T14:30:00Z", ""},
		"evening, over midnight":       {"Europe/Berlin", "22:00", "07:00", "2026-06-01T23:00:00+02:00", "2026-06-02T07:00:00+02:00"},
		"night, over midnight":         {"Europe/Berlin", "22:00", "07:00", "2026-06-02T03:00:00+02:00", "2026-06-02T07:00:00+02:00"},
		"day, over midnight":           {"Europe/Berlin", "22:00", "07:00", "2026-06-02T12:00:00+02:00", ""},
		"up to midnight":               {"America/New_York", "20:00", "00:00", "2026-06-01T21:00:00-04:00", "2026-06-02T00:00:00-04:00"},
		"from midnight":                {"America/New_York", "00:00", "06:00", "2026-06-01T00:00:00-04:00", "2026-06-01T06:00:00-04:00"},
		"another day in UTC":           {"Asia/Kathmandu", "22:00", "07:00", "2026-06-01T17:00:00Z", "2026-06-02T01:15:00Z"},
		"on the last day of a year":    {"Australia/Sydney", "22:00", "07:00", "2026-12-31T23:00:00+11:00", "2027-01-01T07:00:00+11:00"},
		"the night of 23 hours":        {"Europe/Berlin", "22:00", "07:00", "2026-03-28T23:00:00+01:00", "2026-03-29T07:00:00+02:00"},
		"the night of 25 hours":        {"Europe/Berlin", "22:00", "07:00", "2026-10-24T23:00:00+02:00", "2026-10-25T07:00:00+01:00"},
		"an end that is left out":      {"Europe/Berlin", "22:00", "02:30", "2026-03-29T01:30:00+01:00", "2026-03-29T03:00:00+02:00"},
		"a beginning left out":         {"Europe/Berlin", "02:30", "05:00", "2026-03-29T01:59:00+01:00", ""},
		"after a beginning left out":   {"Europe/Berlin", "02:30", "05:00", "2026-03-29T03:00:00+02:00", "2026-03-29T05:00:00+02:00"},
		"an end that comes twice":      {"Europe/Berlin", "22:00", "02:30", "2026-10-25T02:15:00+02:00", "2026-10-25T02:30:00+02:00"},
		"between the two ends":         {"Europe/Berlin", "22:00", "02:30", "2026-10-25T02:45:00+02:00", ""},
		"before the second end":        {"Europe/Berlin", "22:00", "02:30", "2026-10-25T02:15:00+01:00", "2026-10-25T02:30:00+01:00"},
		"after the second end":         {"Europe/Berlin", "22:00", "02:30", "2026-10-25T02:30:00+01:00", ""},
		"a change of half an hour":     {"Australia/Lord_Howe", "22:00", "02:15", "2026-10-04T01:00:00+10:30", "2026-10-04T02:30:00+11:00"},
		"a zone west of the date line": {"Pacific/Kiritimati", "22:00", "07:00", "2026-06-01T09:00:00Z", "2026-06-01T17:00:00Z"},
	} {
		zone, err := time.LoadLocation(test.zone)
		if err != nil {
			t.Fatal(err)
		}
		clock := func(text string) time.Duration {
			at, err := time.Parse("15:04", text)
			if err != nil {
				t.Fatal(err)
			}
			return time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
		}
		instant := func(text string) (at time.Time) {
			if text == "" {
				return at
			}
			at, err := time.Parse(time.RFC3339Nano, text)
			if err != nil {
				t.Fatal(err)
			}
			return at
		}
		end, isQuiet := quiet.Hours{From: clock(test.from), To: clock(test.to), Zone: zone}.Until(instant(test.now))
		if isQuiet != (test.until != "") || !end.Equal(instant(test.until)) {
			t.Errorf("%s: quiet %v until %v, want %q", name, isQuiet, end.In(zone).Format(time.RFC3339), test.until)
		}
	}
}

// Whatever the zone and the hours: the end is ahead, no more than a day and the
// largest change of a clock, nothing between is loud, and the end itself is.
func TestQuietTimeIsQuietUpToItsEnd(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Europe/Dublin", "Asia/Kathmandu"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, span := range [][2]int{{22 * 60, 7 * 60}, {0, 2*60 + 30}, {60, 2 * 60}, {23*60 + 30, 15}, {2*60 + 15, 2*60 + 45}} {
			h := quiet.Hours{From: time.Duration(span[0]) * time.Minute, To: time.Duration(span[1]) * time.Minute, Zone: zone}
			for _, begin := range []time.Time{
				time.Date(2026, 3, 7, 0, 0, 0, 0, time.UTC), time.Date(2026, 3, 28, 0, 0, 0, 0, time.UTC), time.Date(2026, 4, 4, 0, 0, 0, 0, time.UTC),
				time.Date(2026, 10, 3, 0, 0, 0, 0, time.UTC), time.Date(2026, 10, 24, 0, 0, 0, 0, time.UTC), time.Date(2026, 10, 31, 0, 0, 0, 0, time.UTC),
			} {
				for now := begin; now.Before(begin.Add(60 * time.Hour)); now = now.Add(5 * time.Minute) {
					end, isQuiet := h.Until(now)
					if !isQuiet {
						continue
					}
					_, still := h.Until(end)
					before, _ := h.Until(end.Add(-time.Nanosecond))
					if !end.After(now) || end.Sub(now) > 26*time.Hour || still || !before.Equal(end) {
						t.Fatalf("%s %v at %v: until %v, %v there, %v just before", name, span, now.In(zone), end.In(zone), still, before.In(zone))
					}
				}
			}
		}
	}
}
