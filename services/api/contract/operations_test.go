package contract_test

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// observed are the operations that telemetry mounts, beside the ones of the api.
var observed = []string{"GET /healthz", "GET /metrics", "GET /readyz"}

func TestDocumentIsValidAndNamesEveryRoute(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ok, errs := b.checks.ValidateDocument()
	require.True(t, ok, "%v", errs)

	var documented []string
	ids := map[string]bool{}
	for _, op := range b.operations() {
		documented = append(documented, op.Method+" "+op.Path)
		require.NotEmpty(t, op.OperationId, op.Path)
		require.False(t, ids[op.OperationId], "operationId %s is used twice", op.OperationId)
		ids[op.OperationId] = true
		require.NotEmpty(t, op.success(), op.OperationId)
	}
	slices.Sort(documented)
	mounted := append(slices.Clone(b.routes), observed...)
	slices.Sort(mounted)
	require.Equal(t, documented, mounted)
}

// Every operation is called until each of its documented answers was seen, apart
// from those that a healthy service does not give; call checks every answer.
func TestEveryOperationAnswersAsDocumented(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := b.signUp(t, "ada")
	expect := func(status int, as user, method, path string, body any, headers ...header) answer {
		t.Helper()
		a := b.call(t, as, method, path, body, headers...)
		require.Equal(t, status, a.Status, "%s %s: %s", method, path, a.Body)
		return a
	}
	nobody := user{}
	nowhere := uuid.NewString()
	stale := header{"If-Match", `"99"`}
	bad := header{"If-Match", `3`}
	plain := header{"Content-Type", "text/plain"}
	huge := `{"title": "` + strings.Repeat("x", 1<<20) + `"}`

	// Sign-in.
	b.exhaustSignIn(t)
	expect(409, nobody, "POST", "/api/auth/sign-up", map[string]any{
		"email": "Ada@Example.org", "password": password, "display_name": "Ada", "timezone": "UTC",
	})
	for _, path := range []string{"/api/auth/sign-up", "/api/auth/sign-in"} {
		expect(400, nobody, "POST", path, map[string]any{})
		expect(413, nobody, "POST", path, huge)
		expect(415, nobody, "POST", path, "{}", plain)
	}
	expect(401, nobody, "POST", "/api/auth/sign-in", map[string]any{"email": "ada@example.org", "password": "wrong password"})
	second := user{Token: expect(200, nobody, "POST", "/api/auth/sign-in",
		map[string]any{"email": "ADA@example.org", "password": password}).Text(t, "token")}
	expect(204, second, "POST", "/api/auth/sign-out", nil)
	expect(401, second, "GET", "/api/me", nil)

	// The account and its tokens.
	expect(200, ada, "GET", "/api/me", nil)
	expect(200, ada, "PATCH", "/api/me", map[string]any{"timezone": "America/New_York"})
	settled := expect(200, ada, "PATCH", "/api/me", map[string]any{
		"quiet_hours":   map[string]any{"from": "22:00", "to": "07:00"},
		"saved_filters": []any{map[string]any{"name": "Urgent", "path": "/tasks?priority=high"}},
	}).JSON(t)
	require.Equal(t, map[string]any{"from": "22:00", "to": "07:00"}, settled["quiet_hours"])
	require.Nil(t, expect(200, ada, "PATCH", "/api/me", map[string]any{"quiet_hours": nil}).JSON(t)["quiet_hours"])
	expect(200, ada, "GET", "/api/tokens", nil)
	created := expect(201, ada, "POST", "/api/tokens", map[string]any{"name": "script", "scopes": []string{"write", "read"}}).JSON(t)
	reader := user{Token: expect(201, ada, "POST", "/api/tokens",
		map[string]any{"name": "reader", "scopes": []string{"read"}, "expires_at": "2999-01-01T00:00:00+01:00"}).Text(t, "token")}
	expect(403, user{Token: text(t, created, "token")}, "POST", "/api/tokens", map[string]any{"name": "x", "scopes": []string{"read"}})
	expect(204, ada, "DELETE", "/api/tokens/"+text(t, created, "id"), nil)
	for i := range 99 {
		expect(201, ada, "POST", "/api/tokens", map[string]any{"name": strconv.Itoa(i), "scopes": []string{"read"}})
	}
	expect(409, ada, "POST", "/api/tokens", map[string]any{"name": "one too many", "scopes": []string{"read"}})

	// Tasks.
	key := header{"Idempotency-Key", "operations"}
	id := expect(201, ada, "POST", "/api/tasks", map[string]any{"title": "Buy milk", "tags": []string{"grocery"}}, key).Text(t, "id")
	expect(422, ada, "POST", "/api/tasks", map[string]any{"title": "Buy bread"}, key)
	expect(200, ada, "GET", "/api/tasks?tags=grocery&status=pending&status=active&sort_by=priority&sort_order=desc", nil)
	expect(400, ada, "GET", "/api/tasks?limit=0", nil)
	task := "/api/tasks/" + id
	expect(200, ada, "GET", task, nil)
	expect(200, ada, "GET", task+"/history", nil)
	expect(200, ada, "PATCH", task, map[string]any{"due_at": "2026-11-27T17:00:00+01:00"})
	expect(200, ada, "PATCH", task, map[string]any{"due_at": nil}, header{"Content-Type", "application/merge-patch+json"})
	for _, action := range []string{"/complete", "/reopen"} {
		expect(200, ada, "POST", task+action, nil)
		expect(412, ada, "POST", task+action, nil, stale)
		expect(400, ada, "POST", task+action, nil, bad)
		expect(422, ada, "POST", task+action, nil, key)
	}
	expect(412, ada, "PATCH", task, map[string]any{"title": "Buy oat milk"}, stale)
	expect(412, ada, "DELETE", task, nil, stale)
	expect(400, ada, "DELETE", task, nil, bad)
	expect(204, ada, "DELETE", task, nil)

	// Recurring tasks.
	rule := map[string]any{"rrule": "FREQ=WEEKLY;BYDAY=FR", "dtstart": "2026-03-27T14:00:00", "timezone": "Europe/Berlin", "limit": 2}
	expect(200, nobody, "POST", "/api/recurrence/preview", rule)
	expect(200, reader, "POST", "/api/recurrence/preview", rule)
	expect(401, user{Token: "rondo_" + strings.Repeat("A", 43)}, "POST", "/api/recurrence/preview", rule)
	expect(422, nobody, "POST", "/api/recurrence/preview", map[string]any{"rrule": "FREQ=DAILY;INTERVAL=0", "dtstart": "2026-03-27", "timezone": "UTC"})
	water := map[string]any{"title": "Water the plants", "rrule": "FREQ=DAILY", "tags": []string{"home"}, "reminder_offsets": []int{15, 60}}
	made := expect(201, ada, "POST", "/api/tasks/recurring", water)
	expect(422, ada, "POST", "/api/tasks/recurring", map[string]any{"title": "Often", "rrule": "FREQ=SECONDLY"})
	expect(200, ada, "GET", "/api/tasks/recurring?status=pending&status=active&search=plants&limit=1", nil)
	expect(400, ada, "GET", "/api/tasks/recurring?status=open", nil)
	series := "/api/tasks/recurring/" + made.Text(t, "id")
	expect(200, ada, "GET", series, nil)
	expect(200, ada, "GET", series+"/instances?upcoming=2&limit=1", nil)
	expect(400, ada, "GET", series+"/instances?upcoming=-1", nil)
	expect(200, ada, "PATCH", series, map[string]any{"title": "Water the garden"})
	expect(400, ada, "PATCH", series, map[string]any{"scope": "this"})
	expect(422, ada, "PATCH", series, map[string]any{"rrule": "FREQ=DAILY;BYMONTHDAY=0"})
	for _, action := range []string{"/pause", "/resume", "/skip"} {
		expect(412, ada, "POST", series+action, nil, stale)
		expect(400, ada, "POST", series+action, nil, bad)
		expect(422, ada, "POST", series+action, nil, key)
		expect(200, ada, "POST", series+action, nil)
	}
	expect(412, ada, "PATCH", series, map[string]any{"title": "Water"}, stale)
	expect(412, ada, "DELETE", series, nil, stale)
	expect(400, ada, "DELETE", series, nil, bad)
	expect(204, ada, "DELETE", series, nil)
	expect(409, ada, "PATCH", series, map[string]any{"title": "Water"})
	for _, action := range []string{"/pause", "/resume", "/skip"} {
		expect(409, ada, "POST", series+action, nil)
	}

	// The calendar.
	expect(200, ada, "GET", "/api/calendar?from=2026-11-01T00:00:00%2B01:00&before=2026-12-01T00:00:00%2B01:00&timezone=Europe/Berlin&per_day=2", nil)
	expect(200, reader, "GET", "/api/calendar", nil)
	expect(400, ada, "GET", "/api/calendar?before=1999-01-01T00:00:00Z", nil)

	// The assistant.
	expect(200, ada, "GET", "/api/chat", nil)
	session := uuid.NewString()
	saying := map[string]any{"session_id": session, "text": "Buy bread tomorrow"}
	expect(202, ada, "POST", "/api/chat/turns", saying)
	expect(400, ada, "POST", "/api/chat/turns", map[string]any{"session_id": "mine", "text": "hello"})
	expect(400, ada, "POST", "/api/chat/turns", map[string]any{"session_id": session, "text": "  "})
	expect(422, ada, "POST", "/api/chat/turns", saying, key)
	b.task(t, ada, map[string]any{"title": "Water the roses"}) // not by a turn, which takes its time
	asking := "/api/chat/turns/" + b.chat(t, ada, uuid.NewString(), "delete the task roses")
	expect(200, ada, "GET", asking, nil)
	expect(200, ada, "GET", asking+"/chunks?after=1", nil)
	expect(200, ada, "GET", asking+"/chunks", nil, header{"Last-Event-ID", "1"})
	expect(400, ada, "GET", asking+"/chunks", nil, header{"Last-Event-ID", "one"})
	expect(400, ada, "POST", asking+"/consent", map[string]any{})
	expect(200, ada, "POST", asking+"/consent", map[string]any{"agreed": false})
	waiting := uuid.NewString()
	stopped := "/api/chat/turns/" + b.chat(t, ada, waiting, "delete the task roses")
	var busy string
	require.NoError(t, b.db.QueryRow(t.Context(), `INSERT INTO chat_turns (id, user_id, session_id, text, lease)
		VALUES (gen_random_uuid(), $1, $2, 'of a replica that is busy', now() + interval '1 hour') RETURNING id`, ada.ID, waiting).Scan(&busy))
	expect(409, ada, "POST", "/api/chat/turns", map[string]any{"session_id": waiting, "text": "hello"})
	expect(409, ada, "POST", stopped+"/consent", map[string]any{"agreed": true})
	expect(200, ada, "POST", stopped+"/stop", nil)
	expect(200, ada, "POST", "/api/chat/turns/"+busy+"/stop", nil)
	expect(409, ada, "POST", stopped+"/consent", map[string]any{"agreed": true})
	expect(200, ada, "GET", "/api/chat/sessions", nil)
	expect(200, ada, "GET", "/api/chat/sessions/"+waiting, nil)
	expect(204, ada, "DELETE", "/api/chat/sessions/"+waiting, nil)

	// Tags.
	expect(200, ada, "GET", "/api/tags", nil)
	tag := "/api/tags/" + expect(201, ada, "POST", "/api/tags", map[string]any{"name": "house"}).Text(t, "id")
	expect(409, ada, "POST", "/api/tags", map[string]any{"name": "HOUSE"})
	expect(422, ada, "POST", "/api/tags", map[string]any{"name": "garden"}, key)
	expect(200, ada, "PATCH", tag, map[string]any{"name": "House"})
	expect(409, ada, "PATCH", tag, map[string]any{"name": "Grocery"})
	expect(204, ada, "DELETE", tag, nil)

	// Reminders and notifications.
	chore := expect(201, ada, "POST", "/api/tasks", map[string]any{"title": "Sweep", "due_at": "2999-01-01T00:00:00Z"}).Text(t, "id")
	early := map[string]any{"task_id": chore, "offset_minutes": 15}
	remember := expect(201, ada, "POST", "/api/reminders", early).Text(t, "id")
	expect(409, ada, "POST", "/api/reminders", early)
	expect(422, ada, "POST", "/api/reminders", map[string]any{"task_id": chore, "offset_minutes": 30}, key)
	expect(200, ada, "GET", "/api/reminders?status=pending&task_id="+chore+"&limit=1", nil)
	expect(400, ada, "GET", "/api/reminders?cursor=x", nil)
	reminder := "/api/reminders/" + remember
	expect(200, ada, "GET", reminder, nil)
	expect(200, ada, "POST", reminder+"/snooze", map[string]any{"minutes": 10})
	expect(412, ada, "POST", reminder+"/snooze", map[string]any{"minutes": 10}, stale)
	expect(422, ada, "POST", reminder+"/snooze", map[string]any{"minutes": 10}, key)
	told := b.notified(t, ada, chore, remember)
	expect(412, ada, "DELETE", reminder, nil, stale)
	expect(400, ada, "DELETE", reminder, nil, bad)
	expect(204, ada, "DELETE", reminder, nil)
	expect(409, ada, "POST", reminder+"/snooze", map[string]any{"minutes": 10})
	expect(200, ada, "GET", "/api/notifications?unread=true", nil)
	expect(400, ada, "GET", "/api/notifications?unread=perhaps", nil)
	expect(200, ada, "POST", "/api/notifications/"+told+"/read", nil)
	expect(200, ada, "POST", "/api/notifications/read", nil)
	expect(200, ada, "POST", "/api/notifications/read", map[string]any{"until": "2026-11-22T09:00:00Z"})
	expect(422, ada, "POST", "/api/notifications/read", nil, key)
	expect(200, ada, "GET", "/api/notifications/channels", nil)
	mine := browser(t, "https://push.example.org/1")
	expect(422, ada, "POST", "/api/notifications/subscriptions", mine, key)
	subscribed := expect(201, ada, "POST", "/api/notifications/subscriptions", mine).Text(t, "id")
	expect(200, ada, "GET", "/api/notifications/subscriptions", nil)
	expect(204, ada, "DELETE", "/api/notifications/subscriptions/"+subscribed, nil)
	_, err := b.db.Exec(t.Context(), `UPDATE channels SET available = false`)
	require.NoError(t, err)
	expect(409, ada, "POST", "/api/notifications/subscriptions", mine)

	// Export and import.
	export := expect(200, ada, "GET", "/api/export", nil)
	expect(200, ada, "GET", "/api/export?format=csv", nil)
	expect(400, ada, "GET", "/api/export?format=pdf", nil)
	expect(200, ada, "POST", "/api/import", export.Body)
	expect(200, ada, "POST", "/api/import", "title\nWalk\n", header{"Content-Type", "text/csv"})
	expect(422, ada, "POST", "/api/import", "title\nWalk\n", header{"Content-Type", "text/csv"}, key)
	expect(413, ada, "POST", "/api/import", strings.Repeat(" ", 10<<20+1))

	calendar := header{"Content-Type", "text/calendar"}
	file := expect(200, ada, "GET", "/api/export?format=ics", nil)
	require.Equal(t, "text/calendar; charset=utf-8", file.Header.Get("Content-Type"))
	expect(200, ada, "POST", "/api/import", file.Body, calendar)
	expect(400, ada, "POST", "/api/import", "BEGIN:VCARD", calendar)

	// Calendar feeds.
	feed := expect(201, ada, "POST", "/api/feeds", map[string]any{"name": "Phone", "tags": []string{"GROCERY"}, "show_as": "tasks"}).JSON(t)
	expect(200, ada, "GET", "/api/feeds", nil)
	read := expect(200, nobody, "GET", text(t, feed, "url"), nil)
	require.Equal(t, "private, no-cache", read.Header.Get("Cache-Control"))
	expect(304, nobody, "GET", text(t, feed, "url"), nil, header{"If-None-Match", `"other", W/` + read.Header.Get("Etag")})
	expect(204, ada, "DELETE", "/api/feeds/"+text(t, feed, "id"), nil)
	revoked := expect(404, nobody, "GET", text(t, feed, "url"), nil)
	unknown := expect(404, nobody, "GET", "/feeds/rondo_"+strings.Repeat("A", 43)+".ics", nil)
	require.Equal(t, text(t, unknown.JSON(t), "detail"), text(t, revoked.JSON(t), "detail"))
	for i := range 50 {
		feed = expect(201, ada, "POST", "/api/feeds", map[string]any{"name": strconv.Itoa(i)}).JSON(t)
	}
	expect(409, ada, "POST", "/api/feeds", map[string]any{"name": "one too many"})
	for status := 0; status != http.StatusTooManyRequests; { // a program that never rests
		a := b.call(t, nobody, "GET", text(t, feed, "url"), nil)
		require.Contains(t, []int{http.StatusOK, http.StatusTooManyRequests}, a.Status)
		status = a.Status
	}

	// The assistant.
	utterance := map[string]any{
		"text": "Team sync every Friday 2 PM #work p1 remind me 10 minutes before", "now": "2026-11-25T10:00:00+01:00", "timezone": "Europe/Berlin",
	}
	expect(200, nobody, "POST", "/api/assistant/parse", utterance)
	expect(200, reader, "POST", "/api/assistant/parse", utterance)
	expect(401, user{Token: "rondo_" + strings.Repeat("A", 43)}, "POST", "/api/assistant/parse", utterance)

	// What is wrong with every operation alike.
	for _, op := range b.operations() {
		path := strings.ReplaceAll(op.Path, "{id}", nowhere)
		has := func(status string) bool { return op.Responses.Codes.GetOrZero(status) != nil }
		var body any
		if op.RequestBody != nil {
			body = map[string]any{}
		}
		if has("401") && !op.public() {
			expect(401, nobody, op.Method, path, body)
		}
		if has("403") {
			expect(403, reader, op.Method, path, body)
		}
		if has("404") {
			valid := body
			switch {
			case op.OperationId == "skipOccurrence":
				valid = nil
			case op.Path == "/api/tags/{id}" && op.Method == http.MethodPatch:
				valid = map[string]any{"name": "nobody's"}
			case op.OperationId == "answerQuestion":
				valid = map[string]any{"agreed": true}
			case op.OperationId == "snoozeReminder":
				valid = map[string]any{"minutes": 10}
			}
			expect(404, ada, op.Method, path, valid)
		}
		if op.RequestBody != nil {
			if has("400") {
				expect(400, ada, op.Method, path, map[string]any{"no such field": 1})
			}
			expect(415, ada, op.Method, path, "{}", plain)
			if op.Path != "/api/import" {
				expect(413, ada, op.Method, path, huge)
			}
		}
		if op.public() && op.Method == http.MethodGet && op.OperationId != "readFeed" {
			expect(200, nobody, op.Method, path, nil)
		}
	}

	// The current password can be guessed at ten times.
	guess := map[string]any{"password": "a new passphrase", "current_password": "not the old one"}
	for range 10 {
		expect(400, ada, "PATCH", "/api/me", guess)
	}
	require.NotEmpty(t, expect(429, ada, "PATCH", "/api/me", guess).Header.Get("Retry-After"))
	expect(429, ada, "DELETE", "/api/me", map[string]any{"password": password})
	leaving := b.signUp(t, "leaving")
	expect(204, leaving, "DELETE", "/api/me", map[string]any{"password": password})
	expect(401, leaving, "GET", "/api/me", nil)

	for _, op := range b.operations() {
		for status := range op.Responses.Codes.KeysFromOldest() {
			code, err := strconv.Atoi(status)
			require.NoError(t, err)
			// Sign-ups are slowed down after some hundred, what needs no account after some
			// thousand, which packages account and ratelimit test.
			elsewhere := code == http.StatusTooManyRequests && slices.Contains([]string{"signUp", "previewRecurrence", "parseText"}, op.OperationId)
			if code < http.StatusInternalServerError && !elsewhere {
				require.True(t, b.seen[op.OperationId][code], "%s was never answered with %d", op.OperationId, code)
			}
		}
	}
}

// exhaustSignIn guesses until it is told to wait.
func (b *testBundle) exhaustSignIn(t *testing.T) {
	t.Helper()
	status := 0
	for try := 0; status != http.StatusTooManyRequests; try++ {
		require.Less(t, try, 20, "nobody slows guessing down")
		a := b.call(t, user{}, http.MethodPost, "/api/auth/sign-in", map[string]any{"email": "victim@example.org", "password": "a guess at it"})
		status = a.Status
		if status == http.StatusTooManyRequests {
			require.NotEmpty(t, a.Header.Get("Retry-After"))
		}
	}
}
