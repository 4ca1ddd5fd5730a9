package recurrence

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/teambition/rrule-go"
)

// part is a list part of a rule: the values that RFC 5545 §3.3.10 allows and
// where they go.
type part struct {
	name     string
	least    int
	most     int
	signed   bool // -most to -least too
	list     func(*rrule.ROption) *[]int
	excluded []rrule.Frequency
}

var parts = []part{
	{name: "BYSECOND", least: 0, most: 60, list: func(o *rrule.ROption) *[]int { return &o.Bysecond }},
	{name: "BYMINUTE", least: 0, most: 59, list: func(o *rrule.ROption) *[]int { return &o.Byminute }},
	{name: "BYHOUR", least: 0, most: 23, list: func(o *rrule.ROption) *[]int { return &o.Byhour }},
	{
		name: "BYMONTHDAY", least: 1, most: 31, signed: true, list: func(o *rrule.ROption) *[]int { return &o.Bymonthday },
		excluded: []rrule.Frequency{rrule.WEEKLY},
	},
	{
		name: "BYYEARDAY", least: 1, most: 366, signed: true, list: func(o *rrule.ROption) *[]int { return &o.Byyearday },
		excluded: []rrule.Frequency{rrule.DAILY, rrule.WEEKLY, rrule.MONTHLY},
	},
	{
		name: "BYWEEKNO", least: 1, most: 53, signed: true, list: func(o *rrule.ROption) *[]int { return &o.Byweekno },
		excluded: []rrule.Frequency{rrule.SECONDLY, rrule.MINUTELY, rrule.HOURLY, rrule.DAILY, rrule.WEEKLY, rrule.MONTHLY},
	},
	{name: "BYMONTH", least: 1, most: 12, list: func(o *rrule.ROption) *[]int { return &o.Bymonth }},
	{name: "BYSETPOS", least: 1, most: 366, signed: true, list: func(o *rrule.ROption) *[]int { return &o.Bysetpos }},
}

// weekdays are the days as BYDAY and WKST write them, from Monday.
var weekdays = [daysPerWeek]string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}

func weekdayOf(i int) rrule.Weekday {
	return [daysPerWeek]rrule.Weekday{rrule.MO, rrule.TU, rrule.WE, rrule.TH, rrule.FR, rrule.SA, rrule.SU}[i]
}

// parseRRule reads and checks a rule. Lists are sorted and without repetition.
func parseRRule(text string, loc *time.Location) (rrule.ROption, error) {
	var option rrule.ROption
	if len(text) > MaxRuleLength {
		return option, errorf("RRULE", "A rule may have at most %d characters; this one has %d.", MaxRuleLength, len(text))
	}
	text = strings.TrimSpace(text)
	if i := strings.IndexFunc(text, func(r rune) bool { return r > unicode.MaxASCII }); i >= 0 {
		return option, errorf("RRULE", "A rule is plain ASCII; %s is not.", quote(text[i:]))
	}
	text = strings.ToUpper(text)
	if strings.ContainsAny(text, "\r\n") {
		return option, errorf("RRULE", "A rule is one line. Its start, extra dates and exceptions are given apart from it.")
	}
	text = strings.TrimSpace(strings.TrimPrefix(text, "RRULE:"))
	text = strings.TrimSuffix(text, ";") // some calendars write it

	seen := map[string]bool{}
	for pair := range strings.SplitSeq(text, ";") {
		name, value, found := strings.Cut(pair, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		switch {
		case !found || name == "":
			return option, errorf("RRULE", "%s is no part of a rule. Parts look like FREQ=WEEKLY and are separated by semicolons.", quote(pair))
		case seen[name]:
			return option, errorf(name, "%s is given twice.", quote(name))
		case value == "":
			return option, errorf(name, "%s has no value.", quote(name))
		}
		seen[name] = true
		if err := parsePart(&option, name, value, loc); err != nil {
			return option, err
		}
	}
	if !seen["FREQ"] {
		return option, errorf("FREQ", "FREQ is missing: the rule must say whether it is DAILY, WEEKLY, MONTHLY, YEARLY and so on.")
	}
	err := checkCombinations(&option)
	return option, err
}

func parsePart(option *rrule.ROption, name, value string, loc *time.Location) error {
	switch name {
	case "FREQ":
		freq, err := rrule.StrToFreq(value)
		if err != nil {
			return errorf(name, "%s is no frequency. It is one of YEARLY, MONTHLY, WEEKLY, DAILY, HOURLY, MINUTELY and SECONDLY.", quote(value))
		}
		option.Freq = freq
	case "INTERVAL":
		return parseNumber(name, value, MaxInterval, &option.Interval)
	case "COUNT":
		return parseNumber(name, value, MaxCount, &option.Count)
	case "UNTIL":
		until, err := parseUntil(value, loc)
		option.Until = until
		return err
	case "WKST":
		day := slices.Index(weekdays[:], value)
		if day < 0 {
			return errorf(name, "%s is no weekday. It is one of MO, TU, WE, TH, FR, SA and SU.", quote(value))
		}
		option.Wkst = weekdayOf(day)
	case "BYDAY":
		return parseByDay(option, value)
	case "BYEASTER", "RSCALE", "SKIP":
		return errorf(name, "%s is not part of RFC 5545 and not supported.", name)
	default:
		for _, p := range parts {
			if p.name == name {
				return p.parse(option, value)
			}
		}
		return errorf("RRULE", "%s is no part of a rule that RFC 5545 knows.", quote(name))
	}
	return nil
}

func parseNumber(name, value string, most int, to *int) error {
	n, err := digits(value)
	switch {
	case err != nil:
		return errorf(name, "%s must be a whole number, not %s.", name, quote(value))
	case n < 1:
		return errorf(name, "%s must be at least 1.", name)
	case n > most:
		return errorf(name, "%s may be at most %d.", name, most)
	}
	*to = n
	return nil
}

// digits reads a number without a sign.
func digits(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 62)
	return int(n), err
}

// signedDigits reads a number that may have a sign.
func signedDigits(text string) (int, error) {
	switch {
	case strings.HasPrefix(text, "-"):
		n, err := digits(text[1:])
		return -n, err
	case strings.HasPrefix(text, "+"):
		return digits(text[1:])
	default:
		return digits(text)
	}
}

func (p part) parse(option *rrule.ROption, value string) error {
	list := p.list(option)
	for entry := range strings.SplitSeq(value, ",") {
		entry = strings.TrimSpace(entry)
		n, err := signedDigits(entry)
		allowed := n >= p.least && n <= p.most || p.signed && -n >= p.least && -n <= p.most
		if err != nil || !allowed {
			return errorf(p.name, "%s is no value of %s, which takes %s.", quote(entry), p.name, p.values())
		}
		if p.name == "BYSECOND" && n == 60 {
			n = 59 // a leap second is read as the one before it, RFC 5545 §3.3.5
		}
		*list = append(*list, n)
	}
	slices.SortFunc(*list, compareSigned)
	*list = slices.Compact(*list)
	return nil
}

// compareSigned orders 1, 2, …, -2, -1.
func compareSigned(a, b int) int {
	if (a < 0) != (b < 0) {
		return b - a
	}
	return a - b
}

func (p part) values() string {
	if p.signed {
		return fmt.Sprintf("numbers from %d to %d, or from -%d to -%d counted from the end", p.least, p.most, p.most, p.least)
	}
	return fmt.Sprintf("numbers from %d to %d", p.least, p.most)
}

func parseByDay(option *rrule.ROption, value string) error {
	for entry := range strings.SplitSeq(value, ",") {
		entry = strings.TrimSpace(entry)
		split := max(len(entry)-2, 0)
		day := slices.Index(weekdays[:], entry[split:])
		if day < 0 {
			return errorf("BYDAY",
				"%s is no weekday. It is one of MO, TU, WE, TH, FR, SA and SU, perhaps with a number, as in 2TU or -1FR.", quote(entry))
		}
		weekday := weekdayOf(day)
		if split > 0 {
			n, err := signedDigits(entry[:split])
			if err != nil || n == 0 || n < -53 || n > 53 {
				return errorf("BYDAY", "The number of %s must be from 1 to 53, or from -53 to -1 counted from the end.", quote(entry))
			}
			weekday = weekday.Nth(n)
		}
		option.Byweekday = append(option.Byweekday, weekday)
	}
	slices.SortFunc(option.Byweekday, func(a, b rrule.Weekday) int {
		if a.N() != b.N() {
			return compareSigned(a.N(), b.N())
		}
		return a.Day() - b.Day()
	})
	option.Byweekday = slices.Compact(option.Byweekday)
	return nil
}

// parseUntil reads UNTIL as an instant: in UTC, as a time on the wall clock of
// loc, or as a date, of which the whole day is meant.
func parseUntil(value string, loc *time.Location) (time.Time, error) {
	layout, add := "20060102", time.Duration(secondsPerDay-1)*time.Second
	utc := strings.HasSuffix(value, "Z")
	if len(value) != len(layout) {
		layout, add = "20060102T150405", 0
	}
	t, err := time.Parse(layout, strings.TrimSuffix(value, "Z"))
	if err != nil || t.Year() < 1 || utc && add != 0 {
		return t, errorf("UNTIL",
			"%s is no time such as 20261231T225959Z (UTC), 20261231T235959 (local) or 20261231 (that whole day).", quote(value))
	}
	if utc {
		return t, nil
	}
	return LocalOf(t.Add(add), time.UTC).In(loc), nil
}

// checkCombinations applies what RFC 5545 §3.3.10 forbids.
func checkCombinations(option *rrule.ROption) error {
	freq := option.Freq
	if option.Count > 0 && !option.Until.IsZero() {
		return errorf("UNTIL", "A rule ends by COUNT or by UNTIL, not by both.")
	}
	limited := len(option.Byweekday) > 0
	for _, p := range parts {
		given := len(*p.list(option)) > 0
		if given && slices.Contains(p.excluded, freq) {
			return errorf(p.name, "%s may not be used with FREQ=%v.", p.name, freq)
		}
		limited = limited || given && p.name != "BYSETPOS"
	}
	if len(option.Bysetpos) > 0 && !limited {
		return errorf("BYSETPOS", "BYSETPOS chooses among what other parts name, such as BYDAY or BYMONTHDAY; there is none.")
	}
	numbered := slices.ContainsFunc(option.Byweekday, func(day rrule.Weekday) bool { return day.N() != 0 })
	switch {
	case numbered && freq != rrule.MONTHLY && freq != rrule.YEARLY:
		return errorf("BYDAY", "A weekday with a number, as in 2TU, may only be used with FREQ=MONTHLY and FREQ=YEARLY.")
	case numbered && len(option.Byweekno) > 0:
		return errorf("BYDAY", "A weekday with a number, as in 2TU, may not be used together with BYWEEKNO.")
	}
	return nil
}

// quote shows a piece of somebody's input, shortened.
func quote(text string) string {
	const most = 40
	if len(text) > most {
		text = text[:most] + "…"
	}
	return strconv.Quote(text)
}
