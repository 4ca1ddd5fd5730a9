package task

import (
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/api/text"
	"github.com/rondohq/rondo/services/internal/rest"
)

// Register mounts the routes. Authentication is the mux's business.
func Register(mux rest.Router, e Endpoints) {
	mux.Handle("POST /api/tasks", rest.Handler(e.Create, decodeDraft, encodeCreated))
	mux.Handle("GET /api/tasks", rest.Handler(e.List, decodeQuery, encodePage))
	mux.Handle("GET /api/tasks/{id}", rest.Handler(e.Get, decodeOne, encodeTask))
	mux.Handle("PATCH /api/tasks/{id}", rest.Handler(e.Update, decodeUpdate, encodeTask))
	mux.Handle("DELETE /api/tasks/{id}", rest.Handler(e.Delete, decodeOne, encodeDeleted))
	mux.Handle("POST /api/tasks/{id}/complete", rest.Handler(e.Complete, decodeOne, encodeTask))
	mux.Handle("POST /api/tasks/{id}/reopen", rest.Handler(e.Reopen, decodeOne, encodeTask))
	mux.Handle("GET /api/tasks/{id}/history", rest.Handler(e.History, decodeOne, encodeHistory))
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
		Title       string   `json:"title"`
		Description string   `json:"description"`
		Priority    Priority `json:"priority"`
		DueAt       *string  `json:"due_at"`
		ParentID    *string  `json:"parent_id"`
		Position    *float64 `json:"position"`
		Tags        []string `json:"tags"`
	}](r)
	if err != nil {
		return Draft{}, err
	}
	var p rest.Parser
	d := Draft{
		Title: body.Title, Description: body.Description, Priority: body.Priority, Position: body.Position, Tags: body.Tags,
		DueAt: rest.Optional(&p, "due_at", body.DueAt, rest.ParseTime), ParentID: rest.Optional(&p, "parent_id", body.ParentID, uuid.Parse),
	}
	if !p.Bad() {
		return d, nil
	}
	// Name every bad field at once, also those that the domain finds.
	if _, err := New(uuid.Nil, d, time.Now()); err != nil {
		p.Merge(err)
	}
	return Draft{}, p.Err()
}

func decodeUpdate(r *http.Request) (update, error) {
	which, err := decodeOne(r)
	if err != nil {
		return update{}, err
	}
	body, err := rest.Decode[struct {
		Title       rest.Field[string]   `json:"title"`
		Description rest.Field[string]   `json:"description"`
		Priority    rest.Field[Priority] `json:"priority"`
		Status      rest.Field[Status]   `json:"status"`
		DueAt       rest.Field[string]   `json:"due_at"`
		ParentID    rest.Field[string]   `json:"parent_id"`
		Position    rest.Field[float64]  `json:"position"`
		Tags        rest.Field[[]string] `json:"tags"`
	}](r)
	if err != nil {
		return update{}, err
	}
	var p rest.Parser
	for name, null := range map[string]bool{
		"title": body.Title.Null, "priority": body.Priority.Null, "status": body.Status.Null, "position": body.Position.Null,
	} {
		if null {
			p.Complainf(name, "cannot be null")
		}
	}
	change := Change{
		Title: given(body.Title), Description: given(body.Description), Priority: given(body.Priority),
		Status: given(body.Status), Position: given(body.Position), Tags: given(body.Tags),
		ClearDueAt: body.DueAt.Null, ClearParent: body.ParentID.Null,
	}
	if body.DueAt.Set && !body.DueAt.Null {
		change.DueAt = rest.Optional(&p, "due_at", &body.DueAt.Value, rest.ParseTime)
	}
	if body.ParentID.Set && !body.ParentID.Null {
		change.ParentID = rest.Optional(&p, "parent_id", &body.ParentID.Value, uuid.Parse)
	}
	return update{one: which, Change: change}, p.Err()
}

// given is the member's value when the patch has it; null is the zero value.
func given[T any](f rest.Field[T]) *T {
	if !f.Set {
		return nil
	}
	return &f.Value
}

func decodeQuery(r *http.Request) (Query, error) {
	var p rest.Parser
	values, err := p.Query(r, "status", "priority", "tags", "search", "due_before", "due_after", "parent_id",
		"sort_by", "sort_order", "limit", "cursor")
	if err != nil {
		return Query{}, err
	}
	q := Query{
		Statuses:   rest.Choices(&p, "status", values.All("status"), Statuses()),
		Priorities: rest.Choices(&p, "priority", values.All("priority"), Priorities()),
		DueBefore:  rest.Optional(&p, "due_before", values.One("due_before"), rest.ParseTime),
		DueAfter:   rest.Optional(&p, "due_after", values.One("due_after"), rest.ParseTime),
		ParentID:   rest.Optional(&p, "parent_id", values.One("parent_id"), uuid.Parse),
		SortBy:     ByCreatedAt, Descending: true, Limit: values.Limit(DefaultLimit, MaxLimit),
	}
	var badTags []fault.Field
	q.Tags, badTags = NormaliseTags(values.All("tags"))
	p.Add(badTags...)
	if search := values.One("search"); search != nil {
		q.Search = strings.TrimSpace(*search)
		if wrong := text.Line(q.Search, 0, MaxTitle); wrong != "" {
			p.Complainf("search", "%s", wrong)
		}
	}
	if by := values.One("sort_by"); by != nil {
		q.SortBy = rest.Choice(&p, "sort_by", *by, SortKeys())
		q.Descending = q.SortBy == ByCreatedAt || q.SortBy == ByUpdatedAt || q.SortBy == ByPriority // newest, heaviest first
	}
	if order := values.One("sort_order"); order != nil {
		q.Descending = rest.Choice(&p, "sort_order", *order, []string{"asc", "desc"}) == "desc"
	}
	if cursor := values.One("cursor"); cursor != nil && *cursor != "" {
		if q.After, err = decodeCursor(*cursor, q.SortBy, q.Descending); err != nil {
			p.Merge(err)
		}
	}
	return q, p.Err()
}

func encodeTask(w http.ResponseWriter, t Task) error {
	w.Header().Set("ETag", rest.ETag(t.Version))
	return rest.JSON(w, http.StatusOK, t)
}

func encodeCreated(w http.ResponseWriter, t Task) error {
	w.Header().Set("ETag", rest.ETag(t.Version))
	w.Header().Set("Location", "/api/tasks/"+t.ID.String())
	return rest.JSON(w, http.StatusCreated, t)
}

func encodeDeleted(w http.ResponseWriter, _ Task) error {
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func encodePage(w http.ResponseWriter, p Page) error {
	body := struct {
		Items []Task  `json:"items"`
		Next  *string `json:"next_cursor"`
	}{Items: p.Items}
	if p.Next != nil {
		next := p.Next.Encode()
		body.Next = &next
	}
	return rest.JSON(w, http.StatusOK, body)
}

func encodeHistory(w http.ResponseWriter, items []HistoryEntry) error {
	return rest.JSON(w, http.StatusOK, map[string][]HistoryEntry{"items": items})
}
