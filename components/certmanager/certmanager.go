// Package certmanager installs cert-manager, and the authorities that sign the
// certificate of the edge.
package certmanager

import (
	"maps"
	"slices"

	helm "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/helm/v3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/chart"
	"github.com/rondohq/rondo/components/inputs"
	"github.com/rondohq/rondo/components/manifest"
	"github.com/rondohq/rondo/environments"
)

// OperatorType and IssuersType are the types of the components.
const (
	OperatorType = "rondo:certmanager:Operator"
	IssuersType  = "rondo:certmanager:Issuers"
)

// Namespace is cert-manager's.
const Namespace = "cert-manager"

var published = chart.Chart{Name: "cert-manager", Version: "v1.21.2", Repository: "https://charts.jetstack.io"}

// Operator is cert-manager.
type Operator struct {
	pulumi.ResourceState

	// Release brings the custom resource definitions.
	Release *helm.Release
}

// NewOperator registers an Operator.
func NewOperator(ctx *pulumi.Context, name string, mirror environments.Mirror, opts ...pulumi.ResourceOption) (*Operator, error) {
	o := &Operator{}
	if err := ctx.RegisterComponentResource(OperatorType, name, o, opts...); err != nil {
		return nil, err
	}
	made, err := manifest.NewNamespace(ctx, Namespace, manifest.Restricted, pulumi.Parent(o))
	if err != nil {
		return nil, err
	}
	o.Release, err = chart.Install(ctx, published, chart.Args{
		Release: published.Name, Namespace: made.Metadata.Name().Elem(), Values: values(mirror), Mirror: mirror,
	}, pulumi.Parent(o))
	if err != nil {
		return nil, err
	}
	return o, ctx.RegisterResourceOutputs(o, pulumi.Map{})
}

func values(mirror environments.Mirror) pulumi.Map {
	v := pulumi.Map{
		"prometheus": pulumi.Map{"servicemonitor": pulumi.Map{"enabled": pulumi.Bool(true)}},
		"crds":       pulumi.Map{"enabled": pulumi.Bool(true)},
		"config": pulumi.Map{
			"apiVersion": pulumi.String("controller.config.cert-manager.io/v1alpha1"), "kind": pulumi.String("ControllerConfiguration"),
			"enableGatewayAPI": pulumi.Bool(true),
		},
	}
	if mirror.Images == "" {
		return v
	}
	image := func(part string) pulumi.Map {
		return pulumi.Map{"repository": pulumi.String(chart.Image(mirror, "quay.io", "jetstack/cert-manager-"+part))}
	}
	v["image"] = image("controller")
	for _, part := range []string{"webhook", "cainjector", "startupapicheck", "acmesolver"} {
		v[part] = pulumi.Map{"image": image(part)}
	}
	return v
}

// authorities are where each issuer's certificates come from (RFC 8555).
var authorities = map[environments.Issuer]string{
	environments.LetsEncryptStaging: "https://acme-staging-v02.api.letsencrypt.org/directory",
	environments.LetsEncryptProd:    "https://acme-v02.api.letsencrypt.org/directory",
}

// IssuersArgs are the inputs.
type IssuersArgs struct {
	// Email is told by the authority when a certificate is about to expire.
	Email string
	Edge  environments.EdgeProvider
	// Gateway and GatewayNamespace name the gateway that shows the proofs.
	Gateway, GatewayNamespace string
}

// Issuers are the authorities, both of them: going from the one for trying to the
// real one is a change of one setting.
type Issuers struct {
	pulumi.ResourceState
}

// issuerKind is that of an issuer for all namespaces.
var issuerKind = manifest.Kind{APIVersion: "cert-manager.io/v1", Name: "ClusterIssuer"}

type issuer struct {
	Spec issuerSpec `json:"spec"`
}

type issuerSpec struct {
	ACME acme `json:"acme"`
}

type acme struct {
	Server              string    `json:"server"`
	Email               string    `json:"email"`
	PrivateKeySecretRef reference `json:"privateKeySecretRef"`
	Solvers             []solver  `json:"solvers"`
}

type reference struct {
	Name string `json:"name"`
}

type solver struct {
	HTTP01 http01 `json:"http01"`
}

type http01 struct {
	GatewayHTTPRoute *gatewaySolver `json:"gatewayHTTPRoute,omitempty"`
	Ingress          *ingressSolver `json:"ingress,omitempty"`
}

type gatewaySolver struct {
	ParentRefs []parentReference `json:"parentRefs"`
}

type parentReference struct {
	Kind      string `json:"kind"`
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
}

type ingressSolver struct {
	IngressClassName string `json:"ingressClassName"`
}

// NewIssuers registers the Issuers. Nothing is registered when the arguments are wrong.
func NewIssuers(ctx *pulumi.Context, name string, args IssuersArgs, opts ...pulumi.ResourceOption) (*Issuers, error) {
	err := inputs.Check(IssuersType, name,
		inputs.Need{What: "the address of mail", There: args.Email != ""},
		inputs.Need{What: "the gateway", There: args.Edge != environments.Gateway || args.Gateway != ""},
	)
	if err != nil {
		return nil, err
	}
	i := &Issuers{}
	if err := ctx.RegisterComponentResource(IssuersType, name, i, opts...); err != nil {
		return nil, err
	}
	proof := http01{Ingress: &ingressSolver{IngressClassName: string(environments.Nginx)}}
	if args.Edge == environments.Gateway {
		proof = http01{GatewayHTTPRoute: &gatewaySolver{ParentRefs: []parentReference{
			{Kind: "Gateway", Name: args.Gateway, Namespace: args.GatewayNamespace},
		}}}
	}
	for _, authority := range slices.Sorted(maps.Keys(authorities)) {
		_, err := manifest.New(ctx, string(authority), manifest.Object{
			Kind: issuerKind, Metadata: manifest.Meta(string(authority), nil),
			Body: issuer{Spec: issuerSpec{ACME: acme{
				Server: authorities[authority], Email: args.Email,
				PrivateKeySecretRef: reference{Name: string(authority) + "-account"},
				Solvers:             []solver{{HTTP01: proof}},
			}}},
		}, pulumi.Parent(i))
		if err != nil {
			return nil, err
		}
	}
	return i, ctx.RegisterResourceOutputs(i, pulumi.Map{})
}
