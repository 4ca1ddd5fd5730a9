package contract_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

func titles(t *testing.T, items []map[string]any) []string {
	t.Helper()
	all := make([]string, 0, len(items))
	for _, item := range items {
		all = append(all, text(t, item, "title"))
	}
	return all
}

// SC-003: a task with priority high comes first in the list by priority, and the
// filter for its tag shows nothing else.
func TestPrioritySortPutsHighFirstAndTagFilterShowsOnlyItsTag(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := b.signUp(t, "ada")
	for _, task := range []map[string]any{
		{"title": "low", "priority": "low", "tags": []string{"home"}},
		{"title": "high", "priority": "high", "tags": []string{"Work"}},
		{"title": "medium", "tags": []string{"workshop"}},
		{"title": "both", "priority": "low", "tags": []string{"work", "home"}},
	} {
		b.task(t, ada, task)
	}
	list := func(query string) []string {
		return titles(t, b.call(t, ada, http.MethodGet, "/api/tasks?"+query, nil).Items(t))
	}
	for _, query := range []string{"sort_by=priority", "sort_by=priority&sort_order=desc"} {
		got := list(query)
		require.Equal(t, []string{"high", "medium"}, got[:2], query)
	}
	require.Equal(t, []string{"medium", "high"}, list("sort_by=priority&sort_order=asc")[2:])
	require.ElementsMatch(t, []string{"high", "both"}, list("tags=work"))
	require.ElementsMatch(t, []string{"high", "both"}, list("tags=WORK"))
	require.Equal(t, []string{"both"}, list("tags=work&tags=home"))
	require.Empty(t, list("tags=wor"))
	require.Equal(t, []string{"high"}, list("tags=work&priority=high"))
}

// SC-004: a search finds a text anywhere in title or description, in any case, and
// nothing else. What LIKE takes for patterns are characters.
func TestSearchFindsATextAnywhereInAnyCaseAndNothingElse(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := b.signUp(t, "ada")
	for title, description := range map[string]string{
		"Grocery shopping":    "",
		"Sunday":              "the GROCERY around the corner",
		"Megagrocerystore":    "",
		"Groceries":           "the plural",
		"gro":                 "cery",
		"100% cotton":         "",
		"100 cotton":          "",
		"snake_case":          "",
		"snakeXcase":          "",
		`back\slash`:          "",
		"backslash":           "",
		"Größe prüfen":        "ÄPFEL",
		"'; DROP TABLE tasks": "--",
	} {
		b.task(t, ada, map[string]any{"title": title, "description": description})
	}
	b.task(t, ada, map[string]any{"title": "tagged", "tags": []string{"grocery"}})
	for search, want := range map[string][]string{
		"grocery":     {"Grocery shopping", "Sunday", "Megagrocerystore"},
		"GROCERY":     {"Grocery shopping", "Sunday", "Megagrocerystore"},
		"gRoCeRy s":   {"Grocery shopping"},
		"100%":        {"100% cotton"},
		"%":           {"100% cotton"},
		"e_c":         {"snake_case"},
		"_":           {"snake_case"},
		`\`:           {`back\slash`},
		`k\s`:         {`back\slash`},
		"größe":       {"Größe prüfen"},
		"äpfel":       {"Größe prüfen"},
		"'; drop":     {"'; DROP TABLE tasks"},
		"nothing":     {},
		"gro\ncery":   nil, // refused: a search has no line break
		"o":           {"Grocery shopping", "Sunday", "Megagrocerystore", "Groceries", "gro", "100% cotton", "100 cotton", "'; DROP TABLE tasks"},
		"  grocery  ": {"Grocery shopping", "Sunday", "Megagrocerystore"},
	} {
		a := b.call(t, ada, http.MethodGet, "/api/tasks?search="+url.QueryEscape(search), nil)
		if want == nil {
			require.Equal(t, http.StatusBadRequest, a.Status, "%q", search)
			continue
		}
		require.ElementsMatch(t, want, titles(t, a.Items(t)), "%q", search)
	}
}

func TestPagesHoldEveryTaskOnceInEveryOrder(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := b.signUp(t, "ada")
	const count = 23
	var want []string
	for i := range count {
		fields := map[string]any{"title": fmt.Sprintf("task %d", i%7), "priority": []string{"low", "medium", "high"}[i%3], "position": i % 5}
		if i%2 == 0 {
			fields["due_at"] = fmt.Sprintf("2026-12-%02dT09:00:00Z", 1+i%4)
		}
		want = append(want, b.task(t, ada, fields))
	}
	slices.Sort(want)
	for _, by := range []string{"created_at", "updated_at", "due_at", "priority", "title", "position", "status"} {
		for _, order := range []string{"asc", "desc"} {
			var got []string
			path := "/api/tasks?limit=4&sort_by=" + by + "&sort_order=" + order
			for next := path; next != ""; {
				page := b.call(t, ada, http.MethodGet, next, nil)
				require.Equal(t, http.StatusOK, page.Status)
				for _, item := range page.Items(t) {
					got = append(got, text(t, item, "id"))
				}
				next = ""
				if cursor, ok := page.JSON(t)["next_cursor"].(string); ok {
					next = path + "&cursor=" + url.QueryEscape(cursor)
				}
				require.LessOrEqual(t, len(got), count, "%s %s", by, order)
			}
			slices.Sort(got)
			require.Equal(t, want, got, "%s %s", by, order)
		}
	}
}

func TestRepeatedPostHasOneEffectAndTheSameAnswer(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada, eve := b.signUp(t, "ada"), b.signUp(t, "eve")
	id := b.task(t, ada, map[string]any{"title": "Buy milk"})
	series := b.series(t, ada, map[string]any{"title": "Pay the rent", "rrule": "FREQ=MONTHLY"})
	other := b.series(t, ada, map[string]any{"title": "Pay the gas", "rrule": "FREQ=MONTHLY"}) // never paused, whatever comes first
	open := b.task(t, ada, map[string]any{"title": "Buy bread"})
	reminder := b.call(t, ada, http.MethodPost, "/api/reminders",
		map[string]any{"task_id": open, "remind_at": "2039-01-01T00:00:00Z"}).Text(t, "id")
	b.notified(t, ada, open, reminder)
	for name, request := range map[string]struct {
		path        string
		body, other any
	}{
		"task":     {"/api/tasks", map[string]any{"title": "Walk", "tags": []string{"health"}}, map[string]any{"title": "Run"}},
		"tag":      {"/api/tags", map[string]any{"name": "garden"}, map[string]any{"name": "kitchen"}},
		"import":   {"/api/import", map[string]any{"tasks": []any{map[string]any{"title": "Read"}}}, map[string]any{"tasks": []any{}}},
		"complete": {"/api/tasks/" + id + "/complete", nil, map[string]any{}},
		"reopen":   {"/api/tasks/" + id + "/reopen", nil, map[string]any{}},
		"series": {
			"/api/tasks/recurring",
			map[string]any{"title": "Water", "rrule": "FREQ=DAILY", "tags": []string{"plants"}},
			map[string]any{"title": "Feed", "rrule": "FREQ=DAILY"},
		},
		"pause":  {"/api/tasks/recurring/" + series + "/pause", nil, map[string]any{}},
		"resume": {"/api/tasks/recurring/" + series + "/resume", nil, map[string]any{}},
		"skip":   {"/api/tasks/recurring/" + other + "/skip", nil, map[string]any{"occurrence_at": "2999-01-01T00:00:00Z"}},
		"reminder": {
			"/api/reminders",
			map[string]any{"task_id": open, "remind_at": "2040-01-01T00:00:00Z"},
			map[string]any{"task_id": open, "remind_at": "2041-01-01T00:00:00Z"},
		},
		"snooze":    {"/api/reminders/" + reminder + "/snooze", map[string]any{"minutes": 10}, map[string]any{"minutes": 20}},
		"read all":  {"/api/notifications/read", nil, map[string]any{}},
		"subscribe": {"/api/notifications/subscriptions", browser(t, "https://push.example.org/1"), browser(t, "https://push.example.org/2")},
	} {
		key := header{"Idempotency-Key", "key of " + name}
		first := b.call(t, ada, http.MethodPost, request.path, request.body, key)
		require.Less(t, first.Status, 300, "%s: %s", name, first.Body)
		require.Empty(t, first.Header.Get("Idempotent-Replayed"))
		after := b.rows(t)

		again := b.call(t, ada, http.MethodPost, request.path, request.body, key)
		require.Equal(t, first.Status, again.Status, name)
		require.Equal(t, string(first.Body), string(again.Body), name)
		require.Equal(t, first.Header.Get("Etag"), again.Header.Get("Etag"), name)
		require.Equal(t, "true", again.Header.Get("Idempotent-Replayed"), name)

		other := b.call(t, ada, http.MethodPost, request.path, request.other, key)
		require.Equal(t, http.StatusUnprocessableEntity, other.Status, "%s: %s", name, other.Body)
		require.Equal(t, "idempotency_key_reused", other.JSON(t)["code"])
		require.Equal(t, after, b.rows(t), name)
	}
	// The key is the user's own.
	key := header{"Idempotency-Key", "key of task"}
	require.Equal(t, http.StatusCreated, b.call(t, eve, http.MethodPost, "/api/tasks", map[string]any{"title": "Walk"}, key).Status)
	// A request that failed leaves its key free.
	key = header{"Idempotency-Key", "second try"}
	require.Equal(t, http.StatusBadRequest, b.call(t, ada, http.MethodPost, "/api/tasks", map[string]any{"title": ""}, key).Status)
	require.Equal(t, http.StatusCreated, b.call(t, ada, http.MethodPost, "/api/tasks", map[string]any{"title": "Walk"}, key).Status)
}

func TestATurnSaidTwiceIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := b.signUp(t, "ada")
	said := map[string]any{"session_id": uuid.NewString(), "text": "Buy milk tomorrow"}
	key := header{"Idempotency-Key", "said"}
	first := b.call(t, ada, http.MethodPost, "/api/chat/turns", said, key)
	require.Equal(t, http.StatusAccepted, first.Status, "%s", first.Body)
	b.call(t, ada, http.MethodGet, first.Header.Get("Location")+"/chunks", nil)
	again := b.call(t, ada, http.MethodPost, "/api/chat/turns", said, key)
	require.Equal(t, string(first.Body), string(again.Body))
	require.Equal(t, "true", again.Header.Get("Idempotent-Replayed"))
	rows := b.rows(t, ada)
	require.Len(t, rows["chat_turns"], 1)
	require.Len(t, rows["tasks"], 1)
}

func TestConcurrentTwinsMakeOneRow(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := b.signUp(t, "ada")
	for path, body := range map[string]any{
		"/api/tasks":  map[string]any{"title": "Walk", "tags": []string{"health"}},
		"/api/tags":   map[string]any{"name": "garden"},
		"/api/import": map[string]any{"tasks": []any{map[string]any{"title": "Read"}}},
	} {
		const twins = 8
		answers := make([]answer, twins)
		errs := make([]error, twins)
		var all sync.WaitGroup
		for i := range twins {
			all.Go(func() {
				answers[i], errs[i] = b.try(t.Context(), ada, http.MethodPost, path, body, header{"Idempotency-Key", path})
			})
		}
		all.Wait()
		replayed := 0
		for i, a := range answers {
			require.NoError(t, errs[i])
			require.Less(t, a.Status, 300, "%s", a.Body)
			require.JSONEq(t, string(answers[0].Body), string(a.Body))
			if a.Header.Get("Idempotent-Replayed") == "true" {
				replayed++
			}
		}
		require.Equal(t, twins-1, replayed, path)
	}
	rows := b.rows(t, ada)
	require.Len(t, rows["tasks"], 2)
	require.Len(t, rows["tags"], 2)
	require.Len(t, rows["task_history"], 2)
}

// Without a key, two imports of one file at once still make its tasks once.
func TestConcurrentImportsOfOneFileMakeItsTasksOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada, eve := b.signUp(t, "ada"), b.signUp(t, "eve")
	for i := range 20 {
		b.task(t, ada, map[string]any{"title": strconv.Itoa(i), "tags": []string{fmt.Sprint("tag ", i%3)}})
	}
	file := b.call(t, ada, http.MethodGet, "/api/export", nil).Body
	created := make([]int, 4)
	errs := make([]error, 4)
	var all sync.WaitGroup
	for i := range created {
		all.Go(func() {
			var a answer
			var result struct{ Created int }
			if a, errs[i] = b.try(t.Context(), eve, http.MethodPost, "/api/import", file); errs[i] == nil {
				errs[i] = json.Unmarshal(a.Body, &result)
			}
			created[i] = result.Created
		})
	}
	all.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	slices.Sort(created)
	require.Equal(t, []int{0, 0, 0, 20}, created)
	require.Len(t, b.rows(t, eve)["tasks"], 20)
}

func TestReadTokenOnlyReads(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := b.signUp(t, "ada")
	id := b.task(t, ada, map[string]any{"title": "Buy milk"})
	secret := func(scopes ...string) user {
		a := b.call(t, ada, http.MethodPost, "/api/tokens", map[string]any{"name": "script", "scopes": scopes})
		return user{Token: a.Text(t, "token")}
	}
	reader, writer := secret("read"), secret("read", "write")
	series := b.series(t, ada, map[string]any{"title": "Water the plants", "rrule": "FREQ=DAILY"})
	reminder := b.call(t, ada, http.MethodPost, "/api/reminders",
		map[string]any{"task_id": id, "remind_at": "2040-01-01T00:00:00Z"}).Text(t, "id")
	session := uuid.NewString()
	turn := b.chat(t, ada, session, "hello")
	before := b.rows(t)
	for _, op := range b.operations() {
		if op.public() {
			continue
		}
		path := op.Path
		for kind, id := range map[string]string{"recurring": series, "reminders": reminder, "turns": turn, "sessions": session} {
			path = strings.ReplaceAll(path, "/"+kind+"/{id}", "/"+kind+"/"+id)
		}
		a := b.call(t, reader, op.Method, strings.ReplaceAll(path, "{id}", id), nil)
		if op.Method == http.MethodGet {
			require.Less(t, a.Status, 300, "%s", op.OperationId)
			continue
		}
		require.Equal(t, http.StatusForbidden, a.Status, "%s", op.OperationId)
		require.Equal(t, "insufficient_scope", a.JSON(t)["code"])
	}
	require.Equal(t, before, b.rows(t))

	require.Equal(t, http.StatusCreated, b.call(t, writer, http.MethodPost, "/api/tasks", map[string]any{"title": "Walk"}).Status)
	// What would let a leaked token live on needs a session.
	for path, body := range map[string]any{
		"POST /api/tokens": map[string]any{"name": "heir", "scopes": []string{"write"}},
		"PATCH /api/me":    map[string]any{"password": "a new passphrase", "current_password": password},
		"DELETE /api/tokens/" + text(t, b.call(t, ada, http.MethodGet, "/api/tokens", nil).Items(t)[0], "id"): nil,
	} {
		method, path, _ := strings.Cut(path, " ")
		a := b.call(t, writer, method, path, body)
		require.Equal(t, http.StatusForbidden, a.Status, path)
		require.Equal(t, "insufficient_scope", a.JSON(t)["code"])
	}
}
