// Package monitoring watches the platform: what is scraped, what is drawn, and
// what wakes somebody up.
package monitoring

import (
	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	helm "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/helm/v3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/chart"
	"github.com/rondohq/rondo/components/inputs"
	"github.com/rondohq/rondo/components/manifest"
	"github.com/rondohq/rondo/components/password"
	"github.com/rondohq/rondo/environments"
)

// OperatorType and WatchType are the types of the components.
const (
	OperatorType = "rondo:monitoring:Operator"
	WatchType    = "rondo:monitoring:Watch"
)

const (
	release = "kube-prometheus-stack"
	// admin is the secret by which people sign in at Grafana.
	admin = "grafana-admin"
)

var published = chart.Chart{Name: release, Version: "77.14.0", Repository: "https://prometheus-community.github.io/helm-charts"}

// OperatorArgs are the inputs.
type OperatorArgs struct {
	Namespace string
	// Storage and Days are for Prometheus.
	Storage string
	Days    int
	// Webhook takes the alerts; nil: they are only shown.
	Webhook pulumi.StringInput
	// Rotation changes Grafana's password when it changes.
	Rotation string
	Mirror   environments.Mirror
}

// Operator is the operator of Prometheus, with Prometheus, Alertmanager and Grafana.
type Operator struct {
	pulumi.ResourceState

	// Release brings the custom resource definitions.
	Release *helm.Release
	// Password is that of Grafana's user admin; secret.
	Password pulumi.StringOutput `pulumi:"password"`
}

// NewOperator registers an Operator. Nothing is registered when the arguments are wrong.
func NewOperator(ctx *pulumi.Context, name string, args OperatorArgs, opts ...pulumi.ResourceOption) (*Operator, error) {
	err := inputs.Check(OperatorType, name,
		inputs.Need{What: "the namespace", There: args.Namespace != ""},
		inputs.Need{What: "the size of the storage", There: args.Storage != ""},
		inputs.Need{What: "the number of days", There: args.Days > 0},
	)
	if err != nil {
		return nil, err
	}
	o := &Operator{}
	if err := ctx.RegisterComponentResource(OperatorType, name, o, opts...); err != nil {
		return nil, err
	}
	// The exporter of the nodes' metrics reads the nodes.
	made, err := manifest.NewNamespace(ctx, args.Namespace, manifest.Privileged, pulumi.Parent(o))
	if err != nil {
		return nil, err
	}
	home := made.Metadata.Name().Elem()
	if o.Password, err = password.New(ctx, admin, args.Rotation, pulumi.Parent(o)); err != nil {
		return nil, err
	}
	login, err := corev1.NewSecret(ctx, admin, &corev1.SecretArgs{
		Metadata:   manifest.Meta(admin, home.ToStringPtrOutput()),
		Type:       pulumi.String("Opaque"),
		StringData: pulumi.StringMap{"user": pulumi.String("admin"), "password": o.Password},
	}, pulumi.Parent(o))
	if err != nil {
		return nil, err
	}
	o.Release, err = chart.Install(ctx, published, chart.Args{
		Release: release, Namespace: home, Values: args.values(), Mirror: args.Mirror,
	}, pulumi.Parent(o), pulumi.DependsOn([]pulumi.Resource{login}))
	if err != nil {
		return nil, err
	}
	if err := o.route(ctx, args, home); err != nil {
		return nil, err
	}
	return o, ctx.RegisterResourceOutputs(o, pulumi.Map{"password": o.Password})
}

func (args OperatorArgs) values() pulumi.Map {
	// What to scrape and to draw is said by objects of any namespace, not by values.
	everywhere := pulumi.Bool(false)
	volume := func(size string) pulumi.Map {
		return pulumi.Map{"volumeClaimTemplate": pulumi.Map{"spec": pulumi.Map{
			"accessModes": pulumi.ToStringArray([]string{"ReadWriteOnce"}),
			"resources":   pulumi.Map{"requests": pulumi.Map{"storage": pulumi.String(size)}},
		}}}
	}
	values := pulumi.Map{
		"prometheus": pulumi.Map{"prometheusSpec": pulumi.Map{
			"retention":   pulumi.Sprintf("%dd", args.Days),
			"storageSpec": volume(args.Storage),
			"serviceMonitorSelectorNilUsesHelmValues": everywhere,
			"podMonitorSelectorNilUsesHelmValues":     everywhere,
			"ruleSelectorNilUsesHelmValues":           everywhere,
		}},
		"alertmanager": pulumi.Map{"alertmanagerSpec": pulumi.Map{
			"storage":                             volume("1Gi"),
			"alertmanagerConfigSelector":          pulumi.Map{"matchLabels": pulumi.Map{manifest.PartOfLabel: pulumi.String(manifest.PartOf)}},
			"alertmanagerConfigMatcherStrategy":   pulumi.Map{"type": pulumi.String("None")},
			"alertmanagerConfigNamespaceSelector": pulumi.Map{},
		}},
		"grafana": pulumi.Map{
			"admin": pulumi.Map{
				"existingSecret": pulumi.String(admin), "userKey": pulumi.String("user"), "passwordKey": pulumi.String("password"),
			},
			"sidecar": pulumi.Map{"dashboards": pulumi.Map{
				"enabled": pulumi.Bool(true), "label": pulumi.String(dashboardLabel), "searchNamespace": pulumi.String("ALL"),
			}},
		},
	}
	if args.Mirror.Images != "" {
		values["global"] = pulumi.Map{"imageRegistry": pulumi.String(args.Mirror.Images)}
	}
	return values
}

// WatchArgs are the inputs.
type WatchArgs struct {
	// Namespace is the services', Home Prometheus'. Tenant is the name of Namespace,
	// which queries are about.
	Namespace    pulumi.StringInput
	Tenant, Home string
}

// Watch is what is scraped, drawn and warned of.
type Watch struct {
	pulumi.ResourceState
}

// NewWatch registers a Watch. Nothing is registered when the arguments are wrong.
func NewWatch(ctx *pulumi.Context, name string, args WatchArgs, opts ...pulumi.ResourceOption) (*Watch, error) {
	err := inputs.Check(WatchType, name,
		inputs.Need{What: "the namespace", There: args.Namespace != nil},
		inputs.Need{What: "the name of the namespace", There: args.Tenant != ""},
		inputs.Need{What: "the namespace of Prometheus", There: args.Home != ""},
	)
	if err != nil {
		return nil, err
	}
	w := &Watch{}
	if err := ctx.RegisterComponentResource(WatchType, name, w, opts...); err != nil {
		return nil, err
	}
	for _, register := range []func(*pulumi.Context, WatchArgs) error{w.scrape, w.warn, w.draw} {
		if err := register(ctx, args); err != nil {
			return nil, err
		}
	}
	return w, ctx.RegisterResourceOutputs(w, pulumi.Map{})
}

// draw hands the dashboards to Grafana.
func (w *Watch) draw(ctx *pulumi.Context, args WatchArgs) error {
	for _, d := range Dashboards(args.Tenant) {
		text, err := d.JSON()
		if err != nil {
			return err
		}
		meta := manifest.Meta("dashboard-"+d.UID, pulumi.String(args.Home))
		labels := manifest.Labels("dashboard-" + d.UID)
		labels[dashboardLabel] = pulumi.String("1")
		meta.Labels = labels
		_, err = corev1.NewConfigMap(ctx, "dashboard-"+d.UID, &corev1.ConfigMapArgs{
			Metadata: meta, Data: pulumi.StringMap{d.UID + ".json": pulumi.String(text)},
		}, pulumi.Parent(w))
		if err != nil {
			return err
		}
	}
	return nil
}
