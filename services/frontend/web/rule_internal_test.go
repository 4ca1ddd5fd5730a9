package web

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/services/frontend/text"
	"github.com/rondohq/rondo/services/frontend/view"
)

func TestRulesAreComposedAndReadBack(t *testing.T) {
	t.Parallel()
	locale := text.NewLocale(text.English(), "Europe/Berlin", "")
	for rule, form := range map[string]url.Values{
		"FREQ=DAILY":                         {"preset": {"daily"}},
		"FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR":   {"preset": {"weekdays"}},
		"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH": {"preset": {"custom"}, "freq": {"WEEKLY"}, "interval": {"2"}, "byday": {"MO", "TH"}},
		"FREQ=DAILY;INTERVAL=3;COUNT=5":      {"preset": {"custom"}, "freq": {"DAILY"}, "interval": {"3"}, "ends": {"after"}, "count": {"5"}},
		"FREQ=MONTHLY;UNTIL=20271231":        {"preset": {"monthly"}, "ends": {"on"}, "until": {"2027-12-31"}},
		"FREQ=MONTHLY;BYMONTHDAY=1,15,-1":    {"preset": {"custom"}, "freq": {"MONTHLY"}, "interval": {"1"}, "monthly": {"day"}, "bymonthday": {"1, 15, -1"}},
		"FREQ=MONTHLY;BYDAY=2TU":             {"preset": {"custom"}, "freq": {"MONTHLY"}, "monthly": {"nth"}, "nth": {"2"}, "nthday": {"TU"}},
		"FREQ=MONTHLY;BYDAY=-1FR":            {"preset": {"custom"}, "freq": {"MONTHLY"}, "monthly": {"nth"}, "nth": {"-1"}, "nthday": {"FR"}},
		"FREQ=YEARLY;BYMONTH=3,9":            {"preset": {"custom"}, "freq": {"YEARLY"}, "bymonth": {"3", "9"}},
		"FREQ=WEEKLY;BYDAY=MO;BYHOUR=9,17":   {"preset": {"rule"}, "rrule": {" rrule:freq=weekly;byday=MO;byhour=9,17 "}},
		"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1": {
			"preset": {"custom"}, "freq": {"MONTHLY"}, "monthly": {"nth"}, "nth": {"-1"}, "nthday": {"weekday"},
		},
	} {
		problems := map[string]string{}
		read := readRule(form)
		require.Equal(t, rule, composeRule(read, text.English(), problems))
		require.Empty(t, problems, rule)
		again := ruleForm(rule, locale)
		require.Equal(t, form.Get("preset"), again.Preset, rule)
		require.Equal(t, rule, composeRule(again, text.English(), problems), "what the builder shows is the rule")
	}
}

func TestARuleThatTheBuilderHasNoInputsForStandsAsItIs(t *testing.T) {
	t.Parallel()
	locale := text.NewLocale(text.English(), "UTC", "")
	for _, rule := range []string{
		"FREQ=HOURLY;INTERVAL=6", "FREQ=YEARLY;BYWEEKNO=20", "FREQ=WEEKLY;WKST=SU;BYDAY=MO", "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1,2",
		"FREQ=DAILY;BYMONTH=1", "FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR", "FREQ=WEEKLY;UNTIL=WHENEVER",
	} {
		form := ruleForm(rule, locale)
		require.Equal(t, presetRule, form.Preset, rule)
		require.Equal(t, rule, composeRule(form, text.English(), map[string]string{}))
	}
}

func TestInputsOfARuleThatAreWrongAreNamed(t *testing.T) {
	t.Parallel()
	for input, rule := range map[string]view.RuleForm{
		"interval":   {Preset: presetCustom, Frequency: "DAILY", Interval: "0"},
		"bymonthday": {Preset: presetCustom, Frequency: "MONTHLY", Monthly: monthlyDays, MonthDays: "32"},
		"until":      {Preset: presetDaily, Ends: endsOn, Until: "someday"},
		"count":      {Preset: presetDaily, Ends: endsAfter, Count: "none"},
		"rrule":      {Preset: presetRule},
	} {
		problems := map[string]string{}
		composeRule(rule, text.English(), problems)
		require.Contains(t, problems, input)
	}
}

func TestAnEndIsReadAsTheDayThatItIsInTheZone(t *testing.T) {
	t.Parallel()
	berlin := text.NewLocale(text.English(), "Europe/Berlin", "")
	for value, want := range map[string]string{
		"20261231T225959Z": "2026-12-31", "20261231T235959": "2026-12-31", "20261231": "2026-12-31", "20261231T230000Z": "2027-01-01",
	} {
		got, ok := readUntil(value, berlin)
		require.True(t, ok, value)
		require.Equal(t, want, got, value)
	}
	_, err := time.Parse(dateLayout, "2026-12-31")
	require.NoError(t, err)
}
