// Package dapr installs Dapr's control plane and declares the building blocks that
// the services use: what a laptop has in files, as objects of the cluster.
package dapr

import (
	helm "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/helm/v3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/chart"
	"github.com/rondohq/rondo/components/manifest"
	"github.com/rondohq/rondo/environments"
)

// EnabledKey is the annotation that asks for a sidecar. As a label it makes the
// cluster ask the injector about the pod at all.
const EnabledKey = "dapr.io/enabled"

// ControlPlaneType is the type of the component that is the control plane.
const ControlPlaneType = "rondo:dapr:ControlPlane"

// ControlPlaneNamespace is where the control plane runs.
const ControlPlaneNamespace = "dapr-system"

// Version is that of the control plane and of the sidecars. It is the one that
// tools/conformance has tried.
const Version = "1.18.0"

var published = chart.Chart{Name: "dapr", Version: Version, Repository: "https://dapr.github.io/helm-charts"}

// ControlPlaneArgs are the inputs.
type ControlPlaneArgs struct {
	Mirror environments.Mirror
	// HighAvailability runs three of each part, in different zones.
	HighAvailability bool
}

// ControlPlane is Dapr's.
type ControlPlane struct {
	pulumi.ResourceState

	// Release brings the custom resource definitions and the injector.
	Release *helm.Release
}

// NewControlPlane registers a ControlPlane.
func NewControlPlane(ctx *pulumi.Context, name string, args ControlPlaneArgs, opts ...pulumi.ResourceOption) (*ControlPlane, error) {
	c := &ControlPlane{}
	if err := ctx.RegisterComponentResource(ControlPlaneType, name, c, opts...); err != nil {
		return nil, err
	}
	namespace, err := manifest.NewNamespace(ctx, ControlPlaneNamespace, manifest.Baseline, pulumi.Parent(c))
	if err != nil {
		return nil, err
	}
	c.Release, err = chart.Install(ctx, published, chart.Args{
		Release: "dapr", Namespace: namespace.Metadata.Name().Elem(), Values: args.values(), Mirror: args.Mirror,
	}, pulumi.Parent(c))
	if err != nil {
		return nil, err
	}
	return c, ctx.RegisterResourceOutputs(c, pulumi.Map{})
}

func (args ControlPlaneArgs) values() pulumi.Map {
	return pulumi.Map{
		"global": pulumi.Map{
			"registry":  pulumi.String(chart.Image(args.Mirror, "ghcr.io", "dapr")),
			"tag":       pulumi.String(Version),
			"logAsJson": pulumi.Bool(true),
			"ha":        pulumi.Map{"enabled": pulumi.Bool(args.HighAvailability)},
			"mtls": pulumi.Map{
				"enabled": pulumi.Bool(true), "workloadCertTTL": pulumi.String("24h"), "allowedClockSkew": pulumi.String("15m"),
			},
			"seccompProfile": pulumi.String("RuntimeDefault"),
			// Nobody here is an actor.
			"actors": pulumi.Map{"enabled": pulumi.Bool(false)},
		},
		// Each service may read its own secrets, by a role of its own.
		"dapr_rbac": pulumi.Map{"secretReader": pulumi.Map{"enabled": pulumi.Bool(false)}},
		"dapr_sidecar_injector": pulumi.Map{
			"sidecarRunAsNonRoot":           pulumi.Bool(true),
			"sidecarReadOnlyRootFilesystem": pulumi.Bool(true),
			"sidecarDropALLCapabilities":    pulumi.Bool(true),
			// A pod that asks for a sidecar and gets none would start and fail: it is
			// refused and tried again instead. No other pod may depend on the injector,
			// least of all the injector's own.
			"webhookFailurePolicy": pulumi.String("Fail"),
			"objectSelector":       pulumi.Map{"matchLabels": pulumi.Map{EnabledKey: pulumi.String("true")}},
		},
		"dapr_scheduler": pulumi.Map{"cluster": pulumi.Map{"storageSize": pulumi.String("2Gi")}},
	}
}
