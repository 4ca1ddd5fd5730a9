package service

import (
	"slices"
	"strconv"

	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	metav1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/dapr"
	"github.com/rondohq/rondo/components/manifest"
	"github.com/rondohq/rondo/components/pod"
	"github.com/rondohq/rondo/platform/topology"
)

// grace is how long a pod has to end: the service stops within 5 seconds for each
// of its parts, then the sidecar goes.
const grace = 45

func (s *Service) pod() *corev1.PodTemplateSpecArgs {
	labels := manifest.Labels(s.name())
	labels[dapr.EnabledKey] = pulumi.String("true")
	spec := &corev1.PodSpecArgs{
		ServiceAccountName:            pulumi.String(s.name()),
		TerminationGracePeriodSeconds: pulumi.Int(grace),
		SecurityContext:               pod.SecurityContext(),
		// Spread over zones, then nodes, as far as there are any.
		TopologySpreadConstraints: corev1.TopologySpreadConstraintArray{
			s.spread("topology.kubernetes.io/zone"), s.spread("kubernetes.io/hostname"),
		},
		Containers: corev1.ContainerArray{s.container()},
		Volumes:    corev1.VolumeArray{pod.TemporaryVolume()},
	}
	if s.args.DatabaseCA {
		spec.Volumes = corev1.VolumeArray{pod.TemporaryVolume(), pod.DatabaseCAVolume()}
	}
	return &corev1.PodTemplateSpecArgs{
		Metadata: &metav1.ObjectMetaArgs{Labels: labels, Annotations: s.annotations()},
		Spec:     spec,
	}
}

func (s *Service) container() *corev1.ContainerArgs {
	c := &corev1.ContainerArgs{
		Name: pulumi.String(s.name()), Image: pulumi.String(s.args.Image),
		ImagePullPolicy: pulumi.String("IfNotPresent"),
		SecurityContext: pod.ContainerSecurity(),
		Resources:       pod.Resources(s.args.Service.Resources),
		Ports: corev1.ContainerPortArray{
			&corev1.ContainerPortArgs{Name: pulumi.String(PublicPort), ContainerPort: pulumi.Int(topology.ClusterPorts.Public)},
			&corev1.ContainerPortArgs{Name: pulumi.String("app"), ContainerPort: pulumi.Int(topology.ClusterPorts.App)},
		},
		Env: s.env(),
		// The listeners open once the sidecar has answered, for which a service waits
		// up to a minute.
		StartupProbe:   probe("/healthz", 2, 45),
		LivenessProbe:  probe("/healthz", 10, 3),
		ReadinessProbe: probe("/readyz", 5, 2),
		VolumeMounts:   corev1.VolumeMountArray{pod.TemporaryMount()},
	}
	if s.args.DatabaseCA {
		c.VolumeMounts = corev1.VolumeMountArray{pod.TemporaryMount(), pod.DatabaseCAMount()}
	}
	return c
}

// env is the service's environment. All that is secret comes from the sidecar instead.
func (s *Service) env() corev1.EnvVarArray {
	all := corev1.EnvVarArray{
		env("RONDO_PUBLIC_URL", s.args.PublicURL), env("RONDO_TRUSTED_PROXIES", strconv.Itoa(s.args.Proxies)),
	}
	if s.args.Collector != "" {
		all = append(all, env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://"+s.args.Collector))
	}
	return all
}

// annotations ask for the sidecar.
func (s *Service) annotations() pulumi.StringMap {
	p, r := topology.ClusterPorts, topology.Sidecar
	annotations := map[string]string{
		dapr.EnabledKey:        "true",
		"dapr.io/app-id":       s.name(),
		"dapr.io/app-port":     strconv.Itoa(p.App),
		"dapr.io/app-protocol": "http",
		"dapr.io/config":       s.name(),
		// What the sidecar shows to its service.
		"dapr.io/app-token-secret": s.args.Service.AppToken().Name,
		// Only the component that says what may be read.
		"dapr.io/disable-builtin-k8s-secret-store": "true",
		// It starts before the service and ends after it, so that what the outbox
		// still holds is published.
		"dapr.io/enable-native-sidecar":        "true",
		"dapr.io/graceful-shutdown-seconds":    "10",
		"dapr.io/metrics-port":                 strconv.Itoa(p.SidecarMetrics),
		"dapr.io/log-as-json":                  "true",
		"dapr.io/max-body-size":                "12Mi", // an import is larger than the default of 4 MiB
		"dapr.io/sidecar-seccomp-profile-type": "RuntimeDefault",
		"dapr.io/sidecar-cpu-request":          r.RequestCPU,
		"dapr.io/sidecar-memory-request":       r.RequestMemory,
		"dapr.io/sidecar-cpu-limit":            r.LimitCPU,
		"dapr.io/sidecar-memory-limit":         r.LimitMemory,
		"rondo/rotation":                       s.args.Rotation,
	}
	if slices.ContainsFunc(s.args.Service.Secrets(), func(secret topology.Secret) bool { return secret.Name == topology.WebPush.Name }) {
		annotations["rondo/push-rotation"] = s.args.PushRotation
	}
	if s.args.DatabaseCA {
		annotations["dapr.io/volume-mounts"] = pod.DatabaseCAForSidecar
	}
	return pulumi.ToStringMap(annotations)
}

func (s *Service) spread(key string) *corev1.TopologySpreadConstraintArgs {
	return &corev1.TopologySpreadConstraintArgs{
		MaxSkew: pulumi.Int(1), TopologyKey: pulumi.String(key), WhenUnsatisfiable: pulumi.String("ScheduleAnyway"),
		LabelSelector: s.selector(),
	}
}

func env(name, value string) *corev1.EnvVarArgs {
	return &corev1.EnvVarArgs{Name: pulumi.String(name), Value: pulumi.String(value)}
}

func probe(path string, period, failures int) *corev1.ProbeArgs {
	return &corev1.ProbeArgs{
		HttpGet:       &corev1.HTTPGetActionArgs{Path: pulumi.String(path), Port: pulumi.String(PublicPort)},
		PeriodSeconds: pulumi.Int(period), FailureThreshold: pulumi.Int(failures), TimeoutSeconds: pulumi.Int(3),
	}
}
