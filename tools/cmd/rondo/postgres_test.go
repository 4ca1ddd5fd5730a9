package main

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/tools/internal/postgresserver"
)

// envRun makes the test binary rondo itself; envParent makes it a program that
// wants a throw-away server and prints what it was told.
const (
	envRun    = "RONDO_TEST_RUN"
	envParent = "RONDO_TEST_PARENT"
)

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(envRun) != "":
		os.Exit(run())
	case os.Getenv(envParent) != "":
		parent()
	}
	os.Exit(m.Run())
}

// parent starts the server like the services' tests do: with pipes of its own.
func parent() {
	cmd := exec.Command(os.Args[0], "postgres", "--ephemeral")
	cmd.Env = append(os.Environ(), envRun+"=1")
	lifeline, err := cmd.StdinPipe()
	if err != nil {
		panic(err)
	}
	complaints, err := cmd.StderrPipe()
	if err != nil {
		panic(err)
	}
	cmd.Stdout = os.Stdout
	if err := cmd.Start(); err != nil {
		panic(err)
	}
	_, _ = complaints, lifeline // held until this process is killed
	select {}
}

func TestEphemeralServerLeavesNothingWhenItsParentIsKilled(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("needs a PostgreSQL server; -short leaves it out")
	}
	// Not t.TempDir: its parents are for the caller alone, and a server that is
	// started by root runs as another user.
	temp, err := os.MkdirTemp("", "rondo-test-") //nolint:usetesting // see above
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(temp) })
	require.NoError(t, os.Chmod(temp, 0o755))
	// What an earlier one, killed itself, has left.
	old := filepath.Join(temp, ephemeralPrefix+"old")
	require.NoError(t, os.MkdirAll(filepath.Join(old, "data"), 0o750))
	require.NoError(t, os.WriteFile(filepath.Join(old, "lock"), nil, 0o600))

	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), envParent+"=1", "TMPDIR="+temp)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadBytes('\n')
	require.NoError(t, err)
	var urls postgresserver.URLs
	require.NoError(t, json.Unmarshal(line, &urls))
	require.NoDirExists(t, old)
	for _, role := range topology.Roles() {
		conn, err := pgx.Connect(t.Context(), urls.Roles[role.Name])
		require.NoError(t, err)
		require.NoError(t, conn.Close(t.Context()))
	}

	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait() // killed
	require.Eventually(t, func() bool {
		left, err := os.ReadDir(temp)
		if err != nil || len(left) > 0 {
			return false
		}
		_, err = pgx.Connect(t.Context(), urls.Owner)
		return err != nil
	}, 30*time.Second, 20*time.Millisecond)
}
