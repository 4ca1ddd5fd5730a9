package session_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/services/frontend/apiclient"
	"github.com/rondohq/rondo/services/frontend/session"
)

// memory is a state store that remembers each record and its lifetime.
type memory struct {
	kept map[string][]byte
	ttl  map[string]time.Duration
}

func (m *memory) SaveState(_ context.Context, key string, value []byte, ttl time.Duration) error {
	m.kept[key], m.ttl[key] = value, ttl
	return nil
}

func (m *memory) LoadState(_ context.Context, key string) ([]byte, error) { return m.kept[key], nil }

func (m *memory) DeleteState(_ context.Context, key string) error {
	delete(m.kept, key)
	return nil
}

var ada = apiclient.User{ID: uuid.MustParse("0198a000-0000-7000-8000-000000000001"), Email: "ada@example.org"}

func setup(t *testing.T) (*session.Sessions, *memory, *session.Session) {
	t.Helper()
	store := &memory{kept: map[string][]byte{}, ttl: map[string]time.Duration{}}
	sessions := session.New(store, time.Now)
	started, err := sessions.Start(t.Context(), "rondo_secret_token", ada)
	require.NoError(t, err)
	return sessions, store, started
}

func TestASessionIsKeptUnderThePlansKeyForADay(t *testing.T) {
	t.Parallel()
	sessions, store, started := setup(t)
	require.Len(t, store.kept, 1)
	key := "session:" + ada.ID.String() + ":" + started.ID
	require.Contains(t, store.kept, key)
	require.Equal(t, 24*time.Hour, store.ttl[key])

	found, err := sessions.Load(t.Context(), started.Cookie())
	require.NoError(t, err)
	require.Equal(t, "rondo_secret_token", found.Token)
	require.Equal(t, ada.Email, found.User.Email)
	require.Equal(t, started.CSRF, found.CSRF)
	require.False(t, found.Stale(time.Now()))
	require.True(t, found.Stale(time.Now().Add(time.Hour)))

	require.NoError(t, sessions.End(t.Context(), found))
	_, err = sessions.Load(t.Context(), started.Cookie())
	require.ErrorIs(t, err, session.ErrNone)
}

func TestWhoReadsTheStoreLearnsNothingOfUse(t *testing.T) {
	t.Parallel()
	_, store, started := setup(t)
	_, secret, _ := strings.Cut(started.Cookie(), ".")
	require.Len(t, secret, 43, "256 bits")
	for key, record := range store.kept {
		require.NotContains(t, key, secret)
		for _, hidden := range []string{"rondo_secret_token", secret, ada.Email} {
			require.NotContains(t, string(record), hidden)
		}
	}
}

func TestForgedCookiesFindNoSession(t *testing.T) {
	t.Parallel()
	sessions, _, started := setup(t)
	user, secret, _ := strings.Cut(started.Cookie(), ".")
	other := strings.Repeat("A", len(secret))
	for name, cookie := range map[string]string{
		"empty": "", "no secret": user, "another's id": uuid.NewString() + "." + secret, "guessed": user + "." + other,
		"the id in the store": user + "." + started.ID, "odd spelling": strings.ToUpper(user) + "." + secret,
		"key injection": user + ":x." + secret, "short": user + "." + secret[:20],
	} {
		_, err := sessions.Load(t.Context(), cookie)
		require.ErrorIs(t, err, session.ErrNone, name)
	}
}

func TestCookiesFollowTheScheme(t *testing.T) {
	t.Parallel()
	_, _, started := setup(t)
	for _, secure := range []bool{false, true} {
		w := httptest.NewRecorder()
		cookies := session.NewCookies(secure)
		cookies.SetSession(w, started)
		cookies.Visit(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
		set := w.Result().Cookies()
		require.Len(t, set, 2)
		for _, cookie := range set {
			require.True(t, cookie.HttpOnly)
			require.Equal(t, http.SameSiteLaxMode, cookie.SameSite)
			require.Equal(t, "/", cookie.Path)
			require.Empty(t, cookie.Domain, "__Host- demands none")
			require.Equal(t, secure, cookie.Secure)
			require.Equal(t, secure, strings.HasPrefix(cookie.Name, "__Host-"))
		}
	}
}

func TestCSRFTokensBelongToOneSecretAndNeverRepeat(t *testing.T) {
	t.Parallel()
	_, _, started := setup(t)
	first, second := session.CSRFToken(started.CSRF), session.CSRFToken(started.CSRF)
	require.NotEqual(t, first, second)
	require.Regexp(t, `^[\w-]+$`, first)
	require.True(t, session.CSRFMatches(started.CSRF, first))
	require.True(t, session.CSRFMatches(started.CSRF, second))
	other := append([]byte{}, started.CSRF...)
	other[0] ^= 1
	for name, match := range map[string]bool{
		"another secret": session.CSRFMatches(other, first), "no secret": session.CSRFMatches(nil, first),
		"no token": session.CSRFMatches(started.CSRF, ""), "no secret, no token": session.CSRFMatches(nil, ""),
		"half": session.CSRFMatches(started.CSRF, first[:len(first)/2]),
	} {
		require.False(t, match, name)
	}
}
