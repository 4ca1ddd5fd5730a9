package up

import (
	"bytes"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/tools/internal/process"
	"github.com/rondohq/rondo/tools/internal/supervisor"
)

func sleeper(t *testing.T) *process.Process {
	t.Helper()
	p, err := process.Start(exec.CommandContext(t.Context(), "sleep", "600"), syscall.SIGKILL)
	require.NoError(t, err)
	t.Cleanup(func() { p.Stop(syscall.SIGKILL, time.Minute) })
	return p
}

func TestLeftoversOfAKilledSupervisorAreStoppedAndNothingElse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	left, bystander := sleeper(t), sleeper(t)
	reused := bystander.ID
	reused.StartTime-- // the part had this process id once
	state := State{Phase: PhaseReady, Supervisor: process.ID{PID: 1 << 30}, Parts: []supervisor.Status{
		{Name: "api", State: supervisor.Ready, Process: left.ID},
		{Name: "kafka", State: supervisor.Ready, Process: reused},
		{Name: "build", State: supervisor.Ready, Task: true},
	}}
	require.NoError(t, state.write(dir))

	stopped, err := stopLeftovers(dir)
	require.NoError(t, err)
	require.Equal(t, []string{"api"}, stopped)
	require.False(t, left.Alive())
	require.True(t, bystander.Alive())
}

func TestStatusDoesNotBelieveASupervisorThatIsGone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	none, err := Status(dir)
	require.NoError(t, err)
	require.Equal(t, PhaseStopped, none.Phase)

	state := State{Phase: PhaseReady, Supervisor: process.Self()}
	require.NoError(t, state.write(dir))
	alive, err := Status(dir)
	require.NoError(t, err)
	require.Equal(t, PhaseReady, alive.Phase)
	require.True(t, alive.AllReady())

	state.Supervisor.StartTime--
	require.NoError(t, state.write(dir))
	gone, err := Status(dir)
	require.NoError(t, err)
	require.Equal(t, PhaseStopped, gone.Phase)
	require.False(t, gone.AllReady())
}

func TestOneSupervisorPerDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.False(t, Running(dir))
	unlock, err := lock(dir)
	require.NoError(t, err)
	require.True(t, Running(dir))
	_, err = lock(dir)
	require.ErrorIs(t, err, errLocked)
	unlock()
	require.False(t, Running(dir))
}

func TestDownOfNothingSaysSo(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, Down(t.Context(), t.TempDir(), &out))
	require.Equal(t, "Rondo is not running.\n", out.String())
}

func TestScreenWithoutATerminalPrintsChangesOnce(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := newScreen(&out)
	starting := supervisor.Status{Name: "kafka", State: supervisor.Starting, Since: time.Now()}
	ready := supervisor.Status{Name: "kafka", State: supervisor.Ready, Took: 1500 * time.Millisecond}
	s.Update([]supervisor.Status{{Name: "kafka", State: supervisor.Waiting}})
	s.Update([]supervisor.Status{starting})
	s.Update([]supervisor.Status{starting})
	s.Update([]supervisor.Status{ready})
	s.Update([]supervisor.Status{ready})
	s.Failed(Failure{Part: "api", Reason: "ended: exit status 1", Log: []string{"no database"}, LogFile: "logs/api.log"})
	require.Equal(t, "… kafka                starting\n"+
		"✓ kafka                ready in 1.5 s\n"+
		"\n✗ api: ended: exit status 1\n  its last lines, from logs/api.log:\n  | no database\n", out.String())
}
