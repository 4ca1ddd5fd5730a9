package edge

import (
	metav1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/manifest"
	"github.com/rondohq/rondo/platform/topology"
)

// Kinds of objects: the Gateway API's, and those that Envoy Gateway adds.
var (
	classKind   = manifest.Kind{APIVersion: "gateway.networking.k8s.io/v1", Name: "GatewayClass"}
	gatewayKind = manifest.Kind{APIVersion: "gateway.networking.k8s.io/v1", Name: "Gateway"}
	routeKind   = manifest.Kind{APIVersion: "gateway.networking.k8s.io/v1", Name: "HTTPRoute"}
	filterKind  = manifest.Kind{APIVersion: "gateway.envoyproxy.io/v1alpha1", Name: "HTTPRouteFilter"}
	backendKind = manifest.Kind{APIVersion: "gateway.envoyproxy.io/v1alpha1", Name: "BackendTrafficPolicy"}
	clientKind  = manifest.Kind{APIVersion: "gateway.envoyproxy.io/v1alpha1", Name: "ClientTrafficPolicy"}
)

const (
	gatewayGroup = "gateway.networking.k8s.io"
	envoyGroup   = "gateway.envoyproxy.io"
	plain        = "http"  // the listener for everyone, or for the redirect
	encrypted    = "https" // the listener with the certificate
)

type gatewayClass struct {
	Spec classSpec `json:"spec"`
}

type classSpec struct {
	ControllerName string `json:"controllerName"`
}

type gateway struct {
	Spec gatewaySpec `json:"spec"`
}

type gatewaySpec struct {
	GatewayClassName string     `json:"gatewayClassName"`
	Listeners        []listener `json:"listeners"`
}

type listener struct {
	Name          string        `json:"name"`
	Protocol      string        `json:"protocol"`
	Port          int           `json:"port"`
	Hostname      string        `json:"hostname"`
	TLS           *tls          `json:"tls,omitempty"`
	AllowedRoutes allowedRoutes `json:"allowedRoutes"`
}

type tls struct {
	Mode            string      `json:"mode"`
	CertificateRefs []reference `json:"certificateRefs"`
}

type reference struct {
	Group     string `json:"group,omitempty"`
	Kind      string `json:"kind,omitempty"`
	Name      string `json:"name"`
	Namespace string `json:"namespace,omitempty"`
	// SectionName is a listener of a gateway.
	SectionName string `json:"sectionName,omitempty"`
	Port        int    `json:"port,omitempty"`
}

type allowedRoutes struct {
	Namespaces routeNamespaces `json:"namespaces"`
}

type routeNamespaces struct {
	From     string   `json:"from"`
	Selector selector `json:"selector"`
}

type selector struct {
	MatchExpressions []expression `json:"matchExpressions"`
}

type expression struct {
	Key      string               `json:"key"`
	Operator string               `json:"operator"`
	Values   []pulumi.StringInput `json:"values"`
}

type httpRoute struct {
	Spec routeSpec `json:"spec"`
}

type routeSpec struct {
	ParentRefs []reference `json:"parentRefs"`
	Hostnames  []string    `json:"hostnames"`
	Rules      []routeRule `json:"rules"`
}

type routeRule struct {
	Matches     []match     `json:"matches,omitempty"`
	Filters     []filter    `json:"filters,omitempty"`
	BackendRefs []reference `json:"backendRefs,omitempty"`
	Timeouts    *timeouts   `json:"timeouts,omitempty"`
}

type match struct {
	Path path `json:"path"`
}

type path struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

type filter struct {
	Type            string     `json:"type"`
	RequestRedirect *redirect  `json:"requestRedirect,omitempty"`
	ExtensionRef    *reference `json:"extensionRef,omitempty"`
}

type redirect struct {
	Scheme     string `json:"scheme"`
	StatusCode int    `json:"statusCode"`
}

type timeouts struct {
	Request string `json:"request"`
}

type httpRouteFilter struct {
	Spec filterSpec `json:"spec"`
}

type filterSpec struct {
	DirectResponse directResponse `json:"directResponse"`
}

type directResponse struct {
	StatusCode int `json:"statusCode"`
}

type backendTrafficPolicy struct {
	Spec backendSpec `json:"spec"`
}

type backendSpec struct {
	TargetRefs []reference `json:"targetRefs"`
	RateLimit  rateLimit   `json:"rateLimit"`
}

type rateLimit struct {
	Type  string     `json:"type"`
	Local localLimit `json:"local"`
}

type localLimit struct {
	Rules []limitRule `json:"rules"`
}

type limitRule struct {
	Limit limit `json:"limit"`
}

type limit struct {
	Requests int    `json:"requests"`
	Unit     string `json:"unit"`
}

type clientTrafficPolicy struct {
	Spec clientSpec `json:"spec"`
}

type clientSpec struct {
	TargetRefs []reference `json:"targetRefs"`
	TLS        clientTLS   `json:"tls"`
}

type clientTLS struct {
	MinVersion string `json:"minVersion"`
}

// gateway registers everything for the Gateway API.
func (r *Routes) gateway(ctx *pulumi.Context) error {
	home, err := manifest.NewNamespace(ctx, GatewayNamespace, manifest.Restricted, pulumi.Parent(r))
	if err != nil {
		return err
	}
	const class = "envoy"
	err = r.object(ctx, class, classKind, nil, gatewayClass{Spec: classSpec{ControllerName: envoyGroup + "/gatewayclass-controller"}})
	if err != nil {
		return err
	}
	if err := r.entrance(ctx, class, home.Metadata.Name().Elem()); err != nil {
		return err
	}
	front := plain
	if r.secure() {
		front = encrypted
		err := r.route(ctx, "redirect", plain, routeRule{Filters: []filter{{
			Type: "RequestRedirect", RequestRedirect: &redirect{Scheme: encrypted, StatusCode: 301},
		}}})
		if err != nil {
			return err
		}
	}
	var limited []reference
	for _, s := range r.args.Services {
		if len(s.EdgePaths) == 0 {
			continue
		}
		// Live updates and chat turns stay open; services bound their own answers.
		rule := routeRule{Timeouts: &timeouts{Request: "0s"}, BackendRefs: []reference{{Name: s.Name, Port: topology.ClusterPorts.Public}}}
		for _, p := range s.EdgePaths {
			rule.Matches = append(rule.Matches, match{Path: path{Type: "PathPrefix", Value: prefix(p)}})
		}
		if err := r.route(ctx, s.Name, front, rule); err != nil {
			return err
		}
		limited = append(limited, reference{Group: gatewayGroup, Kind: routeKind.Name, Name: s.Name})
	}
	if err := r.hide(ctx, front); err != nil {
		return err
	}
	return r.object(ctx, "rate-limit", backendKind, r.args.Namespace, backendTrafficPolicy{Spec: backendSpec{
		TargetRefs: limited,
		RateLimit: rateLimit{Type: "Local", Local: localLimit{Rules: []limitRule{
			{Limit: limit{Requests: r.args.Edge.RequestsPerSecond, Unit: "Second"}},
		}}},
	}})
}

// entrance is the gateway with its listeners.
func (r *Routes) entrance(ctx *pulumi.Context, class string, home pulumi.StringOutput) error {
	// The services' routes, and those by which cert-manager proves that the host is ours.
	routes := allowedRoutes{Namespaces: routeNamespaces{From: "Selector", Selector: selector{MatchExpressions: []expression{
		{Key: manifest.NamespaceLabel, Operator: "In", Values: []pulumi.StringInput{r.args.Namespace, home}},
	}}}}
	spec := gatewaySpec{GatewayClassName: class, Listeners: []listener{
		{Name: plain, Protocol: "HTTP", Port: 80, Hostname: r.args.Edge.Host, AllowedRoutes: routes},
	}}
	meta := manifest.Meta(GatewayName, home.ToStringPtrOutput())
	if r.secure() {
		meta.Annotations = pulumi.StringMap{issuerAnnotation: pulumi.String(string(r.args.Edge.Issuer))}
		spec.Listeners = append(spec.Listeners, listener{
			Name: encrypted, Protocol: "HTTPS", Port: 443, Hostname: r.args.Edge.Host, AllowedRoutes: routes,
			TLS: &tls{Mode: "Terminate", CertificateRefs: []reference{{Kind: "Secret", Name: certificate}}},
		})
		err := r.object(ctx, "tls", clientKind, home, clientTrafficPolicy{Spec: clientSpec{
			TargetRefs: []reference{{Group: gatewayGroup, Kind: gatewayKind.Name, Name: GatewayName}},
			TLS:        clientTLS{MinVersion: "1.2"},
		}})
		if err != nil {
			return err
		}
	}
	return r.objectWith(ctx, GatewayName, gatewayKind, meta, gateway{Spec: spec})
}

// hide answers the cluster's own paths as if they were not there. An exact path
// counts more than the prefix of a service.
func (r *Routes) hide(ctx *pulumi.Context, front string) error {
	const name = "private"
	absent := httpRouteFilter{Spec: filterSpec{DirectResponse: directResponse{StatusCode: 404}}}
	err := r.object(ctx, name, filterKind, r.args.Namespace, absent)
	if err != nil {
		return err
	}
	rule := routeRule{Filters: []filter{{
		Type: "ExtensionRef", ExtensionRef: &reference{Group: envoyGroup, Kind: filterKind.Name, Name: name},
	}}}
	for _, p := range private {
		rule.Matches = append(rule.Matches, match{Path: path{Type: "Exact", Value: p}})
	}
	return r.route(ctx, name, front, rule)
}

func (r *Routes) route(ctx *pulumi.Context, name, section string, rule routeRule) error {
	return r.object(ctx, name, routeKind, r.args.Namespace, httpRoute{Spec: routeSpec{
		ParentRefs: []reference{{Name: GatewayName, Namespace: GatewayNamespace, SectionName: section}},
		Hostnames:  []string{r.args.Edge.Host}, Rules: []routeRule{rule},
	}})
}

func (r *Routes) object(ctx *pulumi.Context, name string, kind manifest.Kind, namespace pulumi.StringInput, body any) error {
	meta := manifest.Meta(name, nil)
	if namespace != nil {
		meta.Namespace = namespace.ToStringOutput().ToStringPtrOutput()
	}
	return r.objectWith(ctx, name, kind, meta, body)
}

func (r *Routes) objectWith(ctx *pulumi.Context, name string, kind manifest.Kind, meta *metav1.ObjectMetaArgs, body any) error {
	_, err := manifest.New(ctx, name, manifest.Object{Kind: kind, Metadata: meta, Body: body}, pulumi.Parent(r))
	return err
}
