package ports_test

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/tools/internal/ports"
)

func listen(t *testing.T, address string) int {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return int(netip.MustParseAddrPort(l.Addr().String()).Port())
}

func TestTakenPortIsNamedWithItsHolder(t *testing.T) {
	t.Parallel()
	mine := listen(t, "127.0.0.1:0")
	everywhere := listen(t, ":0") // also on 127.0.0.1
	free, err := ports.Free()
	require.NoError(t, err)

	err = ports.Check(map[int]string{mine: "kafka", everywhere: "api", free: "postgres"})
	taken, ok := errors.AsType[*ports.TakenError](err)
	require.True(t, ok)
	require.Len(t, taken.Taken, 2)
	require.ErrorContains(t, err, fmt.Sprintf("port %d (kafka) is taken", mine))
	if runtime.GOOS == "linux" {
		for _, p := range taken.Taken {
			require.Contains(t, p.Holder, fmt.Sprintf("(pid %d)", os.Getpid()))
		}
	}
}

func TestFreeBaseGivesPortsInARow(t *testing.T) {
	t.Parallel()
	base, err := ports.FreeBase(100)
	require.NoError(t, err)
	plan := map[int]string{}
	for i := range 100 {
		plan[base+i] = "part"
	}
	require.NoError(t, ports.Check(plan))
}
