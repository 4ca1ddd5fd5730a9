package enginetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/tools/internal/reconcile"
)

// reconcile runs the command as a person or a pipeline does, and returns what it
// has printed and its exit code.
func (b *testBundle) reconcile(t *testing.T, args ...string) (reconcile.Report, int) {
	t.Helper()
	cmd := b.command(t, append([]string{"reconcile", "--stack", b.name, "--dir", b.dir, "--output", "json"}, args...)...)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	err := cmd.Run()
	code := cmd.ProcessState.ExitCode()
	if _, exited := errors.AsType[*exec.ExitError](err); !exited {
		require.NoError(t, err)
	}
	require.NotEqual(t, 1, code, complaints.String())
	var report reconcile.Report
	require.NoError(t, json.Unmarshal(out.Bytes(), &report), out.String())
	require.Equal(t, b.name, report.Stack)
	return report, code
}

// deployed runs the command that says what was deployed last.
func (b *testBundle) deployed(t *testing.T, args ...string) (string, error) {
	t.Helper()
	out, err := b.command(t, append([]string{"deployed", "--stack", b.name, "--dir", b.dir}, args...)...).Output()
	return strings.TrimSpace(string(out)), err //nolint:wrapcheck // the test looks at it
}

// rotate runs the command that makes new secrets.
func (b *testBundle) rotate(t *testing.T, args ...string) {
	t.Helper()
	out, err := b.command(t, append([]string{"rotate", "--stack", b.name, "--dir", b.dir}, args...)...).CombinedOutput()
	require.NoError(t, err, string(out))
	require.Contains(t, string(out), "Commit Pulumi."+b.name+".yaml")
}

func (b *testBundle) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), stackProgram, args...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(pulumiProgram)+string(os.PathListSeparator)+os.Getenv("PATH"))
	for key, value := range b.Env {
		cmd.Env = append(cmd.Env, key+"="+value)
	}
	return cmd
}
