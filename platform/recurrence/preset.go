package recurrence

import (
	"fmt"
	"strconv"
	"strings"
)

// Preset is a recurrence to offer for a task that starts at a certain time.
type Preset struct {
	Name  string `json:"name"`
	RRule string `json:"rrule"`
	Label string `json:"label"` // without the time of day
}

// Presets are the recurrences that people choose most for a start. Each has the
// start as its first occurrence, but for the last day of the month and the working days.
func Presets(start Local) []Preset {
	day := start.day()
	_, month, monthDay := civil(day)
	year := yearOf(day)
	length := monthStart[leap(year)][month+1] - monthStart[leap(year)][month]
	name := weekdays[weekday(day)]

	presets := []Preset{
		{Name: "daily", RRule: "FREQ=DAILY"},
		{Name: "weekdays", RRule: "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"},
		{Name: "weekly", RRule: "FREQ=WEEKLY;BYDAY=" + name},
		{Name: "every_2_weeks", RRule: "FREQ=WEEKLY;INTERVAL=2;BYDAY=" + name},
		{Name: "monthly", RRule: MonthlyOn(monthDay)},
	}
	if week := (monthDay-1)/daysPerWeek + 1; week <= 4 {
		presets = append(presets, Preset{Name: "monthly_weekday", RRule: fmt.Sprintf("FREQ=MONTHLY;BYDAY=%d%s", week, name)})
	}
	if monthDay+daysPerWeek > length {
		presets = append(presets, Preset{Name: "monthly_last_weekday", RRule: "FREQ=MONTHLY;BYDAY=-1" + name})
	}
	if monthDay < 31 {
		presets = append(presets, Preset{Name: "monthly_last_day", RRule: MonthlyOn(31)})
	}
	yearly := fmt.Sprintf("FREQ=YEARLY;BYMONTH=%d;BYMONTHDAY=%d", month+1, monthDay)
	if month == 1 && monthDay == 29 {
		yearly = "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1" // not only in leap years
	}
	presets = append(presets, Preset{Name: "yearly", RRule: yearly})

	for i := range presets {
		presets[i].Label = label(presets[i].RRule, start)
	}
	return presets
}

// MonthlyOn is the rule that people mean by "every month on the 31st": that day,
// or the last one of a month that is shorter. day is from 1 to 31.
func MonthlyOn(day int) string {
	switch {
	case day >= 31:
		return "FREQ=MONTHLY;BYMONTHDAY=-1"
	case day > 28:
		days := []string{"28"}
		for d := 29; d <= day; d++ {
			days = append(days, strconv.Itoa(d))
		}
		return "FREQ=MONTHLY;BYMONTHDAY=" + strings.Join(days, ",") + ";BYSETPOS=-1"
	default:
		return fmt.Sprintf("FREQ=MONTHLY;BYMONTHDAY=%d", day)
	}
}

// label is a rule's description without the time of day.
func label(text string, start Local) string {
	rule, err := Parse(Spec{RRule: text, Start: start, Zone: "UTC"})
	if err != nil {
		return text
	}
	d := description{option: rule.option, start: start, clock: rule.pattern.clock, days: true}
	return d.recurs()
}
