// Package ports checks that loopback ports are free and names who holds one that is not.
package ports

import (
	"errors"
	"fmt"
	"net"
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
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil //nolint:forcetypeassert // net.Listen("tcp") makes no other
}

// FreeBase finds n free ports in a row, below the range that the system hands
// out to outgoing connections, for a stack beside one that may be running.
func FreeBase(n int) (int, error) {
	const lowest, highest = 12000, 32000
	for base := lowest; base+n <= highest; base += n {
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
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return false
	}
	return l.Close() == nil
}
