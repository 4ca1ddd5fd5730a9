package program_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/rondohq/rondo/environments"
	"github.com/rondohq/rondo/platform/topology"
)

// others are what minikube itself requests with calico and the metrics server, and
// what KEDA, Envoy and Alertmanager do by their charts' defaults.
var others = []topology.Resources{
	{RequestCPU: "1100m", RequestMemory: "400Mi"},
	{RequestCPU: "300m", RequestMemory: "300Mi"},
	{RequestCPU: "200m", RequestMemory: "768Mi"},
	{RequestCPU: "0", RequestMemory: "200Mi"},
}

var start = regexp.MustCompile(`minikube start --cpus (\d+) --memory (\d+)g`)

// A cluster that is too small leaves pods pending, and the update waits in vain.
func TestTheClusterThatTheDocumentsStartHasRoomForTheStack(t *testing.T) {
	t.Parallel()
	var cpu, memory resource.Quantity
	add := func(r topology.Resources, times int64) {
		for sum, text := range map[*resource.Quantity]string{&cpu: r.RequestCPU, &memory: r.RequestMemory} {
			quantity, err := resource.ParseQuantity(text)
			if err != nil {
				t.Fatal(err)
			}
			quantity.Mul(times)
			sum.Add(quantity)
		}
	}
	requested := func(v any) topology.Resources {
		of := asMap(v)
		cpu, _ := of["cpu"].(string)
		memory, _ := of["memory"].(string)
		return topology.Resources{RequestCPU: cpu, RequestMemory: memory}
	}
	for _, run := range all(t) {
		if run.env.Name != environments.Minikube().Name {
			continue
		}
		for _, s := range run.env.Services() {
			add(s.Resources, int64(s.Replicas.Min))
			add(topology.Sidecar, int64(s.Replicas.Min))
		}
		// A new pod of the largest service comes up before an old one goes.
		add(topology.API.Resources, 1)
		add(topology.Sidecar, 1)
		add(requested(run.Named(t, "kubernetes:helm.sh/v3:Release", "redpanda").At("values", "resources", "requests")), 1)
		add(requested(run.One(t, "kubernetes:postgresql.cnpg.io/v1:Cluster").At("spec", "resources", "requests")), 1)
		for _, r := range others {
			add(r, 1)
		}
	}
	for _, name := range []string{"README.md", filepath.Join("docs", "runbooks", "first-deployment.md")} {
		text, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		match := start.FindSubmatch(text)
		if match == nil {
			t.Fatalf("%s does not say how to start minikube", name)
		}
		if has := resource.MustParse(string(match[1])); has.Cmp(cpu) < 0 {
			t.Errorf("%s starts a cluster of %s CPUs, and the stack requests %s", name, match[1], cpu.String())
		}
		if has := resource.MustParse(string(match[2]) + "Gi"); has.Cmp(memory) < 0 {
			t.Errorf("%s starts a cluster of %s GiB, and the stack requests %s", name, match[2], memory.String())
		}
	}
}
