package postgresserver_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/tools/internal/postgresserver"
)

// reachableDir is a directory that the unprivileged users of the machine can
// reach, unlike t.TempDir's, so that a test as root takes that way.
func reachableDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "rondo-postgres-test-") //nolint:usetesting // see above
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	require.NoError(t, os.Chmod(dir, 0o755))
	return filepath.Join(dir, "postgres")
}

func start(t *testing.T, o postgresserver.Options) *postgresserver.Running {
	t.Helper()
	var log bytes.Buffer
	o.Log = &log
	server, err := postgresserver.Start(t.Context(), o)
	require.NoError(t, err, "log:\n%s", &log)
	t.Cleanup(server.Stop)
	return server
}

func query[T any](t *testing.T, address, sql string) T {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	require.NoError(t, err)
	defer conn.Close(t.Context())
	var value T
	require.NoError(t, conn.QueryRow(t.Context(), sql).Scan(&value))
	return value
}

func execute(t *testing.T, address, sql string) error {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	require.NoError(t, err)
	defer conn.Close(t.Context())
	_, err = conn.Exec(t.Context(), sql)
	return err //nolint:wrapcheck // the test looks at it
}

func TestServerIsProvisioned(t *testing.T) {
	t.Parallel()
	for name, dir := range map[string]string{
		"in a place that anybody can reach": reachableDir(t),
		"in a place of the caller alone":    filepath.Join(t.TempDir(), "postgres"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "in a place of the caller alone" {
				require.NoError(t, os.Chmod(filepath.Dir(dir), 0o700))
			}
			server := start(t, postgresserver.Options{DataDir: dir, Ephemeral: true})
			t.Log(server.Describe())

			require.NoError(t, execute(t, server.URLs.Owner, `CREATE TABLE public.probe (name citext)`))
			require.NoError(t, execute(t, server.URLs.Owner, `CREATE INDEX ON public.probe USING gin ((name::text) gin_trgm_ops)`))
			require.True(t, query[bool](t, server.URLs.Owner, `SELECT 'GRÖSSE Ä'::text ILIKE '%größe ä%' OR lower('Ä') = 'ä'`),
				"the case of letters outside ASCII is known")
			for _, role := range topology.Roles() {
				address := server.URLs.Roles[role.Name]
				require.Equal(t, role.Name, query[string](t, address, `SELECT current_user::text`))
				require.Error(t, execute(t, address, `SELECT name FROM public.probe`), "no grant, no rows")
				require.Error(t, execute(t, address, `CREATE TABLE public.mine (i int)`), "only the owner makes tables")
				if role.Schema != "" {
					require.NoError(t, execute(t, address, `CREATE TABLE mine (i int)`))
					require.Equal(t, role.Schema, query[string](t, address, `SELECT schemaname::text FROM pg_tables WHERE tablename = 'mine'`))
				}
			}
		})
	}
}

func TestKilledServerStartsAgainWithAllThatWasCommitted(t *testing.T) {
	t.Parallel()
	o := postgresserver.Options{DataDir: reachableDir(t), Password: postgresserver.NewPassword()}
	first := start(t, o)
	require.NoError(t, execute(t, first.URLs.Owner, `CREATE TABLE kept AS SELECT generate_series(1, 1000) AS i`))
	require.Equal(t, "on", query[string](t, first.URLs.Owner, `SHOW fsync`))
	require.Equal(t, "on", query[string](t, first.URLs.Owner, `SHOW synchronous_commit`))
	first.Kill()
	require.FileExists(t, filepath.Join(o.DataDir, "postmaster.pid"))

	second := start(t, o)
	require.EqualValues(t, 1000, query[int64](t, second.URLs.Owner, `SELECT count(*) FROM kept`))
}

func TestLockFileOfAnotherProgramIsNoObstacle(t *testing.T) {
	t.Parallel()
	o := postgresserver.Options{DataDir: reachableDir(t), Password: postgresserver.NewPassword(), Ephemeral: true}
	start(t, o).Stop()
	// After a reboot the process id may be anybody's, here that of this test.
	lock := filepath.Join(o.DataDir, "postmaster.pid")
	require.NoError(t, os.WriteFile(lock, fmt.Appendf(nil, "%d\n%s\n", os.Getpid(), o.DataDir), 0o600))
	start(t, o)
}

func TestDirectoryOfSomethingElseIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "letter.txt"), nil, 0o600))
	_, err := postgresserver.Prepare(t.Context(), postgresserver.Options{DataDir: dir})
	require.ErrorContains(t, err, "no data directory of PostgreSQL")
	require.FileExists(t, filepath.Join(dir, "letter.txt"))
}
