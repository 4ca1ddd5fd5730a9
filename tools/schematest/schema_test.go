package schematest

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestTheServerTakesEveryObject(t *testing.T) {
	t.Parallel()
	for stack, all := range stacks {
		t.Run(stack, func(t *testing.T) {
			t.Parallel()
			checked := all.Objects()
			require.NotEmpty(t, checked)
			for _, object := range checked {
				if err := client.Apply(t.Context(), object, true); err != nil {
					t.Errorf("%s %s: %v", object.GetKind(), object.GetName(), err)
				}
			}
		})
	}
}

// TestTheServerRefusesWhatIsWrong keeps the test above from being one that can't
// fail.
func TestTheServerRefusesWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, broken := range map[string]struct {
		kind  string
		spoil func(*unstructured.Unstructured) error
		want  string
	}{
		"an unknown field of Kubernetes": {"Deployment", set("two", "spec", "replica"), "field not declared in schema"},
		"a wrong type in Kubernetes":     {"Deployment", set("two", "spec", "replicas"), "expected"},
		"an unknown field of a resource": {"ScaledObject", set("x", "spec", "pollInterval"), "field not declared in schema"},
		"a wrong type in a resource":     {"ScaledObject", set("two", "spec", "maxReplicaCount"), "expected"},
		"a value that is not allowed":    {"Deployment", set("Sideways", "spec", "strategy", "type"), "Unsupported value"},
		"a kind that nobody defines":     {"Component", set("Ingredient", "kind"), "no matches for kind"},
		"no such version":                {"HTTPRoute", set("gateway.networking.k8s.io/v9", "apiVersion"), "no matches for kind"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for stack, all := range stacks {
				found := all.Objects()
				i := slices.IndexFunc(found, func(o *unstructured.Unstructured) bool { return o.GetKind() == broken.kind })
				require.GreaterOrEqual(t, i, 0, "%s has no %s", stack, broken.kind)
				object := found[i].DeepCopy()
				require.NoError(t, broken.spoil(object))
				require.ErrorContains(t, client.Apply(t.Context(), object, true), broken.want)
			}
		})
	}
}

func set(value any, fields ...string) func(*unstructured.Unstructured) error {
	return func(o *unstructured.Unstructured) error {
		return unstructured.SetNestedField(o.Object, value, fields...)
	}
}
