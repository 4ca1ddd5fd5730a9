// Package process starts child processes that never outlive their parent and
// that can be found again after a crash.
//
// A child gets a process group of its own, so that a Ctrl-C in the terminal
// reaches only the parent, which then stops its children in order. On Linux the
// kernel signals it when the parent dies in whatever way.
package process

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// Process is a running child, or one that has ended.
type Process struct {
	ID

	done chan struct{}
	err  error // of Wait; read after done
}

// spawner runs every start on one thread that never ends. The signal that Linux
// sends on the parent's death follows the thread that started the child, and Go
// ends threads when it likes.
var spawner = sync.OnceValue(func() chan func() {
	work := make(chan func())
	go func() {
		runtime.LockOSThread()
		for f := range work {
			f()
		}
	}()
	return work
})

// Start starts cmd. onParentDeath is the signal that it gets when this process
// dies first (Linux only; elsewhere a later start cleans up, see ID).
func Start(cmd *exec.Cmd, onParentDeath syscall.Signal) (*Process, error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	setParentDeathSignal(cmd.SysProcAttr, onParentDeath)

	started := make(chan error)
	spawner() <- func() { started <- cmd.Start() }
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	p := &Process{done: make(chan struct{})}
	// The child cannot be reaped before Wait below, so its start time is its own.
	id, err := Identify(cmd.Process.Pid)
	if err != nil {
		id = ID{PID: cmd.Process.Pid}
	}
	p.ID = id
	go func() {
		p.err = cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err is how it ended; nil while it runs and after exit code 0.
func (p *Process) Err() error {
	select {
	case <-p.done:
		return p.err
	default:
		return nil
	}
}

// Signal signals the whole process group.
func (p *Process) Signal(sig syscall.Signal) error { return p.signalGroup(sig) }

// Stop sends sig to the process group and waits; after grace it kills. It
// reports whether the process ended by itself in time.
func (p *Process) Stop(sig syscall.Signal, grace time.Duration) bool {
	_ = p.signalGroup(sig) // the process may have ended already
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.done:
		// What the child itself has started may be left in the group.
		_ = p.signalGroup(syscall.SIGKILL)
		return true
	case <-timer.C:
	}
	_ = p.signalGroup(syscall.SIGKILL)
	<-p.done
	return false
}

// ID names a process for good: the kernel reuses a PID, but not together with
// its start time.
type ID struct {
	PID int `json:"pid"`
	// StartTime is in clock ticks since boot on Linux and 0 where it is unknown.
	StartTime uint64 `json:"start_time"`
}

// ErrGone says that a process is no more.
var ErrGone = errors.New("no such process")

// Identify finds the process with the PID. A process that has ended and waits
// to be reaped counts as gone.
func Identify(pid int) (ID, error) {
	if pid <= 0 {
		return ID{}, ErrGone
	}
	start, err := startTime(pid)
	if err != nil {
		return ID{}, err
	}
	return ID{PID: pid, StartTime: start}, nil
}

// Self is this process.
func Self() ID {
	id, err := Identify(os.Getpid())
	if err != nil {
		return ID{PID: os.Getpid()}
	}
	return id
}

// Alive says whether this very process still runs.
func (id ID) Alive() bool {
	now, err := Identify(id.PID)
	return err == nil && now == id
}

// StopOther stops a process that is not (or no longer) a child of this one: sig,
// then after grace SIGKILL, each to its process group if it leads one. It
// reports whether the process is gone.
func (id ID) StopOther(sig syscall.Signal, grace time.Duration) bool {
	if id.PID == 0 || !id.Alive() {
		return true
	}
	_ = id.signalGroup(sig)
	if id.waitGone(grace) {
		return true
	}
	_ = id.signalGroup(syscall.SIGKILL)
	return id.waitGone(5 * time.Second)
}

// WaitGone waits until the process has ended, at most for the given time.
func (id ID) waitGone(limit time.Duration) bool {
	deadline := time.Now().Add(limit)
	for id.Alive() {
		if time.Now().After(deadline) {
			return false
		}
		time.Sleep(20 * time.Millisecond) // a process that is no child cannot be waited for
	}
	return true
}

func (id ID) signalGroup(sig syscall.Signal) error {
	if id.PID <= 1 {
		return ErrGone
	}
	err := syscall.Kill(-id.PID, sig)
	if errors.Is(err, syscall.ESRCH) { // it leads no group
		if !id.Alive() {
			return ErrGone
		}
		err = syscall.Kill(id.PID, sig)
	}
	if err != nil {
		return fmt.Errorf("signal %d: %w", id.PID, err)
	}
	return nil
}
