package schematest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/rondohq/rondo/tools/internal/charts"
	"github.com/rondohq/rondo/tools/internal/declared"
)

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
	release := charts.Release{Name: "x", Namespace: "x", Chart: "cert-manager", Values: map[string]any{"instalCRDs": true}}
	_, err := release.Render(t.Context(), root, false)
	require.ErrorContains(t, err, "instalCRDs")
}

const releaseType = "kubernetes:helm.sh/v3:Release"

// renderAll renders the releases of a stack whose charts can be had.
func renderAll(ctx context.Context, stack declared.Stack) (map[string]installed, error) {
	all := map[string]installed{}
	for _, found := range stack.OfType(releaseType) {
		release := charts.ReleaseOf(found.Inputs)
		if !release.Known() {
			continue
		}
		objects, err := release.Render(ctx, root, false)
		if err != nil {
			return nil, err
		}
		all[release.ChartName()] = installed{release.Namespace, objects}
	}
	return all, nil
}
