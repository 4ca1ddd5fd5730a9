// Package trialtest starts a platform of its own for a test suite: the real `rondo up`,
// with a directory and ports that nobody else uses.
package trialtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/tools/internal/laptop"
	"github.com/rondohq/rondo/tools/internal/ports"
	"github.com/rondohq/rondo/tools/internal/postgresserver"
	"github.com/rondohq/rondo/tools/internal/repository"
	"github.com/rondohq/rondo/tools/internal/toolchain"
)

// stopTime is how long a replica may take to stop by itself.
const stopTime = 10 * time.Second

// Platform is a running platform.
type Platform struct {
	Plan topology.PortPlan
	DB   *pgxpool.Pool // with the owner's rights

	rondo string // the binary
	dir   string
}

// Main is the body of a suite's TestMain: it starts a platform, hands it to the
// suite, runs the tests and removes everything. It returns the exit code.
func Main(m *testing.M, use func(*Platform)) int {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "rondo-trial-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	// PostgreSQL may run as another user below it.
	if err := os.Chmod(dir, 0o755); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	p, err := start(ctx, dir)
	if p != nil {
		defer p.stop()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "starting the stack:", err)
		return 1
	}
	defer p.DB.Close()
	use(p)
	return m.Run()
}

func start(ctx context.Context, dir string) (*Platform, error) {
	base, err := ports.FreeBase(topology.PortRange)
	if err != nil {
		return nil, fmt.Errorf("finding free ports: %w", err)
	}
	p := &Platform{rondo: filepath.Join(dir, "rondo"), dir: filepath.Join(dir, laptop.DefaultDir), Plan: topology.LaptopPorts(base)}
	root, err := repository.Root()
	if err != nil {
		return nil, fmt.Errorf("finding the checkout: %w", err)
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", p.rondo, "./cmd/rondo")
	build.Dir = filepath.Join(root, "tools")
	if out, err := build.CombinedOutput(); err != nil {
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
		Scheme: "postgres", Host: fmt.Sprintf("127.0.0.1:%d", p.Plan.Postgres), Path: topology.Database,
		User: url.UserPassword(postgresserver.Owner, credentials.Roles[postgresserver.Owner]),
	}
	if p.DB, err = pgxpool.New(ctx, owner.String()); err != nil {
		return p, fmt.Errorf("connecting to the database: %w", err)
	}
	return p, nil
}

func (p *Platform) stop() {
	down := exec.CommandContext(context.Background(), p.rondo, "down", "--dir", p.dir)
	down.Stdout, down.Stderr = os.Stderr, os.Stderr
	if err := down.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "rondo down:", err)
	}
}

// Part is a line of `rondo status --json`.
type Part struct {
	Name    string `json:"name"`
	State   string `json:"state"`
	Process struct {
		PID int `json:"pid"`
	} `json:"process"`
	Restarts int `json:"restarts"`
}

// Well says that the part is as it should be.
func (p Part) Well() bool { return p.State == "ready" || p.State == "done" }

// Parts asks for the state of each part, by name.
func (p *Platform) Parts(tb testing.TB) map[string]Part {
	tb.Helper()
	// Its exit code says whether all is ready; what it prints says what is not.
	out, err := exec.CommandContext(tb.Context(), p.rondo, "status", "--json", "--dir", p.dir).Output()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		tb.Fatalf("rondo status: %v", err)
	}
	var status struct {
		Parts []Part `json:"parts"`
	}
	if err := json.Unmarshal(out, &status); err != nil {
		tb.Fatalf("rondo status said %s: %v", out, err)
	}
	byName := map[string]Part{}
	for _, part := range status.Parts {
		byName[part.Name] = part
	}
	return byName
}

// Public is the base URL of a service's public listener.
func (p *Platform) Public(service topology.Service) string {
	return fmt.Sprintf("http://127.0.0.1:%d", p.Plan.Services[service.Name].Public)
}

// Kafka is the broker's address.
func (p *Platform) Kafka() string { return fmt.Sprintf("127.0.0.1:%d", p.Plan.Kafka) }

// SchedulerDir holds the scheduler's jobs.
func (p *Platform) SchedulerDir() string {
	return (&laptop.Stack{Dir: p.dir}).SchedulerDir()
}

// Replica starts a second process of a service, with a sidecar of its own, beside the
// one that `rondo up` runs. Both are stopped when the test ends.
func (p *Platform) Replica(t *testing.T, service topology.Service) {
	t.Helper()
	root, err := repository.Root()
	if err != nil {
		t.Fatal(err)
	}
	daprd, err := toolchain.Ensure(t.Context(), root, toolchain.Daprd, toolchain.Printer(io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	base, err := ports.FreeBase(topology.PortRange)
	if err != nil {
		t.Fatal(err)
	}
	// The same files and credentials, but ports of its own; all that is shared by
	// the services stays where it is.
	second, err := laptop.New(p.dir, base)
	if err != nil {
		t.Fatal(err)
	}
	second.Ports.Scheduler = p.Plan.Scheduler
	sidecar := second.Sidecar(daprd, service)
	p.run(t, sidecar.Command(), service.Name+"-sidecar-2", sidecar.Ready)
	program := exec.Command(second.Binary(service.Name))
	program.Dir, program.Env = root, second.ServiceEnv(service)
	p.run(t, program, service.Name+"-2", func(ctx context.Context) error { return second.ServiceReady(ctx, service) })
}

// run starts a process that the test's end stops.
func (p *Platform) run(t *testing.T, cmd *exec.Cmd, name string, ready func(context.Context) error) {
	t.Helper()
	log, err := os.Create(filepath.Join(p.dir, "logs", name+".log"))
	if err != nil {
		t.Fatal(err)
	}
	process, err := laptop.Run(t.Context(), cmd, log, ready)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	t.Cleanup(func() {
		process.Stop(syscall.SIGTERM, stopTime)
		_ = log.Close()
	})
}
