package recurrence_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rondohq/rondo/platform/recurrence"
)

// TestRefused has what is no rule of RFC 5545, or never fires, with the part that
// is blamed.
func TestRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ rule, part string }{
		{"", "RRULE"},
		{";COUNT=0", "RRULE"},
		{"FREQ", "RRULE"},
		{"YEARLY;BYMONTH=11;BYDAY=1SU", "RRULE"},
		{"FREQU=YEARLY;BYMONTH=11", "RRULE"},
		{"FREQ=DAILY;;COUNT=2", "RRULE"},
		{"FREQ=DAILY;X-RONDO=1", "RRULE"},
		{"FREQ=DAILY\nRRULE:FREQ=WEEKLY", "RRULE"},
		{"FREQ=DAILY;BYDAY=ＭＯ", "RRULE"},
		{"FREQ=YEARLY;BYYEARDAY=" + strings.Repeat("1,", 3000) + "1", "RRULE"},
		{"INTERVAL=2", "FREQ"},
		{"FREQ=FORTNIGHTLY", "FREQ"},
		{"FREQ=", "FREQ"},
		{"FREQ=WEEKLY;FREQ=WEEKLY", "FREQ"},
		{"FREQ=DAILY;INTERVAL=0", "INTERVAL"},
		{"FREQ=DAILY;INTERVAL=-1", "INTERVAL"},
		{"FREQ=DAILY;INTERVAL=1.5", "INTERVAL"},
		{"FREQ=DAILY;INTERVAL=99999999999999999999", "INTERVAL"},
		{"FREQ=DAILY;COUNT=0", "COUNT"},
		{"FREQ=DAILY;COUNT=abc", "COUNT"},
		{"FREQ=DAILY;COUNT=2;UNTIL=20300101T000000Z", "UNTIL"},
		{"FREQ=DAILY;UNTIL=20300101T000000ZZ", "UNTIL"},
		{"FREQ=DAILY;UNTIL=20300230", "UNTIL"},
		{"FREQ=DAILY;UNTIL=20300101Z", "UNTIL"},
		{"FREQ=DAILY;UNTIL=20260101", "UNTIL"}, // before the start
		{"FREQ=WEEKLY;WKST=XX", "WKST"},
		{"FREQ=WEEKLY;BYDAY=", "BYDAY"},
		{"FREQ=WEEKLY;BYDAY=MO,,TU", "BYDAY"},
		{"FREQ=WEEKLY;BYDAY=2", "BYDAY"},
		{"FREQ=MONTHLY;BYDAY=0TU", "BYDAY"},
		{"FREQ=YEARLY;BYDAY=54MO", "BYDAY"},
		{"FREQ=WEEKLY;BYDAY=1MO", "BYDAY"},
		{"FREQ=DAILY;BYDAY=-1MO", "BYDAY"},
		{"FREQ=YEARLY;BYWEEKNO=20;BYDAY=1MO", "BYDAY"},
		{"FREQ=YEARLY;BYMONTH=0", "BYMONTH"},
		{"FREQ=YEARLY;BYMONTH=13", "BYMONTH"},
		{"FREQ=YEARLY;BYMONTH=-1", "BYMONTH"},
		{"FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY"},
		{"FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY"},
		{"FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY"},
		{"BYMONTHDAY=1;FREQ=WEEKLY", "BYMONTHDAY"},
		{"FREQ=YEARLY;BYYEARDAY=367", "BYYEARDAY"},
		{"FREQ=DAILY;BYYEARDAY=1", "BYYEARDAY"},
		{"FREQ=WEEKLY;BYYEARDAY=1", "BYYEARDAY"},
		{"FREQ=MONTHLY;BYYEARDAY=1", "BYYEARDAY"},
		{"FREQ=YEARLY;BYWEEKNO=54", "BYWEEKNO"},
		{"FREQ=DAILY;BYWEEKNO=1", "BYWEEKNO"},
		{"FREQ=MONTHLY;BYWEEKNO=1", "BYWEEKNO"},
		{"FREQ=DAILY;BYHOUR=24", "BYHOUR"},
		{"FREQ=DAILY;BYMINUTE=60", "BYMINUTE"},
		{"FREQ=DAILY;BYSECOND=61", "BYSECOND"},
		{"FREQ=DAILY;BYSETPOS=1", "BYSETPOS"},
		{"FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0", "BYSETPOS"},
		{"FREQ=YEARLY;BYDAY=MO;BYSETPOS=367", "BYSETPOS"},
		{"FREQ=YEARLY;BYEASTER=0", "BYEASTER"},
		{"FREQ=YEARLY;RSCALE=CHINESE", "RSCALE"},
		{"FREQ=MONTHLY;SKIP=BACKWARD", "SKIP"},

		// What never fires from Tuesday, 16 February 2027, 09:00.
		{"FREQ=HOURLY;INTERVAL=24;BYHOUR=5", "INTERVAL"},
		{"FREQ=MINUTELY;INTERVAL=60;BYMINUTE=30", "INTERVAL"},
		{"FREQ=SECONDLY;INTERVAL=86400;BYSECOND=1", "INTERVAL"},
		{"FREQ=HOURLY;INTERVAL=168;BYDAY=MO", "INTERVAL"},
		{"FREQ=HOURLY;INTERVAL=84;BYDAY=MO", "INTERVAL"},
		{"FREQ=DAILY;INTERVAL=14;BYDAY=MO", "BYDAY"},
		{"FREQ=MONTHLY;INTERVAL=2;BYMONTH=1,3", "BYMONTH"},
		{"FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31", "BYMONTHDAY"},
		{"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "BYMONTHDAY"},
		{"FREQ=DAILY;BYMONTH=4,6;BYMONTHDAY=31", "BYMONTHDAY"},
		{"FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29", "INTERVAL"},
		{"FREQ=YEARLY;BYMONTH=3;BYYEARDAY=10", "BYYEARDAY"},
		{"FREQ=YEARLY;BYMONTH=7;BYWEEKNO=1", "BYWEEKNO"},
		{"FREQ=MONTHLY;BYDAY=6MO", "BYDAY"},
		{"FREQ=YEARLY;BYDAY=1MO;BYMONTHDAY=15", "BYMONTHDAY"},
		{"FREQ=MONTHLY;BYDAY=1TH;BYSETPOS=2", "BYSETPOS"},
		{"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=24", "BYSETPOS"},
		{"FREQ=DAILY;BYHOUR=1,2;BYSETPOS=3", "BYSETPOS"},
		{"FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=-3", "BYSETPOS"},
		{"FREQ=HOURLY;BYMINUTE=1;BYSETPOS=2", "BYSETPOS"},
		{"FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO;BYSETPOS=2", "BYSETPOS"},
		{"FREQ=SECONDLY;INTERVAL=7;BYHOUR=3;BYDAY=MO;COUNT=1000000000", "COUNT"},
	} {
		_, err := recurrence.Parse(recurrence.Spec{RRule: test.rule, Start: local(t, "2027-02-16T09:00:00"), Zone: "UTC"})
		e, ok := errors.AsType[*recurrence.Error](err)
		switch {
		case !ok:
			t.Errorf("%.60s: %v, want an *Error about %s", test.rule, err, test.part)
		case e.Part != test.part:
			t.Errorf("%.60s: blames %s (%s), want %s", test.rule, e.Part, e.Reason, test.part)
		case !strings.HasSuffix(e.Reason, "."), len(e.Reason) > 200:
			t.Errorf("%.60s: %q is no sentence", test.rule, e.Reason)
		}
	}
}

func TestSpellingsThatAreAccepted(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"RRULE:FREQ=WEEKLY;BYDAY=FR":           "FREQ=WEEKLY;BYDAY=FR",
		"rrule:freq=weekly;byday=fr,mo":        "FREQ=WEEKLY;BYDAY=MO,FR",
		"FREQ = WEEKLY ; BYDAY = MO , FR ;":    "FREQ=WEEKLY;BYDAY=MO,FR",
		"BYDAY=FR;FREQ=WEEKLY;INTERVAL=1":      "FREQ=WEEKLY;BYDAY=FR",
		"FREQ=MONTHLY;BYMONTHDAY=-1,+15,1,15":  "FREQ=MONTHLY;BYMONTHDAY=1,15,-1",
		"FREQ=MONTHLY;BYDAY=-1FR,2MO,TU":       "FREQ=MONTHLY;BYDAY=TU,+2MO,-1FR",
		"FREQ=DAILY;INTERVAL=007":              "FREQ=DAILY;INTERVAL=7",
		"FREQ=DAILY;UNTIL=20280101":            "FREQ=DAILY;UNTIL=20280101T225959Z",
		"FREQ=DAILY;UNTIL=20280701T120000":     "FREQ=DAILY;UNTIL=20280701T100000Z",
		"FREQ=DAILY;UNTIL=20280701T120000Z":    "FREQ=DAILY;UNTIL=20280701T120000Z",
		"FREQ=DAILY;BYSECOND=60":               "FREQ=DAILY;BYSECOND=59",
		"FREQ=WEEKLY;WKST=SU;COUNT=1000000000": "FREQ=WEEKLY;WKST=SU;COUNT=1000000000",
	} {
		if got := parse(t, text, "2027-02-16T09:00:00", "Europe/Berlin").String(); got != want {
			t.Errorf("%s became %s, want %s", text, got, want)
		}
	}
}

func TestExtraDatesAndExceptions(t *testing.T) {
	t.Parallel()
	locals := func(texts ...string) []recurrence.Local {
		list := make([]recurrence.Local, len(texts))
		for i, text := range texts {
			list[i] = local(t, text)
		}
		return list
	}
	for _, test := range []struct {
		why    string
		spec   recurrence.Spec
		want   []string
		refuse string
	}{
		{
			why: "a union without duplicates, in order",
			spec: recurrence.Spec{
				RRule: "FREQ=WEEKLY;COUNT=3", Start: local(t, "2026-03-27T14:00:00"),
				RDates: locals("2026-04-05T08:00", "2026-04-03T14:00", "2026-03-01T08:00", "2026-04-05T08:00"),
			},
			want: []string{"2026-03-01T08:00:00", "2026-03-27T14:00:00", "2026-04-03T14:00:00", "2026-04-05T08:00:00", "2026-04-10T14:00:00"},
		},
		{
			why: "an exception counts, and also takes an extra date",
			spec: recurrence.Spec{
				RRule: "FREQ=WEEKLY;COUNT=3", Start: local(t, "2026-03-27T14:00:00"),
				RDates: locals("2026-04-05T08:00"), ExDates: locals("2026-04-05T08:00", "2026-04-03T14:00", "2026-04-04T14:00"),
			},
			want: []string{"2026-03-27T14:00:00", "2026-04-10T14:00:00"},
		},
		{
			why:  "dates alone, with the start",
			spec: recurrence.Spec{Start: local(t, "2026-03-27T14:00:00"), RDates: locals("2026-04-05T08:00", "2026-03-29T02:30")},
			want: []string{"2026-03-27T14:00:00", "2026-03-29T03:30:00", "2026-04-05T08:00:00"},
		},
		{
			why:  "nothing is left",
			spec: recurrence.Spec{RRule: "FREQ=DAILY;COUNT=1", Start: local(t, "2026-03-27T14:00:00"), ExDates: locals("2026-03-27T14:00")},
		},
		{
			why:    "too many dates",
			spec:   recurrence.Spec{RRule: "FREQ=DAILY", RDates: make([]recurrence.Local, recurrence.MaxDates+1)},
			refuse: "rdate",
		},
		{
			why:    "too many exceptions",
			spec:   recurrence.Spec{RRule: "FREQ=DAILY", ExDates: make([]recurrence.Local, recurrence.MaxDates+1)},
			refuse: "exdate",
		},
	} {
		t.Run(test.why, func(t *testing.T) {
			t.Parallel()
			test.spec.Zone = "Europe/Berlin"
			rule, err := recurrence.Parse(test.spec)
			if e, ok := errors.AsType[*recurrence.Error](err); ok || test.refuse != "" {
				if !ok || e.Part != test.refuse {
					t.Fatalf("%v, want an error about %q", err, test.refuse)
				}
				return
			}
			check(t, rule, test.want, false)
		})
	}
}

func TestFirstAndBetween(t *testing.T) {
	t.Parallel()
	rule := parse(t, "FREQ=DAILY;COUNT=4", "2026-03-27T14:00:00", "UTC")
	day := func(n int) time.Time { return time.Date(2026, 3, n, 14, 0, 0, 0, time.UTC) }
	third, fourth := day(29), day(30)

	if got, finished := rule.First(2, nil); finished || !slices.Equal(got, []time.Time{day(27), day(28)}) {
		t.Errorf("the first two: %v, finished %v", got, finished)
	}
	if got, finished := rule.First(2, &third); !finished || !slices.Equal(got, []time.Time{day(30)}) {
		t.Errorf("after the third: %v, finished %v", got, finished)
	}
	if got, finished := rule.First(2, &fourth); !finished || len(got) != 0 {
		t.Errorf("after the last: %v, finished %v", got, finished)
	}
	if got := rule.Between(day(28), day(30), 10); !slices.Equal(got, []time.Time{day(28), day(29)}) {
		t.Errorf("between includes its start and excludes its end, got %v", got)
	}
	if got := rule.Between(day(27), day(40), 1); len(got) != 1 {
		t.Errorf("limited to one, got %v", got)
	}
	if got := rule.Between(day(28).Add(time.Nanosecond), day(29), 10); len(got) != 0 {
		t.Errorf("a nanosecond later, got %v", got)
	}
}

func TestNextAfterCompletion(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ rule, done, want string }{
		{"FREQ=DAILY;INTERVAL=3", "2026-05-10T08:00:00Z", "2026-05-13T09:00:00+02:00"},
		{"FREQ=DAILY;INTERVAL=3", "2026-05-10T18:00:00Z", "2026-05-13T09:00:00+02:00"},
		{"FREQ=DAILY;INTERVAL=3", "2026-05-10T23:00:00Z", "2026-05-14T09:00:00+02:00"}, // already the 11th in Berlin
		{"FREQ=MONTHLY", "2026-05-10T08:00:00Z", "2026-06-10T09:00:00+02:00"},
		{"FREQ=MONTHLY;BYMONTHDAY=1", "2026-05-10T08:00:00Z", "2026-06-01T09:00:00+02:00"},
		{"FREQ=WEEKLY;INTERVAL=2", "2026-10-20T08:00:00Z", "2026-11-03T09:00:00+01:00"},
		{"FREQ=DAILY;COUNT=1", "2026-05-10T08:00:00Z", "2026-05-11T09:00:00+02:00"}, // the caller counts
		{"FREQ=DAILY;UNTIL=20260511T000000Z", "2026-05-10T08:00:00Z", ""},
		{"FREQ=DAILY;INTERVAL=7;BYDAY=FR", "2026-05-10T08:00:00Z", ""}, // never fires from a Sunday
	} {
		done, err := time.Parse(time.RFC3339, test.done)
		if err != nil {
			t.Fatal(err)
		}
		next, ok := parse(t, test.rule, "2026-03-27T09:00:00", "Europe/Berlin").NextAfterCompletion(done)
		got := ""
		if ok {
			got = next.Format(time.RFC3339)
		}
		if got != test.want {
			t.Errorf("%s done at %s: %q, want %q", test.rule, test.done, got, test.want)
		}
	}
}

func TestStorable(t *testing.T) {
	t.Parallel()
	for rule, part := range map[string]string{
		"FREQ=WEEKLY;BYDAY=FR":                           "",
		"FREQ=MINUTELY;INTERVAL=5":                       "",
		"FREQ=MINUTELY;INTERVAL=4":                       "FREQ",
		"FREQ=SECONDLY;INTERVAL=300":                     "",
		"FREQ=SECONDLY;INTERVAL=299":                     "FREQ",
		"FREQ=MINUTELY;BYMINUTE=0":                       "", // once an hour
		"FREQ=MINUTELY;BYMINUTE=0,1":                     "BYMINUTE",
		"FREQ=SECONDLY;BYMINUTE=0;BYSECOND=0":            "",
		"FREQ=DAILY;BYHOUR=9;BYMINUTE=0,4":               "BYMINUTE",
		"FREQ=DAILY;BYHOUR=9;BYMINUTE=0,5":               "",
		"FREQ=HOURLY;BYMINUTE=0,1;BYSETPOS=1":            "",
		"FREQ=DAILY;BYSECOND=0,1":                        "BYSECOND",
		"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=SU":   "",        // 2032
		"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO":   "dtstart", // 2044
		"FREQ=YEARLY;INTERVAL=15;BYMONTH=1;BYMONTHDAY=1": "dtstart",
	} {
		err := parse(t, rule, "2026-03-27T14:00:00", "Europe/Berlin").Storable()
		e, refused := errors.AsType[*recurrence.Error](err)
		if refused != (part != "") || refused && e.Part != part {
			t.Errorf("%s: %v, want an error about %q", rule, err, part)
		}
	}
	rule := parse(t, "FREQ=DAILY;COUNT=1", "2026-03-27T14:00:00", "Europe/Berlin")
	only, _ := rule.Next(time.Time{})
	spec, err := rule.Skip(only)
	if err != nil {
		t.Fatal(err)
	}
	if rule, err = recurrence.Parse(spec); err != nil {
		t.Fatal(err)
	}
	if e, refused := errors.AsType[*recurrence.Error](rule.Storable()); !refused || e.Part != "exdate" {
		t.Errorf("nothing is left: %v", e)
	}
}

func TestSkipTakesOneOccurrence(t *testing.T) {
	t.Parallel()
	// On 29 March the clock skips 02:30.
	rule := parse(t, "FREQ=DAILY;COUNT=4", "2026-03-27T02:30:00", "Europe/Berlin")
	moved := time.Date(2026, 3, 29, 1, 30, 0, 0, time.UTC)
	spec, err := rule.Skip(moved)
	if err != nil {
		t.Fatal(err)
	}
	if len(rule.Spec().ExDates) != 0 || !slices.Equal(spec.ExDates, []recurrence.Local{local(t, "2026-03-29T02:30:00")}) {
		t.Errorf("the exception is %v, the rule's own are %v", spec.ExDates, rule.Spec().ExDates)
	}
	skipped, err := recurrence.Parse(spec)
	if err != nil {
		t.Fatal(err)
	}
	check(t, skipped, []string{"2026-03-27T02:30:00", "2026-03-28T02:30:00", "2026-03-30T02:30:00"}, false)
	for _, at := range []time.Time{moved, moved.Add(time.Second)} {
		if _, err := skipped.Skip(at); err == nil {
			t.Errorf("%v is no occurrence and was skipped", at)
		}
	}
}

func TestSplitAtAnExtraDate(t *testing.T) {
	t.Parallel()
	rule, err := recurrence.Parse(recurrence.Spec{
		RRule: "FREQ=WEEKLY;INTERVAL=2;COUNT=3", Start: local(t, "2026-03-06T09:00:00"), Zone: "UTC",
		RDates: []recurrence.Local{local(t, "2026-03-11T10:00:00"), local(t, "2026-04-30T10:00:00")},
	})
	if err != nil {
		t.Fatal(err)
	}
	parts := func(at time.Time) (before, following *recurrence.Rule) {
		first, _, second, err := rule.Split(at)
		if err != nil {
			t.Fatal(err)
		}
		if before, err = recurrence.Parse(first); err != nil {
			t.Fatal(err)
		}
		if following, err = recurrence.Parse(second); err != nil {
			t.Fatal(err)
		}
		return before, following
	}
	before, following := parts(time.Date(2026, 3, 11, 10, 0, 0, 0, time.UTC))
	check(t, before, []string{"2026-03-06T09:00:00"}, false)
	check(t, following, []string{"2026-03-11T10:00:00", "2026-03-20T09:00:00", "2026-04-03T09:00:00", "2026-04-30T10:00:00"}, false)
	before, following = parts(time.Date(2026, 4, 30, 10, 0, 0, 0, time.UTC))
	check(t, before, []string{"2026-03-06T09:00:00", "2026-03-11T10:00:00", "2026-03-20T09:00:00", "2026-04-03T09:00:00"}, false)
	check(t, following, []string{"2026-04-30T10:00:00"}, false)
}

func TestSpecIsJSON(t *testing.T) {
	t.Parallel()
	const document = `{"rrule":"FREQ=WEEKLY","dtstart":"2026-03-27T14:00:00","timezone":"Europe/Berlin","exdate":["2026-04-03T14:00:00"]}`
	var spec recurrence.Spec
	if err := json.Unmarshal([]byte(document), &spec); err != nil {
		t.Fatal(err)
	}
	if again, err := json.Marshal(spec); err != nil || string(again) != document {
		t.Errorf("became %s (%v)", again, err)
	}
}

// TestRuleIsSafeForConcurrentUse is for the race detector.
func TestRuleIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	rule := parse(t, "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1", "1997-09-02T09:00:00", "America/New_York")
	want, _ := rule.First(200, nil)
	rule = parse(t, "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1", "1997-09-02T09:00:00", "America/New_York")
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			if got, _ := rule.First(200, nil); !slices.Equal(got, want) {
				t.Error("another answer")
			}
		})
	}
	group.Wait()
}
