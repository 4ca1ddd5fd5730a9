package recurrence_test

import (
	"errors"
	"testing"
	"time"

	"github.com/teambition/rrule-go"

	"github.com/rondohq/rondo/platform/recurrence"
)

// FuzzParse feeds anything to the parser. What is refused names a part; what is
// accepted survives its normal form, which rrule-go reads too, and yields
// occurrences in order.
func FuzzParse(f *testing.F) {
	for _, rule := range hostile {
		f.Add(rule, "2027-02-16T09:00:00", "Europe/Berlin")
	}
	for _, bench := range benchmarks {
		f.Add(bench.rule, "1996-02-29T09:00:00", "America/New_York")
	}
	f.Add("RRULE:FREQ=DAILY;UNTIL=20300101", "0001-01-01T00:00:00", "Pacific/Apia")
	f.Add("freq=yearly;byweekno=-1,53;wkst=su", "9999-12-31T23:59:59", "Australia/Lord_Howe")
	f.Add("FREQ=MONTHLY;BYDAY=+1MO,-1FR;BYSETPOS=-1;COUNT=3", "2026-03-27", "UTC")
	f.Fuzz(func(t *testing.T, text, start, zone string) {
		begin, err := recurrence.ParseLocal(start)
		if err != nil {
			return
		}
		spec := recurrence.Spec{RRule: text, Start: begin, Zone: zone}
		rule, err := recurrence.Parse(spec)
		if err != nil {
			if e, ok := errors.AsType[*recurrence.Error](err); !ok || e.Part == "" || e.Reason == "" {
				t.Fatalf("%#v", err)
			}
			return
		}
		if rule.Describe() == "" {
			t.Error("no description")
		}
		if _, err := rrule.StrToRRule(rule.String()); err != nil {
			t.Errorf("rrule-go refuses %s: %v", rule, err)
		}
		occurrences, _ := rule.First(5, nil)
		previous := time.Time{}.AddDate(-1, 0, 0)
		for _, at := range occurrences {
			if !at.After(previous) {
				t.Fatalf("%v after %v", at, previous)
			}
			previous = at
		}
		spec.RRule = rule.String()
		again, err := recurrence.Parse(spec)
		if err != nil || again.String() != rule.String() {
			t.Fatalf("%s became %s: %v", text, rule, err)
		}
		_, _ = rule.NextAfterCompletion(previous)
		_ = rule.Storable()
	})
}
