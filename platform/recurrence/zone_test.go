package recurrence_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rondohq/rondo/platform/recurrence"
)

// TestClockChanges has days on which clocks change, in zones that do it in every
// way there is.
func TestClockChanges(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		why, zone, start, rule string
		want                   string // until the last of these
	}{
		{
			"the gap moves by the offset before it", "America/New_York", "2026-03-07T02:30:00", "FREQ=DAILY;COUNT=3",
			"2026-03-07T02:30:00-05:00 2026-03-08T03:30:00-04:00 2026-03-09T02:30:00-04:00",
		},
		{
			"of two the first", "America/New_York", "2026-10-31T01:30:00", "FREQ=DAILY;COUNT=3",
			"2026-10-31T01:30:00-04:00 2026-11-01T01:30:00-04:00 2026-11-02T01:30:00-05:00",
		},
		{
			"both changes of a year", "Europe/Berlin", "2026-03-27T14:00:00", "FREQ=WEEKLY;BYDAY=FR;COUNT=2",
			"2026-03-27T14:00:00+01:00 2026-04-03T14:00:00+02:00",
		},
		{
			"one o'clock is skipped", "Europe/London", "2026-03-28T01:00:00", "FREQ=DAILY;COUNT=3",
			"2026-03-28T01:00:00Z 2026-03-29T02:00:00+01:00 2026-03-30T01:00:00+01:00",
		},
		{
			"southern summer ends in April", "Australia/Sydney", "2026-04-04T02:30:00", "FREQ=DAILY;COUNT=3",
			"2026-04-04T02:30:00+11:00 2026-04-05T02:30:00+11:00 2026-04-06T02:30:00+10:00",
		},
		{
			"half an hour is skipped", "Australia/Lord_Howe", "2026-10-03T02:15:00", "FREQ=DAILY;COUNT=3",
			"2026-10-03T02:15:00+10:30 2026-10-04T02:45:00+11:00 2026-10-05T02:15:00+11:00",
		},
		{
			"half an hour comes twice", "Australia/Lord_Howe", "2026-04-04T01:45:00", "FREQ=DAILY;COUNT=3",
			"2026-04-04T01:45:00+11:00 2026-04-05T01:45:00+11:00 2026-04-06T01:45:00+10:30",
		},
		{
			"winter time is the exception in law", "Europe/Dublin", "2026-03-28T01:30:00", "FREQ=DAILY;COUNT=3",
			"2026-03-28T01:30:00Z 2026-03-29T02:30:00+01:00 2026-03-30T01:30:00+01:00",
		},
		{
			"no change, odd offset", "Asia/Kathmandu", "2026-03-28T02:30:00", "FREQ=DAILY;COUNT=2",
			"2026-03-28T02:30:00+05:45 2026-03-29T02:30:00+05:45",
		},
		{
			"a day is skipped, and counted", "Pacific/Apia", "2011-12-29T10:00:00", "FREQ=DAILY;COUNT=4",
			"2011-12-29T10:00:00-10:00 2011-12-31T10:00:00+14:00 2012-01-01T10:00:00+14:00",
		},
		{
			"a day is skipped, weekly", "Pacific/Apia", "2011-12-23T10:00:00", "FREQ=WEEKLY;COUNT=3",
			"2011-12-23T10:00:00-10:00 2011-12-31T10:00:00+14:00 2012-01-06T10:00:00+14:00",
		},
		{
			"another skipped day", "Pacific/Kwajalein", "1993-08-20T10:00:00", "FREQ=DAILY;COUNT=4",
			"1993-08-20T10:00:00-12:00 1993-08-22T10:00:00+12:00 1993-08-23T10:00:00+12:00",
		},
		{
			"hours of a gap fall together", "America/New_York", "2026-03-08T00:00:00", "FREQ=HOURLY;BYMINUTE=0,30;UNTIL=20260308T080000Z",
			"2026-03-08T00:00:00-05:00 2026-03-08T00:30:00-05:00 2026-03-08T01:00:00-05:00 2026-03-08T01:30:00-05:00 " +
				"2026-03-08T03:00:00-04:00 2026-03-08T03:30:00-04:00 2026-03-08T04:00:00-04:00",
		},
		{
			"the repeated hour has none", "America/New_York", "2026-11-01T00:00:00", "FREQ=HOURLY;COUNT=4",
			"2026-11-01T00:00:00-04:00 2026-11-01T01:00:00-04:00 2026-11-01T02:00:00-05:00 2026-11-01T03:00:00-05:00",
		},
		{
			"what the gap moves may come after what follows it", "Europe/Berlin", "2026-03-29T02:45:00", "FREQ=DAILY;BYHOUR=2,3;BYMINUTE=15,45;COUNT=4",
			"2026-03-29T03:15:00+02:00 2026-03-29T03:45:00+02:00 2026-03-30T02:15:00+02:00",
		},
		{
			"UNTIL in UTC", "America/New_York", "2026-03-06T21:00:00", "FREQ=DAILY;UNTIL=20260309T010000Z",
			"2026-03-06T21:00:00-05:00 2026-03-07T21:00:00-05:00 2026-03-08T21:00:00-04:00",
		},
		{
			"UNTIL on the wall clock", "America/New_York", "2026-03-06T21:00:00", "FREQ=DAILY;UNTIL=20260308T205959",
			"2026-03-06T21:00:00-05:00 2026-03-07T21:00:00-05:00",
		},
		{
			"UNTIL as a date has all of it", "America/New_York", "2026-03-06T23:59:59", "FREQ=DAILY;UNTIL=20260308",
			"2026-03-06T23:59:59-05:00 2026-03-07T23:59:59-05:00 2026-03-08T23:59:59-04:00",
		},
	} {
		t.Run(test.zone+", "+test.why, func(t *testing.T) {
			t.Parallel()
			rule := parse(t, test.rule, test.start, test.zone)
			var got []string
			for at := range rule.All() {
				got = append(got, at.Format(time.RFC3339))
			}
			want := strings.Fields(test.want)
			if !slices.Equal(got, want) {
				t.Errorf("got  %v\nwant %v", got, want)
			}
		})
	}
}

// inZone is RFC 5545 §3.3.5 read naively: of all offsets that the zone has around
// a time, the earliest instant that shows it, else by the offset before the gap.
func inZone(wall time.Time, zone *time.Location) time.Time {
	var best, byOffsetBefore time.Time
	for probe := wall.Add(-27 * time.Hour); !probe.After(wall.Add(27 * time.Hour)); probe = probe.Add(time.Hour) {
		_, offset := probe.In(zone).Zone()
		at := wall.Add(-time.Duration(offset) * time.Second)
		if recurrence.LocalOf(at, zone) == recurrence.LocalOf(wall, time.UTC) && (best.IsZero() || at.Before(best)) {
			best = at
		}
		if byOffsetBefore.IsZero() {
			byOffsetBefore = at
		}
	}
	if best.IsZero() {
		return byOffsetBefore.In(zone)
	}
	return best.In(zone)
}

// TestNextAroundClockChanges walks random rules over the changes of many zones,
// and asks for the next occurrence from random instants.
func TestNextAroundClockChanges(t *testing.T) {
	t.Parallel()
	changes := map[string][]string{
		"America/New_York":    {"2026-03-08T00:00:00", "2026-11-01T00:00:00"},
		"Europe/London":       {"2026-03-29T00:00:00", "2026-10-25T00:00:00"},
		"Europe/Dublin":       {"2026-03-29T00:00:00", "2026-10-25T00:00:00"},
		"Australia/Sydney":    {"2026-10-04T00:00:00", "2026-04-05T00:00:00"},
		"Australia/Lord_Howe": {"2026-10-04T00:00:00", "2026-04-05T00:00:00"},
		"Pacific/Apia":        {"2011-12-30T00:00:00"},
		"Pacific/Kwajalein":   {"1993-08-21T00:00:00"},
		"America/Havana":      {"2026-03-08T00:00:00", "2026-11-01T00:00:00"},
		"Asia/Kathmandu":      {"1986-01-01T00:00:00"},
		"Africa/Casablanca":   {"2026-02-15T00:00:00", "2026-03-22T00:00:00"},
	}
	random := rand.New(rand.NewPCG(5545, 2))
	for name, starts := range changes {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for range 60 {
			change, err := time.Parse("2006-01-02T15:04:05", starts[random.IntN(len(starts))])
			if err != nil {
				t.Fatal(err)
			}
			text := []string{
				"FREQ=HOURLY", "FREQ=HOURLY;INTERVAL=2", "FREQ=MINUTELY;INTERVAL=17", "FREQ=MINUTELY;INTERVAL=30", "FREQ=SECONDLY;INTERVAL=1613",
				"FREQ=DAILY;BYHOUR=0,1,2,3;BYMINUTE=0,15,30,45", "FREQ=DAILY", "FREQ=DAILY;BYHOUR=2,3", "FREQ=HOURLY;BYMINUTE=10,40;BYSETPOS=-1",
			}[random.IntN(9)]
			start := change.Add(time.Duration(random.IntN(72*60)-36*60) * time.Minute)
			end := start.Add(96 * time.Hour)
			var want []time.Time
			for _, wall := range newOracle(text, start).until(end) {
				want = append(want, inZone(wall, zone))
			}
			slices.SortFunc(want, time.Time.Compare)
			want = slices.CompactFunc(want, time.Time.Equal)
			want = slices.DeleteFunc(want, func(at time.Time) bool { return !at.Before(start.Add(48 * time.Hour)) })

			rule, err := recurrence.Parse(recurrence.Spec{RRule: text, Start: recurrence.LocalOf(start, time.UTC), Zone: name})
			if err != nil {
				t.Fatal(err)
			}
			got, _ := rule.First(len(want), nil)
			if !slices.EqualFunc(got, want, time.Time.Equal) {
				t.Fatalf("%s from %v in %s:\ngot  %v\nwant %v", text, start, name, got, want)
			}
			for range 40 {
				after := want[0].Add(time.Duration(random.Int64N(int64(want[len(want)-1].Sub(want[0])))))
				i := slices.IndexFunc(want, func(at time.Time) bool { return at.After(after) })
				if next, ok := rule.Next(after); !ok || !next.Equal(want[i]) {
					t.Fatalf("%s from %v in %s: after %v comes %v, want %v", text, start, name, after, next, want[i])
				}
			}
		}
	}
}

func TestLocalKnowsItsFormats(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2026-03-27T14:00:00": "2026-03-27T14:00:00",
		"2026-03-27T14:00":    "2026-03-27T14:00:00",
		"20260327T140000":     "2026-03-27T14:00:00",
		"2026-03-27":          "2026-03-27T00:00:00",
		"20260327":            "2026-03-27T00:00:00",
		"0001-01-01T00:00:00": "0001-01-01T00:00:00",
		"9999-12-31T23:59:59": "9999-12-31T23:59:59",
	} {
		var l recurrence.Local
		if err := l.UnmarshalText([]byte(text)); err != nil || l.String() != want {
			t.Errorf("%s became %v (%v), want %s", text, l, err, want)
		}
	}
	for _, text := range []string{"", "tomorrow", "2026-02-30T14:00:00", "2026-03-27T25:00:00", "2026-03-27T14:00:00Z", "2026-03-27T14:00:00+01:00", "0000-01-01"} {
		if l, err := recurrence.ParseLocal(text); err == nil {
			t.Errorf("%q became %v", text, l)
		}
	}
}

func TestZonesAreNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "Local", "localtime", "right/UTC", "../etc/passwd", "Europe/./Berlin", "Europe", "Mars/Olympus", "+01:00", "Europe/Berlin\x00"} {
		_, err := recurrence.Parse(recurrence.Spec{RRule: "FREQ=DAILY", Start: local(t, "2026-03-27"), Zone: name})
		if e, ok := errors.AsType[*recurrence.Error](err); !ok || e.Part != "timezone" {
			t.Errorf("zone %q: %v", name, err)
		}
	}
}
