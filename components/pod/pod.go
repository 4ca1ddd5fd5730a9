// Package pod has what all our pods share: as little power as possible, and the
// resources of the topology.
package pod

import (
	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/credentials"
	"github.com/rondohq/rondo/components/postgres"
	"github.com/rondohq/rondo/platform/topology"
)

// user is the one that images built by ko run as.
const user = 65532

// SecurityContext is that of a pod, the sidecar included.
func SecurityContext() *corev1.PodSecurityContextArgs {
	return &corev1.PodSecurityContextArgs{
		RunAsNonRoot: pulumi.Bool(true), RunAsUser: pulumi.Int(user), RunAsGroup: pulumi.Int(user), FsGroup: pulumi.Int(user),
		SeccompProfile: &corev1.SeccompProfileArgs{Type: pulumi.String("RuntimeDefault")},
	}
}

// ContainerSecurity is that of a container.
func ContainerSecurity() *corev1.SecurityContextArgs {
	return &corev1.SecurityContextArgs{
		AllowPrivilegeEscalation: pulumi.Bool(false), Privileged: pulumi.Bool(false),
		ReadOnlyRootFilesystem: pulumi.Bool(true), RunAsNonRoot: pulumi.Bool(true),
		Capabilities: &corev1.CapabilitiesArgs{Drop: pulumi.ToStringArray([]string{"ALL"})},
	}
}

// Resources are those of the topology.
func Resources(r topology.Resources) *corev1.ResourceRequirementsArgs {
	return &corev1.ResourceRequirementsArgs{
		Requests: pulumi.StringMap{"cpu": pulumi.String(r.RequestCPU), "memory": pulumi.String(r.RequestMemory)},
		Limits:   pulumi.StringMap{"cpu": pulumi.String(r.LimitCPU), "memory": pulumi.String(r.LimitMemory)},
	}
}

const temporary = "tmp"

// TemporaryVolume is the only place that a container may write to.
func TemporaryVolume() *corev1.VolumeArgs {
	return &corev1.VolumeArgs{
		Name:     pulumi.String(temporary),
		EmptyDir: &corev1.EmptyDirVolumeSourceArgs{SizeLimit: pulumi.String("64Mi")},
	}
}

// TemporaryMount puts TemporaryVolume where programs expect it.
func TemporaryMount() *corev1.VolumeMountArgs {
	return &corev1.VolumeMountArgs{Name: pulumi.String(temporary), MountPath: pulumi.String("/tmp")}
}

// DatabaseCAForSidecar is Dapr's annotation for mounting DatabaseCAVolume.
const DatabaseCAForSidecar = credentials.DatabaseCA + ":" + postgres.CAFolder

// DatabaseCAVolume holds the authority of the database's certificate.
func DatabaseCAVolume() *corev1.VolumeArgs {
	return &corev1.VolumeArgs{
		Name:      pulumi.String(credentials.DatabaseCA),
		ConfigMap: &corev1.ConfigMapVolumeSourceArgs{Name: pulumi.String(credentials.DatabaseCA)},
	}
}

// DatabaseCAMount puts it where the connection strings say.
func DatabaseCAMount() *corev1.VolumeMountArgs {
	return &corev1.VolumeMountArgs{
		Name: pulumi.String(credentials.DatabaseCA), MountPath: pulumi.String(postgres.CAFolder), ReadOnly: pulumi.Bool(true),
	}
}
