package recurrence_test

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rondohq/rondo/platform/recurrence"
)

// span is how far the oracle walks: long enough to see several periods.
var span = map[string]time.Duration{
	"YEARLY": 10 * 366 * 24 * time.Hour, "MONTHLY": 4 * 366 * 24 * time.Hour, "WEEKLY": 366 * 24 * time.Hour,
	"DAILY": 366 * 24 * time.Hour, "HOURLY": 40 * 24 * time.Hour, "MINUTELY": 2 * 24 * time.Hour, "SECONDLY": time.Hour,
}

func parseUTC(text string, start time.Time) (*recurrence.Rule, error) {
	return recurrence.Parse(recurrence.Spec{RRule: text, Start: recurrence.LocalOf(start, time.UTC), Zone: "UTC"})
}

// TestRuleAgreesWithANaiveReadingOfTheRFC compares thousands of random rules with
// the oracle: all occurrences from the start, so that COUNT is exact, each found
// from the one before and from instants in between.
func TestRuleAgreesWithANaiveReadingOfTheRFC(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5545, 1))
	for range 1200 {
		text, start := randomRule(random), randomStart(random)
		o := newOracle(text, start)
		end := start.Add(span[o.freq])
		want := o.until(end)

		rule, err := parseUTC(text, start)
		if err != nil {
			if len(want) > 0 {
				t.Fatalf("%s from %v is refused (%v) but fires at %v", text, start, err, want[0])
			}
			continue
		}
		got := rule.Between(start, end, len(want)+1)
		if !slices.Equal(got, want) {
			i := 0
			for i < len(got) && i < len(want) && got[i].Equal(want[i]) {
				i++
			}
			t.Fatalf("%s from %v: after %d equal ones, got %v, want %v", text, start, i, first(got[i:]), first(want[i:]))
		}
		for range 10 {
			after := start.Add(time.Duration(random.Int64N(int64(span[o.freq]))))
			i, _ := slices.BinarySearchFunc(want, after.Add(1), time.Time.Compare)
			if i == len(want) {
				continue
			}
			if next, ok := rule.Next(after); !ok || !next.Equal(want[i]) {
				t.Fatalf("%s from %v: after %v comes %v, want %v", text, start, after, next, want[i])
			}
			if !rule.Occurs(want[i]) || rule.Occurs(want[i].Add(time.Nanosecond)) {
				t.Fatalf("%s from %v: Occurs is wrong about %v", text, start, want[i])
			}
		}
	}
}

// TestOldRulesAgreeWithANaiveReadingOfTheRFC does so decades after the start,
// where the engine jumps.
func TestOldRulesAgreeWithANaiveReadingOfTheRFC(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5545, 3))
	for range 600 {
		text, start := randomRule(random), randomStart(random)
		if strings.Contains(text, "COUNT") {
			continue
		}
		rule, err := parseUTC(text, start)
		if err != nil {
			continue
		}
		o := newOracle(text, start)
		from := start.AddDate(random.IntN(200), random.IntN(12), random.IntN(31))
		to := from.Add(span[o.freq] / 2)
		want := o.between(from, to)
		if got := rule.Between(from, to, len(want)+1); !slices.Equal(got, want) {
			t.Fatalf("%s from %v: since %v, got %v, want %v", text, start, from, first(got), first(want))
		}
	}
}

// TestCountIsExactFarAway compares where a rule with COUNT ends with counting
// the occurrences of the same rule without it.
func TestCountIsExactFarAway(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5545, 4))
	for range 400 {
		text, start := randomRule(random), randomStart(random)
		endless, err := parseUTC(text, start)
		if err != nil || strings.Contains(text, "COUNT") {
			continue
		}
		all, _ := endless.First(500, nil)
		n := random.IntN(len(all)) + 1
		rule, err := parseUTC(text+";COUNT="+strconv.Itoa(n), start)
		if err != nil {
			t.Fatal(err)
		}
		got, finished := rule.First(n+1, nil)
		if !finished || !slices.Equal(got, all[:n]) {
			t.Fatalf("%s;COUNT=%d from %v has %d, the last %v; want %v", text, n, start, len(got), got[len(got)-1], all[n-1])
		}
	}
}

// TestCountOfRegularRulesIsUnlimited has ends that only arithmetic finds fast.
func TestCountOfRegularRulesIsUnlimited(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 27, 14, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"FREQ=DAILY;INTERVAL=2;COUNT=100000":                 start.AddDate(0, 0, 2*99_999),
		"FREQ=DAILY;COUNT=1000001":                           start.AddDate(0, 0, 1_000_000),
		"FREQ=WEEKLY;INTERVAL=2;COUNT=100000":                start.AddDate(0, 0, 14*99_999),
		"FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,FR;COUNT=100000":    start.AddDate(0, 0, 14*49_999+11),
		"FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;COUNT=1000001":     start.AddDate(0, 0, 7*200_000),
		"FREQ=SECONDLY;INTERVAL=7;COUNT=1000000000":          start.Add(7 * 999_999_999 * time.Second),
		"FREQ=MINUTELY;BYMINUTE=0,30;COUNT=2000001":          start.Add(1_000_000 * time.Hour),
		"FREQ=HOURLY;BYDAY=FR;BYHOUR=14,15;COUNT=4001":       start.AddDate(0, 0, 7*2000),
		"FREQ=MONTHLY;COUNT=50001;BYMONTHDAY=27":             start.AddDate(0, 50_000, 0),
		"FREQ=YEARLY;INTERVAL=3;COUNT=2001":                  start.AddDate(6000, 0, 0),
		"FREQ=MONTHLY;INTERVAL=12;BYDAY=MO,FR;COUNT=1000000": {}, // beyond the year 9999
	} {
		rule, err := parseUTC(text, start)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if want.IsZero() {
			if next, ok := rule.Next(time.Date(9998, 1, 1, 0, 0, 0, 0, time.UTC)); !ok {
				t.Errorf("%s: ends, then %v", text, next)
			}
			continue
		}
		next, ok := rule.Next(want.Add(-time.Second))
		if more, goesOn := rule.Next(want); !ok || goesOn || !next.Equal(want) {
			t.Errorf("%s ends with %v and then %v, want %v", text, next, more, want)
		}
	}
}

// TestSplitLosesAndDoublesNothing cuts random rules in two.
func TestSplitLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5545, 5))
	for range 600 {
		text, start := randomRule(random), randomStart(random)
		rule, err := recurrence.Parse(recurrence.Spec{RRule: text, Start: recurrence.LocalOf(start, time.UTC), Zone: "Europe/Berlin"})
		if err != nil {
			continue
		}
		want, _ := rule.First(60, nil)
		cut := random.IntN(len(want))
		before, hasBefore, following, err := rule.Split(want[cut])
		if err != nil {
			t.Fatal(err)
		}
		if hasBefore != (cut > 0) {
			t.Fatalf("%s from %v cut at %d: hasBefore is %v", text, start, cut, hasBefore)
		}
		var got []time.Time
		if hasBefore {
			first, err := recurrence.Parse(before)
			if err != nil {
				t.Fatalf("%s from %v cut at %d: %v", text, start, cut, err)
			}
			got, _ = first.First(61, nil)
		}
		rest, err := recurrence.Parse(following)
		if err != nil {
			t.Fatalf("%s from %v cut at %d: %v", text, start, cut, err)
		}
		others, _ := rest.First(len(want)-len(got), nil)
		if got = append(got, others...); !slices.EqualFunc(got, want, time.Time.Equal) {
			t.Fatalf("%s from %v cut at %d (%v):\ngot  %v\nwant %v", text, start, cut, want[cut], got, want)
		}
	}
}

// TestNormalFormIsTheSameRule parses what String gives.
func TestNormalFormIsTheSameRule(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5545, 6))
	for range 1000 {
		text, start := randomRule(random), randomStart(random)
		rule, err := parseUTC(text, start)
		if err != nil {
			continue
		}
		again, err := parseUTC(rule.String(), start)
		if err != nil {
			t.Fatalf("%s became %s: %v", text, rule, err)
		}
		want, _ := rule.First(30, nil)
		if got, _ := again.First(30, nil); !slices.Equal(got, want) || again.String() != rule.String() {
			t.Fatalf("%s became %s and then %s", text, rule, again)
		}
	}
}

func first(times []time.Time) []time.Time { return times[:min(len(times), 3)] }
