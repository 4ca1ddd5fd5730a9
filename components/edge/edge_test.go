package edge_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/edge"
	"github.com/rondohq/rondo/components/pulumitest"
	"github.com/rondohq/rondo/environments"
	"github.com/rondohq/rondo/platform/topology"
)

const (
	routeType   = "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute"
	gatewayType = "kubernetes:gateway.networking.k8s.io/v1:Gateway"
)

func run(t *testing.T, provider environments.EdgeProvider, issuer environments.Issuer) *pulumitest.Recorder {
	t.Helper()
	var r pulumitest.Recorder
	err := r.Run(t, "test", func(ctx *pulumi.Context) error {
		_, err := edge.New(ctx, "x", edge.Args{
			Edge:      environments.Edge{Provider: provider, Host: "todo.example.org", Issuer: issuer, RequestsPerSecond: 7},
			Namespace: pulumi.String("tenant"), Services: topology.Services(),
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return &r
}

// listeners are names, ports and hosts of the gateway's.
func listeners(t *testing.T, r *pulumitest.Recorder) []string {
	t.Helper()
	gateway := r.One(t, gatewayType)
	var all []string
	for i := 0; gateway.At("spec", "listeners", i) != nil; i++ {
		at := func(field string) any { return gateway.At("spec", "listeners", i, field) }
		all = append(all, fmt.Sprintf("%v %v %v", at("name"), at("port"), at("hostname")))
	}
	return all
}

func TestTheGatewayLeadsEveryPathToItsService(t *testing.T) {
	t.Parallel()
	for issuer, section := range map[environments.Issuer]string{environments.NoIssuer: "http", environments.LetsEncryptProd: "https"} {
		r := run(t, environments.Gateway, issuer)
		for _, s := range topology.Services() {
			if len(s.EdgePaths) == 0 {
				if slices.ContainsFunc(r.All(routeType), func(route pulumitest.Resource) bool { return route.Name == s.Name }) {
					t.Errorf("%s can be reached from outside", s.Name)
				}
				continue
			}
			route := r.Named(t, routeType, s.Name)
			for i, path := range s.EdgePaths {
				got, _ := route.At("spec", "rules", 0, "matches", i, "path", "value").(string)
				if strings.TrimRight(got, "/") != strings.TrimRight(path, "/") || !strings.HasPrefix(got, "/") {
					t.Errorf("%s takes %q, want %q", s.Name, got, path)
				}
			}
			if got := route.At("spec", "rules", 0, "backendRefs", 0, "name"); got != s.Name {
				t.Errorf("%s leads to %v", s.Name, got)
			}
			if got := route.At("spec", "parentRefs", 0, "sectionName"); got != section {
				t.Errorf("%s listens at %v with %s", s.Name, got, issuer)
			}
		}
		hidden := r.Named(t, routeType, "private")
		for i, path := range []string{"/metrics", "/healthz", "/readyz"} {
			if hidden.At("spec", "rules", 0, "matches", i, "path", "value") != path {
				t.Errorf("%s can be reached from outside", path)
			}
		}
		limit := r.One(t, "kubernetes:gateway.envoyproxy.io/v1alpha1:BackendTrafficPolicy")
		if got := limit.At("spec", "rateLimit", "local", "rules", 0, "limit", "requests"); got != 7.0 {
			t.Errorf("the edge lets %v requests through", got)
		}
	}
}

func TestOverTLSPlainRequestsAreRedirected(t *testing.T) {
	t.Parallel()
	plain := run(t, environments.Gateway, environments.NoIssuer)
	if got := listeners(t, plain); !slices.Equal(got, []string{"http 80 todo.example.org"}) {
		t.Errorf("without an issuer it listens at %v", got)
	}
	r := run(t, environments.Gateway, environments.LetsEncryptStaging)
	if got := listeners(t, r); !slices.Equal(got, []string{"http 80 todo.example.org", "https 443 todo.example.org"}) {
		t.Errorf("with an issuer it listens at %v", got)
	}
	gateway := r.One(t, gatewayType)
	if gateway.At("metadata", "annotations", "cert-manager.io/cluster-issuer") != string(environments.LetsEncryptStaging) ||
		gateway.At("spec", "listeners", 1, "tls", "certificateRefs", 0, "name") == nil {
		t.Errorf("nobody issues the certificate: %v", gateway.Inputs)
	}
	redirect := r.Named(t, routeType, "redirect")
	if redirect.At("spec", "parentRefs", 0, "sectionName") != "http" ||
		redirect.At("spec", "rules", 0, "filters", 0, "requestRedirect", "scheme") != "https" {
		t.Errorf("plain requests go to %v", redirect.Inputs)
	}
}

func TestNginxHasTheSamePaths(t *testing.T) {
	t.Parallel()
	r := run(t, environments.Nginx, environments.LetsEncryptProd)
	ingress := r.One(t, "kubernetes:networking.k8s.io/v1:Ingress")
	var got []string
	for i := 0; ingress.At("spec", "rules", 0, "http", "paths", i) != nil; i++ {
		at := func(path ...any) any {
			return ingress.At(append([]any{"spec", "rules", 0, "http", "paths", i}, path...)...)
		}
		got = append(got, fmt.Sprintf("%v %v", at("path"), at("backend", "service", "name")))
	}
	want := []string{"/metrics nowhere", "/healthz nowhere", "/readyz nowhere"}
	for _, s := range topology.Services() {
		for _, path := range s.EdgePaths {
			trimmed := strings.TrimRight(path, "/")
			if trimmed == "" {
				trimmed = "/"
			}
			want = append(want, trimmed+" "+s.Name)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if ingress.At("metadata", "annotations", "nginx.ingress.kubernetes.io/ssl-redirect") != "true" || ingress.At("spec", "tls", 0, "secretName") == nil {
		t.Errorf("plain requests are answered: %v", ingress.Inputs)
	}
	if got := run(t, environments.ExternalEdge, environments.NoIssuer).Resources(); len(got) != 1 {
		t.Errorf("an external edge is given %v", got)
	}
}
