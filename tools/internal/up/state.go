package up

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/rondohq/rondo/tools/internal/process"
	"github.com/rondohq/rondo/tools/internal/supervisor"
)

// Phase is how far a stack is.
type Phase string

// The phases.
const (
	PhaseStarting Phase = "starting"
	PhaseReady    Phase = "ready"
	PhaseStopping Phase = "stopping"
	PhaseFailed   Phase = "failed" // it did not start; nothing runs
	PhaseStopped  Phase = "stopped"
)

// State is what a running stack says of itself in state.json.
type State struct {
	Phase Phase  `json:"phase"`
	URL   string `json:"url"`
	// Supervisor is the process that runs the parts.
	Supervisor process.ID          `json:"supervisor"`
	PortBase   int                 `json:"port_base"`
	Kafka      string              `json:"kafka"`
	Parts      []supervisor.Status `json:"parts"`
	// Failure is set in PhaseFailed.
	Failure   *Failure  `json:"failure,omitempty"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Failure is why a stack did not start.
type Failure struct {
	Reason string `json:"reason"`
	// Part that failed, with the last lines of its log; empty when it was none.
	Part    string   `json:"part,omitempty"`
	Log     []string `json:"log,omitempty"`
	LogFile string   `json:"log_file,omitempty"`
}

func stateFile(dir string) string { return filepath.Join(dir, "state.json") }

// ReadState reads the state of the stack in dir; nil when there never was one.
func ReadState(dir string) (*State, error) {
	data, err := os.ReadFile(stateFile(dir))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil //nolint:nilnil // documented
	}
	if err != nil {
		return nil, err
	}
	var s State
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("read %s: %w", stateFile(dir), err)
	}
	return &s, nil
}

// write replaces the file in one step.
func (s *State) write(dir string) error {
	s.UpdatedAt = time.Now()
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	tmp := stateFile(dir) + ".tmp"
	if err := os.WriteFile(tmp, append(data, '\n'), 0o644); err != nil { //nolint:gosec // no secrets in it
		return err
	}
	return os.Rename(tmp, stateFile(dir))
}

// errLocked says that another process has the stack's lock.
var errLocked = errors.New("the stack is in use")

// lock takes the stack's lock; the kernel frees it when the process ends.
func lock(dir string) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errLocked
		}
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	return func() { _ = f.Close() }, nil
}

// Running says whether a supervisor runs the stack in dir.
func Running(dir string) bool {
	unlock, err := lock(dir)
	if err != nil {
		return errors.Is(err, errLocked)
	}
	unlock()
	return false
}

// stopLeftovers stops what a supervisor that was killed has left running. The
// caller holds the lock.
func stopLeftovers(dir string) ([]string, error) {
	s, err := ReadState(dir)
	if err != nil || s == nil {
		return nil, err
	}
	var stopped []string
	for _, p := range slices.Backward(s.Parts) {
		if !p.Process.Alive() {
			continue
		}
		if !p.Process.StopOther(syscall.SIGTERM, 10*time.Second) {
			return stopped, fmt.Errorf("%s (pid %d) is left over from before and does not stop", p.Name, p.Process.PID)
		}
		stopped = append(stopped, p.Name)
	}
	return stopped, nil
}

// Status is the state of the stack in dir as it really is: a supervisor that is
// gone runs nothing, whatever it wrote last.
func Status(dir string) (*State, error) {
	s, err := ReadState(dir)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return &State{Phase: PhaseStopped}, nil
	}
	if !s.Supervisor.Alive() && s.Phase != PhaseFailed {
		s.Phase = PhaseStopped
	}
	return s, nil
}

// AllReady says that the stack is up and no part is in trouble.
func (s *State) AllReady() bool {
	for _, p := range s.Parts {
		if p.State != supervisor.Ready {
			return false
		}
	}
	return s.Phase == PhaseReady
}
