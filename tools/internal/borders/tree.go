// Package borders checks the tree as a whole: who imports whom, that a name of
// the topology is written once, and that nothing in it belongs to one machine.
//
// It reads source text and builds nothing.
package borders

import (
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// Finding is a place that breaks a rule.
type Finding struct {
	File string // relative to the root
	Line int
	What string
}

func (f Finding) String() string { return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.What) }

// hidden directories that are the project's own.
var hidden = []string{".ci", ".github"}

// walk calls f with each file at or below root that is source: nothing that a
// build or a run has left behind.
func walk(root string, f func(name string, text []byte) error) error {
	tree := os.DirFS(root)
	return fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && name != "." && strings.HasPrefix(entry.Name(), ".") && !slices.Contains(hidden, entry.Name()) {
			return fs.SkipDir
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		return f(name, text)
	})
}

// within says that the file is in the directory or below it.
func within(file, dir string) bool { return strings.HasPrefix(file, dir+"/") }
