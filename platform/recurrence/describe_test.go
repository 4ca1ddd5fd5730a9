package recurrence_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rondohq/rondo/platform/recurrence"
)

func TestDescribe(t *testing.T) {
	t.Parallel()
	for rule, want := range map[string]string{
		"FREQ=WEEKLY;BYDAY=FR":                                      "Every week on Friday at 2:00 PM",
		"FREQ=WEEKLY":                                               "Every week on Friday at 2:00 PM",
		"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH":                        "Every 2 weeks on Monday and Thursday at 2:00 PM",
		"FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR":                          "Every weekday (Monday to Friday) at 2:00 PM",
		"FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR":                           "Every weekday (Monday to Friday) at 2:00 PM",
		"FREQ=DAILY":                                                "Every day at 2:00 PM",
		"FREQ=DAILY;INTERVAL=3;COUNT=4":                             "Every 3 days at 2:00 PM, 4 times",
		"FREQ=DAILY;COUNT=1":                                        "Every day at 2:00 PM, once",
		"FREQ=DAILY;UNTIL=20261231":                                 "Every day at 2:00 PM, until December 31, 2026",
		"FREQ=DAILY;UNTIL=20261224T130000Z":                         "Every day at 2:00 PM, until December 24, 2026 at 2:00 PM",
		"FREQ=DAILY;BYMONTH=1;BYDAY=SA,SU":                          "Every Saturday and Sunday at 2:00 PM, only in January",
		"FREQ=DAILY;INTERVAL=2;BYDAY=MO":                            "Every 2 days at 2:00 PM, only on Monday",
		"FREQ=DAILY;BYMONTHDAY=1,-1":                                "Every day at 2:00 PM, only on the 1st and last day of the month",
		"FREQ=DAILY;BYHOUR=9,17;BYMINUTE=30":                        "Every day at 9:30 AM and 5:30 PM",
		"FREQ=DAILY;BYHOUR=0,12;BYMINUTE=0":                         "Every day at 12:00 AM and 12:00 PM",
		"FREQ=DAILY;BYSECOND=5":                                     "Every day at 2:00:05 PM",
		"FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40": "Every day at minutes 0, 20 and 40 in the hours from 9:00 AM to 4:59 PM",
		"FREQ=MONTHLY":                                              "Every month on the 27th at 2:00 PM",
		"FREQ=MONTHLY;BYMONTHDAY=31":                                "Every month on the 31st at 2:00 PM, where the month has that day",
		"FREQ=MONTHLY;BYMONTHDAY=-1":                                "Every month on the last day at 2:00 PM",
		"FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1":           "Every month on the last day at 2:00 PM",
		"FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1":              "Every month on the 30th (or the last day of a shorter month) at 2:00 PM",
		"FREQ=MONTHLY;BYMONTHDAY=1,15,-2":                           "Every month on the 1st, 15th and second-to-last day at 2:00 PM",
		"FREQ=MONTHLY;BYDAY=1SU,-1SU":                               "Every month on the first Sunday and the last Sunday at 2:00 PM",
		"FREQ=MONTHLY;BYDAY=MO,3WE":                                 "Every month on each Monday and the third Wednesday at 2:00 PM",
		"FREQ=MONTHLY;BYDAY=TU,WE,TH;BYSETPOS=3":                    "Every month on the third Tuesday, Wednesday or Thursday at 2:00 PM",
		"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1":             "Every month on the last weekday (Monday to Friday) at 2:00 PM",
		"FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13":                       "Every month on the 13th at 2:00 PM, only if it is a Friday",
		"FREQ=MONTHLY;BYMONTH=1,3;BYDAY=MO":                         "Every month on each Monday at 2:00 PM, only in January and March",
		"FREQ=YEARLY":                                               "Every year on March 27 at 2:00 PM",
		"FREQ=YEARLY;BYMONTH=6,7":                                   "Every year on the 27th of June and July at 2:00 PM",
		"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1":                       "Every year on the last day of February at 2:00 PM",
		"FREQ=YEARLY;BYMONTH=11;BYDAY=4TH":                          "Every year on the fourth Thursday in November at 2:00 PM",
		"FREQ=YEARLY;BYDAY=20MO":                                    "Every year on the 20th Monday of the year at 2:00 PM",
		"FREQ=YEARLY;BYWEEKNO=20":                                   "Every year on Friday of week 20 of the year at 2:00 PM",
		"FREQ=YEARLY;BYWEEKNO=20,-1;BYDAY=MO;WKST=SU":               "Every year on Monday of week 20 and the last week of the year at 2:00 PM, with weeks that start on Sunday",
		"FREQ=YEARLY;BYYEARDAY=1,100,-1":                            "Every year on the 1st day, 100th day and last day of the year at 2:00 PM",
		"FREQ=YEARLY;BYMONTHDAY=15":                                 "Every year on the 15th of every month at 2:00 PM",
		"FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1":               "Every year on each weekday (Monday to Friday) at 2:00 PM, only the first of these each year",
		"FREQ=HOURLY;INTERVAL=3":                                    "Every 3 hours on the hour",
		"FREQ=HOURLY;BYHOUR=9,10,11,17;BYMINUTE=0,30":               "Every hour at minutes 0 and 30 past the hour, only in the hours from 9:00 AM to 11:59 AM and 5:00 PM to 5:59 PM",
		"FREQ=MINUTELY;INTERVAL=15":                                 "Every 15 minutes",
		"FREQ=SECONDLY;INTERVAL=90;BYMINUTE=3":                      "Every 90 seconds, only in minute 3 of the hour",
		"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=SU;COUNT=10":       "Every 2 weeks on Monday and Sunday at 2:00 PM, with weeks that start on Sunday, 10 times",
	} {
		if got := parse(t, rule, "2026-03-27T14:00:00", "Europe/Berlin").Describe(); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", rule, got, want)
		}
	}
}

func TestDescribeNamesExtraDatesAndExceptions(t *testing.T) {
	t.Parallel()
	start := local(t, "2026-03-27T14:00:00")
	for _, test := range []struct {
		spec recurrence.Spec
		want string
	}{
		{
			recurrence.Spec{RRule: "FREQ=WEEKLY", RDates: []recurrence.Local{local(t, "2026-04-05T08:00")}, ExDates: []recurrence.Local{local(t, "2026-04-03T14:00")}},
			"Every week on Friday at 2:00 PM, and also on April 5, 2026 at 8:00 AM, except on April 3, 2026 at 2:00 PM",
		},
		{
			recurrence.Spec{RDates: []recurrence.Local{local(t, "2026-04-05T08:00")}},
			"On March 27, 2026 at 2:00 PM and April 5, 2026 at 8:00 AM",
		},
	} {
		test.spec.Start, test.spec.Zone = start, "Europe/Berlin"
		rule, err := recurrence.Parse(test.spec)
		if err != nil {
			t.Fatal(err)
		}
		if got := rule.Describe(); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}

// TestWhatDiffersIsDescribedDifferently is how no part is forgotten: random rules
// lose or change one part after the other, and if that moves an occurrence, the
// words must change too.
func TestWhatDiffersIsDescribedDifferently(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5545, 7))
	compared := 0
	for range 2500 {
		text, start := randomRule(random), randomStart(random)
		parts := strings.Split(text, ";")
		i := random.IntN(len(parts))
		name, _, _ := strings.Cut(parts[i], "=")
		other := slices.Clone(parts)
		if random.IntN(2) == 0 {
			other = slices.Delete(other, i, i+1)
		} else {
			for part := range strings.SplitSeq(randomRule(random), ";") {
				if strings.HasPrefix(part, name+"=") {
					other[i] = part
				}
			}
		}
		rule, err := parseUTC(text, start)
		if err != nil {
			continue
		}
		changed, err := parseUTC(strings.Join(other, ";"), start)
		if err != nil {
			continue
		}
		compared++
		was, _ := rule.First(40, nil)
		is, _ := changed.First(40, nil)
		if !slices.Equal(was, is) && rule.Describe() == changed.Describe() {
			t.Fatalf("from %v both\n%s\n%s\nare described as %q", start.Format(time.RFC1123), text, strings.Join(other, ";"), rule.Describe())
		}
	}
	if compared < 1000 {
		t.Errorf("compared only %d", compared)
	}
}

func TestPresets(t *testing.T) {
	t.Parallel()
	for start, want := range map[string][]string{
		"2026-03-27T14:00": {
			"daily|FREQ=DAILY|Every day",
			"weekdays|FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR|Every weekday (Monday to Friday)",
			"weekly|FREQ=WEEKLY;BYDAY=FR|Every week on Friday",
			"every_2_weeks|FREQ=WEEKLY;INTERVAL=2;BYDAY=FR|Every 2 weeks on Friday",
			"monthly|FREQ=MONTHLY;BYMONTHDAY=27|Every month on the 27th",
			"monthly_weekday|FREQ=MONTHLY;BYDAY=4FR|Every month on the fourth Friday",
			"monthly_last_weekday|FREQ=MONTHLY;BYDAY=-1FR|Every month on the last Friday",
			"monthly_last_day|FREQ=MONTHLY;BYMONTHDAY=-1|Every month on the last day",
			"yearly|FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=27|Every year on March 27",
		},
		"2024-02-29T09:00": {
			"daily|FREQ=DAILY|Every day",
			"weekdays|FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR|Every weekday (Monday to Friday)",
			"weekly|FREQ=WEEKLY;BYDAY=TH|Every week on Thursday",
			"every_2_weeks|FREQ=WEEKLY;INTERVAL=2;BYDAY=TH|Every 2 weeks on Thursday",
			"monthly|FREQ=MONTHLY;BYMONTHDAY=28,29;BYSETPOS=-1|Every month on the 29th (or the last day of a shorter month)",
			"monthly_last_weekday|FREQ=MONTHLY;BYDAY=-1TH|Every month on the last Thursday",
			"monthly_last_day|FREQ=MONTHLY;BYMONTHDAY=-1|Every month on the last day",
			"yearly|FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1|Every year on the last day of February",
		},
		"2026-01-31T09:00": {
			"daily|FREQ=DAILY|Every day",
			"weekdays|FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR|Every weekday (Monday to Friday)",
			"weekly|FREQ=WEEKLY;BYDAY=SA|Every week on Saturday",
			"every_2_weeks|FREQ=WEEKLY;INTERVAL=2;BYDAY=SA|Every 2 weeks on Saturday",
			"monthly|FREQ=MONTHLY;BYMONTHDAY=-1|Every month on the last day",
			"monthly_last_weekday|FREQ=MONTHLY;BYDAY=-1SA|Every month on the last Saturday",
			"yearly|FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=31|Every year on January 31",
		},
	} {
		var got []string
		for _, preset := range recurrence.Presets(local(t, start)) {
			got = append(got, preset.Name+"|"+preset.RRule+"|"+preset.Label)
			rule := parse(t, preset.RRule, local(t, start).String(), "Europe/Berlin")
			if err := rule.Storable(); err != nil {
				t.Errorf("%s: %v", preset.RRule, err)
			}
			first, _ := rule.Next(time.Time{})
			skips := preset.Name == "weekdays" || preset.Name == "monthly_last_day"
			if recurrence.LocalOf(first, rule.Zone()) != local(t, start) && !skips {
				t.Errorf("%s does not begin at its start %s but on %v", preset.RRule, start, first)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s:\ngot  %s\nwant %s", start, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
		}
	}
}

// TestMonthlyOnNeverMissesAMonth has every day of the month through a leap year
// and a common one.
func TestMonthlyOnNeverMissesAMonth(t *testing.T) {
	t.Parallel()
	for day := 1; day <= 31; day++ {
		rule := parse(t, recurrence.MonthlyOn(day), "2024-01-01T09:00:00", "UTC")
		got, _ := rule.First(24, nil)
		for i, at := range got {
			last := time.Date(2024, time.January+time.Month(i)+1, 0, 9, 0, 0, 0, time.UTC)
			if want := last.AddDate(0, 0, min(day, last.Day())-last.Day()); !at.Equal(want) {
				t.Fatalf("%s: %v, want %v", rule, at, want)
			}
		}
	}
}
