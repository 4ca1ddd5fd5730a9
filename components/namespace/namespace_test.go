package namespace_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/namespace"
	"github.com/rondohq/rondo/components/pulumitest"
	"github.com/rondohq/rondo/platform/topology"
)

const policyType = "kubernetes:networking.k8s.io/v1:NetworkPolicy"

func args() namespace.Args {
	return namespace.Args{
		Name: "tenant", Services: topology.Services(),
		Kafka:    namespace.Endpoint{Namespace: "broker", Ports: []pulumi.IntInput{pulumi.Int(9093)}},
		Postgres: namespace.Endpoint{Ports: []pulumi.IntInput{pulumi.Int(5432)}},
		Dapr:     "dapr-system", Monitoring: "monitoring", Edge: "proxies", APIPort: 6443,
	}
}

func run(t *testing.T, a namespace.Args) *pulumitest.Recorder {
	t.Helper()
	var r pulumitest.Recorder
	err := r.Run(t, "test", func(ctx *pulumi.Context) error {
		_, err := namespace.New(ctx, "x", a)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return &r
}

// reach lists the rules of a policy as "peer:ports".
func reach(t *testing.T, r *pulumitest.Recorder, name, direction string) string {
	t.Helper()
	side := map[string]string{"ingress": "from", "egress": "to"}[direction]
	policy := r.Named(t, policyType, name)
	var lines []string
	for i := 0; policy.At("spec", direction, i) != nil; i++ {
		rule := func(path ...any) any { return policy.At(append([]any{"spec", direction, i}, path...)...) }
		peer := "anyone"
		switch {
		case rule(side, 0, "podSelector") != nil:
			peer = fmt.Sprint(rule(side, 0, "podSelector", "matchLabels", "app.kubernetes.io/name"))
		case rule(side, 0, "namespaceSelector") != nil:
			peer = fmt.Sprint(rule(side, 0, "namespaceSelector", "matchLabels", "kubernetes.io/metadata.name"))
		case rule(side, 0) != nil:
			peer = "internet"
		}
		var ports []string
		for n := 0; rule("ports", n) != nil; n++ {
			ports = append(ports, fmt.Sprint(rule("ports", n, "port")))
		}
		lines = append(lines, peer+":"+strings.Join(ports, ","))
	}
	return strings.Join(lines, " ")
}

func TestPodsReachWhatTheTopologySays(t *testing.T) {
	t.Parallel()
	r := run(t, args())
	p := topology.ClusterPorts
	scraped := fmt.Sprintf("monitoring:%d,%d", p.Public, p.SidecarMetrics)
	frontend, api, recurring := topology.Frontend.Name, topology.API.Name, topology.Recurring.Name
	for _, is := range []struct{ name, direction, want string }{
		{"default-deny", "ingress", ""},
		{"default-deny", "egress", ""},
		{"dns", "egress", "kube-system:53,53"},
		{frontend, "ingress", fmt.Sprintf("%s proxies:%d", scraped, p.Public)},
		{frontend, "egress", fmt.Sprintf("dapr-system: anyone:6443 api:%d broker:9093 anyone:5432", p.SidecarInternal)},
		{api, "ingress", fmt.Sprintf("%s proxies:%d frontend:%d", scraped, p.Public, p.SidecarInternal)},
		{recurring, "ingress", scraped},
		{recurring, "egress", "dapr-system: anyone:6443 broker:9093 anyone:5432"},
		{namespace.MigrationsName, "egress", "anyone:5432"},
	} {
		if got := reach(t, r, is.name, is.direction); got != is.want {
			t.Errorf("%s of %s is %q, want %q", is.direction, is.name, got, is.want)
		}
	}
	if got := reach(t, r, api, "egress"); !strings.Contains(got, "internet:") {
		t.Errorf("%s can't reach the model behind the assistant: %s", api, got)
	}
}

func TestTheQuotaHoldsAllReplicasAndOneMoreOfEach(t *testing.T) {
	t.Parallel()
	a := args()
	a.Services = []topology.Service{{
		Name: "x", Replicas: topology.Replicas{Min: 1, Max: 3},
		Resources: topology.Resources{RequestCPU: "500m", RequestMemory: "256Mi", LimitCPU: "1", LimitMemory: "1Gi"},
	}}
	hard := run(t, a).One(t, "kubernetes:core/v1:ResourceQuota").At("spec", "hard")
	// Four pods of the service with their sidecars, and two others of a sidecar's size.
	want := map[string]any{
		"requests.cpu": "2600m", "requests.memory": "1792Mi", "limits.cpu": "7", "limits.memory": "7Gi", "pods": "6",
	}
	if fmt.Sprint(hard) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", hard, want)
	}
}

func TestWrongArgumentsRegisterNothing(t *testing.T) {
	t.Parallel()
	broken := args()
	broken.Services = []topology.Service{{Name: "x", Resources: topology.Resources{RequestCPU: "much"}}}
	for want, a := range map[string]namespace.Args{
		"the port of the cluster's API is missing": {}, `"much" is no quantity`: broken,
	} {
		var r pulumitest.Recorder
		err := r.Run(t, "test", func(ctx *pulumi.Context) error {
			_, err := namespace.New(ctx, "x", a)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), want) || len(r.Resources()) > 0 {
			t.Errorf("got %v and %d resources, want %q", err, len(r.Resources()), want)
		}
	}
}
