package imagetest

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// inside runs a program with the image as all that there is, as the image's user.
// Only root may do that; others run it where it was unpacked.
func inside(t *testing.T, files, program string) *exec.Cmd {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Log("not root: the program sees this machine's files")
		return exec.CommandContext(t.Context(), filepath.Join(files, program))
	}
	require.NoError(t, os.Chmod(files, 0o755))
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: files, Credential: &syscall.Credential{Uid: 65532, Gid: 65532}}
	return cmd
}
