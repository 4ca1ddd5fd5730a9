// Package postgres opens the service's connection pool and runs transactions.
package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rondohq/rondo/platform/fault"
)

// Open makes a pool for the connection string. It does not wait for the server:
// a service starts without it and says so in /readyz.
func Open(ctx context.Context, url string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("reading the connection string: %w", err)
	}
	config.MaxConns = max(config.MaxConns, 16)
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("making the connection pool: %w", err)
	}
	return pool, nil
}

// InTx runs do in a transaction, which commits when do returns nil. Being away,
// the server makes the error fault.Unavailable.
func InTx(ctx context.Context, pool *pgxpool.Pool, do func(pgx.Tx) error) error {
	return Explain(pgx.BeginFunc(ctx, pool, do))
}

// Explain turns an error of the connection into fault.Unavailable, so that the
// caller is told to try again; other errors pass.
func Explain(err error) error {
	if err == nil {
		return nil
	}
	if _, isFault := errors.AsType[*fault.Error](err); isFault {
		return err
	}
	if _, isServer := errors.AsType[*pgconn.ConnectError](err); isServer || pgconn.SafeToRetry(err) || shuttingDown(err) {
		return fault.New(fault.Unavailable, "The database is away for a moment. Please try again.").Because("database_unavailable", err)
	}
	return err
}

// shuttingDown is true for what a server says while it stops or starts
// (PostgreSQL manual, appendix A, class 57).
func shuttingDown(err error) bool {
	pgErr, ok := errors.AsType[*pgconn.PgError](err)
	return ok && len(pgErr.Code) == 5 && pgErr.Code[:3] == "57P"
}

// Violates tells whether err is the violation of the named constraint or unique index.
func Violates(err error, constraint string) bool {
	pgErr, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pgErr.ConstraintName == constraint
}
