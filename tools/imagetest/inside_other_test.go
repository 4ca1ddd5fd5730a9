//go:build !linux

package imagetest

import (
	"os/exec"
	"testing"
)

// inside can't run a program of Linux.
func inside(t *testing.T, _, _ string) *exec.Cmd {
	t.Helper()
	t.Skip("an image runs on Linux only")
	return nil
}
