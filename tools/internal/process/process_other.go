//go:build !linux

package process

import "syscall"

func setParentDeathSignal(*syscall.SysProcAttr, syscall.Signal) {}

// startTime is unknown here; a PID alone then names the process.
func startTime(pid int) (uint64, error) {
	if err := syscall.Kill(pid, 0); err != nil && err != syscall.EPERM { //nolint:errorlint // Kill returns a bare Errno
		return 0, ErrGone
	}
	return 0, nil
}
