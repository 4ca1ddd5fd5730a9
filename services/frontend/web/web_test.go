package web_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/services/frontend/apiclient"
	"github.com/rondohq/rondo/services/frontend/asset"
	"github.com/rondohq/rondo/services/frontend/live"
	"github.com/rondohq/rondo/services/frontend/session"
	"github.com/rondohq/rondo/services/frontend/web"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// memory is a state store in memory.
type memory struct {
	mu   sync.Mutex
	kept map[string][]byte
	down bool
}

var errDown = errors.New("the state store is down")

func (m *memory) SaveState(_ context.Context, key string, value []byte, _ time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down {
		return errDown
	}
	m.kept[key] = value
	return nil
}

func (m *memory) LoadState(_ context.Context, key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down {
		return nil, errDown
	}
	return m.kept[key], nil
}

func (m *memory) DeleteState(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.kept, key)
	return nil
}

type testBundle struct {
	api     *fakeAPI
	store   *memory
	hub     *live.Hub
	server  *web.Server
	handler http.Handler
	public  string
}

func (b *testBundle) now() time.Time { return b.api.now() }

// noon is the time of the tests: a Monday in winter.
var noon = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)

func setup(t *testing.T, publicURL string) *testBundle {
	t.Helper()
	public, err := url.Parse(publicURL)
	require.NoError(t, err)
	assets, err := asset.Load()
	require.NoError(t, err)
	b := &testBundle{store: &memory{kept: map[string][]byte{}}, public: publicURL}
	b.api = newFakeAPI(func() time.Time { return noon })
	b.hub = live.NewHub(prometheus.NewRegistry())
	b.server, err = web.New(web.Config{
		API: apiclient.New(b.api), Sessions: session.New(b.store, b.now), Hub: b.hub, Assets: assets,
		PublicURL: public, Log: slog.New(slog.DiscardHandler), Now: b.now,
	})
	require.NoError(t, err)
	mux := http.NewServeMux()
	b.server.Register(mux)
	b.handler = mux
	return b
}

// browser keeps cookies and the token of the last page.
type browser struct {
	t       *testing.T
	b       *testBundle
	cookies map[string]string
	token   string
	header  http.Header // sent with each request
}

func (b *testBundle) browser(t *testing.T) *browser {
	t.Helper()
	return &browser{t: t, b: b, cookies: map[string]string{}, header: http.Header{}}
}

var tokenInput = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

func (c *browser) do(method, path string, form url.Values) *httptest.ResponseRecorder {
	c.t.Helper()
	r := httptest.NewRequestWithContext(c.t.Context(), method, c.b.public+path, strings.NewReader(form.Encode()))
	r.Header = c.header.Clone()
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range c.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	c.b.handler.ServeHTTP(w, r)
	for _, cookie := range w.Result().Cookies() {
		c.cookies[cookie.Name] = cookie.Value
		if cookie.MaxAge < 0 {
			delete(c.cookies, cookie.Name)
		}
	}
	if found := tokenInput.FindStringSubmatch(w.Body.String()); found != nil {
		c.token = found[1]
	}
	return w
}

func (c *browser) get(path string) *httptest.ResponseRecorder {
	c.t.Helper()
	return c.do(http.MethodGet, path, nil)
}

// post sends a form with the token of the last page.
func (c *browser) post(path string, pairs ...string) *httptest.ResponseRecorder {
	c.t.Helper()
	form := url.Values{"csrf": {c.token}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return c.do(http.MethodPost, path, form)
}

// member is a browser that is signed in and shows the first room.
func (b *testBundle) member(t *testing.T) *browser {
	t.Helper()
	c := b.browser(t)
	c.get("/sign-in")
	w := c.post("/sign-in", "email", "ada@example.org", "password", "correct horse")
	require.Equal(t, http.StatusSeeOther, w.Code, w.Body)
	require.Equal(t, http.StatusOK, c.get("/tasks").Code)
	return c
}
