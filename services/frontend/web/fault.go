package web

import (
	"errors"
	"strconv"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/frontend/session"
	"github.com/rondohq/rondo/services/internal/problem"
)

func asFault(err error) *fault.Error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f
	}
	return fault.New(fault.Internal, "").Because("", err)
}

func statusOf(err error) int { return problem.Status(fault.CodeOf(err)) }

// version is the version that a form was made from; 0, which is any, when it says
// nothing sensible.
func version(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

func isNone(err error) bool { return errors.Is(err, session.ErrNone) }
