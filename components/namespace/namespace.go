// Package namespace gives a tenant its namespace: what may run in it, how much it
// may use, and who may talk to whom, which is what the topology says and no more.
package namespace

import (
	"fmt"

	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/inputs"
	"github.com/rondohq/rondo/components/manifest"
	"github.com/rondohq/rondo/platform/topology"
)

// Type is the type of the component.
const Type = "rondo:namespace:Namespace"

// Endpoint is something outside of the namespace that pods connect to.
type Endpoint struct {
	// Namespace is where its pods run; empty: outside of the cluster.
	Namespace string
	Ports     []pulumi.IntInput
}

// Args are the inputs.
type Args struct {
	// Name of the namespace.
	Name     string
	Services []topology.Service
	// Kafka and Postgres are where the broker and the database answer.
	Kafka, Postgres Endpoint
	// Dapr, Monitoring and Edge are the namespaces of the control plane, of
	// Prometheus, and of the proxies that requests come from. An empty Edge lets
	// requests come from anywhere.
	Dapr, Monitoring, Edge string
	// Solvers lets the edge reach the pods that prove to a certificate authority
	// that the host is ours.
	Solvers bool
	// APIPort is the port of the API server itself.
	APIPort int
	// Collector is the port of the collector of traces; 0: none.
	Collector int
}

func (a Args) check(name string) error {
	return inputs.Check(Type, name,
		inputs.Need{What: "the name", There: a.Name != ""},
		inputs.Need{What: "every service", There: len(a.Services) > 0},
		inputs.Need{What: "the port of Kafka", There: len(a.Kafka.Ports) > 0},
		inputs.Need{What: "the port of PostgreSQL", There: len(a.Postgres.Ports) > 0},
		inputs.Need{What: "the namespace of Dapr", There: a.Dapr != ""},
		inputs.Need{What: "the namespace of Prometheus", There: a.Monitoring != ""},
		inputs.Need{What: "the port of the cluster's API", There: a.APIPort != 0},
	)
}

// Namespace is the tenant's namespace.
type Namespace struct {
	pulumi.ResourceState

	// Name is known once the namespace exists; what lives in it depends on that.
	Name pulumi.StringOutput `pulumi:"name"`
}

// New registers a Namespace. Nothing is registered when the arguments are wrong.
func New(ctx *pulumi.Context, name string, args Args, opts ...pulumi.ResourceOption) (*Namespace, error) {
	if err := args.check(name); err != nil {
		return nil, err
	}
	limits, err := quota(args.Services)
	if err != nil {
		return nil, fmt.Errorf("%s %q: %w", Type, name, err)
	}
	n := &Namespace{}
	if err := ctx.RegisterComponentResource(Type, name, n, opts...); err != nil {
		return nil, err
	}
	made, err := manifest.NewNamespace(ctx, args.Name, manifest.Restricted, pulumi.Parent(n))
	if err != nil {
		return nil, err
	}
	n.Name = made.Metadata.Name().Elem()
	if err := n.limit(ctx, limits); err != nil {
		return nil, err
	}
	for _, p := range args.policies() {
		if err := n.allow(ctx, p); err != nil {
			return nil, err
		}
	}
	return n, ctx.RegisterResourceOutputs(n, pulumi.Map{"name": n.Name})
}

// limit bounds the whole namespace, and containers that say nothing of themselves.
func (n *Namespace) limit(ctx *pulumi.Context, limits pulumi.StringMap) error {
	_, err := corev1.NewResourceQuota(ctx, "quota", &corev1.ResourceQuotaArgs{
		Metadata: manifest.Meta("quota", n.Name),
		Spec:     &corev1.ResourceQuotaSpecArgs{Hard: limits},
	}, pulumi.Parent(n))
	if err != nil {
		return err
	}
	d := topology.Sidecar
	_, err = corev1.NewLimitRange(ctx, "limits", &corev1.LimitRangeArgs{
		Metadata: manifest.Meta("limits", n.Name),
		Spec: &corev1.LimitRangeSpecArgs{Limits: corev1.LimitRangeItemArray{&corev1.LimitRangeItemArgs{
			Type:           pulumi.String("Container"),
			DefaultRequest: pulumi.StringMap{"cpu": pulumi.String(d.RequestCPU), "memory": pulumi.String(d.RequestMemory)},
			Default:        pulumi.StringMap{"cpu": pulumi.String(d.LimitCPU), "memory": pulumi.String(d.LimitMemory)},
		}}},
	}, pulumi.Parent(n))
	return err
}
