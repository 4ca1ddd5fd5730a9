// Package postgrestest gives a test a migrated database on a real PostgreSQL.
package postgrestest

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/services/internal/postgres"
	"github.com/rondohq/rondo/services/migrations"
)

// server is what `rondo postgres --ephemeral` prints when it is ready.
type server struct {
	OwnerURL string            `json:"owner_url"`
	URLs     map[string]string `json:"urls"` // by role
}

// lifeline is the server's standard input. It is never closed on purpose, and must
// not be by the garbage collector, so it is kept.
var lifeline io.Closer //nolint:unused // to be held is its use

// start runs one server per test binary. It ends with the binary, whose death
// closes its standard input. RONDO_TEST_POSTGRES describes one that runs already,
// in the words that rondo prints, for many packages to share.
var start = sync.OnceValues(func() (server, error) {
	if shared := os.Getenv("RONDO_TEST_POSTGRES"); shared != "" {
		return parse([]byte(shared))
	}
	_, file, _, _ := runtime.Caller(0)
	tools := filepath.Join(filepath.Dir(file), "..", "..", "..", "..", "tools")
	cmd := exec.Command("go", "run", "./cmd/rondo", "postgres", "--ephemeral")
	cmd.Dir = tools
	var complaints strings.Builder
	cmd.Stderr = &complaints
	var err error
	if lifeline, err = cmd.StdinPipe(); err != nil {
		return server{}, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return server{}, err
	}
	if err := cmd.Start(); err != nil {
		return server{}, err
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		return server{}, fmt.Errorf("rondo postgres --ephemeral did not start: %w\n%s", err, complaints.String())
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return parse(line)
})

func parse(line []byte) (server, error) {
	var s server
	if err := json.Unmarshal(line, &s); err != nil {
		return server{}, fmt.Errorf("reading the description of a server, %q: %w", line, err)
	}
	return s, nil
}

var databases atomic.Int64

// Database is a fresh, migrated database of one test.
type Database struct {
	OwnerURL string
	urls     map[string]string
}

// New makes a database; it is dropped when the test ends.
func New(tb testing.TB) *Database {
	tb.Helper()
	if testing.Short() {
		tb.Skip("needs a PostgreSQL server; -short leaves it out")
	}
	s, err := start()
	if err != nil {
		tb.Fatal(err)
	}
	name := fmt.Sprintf("test_%d_%d", os.Getpid(), databases.Add(1))
	ctx := tb.Context()
	admin, err := pgx.Connect(ctx, s.OwnerURL)
	if err != nil {
		tb.Fatalf("connecting to the test server: %v", err)
	}
	defer admin.Close(ctx)
	if _, err := admin.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		tb.Fatalf("making a database: %v", err)
	}
	rename := func(text string) string {
		u, err := url.Parse(text)
		if err != nil {
			tb.Fatalf("the test server's address: %v", err)
		}
		u.Path = "/" + name
		return u.String()
	}
	// Those who still hold a connection do so in vain.
	tb.Cleanup(func() { drop(s.OwnerURL, name) })
	db := &Database{OwnerURL: rename(s.OwnerURL), urls: map[string]string{}}
	for role, address := range s.URLs {
		db.urls[role] = rename(address)
	}
	if err := migrations.Apply(ctx, db.OwnerURL); err != nil {
		tb.Fatal(err)
	}
	return db
}

func drop(ownerURL, name string) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	admin, err := pgx.Connect(ctx, ownerURL)
	if err != nil {
		return // the server is gone, and the database with it
	}
	defer admin.Close(ctx)
	_, _ = admin.Exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
}

// Pool is a pool with the rights of the service's role.
func (db *Database) Pool(tb testing.TB, service topology.Service) *pgxpool.Pool {
	tb.Helper()
	for _, role := range topology.Roles() {
		if role.Secret.Name == service.Database().Name {
			return open(tb, db.urls[role.Name])
		}
	}
	tb.Fatalf("%s has no role", service.Name)
	return nil
}

// Owner is a pool with all rights, for looking and for arranging.
func (db *Database) Owner(tb testing.TB) *pgxpool.Pool {
	tb.Helper()
	return open(tb, db.OwnerURL)
}

func open(tb testing.TB, address string) *pgxpool.Pool {
	tb.Helper()
	pool, err := postgres.Open(tb.Context(), address)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(pool.Close)
	return pool
}
