// Package stacktest drives the platform that `rondo up` starts, as a user and as an
// operator would: over HTTP, over Kafka and with signals.
package stacktest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/tools/internal/laptop"
	"github.com/rondohq/rondo/tools/internal/ports"
	"github.com/rondohq/rondo/tools/internal/postgresserver"
)

// patience is how long anything may take that has to happen at all. A test that
// runs into it has failed; it measures nothing.
const patience = 2 * time.Minute

// stack is the one platform that all tests of this package share.
var stack *platform

// platform is a running `rondo up` with a directory and ports of its own.
type platform struct {
	rondo string // the binary
	dir   string
	plan  topology.PortPlan
	db    *pgxpool.Pool // with the owner's rights
}

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "rondo-stack-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	// PostgreSQL may run as another user below it.
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // no secret lies in it
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	stack, err = start(ctx, dir)
	if stack != nil {
		defer stack.stop()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "starting the stack:", err)
		return 1
	}
	defer stack.db.Close()
	return m.Run()
}

func start(ctx context.Context, dir string) (*platform, error) {
	base, err := ports.FreeBase(topology.PortRange)
	if err != nil {
		return nil, err
	}
	p := &platform{rondo: filepath.Join(dir, "rondo"), dir: filepath.Join(dir, ".rondo"), plan: topology.LaptopPorts(base)}
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", p.rondo, "../cmd/rondo").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building rondo: %w\n%s", err, out)
	}
	up := exec.CommandContext(ctx, p.rondo, "up", "--detach", "--dir", p.dir, "--port-base", strconv.Itoa(base))
	up.Stdout, up.Stderr = os.Stderr, os.Stderr
	if err := up.Run(); err != nil {
		return p, fmt.Errorf("rondo up: %w", err)
	}
	credentials, err := laptop.LoadCredentials(filepath.Join(p.dir, "credentials.json"))
	if err != nil {
		return p, fmt.Errorf("reading the credentials: %w", err)
	}
	owner := url.URL{
		Scheme: "postgres", Host: fmt.Sprintf("127.0.0.1:%d", p.plan.Postgres), Path: topology.Database,
		User: url.UserPassword(postgresserver.Owner, credentials.Roles[postgresserver.Owner]),
	}
	if p.db, err = pgxpool.New(ctx, owner.String()); err != nil {
		return p, fmt.Errorf("connecting to the database: %w", err)
	}
	return p, nil
}

func (p *platform) stop() {
	down := exec.Command(p.rondo, "down", "--dir", p.dir)
	down.Stdout, down.Stderr = os.Stderr, os.Stderr
	if err := down.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "rondo down:", err)
	}
}

// part is a line of `rondo status --json`.
type part struct {
	Name    string `json:"name"`
	State   string `json:"state"`
	Process struct {
		PID int `json:"pid"`
	} `json:"process"`
	Restarts int `json:"restarts"`
}

func (p *platform) parts(t *testing.T) map[string]part {
	t.Helper()
	// Its exit code says whether all is ready; what it prints says what is not.
	out, err := exec.CommandContext(t.Context(), p.rondo, "status", "--json", "--dir", p.dir).Output()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		t.Fatalf("rondo status: %v", err)
	}
	var status struct {
		Parts []part `json:"parts"`
	}
	if err := json.Unmarshal(out, &status); err != nil {
		t.Fatalf("rondo status said %s: %v", out, err)
	}
	byName := map[string]part{}
	for _, part := range status.Parts {
		byName[part.Name] = part
	}
	return byName
}

// signal sends a signal to the process of a part.
func (p *platform) signal(t *testing.T, name string, sig syscall.Signal) {
	t.Helper()
	pid := p.parts(t)[name].Process.PID
	if pid == 0 {
		t.Fatalf("part %s has no process", name)
	}
	if err := syscall.Kill(pid, sig); err != nil {
		t.Fatalf("signalling %s: %v", name, err)
	}
}

// recovered waits until every part is ready again.
func (p *platform) recovered(t *testing.T) {
	t.Helper()
	eventually(t, "every part is ready", func() bool {
		for _, part := range p.parts(t) {
			if part.State != "ready" && part.State != "done" {
				return false
			}
		}
		return true
	})
}

func (p *platform) public(service topology.Service) string {
	return fmt.Sprintf("http://127.0.0.1:%d", p.plan.Services[service.Name].Public)
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
	call(t, http.MethodPost, stack.public(topology.API)+"/api/auth/sign-up", "", http.StatusCreated, map[string]string{
		"email": strings.ToLower(rand.Text()) + "@example.com", "password": rand.Text(), "display_name": "Stack", "timezone": "Europe/Berlin",
	}, &session)
	return account{session.User.ID, session.Token}
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			t.Fatalf("in vain: %s", what)
		case <-tick.C:
		}
	}
}

// count answers a question to the database; it waits for the database to be there.
func (p *platform) count(t *testing.T, query string, args ...any) (n int) {
	t.Helper()
	eventually(t, "the database answers", func() bool {
		return p.db.QueryRow(t.Context(), query, args...).Scan(&n) == nil
	})
	return n
}
