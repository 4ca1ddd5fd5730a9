package keda_test

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/kafka"
	"github.com/rondohq/rondo/components/keda"
	"github.com/rondohq/rondo/components/pulumitest"
	"github.com/rondohq/rondo/environments"
	"github.com/rondohq/rondo/platform/topology"
)

const (
	scalerType = "kubernetes:keda.sh/v1alpha1:ScaledObject"
	authType   = "kubernetes:keda.sh/v1alpha1:TriggerAuthentication"
)

func scale(t *testing.T, s topology.Service, broker kafka.Broker) (*pulumitest.Recorder, error) {
	t.Helper()
	var r pulumitest.Recorder
	err := r.Run(t, "test", func(ctx *pulumi.Context) error { return keda.Scale(ctx, s, pulumi.String("tenant"), broker) })
	return &r, err
}

func TestAConsumerScalesByTheLagOfEachTopicAndNeverAboveItsPartitions(t *testing.T) {
	t.Parallel()
	for _, s := range topology.Services() {
		r, err := scale(t, s, kafka.Broker{Servers: pulumi.String("b:9093")})
		if !keda.Scales(s) {
			if err == nil || !strings.Contains(err.Error(), s.Name) {
				t.Errorf("%s, which reads in no group: %v", s.Name, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		scaler := r.One(t, scalerType)
		if most := scaler.At("spec", "maxReplicaCount"); most != float64(s.MaxReplicas()) || scaler.At("spec", "minReplicaCount") != float64(s.Replicas.Min) {
			t.Errorf("%s has up to %v replicas", s.Name, most)
		}
		// When nobody can say how far it is behind, all that may run does.
		if got := scaler.At("spec", "fallback", "replicas"); got != float64(s.MaxReplicas()) {
			t.Errorf("%s falls back to %v", s.Name, got)
		}
		if got := scaler.At("spec", "advanced", "horizontalPodAutoscalerConfig", "behavior", "scaleDown", "stabilizationWindowSeconds"); got != 300.0 {
			t.Errorf("%s shrinks after %v seconds", s.Name, got)
		}
		triggers := 0
		for _, sub := range s.Subscribes {
			if sub.Broadcast {
				continue
			}
			at := func(field string) any { return scaler.At("spec", "triggers", triggers, "metadata", field) }
			if at("topic") != sub.Topic.Name || at("consumerGroup") != sub.Group() || at("lagThreshold") != "500" || at("bootstrapServers") != "b:9093" {
				t.Errorf("%s is scaled by %v", s.Name, scaler.At("spec", "triggers", triggers))
			}
			if at("sasl") != nil || scaler.At("spec", "triggers", triggers, "authenticationRef") != nil {
				t.Errorf("%s signs in where nobody asks: %v", s.Name, scaler.At("spec", "triggers", triggers))
			}
			triggers++
		}
		if scaler.At("spec", "triggers", triggers) != nil {
			t.Errorf("%s has more triggers than subscriptions", s.Name)
		}
	}
}

func TestSigningInUsesTheSecretOfTheSidecars(t *testing.T) {
	t.Parallel()
	broker := kafka.Broker{Servers: pulumi.String("b:9096"), SASL: true, CA: pulumi.String("pem")}
	r, err := scale(t, topology.Recurring, broker)
	if err != nil {
		t.Fatal(err)
	}
	trigger := func(path ...any) any {
		return r.One(t, scalerType).At(append([]any{"spec", "triggers", 0}, path...)...)
	}
	if trigger("metadata", "sasl") != "scram_sha256" || trigger("metadata", "tls") != "enable" || trigger("authenticationRef", "name") != keda.Authentication {
		t.Errorf("KEDA signs in by %v", trigger())
	}
	var signIn pulumitest.Recorder
	err = signIn.Run(t, "test", func(ctx *pulumi.Context) error {
		_, err := keda.NewAuthentication(ctx, pulumi.String("tenant"), broker)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	made := signIn.One(t, authType)
	for i, want := range []string{"username", "password", "ca"} {
		at := func(field string) any { return made.At("spec", "secretTargetRef", i, field) }
		if at("parameter") != want || at("name") != environments.Broker.Name {
			t.Errorf("%s is read from %v", want, made.At("spec", "secretTargetRef", i))
		}
	}
}
