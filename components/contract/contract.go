// Package contract puts the topology that a stack was made from into its namespace,
// where operators can read it.
package contract

import (
	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/inputs"
	"github.com/rondohq/rondo/components/manifest"
	"github.com/rondohq/rondo/platform/topology"
)

// Type is the type of the component.
const Type = "rondo:contract:Contract"

// DocumentKey is the key of the topology in the config map.
const DocumentKey = "topology.json"

// configMap is the name of the object.
const configMap = "topology"

// Args are the inputs.
type Args struct {
	Namespace pulumi.StringInput
	// Durability is how the brokers of this stack keep records.
	Durability topology.Durability
}

// Contract is the topology in a config map.
type Contract struct {
	pulumi.ResourceState
}

// New registers a Contract. Nothing is registered when the arguments are wrong.
func New(ctx *pulumi.Context, name string, args Args, opts ...pulumi.ResourceOption) (*Contract, error) {
	err := inputs.Check(Type, name,
		inputs.Need{What: "the namespace", There: args.Namespace != nil},
		inputs.Need{What: "the durability", There: args.Durability.Replication > 0 && args.Durability.MinInSync > 0},
	)
	if err != nil {
		return nil, err
	}
	text, err := encode(args.Durability)
	if err != nil {
		return nil, err
	}
	c := &Contract{}
	if err := ctx.RegisterComponentResource(Type, name, c, opts...); err != nil {
		return nil, err
	}
	_, err = corev1.NewConfigMap(ctx, configMap, &corev1.ConfigMapArgs{
		Metadata: manifest.Meta(configMap, args.Namespace.ToStringOutput().ToStringPtrOutput()),
		Data:     pulumi.StringMap{DocumentKey: pulumi.String(text)},
	}, pulumi.Parent(c))
	if err != nil {
		return nil, err
	}
	return c, ctx.RegisterResourceOutputs(c, pulumi.Map{})
}
