package dapr_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/dapr"
	"github.com/rondohq/rondo/components/kafka"
	"github.com/rondohq/rondo/components/pulumitest"
	"github.com/rondohq/rondo/environments"
	"github.com/rondohq/rondo/platform/topology"
)

const (
	componentType    = "kubernetes:dapr.io/v1alpha1:Component"
	subscriptionType = "kubernetes:dapr.io/v2alpha1:Subscription"
	configType       = "kubernetes:dapr.io/v1alpha1:Configuration"
	resiliencyType   = "kubernetes:dapr.io/v1alpha1:Resiliency"
	releaseType      = "kubernetes:helm.sh/v3:Release"
)

func blocks(t *testing.T, change func(*dapr.BlocksArgs)) *pulumitest.Recorder {
	t.Helper()
	args := dapr.BlocksArgs{
		Namespace: pulumi.String("tenant"), Services: topology.Services(), Broker: kafka.Broker{Servers: pulumi.String("b:9093")},
	}
	change(&args)
	var r pulumitest.Recorder
	err := r.Run(t, "test", func(ctx *pulumi.Context) error {
		_, err := dapr.NewBlocks(ctx, "x", args)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return &r
}

func asDefault(*dapr.BlocksArgs) {}

// settings are those of a component: a value, or the secret that holds it.
func settings(component pulumitest.Resource) map[string]string {
	all := map[string]string{}
	for i := 0; component.At("spec", "metadata", i) != nil; i++ {
		name, _ := component.At("spec", "metadata", i, "name").(string)
		text, _ := component.At("spec", "metadata", i, "value").(string)
		if secret, ok := component.At("spec", "metadata", i, "secretKeyRef", "name").(string); ok {
			text = "secret " + secret
		}
		all[name] = text
	}
	return all
}

func TestABrokenHandlerLosesNoEvent(t *testing.T) {
	t.Parallel()
	r := blocks(t, asDefault)
	for _, sub := range topology.Subscriptions() {
		policies := r.Named(t, resiliencyType, sub.Service)
		name, _ := policies.At("spec", "targets", "components", sub.Component(), "inbound", "retry").(string)
		// Fewer tries than all would make a dead letter of a good event in an outage.
		if tries := policies.At("spec", "policies", "retries", name, "maxRetries"); (tries == -1.0) == sub.Broadcast {
			t.Errorf("%s tries %v times", sub.Component(), tries)
		}
		dead := r.Named(t, subscriptionType, sub.Service+"-"+sub.Topic.Name).At("spec", "deadLetterTopic")
		if (dead == nil) != sub.Broadcast {
			t.Errorf("what %s can't read of %s goes to %v", sub.Service, sub.Topic.Name, dead)
		}
	}
}

func TestAServiceIsCalledAndReadByThoseOfTheTopologyAlone(t *testing.T) {
	t.Parallel()
	r := blocks(t, asDefault)
	for _, s := range topology.Services() {
		config := r.Named(t, configType, s.Name)
		if got := config.At("spec", "accessControl", "defaultAction"); got != "deny" {
			t.Errorf("anybody may %v %s", got, s.Name)
		}
		if got := config.At("spec", "secrets", "scopes", 0, "defaultAccess"); got != "deny" {
			t.Errorf("%s may by default %v secrets", s.Name, got)
		}
	}
	publish := settings(r.Named(t, componentType, topology.PubSub))
	for _, s := range topology.Services() {
		for _, topic := range s.Publishes {
			if !strings.Contains(publish["publishingScopes"], s.Name+"=") || !strings.Contains(publish["publishingScopes"], topic.Name) {
				t.Errorf("%s may not publish to %s: %s", s.Name, topic.Name, publish["publishingScopes"])
			}
		}
	}
	for _, sub := range topology.Subscriptions() {
		scopes, _ := r.Named(t, componentType, sub.Component()).At("scopes").([]any)
		if !slices.Equal(scopes, []any{sub.Service}) {
			t.Errorf("%s is read by %v", sub.Component(), scopes)
		}
	}
}

func TestASignInIsReadFromItsSecret(t *testing.T) {
	t.Parallel()
	secret := "secret " + environments.Broker.Name
	r := blocks(t, func(a *dapr.BlocksArgs) {
		a.Broker.SASL, a.Broker.Username, a.Broker.Password = true, pulumi.String("u"), pulumi.String("in-the-open")
		a.Broker.CA = pulumi.String("pem")
	})
	for _, component := range r.All(componentType) {
		if !strings.HasPrefix(component.Name, topology.PubSub) {
			continue
		}
		is := settings(component)
		for key, want := range map[string]string{
			"authType": "password", "saslMechanism": "SHA-256", "saslUsername": secret, "saslPassword": secret, "caCert": secret,
		} {
			if is[key] != want {
				t.Errorf("%s has the %s %q, want %q", component.Name, key, is[key], want)
			}
		}
		if got := component.At("auth", "secretStore"); got != topology.SecretStore {
			t.Errorf("%s reads it from %v", component.Name, got)
		}
	}
	if is := settings(blocks(t, asDefault).Named(t, componentType, topology.PubSub)); is["authType"] != "none" || is["saslPassword"] != "" {
		t.Errorf("without a sign-in: %v", is)
	}
}

func TestTracesGoWhereTheyAreCollected(t *testing.T) {
	t.Parallel()
	api := topology.API.Name
	if got := blocks(t, asDefault).Named(t, configType, api).At("spec", "tracing", "otel"); got != nil {
		t.Errorf("nobody collects traces, and they go to %v", got)
	}
	r := blocks(t, func(a *dapr.BlocksArgs) { a.Collector = "tempo.tracing:4317" })
	if got := r.Named(t, configType, api).At("spec", "tracing", "otel", "endpointAddress"); got != "tempo.tracing:4317" {
		t.Errorf("traces go to %v", got)
	}
}

func TestTheControlPlaneIsPinnedEncryptsAndReadsNoSecrets(t *testing.T) {
	t.Parallel()
	for _, available := range []bool{false, true} {
		var r pulumitest.Recorder
		err := r.Run(t, "test", func(ctx *pulumi.Context) error {
			_, err := dapr.NewControlPlane(ctx, "x", dapr.ControlPlaneArgs{HighAvailability: available})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		release := r.One(t, releaseType)
		for path, want := range map[[3]any]any{
			{"global", "tag", nil}:                                       dapr.Version,
			{"global", "mtls", "enabled"}:                                true,
			{"global", "ha", "enabled"}:                                  available,
			{"dapr_rbac", "secretReader", "enabled"}:                     false,
			{"dapr_sidecar_injector", "webhookFailurePolicy", nil}:       "Fail",
			{"dapr_sidecar_injector", "sidecarRunAsNonRoot", nil}:        true,
			{"dapr_sidecar_injector", "sidecarDropALLCapabilities", nil}: true,
		} {
			steps := []any{"values"}
			for _, step := range path {
				if step != nil {
					steps = append(steps, step)
				}
			}
			if got := release.At(steps...); got != want {
				t.Errorf("%v is %v, want %v", path, got, want)
			}
		}
		if got := release.At("version"); got != dapr.Version {
			t.Errorf("the chart is %v", got)
		}
	}
}

func TestWrongArgumentsRegisterNothing(t *testing.T) {
	t.Parallel()
	var r pulumitest.Recorder
	err := r.Run(t, "test", func(ctx *pulumi.Context) error {
		_, err := dapr.NewBlocks(ctx, "x", dapr.BlocksArgs{})
		return err
	})
	for _, want := range []string{"the namespace", "every service", "the address of the broker"} {
		if err == nil || !strings.Contains(err.Error(), want+" is missing") {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if got := r.Resources(); len(got) > 0 {
		t.Errorf("registered %v", got)
	}
}
