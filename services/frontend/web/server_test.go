package web_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/frontend/apiclient"
	"github.com/rondohq/rondo/services/frontend/session"
	"github.com/rondohq/rondo/services/frontend/web"
	"github.com/rondohq/rondo/services/internal/sidecar"
)

const plain = "http://127.0.0.1:8080"

// path is a route's pattern with values in it.
func path(pattern, taskID string) string {
	_, path, _ := strings.Cut(pattern, " ")
	return strings.NewReplacer("{id}", taskID, "{tag}", "home", "{token}", "none", "{$}", "").Replace(path)
}

func method(pattern string) string {
	method, _, _ := strings.Cut(pattern, " ")
	return method
}

func TestEveryMutatingRouteIsRefusedWithoutItsToken(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	task := b.api.add(t, apiclient.Task{Title: "keep me"})
	c := b.member(t)
	stranger := b.member(t)
	before, _ := json.Marshal(b.api.tasks)
	calls := len(b.api.requests())
	mutating := 0
	for _, route := range b.server.Routes() {
		if method(route.Pattern) == http.MethodGet {
			continue
		}
		mutating++
		target := path(route.Pattern, task.ID)
		for name, form := range map[string]url.Values{
			"none":            {"title": {"x"}},
			"empty":           {"csrf": {""}, "title": {"x"}},
			"made up":         {"csrf": {strings.Repeat("A", 86)}, "title": {"x"}},
			"of another one":  {"csrf": {stranger.token}, "title": {"x"}},
			"of another form": {"csrf": {session.CSRFToken(make([]byte, 32))}},
		} {
			w := c.do(http.MethodPost, target, form)
			require.Equal(t, http.StatusForbidden, w.Code, "%s with token %s", route.Pattern, name)
			require.Contains(t, w.Body.String(), "open for too long", route.Pattern)
		}
		for _, site := range []string{"cross-site", "same-site"} {
			c.header = http.Header{"Sec-Fetch-Site": {site}}
			require.Equal(t, http.StatusForbidden, c.post(target, "title", "x").Code, "%s from a page that is %s", route.Pattern, site)
		}
		c.header = http.Header{"Origin": {"https://evil.example"}}
		require.Equal(t, http.StatusForbidden, c.post(target, "title", "x").Code, "%s from another origin", route.Pattern)
		c.header = http.Header{}
	}
	require.GreaterOrEqual(t, mutating, 14)
	after, _ := json.Marshal(b.api.tasks)
	require.JSONEq(t, string(before), string(after))
	for _, r := range b.api.requests()[calls:] {
		require.Equal(t, http.MethodGet, r.Method, "nothing but the sidebar of an error page may reach the api, not %s", r.URL.Path)
	}
}

func TestEveryPageForbidsForeignAndInlineCode(t *testing.T) {
	t.Parallel()
	for _, address := range []string{plain, "https://rondo.example"} {
		b := setup(t, address)
		task := b.api.add(t, apiclient.Task{Title: "a task", Tags: []string{"home"}})
		c := b.member(t)
		inline := regexp.MustCompile(`<script(?:\s+(?:type|defer|src)(?:="[^"]*")?)*>[^<]|\son[a-z]+=|\sstyle=|javascript:|<style`)
		for _, browser := range []*browser{c, b.browser(t)} {
			for _, route := range b.server.Routes() {
				if method(route.Pattern) != http.MethodGet || strings.HasSuffix(route.Pattern, "/stream") {
					continue
				}
				w := browser.get(path(route.Pattern, task.ID))
				h := w.Header()
				csp := h.Get("Content-Security-Policy")
				require.Contains(t, csp, "default-src 'none'", route.Pattern)
				require.Contains(t, csp, "script-src 'self';", route.Pattern)
				require.Contains(t, csp, "style-src 'self';", route.Pattern)
				require.Contains(t, csp, "frame-ancestors 'none'", route.Pattern)
				require.NotContains(t, csp, "unsafe", route.Pattern)
				require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"), route.Pattern)
				require.Equal(t, "no-store", h.Get("Cache-Control"), route.Pattern)
				require.Equal(t, strings.HasPrefix(address, "https"), h.Get("Strict-Transport-Security") != "", route.Pattern)
				require.NotRegexp(t, inline, w.Body.String(), route.Pattern)
			}
		}
	}
}

func TestUserTextNeverBecomesMarkup(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	hostile := `"><script>alert(1)</script><img src=x onerror=alert(2)>' javascript:alert(3)`
	task := b.api.add(t, apiclient.Task{Title: hostile, Description: hostile + `</textarea><script>`, Tags: []string{hostile}})
	b.api.user.DisplayName = hostile
	c := b.member(t)
	for _, at := range []string{
		"/tasks", "/tasks?search=" + url.QueryEscape(hostile), "/tasks?tags=" + url.QueryEscape(hostile), "/tags/" + url.PathEscape(hostile),
		"/tasks/" + task.ID, "/settings", "/tasks?did=deleted&was=" + url.QueryEscape(hostile) + "&task=" + task.ID, "/" + url.PathEscape(hostile),
	} {
		body := c.get(at).Body.String()
		for _, live := range []string{"<script>alert", "<img src=x", `"><`, "</textarea><script>", `href="javascript:`} {
			if live == `"><` {
				continue // also ends our own elements
			}
			require.NotContains(t, body, live, at)
		}
	}
	c.header = http.Header{"Hx-Request": {"true"}, "Hx-Current-Url": {plain + "/tasks"}}
	w := c.post("/tasks/"+task.ID+"/complete", "was", "pending")
	require.Equal(t, http.StatusOK, w.Code)
	require.NotContains(t, w.Body.String(), "<script>alert")
	require.NotContains(t, w.Header().Get("Hx-Trigger"), "alert")
}

func TestNobodySeesARoomWithoutASession(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	for _, route := range b.server.Routes() {
		if route.Access != web.Member || method(route.Pattern) != http.MethodGet {
			continue
		}
		c := b.browser(t)
		w := c.get(path(route.Pattern, uuid.NewString()))
		require.Equal(t, http.StatusSeeOther, w.Code, route.Pattern)
		require.Equal(t, "/sign-in", w.Header().Get("Location"), route.Pattern)
		c.header = http.Header{"Hx-Request": {"true"}}
		w = c.get(path(route.Pattern, uuid.NewString()))
		require.Equal(t, "/sign-in", w.Header().Get("Hx-Redirect"), route.Pattern)
	}
}

func TestSigningInAndOut(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	c := b.browser(t)
	c.get("/sign-in")
	w := c.post("/sign-in", "email", "ada@example.org", "password", "wrong horse")
	require.Equal(t, http.StatusUnauthorized, w.Code)
	require.Contains(t, w.Body.String(), "do not match")
	require.Contains(t, w.Body.String(), `value="ada@example.org"`, "what was typed stays")
	require.NotContains(t, w.Body.String(), "wrong horse")
	attempt := b.api.requests()[len(b.api.requests())-1]
	require.Equal(t, "192.0.2.1:1234", attempt.Header.Get(sidecar.ClientAddress), "httptest's browser, to whom the api counts it")

	require.Equal(t, http.StatusSeeOther, c.post("/sign-in", "email", "ada@example.org", "password", "right horse").Code)
	require.Len(t, b.store.kept, 1)
	cookie := c.cookies["rondo_session"]
	require.Equal(t, http.StatusOK, c.get("/tasks").Code)

	require.Equal(t, http.StatusSeeOther, c.post("/sign-out").Code)
	require.Empty(t, b.store.kept)
	require.NotContains(t, c.cookies, "rondo_session")
	c.cookies["rondo_session"] = cookie
	require.Equal(t, http.StatusSeeOther, c.get("/tasks").Code, "the old cookie is worth nothing")
	last := b.api.requests()[len(b.api.requests())-1]
	require.Equal(t, "/api/auth/sign-out", last.URL.Path, "the api's token is revoked")
}

func TestATokenThatTheAPIRefusesEndsTheSession(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	c := b.member(t)
	b.api.fail = func(*http.Request) error { return fault.New(fault.Unauthenticated, "revoked") }
	w := c.get("/tasks")
	require.Equal(t, "/sign-in?expired=1", w.Header().Get("Location"))
	require.Empty(t, b.store.kept)
}

func TestSessionsSlide(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	c := b.member(t)
	require.Empty(t, c.get("/tasks").Result().Cookies(), "not with every request")
	b.api.now = func() time.Time { return noon.Add(10 * time.Minute) }
	b.api.user.DisplayName = "Countess"
	w := c.get("/tasks")
	require.Len(t, w.Result().Cookies(), 1)
	require.Equal(t, 24*60*60, w.Result().Cookies()[0].MaxAge)
	require.Contains(t, w.Body.String(), "Countess", "the account is looked at again, too")
}

// Another device changes the account; this one's session remembers it as it was.
func TestWhoAsksForTheAccountAnewGetsIt(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	c := b.member(t)
	b.api.user.SavedFilters = []apiclient.SavedFilter{{Name: "Urgent at work", Path: "/tasks?priority=high&tags=work"}}
	script := http.Header{"Hx-Request": {"true"}, "Hx-Target": {"list"}, "Hx-Current-Url": {plain + "/settings"}}
	c.header = script.Clone()
	require.NotContains(t, c.get("/tasks").Body.String(), "Urgent at work", "a request of its own for each would be too many")
	c.header.Set("Rondo-Fresh", "1")
	require.Contains(t, c.get("/tasks").Body.String(), "Urgent at work")

	b.api.user.SavedFilters[0].Name = "Now"
	c.header = http.Header{"Sec-Fetch-Mode": {"navigate"}}
	require.Contains(t, c.get("/tasks").Body.String(), "Now", "so does a page that is opened")

	c.header = script
	w := c.get("/around")
	require.Equal(t, http.StatusOK, w.Code)
	require.Contains(t, w.Body.String(), "Now", "the session remembers it from then on")
	require.NotContains(t, w.Body.String(), `id="main"`)
}

func TestAddingATaskWithoutScript(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	c := b.member(t)
	w := c.post("/tasks", "title", "  Water the plants ", "due", "2026-11-25", "time", "09:30", "priority", "high",
		"tags", "#home, garden ,Home", "key", "key-1", "back", "/tasks")
	require.Equal(t, http.StatusSeeOther, w.Code, w.Body)
	require.Len(t, b.api.tasks, 1)
	task := b.api.tasks[0]
	require.Equal(t, "Water the plants", task.Title)
	require.Equal(t, []string{"home", "garden"}, task.Tags)
	require.Equal(t, "2026-11-25T08:30:00Z", task.DueAt.UTC().Format(time.RFC3339), "in Berlin's winter")
	page := c.get(w.Header().Get("Location")).Body.String()
	require.Contains(t, page, "Added “Water the plants”")
	require.Contains(t, page, "Wednesday, 09:30")

	c.post("/tasks", "title", "Water the plants", "key", "key-1")
	require.Len(t, b.api.tasks, 1, "sent twice, added once")
}

func TestAFormThatIsWrongSaysWhere(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	c := b.member(t)
	c.header = http.Header{"Hx-Request": {"true"}, "Hx-Target": {"list"}, "Hx-Current-Url": {plain + "/tasks"}}
	for name, tt := range map[string]struct {
		form  []string
		field string
		text  string
	}{
		"empty title":         {[]string{"title", "  "}, "title", "Please fill this in."},
		"long title":          {[]string{"title", strings.Repeat("é", 256)}, "title", "At most 255"},
		"time without date":   {[]string{"title", "x", "time", "10:00"}, "due", "A time needs a date."},
		"no date":             {[]string{"title", "x", "due", "tomorrow"}, "due", "not a date"},
		"unknown priority":    {[]string{"title", "x", "priority", "urgent"}, "priority", "high, medium or low"},
		"tag that is a novel": {[]string{"title", "x", "tags", strings.Repeat("n", 51)}, "tags", "at most 50"},
	} {
		w := c.post("/tasks", tt.form...)
		require.Equal(t, http.StatusBadRequest, w.Code, name)
		require.Equal(t, "#composer", w.Header().Get("Hx-Retarget"), name)
		require.Contains(t, w.Body.String(), `id="new-`+tt.field+`-error"`, name)
		require.Contains(t, w.Body.String(), tt.text, name)
	}
	require.Empty(t, b.api.tasks)

	b.api.fail = func(r *http.Request) error {
		if r.Method == http.MethodPost {
			return fault.InvalidFields([]fault.Field{{Name: "due_at", Message: "is before the year 1970"}})
		}
		return nil
	}
	w := c.post("/tasks", "title", "x")
	require.Equal(t, http.StatusBadRequest, w.Code)
	require.Contains(t, w.Body.String(), `id="new-due-error"`, "the api's due_at is our due")
	require.Contains(t, w.Body.String(), "Is before the year 1970.")
}

func TestCompletingDeletingAndUndoing(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	task := b.api.add(t, apiclient.Task{Title: "Pay rent", Status: apiclient.Active})
	c := b.member(t)
	c.header = http.Header{"Hx-Request": {"true"}, "Hx-Target": {"list"}, "Hx-Current-Url": {plain + "/tasks"}}
	at := "/tasks/" + task.ID

	w := c.post(at+"/complete", "was", apiclient.Active)
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, "1", w.Header().Get("Rondo-Part"))
	require.NotContains(t, w.Body.String(), `id="task-`+task.ID, "it has left the list of what is open")
	require.Contains(t, w.Body.String(), "Completed “Pay rent”")
	require.JSONEq(t, `{"rondo:changed":{"tasks":[{"task":"`+task.ID+`","version":2}]},"rondo:close":{}}`, w.Header().Get("Hx-Trigger"))

	for _, was := range []string{apiclient.Active, apiclient.Completed, apiclient.Pending, apiclient.Cancelled} {
		require.Contains(t, c.post(at+"/delete", "was", was).Body.String(), "Deleted “Pay rent”")
		require.Equal(t, apiclient.Cancelled, b.api.tasks[0].Status)
		c.post("/undo", "steps", `[{"id":"`+task.ID+`","was":{"status":"`+was+`"}}]`)
		require.Equal(t, was, b.api.tasks[0].Status, "undo gives the status back that it had")
	}
}

func TestEveryPostToTheAPIHasAnIdempotencyKey(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	task := b.api.add(t, apiclient.Task{Title: "x"})
	c := b.member(t)
	c.post("/tasks", "title", "y", "key", "of-the-form")
	c.post("/tasks/" + task.ID + "/complete")
	c.post("/tasks/" + task.ID + "/reopen")
	keys := map[string]bool{}
	for _, r := range b.api.requests() {
		if r.Method == http.MethodPost {
			key := r.Header.Get("Idempotency-Key")
			require.NotEmpty(t, key, r.URL.Path)
			require.False(t, keys[key], r.URL.Path)
			keys[key] = true
		}
	}
	require.True(t, keys["of-the-form"])
}

func TestSavingDetailsSendsOnlyWhatChanged(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	due := time.Date(2026, time.November, 24, 9, 0, 17, 0, time.UTC)
	task := b.api.add(t, apiclient.Task{Title: "x", DueAt: &due, Tags: []string{"a, b"}})
	c := b.member(t)
	body := c.get("/tasks/" + task.ID).Body.String()
	require.Contains(t, body, `value="2026-11-24"`)
	require.Contains(t, body, `value="10:00"`)
	w := c.post("/tasks/"+task.ID, "title", "y", "due", "2026-11-24", "time", "10:00", "priority", "medium", "tags", "a, b", "version", "1")
	require.Equal(t, http.StatusSeeOther, w.Code, w.Body)
	got := b.api.tasks[0]
	require.Equal(t, "y", got.Title)
	require.Equal(t, due, *got.DueAt, "its seconds survive")
	require.Equal(t, []string{"a, b"}, got.Tags, "a tag with a comma stays one")

	w = c.post("/tasks/"+task.ID, "title", "z", "priority", "low", "version", "1")
	require.Equal(t, http.StatusPreconditionFailed, w.Code)
	require.Contains(t, w.Body.String(), "changed elsewhere")
	require.Contains(t, w.Body.String(), `value="z"`, "what was typed stays")
	require.Contains(t, w.Body.String(), `name="version" value="2"`, "saving again keeps it")
	require.Equal(t, "y", b.api.tasks[0].Title)
}

func TestAnAPIThatIsAwayIsSaidSo(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	c := b.member(t)
	b.api.fail = func(*http.Request) error { return errors.New("connection refused") }
	w := c.get("/tasks")
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.Contains(t, w.Body.String(), "cannot be reached")
	require.Contains(t, w.Body.String(), `hx-trigger="every 4s"`, "the page tries again")
	require.Contains(t, w.Body.String(), "Try again")

	c.header = http.Header{"Hx-Request": {"true"}}
	w = c.post("/tasks", "title", "kept", "key", "k")
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.Contains(t, w.Body.String(), `value="kept"`)
	require.Contains(t, w.Body.String(), `value="k"`, "the same key, since nobody knows whether it arrived")
	require.NotContains(t, w.Body.String(), "connection refused")

	b.store.down = true
	c.header = http.Header{}
	require.Equal(t, http.StatusServiceUnavailable, c.get("/tasks").Code, "a store that is away signs nobody out")
	require.Contains(t, c.cookies, "rondo_session")
}

func TestRoomsAskForWhatTheyShow(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	c := b.member(t)
	for at, want := range map[string]string{
		"/tasks":                        "limit=50&sort_by=created_at&sort_order=desc&status=pending&status=active",
		"/today":                        "due_before=2026-11-23T23:00:00Z&limit=50&sort_by=due_at&sort_order=asc&status=pending&status=active",
		"/upcoming":                     "due_after=2026-11-23T23:00:00Z&limit=50&sort_by=due_at&sort_order=asc&status=pending&status=active",
		"/done":                         "limit=50&sort_by=updated_at&sort_order=desc&status=completed",
		"/tags/a%2Fb":                   "limit=50&sort_by=created_at&sort_order=desc&status=pending&status=active&tags=a/b",
		"/tasks?search=grocery":         "limit=50&search=grocery&sort_by=created_at&sort_order=desc&status=pending&status=active",
		"/tasks?sort=priority&due=week": "due_after=2026-11-22T23:00:00Z&due_before=2026-11-29T23:00:00Z&limit=50&sort_by=priority&sort_order=desc&status=pending&status=active",
		"/tasks?priority=high&tags=x&tags=y&status=any":  "limit=50&priority=high&sort_by=created_at&sort_order=desc&status=pending&status=active&status=completed&status=cancelled&tags=x&tags=y",
		"/tasks?priority=nonsense&status=x&sort=y&due=z": "limit=50&sort_by=created_at&sort_order=desc&status=pending&status=active",
	} {
		before := len(b.api.requests())
		require.Equal(t, http.StatusOK, c.get(at).Code, at)
		for _, r := range b.api.requests()[before:] {
			if r.URL.Path == "/api/tasks" {
				query, err := url.QueryUnescape(r.URL.RawQuery)
				require.NoError(t, err)
				require.Equal(t, want, query, at)
			}
		}
	}
}

func TestFormsReturnOnlyToOurOwnPages(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	c := b.member(t)
	for back, want := range map[string]string{
		"/today?priority=high": "/today?priority=high", "https://evil.example/": "/tasks", "//evil.example": "/tasks",
		`/\evil.example`: "/tasks", "javascript:alert(1)": "/tasks", "": "/tasks", "/x\r\nSet-Cookie: a=b": "/tasks",
	} {
		w := c.post("/theme", "theme", "dark", "back", back)
		require.Equal(t, want, w.Header().Get("Location"), back)
	}
}

func TestPagesAreCompressed(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	c := b.browser(t)
	plainSize := c.get("/sign-up").Body.Len()
	c.header = http.Header{"Accept-Encoding": {"gzip, br"}}
	w := c.get("/sign-up")
	require.Equal(t, "gzip", w.Header().Get("Content-Encoding"))
	require.Less(t, w.Body.Len(), plainSize/3)
}
