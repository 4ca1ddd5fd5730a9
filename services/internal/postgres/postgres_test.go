package postgres_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/internal/postgres"
)

func TestWhatPassesByItselfAsksForAnotherTry(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err  error
		want fault.Code
	}{
		"killed":           {io.ErrUnexpectedEOF, fault.Unavailable},
		"reset":            {&net.OpError{Op: "read", Err: syscall.ECONNRESET}, fault.Unavailable},
		"shutting down":    {&pgconn.PgError{Code: "57P01"}, fault.Unavailable},
		"too many clients": {&pgconn.PgError{Code: "53300"}, fault.Unavailable},
		"deadlock":         {&pgconn.PgError{Code: "40P01"}, fault.Unavailable},
		"bad statement":    {&pgconn.PgError{Code: "42601"}, fault.Internal},
		"no rows":          {pgx.ErrNoRows, fault.Internal},
		"a fault":          {fault.New(fault.NotFound, "gone"), fault.NotFound},
	} {
		if got := fault.CodeOf(postgres.Explain(fmt.Errorf("reading: %w", test.err))); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
	if postgres.Explain(nil) != nil {
		t.Error("nothing is explained as something")
	}
	if err := errors.New("x"); !errors.Is(postgres.Explain(err), err) {
		t.Error("an unknown error does not pass")
	}
}
