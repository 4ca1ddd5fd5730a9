package recurrence_test

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rondohq/rondo/platform/recurrence"
)

//go:embed testdata/dateutil.py
var dateutilScript string

// pythonWithDateutil finds an interpreter, or skips.
func pythonWithDateutil(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if exec.CommandContext(t.Context(), name, "-c", "import dateutil.rrule").Run() == nil {
			return name
		}
	}
	t.Skip("no python3 with dateutil: install python3-dateutil (Debian) or `pip install python-dateutil`")
	return ""
}

type dateutilCase struct {
	Rule  string `json:"rule"`
	Start string `json:"start"`
	N     int    `json:"n"`
}

type dateutilAnswer struct {
	Occurrences []string `json:"occurrences"`
	Error       string   `json:"error"`
	Slow        bool     `json:"slow"` // gave up
}

// knownDifference names what python-dateutil 2.9 does otherwise than RFC 5545
// §3.3.10, if a rule depends on it.
func knownDifference(rule, start string) string {
	has := func(text string) bool { return strings.Contains(rule, text) }
	_, byDay, _ := strings.Cut(rule, "BYDAY=")
	byDay, _, _ = strings.Cut(byDay, ";")
	plain, numbered := false, false
	for day := range strings.SplitSeq(byDay, ",") {
		plain = plain || len(day) == 2
		numbered = numbered || len(day) > 2
	}
	at, err := time.Parse("2006-01-02T15:04:05", start)
	switch {
	case err != nil:
		return ""
	case has("BYWEEKNO") && !has("BYDAY") && !has("BYMONTHDAY") && !has("BYYEARDAY"):
		return "BYWEEKNO without a day is the whole week, not the weekday of DTSTART"
	case has("BYWEEKNO") && (has("INTERVAL") || has("BYSETPOS")):
		return "the periods of BYWEEKNO are calendar years, not week-numbered ones"
	case has("BYWEEKNO"):
		return "days of a numbered week beyond the calendar year are missing or surplus"
	case plain && numbered:
		return "a day must be both of the weekdays with a number and of those without"
	case has("WEEKLY") && has("BYSETPOS") && at.Weekday() != time.Monday:
		return "BYSETPOS counts the first week from DTSTART"
	default:
		return ""
	}
}

// TestEveryRuleParsesWithDateutil sends the normal form of random rules to
// python-dateutil in one batch. Each must parse there, and say the same unless a
// known difference applies; each of those must show, or it is stale.
func TestEveryRuleParsesWithDateutil(t *testing.T) {
	t.Parallel()
	python := pythonWithDateutil(t)
	random := rand.New(rand.NewPCG(5545, 8))
	var cases []dateutilCase
	var want [][]string
	add := func(text string, start time.Time) {
		rule, err := parseUTC(text, start)
		if err != nil {
			return
		}
		c := dateutilCase{Rule: rule.String(), Start: recurrence.LocalOf(start, time.UTC).String(), N: 12}
		occurrences, _ := rule.First(c.N, nil)
		texts := make([]string, len(occurrences))
		for i, at := range occurrences {
			texts[i] = recurrence.LocalOf(at, time.UTC).String()
		}
		cases, want = append(cases, c), append(want, texts)
	}
	for range 700 {
		add(randomRule(random), randomStart(random))
	}
	for range 40 {
		week := []string{"1", "52", "53", "-1"}[random.IntN(4)]
		rest := []string{"", ";INTERVAL=2", ";BYSETPOS=1", ";BYSETPOS=-1"}[random.IntN(4)]
		add("FREQ=YEARLY;BYDAY=MO,TU,SA,SU;BYWEEKNO="+week+rest, randomStart(random))
	}
	for _, preset := range recurrence.Presets(local(t, "2026-01-30T09:00:00")) {
		add(preset.RRule+";UNTIL=20270101", time.Date(2026, 1, 30, 9, 0, 0, 0, time.UTC))
	}

	input, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), python, "-c", dateutilScript)
	var problems bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(input), &problems
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("python: %v\n%s", err, &problems)
	}
	var answers []dateutilAnswer
	if err := json.Unmarshal(output, &answers); err != nil {
		t.Fatal(err)
	}

	differences, slow := map[string]int{}, 0
	for i, c := range cases {
		answer := answers[i]
		why := knownDifference(c.Rule, c.Start)
		switch {
		case answer.Error != "":
			t.Errorf("%s from %s is refused: %s", c.Rule, c.Start, answer.Error)
		case answer.Slow:
			slow++
		case slices.Equal(answer.Occurrences, want[i]):
		case why != "":
			differences[why]++
		default:
			t.Errorf("%s from %s:\ndateutil %v\nours     %v", c.Rule, c.Start, answer.Occurrences, want[i])
		}
	}
	if len(differences) != 5 {
		t.Errorf("some known differences don't show any more: %v", differences)
	}
	t.Logf("%d rules, %d too slow there, known differences: %v", len(cases), slow, differences)
}
