// Package service is one microservice in the cluster: its pods and their sidecars,
// its address, the secrets it may read, and how it scales.
package service

import (
	appsv1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/apps/v1"
	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	metav1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1"
	policyv1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/policy/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/inputs"
	"github.com/rondohq/rondo/components/kafka"
	"github.com/rondohq/rondo/components/manifest"
	"github.com/rondohq/rondo/platform/topology"
)

// Type is the type of the component.
const Type = "rondo:service:Service"

// Args are the inputs.
type Args struct {
	Service   topology.Service
	Namespace pulumi.StringInput
	// Image is what the pods run.
	Image string
	// Broker is where the lag of a consumer is read.
	Broker kafka.Broker
	// PublicURL is what people type.
	PublicURL string
	// Proxies is how many of our own stand before the service.
	Proxies int
	// Collector is host:port of an OTLP collector; empty: no traces are exported.
	Collector string
	// DatabaseCA mounts the authority of the database's certificate.
	DatabaseCA bool
	// Rotation and PushRotation start the pods that read what they change anew, since
	// secrets are read at start.
	Rotation, PushRotation string
}

// Service is a microservice.
type Service struct {
	pulumi.ResourceState

	args Args
}

// New registers a Service. Nothing is registered when the arguments are wrong.
func New(ctx *pulumi.Context, name string, args Args, opts ...pulumi.ResourceOption) (*Service, error) {
	err := inputs.Check(Type, name,
		inputs.Need{What: "the service", There: args.Service.Name != ""},
		inputs.Need{What: "the namespace", There: args.Namespace != nil},
		inputs.Need{What: "the image", There: args.Image != ""},
		inputs.Need{What: "the address of the broker", There: args.Broker.Servers != nil},
		inputs.Need{What: "the public URL", There: args.PublicURL != ""},
	)
	if err != nil {
		return nil, err
	}
	s := &Service{args: args}
	if err := ctx.RegisterComponentResource(Type, name, s, opts...); err != nil {
		return nil, err
	}
	role, err := s.access(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.expose(ctx); err != nil {
		return nil, err
	}
	// A pod that may not read its secrets would only fail.
	deployment, err := s.deploy(ctx, pulumi.DependsOn([]pulumi.Resource{role}))
	if err != nil {
		return nil, err
	}
	if err := s.protect(ctx); err != nil {
		return nil, err
	}
	if err := s.scale(ctx, pulumi.DependsOn([]pulumi.Resource{deployment})); err != nil {
		return nil, err
	}
	return s, ctx.RegisterResourceOutputs(s, pulumi.Map{})
}

func (s *Service) name() string { return s.args.Service.Name }

func (s *Service) meta() *metav1.ObjectMetaArgs {
	return manifest.Meta(s.name(), s.args.Namespace.ToStringOutput().ToStringPtrOutput())
}

// selector chooses the pods.
func (s *Service) selector() *metav1.LabelSelectorArgs {
	return &metav1.LabelSelectorArgs{MatchLabels: pulumi.StringMap{manifest.NameLabel: pulumi.String(s.name())}}
}

// PublicPort is the name of the port of people, bearer clients, probes and metrics.
const PublicPort = "http"

// expose gives the pods one address. The sidecar's listener is not part of it.
func (s *Service) expose(ctx *pulumi.Context) error {
	_, err := corev1.NewService(ctx, s.name(), &corev1.ServiceArgs{
		Metadata: s.meta(),
		Spec: &corev1.ServiceSpecArgs{
			Selector: pulumi.StringMap{manifest.NameLabel: pulumi.String(s.name())},
			Ports: corev1.ServicePortArray{&corev1.ServicePortArgs{
				Name: pulumi.String(PublicPort), Port: pulumi.Int(topology.ClusterPorts.Public), TargetPort: pulumi.String(PublicPort),
			}},
		},
	}, pulumi.Parent(s))
	return err
}

func (s *Service) deploy(ctx *pulumi.Context, opts ...pulumi.ResourceOption) (*appsv1.Deployment, error) {
	return appsv1.NewDeployment(ctx, s.name(), &appsv1.DeploymentArgs{
		Metadata: s.meta(),
		// No number of replicas: that is the autoscaler's.
		Spec: &appsv1.DeploymentSpecArgs{
			Selector:             s.selector(),
			RevisionHistoryLimit: pulumi.Int(5),
			Strategy: &appsv1.DeploymentStrategyArgs{
				Type: pulumi.String("RollingUpdate"),
				// A new pod is ready before an old one goes.
				RollingUpdate: &appsv1.RollingUpdateDeploymentArgs{MaxSurge: pulumi.Int(1), MaxUnavailable: pulumi.Int(0)},
			},
			Template: s.pod(),
		},
	}, append(opts, pulumi.Parent(s))...)
}

// protect keeps all pods but one through the drain of a node.
func (s *Service) protect(ctx *pulumi.Context) error {
	_, err := policyv1.NewPodDisruptionBudget(ctx, s.name(), &policyv1.PodDisruptionBudgetArgs{
		Metadata: s.meta(),
		Spec: &policyv1.PodDisruptionBudgetSpecArgs{
			MaxUnavailable: pulumi.Int(1), Selector: s.selector(),
			// A pod that is not ready serves nobody and must not block the drain.
			UnhealthyPodEvictionPolicy: pulumi.String("AlwaysAllow"),
		},
	}, pulumi.Parent(s))
	return err
}
