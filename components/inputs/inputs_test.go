package inputs_test

import (
	"reflect"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/inputs"
	"github.com/rondohq/rondo/components/pulumitest"
)

type word string

type part struct {
	Kind word               `json:"kind"`
	Late pulumi.StringInput `json:"late,omitempty"`
}

type whole struct {
	Name   string            `json:"name"`
	Count  int               `json:"count,omitempty"`
	On     bool              `json:"on"`
	Parts  []part            `json:"parts,omitempty"`
	Part   *part             `json:"part,omitempty"`
	Labels map[string]string `json:"labels,omitempty"`
	Any    any               `json:"any,omitempty"`
}

func TestTypedValuesArriveAsTheProviderExpectsThem(t *testing.T) {
	t.Parallel()
	v := whole{
		Name: "x", Parts: []part{{Kind: "a", Late: pulumi.String("later")}, {Kind: "b"}},
		Labels: map[string]string{"k": "v"}, Any: part{Kind: "c", Late: inputs.Secret(pulumi.String("s"))},
	}
	var r pulumitest.Recorder
	err := r.Run(t, "test", func(ctx *pulumi.Context) error {
		var state pulumi.CustomResourceState
		return ctx.RegisterResource("test:index:Thing", "thing", inputs.Of(v), &state)
	})
	if err != nil {
		t.Fatal(err)
	}
	got := r.One(t, "test:index:Thing").Inputs
	secret := got["any"].ObjectValue()["late"]
	if !secret.IsSecret() || secret.SecretValue().Element.StringValue() != "s" {
		t.Errorf("a secret inside became %v", secret)
	}
	delete(got["any"].ObjectValue(), "late")
	want := resource.NewPropertyMapFromMap(map[string]any{
		"name": "x", "on": false, "labels": map[string]any{"k": "v"}, "any": map[string]any{"kind": "c"},
		"parts": []any{map[string]any{"kind": "a", "late": "later"}, map[string]any{"kind": "b"}},
	})
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}
