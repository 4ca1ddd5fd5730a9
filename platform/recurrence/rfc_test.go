package recurrence_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rondohq/rondo/platform/recurrence"
)

// days reads dates as RFC 5545 lists its examples: "1997 Sep 2-4 9 Oct 1", each
// at the time of day of start.
func days(t *testing.T, start, list string) []string {
	t.Helper()
	clock := start[len("2006-01-02"):]
	year, month := 0, time.January
	var days []string
	for word := range strings.FieldsSeq(list) {
		if m, err := time.Parse("Jan", word); err == nil {
			month = m.Month()
			continue
		}
		from, to, isRange := strings.Cut(word, "-")
		first, err := strconv.Atoi(from)
		if err != nil {
			t.Fatalf("%q in %q", word, list)
		}
		if first > 31 {
			year = first
			continue
		}
		last := first
		if isRange {
			if last, err = strconv.Atoi(to); err != nil {
				t.Fatalf("%q in %q", word, list)
			}
		}
		for day := first; day <= last; day++ {
			days = append(days, time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)+clock)
		}
	}
	return days
}

// check compares a rule's first occurrences, as local times, with all that are
// wanted; more says that others follow.
func check(t *testing.T, rule *recurrence.Rule, want []string, more bool) {
	t.Helper()
	occurrences, finished := rule.First(len(want), nil)
	got := make([]string, len(occurrences))
	for i, at := range occurrences {
		got[i] = recurrence.LocalOf(at, rule.Zone()).String()
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s:\ngot  %v\nwant %v", rule.Spec().RRule, got, want)
	}
	if finished == more {
		t.Errorf("%s: finished is %v after %d", rule.Spec().RRule, finished, len(want))
	}
}

func local(t *testing.T, text string) recurrence.Local {
	t.Helper()
	l, err := recurrence.ParseLocal(text)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func parse(t *testing.T, rule, start, zone string) *recurrence.Rule {
	t.Helper()
	r, err := recurrence.Parse(recurrence.Spec{RRule: rule, Start: local(t, start), Zone: zone})
	if err != nil {
		t.Fatalf("%s: %v", rule, err)
	}
	return r
}

// TestExamplesOfTheRFC has every example of RFC 5545 §3.8.5.3.
func TestExamplesOfTheRFC(t *testing.T) {
	t.Parallel()
	const daily = "1997 Sep 2-30 Oct 1-31 Nov 1-30 Dec 1-23"
	const january = "1998 Jan 1-31 1999 Jan 1-31 2000 Jan 1-31"
	const fiveWeeks = "1997 Sep 2 4 9 11 16 18 23 25 30 Oct 2"
	for _, test := range []struct {
		start, rule, want string
		more              bool
	}{
		{"1997-09-02T09:00:00", "FREQ=DAILY;COUNT=10", "1997 Sep 2-11", false},
		{"1997-09-02T09:00:00", "FREQ=DAILY;UNTIL=19971224T000000Z", daily, false},
		{"1997-09-02T09:00:00", "FREQ=DAILY;INTERVAL=2", "1997 Sep 2 4 6 8 10 12 14 16 18 20 22 24 26 28 30 Oct 2 4 6 8 10 12 14 16 18 20 22 24 26 28 30 Nov 1 3 5", true},
		{"1997-09-02T09:00:00", "FREQ=DAILY;INTERVAL=10;COUNT=5", "1997 Sep 2 12 22 Oct 2 12", false},
		{"1998-01-01T09:00:00", "FREQ=YEARLY;UNTIL=20000131T140000Z;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA", january, false},
		{"1998-01-01T09:00:00", "FREQ=DAILY;UNTIL=20000131T140000Z;BYMONTH=1", january, false},
		{"1997-09-02T09:00:00", "FREQ=WEEKLY;COUNT=10", "1997 Sep 2 9 16 23 30 Oct 7 14 21 28 Nov 4", false},
		{"1997-09-02T09:00:00", "FREQ=WEEKLY;UNTIL=19971224T000000Z", "1997 Sep 2 9 16 23 30 Oct 7 14 21 28 Nov 4 11 18 25 Dec 2 9 16 23", false},
		{"1997-09-02T09:00:00", "FREQ=WEEKLY;INTERVAL=2;WKST=SU", "1997 Sep 2 16 30 Oct 14 28 Nov 11 25 Dec 9 23 1998 Jan 6 20 Feb 3 17", true},
		{"1997-09-02T09:00:00", "FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH", fiveWeeks, false},
		{"1997-09-02T09:00:00", "FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH", fiveWeeks, false},
		{
			"1997-09-01T09:00:00", "FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR",
			"1997 Sep 1 3 5 15 17 19 29 Oct 1 3 13 15 17 27 29 31 Nov 10 12 14 24 26 28 Dec 8 10 12 22", false,
		},
		{"1997-09-02T09:00:00", "FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH", "1997 Sep 2 4 16 18 30 Oct 2 14 16", false},
		{"1997-09-05T09:00:00", "FREQ=MONTHLY;COUNT=10;BYDAY=1FR", "1997 Sep 5 Oct 3 Nov 7 Dec 5 1998 Jan 2 Feb 6 Mar 6 Apr 3 May 1 Jun 5", false},
		{"1997-09-05T09:00:00", "FREQ=MONTHLY;UNTIL=19971224T000000Z;BYDAY=1FR", "1997 Sep 5 Oct 3 Nov 7 Dec 5", false},
		{"1997-09-07T09:00:00", "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU", "1997 Sep 7 28 Nov 2 30 1998 Jan 4 25 Mar 1 29 May 3 31", false},
		{"1997-09-22T09:00:00", "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO", "1997 Sep 22 Oct 20 Nov 17 Dec 22 1998 Jan 19 Feb 16", false},
		{"1997-09-28T09:00:00", "FREQ=MONTHLY;BYMONTHDAY=-3", "1997 Sep 28 Oct 29 Nov 28 Dec 29 1998 Jan 29 Feb 26", true},
		{"1997-09-02T09:00:00", "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15", "1997 Sep 2 15 Oct 2 15 Nov 2 15 Dec 2 15 1998 Jan 2 15", false},
		{"1997-09-30T09:00:00", "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1", "1997 Sep 30 Oct 1 31 Nov 1 30 Dec 1 31 1998 Jan 1 31 Feb 1", false},
		{"1997-09-10T09:00:00", "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15", "1997 Sep 10-15 1999 Mar 10-13", false},
		{"1997-09-02T09:00:00", "FREQ=MONTHLY;INTERVAL=2;BYDAY=TU", "1997 Sep 2 9 16 23 30 Nov 4 11 18 25 1998 Jan 6 13 20 27 Mar 3 10 17 24 31", true},
		{"1997-06-10T09:00:00", "FREQ=YEARLY;COUNT=10;BYMONTH=6,7", "1997 Jun 10 Jul 10 1998 Jun 10 Jul 10 1999 Jun 10 Jul 10 2000 Jun 10 Jul 10 2001 Jun 10 Jul 10", false},
		{"1997-03-10T09:00:00", "FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3", "1997 Mar 10 1999 Jan 10 Feb 10 Mar 10 2001 Jan 10 Feb 10 Mar 10 2003 Jan 10 Feb 10 Mar 10", false},
		{"1997-01-01T09:00:00", "FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200", "1997 Jan 1 Apr 10 Jul 19 2000 Jan 1 Apr 9 Jul 18 2003 Jan 1 Apr 10 Jul 19 2006 Jan 1", false},
		{"1997-05-19T09:00:00", "FREQ=YEARLY;BYDAY=20MO", "1997 May 19 1998 May 18 1999 May 17", true},
		{"1997-05-12T09:00:00", "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "1997 May 12 1998 May 11 1999 May 17", true},
		{"1997-03-13T09:00:00", "FREQ=YEARLY;BYMONTH=3;BYDAY=TH", "1997 Mar 13 20 27 1998 Mar 5 12 19 26 1999 Mar 4 11 18 25", true},
		{
			"1997-06-05T09:00:00", "FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8",
			"1997 Jun 5 12 19 26 Jul 3 10 17 24 31 Aug 7 14 21 28 1998 Jun 4 11 18 25 Jul 2 9 16 23 30 Aug 6 13 20 27 1999 Jun 3 10 17 24 Jul 1 8 15 22 29 Aug 5 12 19 26", true,
		},
		{"1997-09-02T09:00:00", "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "1998 Feb 13 Mar 13 Nov 13 1999 Aug 13 2000 Oct 13", true},
		{"1997-09-13T09:00:00", "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13", "1997 Sep 13 Oct 11 Nov 8 Dec 13 1998 Jan 10 Feb 7 Mar 7 Apr 11 May 9 Jun 13", true},
		{"1996-11-05T09:00:00", "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8", "1996 Nov 5 2000 Nov 7 2004 Nov 2", true},
		{"1997-09-04T09:00:00", "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "1997 Sep 4 Oct 7 Nov 6", false},
		{"1997-09-29T09:00:00", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2", "1997 Sep 29 Oct 30 Nov 27 Dec 30 1998 Jan 29 Feb 26 Mar 30", true},
		{"1997-08-05T09:00:00", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "1997 Aug 5 10 19 24", false},
		{"1997-08-05T09:00:00", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "1997 Aug 5 17 19 31", false},
		{"2007-01-15T09:00:00", "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", "2007 Jan 15 30 Feb 15 Mar 15 30", false},
	} {
		check(t, parse(t, test.rule, test.start, "America/New_York"), days(t, test.start, test.want), test.more)
	}
}

// TestTimesOfDayOfTheRFC has the examples that are faster than daily.
func TestTimesOfDayOfTheRFC(t *testing.T) {
	t.Parallel()
	var every20Minutes []string
	for _, day := range []string{"1997-09-02T", "1997-09-03T"} {
		for hour := 9; hour <= 16; hour++ {
			for minute := 0; minute < 60; minute += 20 {
				every20Minutes = append(every20Minutes, day+time.Date(1, 1, 1, hour, minute, 0, 0, time.UTC).Format(time.TimeOnly))
			}
		}
	}
	today := func(times ...string) []string {
		for i := range times {
			times[i] = "1997-09-02T" + times[i] + ":00"
		}
		return times
	}
	for _, test := range []struct {
		rule string
		want []string
		more bool
	}{
		// Erratum 3883: the example's UNTIL was meant to be 5 PM local time.
		{"FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T210000Z", today("09:00", "12:00", "15:00"), false},
		{"FREQ=MINUTELY;INTERVAL=15;COUNT=6", today("09:00", "09:15", "09:30", "09:45", "10:00", "10:15"), false},
		{"FREQ=MINUTELY;INTERVAL=90;COUNT=4", today("09:00", "10:30", "12:00", "13:30"), false},
		{"FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40", every20Minutes, true},
		{"FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16", every20Minutes, true},
	} {
		check(t, parse(t, test.rule, "1997-09-02T09:00:00", "America/New_York"), test.want, test.more)
	}
}

// TestTheRFCsTextOverHabits has what engines disagree about. Each line says what
// decides it.
func TestTheRFCsTextOverHabits(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		why, start, rule, want string
		more                   bool
	}{
		// §3.3.10, "information … missing … taken from DTSTART": the weekday, where
		// dateutil and rrule.js give the whole week.
		{"week without day", "2018-01-01T08:00:00", "FREQ=YEARLY;BYWEEKNO=1,10", "2018 Jan 1 Mar 5 Dec 31 2019 Mar 4 Dec 30 2020 Mar 2 2021 Jan 4", true},
		// §3.3.10, BYWEEKNO, weeks as in ISO 8601: week 1 may begin in December and
		// week 53 end in January, and belongs to its year as a whole.
		{"week 1 in December", "2018-01-02T08:00:00", "FREQ=YEARLY;BYWEEKNO=1;BYDAY=TU", "2018 Jan 2 2019 Jan 1 Dec 31 2021 Jan 5", true},
		{"week 53 in January", "2023-01-01T08:00:00", "FREQ=YEARLY;BYWEEKNO=53", "2027 Jan 3 2033 Jan 2", true},
		{"last weeks", "2013-12-24T08:00:00", "FREQ=YEARLY;BYWEEKNO=-1,-2;COUNT=3", "2013 Dec 24 2014 Dec 16 23", false},
		{"every second week-numbered year", "2024-12-30T08:00:00", "FREQ=YEARLY;INTERVAL=2;BYWEEKNO=1;BYDAY=MO", "2024 Dec 30 2027 Jan 4 2029 Jan 1", true},
		// A start that is no occurrence counts for its calendar year, as in libical.
		{"every sixth year from its calendar year", "2027-01-03T00:00:00", "FREQ=YEARLY;BYWEEKNO=53;INTERVAL=6;BYDAY=TH;COUNT=1", "2093 Dec 31", false},
		{"every fifth year from its calendar year", "2027-01-03T00:00:00", "FREQ=YEARLY;BYWEEKNO=53;INTERVAL=5;BYDAY=TH;COUNT=1", "2032 Dec 30", false},
		// The table, note 1: with a number and without are alternatives; dateutil
		// and rrule-go want both at once.
		{"numbered and plain weekdays", "2020-09-02T08:00:00", "FREQ=MONTHLY;BYDAY=1MO,-1MO,WE", "2020 Sep 2 7 9 16 23 28 30 Oct 5 7", true},
		// BYSETPOS: "the set of recurrence instances … starts at the beginning of the
		// interval"; dateutil counts a first week from DTSTART.
		{"position in the first week", "2024-10-23T00:00:00", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1,3;COUNT=3", "2024 Oct 23 28 30", false},
		{"position in the first month", "2016-01-15T00:00:00", "FREQ=MONTHLY;BYSETPOS=2;BYDAY=SU,MO,TU,WE,TH,FR,SA;COUNT=2", "2016 Feb 2 Mar 2", false},
		// The table: BYMONTHDAY expands a year in every month; ical.js keeps the
		// month of DTSTART.
		{"day of every month", "2014-04-30T08:00:00", "FREQ=YEARLY;BYMONTHDAY=-1;COUNT=3", "2014 Apr 30 May 31 Jun 30", false},
		{"weekday if also a day is given", "2015-06-08T08:00:00", "FREQ=YEARLY;BYMONTHDAY=4,5,6,7,8;BYWEEKNO=23", "2016 Jun 6-8 2017 Jun 5-8", true},
		{"week and month", "2024-12-30T08:00:00", "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=30;BYWEEKNO=1", "2024 Dec 30 2025 Dec 30 2030 Dec 30", true},
		// Repetition in a list is no repetition of the occurrence.
		{"repeated entries", "2011-11-20T10:00:00", "FREQ=WEEKLY;COUNT=3;BYDAY=SU,TH,TH", "2011 Nov 20 24 27", false},
		{"the 31st, twice", "2022-01-01T08:00:00", "FREQ=MONTHLY;BYMONTHDAY=-1,31", "2022 Jan 31 Feb 28 Mar 31", true},
		// DTSTART is only an occurrence if it matches.
		{"a start that does not match", "2012-01-07T00:00:00", "FREQ=MONTHLY;COUNT=2;BYDAY=1FR", "2012 Feb 3 Mar 2", false},
		{"the nth weekday counts in the year", "2015-01-01T08:00:00", "FREQ=YEARLY;BYDAY=+1MO;BYMONTHDAY=7", "2019 Jan 7 2030 Jan 7", true},
		{"the leap day", "2012-02-29T12:00:00", "FREQ=YEARLY", "2012 Feb 29 2016 Feb 29", true},
		{"fifth from the end", "2015-04-01T08:00:00", "FREQ=MONTHLY;BYDAY=2MO,-5WE,5SA", "2015 Apr 1 13 May 11 30 Jun 8 Jul 1 13", true},
		{"negative days of the year", "2012-01-01T00:00:00", "FREQ=YEARLY;BYYEARDAY=-308,-307,-306", "2012 Feb 28-29 Mar 1 2013 Feb 27-28 Mar 1", true},
		{"a leap second is the one before", "2024-01-01T00:00:59", "FREQ=DAILY;BYSECOND=60,59;COUNT=2", "2024 Jan 1-2", false},
	} {
		t.Run(test.why, func(t *testing.T) {
			t.Parallel()
			check(t, parse(t, test.rule, test.start, "UTC"), days(t, test.start, test.want), test.more)
		})
	}
}
