// Package keda installs KEDA and scales consumers by how far they are behind.
package keda

import (
	helm "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/helm/v3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/chart"
	"github.com/rondohq/rondo/components/manifest"
	"github.com/rondohq/rondo/environments"
)

// Type is the type of the component that is the operator.
const Type = "rondo:keda:Operator"

// Namespace is the operator's.
const Namespace = "keda"

var published = chart.Chart{Name: "keda", Version: "2.21.0", Repository: "https://kedacore.github.io/charts"}

// Operator is KEDA.
type Operator struct {
	pulumi.ResourceState

	// Release brings the custom resource definitions.
	Release *helm.Release
}

// Args are the inputs.
type Args struct {
	Mirror environments.Mirror
	// Replicas of the operator; more than one takes over when a node is lost.
	Replicas int
	// Monitored makes Prometheus scrape it; its operator has to be there.
	Monitored bool
}

// New registers an Operator.
func New(ctx *pulumi.Context, name string, args Args, opts ...pulumi.ResourceOption) (*Operator, error) {
	o := &Operator{}
	if err := ctx.RegisterComponentResource(Type, name, o, opts...); err != nil {
		return nil, err
	}
	namespace, err := manifest.NewNamespace(ctx, Namespace, manifest.Restricted, pulumi.Parent(o))
	if err != nil {
		return nil, err
	}
	metrics := pulumi.Map{
		"enabled": pulumi.Bool(true), "serviceMonitor": pulumi.Map{"enabled": pulumi.Bool(args.Monitored)},
	}
	values := pulumi.Map{
		"operator":      pulumi.Map{"replicaCount": pulumi.Int(args.Replicas)},
		"metricsServer": pulumi.Map{"replicaCount": pulumi.Int(args.Replicas)},
		"prometheus":    pulumi.Map{"operator": metrics, "metricServer": metrics},
	}
	if args.Mirror.Images != "" {
		values["global"] = pulumi.Map{"image": pulumi.Map{"registry": pulumi.String(args.Mirror.Images)}}
	}
	o.Release, err = chart.Install(ctx, published, chart.Args{
		Release: Namespace, Namespace: namespace.Metadata.Name().Elem(), Values: values, Mirror: args.Mirror,
	}, pulumi.Parent(o))
	if err != nil {
		return nil, err
	}
	return o, ctx.RegisterResourceOutputs(o, pulumi.Map{})
}
