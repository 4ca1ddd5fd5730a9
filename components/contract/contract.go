// Package contract gives a stack its namespace, and puts the topology that the
// stack was made from into it, where operators can read it.
package contract

import (
	"errors"
	"fmt"

	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	metav1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/rondohq/rondo/platform/topology"
)

// Token is the type of the component.
const Token = "rondo:contract:Contract"

// DocumentKey is the key of the topology in the config map.
const DocumentKey = "topology.json"

// Args are the inputs.
type Args struct {
	// Namespace is the name of the namespace that is made.
	Namespace string
	// Durability is how the brokers of this stack keep records.
	Durability topology.Durability
}

func (a Args) validate() error {
	var wrong []error
	if a.Namespace == "" {
		wrong = append(wrong, errors.New("the namespace is missing"))
	}
	if a.Durability.Replication < 1 || a.Durability.MinInSync < 1 {
		wrong = append(wrong, fmt.Errorf("the durability %+v keeps nothing", a.Durability))
	}
	return errors.Join(wrong...)
}

// Contract is the namespace with the topology in it.
type Contract struct {
	pulumi.ResourceState

	// Namespace is the name, once it exists; what lives in it depends on that.
	Namespace pulumi.StringOutput `pulumi:"namespace"`
}

// New registers a Contract. Nothing is registered when the arguments are wrong.
func New(ctx *pulumi.Context, name string, args Args, opts ...pulumi.ResourceOption) (*Contract, error) {
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("%s %q: %w", Token, name, err)
	}
	text, err := encode(args.Durability)
	if err != nil {
		return nil, err
	}
	c := &Contract{}
	if err := ctx.RegisterComponentResource(Token, name, c, opts...); err != nil {
		return nil, err
	}
	labels := pulumi.StringMap{
		"app.kubernetes.io/part-of":    pulumi.String("rondo"),
		"app.kubernetes.io/managed-by": pulumi.String("pulumi"),
	}
	namespace, err := corev1.NewNamespace(ctx, name, &corev1.NamespaceArgs{
		Metadata: &metav1.ObjectMetaArgs{Name: pulumi.String(args.Namespace), Labels: labels},
	}, pulumi.Parent(c))
	if err != nil {
		return nil, err
	}
	c.Namespace = namespace.Metadata.Name().Elem()
	_, err = corev1.NewConfigMap(ctx, name+"-topology", &corev1.ConfigMapArgs{
		Metadata: &metav1.ObjectMetaArgs{Name: pulumi.String("topology"), Namespace: c.Namespace, Labels: labels},
		Data:     pulumi.StringMap{DocumentKey: pulumi.String(text)},
	}, pulumi.Parent(c))
	if err != nil {
		return nil, err
	}
	return c, ctx.RegisterResourceOutputs(c, pulumi.Map{"namespace": c.Namespace})
}
