package parse

import (
	"encoding/json"
	"time"
)

// MarshalJSON writes the action as POST /api/assistant/parse answers it: what is
// absent is null, and times carry the offset that the zone has then.
func (a Action) MarshalJSON() ([]byte, error) {
	type fields Action
	return json.Marshal(struct { //nolint:wrapcheck // of plain values
		fields

		DueAt    *string `json:"due_at"`
		RemindAt *string `json:"remind_at"`
		RRule    *string `json:"rrule"`
		Priority *string `json:"priority"`
		Question *string `json:"question"`
	}{
		fields:   fields(a),
		DueAt:    local(a.DueAt),
		RemindAt: local(a.RemindAt),
		RRule:    optional(a.RRule),
		Priority: optional(a.Priority),
		Question: optional(a.Question),
	})
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// local is RFC 3339 with a numeric offset, also where it is nought: only UTC is Z.
func local(t *time.Time) *string {
	if t == nil {
		return nil
	}
	layout := "2006-01-02T15:04:05-07:00"
	if t.Location() == time.UTC {
		layout = time.RFC3339
	}
	s := t.Format(layout)
	return &s
}
