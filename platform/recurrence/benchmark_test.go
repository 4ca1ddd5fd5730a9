package recurrence_test

import (
	"testing"
	"time"

	"github.com/teambition/rrule-go"

	"github.com/rondohq/rondo/platform/recurrence"
)

// benchmarks are rules that began long ago, and what a person or an attacker
// might ask of them.
var benchmarks = []struct{ name, rule string }{
	{"weekly", "FREQ=WEEKLY;BYDAY=FR"},
	{"every-other-day", "FREQ=DAILY;INTERVAL=2"},
	{"last-working-day", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"},
	{"friday-13th", "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13"},
	{"thanksgiving", "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH"},
	{"week-20", "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO"},
	{"leap-day", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29"},
	{"count", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;COUNT=5000"},
	{"every-15-minutes", "FREQ=MINUTELY;INTERVAL=15;BYHOUR=9,10,11,12,13,14,15,16;BYDAY=MO,TU,WE,TH,FR"},
	{"every-7-seconds-in-an-hour", "FREQ=SECONDLY;INTERVAL=7;BYHOUR=5;BYMONTH=2;BYMONTHDAY=29"},
}

var benchmarkStart = time.Date(1996, 2, 29, 9, 0, 0, 0, time.UTC)

func benchmarkRule(b *testing.B, text string) *recurrence.Rule {
	b.Helper()
	rule, err := recurrence.Parse(recurrence.Spec{RRule: text, Start: recurrence.LocalOf(benchmarkStart, time.UTC), Zone: "America/New_York"})
	if err != nil {
		b.Fatal(err)
	}
	return rule
}

// BenchmarkNext asks for the next occurrence 30 years after the start.
func BenchmarkNext(b *testing.B) {
	after := benchmarkStart.AddDate(30, 1, 3)
	for _, bench := range benchmarks {
		b.Run(bench.name+"/rondo", func(b *testing.B) {
			rule := benchmarkRule(b, bench.rule)
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := rule.Next(after); !ok {
					b.Fatal("finished")
				}
			}
		})
		b.Run(bench.name+"/rrule-go", func(b *testing.B) {
			zone, err := time.LoadLocation("America/New_York")
			if err != nil {
				b.Fatal(err)
			}
			option, err := rrule.StrToROption(bench.rule)
			if err != nil {
				b.Fatal(err)
			}
			option.Dtstart = time.Date(1996, 2, 29, 9, 0, 0, 0, zone)
			rule, err := rrule.NewRRule(*option)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if rule.After(after, false).IsZero() {
					b.Fatal("finished")
				}
			}
		})
	}
}

// BenchmarkParse is understanding a rule and asking it once, as a service does
// for each series that it loads.
func BenchmarkParse(b *testing.B) {
	after := benchmarkStart.AddDate(30, 1, 3)
	for _, bench := range benchmarks {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				benchmarkRule(b, bench.rule).Next(after)
			}
		})
	}
}

// hostile are rules that are made to cost much: what can never fire, hardly ever
// fires, has long lists or ends after very many occurrences.
var hostile = []string{
	"FREQ=HOURLY;INTERVAL=24;BYHOUR=5",
	"FREQ=HOURLY;INTERVAL=168;BYDAY=MO",
	"FREQ=MINUTELY;INTERVAL=60;BYMINUTE=30",
	"FREQ=MONTHLY;INTERVAL=2;BYMONTH=1,3,5,7,9,11",
	"FREQ=YEARLY;INTERVAL=4;BYYEARDAY=366;BYDAY=SU",
	"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
	"FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO;BYSETPOS=2",
	"FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=366",
	"FREQ=DAILY;INTERVAL=27;BYMONTH=2;BYMONTHDAY=29;BYDAY=SU",
	"FREQ=DAILY;INTERVAL=773;BYMONTHDAY=13;BYDAY=FR;BYMONTH=10",
	"FREQ=SECONDLY;INTERVAL=604799;BYDAY=WE",
	"FREQ=SECONDLY;INTERVAL=604793;BYDAY=WE",
	"FREQ=SECONDLY;INTERVAL=86399;BYHOUR=5;BYMINUTE=5;BYSECOND=5;BYMONTH=2;BYMONTHDAY=29",
	"FREQ=SECONDLY;INTERVAL=999999999;BYHOUR=5",
	"FREQ=YEARLY;INTERVAL=999999999",
	"FREQ=DAILY;COUNT=1000000000",
	"FREQ=DAILY;INTERVAL=2;BYMONTH=1,2,3,4,5,6,7,8,9,10,11;COUNT=900000",
	"FREQ=WEEKLY;INTERVAL=2;BYMONTH=1;BYDAY=MO,TU;BYSETPOS=1;COUNT=100000",
	"FREQ=SECONDLY;INTERVAL=7;BYHOUR=3;BYDAY=MO;COUNT=1000000000",
	"FREQ=HOURLY;INTERVAL=5;BYMONTH=2;COUNT=1000000",
}

// BenchmarkHostile is Parse and, if the rule is accepted, three more Next. None may take
// much more than a millisecond.
func BenchmarkHostile(b *testing.B) {
	start, err := recurrence.ParseLocal("2027-02-16T09:00:00")
	if err != nil {
		b.Fatal(err)
	}
	for _, text := range hostile {
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				rule, err := recurrence.Parse(recurrence.Spec{RRule: text, Start: start, Zone: "Europe/Berlin"})
				if err == nil {
					rule.First(3, nil)
				}
			}
		})
	}
}
