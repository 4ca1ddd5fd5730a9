// Package redpanda runs a broker in the cluster, with the topology's topics.
package redpanda

import (
	"crypto/sha256"
	"fmt"
	"strings"

	batchv1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/batch/v1"
	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	metav1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/chart"
	"github.com/rondohq/rondo/components/inputs"
	"github.com/rondohq/rondo/components/kafka"
	"github.com/rondohq/rondo/components/manifest"
	"github.com/rondohq/rondo/components/namespace"
	"github.com/rondohq/rondo/components/pod"
	"github.com/rondohq/rondo/environments"
	"github.com/rondohq/rondo/platform/topology"
)

// Type is the type of the component.
const Type = "rondo:redpanda:Broker"

// Namespace is the broker's.
const Namespace = "redpanda"

const (
	release = "redpanda"
	// port is that of the chart's listener inside of the cluster.
	port = 9093
	// The broker's image, which also has rpk, the tool that makes topics.
	image = "redpandadata/redpanda"
	tag   = "v25.1.9"
)

var published = chart.Chart{Name: "redpanda", Version: "25.1.3", Repository: "https://charts.redpanda.com"}

// limits are the plan's, of each broker. The chart starts a thread for each CPU that
// is requested, and Redpanda wants a GiB for each thread of its own or refuses to start.
var limits = topology.Resources{RequestCPU: "1", RequestMemory: "2Gi", LimitCPU: "2", LimitMemory: "2Gi"}

// Args are the inputs.
type Args struct {
	Durability topology.Durability
	Storage    string
	Mirror     environments.Mirror
}

// Broker is Redpanda with the topics in it.
type Broker struct {
	pulumi.ResourceState

	Broker kafka.Broker
}

// New registers a Broker. Nothing is registered when the arguments are wrong.
func New(ctx *pulumi.Context, name string, args Args, opts ...pulumi.ResourceOption) (*Broker, error) {
	err := inputs.Check(Type, name,
		inputs.Need{What: "the number of replicas", There: args.Durability.Replication > 0 && args.Durability.MinInSync > 0},
		inputs.Need{What: "the size of the storage", There: args.Storage != ""},
	)
	if err != nil {
		return nil, err
	}
	address := fmt.Sprintf("%s.%s.svc.cluster.local:%d", release, Namespace, port)
	b := &Broker{Broker: kafka.Broker{
		Servers:  pulumi.String(address),
		Endpoint: namespace.Endpoint{Namespace: Namespace, Ports: []pulumi.IntInput{pulumi.Int(port)}},
	}}
	if err := ctx.RegisterComponentResource(Type, name, b, opts...); err != nil {
		return nil, err
	}
	made, err := manifest.NewNamespace(ctx, Namespace, manifest.Baseline, pulumi.Parent(b))
	if err != nil {
		return nil, err
	}
	home := made.Metadata.Name().Elem()
	broker, err := chart.Install(ctx, published, chart.Args{
		Release: release, Namespace: home, Values: args.values(), Mirror: args.Mirror,
	}, pulumi.Parent(b))
	if err != nil {
		return nil, err
	}
	if err := b.topics(ctx, args, address, home, pulumi.DependsOn([]pulumi.Resource{broker})); err != nil {
		return nil, err
	}
	return b, ctx.RegisterResourceOutputs(b, pulumi.Map{})
}

func (args Args) values() pulumi.Map {
	off := pulumi.Map{"enabled": pulumi.Bool(false)}
	quantities := func(cpu, memory string) pulumi.Map {
		return pulumi.Map{"cpu": pulumi.String(cpu), "memory": pulumi.String(memory)}
	}
	set := pulumi.Map{
		"replicas":       pulumi.Int(args.Durability.Replication),
		"initContainers": pulumi.Map{"setDataDirOwnership": off},
	}
	if args.Mirror.Images != "" {
		set["sideCars"] = pulumi.Map{"image": pulumi.Map{
			"repository": pulumi.String(chart.Image(args.Mirror, "docker.io", "redpandadata/redpanda-operator")),
		}}
	}
	// The chart refuses a value that it does not know.
	return pulumi.Map{
		"image": pulumi.Map{
			"repository": pulumi.String(chart.Image(args.Mirror, "docker.io", image)), "tag": pulumi.String(tag),
		},
		"statefulset": set,
		"resources": pulumi.Map{
			"requests": quantities(limits.RequestCPU, limits.RequestMemory),
			"limits":   quantities(limits.LimitCPU, limits.LimitMemory),
		},
		"storage": pulumi.Map{"persistentVolume": pulumi.Map{"enabled": pulumi.Bool(true), "size": pulumi.String(args.Storage)}},
		// Topics are the topology's; a name that is not among them is a mistake.
		"config": pulumi.Map{"cluster": pulumi.Map{
			"auto_create_topics_enabled": pulumi.Bool(false),
			"default_topic_replications": pulumi.Int(args.Durability.Replication),
		}},
		// Network policies keep others away from it.
		"tls": off, "external": off, "console": off,
		"tuning": pulumi.Map{"tune_aio_events": pulumi.Bool(false)},
	}
}

// topics makes what is missing and brings the rest up to date; nothing is removed.
func (b *Broker) topics(ctx *pulumi.Context, args Args, address string, home pulumi.StringOutput, opts ...pulumi.ResourceOption) error {
	script := Script(args.Durability)
	name := fmt.Sprintf("topics-%x", sha256.Sum256([]byte(script)))[:len("topics-")+8]
	_, err := batchv1.NewJob(ctx, "topics", &batchv1.JobArgs{
		// A job can't be changed: other topics are another job.
		Metadata: manifest.Meta(name, home.ToStringPtrOutput()),
		Spec: &batchv1.JobSpecArgs{
			BackoffLimit: pulumi.Int(6), ActiveDeadlineSeconds: pulumi.Int(600),
			Template: &corev1.PodTemplateSpecArgs{
				Metadata: &metav1.ObjectMetaArgs{Labels: manifest.Labels("topics")},
				Spec: &corev1.PodSpecArgs{
					RestartPolicy: pulumi.String("OnFailure"), AutomountServiceAccountToken: pulumi.Bool(false),
					SecurityContext: pod.SecurityContext(),
					Volumes:         corev1.VolumeArray{pod.TemporaryVolume()},
					Containers: corev1.ContainerArray{&corev1.ContainerArgs{
						Name: pulumi.String("topics"), Image: pulumi.String(chart.Image(args.Mirror, "docker.io", image) + ":" + tag),
						Command:         pulumi.ToStringArray([]string{"/bin/bash", "-euo", "pipefail", "-c", script}),
						SecurityContext: pod.ContainerSecurity(), Resources: pod.Resources(topology.Sidecar),
						VolumeMounts: corev1.VolumeMountArray{pod.TemporaryMount()},
						Env: corev1.EnvVarArray{
							&corev1.EnvVarArgs{Name: pulumi.String("RPK_BROKERS"), Value: pulumi.String(address)},
							&corev1.EnvVarArgs{Name: pulumi.String("HOME"), Value: pulumi.String("/tmp")},
						},
					}},
				},
			},
		},
	}, append(opts, pulumi.Parent(b), pulumi.ReplaceOnChanges([]string{"spec.template"}))...)
	return err
}

// Script brings the topics of a broker up to date: it makes them, gives them more
// partitions, and sets their retention.
func Script(d topology.Durability) string {
	lines := []string{
		`topic() { # name, partitions, retention in milliseconds`,
		fmt.Sprintf(`  rpk topic create "$1" --if-not-exists --partitions "$2" --replicas %d`, d.Replication),
		`  local has; has=$(rpk topic describe "$1" --print-summary | awk '$1 == "PARTITIONS" { print $2 }')`,
		`  if [ "$has" -lt "$2" ]; then rpk topic add-partitions "$1" --num $(($2 - has)); fi`,
		`  rpk topic alter-config "$1" --set "retention.ms=$3" --set cleanup.policy=delete`,
		`}`,
	}
	for _, t := range kafka.Topics() {
		lines = append(lines, fmt.Sprintf("topic %s %d %d", t.Name, t.Partitions, t.Retention.Milliseconds()))
	}
	return strings.Join(lines, "\n") + "\n"
}
