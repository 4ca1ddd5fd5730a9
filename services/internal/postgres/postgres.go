// Package postgres opens the service's connection pool and runs transactions.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rondohq/rondo/platform/fault"
)

// connectTime bounds the wait for a server that does not answer; pgx waits minutes.
const connectTime = 5 * time.Second

// Open makes a pool for the connection string. It does not wait for the server:
// a service starts without it and says so in /readyz.
func Open(ctx context.Context, url string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("reading the connection string: %w", err)
	}
	config.MaxConns = max(config.MaxConns, 16)
	if config.ConnConfig.ConnectTimeout == 0 || config.ConnConfig.ConnectTimeout > connectTime {
		config.ConnConfig.ConnectTimeout = connectTime
	}
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

// Explain turns an error of the connection, or one that another try may not meet,
// into fault.Unavailable, so that the caller is told to try again; other errors pass.
func Explain(err error) error {
	if err == nil {
		return nil
	}
	if _, isFault := errors.AsType[*fault.Error](err); isFault {
		return err
	}
	if passing(err) {
		return fault.New(fault.Unavailable, "The database is away for a moment. Please try again.").Because("database_unavailable", err)
	}
	return err
}

// passing is true when the server cannot be reached, has broken the connection off,
// or says itself that it is a matter of the moment: the classes 08 connection, 40
// rollback, 53 resources and 57P operator (PostgreSQL manual, appendix A).
func passing(err error) bool {
	if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok {
		return slices.ContainsFunc([]string{"08", "40", "53", "57P"}, func(class string) bool {
			return strings.HasPrefix(pgErr.Code, class)
		})
	}
	_, connecting := errors.AsType[*pgconn.ConnectError](err)
	_, network := errors.AsType[*net.OpError](err)
	return connecting || network || pgconn.SafeToRetry(err) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}

// Violates tells whether err is the violation of the named constraint or unique index.
func Violates(err error, constraint string) bool {
	pgErr, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pgErr.ConstraintName == constraint
}
