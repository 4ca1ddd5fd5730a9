package asset_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/services/frontend/asset"
)

func load(t *testing.T) *asset.Set {
	t.Helper()
	set, err := asset.Load()
	require.NoError(t, err)
	return set
}

func get(t *testing.T, set *asset.Set, path, encoding string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	r.Header.Set("Accept-Encoding", encoding)
	w := httptest.NewRecorder()
	set.ServeHTTP(w, r)
	return w
}

func TestAssetsAreHashedCompressedAndKeptForAYear(t *testing.T) {
	t.Parallel()
	set := load(t)
	names := append(append([]string{asset.Style, asset.Icon, asset.Font}, asset.Scripts()...), asset.Modules()...)
	for _, name := range names {
		path := set.Path(name)
		require.Regexp(t, `^/assets/[a-z-]+\.[\w-]{12}\.[a-z0-9]+$`, path)
		res := get(t, set, path, "gzip")
		require.Equal(t, http.StatusOK, res.Code, name)
		require.Equal(t, "public, max-age=31536000, immutable", res.Header().Get("Cache-Control"))
		require.NotEmpty(t, res.Header().Get("Content-Type"), name)
		if name == asset.Font {
			continue // fonts are compressed by their format
		}
		require.Equal(t, "gzip", res.Header().Get("Content-Encoding"), name)
		unpacked, err := gzip.NewReader(res.Body)
		require.NoError(t, err)
		packed, err := io.ReadAll(unpacked)
		require.NoError(t, err)
		plain, err := io.ReadAll(get(t, set, path, "br, gzip;q=0").Body)
		require.NoError(t, err)
		require.Equal(t, plain, packed, name)
	}
	require.Equal(t, http.StatusNotFound, get(t, set, "/assets/rondo.css", "").Code, "without its hash a name says nothing about the content")
}

// What a first visit loads must not grow beyond this unnoticed.
func TestScriptOfTheFirstLoadStaysSmall(t *testing.T) {
	t.Parallel()
	set := load(t)
	total := 0
	for _, name := range append(asset.Scripts(), asset.Modules()...) {
		total += set.Size(name)
	}
	t.Logf("script of the first load: %d bytes compressed; style: %d", total, set.Size(asset.Style))
	require.Less(t, total, 60_000)
}

func TestEveryReferenceInAnAssetIsToAnAsset(t *testing.T) {
	t.Parallel()
	set := load(t)
	reference := regexp.MustCompile(`(?:from|import|url\()\s*"([^"]+)"`)
	for _, name := range append(asset.Modules(), asset.Style) {
		content, err := io.ReadAll(get(t, set, set.Path(name), "").Body)
		require.NoError(t, err)
		for _, found := range reference.FindAllSubmatch(content, -1) {
			res := get(t, set, string(found[1]), "")
			require.Equal(t, http.StatusOK, res.Code, "%s refers to %s", name, found[1])
		}
	}
}
