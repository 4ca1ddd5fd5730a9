package up

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/tools/internal/broker"
	"github.com/rondohq/rondo/tools/internal/laptop"
	"github.com/rondohq/rondo/tools/internal/postgresserver"
	"github.com/rondohq/rondo/tools/internal/supervisor"
	"github.com/rondohq/rondo/tools/internal/toolchain"
)

// The names of the parts besides the services and their sidecars.
const (
	partToolchain  = "toolchain"
	partBuild      = "build"
	partPostgres   = "postgres"
	partKafka      = "kafka"
	partDatabase   = "database"
	partMigrations = "migrations"
	partScheduler  = "scheduler"
)

// stack is what the parts share.
type stack struct {
	*laptop.Stack

	root    string // of the checkout
	options Options
	self    string // this program, for children

	mu    sync.Mutex
	tools map[string]string // paths by name, set by partToolchain
	urls  postgresserver.URLs
}

// parts is the process list, in the order of the screen.
func (s *stack) parts() []supervisor.Part {
	parts := []supervisor.Part{
		{Name: partToolchain, Task: s.buildTools},
		{Name: partBuild, Task: s.buildServices},
	}
	databaseAfter := []string{}
	if s.options.Postgres == "" {
		parts = append(parts, supervisor.Part{
			Name: partPostgres, Command: s.postgresCommand, Ready: s.postgresReady,
			// SIGINT: without waiting for clients to leave. SIGQUIT: at once, and
			// recover at the next start.
			StopSignal: syscall.SIGINT, DeathSignal: syscall.SIGQUIT,
		})
		databaseAfter = []string{partPostgres}
	}
	if s.options.Kafka == "" {
		parts = append(parts, supervisor.Part{Name: partKafka, Command: s.brokerCommand, Ready: s.brokerReady})
	} else {
		parts = append(parts, supervisor.Part{Name: partKafka, Task: s.ensureTopics})
	}
	parts = append(parts,
		supervisor.Part{Name: partDatabase, After: databaseAfter, Task: s.provision},
		supervisor.Part{Name: partMigrations, After: []string{partDatabase, partBuild}, Task: s.migrate},
		supervisor.Part{
			Name: partScheduler, After: []string{partToolchain},
			Command: func(context.Context) (*exec.Cmd, error) { return s.scheduler().Command(), nil },
			Ready:   func(ctx context.Context) error { return s.scheduler().Ready(ctx) },
		},
	)
	for _, service := range topology.Services() {
		parts = append(parts, s.sidecarPart(service), s.servicePart(service))
	}
	return parts
}

func (s *stack) sidecarPart(service topology.Service) supervisor.Part {
	return supervisor.Part{
		Name:    laptop.SidecarPart(service.Name),
		After:   []string{partToolchain, partKafka, partDatabase, partScheduler},
		Command: func(context.Context) (*exec.Cmd, error) { return s.sidecar(service).Command(), nil },
		Ready:   func(ctx context.Context) error { return s.sidecar(service).Ready(ctx) },
	}
}

// servicePart comes after its sidecar, so that it is stopped before it and can
// publish what is left.
func (s *stack) servicePart(service topology.Service) supervisor.Part {
	return supervisor.Part{
		Name:  service.Name,
		After: []string{partBuild, partMigrations, laptop.SidecarPart(service.Name)},
		Command: func(context.Context) (*exec.Cmd, error) {
			cmd := exec.Command(s.Binary(service.Name)) //nolint:noctx // the supervisor stops it
			cmd.Dir, cmd.Env = s.root, s.ServiceEnv(service)
			return cmd, nil
		},
		// The sidecar's own word that it delivers is not asked for: it includes
		// jobs, which rest for 20 s after the scheduler was killed, until its old
		// lease is over. The services' sweeps do their work meanwhile.
		Ready: func(ctx context.Context) error { return s.ServiceReady(ctx, service) },
	}
}

func (s *stack) sidecar(service topology.Service) laptop.Sidecar {
	return s.Sidecar(s.tool(toolchain.Daprd), service)
}

func (s *stack) scheduler() laptop.Scheduler { return s.Scheduler(s.tool(toolchain.Scheduler)) }

func (s *stack) tool(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tools[name]
}

func (s *stack) buildTools(ctx context.Context, say func(string), log io.Writer) error {
	line := toolchain.Printer(log)
	for _, name := range []string{toolchain.Scheduler, toolchain.Daprd} {
		path, err := toolchain.Ensure(ctx, s.root, name, func(p toolchain.Progress) {
			say(p.Tool + ": " + p.String())
			line(p)
		})
		if err != nil {
			fmt.Fprintln(log, err)
			return fmt.Errorf("build %s", name)
		}
		s.mu.Lock()
		s.tools[name] = path
		s.mu.Unlock()
	}
	return nil
}

func (s *stack) buildServices(ctx context.Context, _ func(string), log io.Writer) error {
	args := []string{"build", "-o", filepath.Join(s.Dir, "bin") + string(filepath.Separator)}
	for _, service := range topology.Services() {
		args = append(args, "./services/"+service.Name)
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.root, log, log
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go build of the services: %w", err)
	}
	return nil
}

func (s *stack) postgresOptions() (postgresserver.Options, *os.File, error) {
	log, err := os.OpenFile(s.LogFile(partPostgres), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	return postgresserver.Options{
		DataDir: s.PostgresDir(), Port: s.Ports.Postgres, Password: s.Credentials.Superuser, Log: log,
	}, log, err
}

func (s *stack) postgresCommand(ctx context.Context) (*exec.Cmd, error) {
	o, log, err := s.postgresOptions()
	if err != nil {
		return nil, err
	}
	defer log.Close()
	server, err := postgresserver.Prepare(ctx, o)
	if err != nil {
		fmt.Fprintln(log, err)
		return nil, err
	}
	fmt.Fprintln(log, "--- rondo: starting", server.Describe())
	return server.Command(), nil
}

func (s *stack) postgresReady(ctx context.Context) error {
	return postgresserver.Ready(ctx, s.adminURL())
}

// adminURL connects the administrator of PostgreSQL.
func (s *stack) adminURL() string {
	if s.options.Postgres != "" {
		return s.options.Postgres
	}
	return postgresserver.AdminURL(s.Ports.Postgres, s.Credentials.Superuser)
}

// provision makes the database and its roles and renders all files, which need
// the roles' addresses.
func (s *stack) provision(ctx context.Context, _ func(string), log io.Writer) error {
	urls, err := postgresserver.Provision(ctx, s.adminURL(), s.Credentials.Roles)
	if err != nil {
		fmt.Fprintln(log, err)
		return err
	}
	s.mu.Lock()
	s.urls = urls
	s.mu.Unlock()
	// Addresses of sidecars that are gone.
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(s.NamesFile() + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return s.Render(urls)
}

func (s *stack) migrate(ctx context.Context, _ func(string), log io.Writer) error {
	s.mu.Lock()
	owner := s.urls.Owner
	s.mu.Unlock()
	cmd := exec.CommandContext(ctx, s.Binary(topology.API.Name), "migrate")
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.root, log, log
	cmd.Env = append(os.Environ(), "RONDO_OWNER_DATABASE_URL="+owner)
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s migrate: %w", topology.API.Name, err)
	}
	return nil
}

func (s *stack) brokerCommand(context.Context) (*exec.Cmd, error) {
	args := []string{"broker", "--port", strconv.Itoa(s.Ports.Kafka), "--data-dir", s.KafkaDir()}
	cmd := exec.Command(s.self, args...) //nolint:noctx // the supervisor stops it
	cmd.Dir = s.Dir
	return cmd, nil
}

func (s *stack) brokerReady(ctx context.Context) error {
	return broker.Ready(ctx, s.Kafka, broker.AllTopics())
}

// ensureTopics is all that an outside broker needs.
func (s *stack) ensureTopics(ctx context.Context, _ func(string), log io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, outsideLimit)
	defer cancel()
	for addr := range strings.SplitSeq(s.options.Kafka, ",") {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
		if err != nil {
			return fmt.Errorf("the broker given with --kafka does not answer: %w", err)
		}
		_ = conn.Close()
	}
	if err := broker.EnsureTopics(ctx, s.options.Kafka, broker.AllTopics()); err != nil {
		fmt.Fprintln(log, err)
		return err
	}
	return nil
}

// installSelf copies this program into the stack: the one that runs may lie in a
// directory that `go run` removes.
func (s *stack) installSelf() error {
	running, err := os.Executable()
	if err != nil {
		return err
	}
	s.self = s.Binary("rondo")
	if same(running, s.self) {
		return nil
	}
	data, err := os.ReadFile(running)
	if err != nil {
		return err
	}
	if old, err := os.ReadFile(s.self); err == nil && bytes.Equal(old, data) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(s.self), 0o750); err != nil {
		return err
	}
	tmp := s.self + ".tmp"
	if err := os.WriteFile(tmp, data, 0o755); err != nil { //nolint:gosec // it is a program
		return err
	}
	return os.Rename(tmp, s.self)
}

func same(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}

// rotateLogs keeps the logs of the run before beside the new ones.
func (s *stack) rotateLogs(parts []supervisor.Part) error {
	if err := os.MkdirAll(filepath.Dir(s.LogFile("")), 0o750); err != nil {
		return err
	}
	for _, p := range parts {
		path := s.LogFile(p.Name)
		if err := os.Rename(path, strings.TrimSuffix(path, ".log")+".previous.log"); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}
