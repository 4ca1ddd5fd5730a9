package redpanda_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/kafka"
	"github.com/rondohq/rondo/components/pulumitest"
	"github.com/rondohq/rondo/components/redpanda"
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
	got := fmt.Sprintf("%v %v %v", release.At("values", "resources", "cpu", "cores"), release.At("values", "resources", "memory", "container", "max"),
		release.At("values", "statefulset", "replicas"))
	if got != "2 2Gi 1" {
		t.Errorf("the broker has %s", got)
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
