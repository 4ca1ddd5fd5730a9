package postgresserver

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/rondohq/rondo/platform/topology"
)

// Owner is the role that owns the database and runs migrations.
const Owner = "rondo_owner"

// extensions that the schema uses; only a superuser may create them everywhere.
var extensions = []string{"citext", "pg_trgm"}

// Passwords of the owner and of the roles, by role.
type Passwords map[string]string

// NewPasswords generates all that are needed.
func NewPasswords() Passwords {
	p := Passwords{Owner: NewPassword()}
	for _, r := range topology.Roles() {
		p[r.Name] = NewPassword()
	}
	return p
}

// NewPassword is 26 random letters and digits, 130 bits.
func NewPassword() string { return rand.Text() }

// URLs are connection strings.
type URLs struct {
	Owner string `json:"owner_url"`
	// Roles by name.
	Roles map[string]string `json:"urls"`
}

// Provision makes the database, its owner, the roles with their passwords, the
// schemas that roles own, and the extensions, as far as they are missing. admin
// connects a superuser, or one that may create roles and databases. The tables
// and the grants on them are the migrations' work.
func Provision(ctx context.Context, admin string, passwords Passwords) (URLs, error) {
	urls, err := connections(admin, passwords)
	if err != nil {
		return URLs{}, err
	}
	server, err := pgx.Connect(ctx, admin)
	if err != nil {
		return URLs{}, fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	defer server.Close(ctx)
	roles := []string{Owner}
	for _, r := range topology.Roles() {
		roles = append(roles, r.Name)
	}
	for _, name := range roles {
		if err := ensureRole(ctx, server, name, passwords[name]); err != nil {
			return URLs{}, fmt.Errorf("role %s: %w", name, err)
		}
	}
	if err := ensureDatabase(ctx, server); err != nil {
		return URLs{}, fmt.Errorf("database %s: %w", topology.Database, err)
	}
	inside, err := withDatabase(admin, topology.Database)
	if err != nil {
		return URLs{}, err
	}
	database, err := pgx.Connect(ctx, inside)
	if err != nil {
		return URLs{}, fmt.Errorf("connect to database %s: %w", topology.Database, err)
	}
	defer database.Close(ctx)
	return urls, ensureContents(ctx, database)
}

// connections are the URLs of the roles, on the server that admin connects to.
func connections(admin string, passwords Passwords) (URLs, error) {
	inside, err := withDatabase(admin, topology.Database)
	if err != nil {
		return URLs{}, err
	}
	u, err := url.Parse(inside)
	if err != nil {
		return URLs{}, fmt.Errorf("the address of PostgreSQL has to be a URL: %w", err)
	}
	as := func(role string) string {
		c := *u
		c.User = url.UserPassword(role, passwords[role])
		return c.String()
	}
	urls := URLs{Owner: as(Owner), Roles: map[string]string{}}
	for _, r := range topology.Roles() {
		urls.Roles[r.Name] = as(r.Name)
	}
	return urls, nil
}

func withDatabase(address, database string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "", fmt.Errorf("the address of PostgreSQL has to be a URL, postgres://user:password@host:port/database")
	}
	u.Path = "/" + database
	return u.String(), nil
}

func ensureRole(ctx context.Context, conn *pgx.Conn, name, password string) error {
	var exists bool
	if err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)`, name).Scan(&exists); err != nil {
		return err
	}
	verb := "CREATE"
	if exists {
		verb = "ALTER"
	}
	// Role statements take no parameters.
	_, err := conn.Exec(ctx, fmt.Sprintf(`%s ROLE %s LOGIN PASSWORD %s`, verb, identifier(name), literal(password)))
	return err
}

func ensureDatabase(ctx context.Context, conn *pgx.Conn) error {
	var exists bool
	const find = `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`
	if err := conn.QueryRow(ctx, find, topology.Database).Scan(&exists); err != nil {
		return err
	}
	if !exists {
		// An administrator who is no superuser has to be a member of the new owner.
		if _, err := conn.Exec(ctx, fmt.Sprintf(`GRANT %s TO CURRENT_USER`, identifier(Owner))); err != nil {
			return err
		}
		create := fmt.Sprintf(`CREATE DATABASE %s OWNER %s`, identifier(topology.Database), identifier(Owner))
		if _, err := conn.Exec(ctx, create); err != nil {
			return err
		}
	}
	_, err := conn.Exec(ctx, fmt.Sprintf(`REVOKE ALL ON DATABASE %s FROM PUBLIC`, identifier(topology.Database)))
	return err
}

// letOwnerCreateDatabases is for tests, each of which gets a database of its own.
func letOwnerCreateDatabases(ctx context.Context, admin string) error {
	conn, err := pgx.Connect(ctx, admin)
	if err != nil {
		return fmt.Errorf("connecting to PostgreSQL: %w", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, fmt.Sprintf(`ALTER ROLE %s CREATEDB`, identifier(Owner))); err != nil {
		return fmt.Errorf("letting the owner create databases: %w", err)
	}
	return nil
}

// ensureContents fills the database with what migrations rely on. Nobody but the
// owner may create anything in the public schema.
func ensureContents(ctx context.Context, conn *pgx.Conn) error {
	statements := []string{
		`REVOKE CREATE ON SCHEMA public FROM PUBLIC`,
		fmt.Sprintf(`GRANT ALL ON SCHEMA public TO %s`, identifier(Owner)),
	}
	for _, e := range extensions {
		statements = append(statements, `CREATE EXTENSION IF NOT EXISTS `+identifier(e)+` WITH SCHEMA public`)
	}
	database := identifier(topology.Database)
	for _, r := range topology.Roles() {
		role := identifier(r.Name)
		statements = append(statements, fmt.Sprintf(`GRANT CONNECT ON DATABASE %s TO %s`, database, role))
		if r.Schema != "" {
			statements = append(statements,
				fmt.Sprintf(`CREATE SCHEMA IF NOT EXISTS %s AUTHORIZATION %s`, identifier(r.Schema), role),
				fmt.Sprintf(`ALTER ROLE %s IN DATABASE %s SET search_path = %s`, role, database, identifier(r.Schema)),
			)
		}
	}
	for _, s := range statements {
		if _, err := conn.Exec(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

func identifier(name string) string { return pgx.Identifier{name}.Sanitize() }

func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
