// Package edge is the way in from outside: which paths lead to which service, over
// TLS, and no faster than the environment allows.
package edge

import (
	"strings"

	helm "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/helm/v3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/chart"
	"github.com/rondohq/rondo/components/inputs"
	"github.com/rondohq/rondo/components/manifest"
	"github.com/rondohq/rondo/environments"
	"github.com/rondohq/rondo/platform/topology"
)

// The types of the components.
const (
	OperatorType = "rondo:edge:Operator"
	RoutesType   = "rondo:edge:Routes"
)

// The namespaces of the proxies, and of the gateway with its certificate.
const (
	EnvoyNamespace   = "envoy-gateway-system"
	NginxNamespace   = "ingress-nginx"
	GatewayNamespace = "edge"
)

// GatewayName is the gateway's.
const GatewayName = "rondo"

// certificate is the secret that cert-manager keeps the certificate in.
const certificate = "edge-tls"

// issuerAnnotation asks cert-manager for a certificate.
const issuerAnnotation = "cert-manager.io/cluster-issuer"

// private are the paths that every service has for the cluster alone.
var private = []string{"/metrics", "/healthz", "/readyz"}

var (
	envoyChart = chart.Chart{Name: "gateway-helm", Version: "v1.9.1", Repository: "oci://docker.io/envoyproxy"}
	nginxChart = chart.Chart{Name: "ingress-nginx", Version: "4.13.3", Repository: "https://kubernetes.github.io/ingress-nginx"}
)

// Namespace is where the proxies of a provider run; empty for an external one.
func Namespace(provider environments.EdgeProvider) string {
	switch provider {
	case environments.Gateway:
		return EnvoyNamespace
	case environments.Nginx:
		return NginxNamespace
	default:
		return ""
	}
}

// Operator runs the proxies.
type Operator struct {
	pulumi.ResourceState

	// Release brings the custom resource definitions, those of the Gateway API too.
	Release *helm.Release
}

// NewOperator registers the Operator of a provider, which must not be external.
func NewOperator(
	ctx *pulumi.Context, name string, provider environments.EdgeProvider, mirror environments.Mirror, opts ...pulumi.ResourceOption,
) (*Operator, error) {
	o := &Operator{}
	if err := ctx.RegisterComponentResource(OperatorType, name, o, opts...); err != nil {
		return nil, err
	}
	made, err := manifest.NewNamespace(ctx, Namespace(provider), manifest.Baseline, pulumi.Parent(o))
	if err != nil {
		return nil, err
	}
	args := chart.Args{Release: "envoy-gateway", Namespace: made.Metadata.Name().Elem(), Values: pulumi.Map{}, Mirror: mirror}
	published := envoyChart
	if provider == environments.Nginx {
		published, args.Release = nginxChart, NginxNamespace
		args.Values = pulumi.Map{"controller": pulumi.Map{"metrics": pulumi.Map{"enabled": pulumi.Bool(true)}}}
	}
	if mirror.Images != "" {
		args.Values["global"] = pulumi.Map{
			"imageRegistry": pulumi.String(mirror.Images),                         // Envoy Gateway
			"image":         pulumi.Map{"registry": pulumi.String(mirror.Images)}, // ingress-nginx
		}
	}
	o.Release, err = chart.Install(ctx, published, args, pulumi.Parent(o))
	if err != nil {
		return nil, err
	}
	return o, ctx.RegisterResourceOutputs(o, pulumi.Map{})
}

// Args are the inputs.
type Args struct {
	Edge environments.Edge
	// Namespace is the services'.
	Namespace pulumi.StringInput
	Services  []topology.Service
}

// Routes are the host and its paths.
type Routes struct {
	pulumi.ResourceState

	args Args
}

// New registers the Routes. Nothing is registered when the arguments are wrong, or
// for an external edge, which has routes of its own.
func New(ctx *pulumi.Context, name string, args Args, opts ...pulumi.ResourceOption) (*Routes, error) {
	err := inputs.Check(RoutesType, name,
		inputs.Need{What: "the host", There: args.Edge.Host != ""},
		inputs.Need{What: "the namespace", There: args.Namespace != nil},
		inputs.Need{What: "every service", There: len(args.Services) > 0},
	)
	if err != nil {
		return nil, err
	}
	r := &Routes{args: args}
	if err := ctx.RegisterComponentResource(RoutesType, name, r, opts...); err != nil {
		return nil, err
	}
	switch args.Edge.Provider {
	case environments.Gateway:
		err = r.gateway(ctx)
	case environments.Nginx:
		err = r.ingress(ctx)
	case environments.ExternalEdge:
	}
	if err != nil {
		return nil, err
	}
	return r, ctx.RegisterResourceOutputs(r, pulumi.Map{})
}

func (r *Routes) secure() bool { return r.args.Edge.Issuer != environments.NoIssuer }

// prefix is a path of the topology as routes have it: without the last slash.
func prefix(path string) string {
	if trimmed := strings.TrimRight(path, "/"); trimmed != "" {
		return trimmed
	}
	return "/"
}
