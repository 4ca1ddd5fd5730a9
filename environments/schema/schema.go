// Package schema makes the JSON Schema of a stack's file, Pulumi.<stack>.yaml.
package schema

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/rondohq/rondo/environments"
	"github.com/rondohq/rondo/platform/topology"
)

//go:generate go run ./generate ..

// File is the name of the committed schema.
const File = "stack.schema.json"

// Of makes the schema. Keys below "rondo:" are those of environments.Settings and
// of the secrets from outside, and no others; the rest belongs to providers.
func Of() (*jsonschema.Schema, error) {
	settings, err := jsonschema.For[environments.Settings](&jsonschema.ForOptions{TypeSchemas: map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[environments.Size]():   {Type: "string", Enum: enum(environments.Sizes())},
		reflect.TypeFor[environments.Issuer](): {Type: "string", Enum: enum(environments.Issuers())},
		reflect.TypeFor[topology.Replicas]():   replicas(),
	}})
	if err != nil {
		return nil, fmt.Errorf("the schema of the settings: %w", err)
	}
	ours := map[string]*jsonschema.Schema{}
	for key, property := range settings.Properties {
		ours[environments.ConfigNamespace+":"+key] = property
	}
	for _, env := range everything() {
		for _, secret := range env.SecretSettings() {
			ours[environments.ConfigNamespace+":"+secret.Key] = &jsonschema.Schema{
				Description: "Secret: `pulumi config set --secret " + secret.Key + "`",
				Type:        "object",
				Properties:  map[string]*jsonschema.Schema{"secure": {Type: "string", Description: "Encrypted value"}},
				Required:    []string{"secure"}, AdditionalProperties: nothing(),
			}
		}
	}
	for _, limited := range []string{"replicas", "digests"} {
		property := settings.Properties[limited]
		property.Type, property.Types = "object", nil
		property.PropertyNames = &jsonschema.Schema{Enum: enum(serviceNames())}
	}
	settings.Properties["digests"].AdditionalProperties = &jsonschema.Schema{Type: "string", Pattern: `^sha256:[0-9a-f]{64}$`}
	return &jsonschema.Schema{
		Schema: "https://json-schema.org/draft/2020-12/schema",
		Title:  "A stack of Rondo",
		Type:   "object",
		Properties: map[string]*jsonschema.Schema{
			"secretsprovider": {Type: "string", Description: "Key that encrypts the stack's secrets"},
			"encryptedkey":    {Type: "string"},
			"encryptionsalt":  {Type: "string"},
			"config": {
				Type:       "object",
				Properties: ours,
				// What is not below our namespace is a provider's.
				PropertyNames: &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
					{Enum: enum(slices.Sorted(maps.Keys(ours)))},
					{Not: &jsonschema.Schema{Pattern: "^" + environments.ConfigNamespace + ":"}},
				}},
			},
		},
		AdditionalProperties: nothing(),
	}, nil
}

// Encode writes a schema as it is committed.
func Encode(s *jsonschema.Schema) ([]byte, error) {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encoding the schema: %w", err)
	}
	return append(data, '\n'), nil
}

// everything is an environment of each kind that takes other secrets than the
// stacks that exist do.
func everything() []environments.Environment {
	external := environments.Minikube()
	external.Postgres.Provider = environments.ExternalPostgres
	external.Kafka.Provider = environments.ExternalKafka
	external.Kafka.External.SASL = true
	return append(environments.All(), external)
}

func replicas() *jsonschema.Schema {
	count := func() *jsonschema.Schema { return &jsonschema.Schema{Type: "integer", Minimum: new(1.0)} }
	return &jsonschema.Schema{
		Type:       "object",
		Properties: map[string]*jsonschema.Schema{"min": count(), "max": count()},
		Required:   []string{"min", "max"}, AdditionalProperties: nothing(),
	}
}

func serviceNames() []string {
	var names []string
	for _, s := range topology.Services() {
		names = append(names, s.Name)
	}
	return names
}

func enum[T ~string](values []T) []any {
	all := make([]any, len(values))
	for i, value := range values {
		all[i] = string(value)
	}
	return all
}

// nothing is the schema that no value satisfies.
func nothing() *jsonschema.Schema { return &jsonschema.Schema{Not: &jsonschema.Schema{}} }
