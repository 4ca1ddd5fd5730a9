package chart_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/chart"
	"github.com/rondohq/rondo/components/pulumitest"
	"github.com/rondohq/rondo/environments"
)

func TestAChartComesFromItsProjectOrFromTheMirror(t *testing.T) {
	t.Parallel()
	indexed := chart.Chart{Name: "thing", Version: "1.2.3", Repository: "https://charts.example"}
	registry := chart.Chart{Name: "thing", Version: "1.2.3", Repository: "oci://registry.example/charts"}
	for _, is := range []struct {
		chart                     chart.Chart
		mirror                    string
		name, version, repository any
	}{
		{indexed, "", "thing", "1.2.3", "https://charts.example"},
		{registry, "", "oci://registry.example/charts/thing", "1.2.3", nil},
		{indexed, "folder", "folder/thing-1.2.3.tgz", nil, nil},
		{registry, "folder", "folder/thing-1.2.3.tgz", nil, nil},
		{indexed, "oci://mirror.example/charts", "oci://mirror.example/charts/thing", "1.2.3", nil},
	} {
		var r pulumitest.Recorder
		err := r.Run(t, "test", func(ctx *pulumi.Context) error {
			_, err := chart.Install(ctx, is.chart, chart.Args{
				Release: "x", Namespace: pulumi.String("n"), Mirror: environments.Mirror{Charts: is.mirror},
			})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		got := r.One(t, "kubernetes:helm.sh/v3:Release")
		atomic, _ := got.At("atomic").(bool)
		if got.At("chart") != is.name || got.At("version") != is.version || got.At("repositoryOpts", "repo") != is.repository || !atomic {
			t.Errorf("%+v from %q: %v", is.chart, is.mirror, got.Inputs)
		}
	}
	if got := chart.Image(environments.Mirror{Images: "mirror.example:5000"}, "ghcr.io", "a/b"); got != "mirror.example:5000/a/b" {
		t.Errorf("an image comes from %q", got)
	}
}
