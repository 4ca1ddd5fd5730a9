package rest_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/rondohq/rondo/services/internal/problem"
	"github.com/rondohq/rondo/services/internal/rest"
)

func TestFallbackTellsAWrongMethodFromAWrongPath(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	fine := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	for _, pattern := range []string{"GET /api/tasks", "POST /api/tasks", "POST /api/tasks/{id}/complete"} {
		mux.Handle(pattern, fine)
	}
	mux.Handle("/", rest.Fallback(mux))
	for _, test := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{http.MethodPost, "/api/tasks", http.StatusOK, ""},
		{http.MethodDelete, "/api/tasks", http.StatusMethodNotAllowed, "GET, HEAD, POST"},
		{"INVENTED", "/api/tasks", http.StatusMethodNotAllowed, "GET, HEAD, POST"},
		{http.MethodGet, "/api/tasks/1/complete", http.StatusMethodNotAllowed, "POST"},
		{http.MethodGet, "/api/nowhere", http.StatusNotFound, ""},
		{http.MethodGet, "/", http.StatusNotFound, ""},
	} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(test.method, test.path, http.NoBody))
		if w.Code != test.status || w.Header().Get("Allow") != test.allow {
			t.Errorf("%s %s: %d, Allow %q; want %d, %q", test.method, test.path, w.Code, w.Header().Get("Allow"), test.status, test.allow)
		}
		if w.Code >= http.StatusBadRequest && w.Header().Get("Content-Type") != problem.ContentType {
			t.Errorf("%s %s: no problem document", test.method, test.path)
		}
	}
}
