package tool

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/internal/idempotency"
)

// due reads a due date: an instant, or the end of a day. Nothing is nil.
func (c Caller) due(field, text string) (*time.Time, error) {
	if day, err := time.ParseInLocation(time.DateOnly, text, c.Zone); err == nil {
		at := time.Date(day.Year(), day.Month(), day.Day(), 23, 59, 59, 0, c.Zone)
		return &at, nil
	}
	return c.instant(field, text, 0)
}

// instant reads an instant, or the beginning of a day, so many days later.
func (c Caller) instant(field, text string, days int) (*time.Time, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // absence is a value here
	}
	if day, err := time.ParseInLocation(time.DateOnly, text, c.Zone); err == nil {
		at := day.AddDate(0, 0, days)
		return &at, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return nil, fault.Invalidf(field, "must be an RFC 3339 time such as 2026-11-22T09:00:00+01:00, or a date such as 2026-11-22")
	}
	return &at, nil
}

// when writes an instant for a person: the date, and the time unless it is a day's end.
func (c Caller) when(at time.Time) string {
	local := at.In(c.Zone)
	if local.Hour() == 23 && local.Minute() == 59 && local.Second() == 59 {
		return local.Format("Mon 2 Jan 2006")
	}
	return local.Format("Mon 2 Jan 2006 15:04")
}

func parseID(field, text string) (uuid.UUID, error) {
	id, err := uuid.Parse(text)
	if err != nil {
		return uuid.Nil, fault.Invalidf(field, "must be an id as the other tools give them")
	}
	return id, nil
}

func parseIDs(in taskIDs) ([]uuid.UUID, error) {
	if n := len(in.IDs); n == 0 || n > bulkLimit {
		return nil, fault.Invalidf("ids", "must be 1 to %d ids", bulkLimit)
	}
	ids := make([]uuid.UUID, len(in.IDs))
	for i, text := range in.IDs {
		id, err := parseID(fmt.Sprintf("ids[%d]", i), text)
		if err != nil {
			return nil, err
		}
		ids[i] = id
	}
	return ids, nil
}

// repeatable is the context of one of several changes that one call makes.
func repeatable(ctx context.Context, c Caller, verb string, id uuid.UUID) context.Context {
	if c.Turn == "" {
		return ctx
	}
	key := "assistant:" + c.Turn + ":" + verb + ":" + id.String()
	return idempotency.With(ctx, key, sha256.Sum256([]byte(key)))
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
