package ports

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

const listening = "0A" // the state TCP_LISTEN in /proc/net/tcp

// Holder names the process that listens on the TCP port, such as
// "nginx (pid 42)". It is empty when none is found, for example since the
// process belongs to another user.
func Holder(port int) string {
	inodes := map[string]bool{}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		data, err := os.ReadFile(table)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(data)) {
			// sl, local address:port, remote, state, …; the inode is the tenth.
			f := strings.Fields(line)
			if len(f) < 10 || f[3] != listening {
				continue
			}
			_, hexPort, _ := strings.Cut(f[1], ":")
			if n, err := strconv.ParseUint(hexPort, 16, 16); err == nil && int(n) == port {
				inodes["socket:["+f[9]+"]"] = true
			}
		}
	}
	if len(inodes) == 0 {
		return ""
	}
	descriptors, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		return ""
	}
	for _, fd := range descriptors {
		target, err := os.Readlink(fd)
		if err != nil || !inodes[target] {
			continue
		}
		pid := strings.Split(fd, "/")[2]
		return fmt.Sprintf("%s (pid %s)", command(pid), pid)
	}
	return ""
}

// command is the process' command line, shortened.
func command(pid string) string {
	data, err := os.ReadFile("/proc/" + pid + "/cmdline")
	if err != nil || len(data) == 0 {
		return "a process"
	}
	words := strings.Split(strings.TrimRight(string(data), "\x00"), "\x00")
	words[0] = filepath.Base(words[0])
	line := strings.Join(words, " ")
	const most = 60
	if len(line) > most {
		line = line[:most] + "…"
	}
	return line
}
