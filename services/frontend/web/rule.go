package web

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rondohq/rondo/services/frontend/text"
	"github.com/rondohq/rondo/services/frontend/view"
)

// The presets of the recurrence builder.
const (
	presetDaily    = "daily"
	presetWeekdays = "weekdays"
	presetWeekly   = "weekly"
	presetBiweekly = "biweekly"
	presetMonthly  = "monthly"
	presetYearly   = "yearly"
	presetCustom   = "custom"
	presetRule     = "rule" // typed as RFC 5545 has it
)

// presets are the rules of those that need no more than the first day, which RFC 5545
// §3.3.10 takes what a rule leaves out from.
var presets = map[string]string{
	presetDaily: "FREQ=DAILY", presetWeekdays: "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", presetWeekly: "FREQ=WEEKLY",
	presetBiweekly: "FREQ=WEEKLY;INTERVAL=2", presetMonthly: "FREQ=MONTHLY", presetYearly: "FREQ=YEARLY",
}

// How a monthly or yearly rule says which days.
const (
	monthlySame = ""    // that of the first occurrence
	monthlyDays = "day" // numbers of days
	monthlyNth  = "nth" // the second Tuesday
)

// How a rule ends.
const (
	endsNever = ""
	endsOn    = "on"
	endsAfter = "after"
)

// readRule reads the inputs of the builder.
func readRule(form url.Values) view.RuleForm {
	r := view.RuleForm{
		Preset: form.Get("preset"), Frequency: form.Get("freq"), Interval: form.Get("interval"), Weekdays: form["byday"],
		Monthly: form.Get("monthly"), MonthDays: form.Get("bymonthday"), Nth: form.Get("nth"), NthDay: form.Get("nthday"),
		Months: form["bymonth"], Ends: form.Get("ends"), Until: form.Get("until"), Count: form.Get("count"), Rule: form.Get("rrule"),
	}
	if r.Preset == "" {
		r.Preset = presetWeekly
	}
	return r
}

// composeRule makes the RRULE. What is wrong with an input is named by it.
func composeRule(r view.RuleForm, t *text.Catalogue, errors map[string]string) string {
	if rule, ok := presets[r.Preset]; ok {
		return rule + ending(r, t, errors)
	}
	if r.Preset == presetRule {
		rule := strings.TrimPrefix(strings.ToUpper(strings.Join(strings.Fields(r.Rule), "")), "RRULE:")
		if rule == "" {
			errors["rrule"] = t.Recurring.RuleRequired
		}
		return rule
	}
	parts := []string{"FREQ=" + strings.ToUpper(r.Frequency)}
	if interval := strings.TrimSpace(r.Interval); interval != "" && interval != "1" {
		if n, err := strconv.Atoi(interval); err != nil || n < 1 || n > 1000 {
			errors["interval"] = t.Recurring.IntervalWrong
		}
		parts = append(parts, "INTERVAL="+interval)
	}
	switch strings.ToUpper(r.Frequency) {
	case "WEEKLY":
		if len(r.Weekdays) > 0 {
			parts = append(parts, "BYDAY="+strings.Join(r.Weekdays, ","))
		}
	case "YEARLY":
		if len(r.Months) > 0 {
			parts = append(parts, "BYMONTH="+strings.Join(r.Months, ","))
		}
		parts = append(parts, daysOfMonth(r, t.Recurring, errors)...)
	case "MONTHLY":
		parts = append(parts, daysOfMonth(r, t.Recurring, errors)...)
	}
	return strings.Join(parts, ";") + ending(r, t, errors)
}

func daysOfMonth(r view.RuleForm, t text.Recurring, errors map[string]string) []string {
	switch r.Monthly {
	case monthlyDays:
		days := strings.FieldsFunc(r.MonthDays, func(c rune) bool { return c == ',' || c == ' ' })
		wrong := slices.ContainsFunc(days, func(day string) bool {
			n, err := strconv.Atoi(day)
			return err != nil || n == 0 || n < -31 || n > 31
		})
		if len(days) == 0 || wrong {
			errors["bymonthday"] = t.MonthDaysWrong
		}
		return []string{"BYMONTHDAY=" + strings.Join(days, ",")}
	case monthlyNth:
		switch r.NthDay {
		case "day":
			return []string{"BYMONTHDAY=" + r.Nth}
		case "weekday":
			return []string{"BYDAY=MO,TU,WE,TH,FR", "BYSETPOS=" + r.Nth}
		}
		return []string{"BYDAY=" + r.Nth + r.NthDay}
	}
	return nil
}

// ending is the part of the rule that ends it.
func ending(r view.RuleForm, t *text.Catalogue, errors map[string]string) string {
	switch r.Ends {
	case endsOn:
		day, err := time.Parse(dateLayout, r.Until)
		if err != nil {
			errors["until"] = t.Fields.Date
			return ""
		}
		return ";UNTIL=" + day.Format("20060102") // that whole day
	case endsAfter:
		if n, err := strconv.Atoi(strings.TrimSpace(r.Count)); err != nil || n < 1 || n > 10000 {
			errors["count"] = t.Recurring.CountWrong
		}
		return ";COUNT=" + strings.TrimSpace(r.Count)
	}
	return ""
}

// ruleForm is the builder with a rule in it. What the builder has no inputs for
// stands there as it is written.
func ruleForm(rule string, locale text.Locale) view.RuleForm {
	asWritten := view.RuleForm{Preset: presetRule, Rule: rule, Interval: "1", Frequency: "WEEKLY"}
	r := view.RuleForm{Preset: presetCustom, Interval: "1", Rule: rule}
	var rest []string
	setpos := ""
	for part := range strings.SplitSeq(rule, ";") {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "UNTIL":
			until, ok := readUntil(value, locale)
			if !ok {
				return asWritten
			}
			r.Ends, r.Until = endsOn, until
			continue
		case "COUNT":
			r.Ends, r.Count = endsAfter, value
			continue
		case "FREQ":
			r.Frequency = value
		case "INTERVAL":
			r.Interval = value
		case "BYDAY":
			r.Weekdays = strings.Split(value, ",")
		case "BYMONTHDAY":
			r.Monthly, r.MonthDays = monthlyDays, strings.ReplaceAll(value, ",", ", ")
		case "BYMONTH":
			r.Months = strings.Split(value, ",")
		case "BYSETPOS":
			setpos = value
		case "WKST":
			if value != "MO" {
				return asWritten
			}
			continue
		default:
			return asWritten
		}
		rest = append(rest, part)
	}
	for preset, its := range presets {
		if strings.Join(rest, ";") == its {
			r.Preset = preset
			return r
		}
	}
	if !slices.Contains([]string{"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}, r.Frequency) || !fitNth(&r, setpos) {
		return asWritten
	}
	return r
}

// fitNth brings weekdays with a number ("2TU", or five and BYSETPOS) into the inputs
// for them, and says whether the rule fits the builder.
func fitNth(r *view.RuleForm, setpos string) bool {
	numbered := len(r.Weekdays) == 1 && len(r.Weekdays[0]) > 2
	switch {
	case r.Frequency == "DAILY":
		return len(r.Weekdays) == 0 && len(r.Months) == 0 && r.MonthDays == "" && setpos == ""
	case r.Frequency == "WEEKLY":
		return !slices.ContainsFunc(r.Weekdays, func(day string) bool { return len(day) != 2 }) &&
			len(r.Months) == 0 && r.MonthDays == "" && setpos == ""
	case r.Frequency == "MONTHLY" && len(r.Months) > 0, r.MonthDays != "" && len(r.Weekdays) > 0:
		return false
	case len(r.Weekdays) == 0:
		return setpos == ""
	case numbered && setpos == "":
		day := r.Weekdays[0]
		r.Monthly, r.Nth, r.NthDay = monthlyNth, day[:len(day)-2], day[len(day)-2:]
	case strings.Join(r.Weekdays, ",") == "MO,TU,WE,TH,FR" && setpos != "" && !strings.Contains(setpos, ","):
		r.Monthly, r.Nth, r.NthDay = monthlyNth, setpos, "weekday"
	case len(r.Weekdays) == 1 && setpos != "" && !strings.Contains(setpos, ","):
		r.Monthly, r.Nth, r.NthDay = monthlyNth, setpos, r.Weekdays[0]
	default:
		return false
	}
	r.Weekdays = nil
	return slices.Contains([]string{"1", "2", "3", "4", "-1", "-2"}, r.Nth)
}

// readUntil is the day of an UNTIL: a date, an instant, or a local time.
func readUntil(value string, locale text.Locale) (string, bool) {
	if at, err := time.Parse("20060102T150405Z", value); err == nil {
		return at.In(locale.Zone).Format(dateLayout), true
	}
	date, _, _ := strings.Cut(value, "T")
	at, err := time.Parse("20060102", date)
	return at.Format(dateLayout), err == nil
}

// startOf joins the builder's day and time to a local time, or a date alone.
func startOf(date, clock string, errors map[string]string, t text.Fields) string {
	if date == "" {
		errors["start"] = t.Required
		return ""
	}
	if _, err := time.Parse(dateLayout, date); err != nil {
		errors["start"] = t.Date
		return ""
	}
	if clock == "" {
		return date
	}
	if _, err := time.Parse(timeLayout, clock); err != nil {
		errors["time"] = t.Time
		return ""
	}
	return fmt.Sprintf("%sT%s:00", date, clock)
}
