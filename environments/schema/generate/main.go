// Command generate writes the schema of a stack's file into a folder.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/rondohq/rondo/environments/schema"
)

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	if len(args) != 1 {
		fmt.Fprintln(os.Stderr, "usage: generate FOLDER")
		return 2
	}
	if err := write(filepath.Join(args[0], schema.File)); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		return 1
	}
	return 0
}

func write(file string) error {
	s, err := schema.Of()
	if err != nil {
		return err //nolint:wrapcheck // says all
	}
	data, err := schema.Encode(s)
	if err != nil {
		return err //nolint:wrapcheck // says all
	}
	if err := os.WriteFile(file, data, 0o644); err != nil { //nolint:gosec // a public document
		return fmt.Errorf("writing the schema: %w", err)
	}
	return nil
}
