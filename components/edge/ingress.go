package edge

import (
	"strconv"

	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	networkingv1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/networking/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/manifest"
	"github.com/rondohq/rondo/environments"
	"github.com/rondohq/rondo/platform/topology"
)

// ingress registers everything for ingress-nginx.
func (r *Routes) ingress(ctx *pulumi.Context) error {
	const nowhere = "nowhere"
	namespace := r.args.Namespace.ToStringOutput().ToStringPtrOutput()
	// A service without pods takes the cluster's own paths.
	_, err := corev1.NewService(ctx, nowhere, &corev1.ServiceArgs{
		Metadata: manifest.Meta(nowhere, namespace),
		Spec: &corev1.ServiceSpecArgs{Ports: corev1.ServicePortArray{&corev1.ServicePortArgs{
			Port: pulumi.Int(topology.ClusterPorts.Public),
		}}},
	}, pulumi.Parent(r))
	if err != nil {
		return err
	}
	paths := networkingv1.HTTPIngressPathArray{}
	for _, p := range private {
		paths = append(paths, ingressPath("Exact", p, nowhere))
	}
	for _, s := range r.args.Services {
		for _, p := range s.EdgePaths {
			paths = append(paths, ingressPath("Prefix", prefix(p), s.Name))
		}
	}
	meta := manifest.Meta(GatewayName, namespace)
	annotations := pulumi.StringMap{
		"nginx.ingress.kubernetes.io/limit-rps":          pulumi.String(strconv.Itoa(r.args.Edge.RequestsPerSecond)),
		"nginx.ingress.kubernetes.io/ssl-redirect":       pulumi.String(strconv.FormatBool(r.secure())),
		"nginx.ingress.kubernetes.io/proxy-buffering":    pulumi.String("off"),
		"nginx.ingress.kubernetes.io/proxy-read-timeout": pulumi.String("3600"),
		"nginx.ingress.kubernetes.io/proxy-body-size":    pulumi.String("12m"),
	}
	spec := &networkingv1.IngressSpecArgs{
		IngressClassName: pulumi.String(string(environments.Nginx)),
		Rules: networkingv1.IngressRuleArray{&networkingv1.IngressRuleArgs{
			Host: pulumi.String(r.args.Edge.Host), Http: &networkingv1.HTTPIngressRuleValueArgs{Paths: paths},
		}},
	}
	if r.secure() {
		annotations[issuerAnnotation] = pulumi.String(string(r.args.Edge.Issuer))
		spec.Tls = networkingv1.IngressTLSArray{&networkingv1.IngressTLSArgs{
			Hosts: pulumi.ToStringArray([]string{r.args.Edge.Host}), SecretName: pulumi.String(certificate),
		}}
	}
	meta.Annotations = annotations
	_, err = networkingv1.NewIngress(ctx, GatewayName, &networkingv1.IngressArgs{Metadata: meta, Spec: spec}, pulumi.Parent(r))
	return err
}

func ingressPath(kind, path, service string) *networkingv1.HTTPIngressPathArgs {
	return &networkingv1.HTTPIngressPathArgs{
		PathType: pulumi.String(kind), Path: pulumi.String(path),
		Backend: &networkingv1.IngressBackendArgs{Service: &networkingv1.IngressServiceBackendArgs{
			Name: pulumi.String(service), Port: &networkingv1.ServiceBackendPortArgs{Number: pulumi.Int(topology.ClusterPorts.Public)},
		}},
	}
}
