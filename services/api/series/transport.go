package series

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/recurrence"
	"github.com/rondohq/rondo/services/api/task"
	"github.com/rondohq/rondo/services/api/text"
	"github.com/rondohq/rondo/services/internal/occurrence"
	"github.com/rondohq/rondo/services/internal/rest"
)

// Path is where series live. What is below it has to be set apart from
// "/api/tasks/{id}/…"; see rest.Mux.
const Path = "/api/tasks/recurring"

// Register mounts the routes. Authentication is the mux's business.
func Register(mux rest.Router, e Endpoints) {
	mux.Handle("POST "+Path, rest.Handler(e.Create, decodeDraft, encodeCreated))
	mux.Handle("GET "+Path, rest.Handler(e.List, decodeQuery, encodePage))
	mux.Handle("GET "+Path+"/{id}", rest.Handler(e.Get, decodeOne, encodeSeries))
	mux.Handle("PATCH "+Path+"/{id}", rest.Handler(e.Update, decodeUpdate, encodeResult))
	mux.Handle("DELETE "+Path+"/{id}", rest.Handler(e.Cancel, decodeOne, encodeCancelled))
	mux.Handle("POST "+Path+"/{id}/pause", rest.Handler(e.Pause, decodeOne, encodeSeries))
	mux.Handle("POST "+Path+"/{id}/resume", rest.Handler(e.Resume, decodeOne, encodeSeries))
	mux.Handle("POST "+Path+"/{id}/skip", rest.Handler(e.Skip, decodeSkip, encodeTask))
	mux.Handle("GET "+Path+"/{id}/instances", rest.Handler(e.Instances, decodeInstances, encodeInstances))
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
		Title           string               `json:"title"`
		Description     string               `json:"description"`
		Priority        task.Priority        `json:"priority"`
		Tags            []string             `json:"tags"`
		ReminderOffsets []int                `json:"reminder_offsets"`
		RRule           string               `json:"rrule"`
		DTStart         *string              `json:"dtstart"`
		Timezone        string               `json:"timezone"`
		RDate           []string             `json:"rdate"`
		ExDate          []string             `json:"exdate"`
		Mode            occurrence.Mode      `json:"mode"`
		IfPending       occurrence.IfPending `json:"if_pending"`
		CatchUp         occurrence.CatchUp   `json:"catch_up"`
	}](r)
	if err != nil {
		return Draft{}, err
	}
	var p rest.Parser
	d := Draft{
		Title: body.Title, Description: body.Description, Priority: body.Priority, Tags: body.Tags, ReminderOffsets: body.ReminderOffsets,
		RRule: body.RRule, Timezone: body.Timezone, RDates: moments(&p, "rdate", body.RDate), ExDates: moments(&p, "exdate", body.ExDate),
		Mode: body.Mode, IfPending: body.IfPending, CatchUp: body.CatchUp,
	}
	if body.DTStart != nil {
		start := moment(&p, "dtstart", *body.DTStart)
		d.Start = &start
	}
	if !p.Bad() {
		return d, nil
	}
	// Name every bad field at once, also those that the domain finds.
	if _, err := New(uuid.Nil, d, "UTC", time.Now()); err != nil {
		p.Merge(err)
	}
	return Draft{}, p.Err()
}

func moment(p *rest.Parser, field, value string) Moment {
	m, err := ParseMoment(value)
	if err != nil {
		p.Complainf(field, "must be a local time such as 2026-03-27T14:00:00, or a date such as 2026-03-27")
	}
	return m
}

func moments(p *rest.Parser, field string, values []string) []Moment {
	if len(values) > recurrence.MaxDates { // name no more of them than may be
		p.Complainf(field, "are more than %d", recurrence.MaxDates)
		return nil
	}
	all := make([]Moment, len(values))
	for i, value := range values {
		all[i] = moment(p, fmt.Sprintf("%s[%d]", field, i), value)
	}
	return all
}

func decodeUpdate(r *http.Request) (update, error) {
	which, err := decodeOne(r)
	if err != nil {
		return update{}, err
	}
	body, err := rest.Decode[struct {
		Scope           rest.Field[Scope]                `json:"scope"`
		OccurrenceAt    rest.Field[string]               `json:"occurrence_at"`
		Title           rest.Field[string]               `json:"title"`
		Description     rest.Field[string]               `json:"description"`
		Priority        rest.Field[task.Priority]        `json:"priority"`
		Tags            rest.Field[[]string]             `json:"tags"`
		DueAt           rest.Field[string]               `json:"due_at"`
		ReminderOffsets rest.Field[[]int]                `json:"reminder_offsets"`
		RRule           rest.Field[string]               `json:"rrule"`
		DTStart         rest.Field[string]               `json:"dtstart"`
		Timezone        rest.Field[string]               `json:"timezone"`
		RDate           rest.Field[[]string]             `json:"rdate"`
		ExDate          rest.Field[[]string]             `json:"exdate"`
		Mode            rest.Field[occurrence.Mode]      `json:"mode"`
		IfPending       rest.Field[occurrence.IfPending] `json:"if_pending"`
		CatchUp         rest.Field[occurrence.CatchUp]   `json:"catch_up"`
	}](r)
	if err != nil {
		return update{}, err
	}
	var p rest.Parser
	for name, null := range map[string]bool{
		"scope": body.Scope.Null, "occurrence_at": body.OccurrenceAt.Null, "title": body.Title.Null, "priority": body.Priority.Null,
		"due_at": body.DueAt.Null, "rrule": body.RRule.Null, "dtstart": body.DTStart.Null, "timezone": body.Timezone.Null,
		"mode": body.Mode.Null, "if_pending": body.IfPending.Null, "catch_up": body.CatchUp.Null,
	} {
		if null {
			p.Complainf(name, "cannot be null")
		}
	}
	change := Change{
		OccurrenceAt: instant(&p, "occurrence_at", body.OccurrenceAt), DueAt: instant(&p, "due_at", body.DueAt),
		Title: given(body.Title), Description: given(body.Description), Priority: given(body.Priority), Tags: given(body.Tags),
		ReminderOffsets: given(body.ReminderOffsets), RRule: given(body.RRule), Timezone: given(body.Timezone),
		Mode: given(body.Mode), IfPending: given(body.IfPending), CatchUp: given(body.CatchUp),
	}
	if body.Scope.Set && !body.Scope.Null {
		change.Scope = rest.Choice(&p, "scope", string(body.Scope.Value), Scopes())
	}
	if body.DTStart.Set && !body.DTStart.Null {
		start := moment(&p, "dtstart", body.DTStart.Value)
		change.Start = &start
	}
	if body.RDate.Set {
		rdates := moments(&p, "rdate", body.RDate.Value)
		change.RDates = &rdates
	}
	if body.ExDate.Set {
		exdates := moments(&p, "exdate", body.ExDate.Value)
		change.ExDates = &exdates
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

func instant(p *rest.Parser, name string, f rest.Field[string]) *time.Time {
	if !f.Set || f.Null {
		return nil
	}
	return rest.Optional(p, name, &f.Value, rest.ParseTime)
}

// decodeSkip reads which occurrence to skip; without a body it is the next.
func decodeSkip(r *http.Request) (skip, error) {
	which, err := decodeOne(r)
	if err != nil {
		return skip{}, err
	}
	if r.ContentLength == 0 {
		return skip{one: which}, nil
	}
	body, err := rest.Decode[struct {
		OccurrenceAt *string `json:"occurrence_at"`
	}](r)
	if err != nil {
		return skip{}, err
	}
	var p rest.Parser
	return skip{which, rest.Optional(&p, "occurrence_at", body.OccurrenceAt, rest.ParseTime)}, p.Err()
}

func decodeQuery(r *http.Request) (Query, error) {
	var p rest.Parser
	values, err := p.Query(r, "status", "search", "limit", "cursor")
	if err != nil {
		return Query{}, err
	}
	q := Query{
		Statuses: rest.Choices(&p, "status", values.All("status"), []event.SeriesStatus{
			event.SeriesPending, event.SeriesActive, event.SeriesPaused, event.SeriesCompleted, event.SeriesCancelled,
		}),
		Limit: values.Limit(DefaultLimit, MaxLimit),
	}
	if search := values.One("search"); search != nil {
		q.Search = strings.TrimSpace(*search)
		if wrong := text.Line(q.Search, 0, task.MaxTitle); wrong != "" {
			p.Complainf("search", "%s", wrong)
		}
	}
	q.After = cursor[Cursor](&p, values)
	return q, p.Err()
}

func cursor[T any](p *rest.Parser, values rest.Values) *T {
	given := values.One("cursor")
	if given == nil || *given == "" {
		return nil
	}
	place, err := rest.DecodeCursor[T](*given)
	if err != nil {
		p.Merge(err)
	}
	return &place
}

func decodeInstances(r *http.Request) (instances, error) {
	which, err := decodeOne(r)
	if err != nil {
		return instances{}, err
	}
	var p rest.Parser
	values, err := p.Query(r, "limit", "cursor", "upcoming")
	if err != nil {
		return instances{}, err
	}
	q := InstanceQuery{Limit: values.Limit(DefaultLimit, MaxLimit), Upcoming: DefaultUpcoming, Before: cursor[time.Time](&p, values)}
	if upcoming := values.One("upcoming"); upcoming != nil {
		if q.Upcoming, err = strconv.Atoi(*upcoming); err != nil || q.Upcoming < 0 || q.Upcoming > MaxUpcoming {
			p.Complainf("upcoming", "must be a whole number from 0 to %d", MaxUpcoming)
		}
	}
	return instances{which, q}, p.Err()
}

// shown is a series as answers carry it.
type shown struct {
	ID               uuid.UUID            `json:"id"`
	Title            string               `json:"title"`
	Description      string               `json:"description"`
	Priority         string               `json:"priority"`
	Tags             []string             `json:"tags"`
	ReminderOffsets  []int                `json:"reminder_offsets"`
	RRule            string               `json:"rrule"`
	RuleDescription  string               `json:"rule_description"`
	DTStart          string               `json:"dtstart"`
	AllDay           bool                 `json:"all_day"`
	Timezone         string               `json:"timezone"`
	RDate            []string             `json:"rdate"`
	ExDate           []string             `json:"exdate"`
	Mode             occurrence.Mode      `json:"mode"`
	IfPending        occurrence.IfPending `json:"if_pending"`
	CatchUp          occurrence.CatchUp   `json:"catch_up"`
	Status           event.SeriesStatus   `json:"status"`
	PreviousID       *uuid.UUID           `json:"previous_id"`
	NextOccurrenceAt *time.Time           `json:"next_occurrence_at"`
	LastOccurrenceAt *time.Time           `json:"last_occurrence_at"`
	CreatedCount     int                  `json:"created_count"`
	SkippedCount     int                  `json:"skipped_count"`
	MissedCount      int                  `json:"missed_count"`
	Failure          *string              `json:"failure"`
	Version          int64                `json:"version"`
	CreatedAt        time.Time            `json:"created_at"`
	UpdatedAt        time.Time            `json:"updated_at"`
}

func show(s Series) shown {
	tags := s.Tags
	if tags == nil {
		tags = []string{}
	}
	return shown{
		ID: s.ID, Title: s.Title, Description: s.Description, Priority: s.Priority, Tags: tags, ReminderOffsets: offsets(s.Series),
		RRule: s.Spec.RRule, RuleDescription: s.Rule, DTStart: local(s.Spec.Start, s.AllDay), AllDay: s.AllDay, Timezone: s.Spec.Zone,
		RDate: localTexts(s.Spec.RDates, s.AllDay), ExDate: localTexts(s.Spec.ExDates, s.AllDay),
		Mode: s.Mode, IfPending: s.IfPending, CatchUp: s.CatchUp, Status: s.Status, PreviousID: s.PreviousID,
		NextOccurrenceAt: s.NextOccurrenceAt, LastOccurrenceAt: s.LastOccurrenceAt,
		CreatedCount: s.Created, SkippedCount: s.Skipped, MissedCount: s.Missed, Failure: s.Failure,
		Version: s.Version, CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt,
	}
}

// local is a local time as requests carry it: of a series of days, a date.
func local(l recurrence.Local, date bool) string {
	if date {
		return l.String()[:len(time.DateOnly)]
	}
	return l.String()
}

func localTexts(list []recurrence.Local, dates bool) []string {
	all := make([]string, len(list))
	for i, l := range list {
		all[i] = local(l, dates)
	}
	return all
}

func encodeSeries(w http.ResponseWriter, s Series) error {
	w.Header().Set("ETag", rest.ETag(s.Version))
	return rest.JSON(w, http.StatusOK, show(s))
}

func encodeCreated(w http.ResponseWriter, s Series) error {
	w.Header().Set("ETag", rest.ETag(s.Version))
	w.Header().Set("Location", Path+"/"+s.ID.String())
	return rest.JSON(w, http.StatusCreated, show(s))
}

// encodeResult names the task of a change to one occurrence.
func encodeResult(w http.ResponseWriter, r Result) error {
	if r.Task != nil {
		w.Header().Set("Location", "/api/tasks/"+r.Task.ID.String())
	}
	return encodeSeries(w, r.Series)
}

func encodeCancelled(w http.ResponseWriter, _ Series) error {
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func encodeTask(w http.ResponseWriter, t task.Task) error { return rest.JSON(w, http.StatusOK, t) }

func encodePage(w http.ResponseWriter, p Page) error {
	body := struct {
		Items []shown `json:"items"`
		Next  *string `json:"next_cursor"`
	}{Items: make([]shown, len(p.Items))}
	for i, s := range p.Items {
		body.Items[i] = show(s)
	}
	if p.Next != nil {
		next := rest.EncodeCursor(p.Next)
		body.Next = &next
	}
	return rest.JSON(w, http.StatusOK, body)
}

func encodeInstances(w http.ResponseWriter, all Instances) error {
	type upcoming struct {
		Status       string    `json:"status"` // tells it from a task
		OccurrenceAt time.Time `json:"occurrence_at"`
		DueAt        time.Time `json:"due_at"`
	}
	body := struct {
		Items    []task.Task `json:"items"`
		Upcoming []upcoming  `json:"upcoming"`
		Next     *string     `json:"next_cursor"`
	}{Items: all.Items, Upcoming: make([]upcoming, len(all.Upcoming))}
	if body.Items == nil {
		body.Items = []task.Task{}
	}
	for i, u := range all.Upcoming {
		body.Upcoming[i] = upcoming{"upcoming", u.OccurrenceAt, u.DueAt}
	}
	if all.Next != nil {
		next := rest.EncodeCursor(all.Next)
		body.Next = &next
	}
	return rest.JSON(w, http.StatusOK, body)
}
