package apiclient

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// Calendar is what falls into a span of time, the earliest first.
type Calendar struct {
	Days     []CalendarDay `json:"days"` // those with open tasks
	Upcoming []ToCome      `json:"upcoming"`
	Complete bool          `json:"complete"` // false: the latest of Upcoming are left out
}

// CalendarDay is one with open tasks.
type CalendarDay struct {
	Date  string `json:"date"`  // yyyy-mm-dd
	Count int    `json:"count"` // of all
	Items []Task `json:"items"` // the first
}

// ToCome is an occurrence of a series that is no task yet.
type ToCome struct {
	SeriesID     uuid.UUID `json:"series_id"`
	Title        string    `json:"title"`
	Priority     string    `json:"priority"`
	Tags         []string  `json:"tags"`
	AllDay       bool      `json:"all_day"`
	OccurrenceAt time.Time `json:"occurrence_at"`
	DueAt        time.Time `json:"due_at"`
}

// Calendar reads a span of at most 100 days of a zone; each day names so many tasks.
func (c Caller) Calendar(ctx context.Context, from, before time.Time, zone string, perDay int) (Calendar, error) {
	var calendar Calendar
	query := url.Values{
		"from": {from.UTC().Format(time.RFC3339)}, "before": {before.UTC().Format(time.RFC3339)},
		"timezone": {zone}, "per_day": {strconv.Itoa(perDay)},
	}
	err := c.do(ctx, request{method: http.MethodGet, path: "/api/calendar", query: query}, &calendar)
	return calendar, err
}
