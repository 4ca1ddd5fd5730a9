// Package stacktest drives the platform that `rondo up` starts, as a user and as an
// operator would: over HTTP, over Kafka and with signals.
package stacktest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/tools/internal/trialtest"
)

// patience is how long anything may take that has to happen at all. A test that
// runs into it has failed; it measures nothing.
const patience = 2 * time.Minute

// stack is the one platform that all tests of this package share.
var stack *trialtest.Platform

func TestMain(m *testing.M) {
	os.Exit(trialtest.Main(m, func(p *trialtest.Platform) { stack = p }, modelSecret()...))
}

// kill sends a signal to the process of a part.
func kill(t *testing.T, name string, sig syscall.Signal) {
	t.Helper()
	pid := stack.Parts(t)[name].Process.PID
	if pid == 0 {
		t.Fatalf("part %s has no process", name)
	}
	if err := syscall.Kill(pid, sig); err != nil {
		t.Fatalf("signalling %s: %v", name, err)
	}
}

// recovered waits until every part is ready again.
func recovered(t *testing.T) {
	t.Helper()
	eventually(t, "every part is ready", func() bool {
		for _, part := range stack.Parts(t) {
			if !part.Well() {
				return false
			}
		}
		return true
	})
}

// account is a signed-in user of api.
type account struct {
	id, token string
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

// try sends one request; the answer's status is 0 when there was none.
func try(ctx context.Context, method, url, token string, header map[string]string, body any) (answer, error) {
	var reader io.Reader = http.NoBody
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return answer{}, err
		}
		reader = bytes.NewReader(data)
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, reader)
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, data}, err
}

// call sends a request that has to succeed with the status.
func call(t *testing.T, method, url, token string, status int, body, into any) answer {
	t.Helper()
	a, err := try(t.Context(), method, url, token, nil, body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	if a.status != status {
		t.Fatalf("%s %s: %d %s, want %d", method, url, a.status, a.body, status)
	}
	if into != nil {
		if err := json.Unmarshal(a.body, into); err != nil {
			t.Fatalf("%s %s: %s: %v", method, url, a.body, err)
		}
	}
	return a
}

func signUp(t *testing.T) account {
	t.Helper()
	var session struct {
		Token string `json:"token"`
		User  struct {
			ID string `json:"id"`
		} `json:"user"`
	}
	call(t, http.MethodPost, stack.Public(topology.API)+"/api/auth/sign-up", "", http.StatusCreated, map[string]string{
		"email": strings.ToLower(rand.Text()) + "@example.com", "password": rand.Text(), "display_name": "Stack", "timezone": "Europe/Berlin",
	}, &session)
	return account{session.User.ID, session.Token}
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	trialtest.Eventually(t, patience, what, holds)
}

// count answers a question to the database; it waits for the database to be there.
func count(t *testing.T, query string, args ...any) (n int) {
	t.Helper()
	eventually(t, "the database answers", func() bool {
		return stack.DB.QueryRow(t.Context(), query, args...).Scan(&n) == nil
	})
	return n
}
