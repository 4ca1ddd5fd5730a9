// Package schema makes the JSON Schema of each event type and says whether a
// change of one would break a consumer that was written for the old.
package schema

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/rondohq/rondo/platform/event"
)

//go:generate go run ./generate ../schemas

// Of makes the schema of a payload's type. Unknown fields are allowed, since
// consumers ignore them.
func Of(p event.Payload) (*jsonschema.Schema, error) {
	s, err := jsonschema.ForType(reflect.TypeOf(p), &jsonschema.ForOptions{})
	if err != nil {
		return nil, fmt.Errorf("schema of %s: %w", p.EventType(), err)
	}
	s.Schema = "https://json-schema.org/draft/2020-12/schema"
	s.Title = string(p.EventType())
	open(s)
	return s, nil
}

// File is the name of the committed schema of a type, inside event/schemas.
func File(t event.Type) string { return string(t) + ".json" }

// Encode writes a schema as it is committed.
func Encode(s *jsonschema.Schema) ([]byte, error) {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encoding the schema %q: %w", s.Title, err)
	}
	return append(data, '\n'), nil
}

// open lets every object have fields that the schema does not name.
func open(s *jsonschema.Schema) {
	if s == nil {
		return
	}
	if s.Properties != nil {
		s.AdditionalProperties = nil
	}
	for _, p := range s.Properties {
		open(p)
	}
	open(s.Items)
}

// Breaking lists what in the new schema would surprise a consumer of the old: a
// field gone, a field that may now be absent, or one of another type. New fields
// are welcome.
func Breaking(was, is *jsonschema.Schema) []string { return breaking("data", was, is) }

func breaking(path string, was, is *jsonschema.Schema) []string {
	if was == nil || is == nil {
		return nil
	}
	var found []string
	for _, t := range types(is) {
		if old := types(was); len(old) > 0 && !slices.Contains(old, t) {
			found = append(found, fmt.Sprintf("%s may now be of type %s", path, t))
		}
	}
	if was.Format != is.Format {
		found = append(found, fmt.Sprintf("%s has format %q instead of %q", path, is.Format, was.Format))
	}
	for name, old := range was.Properties {
		now, ok := is.Properties[name]
		field := path + "." + name
		switch {
		case !ok:
			found = append(found, field+" is gone")
			continue
		case slices.Contains(was.Required, name) && !slices.Contains(is.Required, name):
			found = append(found, field+" may now be absent")
		}
		found = append(found, breaking(field, old, now)...)
	}
	found = append(found, breaking(path+"[]", was.Items, is.Items)...)
	slices.Sort(found)
	return found
}

func types(s *jsonschema.Schema) []string {
	if s.Type != "" {
		return []string{s.Type}
	}
	return s.Types
}
