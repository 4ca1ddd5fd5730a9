package contract_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/rondohq/rondo/components/contract"
	"github.com/rondohq/rondo/components/pulumitest"
	"github.com/rondohq/rondo/platform/topology"
)

const configMapType = "kubernetes:core/v1:ConfigMap"

func program(args contract.Args) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		_, err := contract.New(ctx, "x", args)
		return err
	}
}

func TestTheConfigMapHoldsTheTopology(t *testing.T) {
	t.Parallel()
	var r pulumitest.Recorder
	args := contract.Args{Namespace: pulumi.String("tenant"), Durability: topology.Cloud}
	if err := r.Run(t, "test", program(args)); err != nil {
		t.Fatal(err)
	}
	if got := r.One(t, configMapType); got.Parent != r.One(t, contract.Type).Name {
		t.Errorf("the topology has the parent %q", got.Parent)
	}
	inputs := r.One(t, configMapType).Inputs
	if got := inputs["metadata"].ObjectValue()["namespace"].StringValue(); got != "tenant" {
		t.Errorf("the topology is in the namespace %q", got)
	}

	var doc struct {
		Topics []struct {
			Name        string
			Partitions  int
			Replication int
		}
		Subscriptions []struct{ Group string }
		Services      []struct {
			Name        string
			MaxReplicas int `json:"max_replicas"`
		}
	}
	text := inputs["data"].ObjectValue()[contract.DocumentKey].StringValue()
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Topics) != len(topology.Topics())+len(topology.DeadLetters()) ||
		len(doc.Subscriptions) != len(topology.Subscriptions()) ||
		len(doc.Services) != len(topology.Services()) {
		t.Errorf("the document leaves something out:\n%s", text)
	}
	first, want := doc.Topics[0], topology.TaskEvents
	if first.Name != want.Name || first.Partitions != want.Partitions || first.Replication != topology.Cloud.Replication {
		t.Errorf("the first topic is %+v, want %+v", first, want)
	}
	for _, s := range doc.Services {
		if s.Name == topology.Notifier.Name && s.MaxReplicas != topology.Notifier.MaxReplicas() {
			t.Errorf("%s may have %d replicas", s.Name, s.MaxReplicas)
		}
	}
}

func TestWrongArgumentsRegisterNothing(t *testing.T) {
	t.Parallel()
	var r pulumitest.Recorder
	err := r.Run(t, "test", program(contract.Args{}))
	if err == nil || !strings.Contains(err.Error(), "the namespace is missing") || !strings.Contains(err.Error(), "the durability is missing") {
		t.Errorf("got %v", err)
	}
	if got := r.Resources(); len(got) > 0 {
		t.Errorf("registered %v", got)
	}
}

func TestARefusedResourceFailsTheProgram(t *testing.T) {
	t.Parallel()
	for _, typ := range []string{contract.Type, configMapType} {
		r := pulumitest.Recorder{Refuse: typ}
		err := r.Run(t, "test", program(contract.Args{Namespace: pulumi.String("tenant"), Durability: topology.SingleBroker}))
		if err == nil || !strings.Contains(err.Error(), pulumitest.ErrRefused.Error()) {
			t.Errorf("%s refused: %v", typ, err)
		}
	}
}
