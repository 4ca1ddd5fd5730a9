package redpanda_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/kafka"
	"github.com/rondohq/rondo/components/pulumitest"
	"github.com/rondohq/rondo/components/redpanda"
	"github.com/rondohq/rondo/environments"
	"github.com/rondohq/rondo/platform/topology"
)

func TestTheBrokerHasThePlansLimits(t *testing.T) {
	t.Parallel()
	var r pulumitest.Recorder
	err := r.Run(t, "test", func(ctx *pulumi.Context) error {
		_, err := redpanda.New(ctx, "x", redpanda.Args{Durability: topology.SingleBroker, Storage: "5Gi"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	release := r.One(t, "kubernetes:helm.sh/v3:Release")
	at := func(path ...any) any { return release.At(append([]any{"values"}, path...)...) }
	got := fmt.Sprint(at("resources", "limits", "cpu"), " ", at("resources", "limits", "memory"), " ", at("statefulset", "replicas"))
	if got != "2 2Gi 1" {
		t.Errorf("the broker has %s", got)
	}
	// 90 % of the memory is for the threads, one for each CPU that is requested. With
	// less than a GiB for each the broker ends when it starts.
	if got := fmt.Sprint(at("resources", "requests", "cpu"), " ", at("resources", "requests", "memory")); got != "1 2Gi" {
		t.Errorf("the broker asks for %s", got)
	}
}

// The chart's schema is closed: a value that it does not know fails the release.
func TestTheValuesAreThoseOfTheChart(t *testing.T) {
	t.Parallel()
	var r pulumitest.Recorder
	err := r.Run(t, "test", func(ctx *pulumi.Context) error {
		_, err := redpanda.New(ctx, "x", redpanda.Args{
			Durability: topology.SingleBroker, Storage: "5Gi", Mirror: environments.Mirror{Images: "mirror.example:5000"},
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	release := r.One(t, "kubernetes:helm.sh/v3:Release")
	values, _ := release.At("values").(map[string]any)
	known := []string{"config", "console", "external", "image", "resources", "statefulset", "storage", "tls", "tuning"}
	if got := slices.Sorted(maps.Keys(values)); !slices.Equal(got, known) {
		t.Errorf("the values are %q, and those looked up in the chart %q", got, known)
	}
	for _, image := range []any{
		release.At("values", "image", "repository"), release.At("values", "statefulset", "sideCars", "image", "repository"),
	} {
		if text, _ := image.(string); !strings.HasPrefix(text, "mirror.example:5000/") {
			t.Errorf("without internet the broker would pull %v", image)
		}
	}
}

func TestTheScriptMakesEveryTopicAsTheTopologySays(t *testing.T) {
	t.Parallel()
	script := redpanda.Script(topology.Cloud)
	for _, topic := range kafka.Topics() {
		if want := fmt.Sprintf("\ntopic %s %d %d\n", topic.Name, topic.Partitions, topic.Retention.Milliseconds()); strings.Count(script, want) != 1 {
			t.Errorf("the script lacks %q", want)
		}
	}
	if !strings.Contains(script, "--replicas 3") {
		t.Error("the script keeps one copy of each record")
	}
}

func TestWrongArgumentsRegisterNothing(t *testing.T) {
	t.Parallel()
	var r pulumitest.Recorder
	err := r.Run(t, "test", func(ctx *pulumi.Context) error {
		_, err := redpanda.New(ctx, "x", redpanda.Args{})
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "the size of the storage is missing") || len(r.Resources()) > 0 {
		t.Errorf("got %v and %d resources", err, len(r.Resources()))
	}
}
