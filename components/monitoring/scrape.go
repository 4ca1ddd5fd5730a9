package monitoring

import (
	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/manifest"
	"github.com/rondohq/rondo/components/service"
	"github.com/rondohq/rondo/environments"
)

// Kinds of objects of the Prometheus operator.
var (
	serviceMonitorKind = manifest.Kind{APIVersion: "monitoring.coreos.com/v1", Name: "ServiceMonitor"}
	podMonitorKind     = manifest.Kind{APIVersion: "monitoring.coreos.com/v1", Name: "PodMonitor"}
	ruleKind           = manifest.Kind{APIVersion: "monitoring.coreos.com/v1", Name: "PrometheusRule"}
	routeKind          = manifest.Kind{APIVersion: "monitoring.coreos.com/v1alpha1", Name: "AlertmanagerConfig"}
)

type serviceMonitor struct {
	Spec serviceMonitorSpec `json:"spec"`
}

type serviceMonitorSpec struct {
	JobLabel  string     `json:"jobLabel"`
	Selector  selector   `json:"selector"`
	Endpoints []endpoint `json:"endpoints"`
}

type podMonitor struct {
	Spec podMonitorSpec `json:"spec"`
}

type podMonitorSpec struct {
	Selector  selector   `json:"selector"`
	Endpoints []endpoint `json:"podMetricsEndpoints"`
}

type selector struct {
	MatchLabels map[string]string `json:"matchLabels"`
}

type endpoint struct {
	Port     string `json:"port"`
	Path     string `json:"path"`
	Interval string `json:"interval"`
}

const (
	interval = "15s"
	// sidecarPort is what Dapr's injector calls the port of the sidecar's metrics.
	sidecarPort = "dapr-metrics"
)

// scrape collects the services' metrics, and those of their sidecars.
func (w *Watch) scrape(ctx *pulumi.Context, args WatchArgs) error {
	ours := selector{MatchLabels: map[string]string{manifest.PartOfLabel: manifest.PartOf}}
	namespace := args.Namespace.ToStringOutput().ToStringPtrOutput()
	_, err := manifest.New(ctx, "services", manifest.Object{
		Kind: serviceMonitorKind, Metadata: manifest.Meta("services", namespace),
		Body: serviceMonitor{Spec: serviceMonitorSpec{
			JobLabel: manifest.NameLabel, Selector: ours,
			Endpoints: []endpoint{{Port: service.PublicPort, Path: "/metrics", Interval: interval}},
		}},
	}, pulumi.Parent(w))
	if err != nil {
		return err
	}
	_, err = manifest.New(ctx, "sidecars", manifest.Object{
		Kind: podMonitorKind, Metadata: manifest.Meta("sidecars", namespace),
		Body: podMonitor{Spec: podMonitorSpec{
			Selector: ours, Endpoints: []endpoint{{Port: sidecarPort, Path: "/metrics", Interval: interval}},
		}},
	}, pulumi.Parent(w))
	return err
}

type prometheusRule struct {
	Spec prometheusRuleSpec `json:"spec"`
}

type prometheusRuleSpec struct {
	Groups []Group `json:"groups"`
}

// warn hands the rules to Prometheus.
func (w *Watch) warn(ctx *pulumi.Context, args WatchArgs) error {
	_, err := manifest.New(ctx, "rondo", manifest.Object{
		Kind: ruleKind, Metadata: manifest.Meta("rondo", args.Namespace.ToStringOutput().ToStringPtrOutput()),
		Body: prometheusRule{Spec: prometheusRuleSpec{Groups: Groups(args.Tenant)}},
	}, pulumi.Parent(w))
	return err
}

type alertmanagerConfig struct {
	Spec alertmanagerConfigSpec `json:"spec"`
}

type alertmanagerConfigSpec struct {
	Route     alertRoute `json:"route"`
	Receivers []receiver `json:"receivers"`
}

type alertRoute struct {
	Receiver       string   `json:"receiver"`
	GroupBy        []string `json:"groupBy"`
	GroupWait      string   `json:"groupWait"`
	GroupInterval  string   `json:"groupInterval"`
	RepeatInterval string   `json:"repeatInterval"`
}

type receiver struct {
	Name           string          `json:"name"`
	WebhookConfigs []webhookConfig `json:"webhookConfigs"`
}

type webhookConfig struct {
	URLSecret    secretKey `json:"urlSecret"`
	SendResolved bool      `json:"sendResolved"`
}

type secretKey struct {
	Name string `json:"name"`
	Key  string `json:"key"`
}

// route sends alerts to the webhook, if there is one.
func (o *Operator) route(ctx *pulumi.Context, args OperatorArgs, home pulumi.StringOutput) error {
	if args.Webhook == nil {
		return nil
	}
	secret := environments.AlertWebhook
	key := secret.Keys[0]
	kept, err := corev1.NewSecret(ctx, secret.Name, &corev1.SecretArgs{
		Metadata:   manifest.Meta(secret.Name, home.ToStringPtrOutput()),
		Type:       pulumi.String("Opaque"),
		StringData: pulumi.StringMap{key: args.Webhook},
	}, pulumi.Parent(o))
	if err != nil {
		return err
	}
	_, err = manifest.New(ctx, secret.Name, manifest.Object{
		Kind: routeKind, Metadata: manifest.Meta(secret.Name, home.ToStringPtrOutput()),
		Body: alertmanagerConfig{Spec: alertmanagerConfigSpec{
			Route: alertRoute{
				Receiver: secret.Name, GroupBy: []string{"alertname", "job"},
				GroupWait: "30s", GroupInterval: "5m", RepeatInterval: "4h",
			},
			Receivers: []receiver{{
				Name:           secret.Name,
				WebhookConfigs: []webhookConfig{{URLSecret: secretKey{Name: secret.Name, Key: key}, SendResolved: true}},
			}},
		}},
	}, pulumi.Parent(o), pulumi.DependsOn([]pulumi.Resource{kept, o.Release}))
	return err
}
