// Package migrations holds the database's schema and applies it, together with
// the grants that the topology states.
package migrations

import (
	"context"
	"embed"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/rondohq/rondo/platform/topology"
)

//go:embed *.sql
var files embed.FS

// Apply brings the database that ownerURL names up to date and sets the grants of
// every role. The roles themselves exist already: who runs the server makes them.
// It is safe to call at any time and from several processes.
func Apply(ctx context.Context, ownerURL string) error {
	pool, err := pgxpool.New(ctx, ownerURL)
	if err != nil {
		return fmt.Errorf("reading the owner's connection string: %w", err)
	}
	defer pool.Close()

	// goose speaks database/sql; the lock keeps two migrations from meeting.
	db := stdlib.OpenDBFromPool(pool)
	defer db.Close()
	lock, err := pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("connecting to the database: %w", err)
	}
	defer lock.Release()
	if _, err := lock.Exec(ctx, `SELECT pg_advisory_lock(hashtext('rondo migrations'))`); err != nil {
		return fmt.Errorf("waiting for another migration: %w", err)
	}
	defer func() { _, _ = lock.Exec(ctx, `SELECT pg_advisory_unlock_all()`) }()

	provider, err := goose.NewProvider(goose.DialectPostgres, db, files)
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrating: %w", err)
	}
	return pgx.BeginFunc(ctx, lock, func(tx pgx.Tx) error { return grant(ctx, tx) })
}

// grant replaces what each role may do by what the topology says.
func grant(ctx context.Context, tx pgx.Tx) error {
	for _, role := range topology.Roles() {
		if err := ensureSchema(ctx, tx, role); err != nil {
			return err
		}
		name := pgx.Identifier{role.Name}.Sanitize()
		statements := []string{"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM " + name}
		for _, g := range role.Grants {
			table := pgx.Identifier{g.Table}.Sanitize()
			for _, privilege := range g.Privileges {
				statements = append(statements, "GRANT "+string(privilege)+columns(g.Columns)+" ON "+table+" TO "+name)
			}
		}
		for _, statement := range statements {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return fmt.Errorf("granting (%s): %w", statement, err)
			}
		}
	}
	return nil
}

// ensureSchema gives a role the schema of its own, where whoever runs the server has
// not done so: a managed one makes roles and databases, and no more.
func ensureSchema(ctx context.Context, tx pgx.Tx, role topology.Role) error {
	var exists bool
	const find = `SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)`
	if err := tx.QueryRow(ctx, find, role.Schema).Scan(&exists); err != nil {
		return fmt.Errorf("looking for the schema of %s: %w", role.Name, err)
	}
	if role.Schema == "" || exists {
		return nil
	}
	schema := pgx.Identifier{role.Schema}.Sanitize()
	for _, statement := range []string{
		"CREATE SCHEMA " + schema,
		"GRANT USAGE, CREATE ON SCHEMA " + schema + " TO " + pgx.Identifier{role.Name}.Sanitize(),
	} {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return fmt.Errorf("making the schema of %s (%s): %w", role.Name, statement, err)
		}
	}
	return nil
}

func columns(names []string) string {
	if len(names) == 0 {
		return ""
	}
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = pgx.Identifier{name}.Sanitize()
	}
	return " (" + strings.Join(quoted, ", ") + ")"
}
