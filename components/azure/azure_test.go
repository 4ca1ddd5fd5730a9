package azure_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/azure"
	"github.com/rondohq/rondo/components/pulumitest"
	"github.com/rondohq/rondo/environments"
)

func TestTheClusterHasWhatTheEnvironmentAsksFor(t *testing.T) {
	t.Parallel()
	want := environments.AKS().Cluster.Azure
	var r pulumitest.Recorder
	err := r.Run(t, "test", func(ctx *pulumi.Context) error {
		made, err := azure.New(ctx, "x", azure.Args{Name: "c", Cluster: want})
		if err != nil {
			return err
		}
		ctx.Export("kubeconfig", made.Kubeconfig)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	cluster := r.One(t, "azure-native:containerservice:ManagedCluster")
	for _, is := range []struct {
		want any
		path []any
	}{
		{true, []any{"oidcIssuerProfile", "enabled"}},
		{true, []any{"securityProfile", "workloadIdentity", "enabled"}},
		{"overlay", []any{"networkProfile", "networkPluginMode"}},
		{"cilium", []any{"networkProfile", "networkPolicy"}},
		{want.Pods, []any{"networkProfile", "podCidr"}},
		{"10.41.0.10", []any{"networkProfile", "dnsServiceIP"}},
		{want.KubernetesVersion, []any{"kubernetesVersion"}},
		{"c-nodes", []any{"agentPoolProfiles", 0, "vnetSubnetID"}},
	} {
		if got := cluster.At(is.path...); got != is.want {
			t.Errorf("%v is %v, want %v", is.path, got, is.want)
		}
	}
	for i, pool := range want.Pools {
		got := fmt.Sprint(cluster.At("agentPoolProfiles", i, "name"), cluster.At("agentPoolProfiles", i, "enableAutoScaling"),
			cluster.At("agentPoolProfiles", i, "minCount"), cluster.At("agentPoolProfiles", i, "maxCount"))
		if expected := fmt.Sprint(pool.Name, true, pool.Nodes.Min, pool.Nodes.Max); got != expected {
			t.Errorf("pool %s is %s, want %s", pool.Name, got, expected)
		}
	}
	if subnet := r.One(t, "azure-native:network:Subnet"); subnet.At("addressPrefix") != want.Nodes {
		t.Errorf("nodes are in %v", subnet.Inputs)
	}
}

func TestWrongArgumentsRegisterNothing(t *testing.T) {
	t.Parallel()
	var r pulumitest.Recorder
	err := r.Run(t, "test", func(ctx *pulumi.Context) error {
		_, err := azure.New(ctx, "x", azure.Args{})
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "a pool of nodes is missing") || len(r.Resources()) > 0 {
		t.Errorf("got %v and %d resources", err, len(r.Resources()))
	}
}
