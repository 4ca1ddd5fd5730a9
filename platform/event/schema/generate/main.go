// Command generate writes the schema of every event type into a folder. It
// refuses to replace a schema by one that would break its consumers.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/event/schema"
)

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	if len(args) != 1 {
		fmt.Fprintln(os.Stderr, "usage: generate FOLDER")
		return 2
	}
	for _, entry := range event.Catalogue() {
		if err := write(args[0], entry.Payload); err != nil {
			fmt.Fprintln(os.Stderr, "generate:", err)
			return 1
		}
	}
	return 0
}

func write(folder string, p event.Payload) error {
	is, err := schema.Of(p)
	if err != nil {
		return err
	}
	file := filepath.Join(folder, schema.File(p.EventType()))
	switch old, err := os.ReadFile(file); {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return fmt.Errorf("reading the committed schema: %w", err)
	default:
		var was jsonschema.Schema
		if err := json.Unmarshal(old, &was); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if found := schema.Breaking(&was, is); len(found) > 0 {
			return fmt.Errorf("%s would break its consumers: %q; publish to a new topic instead", p.EventType(), found)
		}
	}
	data, err := schema.Encode(is)
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, data, 0o644); err != nil { //nolint:gosec // a public document
		return fmt.Errorf("writing the schema: %w", err)
	}
	return nil
}
