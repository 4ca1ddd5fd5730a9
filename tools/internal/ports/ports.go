// Package ports checks that loopback ports are free and names who holds one that is not.
package ports

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Taken is a port that another process listens on.
type Taken struct {
	Port int
	// For is the part that wants it.
	For string
	// Holder describes the process, "nginx (pid 42)"; empty where it cannot be found.
	Holder string
}

func (t Taken) String() string {
	s := fmt.Sprintf("port %d (%s) is taken", t.Port, t.For)
	if t.Holder != "" {
		s += " by " + t.Holder
	}
	return s
}

// TakenError lists all ports that are in use.
type TakenError struct{ Taken []Taken }

func (e *TakenError) Error() string {
	lines := make([]string, len(e.Taken))
	for i, t := range e.Taken {
		lines[i] = t.String()
	}
	return strings.Join(lines, "\n")
}

// Check wants every port of the plan, which maps a port to the part that will
// listen on it, to be free on 127.0.0.1. The error is a *TakenError.
func Check(plan map[int]string) error {
	var taken []Taken
	for port, part := range plan {
		if !free(port) {
			taken = append(taken, Taken{Port: port, For: part, Holder: Holder(port)})
		}
	}
	if taken == nil {
		return nil
	}
	slices.SortFunc(taken, func(a, b Taken) int { return a.Port - b.Port })
	return &TakenError{Taken: taken}
}

// Free finds a port that nothing listens on. Another process may take it before
// the caller does.
func Free() (int, error) {
	l, err := listen(0)
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return int(netip.MustParseAddrPort(l.Addr().String()).Port()), nil
}

// FreeBase finds n free ports in a row, below the range that the system hands
// out to outgoing connections, for a stack beside one that may be running.
func FreeBase(n int) (int, error) {
	const lowest, highest = 12000, 32000
	// Begin anywhere, so that two who search at once find different ones.
	ranges := (highest - lowest) / n
	first := rand.IntN(ranges) //nolint:gosec // no secret
	for i := range ranges {
		base := lowest + (first+i)%ranges*n
		all := true
		for port := base; all && port < base+n; port++ {
			all = free(port)
		}
		if all {
			return base, nil
		}
	}
	return 0, errors.New("no range of free ports")
}

func free(port int) bool {
	l, err := listen(port)
	if err != nil {
		return false
	}
	return l.Close() == nil
}

func listen(port int) (net.Listener, error) {
	var config net.ListenConfig
	return config.Listen(context.Background(), "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
}
