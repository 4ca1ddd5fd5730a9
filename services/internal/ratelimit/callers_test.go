package ratelimit_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/internal/ratelimit"
)

func TestProgramsAreBoundedByAddressAndByUser(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.November, 25, 10, 0, 0, 0, time.UTC)
	callers := ratelimit.ForPrograms(func() time.Time { return now })
	// until is how often a caller is answered before the first refusal.
	until := func(from ratelimit.Caller) (n int) {
		for callers.Take(from) == nil {
			n++
		}
		return n
	}
	stranger := ratelimit.Caller{Address: "192.0.2.1:1000"}
	ada := ratelimit.Caller{UserID: uuid.MustParse("019a0000-0000-7000-8000-000000000001"), Address: stranger.Address}
	require.Equal(t, 20_000, until(stranger))
	require.Equal(t, 100_000, until(ada), "a user is not bound by the address")

	err := callers.Take(ratelimit.Caller{Address: "192.0.2.1:2000"})
	require.Equal(t, fault.RateLimited, fault.CodeOf(err), "another port is the same place")
	require.NoError(t, callers.Take(ratelimit.Caller{Address: "192.0.2.2:1000"}), "another address has its own bounds")

	now = now.Add(time.Second)
	require.Equal(t, 200, until(stranger))
	require.Equal(t, 1000, until(ada))
}
