// Package charts makes of a Helm release what Helm would install, for those charts
// that their projects ship in Go modules. The others are published as archives only.
package charts

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/rondohq/rondo/tools/internal/apiserver"
	"github.com/rondohq/rondo/tools/internal/toolchain"
)

// sources are where modules have charts, by the chart's name.
var sources = map[string]struct{ module, dir string }{
	"cert-manager": {"github.com/cert-manager/cert-manager", "deploy/charts/cert-manager"},
	"dapr":         {"github.com/dapr/dapr", "charts/dapr"},
	"gateway-helm": {"github.com/envoyproxy/gateway", "charts/gateway-helm"},
}

// Release is an installation of a chart, as the inputs of a Release of Pulumi's
// Kubernetes provider say it.
type Release struct {
	Name, Namespace string
	// Chart is a name, or a reference in a registry that ends with it.
	Chart  string
	Values any
}

// ReleaseOf reads a Release's inputs.
func ReleaseOf(inputs map[string]any) Release {
	text := func(key string) string {
		value, _ := inputs[key].(string)
		return value
	}
	return Release{Name: text("name"), Namespace: text("namespace"), Chart: text("chart"), Values: inputs["values"]}
}

// ChartName is the chart's own name.
func (r Release) ChartName() string { return filepath.Base(r.Chart) }

// Known says whether the chart can be had.
func (r Release) Known() bool {
	_, known := sources[r.ChartName()]
	return known
}

// Render is what Helm would install, in the order in which it would. The chart's
// definitions of custom resources, which Helm installs once and never again, come
// along if they are wanted. root is the checkout.
func (r Release) Render(ctx context.Context, root string, definitions bool) ([]*unstructured.Unstructured, error) {
	helm, err := toolchain.Ensure(ctx, root, toolchain.Helm, toolchain.Printer(os.Stderr))
	if err != nil {
		return nil, err
	}
	modules, err := apiserver.Modules(ctx, root)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "rondo-chart-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	source := sources[r.ChartName()]
	chart := filepath.Join(dir, "chart")
	if err := release(filepath.Join(modules[source.module], source.dir), chart); err != nil {
		return nil, err
	}
	values, err := json.Marshal(r.Values)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "values.json")
	if err := os.WriteFile(file, values, 0o600); err != nil {
		return nil, err
	}
	args := []string{"template", r.Name, chart, "--namespace", r.Namespace, "--values", file, "--kube-version", "1.36.0"}
	if definitions {
		args = append(args, "--include-crds")
	}
	cmd := exec.CommandContext(ctx, helm, args...)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	cmd.Env = append(os.Environ(), "HELM_CACHE_HOME="+dir, "HELM_CONFIG_HOME="+dir, "HELM_DATA_HOME="+dir)
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("chart %s: %w: %s", r.ChartName(), err, complaints.Bytes())
	}
	return apiserver.DecodeObjects(bytes.NewReader(out))
}

// placeholder is what a release of a chart fills in: an image, or when to pull it.
var placeholder = regexp.MustCompile(`\$\{\w+\}`)

func fill(name []byte) []byte {
	if bytes.HasSuffix(name, []byte("PullPolicy}")) {
		return []byte("IfNotPresent")
	}
	return []byte("example.test/image:1")
}

// release copies a chart as it is in its repository, and fills in what its project
// does when it releases one.
func release(from, to string) error {
	source := os.DirFS(from)
	return fs.WalkDir(source, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(to, path)
		if entry.IsDir() {
			return os.MkdirAll(target, 0o750)
		}
		text, err := fs.ReadFile(source, path)
		if err != nil {
			return err
		}
		if entry.Name() == "values.tmpl.yaml" {
			target = filepath.Join(filepath.Dir(target), "values.yaml")
			text = placeholder.ReplaceAllFunc(text, fill)
		}
		return os.WriteFile(target, text, 0o600)
	})
}
