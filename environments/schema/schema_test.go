package schema_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	"gopkg.in/yaml.v3"

	"github.com/rondohq/rondo/environments"
	"github.com/rondohq/rondo/environments/schema"
	"github.com/rondohq/rondo/platform/topology"
)

func TestCommittedSchemaIsThatOfTheSettings(t *testing.T) {
	t.Parallel()
	s, err := schema.Of()
	if err != nil {
		t.Fatal(err)
	}
	want, err := schema.Encode(s)
	if err != nil {
		t.Fatal(err)
	}
	committed, err := os.ReadFile(filepath.Join("..", schema.File))
	if err != nil || !bytes.Equal(committed, want) {
		t.Errorf("%s is of older settings: run go generate ./environments/... (%v)", schema.File, err)
	}
}

func validator(t *testing.T) func(file string) error {
	t.Helper()
	s, err := schema.Of()
	if err != nil {
		t.Fatal(err)
	}
	resolved, err := s.Resolve(&jsonschema.ResolveOptions{ValidateDefaults: true})
	if err != nil {
		t.Fatal(err)
	}
	return func(file string) error {
		var parsed any
		if err := yaml.Unmarshal([]byte(file), &parsed); err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(parsed)
		if err != nil {
			t.Fatal(err)
		}
		var instance any
		if err := json.Unmarshal(text, &instance); err != nil {
			t.Fatal(err)
		}
		return resolved.Validate(instance)
	}
}

func TestEveryStackFileMatchesTheSchema(t *testing.T) {
	t.Parallel()
	validate := validator(t)
	for _, e := range environments.All() {
		file, err := os.ReadFile(filepath.Join("..", "Pulumi."+e.Name+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(string(file)); err != nil {
			t.Errorf("%s: %v", e.Name, err)
		}
	}
}

func TestTheSchemaKnowsGoodFromBad(t *testing.T) {
	t.Parallel()
	validate := validator(t)
	secret := topology.OpenAI.Name + "-" + topology.OpenAI.Keys[0]
	for _, good := range []string{
		"config: {'rondo:host': todo.example.org, 'azure-native:location': westeurope}",
		"config: {'rondo:" + secret + "': {secure: v1:abc}}",
		"config: {'rondo:replicas': {" + topology.API.Name + ": {min: 3, max: 5}}}",
		"{secretsprovider: 'azurekeyvault://x', encryptedkey: abc, config: {}}",
	} {
		if err := validate(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{
		"config: {'rondo:hst': todo.example.org}",
		"config: {'rondo:size': enormous}",
		"config: {'rondo:" + secret + "': in-the-open}",
		"config: {'rondo:digests': {" + topology.API.Name + ": latest}}",
		"config: {'rondo:digests': {elsewhere: 'sha256:" + string(bytes.Repeat([]byte("a"), 64)) + "'}}",
		"config: {'rondo:replicas': {" + topology.API.Name + ": {min: 0, max: 5}}}",
	} {
		if err := validate(bad); err == nil {
			t.Errorf("%s passes", bad)
		}
	}
}
