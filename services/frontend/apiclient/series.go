package apiclient

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// The states of a series that the web application tells apart.
const (
	Paused = "paused"
)

// The ways to count the next occurrence.
const (
	BySchedule   = "schedule"
	ByCompletion = "completion"
)

// The parts of a series that a change may be for.
const (
	ScopeAll       = "all"
	ScopeFollowing = "following"
	ScopeThis      = "this"
)

// Series makes tasks by a rule.
type Series struct {
	ID               uuid.UUID  `json:"id"`
	Title            string     `json:"title"`
	Description      string     `json:"description"`
	Priority         string     `json:"priority"`
	Tags             []string   `json:"tags"`
	ReminderOffsets  []int      `json:"reminder_offsets"` // minutes
	RRule            string     `json:"rrule"`
	RuleDescription  string     `json:"rule_description"`
	DTStart          string     `json:"dtstart"` // local: yyyy-mm-dd, with Thh:mm:ss unless AllDay
	AllDay           bool       `json:"all_day"`
	Timezone         string     `json:"timezone"`
	Mode             string     `json:"mode"`
	IfPending        string     `json:"if_pending"`
	CatchUp          string     `json:"catch_up"`
	Status           string     `json:"status"`
	NextOccurrenceAt *time.Time `json:"next_occurrence_at"`
	CreatedCount     int        `json:"created_count"`
	SkippedCount     int        `json:"skipped_count"`
	MissedCount      int        `json:"missed_count"`
	Failure          *string    `json:"failure"`
	Version          int64      `json:"version"`
}

// NewSeries is what a series is made of; title and rule are required.
type NewSeries struct {
	Title           string   `json:"title"`
	Description     string   `json:"description,omitempty"`
	Priority        string   `json:"priority,omitempty"`
	Tags            []string `json:"tags,omitempty"`
	ReminderOffsets []int    `json:"reminder_offsets,omitempty"`
	RRule           string   `json:"rrule"`
	DTStart         string   `json:"dtstart,omitempty"`
	Timezone        string   `json:"timezone,omitempty"`
	Mode            string   `json:"mode,omitempty"`
	IfPending       string   `json:"if_pending,omitempty"`
	CatchUp         string   `json:"catch_up,omitempty"`
}

// Occurrence is one that is to come and no task yet.
type Occurrence struct {
	OccurrenceAt time.Time `json:"occurrence_at"`
	DueAt        time.Time `json:"due_at"`
}

// Instances are what a series has made, the latest first, and what is to come.
type Instances struct {
	Items      []Task       `json:"items"`
	Upcoming   []Occurrence `json:"upcoming"`
	NextCursor string       `json:"next_cursor"`
}

// Preview is what a rule means.
type Preview struct {
	Description string      `json:"description"`
	Occurrences []time.Time `json:"occurrences"`
	Finished    bool        `json:"finished"`
}

const seriesPath = "/api/tasks/recurring"

// ListSeries lists all that are not cancelled, the newest first, at most 200.
func (c Caller) ListSeries(ctx context.Context, search string) ([]Series, error) {
	var page struct {
		Items []Series `json:"items"`
	}
	query := url.Values{"limit": {"200"}}
	if search != "" {
		query.Set("search", search)
	}
	err := c.do(ctx, request{method: http.MethodGet, path: seriesPath, query: query}, &page)
	return page.Items, err
}

// Series gets one.
func (c Caller) Series(ctx context.Context, id uuid.UUID) (Series, error) {
	var series Series
	err := c.do(ctx, request{method: http.MethodGet, path: seriesPath + "/" + id.String()}, &series)
	return series, err
}

// CreateSeries makes one. The same key twice makes one series.
func (c Caller) CreateSeries(ctx context.Context, in NewSeries, key string) (Series, error) {
	var series Series
	err := c.do(ctx, request{method: http.MethodPost, path: seriesPath, body: in, key: key}, &series)
	return series, err
}

// ChangeSeries patches; the change may name a scope and an occurrence.
func (c Caller) ChangeSeries(ctx context.Context, id uuid.UUID, change Change, version int64) (Series, error) {
	var series Series
	err := c.do(ctx, request{method: http.MethodPatch, path: seriesPath + "/" + id.String(), body: change, version: version}, &series)
	return series, err
}

// CancelSeries ends one for good.
func (c Caller) CancelSeries(ctx context.Context, id uuid.UUID) error {
	return c.do(ctx, request{method: http.MethodDelete, path: seriesPath + "/" + id.String()}, nil)
}

// PauseSeries makes no instances until ResumeSeries.
func (c Caller) PauseSeries(ctx context.Context, id uuid.UUID) (Series, error) {
	var series Series
	err := c.do(ctx, request{method: http.MethodPost, path: seriesPath + "/" + id.String() + "/pause"}, &series)
	return series, err
}

// ResumeSeries goes on with the first occurrence from now on.
func (c Caller) ResumeSeries(ctx context.Context, id uuid.UUID) (Series, error) {
	var series Series
	err := c.do(ctx, request{method: http.MethodPost, path: seriesPath + "/" + id.String() + "/resume"}, &series)
	return series, err
}

// SkipOccurrence leaves out one, the next where at is nil.
func (c Caller) SkipOccurrence(ctx context.Context, id uuid.UUID, at *time.Time) (Task, error) {
	var task Task
	body := map[string]*time.Time{"occurrence_at": at}
	err := c.do(ctx, request{method: http.MethodPost, path: seriesPath + "/" + id.String() + "/skip", body: body}, &task)
	return task, err
}

// Instances lists the latest ones, and so many of those to come.
func (c Caller) Instances(ctx context.Context, id uuid.UUID, limit, upcoming int) (Instances, error) {
	var page Instances
	query := url.Values{"limit": {strconv.Itoa(limit)}, "upcoming": {strconv.Itoa(upcoming)}}
	err := c.do(ctx, request{method: http.MethodGet, path: seriesPath + "/" + id.String() + "/instances", query: query}, &page)
	return page, err
}

// PreviewRule says what a rule means that starts at a local time, and its first
// occurrences after an instant.
func (c Caller) PreviewRule(ctx context.Context, rrule, dtstart, timezone string, after time.Time, limit int) (Preview, error) {
	var preview Preview
	body := map[string]any{"rrule": rrule, "dtstart": dtstart, "timezone": timezone, "limit": limit}
	if !after.IsZero() {
		body["after"] = after.UTC().Format(time.RFC3339)
	}
	err := c.do(ctx, request{method: http.MethodPost, path: "/api/recurrence/preview", body: body}, &preview)
	return preview, err
}
