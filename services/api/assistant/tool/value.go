package tool

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/fault"
)

// due reads a due date: an instant, or the end of a day. Nothing is nil.
func (c Caller) due(field, text string) (*time.Time, error) {
	if day, err := time.ParseInLocation(time.DateOnly, text, c.Zone); err == nil {
		at := time.Date(day.Year(), day.Month(), day.Day(), 23, 59, 59, 0, c.Zone)
		return &at, nil
	}
	return c.instant(field, text, 0)
}

// instant reads an instant, or the beginning of a day, so many days later. An instant
// without an offset is on the person's clock.
func (c Caller) instant(field, text string, days int) (*time.Time, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // absence is a value here
	}
	if day, err := time.ParseInLocation(time.DateOnly, text, c.Zone); err == nil {
		at := day.AddDate(0, 0, days)
		return &at, nil
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04"} {
		if at, err := time.ParseInLocation(layout, text, c.Zone); err == nil {
			return &at, nil
		}
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return nil, fault.Invalidf(field, "must be an RFC 3339 time such as 2026-11-22T09:00:00+01:00, or a date such as 2026-11-22")
	}
	return &at, nil
}

// local is an instant in the person's zone.
func (c Caller) local(at *time.Time) *time.Time {
	if at == nil {
		return nil
	}
	there := at.In(c.Zone)
	return &there
}

// when writes an instant for a person: the day, and the time unless it is a day's end.
func (c Caller) when(at time.Time) string {
	local, now := at.In(c.Zone), c.Now.In(c.Zone)
	layout := "Mon 2 Jan"
	if local.Year() != now.Year() {
		layout += " 2006"
	}
	if local.Hour() != 23 || local.Minute() != 59 || local.Second() != 59 {
		layout += ", 15:04"
	}
	return local.Format(layout)
}

func parseID(field, text string) (uuid.UUID, error) {
	id, err := uuid.Parse(text)
	if err != nil {
		return uuid.Nil, fault.Invalidf(field, "must be an id as the find tools give them")
	}
	return id, nil
}

func parseIDs(texts []string) ([]uuid.UUID, error) {
	if n := len(texts); n == 0 || n > bulkLimit {
		return nil, fault.Invalidf("ids", "must be 1 to %d ids", bulkLimit)
	}
	ids := make([]uuid.UUID, 0, len(texts))
	seen := map[uuid.UUID]bool{}
	for i, text := range texts {
		id, err := parseID(fmt.Sprintf("ids[%d]", i), text)
		if err != nil {
			return nil, err
		}
		if !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	return ids, nil
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
