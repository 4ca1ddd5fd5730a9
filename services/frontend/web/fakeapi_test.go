package web_test

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/frontend/apiclient"
	"github.com/rondohq/rondo/services/internal/problem"
)

// fakeAPI is as much of the api service as the web application needs, for one
// user, in memory.
type fakeAPI struct {
	mu    sync.Mutex
	user  apiclient.User
	tasks []apiclient.Task
	keys  map[string]int // index of the task that a key made
	seen  []*http.Request

	// fail, when set, answers instead.
	fail func(*http.Request) error
	now  func() time.Time
	// coming is what recurring tasks will bring.
	coming []apiclient.ToCome
	// parse, when set, reads texts; else each is a title.
	parse func(string) apiclient.Parsed
	chat  fakeChat
}

const fakeToken = "rondo_fake"

func newFakeAPI(now func() time.Time) *fakeAPI {
	return &fakeAPI{
		now: now, keys: map[string]int{},
		user: apiclient.User{ID: uuid.MustParse("0198a000-0000-7000-8000-000000000001"), Email: "ada@example.org", DisplayName: "Ada Lovelace", Timezone: "Europe/Berlin"},
	}
}

// RoundTrip implements http.RoundTripper, as the sidecar's transport does.
func (f *fakeAPI) RoundTrip(r *http.Request) (*http.Response, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = append(f.seen, r.Clone(r.Context()))
	w := httptest.NewRecorder()
	switch {
	case f.fail != nil && f.fail(r) != nil:
		err := f.fail(r)
		if _, ok := err.(*fault.Error); !ok { //nolint:errorlint // exactly this type is an answer; others are none
			return nil, err
		}
		problem.Write(r.Context(), err, w)
	case !strings.HasPrefix(r.URL.Path, "/api/auth/sign-") && r.Header.Get("Authorization") != "Bearer "+fakeToken:
		problem.Write(r.Context(), fault.New(fault.Unauthenticated, "no"), w)
	default:
		f.mux().ServeHTTP(w, r)
	}
	return w.Result(), nil
}

func (f *fakeAPI) mux() *http.ServeMux {
	mux := http.NewServeMux()
	write := func(w http.ResponseWriter, status int, v any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v)
	}
	grant := func(w http.ResponseWriter, r *http.Request) {
		var in map[string]string
		_ = json.NewDecoder(r.Body).Decode(&in)
		if strings.HasPrefix(in["password"], "wrong") {
			problem.Write(r.Context(), fault.New(fault.Unauthenticated, "no").Because("wrong_credentials", nil), w)
			return
		}
		write(w, http.StatusOK, apiclient.Grant{Token: fakeToken, User: f.user})
	}
	mux.HandleFunc("POST /api/auth/sign-in", grant)
	mux.HandleFunc("POST /api/auth/sign-up", grant)
	mux.HandleFunc("POST /api/auth/sign-out", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /api/me", func(w http.ResponseWriter, _ *http.Request) { write(w, http.StatusOK, f.user) })
	mux.HandleFunc("PATCH /api/me", func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewDecoder(r.Body).Decode(&f.user)
		write(w, http.StatusOK, f.user)
	})
	mux.HandleFunc("GET /api/tags", func(w http.ResponseWriter, _ *http.Request) {
		write(w, http.StatusOK, map[string]any{"items": f.tags()})
	})
	mux.HandleFunc("PATCH /api/tags/{id}", func(w http.ResponseWriter, r *http.Request) {
		var in apiclient.Tag
		_ = json.NewDecoder(r.Body).Decode(&in)
		write(w, http.StatusOK, in)
	})
	mux.HandleFunc("DELETE /api/tags/{id}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /api/tasks", func(w http.ResponseWriter, r *http.Request) {
		write(w, http.StatusOK, apiclient.Page{Items: f.list(r)})
	})
	mux.HandleFunc("POST /api/tasks", func(w http.ResponseWriter, r *http.Request) {
		var in apiclient.NewTask
		_ = json.NewDecoder(r.Body).Decode(&in)
		key := r.Header.Get("Idempotency-Key")
		i, again := f.keys[key]
		if !again {
			i = len(f.tasks)
			f.keys[key] = i
			f.tasks = append(f.tasks, apiclient.Task{
				ID: uuid.NewString(), Title: in.Title, Description: in.Description, Priority: in.Priority, DueAt: in.DueAt,
				Tags: in.Tags, Status: apiclient.Pending, Version: 1, CreatedAt: f.now(), UpdatedAt: f.now(),
			})
		}
		write(w, http.StatusCreated, f.tasks[i])
	})
	mux.HandleFunc("GET /api/calendar", func(w http.ResponseWriter, r *http.Request) { write(w, http.StatusOK, f.calendar(r)) })
	mux.HandleFunc("GET /api/reminders", func(w http.ResponseWriter, _ *http.Request) {
		write(w, http.StatusOK, map[string]any{"items": []any{}})
	})
	mux.HandleFunc("GET /api/notifications", func(w http.ResponseWriter, _ *http.Request) { write(w, http.StatusOK, apiclient.Notifications{}) })
	mux.HandleFunc("GET /api/tasks/recurring", func(w http.ResponseWriter, _ *http.Request) {
		write(w, http.StatusOK, map[string]any{"items": []any{}})
	})
	mux.HandleFunc("POST /api/assistant/parse", func(w http.ResponseWriter, r *http.Request) {
		var in map[string]string
		_ = json.NewDecoder(r.Body).Decode(&in)
		if f.parse == nil {
			write(w, http.StatusOK, apiclient.Parsed{Intent: apiclient.IntentTask, Title: in["text"]})
			return
		}
		write(w, http.StatusOK, f.parse(in["text"]))
	})
	f.chat.register(mux, write)
	mux.HandleFunc("/api/tasks/{id}", f.one)
	mux.HandleFunc("/api/tasks/{id}/{action}", f.one)
	return mux
}

func (f *fakeAPI) one(w http.ResponseWriter, r *http.Request) {
	i := slices.IndexFunc(f.tasks, func(t apiclient.Task) bool { return t.ID == r.PathValue("id") })
	if i < 0 {
		problem.Write(r.Context(), fault.New(fault.NotFound, "no"), w)
		return
	}
	task := &f.tasks[i]
	if match := r.Header.Get("If-Match"); match != "" && match != `"`+itoa(task.Version)+`"` {
		problem.Write(r.Context(), fault.New(fault.Stale, "stale"), w)
		return
	}
	if r.Method != http.MethodGet {
		task.Version++
		task.UpdatedAt = f.now()
	}
	switch r.Method + r.PathValue("action") {
	case "PATCH":
		task.Tags = slices.Clone(task.Tags) // decoding would write into the array of a copy
		_ = json.NewDecoder(r.Body).Decode(task)
	case "DELETE":
		task.Status = apiclient.Cancelled
		w.WriteHeader(http.StatusNoContent)
		return
	case "POSTcomplete":
		task.Status = apiclient.Completed
	case "POSTreopen":
		task.Status = apiclient.Pending
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(task)
}

func (f *fakeAPI) tags() []apiclient.Tag {
	tags := []apiclient.Tag{}
	for _, task := range f.tasks {
		for _, name := range task.Tags {
			i := slices.IndexFunc(tags, func(t apiclient.Tag) bool { return t.Name == name })
			if i < 0 {
				tags = append(tags, apiclient.Tag{ID: uuid.NewSHA1(uuid.Nil, []byte(name)), Name: name})
				i = len(tags) - 1
			}
			tags[i].TaskCount++
		}
	}
	return tags
}

func (f *fakeAPI) list(r *http.Request) []apiclient.Task {
	q := r.URL.Query()
	before, _ := time.Parse(time.RFC3339, q.Get("due_before"))
	after, _ := time.Parse(time.RFC3339, q.Get("due_after"))
	found := []apiclient.Task{}
	for _, task := range slices.Backward(f.tasks) {
		due := time.Time{}
		if task.DueAt != nil {
			due = *task.DueAt
		}
		switch {
		case len(q["status"]) > 0 && !slices.Contains(q["status"], task.Status),
			len(q["priority"]) > 0 && !slices.Contains(q["priority"], task.Priority),
			!strings.Contains(strings.ToLower(task.Title+"\n"+task.Description), strings.ToLower(q.Get("search"))),
			slices.ContainsFunc(q["tags"], func(tag string) bool { return !slices.Contains(task.Tags, tag) }),
			!before.IsZero() && (due.IsZero() || !due.Before(before)),
			!after.IsZero() && (due.IsZero() || due.Before(after)):
			continue
		}
		found = append(found, task)
	}
	if q.Get("sort_by") == "position" {
		slices.SortStableFunc(found, func(a, b apiclient.Task) int { return cmp.Compare(a.Position, b.Position) })
	}
	if q.Get("sort_by") == "due_at" {
		slices.SortStableFunc(found, func(a, b apiclient.Task) int {
			if a.DueAt == nil || b.DueAt == nil {
				return 0
			}
			return a.DueAt.Compare(*b.DueAt)
		})
	}
	return found
}

// add puts a task there as if another client had.
func (f *fakeAPI) add(t *testing.T, task apiclient.Task) apiclient.Task {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	task.ID, task.Version, task.CreatedAt, task.UpdatedAt = uuid.NewString(), 1, f.now(), f.now()
	if task.Status == "" {
		task.Status = apiclient.Pending
	}
	if task.Priority == "" {
		task.Priority = apiclient.Medium
	}
	f.tasks = append(f.tasks, task)
	return task
}

func (f *fakeAPI) requests() []*http.Request {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.seen)
}

// calendar is what falls into the span that is asked for.
func (f *fakeAPI) calendar(r *http.Request) apiclient.Calendar {
	q := r.URL.Query()
	zone, _ := time.LoadLocation(q.Get("timezone"))
	within := func(at time.Time) bool {
		return at.Format(time.RFC3339) >= q.Get("from") && at.Format(time.RFC3339) < q.Get("before")
	}
	c := apiclient.Calendar{Complete: true}
	perDay, _ := strconv.Atoi(q.Get("per_day"))
	byDay := map[string][]apiclient.Task{}
	for _, t := range f.tasks {
		if t.DueAt != nil && within(t.DueAt.UTC()) && t.Status == apiclient.Pending {
			date := t.DueAt.In(zone).Format(time.DateOnly)
			byDay[date] = append(byDay[date], t)
		}
	}
	for _, date := range slices.Sorted(maps.Keys(byDay)) {
		c.Days = append(c.Days, apiclient.CalendarDay{Date: date, Count: len(byDay[date]), Items: byDay[date][:min(perDay, len(byDay[date]))]})
	}
	for _, o := range f.coming {
		if within(o.DueAt.UTC()) {
			c.Upcoming = append(c.Upcoming, o)
		}
	}
	return c
}
