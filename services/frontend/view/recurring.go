package view

import (
	"slices"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/services/frontend/text"
)

// SeriesList is the room of recurring tasks.
type SeriesList struct {
	URL    string
	Series []Series
	Error  bool
}

// Series is a row of it.
type Series struct {
	ID       uuid.UUID
	Title    string
	Sentence string // "Every Friday at 14:00"
	Next     string // when the next occurrence is, or why there is none
	Priority string
	Tags     []string
	Paused   bool
	Ended    bool
	Failure  string
}

// RuleForm are the inputs of the recurrence builder.
type RuleForm struct {
	Preset    string
	Frequency string // DAILY, WEEKLY, MONTHLY or YEARLY
	Interval  string
	Weekdays  []string // MO to SU
	Monthly   string   // how days are said: "", day or nth
	MonthDays string
	Nth       string // 1 to 4, -1, -2
	NthDay    string // MO to SU, day or weekday
	Months    []string
	Ends      string // "", on or after
	Until     string // yyyy-mm-dd
	Count     string
	Rule      string // as RFC 5545 has it
}

// SeriesForm makes or changes a series.
type SeriesForm struct {
	ID        uuid.UUID // Nil: a new one
	Key       string
	Version   int64
	Title     string
	Notes     string
	Priority  string
	Tags      string
	Start     string // yyyy-mm-dd
	Time      string // hh:mm, "" for all day
	Rule      RuleForm
	Mode      string
	IfPending string
	CatchUp   string
	Reminders []Option
	// From is the occurrence (RFC 3339) from which on it is changed, or which alone;
	// FromLabel says when that is. Scope says how much is changed.
	From, FromLabel, Scope string
	Errors                 map[string]string
	Problem                string
}

// SeriesPage is one series: its form, and what it has made and will make.
type SeriesPage struct {
	Series   Series
	Form     SeriesForm
	Upcoming []Occurrence
	Past     []Task
	Counts   string
}

// Occurrence is one to come.
type Occurrence struct {
	At    string // RFC 3339
	Label string
}

// RulePreview is what a rule means, while it is being made.
type RulePreview struct {
	Sentence    string
	Occurrences []Occurrence
	Finished    bool
	Problem     string
}

// presetOptions are the common rules.
func presetOptions(t text.Recurring, chosen string) []Option {
	options := []Option{
		{"daily", t.Daily, false},
		{"weekdays", t.Weekdays, false},
		{"weekly", t.Weekly, false},
		{"biweekly", t.Biweekly, false},
		{"monthly", t.Monthly, false},
		{"yearly", t.Yearly, false},
		{"custom", t.Custom, false},
		{"rule", t.AsRule, false},
	}
	return choose(options, chosen)
}

func frequencyOptions(t text.Recurring, chosen string) []Option {
	return choose([]Option{
		{"DAILY", t.Days, false}, {"WEEKLY", t.Weeks, false}, {"MONTHLY", t.Months, false}, {"YEARLY", t.Years, false},
	}, chosen)
}

var weekdayCodes = [7]string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}

// weekdayOptions begin with the day that weeks begin with.
func weekdayOptions(t *text.Catalogue, chosen []string) []Option {
	var options []Option
	for i := range weekdayCodes {
		day := (i + 1) % len(weekdayCodes)
		options = append(options, Option{weekdayCodes[day], t.Days.Weekdays[day], slices.Contains(chosen, weekdayCodes[day])})
	}
	return options
}

func nthDayOptions(t *text.Catalogue, chosen string) []Option {
	options := weekdayOptions(t, []string{chosen})
	return append(options, Option{"day", t.Recurring.AnyDay, chosen == "day"}, Option{"weekday", t.Recurring.AnyWeekday, chosen == "weekday"})
}

func nthOptions(t text.Recurring, chosen string) []Option {
	return choose([]Option{
		{"1", t.First, false},
		{"2", t.Second, false},
		{"3", t.Third, false},
		{"4", t.Fourth, false},
		{"-1", t.Last, false},
		{"-2", t.LastButOne, false},
	}, chosen)
}

func monthOptions(t *text.Catalogue, chosen []string) []Option {
	var options []Option
	for i, name := range t.Days.MonthsShort {
		value := text.Number(i + 1)
		options = append(options, Option{value, name, slices.Contains(chosen, value)})
	}
	return options
}

func modeOptions(t text.Recurring, chosen string) []Option {
	return choose([]Option{{"schedule", t.FromDue, false}, {"completion", t.FromCompletion, false}}, chosen)
}

func pendingOptions(t text.Recurring, chosen string) []Option {
	return choose([]Option{{"skip", t.PendingSkip, false}, {"create", t.PendingCreate, false}}, chosen)
}

func catchUpOptions(t text.Recurring, chosen string) []Option {
	return choose([]Option{{"latest", t.CatchLatest, false}, {"all", t.CatchAll, false}, {"none", t.CatchNone, false}}, chosen)
}

func endOptions(t text.Recurring, chosen string) []Option {
	return choose([]Option{{"", t.Never, false}, {"on", t.OnDate, false}, {"after", t.AfterTimes, false}}, chosen)
}

func monthlyOptions(t text.Recurring, chosen string) []Option {
	return choose([]Option{{"", t.SameDay, false}, {"day", t.OnDays, false}, {"nth", t.OnNth, false}}, chosen)
}

func scopeOptions(t text.Recurring, chosen string) []Option {
	return choose([]Option{{"this", t.ScopeThis, false}, {"following", t.ScopeFollowing, false}, {"all", t.ScopeAll, false}}, chosen)
}

func choose(options []Option, chosen string) []Option {
	for i := range options {
		options[i].Chosen = options[i].Value == chosen
	}
	return options
}
