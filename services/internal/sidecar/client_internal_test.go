package sidecar

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/platform/topology"
)

func TestTheSidecarsOwnErrorIsNotTakenForTheServices(t *testing.T) {
	t.Parallel()
	const ours = `{"type":"about:blank","status":500,"code":"internal","detail":"`
	long := ours + strings.Repeat("x", 10_000) + `"}`
	for body, want := range map[string]fault.Code{
		`{"errorCode":"ERR_DIRECT_INVOKE","message":"failed to invoke"}`: fault.Unavailable,
		long: "",
	} {
		daprd := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("dapr-app-id") != topology.API.Name || r.Header.Get(callerHeader) != "" {
				t.Errorf("headers %v", r.Header)
			}
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, body)
		}))
		t.Cleanup(daprd.Close)
		c := &Client{http: strings.TrimPrefix(daprd.URL, "http://")}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://api/api/tasks", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set(callerHeader, "forged")
		resp, err := c.Transport(topology.API).RoundTrip(req)
		if want != "" {
			if fault.CodeOf(err) != want {
				t.Errorf("%.40s: %v", body, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		if err != nil || string(got) != body {
			t.Errorf("%d bytes came through of %d, %v", len(got), len(body), err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
	}
}
