package ical

import (
	"strconv"
	"strings"
	"time"
)

// Text is the value as a TEXT (RFC 5545 §3.3.11). A backslash that escapes nothing is
// one that somebody forgot to escape.
func (l Line) Text() string {
	texts := l.texts(false)
	return texts[0]
}

// Texts is the value as a list of TEXT, separated by commas.
func (l Line) Texts() []string { return l.texts(true) }

func (l Line) texts(list bool) []string {
	if !strings.ContainsAny(l.Value, `\,`) {
		return []string{l.Value}
	}
	var all []string
	var text strings.Builder
	for i := 0; i < len(l.Value); i++ {
		c := l.Value[i]
		switch {
		case c == '\\' && i+1 < len(l.Value):
			i++
			switch next := l.Value[i]; next {
			case 'n', 'N':
				text.WriteByte('\n')
			case '\\', ';', ',', ':', '"':
				text.WriteByte(next)
			default:
				text.WriteByte('\\')
				text.WriteByte(next)
			}
		case c == ',' && list:
			all = append(all, text.String())
			text.Reset()
		default:
			text.WriteByte(c)
		}
	}
	return append(all, text.String())
}

// EscapeText writes a TEXT. There is one way to end a line in it, so that CR LF comes
// back as LF.
func EscapeText(text string) string { return escapeText.Replace(text) }

var escapeText = strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`)

// Form is how a value tells a time (RFC 5545 §3.3.4 and §3.3.5).
type Form int

// The forms.
const (
	Date  Form = iota // a day
	Local             // a time on the wall clock: of the TZID, or wherever the reader is
	UTC
)

// Moment is a DATE or DATE-TIME.
type Moment struct {
	Form Form
	Wall time.Time // its year to second, in time.UTC; for Date, midnight
	TZID string    // with Local; empty: floating
}

const (
	dateLayout  = "20060102"
	localLayout = "20060102T150405"
)

// Moment is the value as a DATE or DATE-TIME.
func (l Line) Moment() (Moment, error) { return l.moment(l.Value) }

// Moments is the value as a list of them. Of a PERIOD the start counts.
func (l Line) Moments() ([]Moment, error) {
	var all []Moment
	for value := range strings.SplitSeq(l.Value, ",") {
		value, _, _ = strings.Cut(value, "/")
		m, err := l.moment(value)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

func (l Line) moment(value string) (Moment, error) {
	value = strings.ToUpper(strings.TrimSpace(value))
	m := Moment{Form: Local, TZID: l.Param("TZID")}
	layout := localLayout
	local, isUTC := strings.CutSuffix(value, "Z")
	switch {
	case len(value) == len(dateLayout):
		m.Form, layout = Date, dateLayout
	case isUTC:
		m.Form = UTC
	}
	if m.Form != Local {
		m.TZID = ""
	}
	// A leap second is the one before it (RFC 5545 §3.3.12).
	if before, leap := strings.CutSuffix(local, "60"); leap && len(local) == len(localLayout) {
		local = before + "59"
	}
	wall, err := time.Parse(layout, local)
	if err != nil || wall.Year() < 1 || wall.Year() > 9998 {
		return Moment{}, l.Errorf("must be a time such as 20261124T090000Z or a date such as 20261124, not %s", quote(value))
	}
	m.Wall = wall
	return m, nil
}

// maxDuration keeps sums with instants in range.
const maxDuration = 100 * 366 * 24 * time.Hour

// Duration is the value as a DURATION such as -PT15M (RFC 5545 §3.3.6).
func (l Line) Duration() (time.Duration, error) {
	wrong := l.Errorf("must be a duration such as -PT15M or P1D, not %s", quote(l.Value))
	rest := strings.ToUpper(strings.TrimSpace(l.Value))
	rest, negative := strings.CutPrefix(rest, "-")
	rest = strings.TrimPrefix(rest, "+")
	rest, ok := strings.CutPrefix(rest, "P")
	if !ok || rest == "" {
		return 0, wrong
	}
	units := map[byte]time.Duration{'W': 7 * 24 * time.Hour, 'D': 24 * time.Hour}
	var sum time.Duration
	for rest != "" {
		if after, clock := strings.CutPrefix(rest, "T"); clock {
			rest, units = after, map[byte]time.Duration{'H': time.Hour, 'M': time.Minute, 'S': time.Second}
		}
		end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
		if end < 1 {
			return 0, wrong
		}
		n, err := strconv.ParseInt(rest[:end], 10, 64)
		unit, known := units[rest[end]]
		if err != nil || !known || n > int64(maxDuration/unit) {
			return 0, wrong
		}
		if sum += time.Duration(n) * unit; sum > maxDuration {
			return 0, wrong
		}
		rest = rest[end+1:]
	}
	if negative {
		sum = -sum
	}
	return sum, nil
}

// FormatDuration writes a DURATION in whole seconds, in its largest exact unit.
func FormatDuration(d time.Duration) string {
	sign := ""
	if d < 0 {
		sign, d = "-", -d
	}
	for _, unit := range []struct {
		length        time.Duration
		before, after string
	}{{24 * time.Hour, "P", "D"}, {time.Hour, "PT", "H"}, {time.Minute, "PT", "M"}} {
		if d != 0 && d%unit.length == 0 {
			return sign + unit.before + strconv.FormatInt(int64(d/unit.length), 10) + unit.after
		}
	}
	return sign + "PT" + strconv.FormatInt(int64(d/time.Second), 10) + "S"
}

// FormatUTC writes an instant as a DATE-TIME in UTC.
func FormatUTC(t time.Time) string { return t.UTC().Format(localLayout) + "Z" }

// FormatLocal writes the wall clock of t.
func FormatLocal(t time.Time) string { return t.Format(localLayout) }

// FormatDate writes the day of t on its wall clock.
func FormatDate(t time.Time) string { return t.Format(dateLayout) }
