package keda

import (
	"fmt"
	"strconv"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/kafka"
	"github.com/rondohq/rondo/components/manifest"
	"github.com/rondohq/rondo/environments"
	"github.com/rondohq/rondo/platform/topology"
)

// LagThreshold is how many events a replica may be behind before another is
// started (the plan's number).
const LagThreshold = 500

// Kinds of objects, in version 2.
var (
	scaledObjectKind = manifest.Kind{APIVersion: "keda.sh/v1alpha1", Name: "ScaledObject"}
	authKind         = manifest.Kind{APIVersion: "keda.sh/v1alpha1", Name: "TriggerAuthentication"}
)

type scaledObject struct {
	Spec scaledObjectSpec `json:"spec"`
}

type scaledObjectSpec struct {
	ScaleTargetRef  target    `json:"scaleTargetRef"`
	MinReplicaCount int       `json:"minReplicaCount"`
	MaxReplicaCount int       `json:"maxReplicaCount"`
	PollingInterval int       `json:"pollingInterval"`
	CooldownPeriod  int       `json:"cooldownPeriod"`
	Fallback        fallback  `json:"fallback"`
	Advanced        advanced  `json:"advanced"`
	Triggers        []trigger `json:"triggers"`
}

type target struct {
	Name string `json:"name"`
}

type fallback struct {
	FailureThreshold int `json:"failureThreshold"`
	Replicas         int `json:"replicas"`
}

type advanced struct {
	HPA hpa `json:"horizontalPodAutoscalerConfig"`
}

type hpa struct {
	Behavior behavior `json:"behavior"`
}

type behavior struct {
	ScaleDown scaling `json:"scaleDown"`
}

type scaling struct {
	StabilizationWindowSeconds int `json:"stabilizationWindowSeconds"`
}

type trigger struct {
	Type              string       `json:"type"`
	Metadata          kafkaTrigger `json:"metadata"`
	AuthenticationRef *target      `json:"authenticationRef,omitempty"`
}

// kafkaTrigger is the metadata of a trigger of that type; all values are texts.
type kafkaTrigger struct {
	BootstrapServers  pulumi.StringInput `json:"bootstrapServers"`
	ConsumerGroup     string             `json:"consumerGroup"`
	Topic             string             `json:"topic"`
	LagThreshold      string             `json:"lagThreshold"`
	OffsetResetPolicy string             `json:"offsetResetPolicy"`
	SASL              string             `json:"sasl,omitempty"`
	TLS               string             `json:"tls,omitempty"`
}

type triggerAuthentication struct {
	Spec triggerAuthenticationSpec `json:"spec"`
}

type triggerAuthenticationSpec struct {
	SecretTargetRef []secretTarget `json:"secretTargetRef"`
}

type secretTarget struct {
	Parameter string `json:"parameter"`
	Name      string `json:"name"`
	Key       string `json:"key"`
}

// Authentication is the name of the object by which KEDA signs in at the broker.
const Authentication = "kafka"

// NewAuthentication registers how KEDA signs in, from the same secret as the
// sidecars do.
func NewAuthentication(
	ctx *pulumi.Context, namespace pulumi.StringInput, broker kafka.Broker, opts ...pulumi.ResourceOption,
) (pulumi.Resource, error) {
	secret := environments.Broker
	refs := []secretTarget{
		{Parameter: "username", Name: secret.Name, Key: environments.BrokerUsernameKey},
		{Parameter: "password", Name: secret.Name, Key: environments.BrokerPasswordKey},
	}
	if broker.CA != nil {
		refs = append(refs, secretTarget{Parameter: "ca", Name: secret.Name, Key: environments.BrokerCAKey})
	}
	return manifest.New(ctx, Authentication, manifest.Object{
		Kind: authKind, Metadata: manifest.Meta(Authentication, namespace.ToStringOutput().ToStringPtrOutput()),
		Body: triggerAuthentication{Spec: triggerAuthenticationSpec{SecretTargetRef: refs}},
	}, opts...)
}

// Scales says whether a service is scaled by lag: whether it reads in a group.
func Scales(s topology.Service) bool {
	for _, sub := range s.Subscribes {
		if !sub.Broadcast {
			return true
		}
	}
	return false
}

// Scale registers the scaling of the deployment of a service, between its smallest
// number of replicas and the partitions of the topics that it reads.
func Scale(
	ctx *pulumi.Context, s topology.Service, namespace pulumi.StringInput, broker kafka.Broker, opts ...pulumi.ResourceOption,
) error {
	if !Scales(s) {
		return fmt.Errorf("%s reads in no group and can't be scaled by lag", s.Name)
	}
	spec := scaledObjectSpec{
		ScaleTargetRef:  target{Name: s.Name},
		MinReplicaCount: s.Replicas.Min, MaxReplicaCount: s.MaxReplicas(),
		PollingInterval: 15, CooldownPeriod: 300,
		// When the lag can't be read, all that may run does.
		Fallback: fallback{FailureThreshold: 4, Replicas: s.MaxReplicas()},
		// Each change of the group halts all its members for a moment, so it shrinks
		// only after five quiet minutes.
		Advanced: advanced{HPA: hpa{Behavior: behavior{ScaleDown: scaling{StabilizationWindowSeconds: 300}}}},
	}
	for _, sub := range s.Subscribes {
		if sub.Broadcast {
			continue
		}
		t := trigger{Type: "kafka", Metadata: kafkaTrigger{
			BootstrapServers: broker.Servers, ConsumerGroup: sub.Group(), Topic: sub.Topic.Name,
			LagThreshold: strconv.Itoa(LagThreshold), OffsetResetPolicy: offsetReset(sub),
		}}
		if broker.SASL {
			t.Metadata.SASL, t.Metadata.TLS = "scram_sha256", "enable"
			t.AuthenticationRef = &target{Name: Authentication}
		}
		spec.Triggers = append(spec.Triggers, t)
	}
	_, err := manifest.New(ctx, s.Name, manifest.Object{
		Kind: scaledObjectKind, Metadata: manifest.Meta(s.Name, namespace.ToStringOutput().ToStringPtrOutput()),
		Body: scaledObject{Spec: spec},
	}, opts...)
	return err
}

// offsetReset says in KEDA's words where a group without offsets begins.
func offsetReset(sub topology.Subscription) string {
	if sub.InitialOffset() == "oldest" {
		return "earliest"
	}
	return "latest"
}
