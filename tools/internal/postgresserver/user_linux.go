package postgresserver

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// runAs is the user that the server runs as. PostgreSQL refuses to run as root.
type runAs struct {
	uid, gid uint32
	// namespace runs it as root of this machine that is uid 1000 inside a user
	// namespace of its own: for places that only root can reach.
	namespace bool
	// why is for people; empty when it is simply the caller.
	why string
}

func (r runAs) attributes() *syscall.SysProcAttr {
	switch {
	case r.namespace:
		const inside = 1000
		return &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: inside, HostID: 0, Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: inside, HostID: 0, Size: 1}},
		}
	case r.uid != 0:
		return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: r.uid, Gid: r.gid}}
	default:
		return &syscall.SysProcAttr{}
	}
}

// own makes the directory the server's.
func (r runAs) own(dir string) error {
	if r.uid == 0 {
		return nil
	}
	return os.Chown(dir, int(r.uid), int(r.gid))
}

// chooseUser decides who runs the server with the programs in bin on dataDir.
func chooseUser(dataDir, bin string) (runAs, error) {
	if os.Geteuid() != 0 {
		return runAs{}, nil
	}
	inNamespace := runAs{namespace: true, why: "in a user namespace, since root may not run it"}
	// An existing directory decides: its files belong to somebody.
	if info, err := os.Stat(dataDir); err == nil {
		if owner, ok := info.Sys().(*syscall.Stat_t); ok && owner.Uid != 0 {
			return runAs{uid: owner.Uid, gid: owner.Gid, why: "as the owner of its data, since root may not run it"}, nil
		}
		if entries, err := os.ReadDir(dataDir); err == nil && len(entries) > 0 {
			return inNamespace, namespacesWork()
		}
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errUID := strconv.ParseUint(u.Uid, 10, 32)
		gid, errGID := strconv.ParseUint(u.Gid, 10, 32)
		if errUID != nil || errGID != nil || uid == 0 {
			continue
		}
		// The programs load libraries and data from beside them.
		if reachable(filepath.Dir(dataDir)) && reachable(bin) {
			return runAs{uid: uint32(uid), gid: uint32(gid), why: "as user " + name + ", since root may not run it"}, nil
		}
	}
	if err := namespacesWork(); err != nil {
		return runAs{}, fmt.Errorf("PostgreSQL refuses to run as root, no other user can reach both %s and %s, and %w; "+
			"run as an ordinary user, or keep the data elsewhere with --dir", filepath.Dir(dataDir), bin, err)
	}
	return inNamespace, nil
}

// reachable says whether everybody may pass through all directories of path;
// what does not exist yet will be made so.
func reachable(path string) bool {
	for {
		info, err := os.Stat(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false
		}
		if err == nil && info.Mode().Perm()&0o001 == 0 {
			return false
		}
		parent := filepath.Dir(path)
		if parent == path {
			return true
		}
		path = parent
	}
}

// namespacesWork says whether the kernel lets us make a user namespace; some
// containers and hardened machines do not.
func namespacesWork() error {
	attr := &os.ProcAttr{Sys: runAs{namespace: true}.attributes()}
	p, err := os.StartProcess("/bin/true", []string{"true"}, attr)
	if err != nil {
		return fmt.Errorf("user namespaces are not allowed here: %w", err)
	}
	state, err := p.Wait()
	if err != nil {
		return err
	}
	if !state.Success() {
		return fmt.Errorf("user namespaces do not work here: %s", state)
	}
	return nil
}
