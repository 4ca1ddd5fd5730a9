// Package migrations brings the database up to date before a new version runs.
package migrations

import (
	"crypto/sha256"
	"fmt"

	batchv1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/batch/v1"
	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	metav1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/inputs"
	"github.com/rondohq/rondo/components/manifest"
	"github.com/rondohq/rondo/components/namespace"
	"github.com/rondohq/rondo/components/pod"
	"github.com/rondohq/rondo/environments"
	"github.com/rondohq/rondo/platform/topology"
)

// Type is the type of the component.
const Type = "rondo:migrations:Migrations"

// Args are the inputs.
type Args struct {
	Namespace pulumi.StringInput
	// Image is the api's, whose command "migrate" does the work.
	Image string
	// DatabaseCA mounts the authority of the database's certificate.
	DatabaseCA bool
}

// Migrations is a job that has run once for each image.
type Migrations struct {
	pulumi.ResourceState
}

// New registers the Migrations. Nothing is registered when the arguments are wrong.
func New(ctx *pulumi.Context, name string, args Args, opts ...pulumi.ResourceOption) (*Migrations, error) {
	err := inputs.Check(Type, name,
		inputs.Need{What: "the namespace", There: args.Namespace != nil},
		inputs.Need{What: "the image", There: args.Image != ""},
	)
	if err != nil {
		return nil, err
	}
	m := &Migrations{}
	if err := ctx.RegisterComponentResource(Type, name, m, opts...); err != nil {
		return nil, err
	}
	// A job can't be changed: another image is another job.
	job := fmt.Sprintf("%s-%x", namespace.MigrationsName, sha256.Sum256([]byte(args.Image)))[:len(namespace.MigrationsName)+9]
	meta := manifest.Meta(job, args.Namespace.ToStringOutput().ToStringPtrOutput())
	_, err = batchv1.NewJob(ctx, namespace.MigrationsName, &batchv1.JobArgs{
		Metadata: meta,
		Spec: &batchv1.JobSpecArgs{
			BackoffLimit:          pulumi.Int(6),
			ActiveDeadlineSeconds: pulumi.Int(600),
			Template: &corev1.PodTemplateSpecArgs{
				Metadata: &metav1.ObjectMetaArgs{Labels: manifest.Labels(namespace.MigrationsName)},
				Spec:     args.spec(),
			},
		},
	}, pulumi.Parent(m), pulumi.ReplaceOnChanges([]string{"spec.template"}))
	if err != nil {
		return nil, err
	}
	return m, ctx.RegisterResourceOutputs(m, pulumi.Map{})
}

func (args Args) spec() *corev1.PodSpecArgs {
	c := &corev1.ContainerArgs{
		Name: pulumi.String(namespace.MigrationsName), Image: pulumi.String(args.Image), Args: pulumi.ToStringArray([]string{"migrate"}),
		ImagePullPolicy: pulumi.String("IfNotPresent"),
		SecurityContext: pod.ContainerSecurity(),
		Resources:       pod.Resources(topology.Sidecar),
		Env: corev1.EnvVarArray{&corev1.EnvVarArgs{
			Name: pulumi.String("RONDO_OWNER_DATABASE_URL"),
			// Not through a sidecar, unlike every secret of a service: it would have to
			// be told when the job is done.
			ValueFrom: &corev1.EnvVarSourceArgs{SecretKeyRef: &corev1.SecretKeySelectorArgs{
				Name: pulumi.String(environments.OwnerDatabase.Name), Key: pulumi.String(topology.DatabaseURLKey),
			}},
		}},
		VolumeMounts: corev1.VolumeMountArray{pod.TemporaryMount()},
	}
	spec := &corev1.PodSpecArgs{
		RestartPolicy: pulumi.String("OnFailure"), AutomountServiceAccountToken: pulumi.Bool(false),
		SecurityContext: pod.SecurityContext(),
		Volumes:         corev1.VolumeArray{pod.TemporaryVolume()},
	}
	if args.DatabaseCA {
		c.VolumeMounts = corev1.VolumeMountArray{pod.TemporaryMount(), pod.DatabaseCAMount()}
		spec.Volumes = corev1.VolumeArray{pod.TemporaryVolume(), pod.DatabaseCAVolume()}
	}
	spec.Containers = corev1.ContainerArray{c}
	return spec
}
