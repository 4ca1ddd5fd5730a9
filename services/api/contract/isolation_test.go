package contract_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// Every operation of the document is called by a second user on the first one's
// rows: what has an id is not found, what lists shows nothing of them, and not one
// row of the first user changes.
func TestSecondUserNeitherSeesNorChangesTheFirstOnesRows(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada, eve := b.signUp(t, "ada"), b.signUp(t, "eve")
	const secret = "Ada's secret"
	taskID := b.task(t, ada, map[string]any{"title": secret, "description": secret, "tags": []string{secret}})
	tagID := text(t, b.call(t, ada, http.MethodGet, "/api/tags", nil).Items(t)[0], "id")
	tokenID := b.call(t, ada, http.MethodPost, "/api/tokens",
		map[string]any{"name": secret, "scopes": []string{"read"}}).Text(t, "id")
	other := b.task(t, ada, map[string]any{"title": secret})
	seriesID := b.series(t, ada, map[string]any{"title": secret, "description": secret, "tags": []string{secret}, "rrule": "FREQ=DAILY"})
	b.call(t, ada, http.MethodPatch, "/api/tasks/"+taskID, map[string]any{"due_at": "2999-01-01T00:00:00Z"})
	reminderID := b.call(t, ada, http.MethodPost, "/api/reminders", map[string]any{"task_id": taskID, "offset_minutes": 0}).Text(t, "id")
	notificationID := b.notified(t, ada, taskID, reminderID)
	subscriptionID := b.call(t, ada, http.MethodPost, "/api/notifications/subscriptions", browser(t, "https://push.example.org/ada")).Text(t, "id")
	feed := b.call(t, ada, http.MethodPost, "/api/feeds", map[string]any{"name": secret, "tags": []string{secret}}).JSON(t)
	sessionID := uuid.NewString()
	turnID := b.chat(t, ada, sessionID, "delete the task "+secret) // it waits for her consent
	ids := map[string]string{
		"turns": turnID, "sessions": sessionID,
		"tasks": taskID, "tags": tagID, "tokens": tokenID, "recurring": seriesID,
		"reminders": reminderID, "notifications": notificationID, "subscriptions": subscriptionID,
		"feeds": text(t, feed, "id"),
	}
	adas := b.rows(t, ada)

	// What a well-meant request holds; operations that are not here take no body.
	bodies := map[string]any{
		"signUp":            map[string]any{"email": "ada@example.org", "password": password, "display_name": "Eve", "timezone": "UTC"},
		"signIn":            map[string]any{"email": "ada@example.org", "password": "a guess at it"},
		"updateMe":          map[string]any{"display_name": "Eve II"},
		"createToken":       map[string]any{"name": "mine", "scopes": []string{"read"}},
		"createTask":        map[string]any{"title": "Mine", "parent_id": taskID},
		"updateTask":        map[string]any{"title": "Mine now", "status": "completed"},
		"createTag":         map[string]any{"name": secret},
		"renameTag":         map[string]any{"name": "mine now"},
		"importTasks":       map[string]any{"tasks": []any{map[string]any{"id": taskID, "title": "Mine now"}}},
		"createFeed":        map[string]any{"name": "mine"},
		"createSeries":      map[string]any{"title": "Mine", "rrule": "FREQ=DAILY"},
		"updateSeries":      map[string]any{"title": "Mine now"},
		"previewRecurrence": map[string]any{"rrule": "FREQ=DAILY", "dtstart": "2026-03-27", "timezone": "UTC"},
		"createReminder":    map[string]any{"task_id": taskID, "offset_minutes": 15},
		"snoozeReminder":    map[string]any{"minutes": 10},
		"subscribe":         browser(t, "https://push.example.org/eve"),
		"startTurn":         map[string]any{"session_id": sessionID, "text": "yes"},
		"answerQuestion":    map[string]any{"agreed": true},
		"parseText":         map[string]any{"text": "show my tasks", "now": "2026-11-25T10:00:00Z", "timezone": "UTC"},
	}
	// Where eve gets an answer that is no 404, and why it is right.
	allowed := map[string]int{
		"signUp":         http.StatusConflict,     // the address is taken
		"signIn":         http.StatusUnauthorized, // a guessed password
		"createTask":     http.StatusBadRequest,   // the parent is not hers
		"createReminder": http.StatusBadRequest,   // nor is the task
		"createTag":      http.StatusCreated,      // a tag of her own by the same name
		"importTasks":    http.StatusOK,           // a task of her own, by another id
		"getSession":     http.StatusOK,           // a conversation of her own, which startTurn has begun
		"deleteSession":  http.StatusNoContent,
	}
	for _, op := range b.operations() {
		if op.OperationId == "signOut" || op.OperationId == "deleteMe" {
			continue // come last: they end eve's session
		}
		path := op.Path
		for kind, id := range ids {
			path = strings.ReplaceAll(path, "/"+kind+"/{id}", "/"+kind+"/"+id)
		}
		path = strings.ReplaceAll(path, "{token}", strings.TrimPrefix(text(t, feed, "url"), "/feeds/")+"x") // all but the token
		require.NotContains(t, path, "{", "%s has an id that this test does not know", op.OperationId)
		a := b.call(t, eve, op.Method, path, bodies[op.OperationId])
		switch want, exception := allowed[op.OperationId]; {
		case exception:
			require.Equal(t, want, a.Status, "%s: %s", op.OperationId, a.Body)
		case path != op.Path:
			require.Equal(t, http.StatusNotFound, a.Status, "%s: %s", op.OperationId, a.Body)
		default:
			require.Less(t, a.Status, 300, "%s: %s", op.OperationId, a.Body)
		}
		if op.OperationId != "createTag" { // which repeats eve's own word
			require.NotContains(t, string(a.Body), secret, op.OperationId)
		}
		if op.OperationId == "createTag" { // leave nothing that later answers may repeat
			created := "/api/tags/" + a.Text(t, "id")
			require.Equal(t, http.StatusNoContent, b.call(t, eve, http.MethodDelete, created, nil).Status)
		}
	}
	require.Empty(t, b.call(t, eve, http.MethodGet, "/api/tasks/recurring?search=secret", nil).Items(t))
	for _, query := range []string{"?parent_id=" + taskID, "?search=secret", "?tags=Ada%27s+secret"} {
		require.Empty(t, b.call(t, eve, http.MethodGet, "/api/tasks"+query, nil).Items(t), query)
	}
	require.Empty(t, b.call(t, eve, http.MethodGet, "/api/reminders?task_id="+taskID, nil).Items(t))
	mine := b.task(t, eve, map[string]any{"title": "Mine"})
	a := b.call(t, eve, http.MethodPatch, "/api/tasks/"+mine, map[string]any{"parent_id": taskID})
	require.Equal(t, http.StatusBadRequest, a.Status)
	require.Equal(t, []string{"parent_id"}, a.Fields(t))
	a = b.call(t, eve, http.MethodPost, "/api/import",
		map[string]any{"tasks": []any{map[string]any{"title": "Mine", "parent_id": other}}})
	require.Equal(t, http.StatusBadRequest, a.Status)
	require.Equal(t, []string{"parent_id"}, a.Fields(t))
	require.Equal(t, http.StatusNoContent, b.call(t, eve, http.MethodPost, "/api/auth/sign-out", nil).Status)
	eve.Token = b.call(t, user{}, http.MethodPost, "/api/auth/sign-in", map[string]any{"email": "eve@example.org", "password": password}).Text(t, "token")
	require.Equal(t, http.StatusNoContent, b.call(t, eve, http.MethodDelete, "/api/me", map[string]any{"password": password}).Status)

	require.Equal(t, adas, b.rows(t, ada))
}

func TestNothingPrivateAnswersWithoutAToken(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := b.signUp(t, "ada")
	id := b.task(t, ada, map[string]any{"title": "Buy milk"})
	before := b.rows(t)
	for _, op := range b.operations() {
		if op.public() {
			continue
		}
		path := strings.ReplaceAll(op.Path, "{id}", id)
		for name, authorization := range map[string]string{
			"none": "", "unknown": "Bearer rondo_" + strings.Repeat("A", 43), "malformed": "Bearer", "basic": "Basic YWRhOng=",
			"without a scheme": ada.Token,
		} {
			a := b.call(t, user{}, op.Method, path, nil, header{"Authorization", authorization})
			require.Equal(t, http.StatusUnauthorized, a.Status, "%s with %s token", op.OperationId, name)
			require.Contains(t, a.Header.Get("WWW-Authenticate"), "Bearer")
		}
	}
	require.Equal(t, before, b.rows(t))
}
