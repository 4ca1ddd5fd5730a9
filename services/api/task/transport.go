package task

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
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
	var p parser
	d := Draft{
		Title: body.Title, Description: body.Description, Priority: body.Priority, Position: body.Position, Tags: body.Tags,
		DueAt: optional(&p, "due_at", body.DueAt, parseTime), ParentID: optional(&p, "parent_id", body.ParentID, uuid.Parse),
	}
	if len(p.bad) == 0 {
		return d, nil
	}
	// Name every bad field at once, also those that the domain finds.
	if _, err := New(uuid.Nil, d, time.Now()); err != nil {
		p.merge(err)
	}
	return Draft{}, p.err()
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
	var p parser
	for name, null := range map[string]bool{
		"title": body.Title.Null, "priority": body.Priority.Null, "status": body.Status.Null, "position": body.Position.Null,
	} {
		if null {
			p.complainf(name, "cannot be null")
		}
	}
	change := Change{
		Title: given(body.Title), Description: given(body.Description), Priority: given(body.Priority),
		Status: given(body.Status), Position: given(body.Position), Tags: given(body.Tags),
		ClearDueAt: body.DueAt.Null, ClearParent: body.ParentID.Null,
	}
	if body.DueAt.Set && !body.DueAt.Null {
		change.DueAt = optional(&p, "due_at", &body.DueAt.Value, parseTime)
	}
	if body.ParentID.Set && !body.ParentID.Null {
		change.ParentID = optional(&p, "parent_id", &body.ParentID.Value, uuid.Parse)
	}
	return update{one: which, Change: change}, p.err()
}

// given is the member's value when the patch has it; null is the zero value.
func given[T any](f rest.Field[T]) *T {
	if !f.Set {
		return nil
	}
	return &f.Value
}

func decodeQuery(r *http.Request) (Query, error) {
	var p parser
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return Query{}, fault.New(fault.Invalid, "The query string is malformed.").Because("malformed_query", err)
	}
	known := []string{
		"status", "priority", "tags", "search", "due_before", "due_after", "parent_id",
		"sort_by", "sort_order", "limit", "cursor",
	}
	for name := range values {
		if !slices.Contains(known, name) {
			p.complainf(name, "is not a parameter of this list")
		}
	}
	single := func(name string) *string {
		if !values.Has(name) {
			return nil
		}
		if len(values[name]) > 1 {
			p.complainf(name, "is given more than once")
		}
		value := values.Get(name)
		return &value
	}
	q := Query{
		Statuses:   several(&p, "status", values["status"], Statuses()),
		Priorities: several(&p, "priority", values["priority"], Priorities()),
		DueBefore:  optional(&p, "due_before", single("due_before"), parseTime),
		DueAfter:   optional(&p, "due_after", single("due_after"), parseTime),
		ParentID:   optional(&p, "parent_id", single("parent_id"), uuid.Parse),
		SortBy:     ByCreatedAt, Descending: true, Limit: DefaultLimit,
	}
	var badTags []fault.Field
	q.Tags, badTags = NormaliseTags(values["tags"])
	p.bad = append(p.bad, badTags...)
	if search := single("search"); search != nil {
		q.Search = strings.TrimSpace(*search)
		if wrong := text.Line(q.Search, 0, MaxTitle); wrong != "" {
			p.complainf("search", "%s", wrong)
		}
	}
	if by := single("sort_by"); by != nil {
		q.SortBy = choice(&p, "sort_by", *by, SortKeys())
		q.Descending = q.SortBy == ByCreatedAt || q.SortBy == ByUpdatedAt || q.SortBy == ByPriority // newest, heaviest first
	}
	if order := single("sort_order"); order != nil {
		q.Descending = choice(&p, "sort_order", *order, []string{"asc", "desc"}) == "desc"
	}
	if limit := single("limit"); limit != nil {
		n, err := strconv.Atoi(*limit)
		if err != nil || n < 1 || n > MaxLimit {
			p.complainf("limit", "must be a whole number from 1 to %d", MaxLimit)
		}
		q.Limit = n
	}
	if cursor := single("cursor"); cursor != nil && *cursor != "" {
		if q.After, err = decodeCursor(*cursor, q.SortBy, q.Descending); err != nil {
			p.merge(err)
		}
	}
	return q, p.err()
}

func parseTime(s string) (time.Time, error) { return time.Parse(time.RFC3339, s) }

// A parser reads values and remembers which were bad.
type parser struct{ bad []fault.Field }

func (p *parser) complainf(field, format string, args ...any) {
	p.bad = append(p.bad, fault.Field{Name: field, Message: fmt.Sprintf(format, args...)})
}

func (p *parser) merge(err error) {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		p.bad = append(p.bad, f.Fields...)
	}
}

func (p *parser) err() error {
	slices.SortStableFunc(p.bad, func(a, b fault.Field) int { return strings.Compare(a.Name, b.Name) })
	if err := fault.InvalidFields(p.bad); err != nil {
		return err
	}
	return nil
}

// optional parses a value that may be absent.
func optional[T any](p *parser, field string, value *string, parse func(string) (T, error)) *T {
	if value == nil {
		return nil
	}
	parsed, err := parse(*value)
	if err != nil {
		expected := "a UUID"
		if _, isTime := any(parsed).(time.Time); isTime {
			expected = "an RFC 3339 time such as 2026-11-22T09:00:00Z"
		}
		p.complainf(field, "must be %s", expected)
		return nil
	}
	return &parsed
}

// choice reads one of a few words.
func choice[T ~string](p *parser, field, value string, allowed []T) T {
	if !slices.Contains(allowed, T(value)) {
		p.complainf(field, "must be one of %s", list(allowed))
	}
	return T(value)
}

func several[T ~string](p *parser, field string, values []string, allowed []T) []T {
	var all []T
	for _, value := range values {
		all = append(all, choice(p, field, value, allowed))
	}
	return all
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
