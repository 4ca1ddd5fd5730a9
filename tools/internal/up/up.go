// Package up runs the whole platform on this machine: `rondo up`, `down` and
// `status`.
package up

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rondohq/rondo/tools/internal/laptop"
	"github.com/rondohq/rondo/tools/internal/ports"
	"github.com/rondohq/rondo/tools/internal/process"
	"github.com/rondohq/rondo/tools/internal/repository"
	"github.com/rondohq/rondo/tools/internal/supervisor"
)

// outsideLimit is the patience with a broker that others run.
const outsideLimit = 20 * time.Second

// Options of a stack.
type Options struct {
	Dir      string
	PortBase int
	// Kafka, host:port, and Postgres, a URL of an administrator, name ones that
	// run already; empty: the stack runs its own.
	Kafka, Postgres string
	Out             io.Writer
}

// FailedError says that a stack did not start; the screen has said the rest.
type FailedError struct{ Failure Failure }

func (e *FailedError) Error() string {
	if e.Failure.Part != "" {
		return e.Failure.Part + " failed: " + e.Failure.Reason
	}
	return e.Failure.Reason
}

// Run runs the stack until ctx ends, and stops it then. When one runs already in
// the directory it says so and returns.
func Run(ctx context.Context, o Options) error {
	root, err := repository.Root()
	if err != nil {
		return err
	}
	described, err := laptop.New(o.Dir, o.PortBase)
	if err != nil {
		return err
	}
	unlock, err := lock(described.Dir)
	if errors.Is(err, errLocked) {
		return awaitOther(ctx, described.Dir, o.Out)
	}
	if err != nil {
		return err
	}
	defer unlock()

	s := &stack{Stack: described, root: root, options: o, tools: map[string]string{}}
	if o.Kafka != "" {
		s.Kafka = o.Kafka
	}
	r := &run{stack: s, screen: newScreen(o.Out), state: State{
		Phase: PhaseStarting, URL: s.URL(), Supervisor: process.Self(), PortBase: o.PortBase, Kafka: s.Kafka,
	}}
	return r.run(ctx)
}

// run is one life of a stack.
type run struct {
	stack  *stack
	screen *screen
	state  State
}

func (r *run) run(ctx context.Context) error {
	parts := r.stack.parts()
	if err := r.prepare(parts); err != nil {
		return r.fail(err)
	}
	s := supervisor.New(parts, r.stack.LogFile, supervisor.Limits{}, r.changed)
	failure := s.Start(ctx)
	if failure == nil {
		r.setPhase(PhaseReady)
		r.screen.Ready(r.state.URL, r.stack.Dir)
		<-ctx.Done()
	}
	interrupted := ctx.Err() != nil
	r.setPhase(PhaseStopping)
	r.screen.Stopping()
	s.Stop()
	if !interrupted {
		return r.fail(failure)
	}
	r.setPhase(PhaseStopped)
	r.screen.Stopped()
	return nil //nolint:nilerr // the caller wanted the end, during the start or after it
}

// prepare does all that has to be right before the first part starts.
func (r *run) prepare(parts []supervisor.Part) error {
	stopped, err := stopLeftovers(r.stack.Dir)
	if err != nil {
		return err
	}
	for _, name := range stopped {
		r.screen.Say("stopped " + name + ", left over from a supervisor that was killed")
	}
	r.setPhase(PhaseStarting)
	plan := r.stack.ListenPorts(r.stack.options.Kafka == "", r.stack.options.Postgres == "")
	if err := ports.Check(plan); err != nil {
		return fmt.Errorf("%w\nStop what holds it, or choose other ports: --port-base %d", err, r.state.PortBase+1000)
	}
	if err := r.stack.installSelf(); err != nil {
		return fmt.Errorf("copy rondo into the stack: %w", err)
	}
	return r.stack.rotateLogs(parts)
}

// changed is called by the supervisor, one call at a time.
func (r *run) changed(statuses []supervisor.Status) {
	r.state.Parts = statuses
	r.writeState()
	r.screen.Update(statuses)
}

func (r *run) setPhase(p Phase) {
	r.state.Phase = p
	r.writeState()
}

// writeState cannot stop the stack; status and down then know less.
func (r *run) writeState() {
	if err := r.state.write(r.stack.Dir); err != nil {
		r.screen.Say("cannot write the state: " + err.Error())
	}
}

func (r *run) fail(err error) error {
	failure := Failure{Reason: err.Error()}
	if pe, ok := errors.AsType[*supervisor.PartError](err); ok {
		failure = Failure{Reason: pe.Err.Error(), Part: pe.Part, Log: pe.Log, LogFile: r.stack.LogFile(pe.Part)}
	}
	r.state.Failure = &failure
	r.setPhase(PhaseFailed)
	r.screen.Failed(failure)
	return &FailedError{Failure: failure}
}

// awaitOther is told that another process runs the stack, and waits until it is ready.
func awaitOther(ctx context.Context, dir string, out io.Writer) error {
	told := false
	for {
		state, err := ReadState(dir)
		if err != nil {
			return err
		}
		switch {
		case state == nil || state.Phase == PhaseStarting || !state.Supervisor.Alive():
			// The state may still be that of the run before.
			if !told {
				fmt.Fprintln(out, "Another `rondo up` is starting it; waiting.")
				told = true
			}
		case state.Phase == PhaseReady:
			fmt.Fprintf(out, "Rondo is already up: %s\nStop it with: rondo down\n", state.URL)
			return nil
		default:
			return fmt.Errorf("another `rondo up` in %s is %s; try again in a moment", dir, state.Phase)
		}
		if !Running(dir) {
			return errors.New("the other `rondo up` has ended; try again")
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
}

// Detach starts the stack in the background and returns when it is ready, or has
// failed with a *FailedError.
func Detach(ctx context.Context, o Options) error {
	described, err := laptop.New(o.Dir, o.PortBase)
	if err != nil {
		return err
	}
	dir := described.Dir
	if Running(dir) {
		return awaitOther(ctx, dir, o.Out)
	}
	// The state of a run before must not be taken for the new one's.
	before, err := ReadState(dir)
	if err != nil {
		return err
	}
	child, err := startDetached(o, dir)
	if err != nil {
		return err
	}
	screen := newScreen(o.Out)
	for {
		state, err := ReadState(dir)
		if err != nil {
			return err
		}
		if state != nil && state.Supervisor.PID == child.PID && (before == nil || state.Supervisor != before.Supervisor) {
			screen.Update(state.Parts)
			switch state.Phase {
			case PhaseReady:
				screen.Detached(state.URL)
				return nil
			case PhaseFailed:
				screen.Failed(*state.Failure)
				return &FailedError{Failure: *state.Failure}
			case PhaseStarting, PhaseStopping, PhaseStopped:
			}
		}
		select {
		case <-child.done:
			// It may have written its last word just now.
			if final, err := ReadState(dir); err == nil && final != nil && final.Supervisor.PID == child.PID && final.Failure != nil {
				screen.Failed(*final.Failure)
				return &FailedError{Failure: *final.Failure}
			}
			return fmt.Errorf("the background process ended: %w\n%s", errors.Join(child.err), lastWords(described.LogFile("rondo")))
		default:
		}
		if err := pause(ctx); err != nil {
			child.StopOther(syscall.SIGTERM, time.Minute)
			return err
		}
	}
}

func lastWords(path string) string {
	return "  " + strings.Join(supervisor.LastLines(path, 10), "\n  ")
}

// detached is a child in a session of its own, which outlives this process.
type detached struct {
	process.ID

	done chan struct{}
	err  error
}

func startDetached(o Options, dir string) (*detached, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "logs", "rondo.log")
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, err
	}
	log, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	args := []string{"up", "--dir", dir, "--port-base", strconv.Itoa(o.PortBase)}
	if o.Kafka != "" {
		args = append(args, "--kafka", o.Kafka)
	}
	cmd := exec.Command(self, args...) //nolint:noctx // it outlives us
	cmd.Env = os.Environ()
	if o.Postgres != "" {
		// Not an argument: other users see those.
		cmd.Env = append(cmd.Env, EnvPostgresURL+"="+o.Postgres)
	}
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	id, err := process.Identify(cmd.Process.Pid)
	if err != nil {
		id = process.ID{PID: cmd.Process.Pid}
	}
	d := &detached{ID: id, done: make(chan struct{})}
	go func() {
		d.err = cmd.Wait()
		close(d.done)
	}()
	return d, nil
}

// EnvPostgresURL is another way to say --postgres.
const EnvPostgresURL = "RONDO_POSTGRES_URL"

// Down stops the stack in dir, whoever started it.
func Down(ctx context.Context, dir string, out io.Writer) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		fmt.Fprintln(out, "Rondo is not running.")
		return nil
	}
	state, err := ReadState(dir)
	if err != nil {
		return err
	}
	wasRunning := Running(dir)
	if wasRunning {
		if state == nil || !state.Supervisor.Alive() {
			return fmt.Errorf("a process that has just begun uses %s; try again in a moment", dir)
		}
		fmt.Fprintln(out, "Stopping Rondo.")
		if !state.Supervisor.StopOther(syscall.SIGTERM, stopLimit) {
			return fmt.Errorf("the supervisor (pid %d) does not stop", state.Supervisor.PID)
		}
	}
	unlock, err := lock(dir)
	if err != nil {
		return err
	}
	defer unlock()
	stopped, err := stopLeftovers(dir)
	if err != nil {
		return err
	}
	for _, name := range stopped {
		fmt.Fprintln(out, "stopped "+name+", left over from a supervisor that was killed")
	}
	if wasRunning || len(stopped) > 0 {
		fmt.Fprintln(out, "Rondo is down; its data stays in "+dir+".")
	} else {
		fmt.Fprintln(out, "Rondo is not running.")
	}
	return ctx.Err()
}

// stopLimit is longer than the stops of a service, its sidecar, the broker and
// PostgreSQL one after another.
const stopLimit = 75 * time.Second

func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(200 * time.Millisecond):
		return nil
	}
}
