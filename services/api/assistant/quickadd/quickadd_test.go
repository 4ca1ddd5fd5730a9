package quickadd_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/services/api/assistant/quickadd"
	"github.com/rondohq/rondo/services/internal/ratelimit"
	"github.com/rondohq/rondo/services/internal/rest"
)

func call[T any](t *testing.T, body string) (status int, answer T) {
	t.Helper()
	mux := http.NewServeMux()
	quickadd.Register(mux, quickadd.MakeEndpoints(quickadd.NewService(ratelimit.ForPrograms(time.Now)), rest.Durations(prometheus.NewRegistry())))
	req := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/api/assistant/parse", strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, req)
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer), w.Body)
	return w.Code, answer
}

func TestAnswerHasEveryFieldOfTheContract(t *testing.T) {
	t.Parallel()
	status, have := call[map[string]any](t, `{"text": "Team sync every Friday 2 PM #work p1", "now": "2026-11-25T09:00:00Z", "timezone": "Europe/Berlin"}`)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, map[string]any{
		"intent": "create_recurring", "title": "Team sync", "due_at": "2026-11-27T14:00:00+01:00", "has_time": true,
		"rrule": "FREQ=WEEKLY;BYDAY=FR", "mode": "schedule", "remind_at": nil, "remind_offset_minutes": nil, "priority": "high",
		"tags": []any{"work"}, "question": nil,
		"spans": []any{
			map[string]any{"start": 10.0, "end": 27.0, "kind": "recurrence"},
			map[string]any{"start": 28.0, "end": 33.0, "kind": "tag"},
			map[string]any{"start": 34.0, "end": 36.0, "kind": "priority"},
		},
	}, have)

	status, have = call[map[string]any](t, `{"text": "", "now": "2026-11-25T09:00:00Z", "timezone": "UTC"}`)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, map[string]any{
		"intent": "none", "title": "", "due_at": nil, "has_time": false, "rrule": nil, "mode": "schedule", "remind_at": nil,
		"remind_offset_minutes": nil, "priority": nil, "tags": []any{}, "spans": []any{}, "question": nil,
	}, have)
}

func TestEachBadFieldIsNamed(t *testing.T) {
	t.Parallel()
	for body, fields := range map[string][]string{
		`{}`: {"text", "now", "timezone"},
		`{"text": "a", "now": "now", "timezone": "Berlin"}`:                                               {"now", "timezone"},
		`{"text": "a", "now": "0001-01-01T00:00:00Z", "timezone": "Local"}`:                               {"now", "timezone"},
		`{"text": "` + strings.Repeat("ü", 1001) + `", "now": "2026-11-25T09:00:00Z", "timezone": "UTC"}`: {"text"},
		`{"text": "a\u0000b", "now": "2026-11-25T09:00:00Z", "timezone": "UTC"}`:                          {"text"},
		`{"text": "a", "now": "2026-11-25T09:00:00Z", "timezone": "UTC", "language": "de"}`:               {"language"},
		`{"text": 1, "now": "2026-11-25T09:00:00Z", "timezone": "UTC"}`:                                   {"text"},
		`{"text": "a", "now": "2026-11-25 09:00", "timezone": "` + strings.Repeat("x", 1000) + `"}`:       {"now", "timezone"},
	} {
		status, answer := call[struct{ Errors []struct{ Field string } }](t, body)
		require.Equal(t, http.StatusBadRequest, status, body)
		var named []string
		for _, e := range answer.Errors {
			named = append(named, e.Field)
		}
		require.Equal(t, fields, named, body)
	}
}
