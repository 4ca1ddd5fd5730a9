package parse_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/recurrence"
	"github.com/rondohq/rondo/services/api/assistant/parse"
)

// wednesday is 10:00 in Berlin.
func wednesday(tb testing.TB) time.Time {
	tb.Helper()
	return at(tb, "2026-11-25T10:00:00", "Europe/Berlin")
}

func at(tb testing.TB, local, name string) time.Time {
	tb.Helper()
	zone, err := time.LoadLocation(name)
	require.NoError(tb, err)
	now, err := time.ParseInLocation("2006-01-02T15:04:05", local, zone)
	require.NoError(tb, err)
	return now
}

// marked writes the spans into the text: "call mom [date:tomorrow]".
func marked(text string, spans []parse.Span) string {
	runes := []rune(text)
	var b strings.Builder
	from := 0
	for _, s := range spans {
		b.WriteString(string(runes[from:s.Start]) + "[" + string(s.Kind) + ":" + string(runes[s.Start:s.End]) + "]")
		from = s.End
	}
	return b.String() + string(runes[from:])
}

func TestSpansSayWhatWasTaken(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Team sync every Friday 2 PM #work p1":         "Team sync [recurrence:every Friday 2 PM] [tag:#work] [priority:p1]",
		"call mom tomorrow":                            "call mom [date:tomorrow]",
		"call mom tomorrow at 9":                       "call mom [time:tomorrow at 9]",
		"tomorrow call mom at 5pm!":                    "[date:tomorrow] call mom [time:at 5pm]!",
		"remind me to call mom at 5pm":                 "[reminder:remind me to] call mom [time:at 5pm]",
		"remind me at 5pm to call mom":                 "[reminder:remind me] [time:at 5pm] [reminder:to] call mom",
		"dentist friday 2pm, remind me an hour before": "dentist [time:friday 2pm], [reminder:remind me an hour before]",
		"mark the report done":                         "[command:mark the] report [command:done]",
		"move the report to friday":                    "[command:move the] report [date:to friday]",
		"snooze it an hour":                            "[command:snooze it] [time:an hour]",
		"🎂 für Omi 👵 every! 3 days #größe":             "🎂 für Omi 👵 [recurrence:every! 3 days] [tag:#größe]",
		"rent (friday), urgent":                        "rent ([date:friday]), [priority:urgent]",
		"add a task to call mom":                       "[command:add a task to] call mom",
		"The 5th Wave":                                 "The 5th Wave",
		"gym M/W/F 6am":                                "gym [recurrence:M/W/F 6am]",
		"lunch friday 1pm for an hour":                 "lunch [time:friday 1pm for an hour]",
		"pills 8am and 8pm daily":                      "pills [time:8am and 8pm] [recurrence:daily]",
		"daily standup at 9 except fridays":            "[recurrence:daily] standup [time:at 9] [recurrence:except fridays]",
		"create a weekly p1 task to call mom":          "[command:create a] [recurrence:weekly] [priority:p1] [command:task to] call mom",
		"add #home to the report":                      "[command:add #home to the] report",
		"delete all tasks tagged work":                 "[command:delete all tasks tagged work]",
	} {
		require.Equal(t, want, marked(text, parse.Parse(text, wednesday(t)).Spans), text)
	}
}

func TestTitlesKeepWhatIsTheirs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Call MOM, tomorrow!":                "Call MOM!",
		"Should I call mom tomorrow?":        "Should I call mom?",
		"call mom - tomorrow - about lunch":  "call mom about lunch",
		"  call   mom  tomorrow  ":           "call   mom",
		"call mom (tomorrow)":                "call mom",
		"Buy milk, eggs, and bread, friday.": "Buy milk, eggs, and bread",
		"meet: Bob's, at 5pm":                "meet: Bob's",
		`watch "Friday" tomorrow`:            `watch "Friday"`,
		"Größe prüfen morgen":                "Größe prüfen morgen",
	} {
		require.Equal(t, want, parse.Parse(text, wednesday(t)).Title, text)
	}
}

// RFC 5545 §3.3.5: a time that clocks skip is read with the offset before the gap,
// one that they show twice is the first.
func TestClocksThatChange(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ now, zone, text, want string }{
		{"2027-03-12T16:20:00", "America/New_York", "x sunday at 2:30am", "2027-03-14T03:30:00-04:00"},
		{"2027-03-12T16:20:00", "America/New_York", "x sunday at 3am", "2027-03-14T03:00:00-04:00"},
		{"2027-11-05T16:20:00", "America/New_York", "x sunday at 1:30am", "2027-11-07T01:30:00-04:00"},
		{"2026-10-24T09:00:00", "Europe/Berlin", "x tomorrow at 2:30am", "2026-10-25T02:30:00+02:00"},
		{"2026-10-24T09:00:00", "Europe/Berlin", "x tomorrow at 3am", "2026-10-25T03:00:00+01:00"},
		{"2026-10-24T09:00:00", "Europe/Berlin", "x in 24 hours", "2026-10-25T08:00:00+01:00"},
		{"2026-10-24T09:00:00", "Europe/Berlin", "x in 1 day", "2026-10-25T00:00:00+02:00"},
		{"2026-10-03T09:00:00", "Australia/Lord_Howe", "x tomorrow at 2:15am", "2026-10-04T02:45:00+11:00"},
		{"2026-04-04T09:00:00", "Australia/Lord_Howe", "x tomorrow at 1:45am", "2026-04-05T01:45:00+11:00"},
		{"2011-12-29T09:00:00", "Pacific/Apia", "x in 2 days", "2011-12-31T00:00:00+14:00"},
		{"2026-06-01T09:00:00", "Asia/Kathmandu", "x at 5pm", "2026-06-01T17:00:00+05:45"},
		{"2026-06-01T09:00:00", "UTC", "x at 5pm", "2026-06-01T17:00:00Z"},
		{"2026-12-01T09:00:00", "Europe/London", "x at 5pm", "2026-12-01T17:00:00+00:00"},
	} {
		action, err := json.Marshal(parse.Parse(test.text, at(t, test.now, test.zone)))
		require.NoError(t, err)
		require.Contains(t, string(action), `"due_at":"`+test.want+`"`, "%s in %s", test.text, test.zone)
	}
}

func TestCommandsSayWhatTheContractLeavesOpen(t *testing.T) {
	t.Parallel()
	command := func(text string) parse.Command { return parse.Parse(text, wednesday(t)).Command }
	require.Equal(t, parse.Command{Verb: "rename", NewTitle: "Quarterly Report"}, command("rename the report to Quarterly Report"))
	require.Equal(t, parse.Command{Verb: "move", Shift: parse.Shift{Days: 2}}, command("postpone the report by 2 days"))
	require.Equal(t, parse.Command{Verb: "move", Shift: parse.Shift{Minutes: 90}}, command("delay it by an hour and a half"))
	require.Equal(t, "pause", command("pause gym").Verb)
	require.Equal(t, "resume", command("unpause gym").Verb)
	require.Equal(t, "skip", command("skip the gym").Verb)
	require.Equal(t, "reopen", command("reopen the report").Verb)
	require.Equal(t, "priority", command("make the report high priority").Verb)
	require.Equal(t, "tag", command("tag the report #work").Verb)

	for text, want := range map[string][3]string{
		"what's due this week":              {"2026-11-23", "2026-11-30", "open"},
		"what's due next week":              {"2026-11-30", "2026-12-07", "open"},
		"what's due today":                  {"2026-11-25", "2026-11-26", "open"},
		"show my tasks for tomorrow":        {"2026-11-26", "2026-11-27", ""},
		"today's tasks":                     {"2026-11-25", "2026-11-26", ""},
		"what's due this month":             {"2026-11-01", "2026-12-01", "open"},
		"show tasks due by friday":          {"2026-11-25", "2026-11-28", "open"},
		"what did I complete this week?":    {"2026-11-23", "2026-11-30", "completed"},
		"show overdue":                      {"", "", "overdue"},
		"show tasks due in the next 3 days": {"2026-11-25", "2026-11-29", "open"},
	} {
		c := command(text)
		day := func(t *time.Time) string {
			if t == nil {
				return ""
			}
			return t.Format(time.DateOnly)
		}
		require.Equal(t, want, [3]string{day(c.From), day(c.To), c.Status}, text)
	}
}

// corpus are all texts that people have written down for the parser.
func corpus(tb testing.TB) []string {
	tb.Helper()
	files, err := filepath.Glob("../testdata/*.jsonl")
	require.NoError(tb, err)
	var texts []string
	for _, path := range files {
		content, err := os.ReadFile(path)
		require.NoError(tb, err)
		for line := range strings.Lines(string(content)) {
			var u struct{ Text string }
			require.NoError(tb, json.Unmarshal([]byte(line), &u))
			texts = append(texts, u.Text)
		}
	}
	require.NotEmpty(tb, texts)
	return texts
}

// The engine that fires a series has to agree with the parser on where it begins, at
// whatever time the text is written.
func TestASeriesBeginsWithAnOccurrenceOfItsRule(t *testing.T) {
	t.Parallel()
	rules := 0
	for _, now := range []time.Time{
		wednesday(t), at(t, "2027-03-12T16:20:00", "America/New_York"), at(t, "2028-02-28T23:59:59", "Europe/London"),
		at(t, "2026-12-31T23:30:00", "Australia/Sydney"), at(t, "2026-10-24T00:00:00", "Europe/Berlin"),
	} {
		for _, text := range corpus(t) {
			a := parse.Parse(text, now)
			if a.RRule == "" {
				continue
			}
			rules++
			rule, err := recurrence.Parse(recurrence.Spec{
				RRule: a.RRule, Start: recurrence.LocalOf(*a.DueAt, now.Location()), Zone: now.Location().String(),
			})
			require.NoError(t, err, "%q: %s", text, a.RRule)
			first, _ := rule.First(1, nil)
			require.Len(t, first, 1, "%q: %s", text, a.RRule)
			require.Equal(t, a.DueAt.Format(time.RFC3339), first[0].Format(time.RFC3339), "%q at %s: %s", text, now, a.RRule)
			if a.HasTime {
				require.False(t, a.DueAt.Before(now), "%q at %s", text, now)
			}
		}
	}
	require.Greater(t, rules, 500)
}

// FuzzParse holds what has to be true of every text.
func FuzzParse(f *testing.F) {
	for _, text := range corpus(f) {
		f.Add(text, int64(1795597200))
	}
	zone, err := time.LoadLocation("America/New_York")
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, text string, seconds int64) {
		if len(text) > 2000 {
			t.Skip("longer than a text may be")
		}
		const year = 365 * 24 * 3600
		now := time.Unix((seconds%(100*year)+100*year)%(100*year), 0).In(zone)
		a := parse.Parse(text, now)
		require.Equal(t, a, parse.Parse(text, now), "read alike every time")

		length, last := utf8.RuneCountInString(text), 0
		for _, s := range a.Spans {
			require.GreaterOrEqual(t, s.Start, last, "in order, and apart")
			require.Greater(t, s.End, s.Start)
			require.LessOrEqual(t, s.End, length)
			last = s.End
		}
		left := words(untaken(text, a.Spans))
		for _, w := range words(a.Title) {
			i := index(left, w)
			require.GreaterOrEqual(t, i, 0, "%q is in the title, in its place, and was not taken", w)
			left = left[i+1:]
		}
		if len(a.Spans) == 0 {
			require.Equal(t, strings.TrimSpace(text), a.Title)
		}
		require.Equal(t, a.Intent == parse.CreateRecurring && a.RRule != "", a.RRule != "")
		require.False(t, a.RemindAt != nil && a.RemindOffset != nil)
		if a.DueAt == nil {
			require.False(t, a.HasTime)
			require.Empty(t, a.RRule)
		}
		if a.RRule != "" && a.HasTime {
			require.False(t, a.DueAt.Before(now), "a series begins from now on")
		}
		_, err := json.Marshal(a)
		require.NoError(t, err)
	})
}

// untaken is the text with space in place of its spans.
func untaken(text string, spans []parse.Span) string {
	runes := []rune(strings.ToValidUTF8(text, "\uFFFD"))
	if utf8.RuneCountInString(text) != len(runes) { // invalid bytes count one each
		runes = []rune(text)
	}
	for _, s := range spans {
		for i := s.Start; i < s.End; i++ {
			runes[i] = ' '
		}
	}
	return string(runes)
}

// words are runs of letters and digits: what joins them may be trimmed.
func words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool {
		return r < '0' || r > '9' && r < 'A' || r > 'Z' && r < 'a' || r > 'z' && r < 0x80 || r == utf8.RuneError
	})
}

func index(list []string, s string) int {
	for i, v := range list {
		if v == s {
			return i
		}
	}
	return -1
}

func BenchmarkParse(b *testing.B) {
	now := wednesday(b)
	for name, text := range map[string]string{
		"title":  "Buy milk and eggs for the party",
		"date":   "Submit the expense report tomorrow at 9",
		"series": "Team sync every 2 weeks on mon and thu at 9 until june #work p1 remind me 15 minutes before",
		"long":   strings.Repeat("call Bob about the second draft of the report ", 20) + "next tuesday noon",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				parse.Parse(text, now)
			}
		})
	}
}

// The time that a text takes grows as its length does: the cost of a character stays.
func BenchmarkLength(b *testing.B) {
	now := wednesday(b)
	for name, part := range map[string]string{
		"plain":    "call Bob about the second draft of the report ",
		"dates":    "every monday at 9 and on friday the 13th for 2 weeks ",
		"joints":   "and or the last each when ",
		"quoted":   "“ \" « ",
		"ordinals": "first second third ",
	} {
		for _, times := range []int{1, 4, 16, 64} {
			text := strings.Repeat(part, times)
			b.Run(fmt.Sprintf("%s/%d", name, len(text)), func(b *testing.B) {
				for b.Loop() {
					parse.Parse(text, now)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(text)), "ns/char")
			})
		}
	}
}

func BenchmarkCorpus(b *testing.B) {
	now, texts := wednesday(b), corpus(b)
	b.ReportAllocs()
	for b.Loop() {
		for _, text := range texts {
			parse.Parse(text, now)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(texts)), "µs/text")
}

func ExampleParse() {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	now := time.Date(2026, time.November, 25, 10, 0, 0, 0, zone)
	a := parse.Parse("Team sync every 2 weeks on mon and thu at 9 until june #work", now)
	out, err := json.MarshalIndent(map[string]any{"title": a.Title, "due": a.DueAt, "rrule": a.RRule, "tags": a.Tags}, "", "  ")
	if err != nil {
		panic(err)
	}
	_, _ = os.Stdout.Write(out)
	// Output:
	// {
	//   "due": "2026-11-26T09:00:00+01:00",
	//   "rrule": "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;UNTIL=20270531T215959Z",
	//   "tags": [
	//     "work"
	//   ],
	//   "title": "Team sync"
	// }
}
