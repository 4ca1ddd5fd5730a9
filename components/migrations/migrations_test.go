package migrations_test

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/migrations"
	"github.com/rondohq/rondo/components/pulumitest"
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
	name := func(r pulumitest.Resource) string { return r.At("metadata", "name").(string) }
	if name(one) != name(again) || name(one) == name(other) {
		t.Errorf("the jobs are %s, %s and %s", name(one), name(again), name(other))
	}
	c := one.At("spec", "template", "spec", "containers", 0).(map[string]any)
	if c["image"] != "registry/api:1" || c["args"].([]any)[0] != "migrate" {
		t.Errorf("the job runs %v", c)
	}
	if ref := c["env"].([]any)[0].(map[string]any)["valueFrom"].(map[string]any)["secretKeyRef"].(map[string]any); ref["name"] != "database-owner" {
		t.Errorf("it signs in as %v", ref)
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
