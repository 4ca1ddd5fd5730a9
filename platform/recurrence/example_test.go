package recurrence_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/rondohq/rondo/platform/recurrence"
)

func mustLocal(text string) recurrence.Local {
	l, err := recurrence.ParseLocal(text)
	if err != nil {
		panic(err)
	}
	return l
}

func mustParse(rule, start, zone string) *recurrence.Rule {
	r, err := recurrence.Parse(recurrence.Spec{RRule: rule, Start: mustLocal(start), Zone: zone})
	if err != nil {
		panic(err)
	}
	return r
}

func ExampleParse() {
	rule, err := recurrence.Parse(recurrence.Spec{
		RRule: "FREQ=WEEKLY;BYDAY=FR",
		Start: mustLocal("2026-03-20T14:00:00"),
		Zone:  "Europe/Berlin",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(rule.Describe())
	occurrences, _ := rule.First(3, nil)
	for _, at := range occurrences {
		fmt.Println(at.Format(time.RFC3339))
	}
	// Output:
	// Every week on Friday at 2:00 PM
	// 2026-03-20T14:00:00+01:00
	// 2026-03-27T14:00:00+01:00
	// 2026-04-03T14:00:00+02:00
}

func ExampleParse_refused() {
	_, err := recurrence.Parse(recurrence.Spec{
		RRule: "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
		Start: mustLocal("2026-03-20T14:00:00"),
		Zone:  "Europe/Berlin",
	})
	if refused, ok := errors.AsType[*recurrence.Error](err); ok {
		fmt.Println(refused.Part)
		fmt.Println(refused.Reason)
	}
	// Output:
	// BYMONTHDAY
	// The rule never fires: no day from its start on is one that it names.
}

func ExampleRule_Next() {
	rule := mustParse("FREQ=MONTHLY;BYMONTHDAY=-1", "1996-01-31T09:00:00", "America/New_York")
	next, _ := rule.Next(time.Date(2028, 2, 1, 0, 0, 0, 0, time.UTC))
	fmt.Println(next)
	// Output: 2028-02-29 09:00:00 -0500 EST
}

func ExampleRule_NextAfterCompletion() {
	rule := mustParse("FREQ=DAILY;INTERVAL=3", "2026-01-01T09:00:00", "Europe/London")
	next, _ := rule.NextAfterCompletion(time.Date(2026, 5, 10, 22, 15, 0, 0, time.UTC))
	fmt.Println(next)
	// Output: 2026-05-13 09:00:00 +0100 BST
}

func ExampleRule_Split() {
	rule := mustParse("FREQ=DAILY;COUNT=5", "2026-03-27T09:00:00", "UTC")
	before, _, following, err := rule.Split(time.Date(2026, 3, 29, 9, 0, 0, 0, time.UTC))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(before.Start, before.RRule)
	fmt.Println(following.Start, following.RRule)
	// Output:
	// 2026-03-27T09:00:00 FREQ=DAILY;UNTIL=20260329T085959Z
	// 2026-03-29T09:00:00 FREQ=DAILY;COUNT=3
}

func ExampleMonthlyOn() {
	rule := mustParse(recurrence.MonthlyOn(30), "2026-01-30T09:00:00", "UTC")
	fmt.Println(rule.Describe())
	occurrences, _ := rule.First(3, nil)
	for _, at := range occurrences {
		fmt.Println(at.Format(time.DateOnly))
	}
	// Output:
	// Every month on the 30th (or the last day of a shorter month) at 9:00 AM
	// 2026-01-30
	// 2026-02-28
	// 2026-03-30
}
