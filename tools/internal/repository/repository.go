// Package repository finds the checkout that a command runs in.
package repository

import (
	"errors"
	"os"
	"path/filepath"
)

// Root is the directory of the workspace: the nearest one at or above the
// working directory that holds go.work and the tools.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if exists(filepath.Join(dir, "go.work")) && exists(filepath.Join(dir, "tools", "toolchain")) {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("this is no checkout of Rondo: no go.work with tools/toolchain here or above")
		}
		dir = parent
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
