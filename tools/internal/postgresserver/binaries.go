package postgresserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	embedded "github.com/fergusstrange/embedded-postgres"

	"github.com/rondohq/rondo/tools/internal/ports"
	"github.com/rondohq/rondo/tools/internal/toolchain"
)

// EnvPostgres set to "embedded" downloads PostgreSQL even where the machine has it.
const EnvPostgres = "RONDO_POSTGRES"

// embeddedVersion is what is downloaded where the machine has no PostgreSQL.
const embeddedVersion = embedded.V17

// minVersion is the oldest major version that the migrations are tested with.
const minVersion = 14

// binaries finds the directory with initdb and postgres. A data directory of
// major version want (0: none yet) can only be served by that version.
func binaries(want int, log io.Writer) (string, error) {
	forced := os.Getenv(EnvPostgres) == "embedded"
	if !forced {
		for _, dir := range candidates() {
			v, err := versionOf(dir)
			if err == nil && v >= minVersion && (want == 0 || v == want) {
				return dir, nil
			}
		}
	}
	dir, err := embeddedBinaries(log)
	if err != nil {
		return "", fmt.Errorf("no PostgreSQL of version %d or newer is installed, and the download failed: %w", max(want, minVersion), err)
	}
	if v, err := versionOf(dir); err == nil && want != 0 && v != want {
		return "", fmt.Errorf("the data is of PostgreSQL %d, which is not installed; install it, or remove the data directory", want)
	}
	return dir, nil
}

// candidates are the directories that may hold PostgreSQL's programs: PATH's
// first, then Debian's, Red Hat's and Homebrew's, each newest first.
func candidates() []string {
	var dirs []string
	if path, err := exec.LookPath("initdb"); err == nil {
		if target, err := filepath.EvalSymlinks(path); err == nil {
			dirs = append(dirs, filepath.Dir(target))
		}
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",
		"/usr/pgsql-*/bin",
		"/opt/homebrew/opt/postgresql*/bin",
		"/usr/local/opt/postgresql*/bin",
		"/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
		"/usr/libexec/postgresql*",
	} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			continue
		}
		slices.SortFunc(found, func(a, b string) int { return numberIn(b) - numberIn(a) })
		dirs = append(dirs, found...)
	}
	return dirs
}

// numberIn is the first number in a path, such as the 15 of /usr/lib/postgresql/15/bin.
func numberIn(path string) int {
	digits := strings.FieldsFunc(path, func(r rune) bool { return r < '0' || r > '9' })
	if len(digits) == 0 {
		return 0
	}
	n, err := strconv.Atoi(digits[0])
	if err != nil {
		return 0
	}
	return n
}

// versionOf is the major version of the server in dir, which has to be complete:
// a machine may have the client's programs alone.
func versionOf(dir string) (int, error) {
	if _, err := os.Stat(filepath.Join(dir, "initdb")); err != nil {
		return 0, err
	}
	out, err := exec.CommandContext(context.Background(), filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return 0, err
	}
	// postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)
	_, version, ok := strings.Cut(string(out), "(PostgreSQL) ")
	if !ok {
		return 0, fmt.Errorf("unexpected version %q", out)
	}
	return numberIn(version), nil
}

// embeddedBinaries downloads PostgreSQL once and unpacks it into the cache.
//
// The library can only fetch as part of a start, and a start is not wanted here:
// it cannot run as root. So it is given a data directory that looks initialised
// and holds nothing, which ends the start right after the unpacking.
func embeddedBinaries(log io.Writer) (string, error) {
	cache, err := toolchain.CacheDir()
	if err != nil {
		return "", err
	}
	home := filepath.Join(filepath.Dir(cache), "postgres", string(embeddedVersion))
	bin := filepath.Join(home, "bin")
	if _, err := versionOf(bin); err == nil {
		return bin, nil
	}
	fmt.Fprintf(log, "downloading PostgreSQL %s, once\n", embeddedVersion)
	tmp, err := os.MkdirTemp("", "rondo-postgres-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(tmp)
	data := filepath.Join(tmp, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		return "", err
	}
	major, _, _ := strings.Cut(string(embeddedVersion), ".")
	if err := os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte(major+"\n"), 0o600); err != nil {
		return "", err
	}
	port, err := ports.Free()
	if err != nil {
		return "", err
	}
	started := embedded.NewDatabase(embedded.DefaultConfig().
		Version(embeddedVersion).
		Port(uint32(port)).
		CachePath(filepath.Join(filepath.Dir(cache), "postgres")).
		BinariesPath(home).
		RuntimePath(filepath.Join(tmp, "run")).
		DataPath(data).
		Logger(io.Discard)).Start()
	if _, err := versionOf(bin); err != nil {
		return "", errors.Join(started, err)
	}
	return bin, nil
}
