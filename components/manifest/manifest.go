// Package manifest has what our Kubernetes objects share: labels, metadata, and
// custom resources of typed Go values.
package manifest

import (
	"fmt"

	"github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes"
	"github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/apiextensions"
	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	metav1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/inputs"
)

// The recommended labels of Kubernetes that we set.
const (
	NameLabel      = "app.kubernetes.io/name"
	PartOfLabel    = "app.kubernetes.io/part-of"
	managedByLabel = "app.kubernetes.io/managed-by"

	// PartOf is the value of PartOfLabel on everything of ours.
	PartOf = "rondo"
	// NamespaceLabel is on every namespace, with its name (Kubernetes sets it).
	NamespaceLabel = "kubernetes.io/metadata.name"
)

// Labels are those of an object that belongs to the named part.
func Labels(name string) pulumi.StringMap {
	return pulumi.StringMap{
		NameLabel:      pulumi.String(name),
		PartOfLabel:    pulumi.String(PartOf),
		managedByLabel: pulumi.String("pulumi"),
	}
}

// Meta is the metadata of an object with our labels. namespace is nil for an
// object of the whole cluster.
func Meta(name string, namespace pulumi.StringPtrInput) *metav1.ObjectMetaArgs {
	return &metav1.ObjectMetaArgs{Name: pulumi.String(name), Namespace: namespace, Labels: Labels(name)}
}

// Kind is a kind of object that a custom resource definition adds.
type Kind struct{ APIVersion, Name string }

// Object is a custom resource. Body is a struct with json tags: what the object has
// besides its kind and metadata.
type Object struct {
	Kind     Kind
	Metadata *metav1.ObjectMetaArgs
	Body     any
}

// New registers a custom resource.
func New(ctx *pulumi.Context, name string, o Object, opts ...pulumi.ResourceOption) (*apiextensions.CustomResource, error) {
	made, err := apiextensions.NewCustomResource(ctx, name, &apiextensions.CustomResourceArgs{
		ApiVersion: pulumi.String(o.Kind.APIVersion), Kind: pulumi.String(o.Kind.Name),
		Metadata: o.Metadata, OtherFields: kubernetes.UntypedArgs(inputs.Of(o.Body)),
	}, opts...)
	if err != nil {
		return nil, fmt.Errorf("%s %q: %w", o.Kind.Name, name, err)
	}
	return made, nil
}

// PodSecurity is a level of the Pod Security Standards.
type PodSecurity string

// The levels that we use. Restricted is for all that is ours; some operators of
// others need more.
const (
	Restricted PodSecurity = "restricted"
	Baseline   PodSecurity = "baseline"
	Privileged PodSecurity = "privileged"
)

// NewNamespace registers a namespace that enforces a level of pod security.
func NewNamespace(ctx *pulumi.Context, name string, level PodSecurity, opts ...pulumi.ResourceOption) (*corev1.Namespace, error) {
	meta := Meta(name, nil)
	labels := Labels(name)
	for _, mode := range []string{"enforce", "audit", "warn"} {
		labels["pod-security.kubernetes.io/"+mode] = pulumi.String(level)
	}
	meta.Labels = labels
	made, err := corev1.NewNamespace(ctx, name, &corev1.NamespaceArgs{Metadata: meta}, opts...)
	if err != nil {
		return nil, fmt.Errorf("namespace %q: %w", name, err)
	}
	return made, nil
}
