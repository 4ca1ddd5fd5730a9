//go:build !linux

package postgresserver

import (
	"errors"
	"os"
	"syscall"
)

// runAs is always the caller here.
type runAs struct{ why string }

func (runAs) attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }

func (runAs) own(string) error { return nil }

func chooseUser(string, string) (runAs, error) {
	if os.Geteuid() == 0 {
		return runAs{}, errors.New("PostgreSQL refuses to run as root; run as an ordinary user")
	}
	return runAs{}, nil
}
