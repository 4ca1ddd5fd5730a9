package docs_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/rondohq/rondo/services/api/docs"
	"github.com/stretchr/testify/require"
)

func get(t *testing.T, path string) *httptest.ResponseRecorder {
	t.Helper()
	document, err := os.ReadFile("../openapi.yaml")
	require.NoError(t, err)
	site, err := docs.New(document)
	require.NoError(t, err)
	mux := http.NewServeMux()
	docs.Register(mux, site)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return w
}

func TestPageShowsEveryOperationAndNeedsNothingElse(t *testing.T) {
	t.Parallel()
	w := get(t, "/api/docs")
	require.Equal(t, http.StatusOK, w.Code)
	page := w.Body.String()

	document, err := os.ReadFile("../openapi.yaml")
	require.NoError(t, err)
	ids := regexp.MustCompile(`operationId: (\w+)`).FindAllStringSubmatch(string(document), -1)
	require.NotEmpty(t, ids)
	for _, id := range ids {
		require.Contains(t, page, `<article id="`+id[1]+`">`)
	}

	require.NotContains(t, page, "<script")
	require.NotContains(t, page, "style=")
	require.NotRegexp(t, `(?:src|href)="(?:https?:)?//`, page, "the page must not fetch from another host")
	require.NotContains(t, w.Header().Get("Content-Security-Policy"), "unsafe")
	require.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'")
}

func TestEveryLinkWithinThePageLeadsSomewhere(t *testing.T) {
	t.Parallel()
	page := get(t, "/api/docs").Body.String()
	for _, link := range regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(page, -1) {
		require.Equal(t, 1, strings.Count(page, ` id="`+link[1]+`"`), "target of #%s", link[1])
	}
}

func TestDocumentAndStyleAreServedAsTheyAre(t *testing.T) {
	t.Parallel()
	want, err := os.ReadFile("../openapi.yaml")
	require.NoError(t, err)
	w := get(t, "/api/openapi.yaml")
	require.Equal(t, "application/yaml", w.Header().Get("Content-Type"))
	require.Equal(t, string(want), w.Body.String())

	w = get(t, "/api/docs/style.css")
	require.Equal(t, "text/css; charset=utf-8", w.Header().Get("Content-Type"))
	require.Equal(t, http.StatusOK, w.Code)
}

func TestNewRefusesWhatIsNoDocument(t *testing.T) {
	t.Parallel()
	for _, document := range []string{"", "a: [", "\t"} {
		_, err := docs.New([]byte(document))
		require.Error(t, err, "%q", document)
	}
}
