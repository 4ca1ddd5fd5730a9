package process

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"
)

func setParentDeathSignal(attr *syscall.SysProcAttr, sig syscall.Signal) { attr.Pdeathsig = sig }

// startTime reads field 22 of /proc/<pid>/stat (proc(5)). The second field is
// the name in parentheses, which may hold spaces and parentheses itself.
func startTime(pid int) (uint64, error) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
		return 0, ErrGone
	}
	if err != nil {
		return 0, fmt.Errorf("read the state of process %d: %w", pid, err)
	}
	_, rest, _ := cutLast(stat, []byte(") "))
	fields := bytes.Fields(rest)
	if len(fields) < 20 {
		return 0, fmt.Errorf("read the state of process %d: unexpected %q", pid, stat)
	}
	if state := fields[0]; string(state) == "Z" || string(state) == "X" {
		return 0, ErrGone
	}
	start, err := strconv.ParseUint(string(fields[19]), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read the state of process %d: %w", pid, err)
	}
	return start, nil
}

func cutLast(s, sep []byte) (before, after []byte, found bool) {
	i := bytes.LastIndex(s, sep)
	if i < 0 {
		return s, nil, false
	}
	return s[:i], s[i+len(sep):], true
}
