// Package chart installs the Helm charts of others, each in a pinned version, from
// where its project publishes it or from a mirror.
package chart

import (
	"fmt"
	"path"
	"strings"

	helm "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/helm/v3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/environments"
)

// Chart is a chart as its project publishes it.
type Chart struct {
	Name, Version string
	// Repository is https://… with an index, or oci://…, below which the chart is.
	Repository string
}

// Args say where and how a chart is installed.
type Args struct {
	// Release is the name of the installation.
	Release   string
	Namespace pulumi.StringInput
	Values    pulumi.Map
	Mirror    environments.Mirror
}

// Install registers the release of a chart. What needs the chart's custom resource
// definitions depends on it.
func Install(ctx *pulumi.Context, c Chart, args Args, opts ...pulumi.ResourceOption) (*helm.Release, error) {
	release := &helm.ReleaseArgs{
		Name:      pulumi.String(args.Release),
		Namespace: args.Namespace,
		Values:    args.Values,
		// All or nothing: a release that does not come up is rolled back.
		Atomic:     pulumi.Bool(true),
		Timeout:    pulumi.Int(600),
		MaxHistory: pulumi.Int(5),
	}
	c.locate(release, args.Mirror)
	made, err := helm.NewRelease(ctx, args.Release, release, opts...)
	if err != nil {
		return nil, fmt.Errorf("chart %s %s: %w", c.Name, c.Version, err)
	}
	return made, nil
}

// locate says where the chart is: a file in the mirror's folder, a reference in an
// OCI registry, or a name in a repository with an index.
func (c Chart) locate(release *helm.ReleaseArgs, mirror environments.Mirror) {
	repository := c.Repository
	switch {
	case strings.HasPrefix(mirror.Charts, "oci://"):
		repository = mirror.Charts
	case mirror.Charts != "":
		release.Chart = pulumi.String(path.Join(mirror.Charts, c.Name+"-"+c.Version+".tgz"))
		return
	}
	release.Version = pulumi.String(c.Version)
	if strings.HasPrefix(repository, "oci://") {
		release.Chart = pulumi.String(repository + "/" + c.Name)
		return
	}
	release.Chart = pulumi.String(c.Name)
	release.RepositoryOpts = helm.RepositoryOptsArgs{Repo: pulumi.String(repository)}
}

// Image is where an image is pulled from: its own registry, or the mirror's.
func Image(mirror environments.Mirror, registry, repository string) string {
	if mirror.Images != "" {
		registry = mirror.Images
	}
	return registry + "/" + repository
}
