package rest_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/services/internal/rest"
)

// What is below the path that is set apart never reaches a wildcard, and the other way
// round; http.ServeMux alone would refuse these routes.
func TestPathsSetApartAreOnlyTheLiterals(t *testing.T) {
	t.Parallel()
	mux := rest.NewMux("/api/tasks/recurring")
	for _, pattern := range []string{
		"GET /api/tasks/{id}", "DELETE /api/tasks/{id}", "GET /api/tasks/{id}/history",
		"GET /api/tasks/recurring", "POST /api/tasks/recurring", "GET /api/tasks/recurring/{id}", "POST /api/tasks/recurring/{id}/pause",
	} {
		mux.Handle(pattern, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(r.Pattern)) }))
	}
	outer := http.NewServeMux()
	outer.Handle("/", mux)
	for request, want := range map[string]string{
		"GET /api/tasks/42":                       "GET /api/tasks/{id}",
		"GET /api/tasks/42/history":               "GET /api/tasks/{id}/history",
		"GET /api/tasks/recurring":                "GET /api/tasks/recurring",
		"GET /api/tasks/recurringly":              "GET /api/tasks/{id}",
		"GET /api/tasks/recurring/42":             "GET /api/tasks/recurring/{id}",
		"GET /api/tasks/recurring/history":        "GET /api/tasks/recurring/{id}",
		"POST /api/tasks/recurring/42/pause":      "POST /api/tasks/recurring/{id}/pause",
		"DELETE /api/tasks/recurring/42":          "405 GET, HEAD",
		"PUT /api/tasks/42":                       "405 GET, HEAD, DELETE",
		"GET /api/tasks/recurring/42/instances/1": "404 ",
		"GET /elsewhere":                          "404 ",
	} {
		method, path, _ := strings.Cut(request, " ")
		r := httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody)
		w := httptest.NewRecorder()
		outer.ServeHTTP(w, r)
		got := w.Body.String()
		if w.Code != http.StatusOK {
			got = http.StatusText(w.Code)
			got = map[string]string{"Method Not Allowed": "405 ", "Not Found": "404 "}[got] + w.Header().Get("Allow")
		} else {
			require.Equal(t, got, r.Pattern, "the pattern is the route's, for metrics")
		}
		require.Equal(t, want, got, request)
	}
}
