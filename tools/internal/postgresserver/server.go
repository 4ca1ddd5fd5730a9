// Package postgresserver runs a PostgreSQL server of our own: on a laptop beside
// the services, and for the length of a test.
//
// It listens on 127.0.0.1 only, wants a password from everybody, and is as
// durable as PostgreSQL is by default, unless it is a throw-away one.
package postgresserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rondohq/rondo/tools/internal/ports"
	"github.com/rondohq/rondo/tools/internal/process"
)

// superuser of the server; services never use it.
const superuser = "postgres"

const (
	startLimit = time.Minute
	stopLimit  = 20 * time.Second
)

// Options of a server.
type Options struct {
	DataDir  string // made when it is missing
	Port     int    // on 127.0.0.1
	Password string // of the superuser
	// Ephemeral gives durability up for speed: the data is thrown away anyway.
	Ephemeral bool
	// Log takes what initdb and the server say; nil discards.
	Log io.Writer
}

// Server is a data directory and how to run it.
type Server struct {
	opts Options
	bin  string
	user runAs
}

// Prepare finds PostgreSQL, makes the data directory if it is missing, and
// clears away what a killed server has left in it.
func Prepare(ctx context.Context, o Options) (*Server, error) {
	if o.Log == nil {
		o.Log = io.Discard
	}
	dir, err := filepath.Abs(o.DataDir)
	if err != nil {
		return nil, err
	}
	o.DataDir = dir
	version, err := dataVersion(dir)
	if err != nil {
		return nil, err
	}
	s := &Server{opts: o}
	if s.bin, err = binaries(version, o.Log); err != nil {
		return nil, err
	}
	if s.user, err = chooseUser(dir, s.bin); err != nil {
		return nil, err
	}
	if version == 0 {
		if err := s.initialise(ctx); err != nil {
			return nil, err
		}
	}
	if err := s.removeStale(); err != nil {
		return nil, err
	}
	return s, nil
}

// Describe says which PostgreSQL runs as whom, for people.
func (s *Server) Describe() string {
	text := s.bin
	if s.user.why != "" {
		text += ", " + s.user.why
	}
	return text
}

// Command is a new command that runs the server in the foreground. Its stop
// signals are those of PostgreSQL: SIGINT is the fast orderly stop.
func (s *Server) Command() *exec.Cmd {
	settings := map[string]string{ //nolint:gosec // password_encryption is the name of a method
		"listen_addresses": "127.0.0.1",
		"port":             strconv.Itoa(s.opts.Port),
		// No socket file: its path may be longer than the system allows.
		"unix_socket_directories": "",
		"max_connections":         "120",
		"shared_buffers":          "160MB",
		"effective_cache_size":    "1GB",
		"random_page_cost":        "1.1", // solid-state disks
		"max_wal_size":            "512MB",
		"jit":                     "off", // compiling costs more than our short queries
		"password_encryption":     "scram-sha-256",
		"timezone":                "UTC",
		"log_timezone":            "UTC",
		"logging_collector":       "off",
		"log_destination":         "stderr",
		"fsync":                   "on",
		"synchronous_commit":      "on",
		"full_page_writes":        "on",
	}
	if s.opts.Ephemeral {
		settings["shared_buffers"] = "64MB"
		settings["fsync"], settings["synchronous_commit"], settings["full_page_writes"] = "off", "off", "off"
	}
	args := []string{"-D", s.opts.DataDir}
	for name, value := range settings {
		args = append(args, "-c", name+"="+value)
	}
	return s.command("postgres", args...)
}

// AdminURL connects the superuser of a server of ours.
func AdminURL(port int, password string) string {
	return serverURL(port, superuser, password, superuser)
}

// AdminURL connects the superuser.
func (s *Server) AdminURL() string { return AdminURL(s.opts.Port, s.opts.Password) }

// Ready wants the server to accept the administrator.
func Ready(ctx context.Context, admin string) error {
	conn, err := pgx.Connect(ctx, admin)
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

func (s *Server) command(program string, args ...string) *exec.Cmd {
	// No context: the caller decides which signal stops it.
	cmd := exec.Command(filepath.Join(s.bin, program), args...) //nolint:noctx // see above
	cmd.Dir = filepath.Dir(s.opts.DataDir)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "TZ=UTC")
	// Settings for clients would redirect ours.
	cmd.Env = withoutPrefix(cmd.Env, "PG")
	cmd.SysProcAttr = s.user.attributes()
	return cmd
}

func withoutPrefix(env []string, prefix string) []string {
	var kept []string
	for _, e := range env {
		if !strings.HasPrefix(e, prefix) {
			kept = append(kept, e)
		}
	}
	return kept
}

// initialise makes the cluster beside its place and moves it there when whole,
// so that an interrupted attempt is no half-made data directory.
func (s *Server) initialise(ctx context.Context) error {
	parent := filepath.Dir(s.opts.DataDir)
	if err := os.MkdirAll(parent, 0o755); err != nil { //nolint:gosec // another user may have to get through
		return err
	}
	tmp := s.opts.DataDir + ".new"
	if err := os.RemoveAll(tmp); err != nil {
		return err
	}
	if err := os.Mkdir(tmp, 0o700); err != nil {
		return err
	}
	if err := s.user.own(tmp); err != nil {
		return err
	}
	var failures []error
	for _, locale := range locales() {
		err := s.initdb(ctx, tmp, locale)
		if err == nil {
			// Nothing of ours: Mkdir made the place for the rename to take.
			if err := os.Remove(s.opts.DataDir); err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
			return os.Rename(tmp, s.opts.DataDir)
		}
		failures = append(failures, err)
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(failures...)
}

// locales are tried in this order. All are UTF-8; the first ones also know the
// case of letters outside ASCII, which a search without regard to case needs.
func locales() []string {
	if runtime.GOOS == "darwin" {
		return []string{"en_US.UTF-8", "C"}
	}
	return []string{"C.UTF-8", "en_US.UTF-8", "C"}
}

func (s *Server) initdb(ctx context.Context, dir, locale string) error {
	// A file of the server's user: the directory itself has to be empty still.
	passwordFile := dir + ".password"
	if err := os.WriteFile(passwordFile, []byte(s.opts.Password+"\n"), 0o600); err != nil {
		return err
	}
	defer os.Remove(passwordFile)
	if err := s.user.own(passwordFile); err != nil {
		return err
	}
	args := []string{
		"-D", dir, "--username", superuser, "--pwfile", passwordFile,
		"--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", locale,
	}
	if s.opts.Ephemeral {
		args = append(args, "--no-sync")
	}
	cmd := s.command("initdb", args...)
	var said bytes.Buffer
	cmd.Stdout = io.MultiWriter(&said, s.opts.Log)
	cmd.Stderr = cmd.Stdout
	p, err := process.Start(cmd, syscall.SIGKILL)
	if err != nil {
		return err
	}
	select {
	case <-p.Done():
	case <-ctx.Done():
		p.Stop(syscall.SIGTERM, stopLimit)
		return ctx.Err()
	}
	if err := p.Err(); err != nil {
		return fmt.Errorf("initdb with locale %s: %w\n%s", locale, err, strings.TrimSpace(said.String()))
	}
	return nil
}

// removeStale ends a server that still runs on the data directory, and removes a
// lock file whose process is gone or is another program by now: PostgreSQL
// itself only compares process ids, and refuses to start when it is in doubt.
// The caller holds the directory's lock, so that nothing else can use it.
func (s *Server) removeStale() error {
	path := filepath.Join(s.opts.DataDir, "postmaster.pid")
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(string(data), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil {
		return fmt.Errorf("read %s: unexpected %q", path, first)
	}
	if id, err := process.Identify(pid); err == nil && servesData(pid, s.opts.DataDir) {
		if !id.StopOther(syscall.SIGINT, stopLimit) {
			return fmt.Errorf("a PostgreSQL server (pid %d) already runs on %s and does not stop", pid, s.opts.DataDir)
		}
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// servesData says whether the process is a PostgreSQL server on dir.
func servesData(pid int, dir string) bool {
	cmdline, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
	if err != nil {
		// No /proc: believe the lock file, as PostgreSQL does.
		return runtime.GOOS != "linux"
	}
	args := strings.Split(string(cmdline), "\x00")
	return strings.HasPrefix(filepath.Base(args[0]), "postgres") && strings.Contains(string(cmdline), "\x00"+dir+"\x00")
}

// dataVersion is the major version that made the data directory, 0 where there is none.
func dataVersion(dir string) (int, error) {
	data, err := os.ReadFile(filepath.Join(dir, "PG_VERSION"))
	if errors.Is(err, os.ErrNotExist) {
		if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
			return 0, fmt.Errorf("%s is no data directory of PostgreSQL and not empty", dir)
		}
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return numberIn(string(data)), nil
}

// Running is a started server with its database and roles in place.
type Running struct {
	*Server

	// URLs of the owner and the roles.
	URLs URLs

	process *process.Process
}

// Start prepares, starts and provisions a server and waits until it is ready.
// Port 0 picks a free one; empty passwords are generated.
func Start(ctx context.Context, o Options) (*Running, error) {
	if o.Port == 0 {
		port, err := ports.Free()
		if err != nil {
			return nil, err
		}
		o.Port = port
	}
	if o.Password == "" {
		o.Password = NewPassword()
	}
	s, err := Prepare(ctx, o)
	if err != nil {
		return nil, err
	}
	p, err := s.run(ctx)
	if err != nil {
		return nil, err
	}
	r := &Running{Server: s, process: p}
	if r.URLs, err = Provision(ctx, s.AdminURL(), NewPasswords()); err == nil && o.Ephemeral {
		err = letOwnerCreateDatabases(ctx, s.AdminURL())
	}
	if err != nil {
		r.Stop()
		return nil, err
	}
	return r, nil
}

// run starts the server and waits until it is ready. Orphans of a killed server
// keep its shared memory for a moment, in which a new one refuses to start; that
// is tried again.
func (s *Server) run(ctx context.Context) (*process.Process, error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for {
		var said tail
		cmd := s.Command()
		cmd.Stdout = io.MultiWriter(&said, s.opts.Log)
		cmd.Stderr = cmd.Stdout
		p, err := process.Start(cmd, syscall.SIGQUIT)
		if err != nil {
			return nil, err
		}
		err = s.awaitReady(ctx, p)
		if err == nil {
			return p, nil
		}
		p.Stop(syscall.SIGQUIT, stopLimit)
		if ctx.Err() != nil || !strings.Contains(said.String(), "shared memory block") {
			return nil, fmt.Errorf("start PostgreSQL: %w\n%s", err, strings.TrimSpace(said.String()))
		}
		if err := s.removeStale(); err != nil {
			return nil, err
		}
	}
}

func (s *Server) awaitReady(ctx context.Context, p *process.Process) error {
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		err := Ready(ctx, s.AdminURL())
		if err == nil {
			return nil
		}
		select {
		case <-p.Done():
			return fmt.Errorf("the server ended: %w", errors.Join(p.Err(), errors.New("before it was ready")))
		case <-ctx.Done():
			return err
		case <-ticker.C:
		}
	}
}

// Stop stops the server.
func (r *Running) Stop() { r.process.Stop(syscall.SIGINT, stopLimit) }

// Done is closed when the server has ended.
func (r *Running) Done() <-chan struct{} { return r.process.Done() }

// Kill ends it without any notice, as a test of recovery does.
func (r *Running) Kill() {
	_ = r.process.Signal(syscall.SIGKILL)
	<-r.process.Done()
}

func serverURL(port int, user, password, database string) string {
	u := url.URL{
		Scheme: "postgres",
		User:   url.UserPassword(user, password),
		Host:   net.JoinHostPort("127.0.0.1", strconv.Itoa(port)),
		Path:   "/" + database,
		// The listener is on loopback and has no certificate.
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

// tail keeps the last few kilobytes of what is written.
type tail struct{ data []byte }

func (t *tail) Write(p []byte) (int, error) {
	const keep = 4 << 10
	t.data = append(t.data, p...)
	if over := len(t.data) - keep; over > 0 {
		t.data = t.data[over:]
	}
	return len(p), nil
}

func (t *tail) String() string { return string(t.data) }
