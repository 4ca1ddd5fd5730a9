package migrations_test

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/migrations"
	"github.com/rondohq/rondo/components/pulumitest"
	"github.com/rondohq/rondo/environments"
)

func job(t *testing.T, image string) pulumitest.Resource {
	t.Helper()
	var r pulumitest.Recorder
	err := r.Run(t, "test", func(ctx *pulumi.Context) error {
		_, err := migrations.New(ctx, "x", migrations.Args{Namespace: pulumi.String("tenant"), Image: image})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return r.One(t, "kubernetes:batch/v1:Job")
}

func TestAnotherImageIsAnotherJob(t *testing.T) {
	t.Parallel()
	one, again, other := job(t, "registry/api:1"), job(t, "registry/api:1"), job(t, "registry/api:2")
	name := func(r pulumitest.Resource) any { return r.At("metadata", "name") }
	if name(one) != name(again) || name(one) == name(other) {
		t.Errorf("the jobs are %v, %v and %v", name(one), name(again), name(other))
	}
	container := func(path ...any) any {
		return one.At(append([]any{"spec", "template", "spec", "containers", 0}, path...)...)
	}
	if container("image") != "registry/api:1" || container("args", 0) != "migrate" {
		t.Errorf("the job runs %v", container())
	}
	if got := container("env", 0, "valueFrom", "secretKeyRef", "name"); got != environments.OwnerDatabase.Name {
		t.Errorf("it signs in with %v", got)
	}
}

func TestWrongArgumentsRegisterNothing(t *testing.T) {
	t.Parallel()
	var r pulumitest.Recorder
	err := r.Run(t, "test", func(ctx *pulumi.Context) error {
		_, err := migrations.New(ctx, "x", migrations.Args{})
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "the namespace is missing") || !strings.Contains(err.Error(), "the image is missing") || len(r.Resources()) > 0 {
		t.Errorf("got %v and %d resources", err, len(r.Resources()))
	}
}
