package schematest

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
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/rondohq/rondo/tools/internal/apiserver"
	"github.com/rondohq/rondo/tools/internal/declared"
	"github.com/rondohq/rondo/tools/internal/toolchain"
)

// charts are where the modules of operators have the charts that they release, by
// the chart's name. The others publish theirs only as archives.
var charts = map[string]struct{ module, dir string }{
	"cert-manager": {"github.com/cert-manager/cert-manager", "deploy/charts/cert-manager"},
	"dapr":         {"github.com/dapr/dapr", "charts/dapr"},
	"gateway-helm": {"github.com/envoyproxy/gateway", "charts/gateway-helm"},
}

// installed is what helm makes of a release.
type installed struct {
	namespace string
	objects   []*unstructured.Unstructured
}

// rendered are the charts' releases, by stack and chart.
var rendered = map[string]map[string]installed{}

func TestTheServerTakesWhatTheChartsMakeOfOurValues(t *testing.T) {
	t.Parallel()
	for stack, releases := range rendered {
		t.Run(stack, func(t *testing.T) {
			t.Parallel()
			require.NotEmpty(t, releases)
			for chart, release := range releases {
				require.NotEmpty(t, release.objects, chart)
				for _, object := range release.objects {
					require.NoError(t, client.DefaultNamespace(object, release.namespace))
					if err := client.Apply(t.Context(), object, true); err != nil {
						t.Errorf("chart %s: %s %s: %v", chart, object.GetKind(), object.GetName(), err)
					}
				}
			}
		})
	}
}

// TestChartsRefuseValuesThatTheyDoNotKnow holds for charts that bring a schema.
func TestChartsRefuseValuesThatTheyDoNotKnow(t *testing.T) {
	t.Parallel()
	for _, stack := range stacks {
		for _, release := range stack.OfType(releaseType) {
			if name, _ := release.Inputs["chart"].(string); name == "cert-manager" {
				inputs := map[string]any{"name": "x", "namespace": "x", "chart": name, "values": map[string]any{"instalCRDs": true}}
				_, err := render(t.Context(), t.TempDir(), inputs)
				require.ErrorContains(t, err, "instalCRDs")
				return
			}
		}
	}
	t.Error("no stack installs cert-manager")
}

const releaseType = "kubernetes:helm.sh/v3:Release"

// renderAll renders the releases of a stack whose charts can be had.
func renderAll(ctx context.Context, dir string, stack declared.Stack) (map[string]installed, error) {
	all := map[string]installed{}
	for _, release := range stack.OfType(releaseType) {
		name, _ := release.Inputs["chart"].(string)
		name = filepath.Base(name) // of a reference in a registry
		if _, known := charts[name]; !known {
			continue
		}
		objects, err := render(ctx, filepath.Join(dir, name), release.Inputs)
		if err != nil {
			return nil, fmt.Errorf("chart %s: %w", name, err)
		}
		namespace, _ := release.Inputs["namespace"].(string)
		all[name] = installed{namespace, objects}
	}
	return all, nil
}

// placeholder is what a release of a chart fills in: an image, or when to pull it.
var placeholder = regexp.MustCompile(`\$\{\w+\}`)

func fill(name []byte) []byte {
	if bytes.HasSuffix(name, []byte("PullPolicy}")) {
		return []byte("IfNotPresent")
	}
	return []byte("example.test/image:1")
}

// render makes of a release what helm would install, in a copy of the chart below
// dir.
func render(ctx context.Context, dir string, release map[string]any) ([]*unstructured.Unstructured, error) {
	helm, err := toolchain.Ensure(ctx, root, toolchain.Helm, toolchain.Printer(os.Stderr))
	if err != nil {
		return nil, err
	}
	modules, err := apiserver.Modules(ctx, root)
	if err != nil {
		return nil, err
	}
	chartName, _ := release["chart"].(string)
	source := charts[filepath.Base(chartName)]
	chart := filepath.Join(dir, "chart")
	if err := copyChart(filepath.Join(modules[source.module], source.dir), chart); err != nil {
		return nil, err
	}
	values, err := json.Marshal(release["values"])
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "values.json")
	if err := os.WriteFile(file, values, 0o600); err != nil {
		return nil, err
	}
	namespace, _ := release["namespace"].(string)
	name, _ := release["name"].(string)
	cmd := exec.CommandContext(ctx, helm, "template", name, chart, "--namespace", namespace, "--values", file, "--kube-version", "1.36.0")
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	cmd.Env = append(os.Environ(), "HELM_CACHE_HOME="+dir, "HELM_CONFIG_HOME="+dir, "HELM_DATA_HOME="+dir)
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, complaints.Bytes())
	}
	return apiserver.DecodeObjects(bytes.NewReader(out))
}

// copyChart copies a chart as it is in its repository, and fills in what its
// release would.
func copyChart(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, relative)
		if entry.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		text, err := os.ReadFile(path)
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
