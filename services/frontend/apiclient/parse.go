package apiclient

import (
	"context"
	"net/http"
	"time"
)

// What a text can ask for, of which the quick-add understands these.
const (
	IntentTask      = "create_task"
	IntentRecurring = "create_recurring"
	IntentReminder  = "create_reminder"
)

// Parsed is what a text asks for.
type Parsed struct {
	Intent              string     `json:"intent"`
	Title               string     `json:"title"`
	DueAt               *time.Time `json:"due_at"` // with the zone's offset; midnight without HasTime
	HasTime             bool       `json:"has_time"`
	RRule               *string    `json:"rrule"`
	Mode                string     `json:"mode"`
	RemindAt            *time.Time `json:"remind_at"`
	RemindOffsetMinutes *int       `json:"remind_offset_minutes"`
	Priority            *string    `json:"priority"`
	Tags                []string   `json:"tags"`
	Spans               []Span     `json:"spans"`
}

// Span is a part of the text that was understood, in code points.
type Span struct {
	Start int    `json:"start"`
	End   int    `json:"end"`
	Kind  string `json:"kind"` // date, time, recurrence, reminder, priority, tag or command
}

// Parse reads what somebody typed.
func (c Caller) Parse(ctx context.Context, text string, now time.Time, timezone string) (Parsed, error) {
	var parsed Parsed
	body := map[string]string{"text": text, "now": now.Format(time.RFC3339), "timezone": timezone}
	err := c.do(ctx, request{method: http.MethodPost, path: "/api/assistant/parse", body: body}, &parsed)
	return parsed, err
}
