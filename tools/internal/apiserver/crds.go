package apiserver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// definitions are where a module keeps the CustomResourceDefinitions of its
// operator. Which version is in crds/go.mod.
var definitions = map[string]string{
	"github.com/cert-manager/cert-manager":               "deploy/crds/*.yaml",
	"github.com/cloudnative-pg/cloudnative-pg":           "config/crd/bases/*.yaml",
	"github.com/dapr/dapr":                               "charts/dapr/crds/*.yaml",
	"github.com/envoyproxy/gateway":                      "charts/gateway-helm/charts/crds/crds/generated/*.yaml",
	"github.com/kedacore/keda/v2":                        "config/crd/bases/*.yaml",
	"github.com/prometheus-operator/prometheus-operator": "example/prometheus-operator-crd/*.yaml",
	"sigs.k8s.io/gateway-api":                            "config/crd/standard/*.yaml",
}

const definitionKind = "CustomResourceDefinition"

// InstallDefinitions teaches the server those kinds of all operators, which the
// checkout at root names, that are wanted, and waits until it serves them. Each
// costs it a part of a second.
func (c *Client) InstallDefinitions(ctx context.Context, root string, wanted func(schema.GroupKind) bool) error {
	modules, err := Modules(ctx, root)
	if err != nil {
		return err
	}
	var installed []*unstructured.Unstructured
	for module, pattern := range definitions {
		found, err := readDefinitions(filepath.Join(modules[module], pattern))
		if err != nil {
			return fmt.Errorf("the definitions of %s: %w", module, err)
		}
		for _, definition := range found {
			if !wanted(defines(definition)) {
				continue
			}
			installed = append(installed, definition)
			// Of a cluster that has the operator already, its own stay.
			if err := c.create(ctx, definition); err != nil && !apierrors.IsAlreadyExists(err) {
				return fmt.Errorf("%s of %s: %w", definition.GetName(), module, err)
			}
		}
	}
	for _, definition := range installed {
		if err := until(ctx, time.Minute, func(ctx context.Context) error { return c.established(ctx, definition) }); err != nil {
			return err
		}
	}
	c.mapper.Reset()
	return nil
}

// defines is the kind that a definition is of.
func defines(definition *unstructured.Unstructured) schema.GroupKind {
	group, _, _ := unstructured.NestedString(definition.Object, "spec", "group")
	kind, _, _ := unstructured.NestedString(definition.Object, "spec", "names", "kind")
	return schema.GroupKind{Group: group, Kind: kind}
}

// Modules are the directories of the operators' modules, by path; they are
// downloaded if need be.
func Modules(ctx context.Context, root string) (map[string]string, error) {
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json")
	cmd.Dir = filepath.Join(root, "tools", "internal", "apiserver", "crds")
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("download the modules of the operators: %w\n%s%s", err, complaints.Bytes(), out)
	}
	dirs := map[string]string{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var module struct {
			Path string `json:"Path"`
			Dir  string `json:"Dir"`
		}
		if err := decoder.Decode(&module); errors.Is(err, io.EOF) {
			return dirs, nil
		} else if err != nil {
			return nil, err
		}
		dirs[module.Path] = module.Dir
	}
}

func readDefinitions(pattern string) ([]*unstructured.Unstructured, error) {
	files, err := filepath.Glob(pattern)
	if err != nil {
		return nil, err
	}
	var found []*unstructured.Unstructured
	for _, file := range files {
		objects, err := ReadObjects(file)
		if err != nil {
			return nil, err
		}
		for _, object := range objects {
			if object.GetKind() != definitionKind {
				continue
			}
			// A webhook would convert between versions; none runs here, and each
			// object is of the stored version.
			unstructured.RemoveNestedField(object.Object, "spec", "conversion")
			unstructured.RemoveNestedField(object.Object, "status")
			found = append(found, object)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("no %s in %s", definitionKind, pattern)
	}
	return found, nil
}

// ReadObjects reads the documents of a YAML file that are objects.
func ReadObjects(file string) ([]*unstructured.Unstructured, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	objects, err := DecodeObjects(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return objects, nil
}

// DecodeObjects reads the documents of a YAML stream that are objects.
func DecodeObjects(r io.Reader) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	for decoder := yaml.NewYAMLOrJSONDecoder(r, 4096); ; {
		object := &unstructured.Unstructured{}
		if err := decoder.Decode(&object.Object); errors.Is(err, io.EOF) {
			return objects, nil
		} else if err != nil {
			return nil, err
		}
		if object.GetKind() != "" {
			objects = append(objects, object)
		}
	}
}

// established wants the server to serve what the definition defines.
func (c *Client) established(ctx context.Context, definition *unstructured.Unstructured) error {
	live, err := c.Get(ctx, definition)
	if err != nil {
		return err
	}
	return condition("Established")(live)
}
