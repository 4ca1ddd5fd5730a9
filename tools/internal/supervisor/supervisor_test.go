package supervisor_test

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
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/tools/internal/process"
	"github.com/rondohq/rondo/tools/internal/supervisor"
)

// testBundle is a supervisor of small real processes and what it has said.
type testBundle struct {
	*supervisor.Supervisor

	dir string

	mu      sync.Mutex
	history []string // "part state", each change once
}

// patient is how long a test waits for what has to happen.
const patient = 20 * time.Second

func setup(t *testing.T, limits supervisor.Limits, parts ...supervisor.Part) *testBundle {
	t.Helper()
	b := &testBundle{dir: t.TempDir()}
	limits.Poll = 5 * time.Millisecond
	limits.FirstBackoff = max(limits.FirstBackoff, 5*time.Millisecond)
	b.Supervisor = supervisor.New(parts, b.log, limits, b.changed)
	t.Cleanup(b.Stop)
	return b
}

func (b *testBundle) log(part string) string { return filepath.Join(b.dir, part+".log") }

func (b *testBundle) changed(statuses []supervisor.Status) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, st := range statuses {
		change := st.Name + " " + string(st.State)
		last := ""
		for _, h := range b.history {
			if strings.HasPrefix(h, st.Name+" ") {
				last = h
			}
		}
		if change != last {
			b.history = append(b.history, change)
		}
	}
}

// index is when a change happened; -1 when it has not.
func (b *testBundle) index(change string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Index(b.history, change)
}

func (b *testBundle) status(name string) supervisor.Status {
	all := b.Statuses()
	return all[slices.IndexFunc(all, func(s supervisor.Status) bool { return s.Name == name })]
}

func shell(script string) func(context.Context) (*exec.Cmd, error) {
	return func(context.Context) (*exec.Cmd, error) {
		return exec.Command("sh", "-c", script), nil
	}
}

func atOnce(context.Context) error { return nil }

func TestPartsStartInOrderAndStopInReverse(t *testing.T) {
	t.Parallel()
	b := setup(t, supervisor.Limits{},
		supervisor.Part{Name: "database", Command: shell("exec sleep 60"), Ready: atOnce},
		supervisor.Part{Name: "migrations", After: []string{"database"}, Task: func(_ context.Context, say func(string), log io.Writer) error {
			say("half way")
			_, err := io.WriteString(log, "migrated\n")
			return err
		}},
		supervisor.Part{Name: "api", After: []string{"migrations", "database"}, Command: shell("exec sleep 60"), Ready: atOnce},
	)
	require.NoError(t, b.Start(t.Context()))
	require.Less(t, b.index("database ready"), b.index("migrations starting"))
	require.Less(t, b.index("migrations ready"), b.index("api starting"))
	require.Equal(t, []string{"migrated"}, supervisor.LastLines(b.log("migrations"), 5))
	database, api := b.status("database").Process, b.status("api").Process
	require.True(t, database.Alive())
	require.True(t, api.Alive())

	b.Stop()
	require.Less(t, b.index("api stopped"), b.index("database stopping"))
	require.False(t, database.Alive())
	require.False(t, api.Alive())
}

func TestPartThatDiesIsStartedAgainAndOthersAreLeftAlone(t *testing.T) {
	t.Parallel()
	b := setup(t, supervisor.Limits{},
		supervisor.Part{Name: "broker", Command: shell("exec sleep 60"), Ready: atOnce},
		supervisor.Part{Name: "sidecar", After: []string{"broker"}, Command: shell("exec sleep 60"), Ready: atOnce},
	)
	require.NoError(t, b.Start(t.Context()))
	sidecar := b.status("sidecar").Process
	for restarts := 1; restarts <= 3; restarts++ {
		before := b.status("broker").Process
		require.NoError(t, syscall.Kill(before.PID, syscall.SIGKILL))
		require.Eventually(t, func() bool {
			now := b.status("broker")
			return now.State == supervisor.Ready && now.Restarts == restarts && now.Process != before
		}, patient, time.Millisecond)
	}
	require.Equal(t, sidecar, b.status("sidecar").Process)
	require.Contains(t, strings.Join(supervisor.LastLines(b.log("broker"), 5), "\n"), "signal: killed")
}

func TestPausesGrow(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var pauses []string
	s := supervisor.New([]supervisor.Part{{Name: "dying", Command: shell("exit 3"), Ready: never}},
		func(string) string { return filepath.Join(t.TempDir(), "log") },
		supervisor.Limits{Attempts: 5, FirstBackoff: 2 * time.Millisecond, MaxBackoff: 5 * time.Millisecond, Poll: time.Millisecond},
		func(statuses []supervisor.Status) {
			if st := statuses[0]; st.State == supervisor.Restarting {
				mu.Lock()
				defer mu.Unlock()
				pauses = append(pauses, st.Detail)
			}
		})
	defer s.Stop()
	require.Error(t, s.Start(t.Context()))
	mu.Lock()
	defer mu.Unlock()
	require.Equal(t, []string{
		"ended: exit status 3; again in 2ms", "ended: exit status 3; again in 4ms",
		"ended: exit status 3; again in 5ms", "ended: exit status 3; again in 5ms",
	}, pauses)
}

func never(context.Context) error { return errors.New("not yet") }

func TestPartThatNeverGetsReadyFailsWithItsLastWords(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		part supervisor.Part
		want string
	}{
		"it ends each time":   {supervisor.Part{Command: shell("echo no configuration; exit 7"), Ready: never}, "exit status 7"},
		"it never says ready": {supervisor.Part{Command: shell("echo no configuration; exec sleep 60"), Ready: never}, "not yet"},
		"it does not exist": {supervisor.Part{Command: func(context.Context) (*exec.Cmd, error) {
			return exec.Command("/nonexistent"), nil
		}, Ready: never}, "no such file"},
		"a task fails": {supervisor.Part{Task: func(_ context.Context, _ func(string), log io.Writer) error {
			fmt.Fprintln(log, "no configuration")
			return errors.New("refused")
		}}, "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			part := test.part
			part.Name = "broken"
			b := setup(t, supervisor.Limits{Attempts: 2, Start: 200 * time.Millisecond}, part)
			err := b.Start(t.Context())
			failure, ok := errors.AsType[*supervisor.PartError](err)
			require.True(t, ok, "%v", err)
			require.Equal(t, "broken", failure.Part)
			require.ErrorContains(t, failure, test.want)
			require.Equal(t, supervisor.Failed, b.status("broken").State)
			if name != "it does not exist" {
				require.Contains(t, failure.Log, "no configuration")
			}
		})
	}
}

func TestStopKillsWhatIgnoresTheSignalAndItsChildren(t *testing.T) {
	t.Parallel()
	b := setup(t, supervisor.Limits{Stop: 50 * time.Millisecond})
	pidFile := filepath.Join(b.dir, "child.pid")
	s := supervisor.New([]supervisor.Part{{
		Name:    "stubborn",
		Command: shell(fmt.Sprintf(`trap "" TERM; sleep 60 & echo $! > %s; while :; do wait; done`, pidFile)),
		Ready: func(context.Context) error {
			if info, err := os.Stat(pidFile); err != nil || info.Size() == 0 {
				return errors.New("not yet")
			}
			return nil
		},
	}}, b.log, supervisor.Limits{Stop: 50 * time.Millisecond, Poll: time.Millisecond}, nil)
	require.NoError(t, s.Start(t.Context()))
	parent := s.Statuses()[0].Process
	data, err := os.ReadFile(pidFile)
	require.NoError(t, err)
	var pid int
	_, err = fmt.Sscan(string(data), &pid)
	require.NoError(t, err)
	child, err := process.Identify(pid)
	require.NoError(t, err)

	s.Stop()
	require.False(t, parent.Alive())
	require.Eventually(t, func() bool { return !child.Alive() }, patient, time.Millisecond)
	require.Contains(t, strings.Join(supervisor.LastLines(b.log("stubborn"), 5), "\n"), "was killed")
}

func TestStartEndsWithItsContextAndStopLeavesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t, supervisor.Limits{},
		supervisor.Part{Name: "slow", Command: shell("exec sleep 60"), Ready: never},
		supervisor.Part{Name: "after", After: []string{"slow"}, Command: shell("exec sleep 60"), Ready: atOnce},
	)
	ctx, cancel := context.WithCancel(t.Context())
	started := make(chan error, 1)
	go func() { started <- b.Start(ctx) }()
	require.Eventually(t, func() bool { return b.status("slow").Process.PID != 0 }, patient, time.Millisecond)
	slow := b.status("slow").Process
	cancel()
	require.ErrorIs(t, <-started, context.Canceled)
	b.Stop()
	require.False(t, slow.Alive())
	require.Equal(t, supervisor.Waiting, b.status("after").State)
}
