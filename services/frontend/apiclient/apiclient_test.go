package apiclient_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/frontend/apiclient"
	"github.com/rondohq/rondo/services/internal/sidecar"
)

// answer is a transport that answers each request alike and keeps the last one.
type answer struct {
	status int
	kind   string
	body   string
	retry  string
	err    error
	last   *http.Request
}

// RoundTrip implements http.RoundTripper.
func (a *answer) RoundTrip(r *http.Request) (*http.Response, error) {
	a.last = r
	if a.err != nil {
		return nil, a.err
	}
	header := http.Header{"Content-Type": {a.kind}, "Retry-After": {a.retry}}
	return &http.Response{StatusCode: a.status, Status: http.StatusText(a.status), Header: header, Body: io.NopCloser(strings.NewReader(a.body))}, nil
}

func TestRefusalsBecomeFaults(t *testing.T) {
	t.Parallel()
	const kind = "application/problem+json"
	for name, tt := range map[string]struct {
		answer answer
		want   fault.Error
	}{
		"bad field": {
			answer{status: 400, kind: kind, body: `{"detail":"Please check: title.","code":"invalid","errors":[{"field":"title","message":"is empty"}]}`},
			fault.Error{Code: fault.Invalid, Reason: "invalid", Message: "Please check: title.", Fields: []fault.Field{{Name: "title", Message: "is empty"}}},
		},
		"taken": {
			answer{status: 409, kind: kind, body: `{"title":"Conflict","code":"email_taken"}`},
			fault.Error{Code: fault.Conflict, Reason: "email_taken", Message: "Conflict"},
		},
		"too fast": {
			answer{status: 429, kind: kind, retry: "30", body: `{"detail":"Slower, please.","code":"rate_limited"}`},
			fault.Error{Code: fault.RateLimited, Reason: "rate_limited", Message: "Slower, please.", RetryAfter: 30 * time.Second},
		},
		"not the api's own 403": {answer{status: 403, kind: "text/plain", body: "no"}, fault.Error{Code: fault.Unavailable}},
		"sidecar without api":   {answer{status: 500, kind: "application/json", body: `{"errorCode":"ERR_DIRECT_INVOKE"}`}, fault.Error{Code: fault.Unavailable}},
		"no answer":             {answer{err: errors.New("connection refused")}, fault.Error{Code: fault.Unavailable}},
		"nonsense":              {answer{status: 200, kind: "application/json", body: `<html>`}, fault.Error{Code: fault.Unavailable}},
	} {
		_, err := apiclient.New(&tt.answer).As("token").Me(t.Context())
		got, ok := errors.AsType[*fault.Error](err)
		require.True(t, ok, name)
		require.Equal(t, tt.want.Code, got.Code, name)
		if tt.want.Code != fault.Unavailable {
			got.Err = nil
			require.Equal(t, tt.want, *got, name)
		}
	}
}

func TestRequestsCarryWhatTheAPIAsksFor(t *testing.T) {
	t.Parallel()
	transport := &answer{status: 200, kind: "application/json", body: "{}"}
	caller := apiclient.New(transport).As("rondo_x")
	id := uuid.MustParse("0198a000-0000-7000-8000-000000000001")
	_, err := caller.ChangeTask(t.Context(), id, apiclient.Change{"due_at": nil}, 7)
	require.NoError(t, err)
	require.Equal(t, "http://api/api/tasks/"+id.String(), transport.last.URL.String())
	require.Equal(t, "Bearer rondo_x", transport.last.Header.Get("Authorization"))
	require.Equal(t, `"7"`, transport.last.Header.Get("If-Match"))
	body, err := io.ReadAll(transport.last.Body)
	require.NoError(t, err)
	require.JSONEq(t, `{"due_at":null}`, string(body))
}

func TestAttemptsToSignInNameTheBrowser(t *testing.T) {
	t.Parallel()
	transport := &answer{status: 200, kind: "application/json", body: "{}"}
	client := apiclient.New(transport)
	_, err := client.Visitor("192.0.2.7:4711").SignIn(t.Context(), "ada@example.org", "correct horse")
	require.NoError(t, err)
	require.Equal(t, "192.0.2.7:4711", transport.last.Header.Get(sidecar.ClientAddress))
	_, err = client.Visitor("[2001:db8::7]:4711").SignUp(t.Context(), apiclient.SignUp{}, "key")
	require.NoError(t, err)
	require.Equal(t, "[2001:db8::7]:4711", transport.last.Header.Get(sidecar.ClientAddress))
	_, err = client.As("rondo_x").Me(t.Context())
	require.NoError(t, err)
	require.NotContains(t, transport.last.Header, sidecar.ClientAddress)
}

func TestAPageDoesNotWaitForeverAndAChangeIsGivenTime(t *testing.T) {
	t.Parallel()
	api := &answer{status: http.StatusOK, kind: "application/json", body: "{}"}
	caller := apiclient.New(api).As("token")
	within := func() time.Duration {
		deadline, ok := api.last.Context().Deadline()
		require.True(t, ok)
		return time.Until(deadline)
	}
	_, err := caller.Me(t.Context())
	require.NoError(t, err)
	require.Less(t, within(), 10*time.Second)
	_, err = caller.SaveSettings(t.Context(), apiclient.Change{"display_name": "Ada"})
	require.NoError(t, err)
	require.Greater(t, within(), 10*time.Second)
}
