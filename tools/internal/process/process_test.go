package process_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/tools/internal/process"
)

// envParent makes the test binary a parent that starts a child, says the child's
// process id, and waits to be killed.
const envParent = "RONDO_TEST_PARENT"

func TestMain(m *testing.M) {
	if os.Getenv(envParent) != "" {
		child, err := process.Start(exec.Command("sleep", "600"), syscall.SIGKILL)
		if err != nil {
			panic(err)
		}
		fmt.Fprintln(os.Stdout, child.PID)
		select {}
	}
	os.Exit(m.Run())
}

func start(t *testing.T, args ...string) *process.Process {
	t.Helper()
	p, err := process.Start(exec.Command(args[0], args[1:]...), syscall.SIGKILL)
	require.NoError(t, err)
	t.Cleanup(func() { p.Stop(syscall.SIGKILL, time.Minute) })
	return p
}

func TestChildDiesWithItsParent(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells a child that its parent died; elsewhere the next start cleans up")
	}
	parent := exec.CommandContext(t.Context(), os.Args[0])
	parent.Env = append(os.Environ(), envParent+"=1")
	out, err := parent.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, parent.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	var pid int
	_, err = fmt.Sscan(line, &pid)
	require.NoError(t, err)
	child, err := process.Identify(pid)
	require.NoError(t, err)

	require.NoError(t, parent.Process.Kill())
	_ = parent.Wait() // killed
	require.Eventually(t, func() bool { return !child.Alive() }, 20*time.Second, time.Millisecond)
}

func TestIDOfAnEndedProcessIsGone(t *testing.T) {
	t.Parallel()
	p := start(t, "true")
	<-p.Done()
	require.NoError(t, p.Err())
	require.False(t, p.Alive())
	_, err := process.Identify(p.PID)
	require.ErrorIs(t, err, process.ErrGone)
	require.True(t, p.StopOther(syscall.SIGTERM, time.Second), "there is nothing to stop")
}

func TestAnotherProcessOfTheSamePIDIsNotTouched(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells when a process began")
	}
	p := start(t, "sleep", "600")
	before := process.ID{PID: p.PID, StartTime: p.StartTime - 1} // had it been reused
	require.False(t, before.Alive())
	require.True(t, before.StopOther(syscall.SIGKILL, time.Second))
	require.True(t, p.Alive())
	require.True(t, p.StopOther(syscall.SIGTERM, 20*time.Second))
}
