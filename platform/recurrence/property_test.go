package recurrence_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/rondohq/rondo/platform/recurrence"
)

// span is how far the oracle walks: long enough to see several periods.
var span = map[string]time.Duration{
	"YEARLY": 12 * 366 * 24 * time.Hour, "MONTHLY": 5 * 366 * 24 * time.Hour, "WEEKLY": 2 * 366 * 24 * time.Hour,
	"DAILY": 366 * 24 * time.Hour, "HOURLY": 60 * 24 * time.Hour, "MINUTELY": 5 * 24 * time.Hour, "SECONDLY": 4 * time.Hour,
}

func TestRuleAgreesWithANaiveReadingOfTheRFC(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5545, 1))
	fired := 0
	for range 1500 {
		text, start := randomRule(random), randomStart(random)
		o := newOracle(text, start)
		end := start.Add(span[o.freq])
		want := o.until(end)

		rule, err := recurrence.Parse(recurrence.Spec{RRule: text, Start: recurrence.LocalOf(start, time.UTC), Zone: "UTC"})
		if err != nil {
			if len(want) > 0 {
				t.Fatalf("%s from %v is refused (%v) but fires at %v", text, start, err, want[0])
			}
			continue
		}
		got := rule.Between(start, end, 1<<30)
		if !slices.Equal(got, want) {
			i := 0
			for i < len(got) && i < len(want) && got[i].Equal(want[i]) {
				i++
			}
			t.Fatalf("%s from %v: after %d equal ones, got %v, want %v", text, start, i, first(got[i:]), first(want[i:]))
		}
		fired += len(got)
	}
	t.Logf("%d occurrences", fired)
}

func first(times []time.Time) []time.Time { return times[:min(len(times), 3)] }
