package reminder

import (
	"net/http"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/services/internal/rest"
)

// Register mounts the routes. Authentication is the mux's business.
func Register(mux rest.Router, e Endpoints) {
	mux.Handle("GET /api/reminders", rest.Handler(e.List, decodeQuery, encodePage))
	mux.Handle("POST /api/reminders", rest.Handler(e.Create, decodeDraft, encodeCreated))
	mux.Handle("GET /api/reminders/{id}", rest.Handler(e.Get, rest.PathID, encodeReminder))
	mux.Handle("DELETE /api/reminders/{id}", rest.Handler(e.Cancel, decodeOne, encodeCancelled))
	mux.Handle("POST /api/reminders/{id}/snooze", rest.Handler(e.Snooze, decodeSnooze, encodeReminder))
}

func decodeOne(r *http.Request) (one, error) {
	id, err := rest.PathID(r)
	if err != nil {
		return one{}, err
	}
	version, err := rest.IfMatch(r)
	return one{ID: id, Version: version}, err
}

func decodeDraft(r *http.Request) (Draft, error) {
	body, err := rest.Decode[struct {
		TaskID        *string `json:"task_id"`
		OffsetMinutes *int    `json:"offset_minutes"`
		RemindAt      *string `json:"remind_at"`
	}](r)
	if err != nil {
		return Draft{}, err
	}
	var p rest.Parser
	d := Draft{OffsetMinutes: body.OffsetMinutes, RemindAt: rest.Optional(&p, "remind_at", body.RemindAt, rest.ParseTime)}
	if id := rest.Optional(&p, "task_id", body.TaskID, uuid.Parse); id != nil {
		d.TaskID = *id
	} else if body.TaskID == nil {
		p.Complainf("task_id", "is required")
	}
	return d, p.Err()
}

func decodeSnooze(r *http.Request) (snooze, error) {
	which, err := decodeOne(r)
	if err != nil {
		return snooze{}, err
	}
	body, err := rest.Decode[struct {
		Minutes *int    `json:"minutes"`
		Until   *string `json:"until"`
	}](r)
	if err != nil {
		return snooze{}, err
	}
	var p rest.Parser
	return snooze{which, Snooze{Minutes: body.Minutes, Until: rest.Optional(&p, "until", body.Until, rest.ParseTime)}}, p.Err()
}

func decodeQuery(r *http.Request) (Query, error) {
	var p rest.Parser
	values, err := p.Query(r, "task_id", "status", "limit", "cursor")
	if err != nil {
		return Query{}, err
	}
	q := Query{
		TaskID:   rest.Optional(&p, "task_id", values.One("task_id"), uuid.Parse),
		Statuses: rest.Choices(&p, "status", values.All("status"), Statuses()),
		Limit:    values.Limit(DefaultLimit, MaxLimit),
	}
	if cursor := values.One("cursor"); cursor != nil && *cursor != "" {
		after, err := rest.DecodeCursor[Cursor](*cursor)
		if err == nil && after.ID == uuid.Nil {
			err = rest.BadCursor(nil)
		}
		p.Merge(err)
		q.After = &after
	}
	return q, p.Err()
}

func encodeReminder(w http.ResponseWriter, r Reminder) error {
	w.Header().Set("ETag", rest.ETag(r.Version))
	return rest.JSON(w, http.StatusOK, r)
}

func encodeCreated(w http.ResponseWriter, r Reminder) error {
	w.Header().Set("ETag", rest.ETag(r.Version))
	w.Header().Set("Location", "/api/reminders/"+r.ID.String())
	return rest.JSON(w, http.StatusCreated, r)
}

func encodeCancelled(w http.ResponseWriter, _ Reminder) error {
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func encodePage(w http.ResponseWriter, p Page) error {
	body := struct {
		Items []Reminder `json:"items"`
		Next  *string    `json:"next_cursor"`
	}{Items: p.Items}
	if p.Next != nil {
		next := rest.EncodeCursor(p.Next)
		body.Next = &next
	}
	return rest.JSON(w, http.StatusOK, body)
}
