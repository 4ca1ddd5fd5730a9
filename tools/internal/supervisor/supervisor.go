// Package supervisor starts the parts of a stack in order, waits until each is
// ready, starts again what dies, and stops everything in reverse order.
package supervisor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rondohq/rondo/tools/internal/process"
)

// Part is a process to keep running, or a task to run once: one of Command and
// Task is set.
type Part struct {
	Name string
	// After names the parts that have to be ready first. It is also the order of
	// stopping, in reverse. A later death of one of them does not touch this part.
	After []string

	// Command makes the command of the next start. Output is taken care of.
	Command func(ctx context.Context) (*exec.Cmd, error)
	// Ready is asked again and again while the process starts.
	Ready func(ctx context.Context) error
	// StopSignal asks for an orderly stop; 0 is SIGTERM.
	StopSignal syscall.Signal
	// DeathSignal is what the kernel sends when the supervisor dies; 0 is SIGKILL.
	DeathSignal syscall.Signal

	// Task does something once. say reports progress for the screen.
	Task func(ctx context.Context, say func(string), log io.Writer) error
}

// State of a part.
type State string

// The states.
const (
	Waiting    State = "waiting"    // for others to be ready
	Starting   State = "starting"   // or, of a task, running
	Ready      State = "ready"      // or, of a task, done
	Restarting State = "restarting" // died, and is started again in a moment
	Failed     State = "failed"     // given up
	Stopping   State = "stopping"
	Stopped    State = "stopped"
)

// Status is what is known of a part.
type Status struct {
	Name  string `json:"name"`
	State State  `json:"state"`
	// Detail is for people: progress while it starts, the reason after a failure.
	Detail string `json:"detail,omitempty"`
	Task   bool   `json:"task,omitempty"`
	// Process is zero for a task and while nothing runs.
	Process process.ID `json:"process,omitzero"`
	// Restarts counts the deaths since the part was first ready.
	Restarts int `json:"restarts"`
	// Since is when it began to start last.
	Since time.Time `json:"since,omitzero"`
	// Took is how long the last start took.
	Took time.Duration `json:"took_ns,omitempty"`
}

// Limits are the supervisor's patience; zero values are the defaults.
type Limits struct {
	// Start is how long a part may take to get ready, 90 s.
	Start time.Duration
	// Attempts is how often a part may die before it was ever ready, 3.
	Attempts int
	// Stop is how long a part may take to stop before it is killed, 15 s.
	Stop time.Duration
	// FirstBackoff is the pause before the first restart, 0.5 s; each further one
	// is twice as long, up to MaxBackoff, 30 s.
	FirstBackoff, MaxBackoff time.Duration
	// Calm is how long a part has to be ready for its pauses to begin anew, 1 min.
	Calm time.Duration
	// Poll is the pause between two questions whether a part is ready, 0.1 s.
	Poll time.Duration
}

func (l Limits) withDefaults() Limits {
	set := func(d *time.Duration, to time.Duration) {
		if *d == 0 {
			*d = to
		}
	}
	set(&l.Start, 90*time.Second)
	set(&l.Stop, 15*time.Second)
	set(&l.FirstBackoff, 500*time.Millisecond)
	set(&l.MaxBackoff, 30*time.Second)
	set(&l.Calm, time.Minute)
	set(&l.Poll, 100*time.Millisecond)
	if l.Attempts == 0 {
		l.Attempts = 3
	}
	return l
}

// Supervisor runs parts. It is used once: Start, then Stop.
type Supervisor struct {
	limits  Limits
	logFile func(part string) string
	changed func([]Status)

	parts []*part

	mu sync.Mutex // guards the statuses
	// notify serialises calls of changed, so that they come in order.
	notify sync.Mutex
}

type part struct {
	Part

	status Status
	ready  chan struct{} // closed when first ready
	failed chan error    // takes the reason, once
	stop   context.CancelFunc
	ended  chan struct{} // closed when its goroutine has ended
}

// New prepares parts, which have to come after those that they name. logFile
// names the file that takes a part's output. changed, which may be nil, is
// called with all statuses after each change.
func New(parts []Part, logFile func(part string) string, limits Limits, changed func([]Status)) *Supervisor {
	if changed == nil {
		changed = func([]Status) {}
	}
	s := &Supervisor{limits: limits.withDefaults(), logFile: logFile, changed: changed}
	for _, p := range parts {
		s.parts = append(s.parts, &part{
			Part:   p,
			status: Status{Name: p.Name, State: Waiting, Task: p.Task != nil},
			ready:  make(chan struct{}),
			failed: make(chan error, 1),
			stop:   func() {},
			ended:  make(chan struct{}),
		})
	}
	return s
}

// PartError says which part failed and why.
type PartError struct {
	Part string
	Err  error
	// Log is the last lines of its output.
	Log []string
}

func (e *PartError) Error() string { return e.Part + ": " + e.Err.Error() }

// Unwrap gives the reason.
func (e *PartError) Unwrap() error { return e.Err }

// Start starts all parts, each as soon as those before it are ready, and returns
// when all are ready or one has failed (a *PartError). Either way Stop has to be
// called. When ctx ends Start returns its error.
func (s *Supervisor) Start(ctx context.Context) error {
	for _, p := range s.parts {
		// The parts live until Stop, however Start ends.
		own, cancel := context.WithCancel(context.WithoutCancel(ctx))
		p.stop = cancel
		go func() {
			defer close(p.ended)
			s.run(own, p)
		}()
	}
	failed := make(chan error)
	enough := make(chan struct{})
	defer close(enough)
	for _, p := range s.parts {
		go func() {
			select {
			case err := <-p.failed:
				select {
				case failed <- err:
				case <-enough:
				}
			case <-enough:
			}
		}()
	}
	for _, p := range s.parts {
		select {
		case <-p.ready:
		case err := <-failed:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// Stop stops all parts, those first that nothing else needs. It returns when no
// process is left.
func (s *Supervisor) Stop() {
	left := slices.Clone(s.parts)
	for len(left) > 0 {
		var now, later []*part
		for _, p := range left {
			if slices.ContainsFunc(left, func(other *part) bool { return slices.Contains(other.After, p.Name) }) {
				later = append(later, p)
			} else {
				now = append(now, p)
			}
		}
		for _, p := range now {
			p.stop()
		}
		for _, p := range now {
			<-p.ended
		}
		left = later
	}
}

// Statuses are those of all parts, in their order.
func (s *Supervisor) Statuses() []Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Status, len(s.parts))
	for i, p := range s.parts {
		all[i] = p.status
	}
	return all
}

func (s *Supervisor) update(p *part, change func(*Status)) {
	s.notify.Lock()
	defer s.notify.Unlock()
	s.mu.Lock()
	change(&p.status)
	s.mu.Unlock()
	s.changed(s.Statuses())
}

// run is the life of one part.
func (s *Supervisor) run(ctx context.Context, p *part) {
	for _, name := range p.After {
		i := slices.IndexFunc(s.parts, func(other *part) bool { return other.Name == name })
		if i < 0 {
			s.fail(p, fmt.Errorf("it comes after %q, which is not there", name))
			return
		}
		select {
		case <-s.parts[i].ready:
		case <-ctx.Done():
			return
		}
	}
	log, err := s.openLog(p.Name)
	if err != nil {
		s.fail(p, err)
		return
	}
	defer log.Close()
	if p.Task != nil {
		s.runTask(ctx, p, log)
		return
	}
	s.keepRunning(ctx, p, log)
}

func (s *Supervisor) openLog(name string) (*os.File, error) {
	path := s.logFile(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, err
	}
	return os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
}

func (s *Supervisor) runTask(ctx context.Context, p *part, log io.Writer) {
	start := time.Now()
	s.update(p, func(st *Status) { st.State, st.Since = Starting, start })
	say := func(detail string) { s.update(p, func(st *Status) { st.Detail = detail }) }
	if err := p.Task(ctx, say, log); err != nil {
		if ctx.Err() != nil {
			s.update(p, func(st *Status) { st.State, st.Detail = Stopped, "" })
			return
		}
		s.fail(p, err)
		return
	}
	s.update(p, func(st *Status) { st.State, st.Detail, st.Took = Ready, "", time.Since(start) })
	close(p.ready)
}

// keepRunning starts the process again whenever it ends, until ctx does.
func (s *Supervisor) keepRunning(ctx context.Context, p *part, log *os.File) {
	everReady := false
	pause := s.limits.FirstBackoff
	for attempt := 1; ; attempt++ {
		readyAt, err := s.runOnce(ctx, p, log, func() {
			if !everReady {
				everReady = true
				close(p.ready)
			}
		})
		if ctx.Err() != nil {
			s.update(p, func(st *Status) { st.State, st.Detail, st.Process = Stopped, "", process.ID{} })
			return
		}
		fmt.Fprintf(log, "--- rondo: %s %v\n", p.Name, err)
		if !everReady && attempt >= s.limits.Attempts {
			s.fail(p, err)
			return
		}
		if !readyAt.IsZero() && time.Since(readyAt) > s.limits.Calm {
			pause = s.limits.FirstBackoff
		}
		s.update(p, func(st *Status) {
			st.State, st.Process = Restarting, process.ID{}
			st.Detail = fmt.Sprintf("%v; again in %s", err, pause)
			if everReady {
				st.Restarts++
			}
		})
		select {
		case <-ctx.Done():
			s.update(p, func(st *Status) { st.State, st.Detail = Stopped, "" })
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, s.limits.MaxBackoff)
	}
}

// runOnce runs the process until it ends or ctx does. readyAt is zero when it
// was never ready. The error is never nil.
func (s *Supervisor) runOnce(ctx context.Context, p *part, log *os.File, onReady func()) (readyAt time.Time, err error) {
	start := time.Now()
	s.update(p, func(st *Status) { st.State, st.Since, st.Detail = Starting, start, "" })
	cmd, err := p.Command(ctx)
	if err != nil {
		return time.Time{}, err
	}
	cmd.Stdout, cmd.Stderr = log, log
	child, err := process.Start(cmd, or(p.DeathSignal, syscall.SIGKILL))
	if err != nil {
		return time.Time{}, err
	}
	s.update(p, func(st *Status) { st.Process = child.ID })
	stop := func() {
		s.update(p, func(st *Status) { st.State, st.Detail = Stopping, "" })
		if !child.Stop(or(p.StopSignal, syscall.SIGTERM), s.limits.Stop) {
			fmt.Fprintf(log, "--- rondo: %s did not stop in %s and was killed\n", p.Name, s.limits.Stop)
		}
	}
	if err := s.awaitReady(ctx, p, child); err != nil {
		stop()
		return time.Time{}, err
	}
	readyAt = time.Now()
	s.update(p, func(st *Status) { st.State, st.Detail, st.Took = Ready, "", readyAt.Sub(start) })
	onReady()
	select {
	case <-child.Done():
		// Its own children, if any, must not hold its ports.
		_ = child.Signal(syscall.SIGKILL)
		return readyAt, ended(child)
	case <-ctx.Done():
		stop()
		return readyAt, ctx.Err()
	}
}

func (s *Supervisor) awaitReady(ctx context.Context, p *part, child *process.Process) error {
	ctx, cancel := context.WithTimeoutCause(ctx, s.limits.Start, errLate)
	defer cancel()
	ticker := time.NewTicker(s.limits.Poll)
	defer ticker.Stop()
	for {
		err := p.Ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-child.Done():
			return ended(child)
		case <-ctx.Done():
			if errors.Is(context.Cause(ctx), errLate) {
				return fmt.Errorf("was not ready after %s: %w", s.limits.Start, err)
			}
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

var errLate = errors.New("too late")

func ended(child *process.Process) error {
	if err := child.Err(); err != nil {
		return fmt.Errorf("ended: %w", err)
	}
	return errors.New("ended by itself")
}

func (s *Supervisor) fail(p *part, err error) {
	s.update(p, func(st *Status) { st.State, st.Detail, st.Process = Failed, err.Error(), process.ID{} })
	p.failed <- &PartError{Part: p.Name, Err: err, Log: LastLines(s.logFile(p.Name), 15)}
}

func or(sig, fallback syscall.Signal) syscall.Signal {
	if sig == 0 {
		return fallback
	}
	return sig
}

// LastLines are the last n lines of a file; nil when there is none.
func LastLines(path string, n int) []string {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	const most = 64 << 10
	if end, err := f.Seek(0, io.SeekEnd); err == nil {
		_, _ = f.Seek(max(0, end-most), io.SeekStart)
	}
	data, err := io.ReadAll(f)
	if err != nil || len(data) == 0 {
		return nil
	}
	lines := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	return lines[max(0, len(lines)-n):]
}
