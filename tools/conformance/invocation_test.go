package conformance_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/topology"
)

// invoke sends a request to the api through the frontend's sidecar, as
// services/internal/sidecar does: same path, and the app's name in a header.
func (s *stack) invoke(t *testing.T, method, target string, body io.Reader, header http.Header) (*http.Response, error) {
	t.Helper()
	n := s.node(topology.Frontend)
	// A sidecar sets no limit to a call.
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, method, "http://"+loopback(n.Ports.SidecarHTTP)+target, body)
	require.NoError(t, err)
	maps.Copy(req.Header, header)
	req.Header.Set("dapr-app-id", topology.API.Name)
	req.Header.Set(apiTokenHeader, n.APIToken)
	return transport.RoundTrip(req)
}

// invoked is invoke for a call that is answered, with the answer's body.
func (s *stack) invoked(t *testing.T, method, target string, body io.Reader, header http.Header) response {
	t.Helper()
	resp, err := s.invoke(t, method, target, body, header)
	require.NoError(t, err)
	return read(t, resp)
}

// prefix is the path below which a test has the api's handler for itself.
func prefix(t *testing.T) string {
	t.Helper()
	return "/" + jobName(t)
}

func TestAnInvocationPassesUnchanged(t *testing.T) {
	t.Parallel()
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			s := sharedStack(t)
			var got *http.Request
			var gotBody []byte
			s.node(topology.API).app.handle(t, prefix(t), func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				got, gotBody = r, body
				w.Header().Set("Content-Type", "application/vnd.rondo+json; charset=utf-8")
				w.Header().Set("ETag", `"7"`)
				w.Header().Set("Location", "/api/tasks/7")
				w.Header()["Set-Cookie"] = []string{"a=1; HttpOnly", "b=2"}
				w.WriteHeader(http.StatusCreated)
				if r.Method != http.MethodHead {
					_, _ = io.WriteString(w, `{"id": 7}`)
				}
			})
			sent := http.Header{
				"Authorization":        {"Bearer rondo_secret"},
				"Content-Type":         {"application/merge-patch+json"},
				"Accept":               {"application/json"},
				"Cookie":               {"session=1"},
				"If-Match":             {`"6"`},
				"Idempotency-Key":      {"key/with=signs"},
				"Rondo-Client-Address": {"192.0.2.7:99"},
				"Accept-Language":      {"de, en;q=0.5"},
				"User-Agent":           {"test"},
				"X-Request-Id":         {"one", "two"},
			}
			query := "tags=a%20b&tags=c%2Bd&search=%C3%BCber+%26&empty=&sort_by=due_at"
			const task = "title: Müsli"
			var body io.Reader
			if method != http.MethodGet && method != http.MethodHead {
				body = strings.NewReader(task)
			}
			resp := s.invoked(t, method, prefix(t)+"/0198a5a0-0000-7000-8000-000000000001/complete?"+query, body, sent)

			require.Equal(t, method, got.Method)
			require.Equal(t, prefix(t)+"/0198a5a0-0000-7000-8000-000000000001/complete", got.URL.Path)
			want, err := url.ParseQuery(query)
			require.NoError(t, err)
			require.Equal(t, want, got.URL.Query())
			for name, values := range sent {
				require.Equal(t, values, got.Header.Values(name), name)
			}
			if body != nil {
				require.Equal(t, task, string(gotBody))
			}

			require.Equal(t, http.StatusCreated, resp.status)
			require.Equal(t, "application/vnd.rondo+json; charset=utf-8", resp.header.Get("Content-Type"))
			require.Equal(t, `"7"`, resp.header.Get("ETag"))
			require.Equal(t, "/api/tasks/7", resp.header.Get("Location"))
			require.Equal(t, []string{"a=1; HttpOnly", "b=2"}, resp.header.Values("Set-Cookie"))
			if method != http.MethodHead {
				require.JSONEq(t, `{"id": 7}`, resp.body)
			}
		})
	}
}

func TestEveryAnswerOfAnInvocationPassesUnchanged(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 202, 204, 302, 304, 400, 401, 403, 404, 409, 412, 413, 415, 422, 429, 500, 501} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			t.Parallel()
			s := sharedStack(t)
			var calls atomic.Int32
			problem := fmt.Sprintf(`{"type":"about:blank","status":%d,"code":"some_code","errors":[{"field":"title"}]}`, status)
			s.node(topology.API).app.handle(t, prefix(t), func(w http.ResponseWriter, _ *http.Request) {
				calls.Add(1)
				w.Header().Set("Content-Type", "application/problem+json")
				w.Header().Set("Retry-After", "7")
				w.WriteHeader(status)
				if status != http.StatusNoContent && status != http.StatusNotModified {
					_, _ = io.WriteString(w, problem)
				}
			})
			resp := s.invoked(t, http.MethodPost, prefix(t), strings.NewReader("{}"), nil)
			require.Equal(t, status, resp.status)
			require.Equal(t, "7", resp.header.Get("Retry-After"))
			if status != http.StatusNoContent && status != http.StatusNotModified {
				require.Equal(t, "application/problem+json", resp.header.Get("Content-Type"))
				require.Equal(t, problem, resp.body)
			}
			require.EqualValues(t, 1, calls.Load(), "an answer is not asked for again")
		})
	}
}

// An import is larger than what Dapr takes by default. (A handler that answers while
// it still reads can block for ever: the sidecar sends all before it receives.)
func TestALargeBodyPasses(t *testing.T) {
	t.Parallel()
	s := sharedStack(t)
	s.node(topology.API).app.handle(t, prefix(t), func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = w.Write(body)
	})
	large := bytes.Repeat([]byte("0123456789abcdef"), 10<<20/16)
	resp := s.invoked(t, http.MethodPost, prefix(t), bytes.NewReader(large), nil)
	require.Equal(t, http.StatusOK, resp.status)
	require.Len(t, resp.body, len(large))
	require.True(t, bytes.Equal(large, []byte(resp.body)), "the body has changed")
}

// The api may refuse a large body without reading it.
func TestALargeBodyMayBeRefusedUnread(t *testing.T) {
	t.Parallel()
	s := sharedStack(t)
	refusal := answer{http.StatusRequestEntityTooLarge, `{"code":"too_large"}`}
	s.node(topology.API).app.handle(t, prefix(t), func(w http.ResponseWriter, _ *http.Request) { reply(w, refusal) })
	for range 5 {
		resp := s.invoked(t, http.MethodPost, prefix(t), bytes.NewReader(make([]byte, 10<<20)), nil)
		require.Equal(t, refusal.status, resp.status)
		require.Equal(t, refusal.body, resp.body)
	}
}

// Beyond its limit the sidecar fails the call.
func TestATooLargeBodyFails(t *testing.T) {
	t.Parallel()
	s := sharedStack(t)
	s.node(topology.API).app.handle(t, prefix(t), func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		reply(w, success)
	})
	resp := s.invoked(t, http.MethodPost, prefix(t), bytes.NewReader(make([]byte, 13<<20)), nil)
	require.Equal(t, http.StatusInternalServerError, resp.status)
	require.Contains(t, resp.body, invokeFailed)
}

func TestACompressedAnswerPasses(t *testing.T) {
	t.Parallel()
	s := sharedStack(t)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = io.WriteString(z, "hello")
	require.NoError(t, z.Close())
	s.node(topology.API).app.handle(t, prefix(t), func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Vary", r.Header.Get("Accept-Encoding"))
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(packed.Bytes())
	})
	resp := s.invoked(t, http.MethodGet, prefix(t), nil, http.Header{"Accept-Encoding": {"gzip"}})
	require.Equal(t, "gzip", resp.header.Get("Vary"))
	require.Equal(t, "gzip", resp.header.Get("Content-Encoding"))
	require.Equal(t, packed.String(), resp.body)
}

// The sidecar decodes a path and cleans it, so a segment that holds anything but
// letters, digits and marks that need no escape does not arrive as it was sent.
func TestAnInvokedPathIsCleaned(t *testing.T) {
	t.Parallel()
	const refused = ""
	for sent, want := range map[string]string{
		"/a/b":     "/a/b",
		"/a/b/":    "/a/b",
		"/a//b":    "/a/b",
		"/a/./b":   "/a/b",
		"/a/../b":  "/b",
		"/a%2Fb":   "/a/b",
		"/a%20b":   "/a b",
		"/%C3%BC":  "/ü",
		"/a+b:c@d": "/a+b:c@d",
		"/a%2541b": "/aAb", // decoded twice
		"/a%3Fb":   refused,
		"/a%23b":   refused,
		"/100%25":  refused,
	} {
		t.Run(sent, func(t *testing.T) {
			t.Parallel()
			s := sharedStack(t)
			got := refused
			own := "/" + rand.Text()
			s.node(topology.API).app.handle(t, own, func(_ http.ResponseWriter, r *http.Request) { got = r.URL.Path })
			resp := s.invoked(t, http.MethodGet, own+sent, nil, nil)
			if want == refused {
				require.Equal(t, http.StatusInternalServerError, resp.status, resp.body)
				require.Contains(t, resp.body, invokeFailed)
				require.Equal(t, refused, got)
				return
			}
			require.Equal(t, http.StatusOK, resp.status, resp.body)
			require.Equal(t, own+want, got)
		})
	}
}

// The caller's sidecar adds its name and removes none: a forged one arrives beside
// it, in either order, so a callee has to refuse more than one value. Whoever
// holds the api's own token may say what it likes to the api's own sidecar.
func TestTheCalleeLearnsItsCaller(t *testing.T) {
	t.Parallel()
	const caller, calls = "dapr-caller-app-id", 60
	s := sharedStack(t)
	api := s.node(topology.API)
	var mu sync.Mutex
	seen := map[string]bool{}
	api.app.handle(t, prefix(t), func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen[strings.Join(r.Header.Values(caller), ",")] = true
	})
	forged := http.Header{http.CanonicalHeaderKey(caller): {"forged"}}
	for _, test := range []struct {
		call func()
		want []string
	}{
		{func() { s.invoked(t, http.MethodGet, prefix(t), nil, nil) }, []string{topology.Frontend.Name}},
		{func() { s.invoked(t, http.MethodGet, prefix(t), nil, forged) }, []string{"forged,frontend", "frontend,forged"}},
		{func() { api.call(t, http.MethodGet, prefix(t), "", "dapr-app-id", topology.API.Name) }, []string{""}},
		{func() { api.call(t, http.MethodGet, prefix(t), "", "dapr-app-id", topology.API.Name, caller, "forged") }, []string{"forged"}},
	} {
		clear(seen)
		for range calls {
			test.call()
		}
		require.ElementsMatch(t, test.want, slices.Collect(maps.Keys(seen)))
	}
}

// invokeFailed is the code of a call that the sidecar could not make. It comes with
// 500 as application/json, where an answer of the callee would be problem+json.
const invokeFailed = "ERR_DIRECT_INVOKE"

// A call that finds nobody, and one that is answered with 502 to 504, is made
// again three times, also one that changes something: every mutation needs its
// Idempotency-Key. Not so a request whose length the client does not tell.
func TestAFailedInvocationIsTriedAgain(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string]answer{
		"502":       {status: http.StatusBadGateway},
		"503":       {status: http.StatusServiceUnavailable},
		"504":       {status: http.StatusGatewayTimeout},
		"no answer": {},
	} {
		for form, want := range map[string]int{"sized": 4, "chunked": 1} {
			t.Run(name+" "+form, func(t *testing.T) {
				t.Parallel()
				s := sharedStack(t)
				var mu sync.Mutex
				var got []string
				s.node(topology.API).app.handle(t, prefix(t), func(w http.ResponseWriter, r *http.Request) {
					body, _ := io.ReadAll(r.Body)
					mu.Lock()
					got = append(got, r.Header.Get("Idempotency-Key")+" "+string(body))
					mu.Unlock()
					if refusal.status == 0 {
						panic(http.ErrAbortHandler)
					}
					w.WriteHeader(refusal.status)
				})
				var body io.Reader = strings.NewReader(`{"title":"x"}`)
				if form == "chunked" {
					body = io.MultiReader(body)
				}
				resp := s.invoked(t, http.MethodPost, prefix(t), body, http.Header{"Idempotency-Key": {"key"}})
				mu.Lock()
				defer mu.Unlock()
				require.Equal(t, slices.Repeat([]string{`key {"title":"x"}`}, want), got)
				if refusal.status == 0 {
					require.Equal(t, http.StatusInternalServerError, resp.status)
					require.Contains(t, resp.body, invokeFailed)
				} else {
					require.Equal(t, refusal.status, resp.status)
				}
			})
		}
	}
}

// An answer that the api begins and does not end is seen as it grows, whatever the
// request accepts; and the api learns when nobody reads it any more.
func TestAnAnswerStreams(t *testing.T) {
	t.Parallel()
	for name, accept := range map[string]string{
		"event stream":           "text/event-stream",
		"event stream and other": "text/event-stream, */*",
		"anything":               "*/*",
		"nothing said":           "",
		"JSON":                   "application/json",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := sharedStack(t)
			goOn, gone := make(chan struct{}), make(chan struct{})
			s.node(topology.API).app.handle(t, prefix(t), func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream")
				w.Header().Set("X-Accel-Buffering", "no")
				flush := func(text string) {
					_, _ = io.WriteString(w, text)
					_ = http.NewResponseController(w).Flush()
				}
				flush("data: first\n\n")
				select {
				case <-goOn:
				case <-r.Context().Done():
					return
				}
				flush("data: second\n\n")
				<-r.Context().Done()
				close(gone)
			})
			header := http.Header{}
			if accept != "" {
				header.Set("Accept", accept)
			}
			resp, err := s.invoke(t, http.MethodGet, prefix(t), nil, header)
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, resp.StatusCode)
			require.Equal(t, "text/event-stream", resp.Header.Get("Content-Type"))
			require.Equal(t, "no", resp.Header.Get("X-Accel-Buffering"))
			reader := bufio.NewReader(resp.Body)
			for _, want := range []string{"data: first\n", "\n", "data: second\n", "\n"} {
				line, err := reader.ReadString('\n')
				require.NoError(t, err)
				require.Equal(t, want, line)
				if want == "data: first\n" {
					close(goOn) // only now does the api write the rest
				}
			}
			require.NoError(t, resp.Body.Close())
			receive(t, "the api sees the reader go", gone)
		})
	}
}

// To a request that accepts nothing but an event stream, a refusal does not pass:
// the call fails and is even made again. A request that names another type beside
// streams as well, and gets every answer as it is.
func TestARefusedEventStreamPassesOnlyBesideAnotherType(t *testing.T) {
	t.Parallel()
	s := sharedStack(t)
	var calls atomic.Int32
	s.node(topology.API).app.handle(t, prefix(t), func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		if r.URL.Query().Has("nothing") {
			return
		}
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"code":"not_found"}`)
	})
	resp := s.invoked(t, http.MethodGet, prefix(t), nil, http.Header{"Accept": {"text/event-stream, application/problem+json"}})
	require.Equal(t, http.StatusNotFound, resp.status)
	require.Equal(t, "application/problem+json", resp.header.Get("Content-Type"))
	require.JSONEq(t, `{"code":"not_found"}`, resp.body)
	require.EqualValues(t, 1, calls.Load())

	for _, query := range []string{"", "?nothing=1"} {
		calls.Store(0)
		resp = s.invoked(t, http.MethodGet, prefix(t)+query, nil, http.Header{"Accept": {"text/event-stream"}})
		require.Equal(t, http.StatusInternalServerError, resp.status)
		require.Contains(t, resp.body, invokeFailed)
		require.NotContains(t, resp.body, "not_found")
		require.EqualValues(t, 4, calls.Load())
	}
}

// A callee that is away, its sidecar or the app behind it, is a failure of the
// call, and the same caller finds it when it is back.
func TestACalleeThatIsAwayIsAFailedCall(t *testing.T) {
	t.Parallel()
	s := ownStack(t, topology.API, topology.Frontend)
	api := s.node(topology.API)
	call := func() response {
		return s.invoked(t, http.MethodPost, "/tasks", strings.NewReader("{}"), nil)
	}
	requireFailed := func() {
		t.Helper()
		resp := call()
		require.Equal(t, http.StatusInternalServerError, resp.status, resp.body)
		require.Equal(t, "application/json", resp.header.Get("Content-Type"))
		require.Contains(t, resp.body, invokeFailed)
	}
	resp := call()
	require.Equal(t, http.StatusOK, resp.status, resp.body)

	api.app.stop()
	requireFailed()
	var err error
	api.app, err = startApp(api.Ports.App, api.AppToken)
	require.NoError(t, err)
	resp = call()
	require.Equal(t, http.StatusOK, resp.status, resp.body)

	api.process.Stop(syscall.SIGKILL, 0)
	requireFailed()
	require.NoError(t, api.startSidecar(t.Context()))
	await(t, "the callee is back", func() bool {
		resp := call()
		return resp.status == http.StatusOK
	})
	resp = s.node(topology.Frontend).call(t, http.MethodGet, "/tasks", "", "dapr-app-id", "nobody")
	require.Equal(t, http.StatusInternalServerError, resp.status)
	require.Contains(t, resp.body, invokeFailed)
}
