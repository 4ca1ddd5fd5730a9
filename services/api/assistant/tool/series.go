package tool

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/api/series"
	"github.com/rondohq/rondo/services/api/task"
	"github.com/rondohq/rondo/services/internal/occurrence"
)

type createSeries struct {
	Title         string   `json:"title" jsonschema:"what is to be done each time"`
	Description   string   `json:"description,omitempty" jsonschema:"notes"`
	RRule         string   `json:"rrule" jsonschema:"RFC 5545, without DTSTART: FREQ=WEEKLY;BYDAY=FR"`
	Start         string   `json:"start,omitempty" jsonschema:"the first time on the person's clock: 2026-11-27T14:00:00, or a date"`
	Timezone      string   `json:"timezone,omitempty" jsonschema:"IANA name, the person's own when left out"`
	Mode          string   `json:"mode,omitempty" jsonschema:"schedule, or completion: each counts from the end of the one before"`
	Priority      string   `json:"priority,omitempty" jsonschema:"high, medium or low"`
	Tags          []string `json:"tags,omitempty" jsonschema:"names without #"`
	MinutesBefore []int    `json:"remind_minutes_before,omitempty" jsonschema:"a reminder so many minutes before each is due"`
}

type findSeries struct {
	Search string `json:"search,omitempty" jsonschema:"text anywhere in title or notes"`
}

type seriesID struct {
	ID string `json:"id"`
}

type skipOccurrence struct {
	ID           string `json:"id"`
	OccurrenceAt string `json:"occurrence_at,omitempty" jsonschema:"RFC 3339; the next one when left out"`
}

// recurring are the tools of the series service.
func recurring(s series.Service) []Tool {
	t := seriesTools{s}
	return []Tool{
		define("create_recurring_task", "Make a task that repeats.", Adds, t.create),
		define("find_recurring_tasks", "List or search tasks that repeat.", Reads, t.find),
		define("find_recurring_task", "Look at one repeating task and when it comes next.", Reads, t.get),
		asking(define("pause_recurring_task", "Stop a repeating task until it is resumed.", Changes, t.on("Paused.", s.Pause)),
			"Pause", "repeating task", t.named),
		asking(define("resume_recurring_task", "Let a paused repeating task go on.", Changes, t.on("It goes on.", s.Resume)),
			"Resume", "repeating task", t.named),
		define("skip_occurrence", "Leave out one occurrence of a repeating task.", Changes, t.skip),
		asking(define("cancel_recurring_task", "End a repeating task for good.", Removes, t.on("Ended.", s.Cancel)),
			"End", "repeating task", t.named),
	}
}

type seriesTools struct{ series series.Service }

func (t seriesTools) create(ctx context.Context, c Caller, in createSeries) (Result, error) {
	draft := series.Draft{
		Title: in.Title, Description: in.Description, Priority: task.Priority(strings.ToLower(in.Priority)), Tags: in.Tags,
		ReminderOffsets: in.MinutesBefore, RRule: in.RRule, Timezone: in.Timezone, Mode: occurrence.Mode(in.Mode),
	}
	if in.Start != "" {
		start, err := series.ParseMoment(in.Start)
		if err != nil {
			return Result{}, fault.Invalidf("start", "must be a time such as 2026-11-27T14:00:00, without a zone, or a date")
		}
		draft.Start = &start
	}
	made, err := t.series.Create(ctx, c.UserID, draft)
	if err != nil {
		return Result{}, err //nolint:wrapcheck // a fault, to be shown
	}
	return Result{Text: "Added: " + lowerFirst(made.Rule) + ".", Cards: []Card{c.seriesCard(made)}}, nil
}

func (t seriesTools) find(ctx context.Context, c Caller, in findSeries) (Result, error) {
	page, err := t.series.List(ctx, c.UserID, series.Query{
		Search: strings.TrimSpace(in.Search), Limit: listLimit,
		Statuses: []event.SeriesStatus{event.SeriesPending, event.SeriesActive, event.SeriesPaused},
	})
	if err != nil {
		return Result{}, err //nolint:wrapcheck // a fault, to be shown
	}
	r := Result{Text: "Nothing that repeats matches.", More: page.Next != nil}
	for _, item := range page.Items {
		r.Cards = append(r.Cards, c.seriesCard(item))
	}
	if n := len(r.Cards); n > 0 {
		r.Text = plural(n, "repeating task") + "."
	}
	return r, nil
}

func (t seriesTools) get(ctx context.Context, c Caller, in seriesID) (Result, error) {
	cards, err := t.named(ctx, c, in)
	if err != nil {
		return Result{}, err
	}
	coming, err := t.series.Instances(ctx, c.UserID, cards[0].ID, series.InstanceQuery{Limit: 1, Upcoming: series.DefaultUpcoming})
	if err != nil {
		return Result{}, err //nolint:wrapcheck // a fault, to be shown
	}
	days := make([]string, len(coming.Upcoming))
	for i, next := range coming.Upcoming {
		days[i] = c.when(next.DueAt)
	}
	text := "Nothing comes next."
	if len(days) > 0 {
		text = "Next: " + strings.Join(days, "; ") + "."
	}
	return Result{Text: text, Cards: cards}, nil
}

func (t seriesTools) on(
	said string, do func(ctx context.Context, owner, id uuid.UUID, version *int64) (series.Series, error),
) func(context.Context, Caller, seriesID) (Result, error) {
	return func(ctx context.Context, c Caller, in seriesID) (Result, error) {
		id, err := parseID("id", in.ID)
		if err != nil {
			return Result{}, err
		}
		changed, err := do(ctx, c.UserID, id, nil)
		if err != nil {
			return Result{}, err
		}
		return Result{Text: said, Cards: []Card{c.seriesCard(changed)}}, nil
	}
}

func (t seriesTools) skip(ctx context.Context, c Caller, in skipOccurrence) (Result, error) {
	id, err := parseID("id", in.ID)
	if err != nil {
		return Result{}, err
	}
	at, err := c.instant("occurrence_at", in.OccurrenceAt, 0)
	if err != nil {
		return Result{}, err
	}
	skipped, err := t.series.Skip(ctx, c.UserID, id, nil, at)
	if err != nil {
		return Result{}, err //nolint:wrapcheck // a fault, to be shown
	}
	return Result{Text: "Skipped.", Cards: []Card{c.taskCard(skipped)}}, nil
}

// named finds the series that arguments name.
func (t seriesTools) named(ctx context.Context, c Caller, in seriesID) ([]Card, error) {
	id, err := parseID("id", in.ID)
	if err != nil {
		return nil, err
	}
	found, err := t.series.Get(ctx, c.UserID, id)
	if err != nil {
		return nil, err //nolint:wrapcheck // a fault, to be shown
	}
	return []Card{c.seriesCard(found)}, nil
}

func (c Caller) seriesCard(s series.Series) Card {
	card := Card{
		Kind: KindSeries, ID: s.ID, Title: s.Title, Detail: s.Rule, Status: string(s.Status), Priority: s.Priority, Tags: s.Tags,
	}
	if s.NextOccurrenceAt != nil && s.Status == event.SeriesActive {
		card.At = c.local(s.NextOccurrenceAt)
		card.Detail += ", next on " + c.when(*s.NextOccurrenceAt)
	}
	return card
}

func lowerFirst(text string) string {
	if text == "" {
		return text
	}
	return strings.ToLower(text[:1]) + text[1:]
}
