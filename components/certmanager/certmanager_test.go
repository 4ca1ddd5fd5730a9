package certmanager_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/certmanager"
	"github.com/rondohq/rondo/components/pulumitest"
	"github.com/rondohq/rondo/environments"
)

func TestBothAuthoritiesAreThere(t *testing.T) {
	t.Parallel()
	for edge, proof := range map[environments.EdgeProvider]string{environments.Gateway: "gatewayHTTPRoute", environments.Nginx: "ingress"} {
		var r pulumitest.Recorder
		err := r.Run(t, "test", func(ctx *pulumi.Context) error {
			_, err := certmanager.NewIssuers(ctx, "x", certmanager.IssuersArgs{
				Email: "a@example.org", Edge: edge, Gateway: "g", GatewayNamespace: "n",
			})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		servers := map[any]bool{}
		for _, issuer := range environments.Issuers() {
			if issuer == environments.NoIssuer {
				continue
			}
			made := r.Named(t, "kubernetes:cert-manager.io/v1:ClusterIssuer", string(issuer))
			servers[made.At("spec", "acme", "server")] = true
			if made.At("spec", "acme", "email") != "a@example.org" || made.At("spec", "acme", "solvers", 0, "http01", proof) == nil {
				t.Errorf("%s at %s: %v", issuer, edge, made.Inputs)
			}
		}
		if len(servers) != 2 {
			t.Errorf("the authorities are %v", servers)
		}
	}
}
