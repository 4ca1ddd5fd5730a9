package testprovider

import (
	"context"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const releaseType tokens.Type = "kubernetes:helm.sh/v3:Release"

// apply makes an object in the cluster, and waits for it where somebody acts on it.
func (w *World) apply(ctx context.Context, object *unstructured.Unstructured) error {
	if err := w.api.Apply(ctx, object, false); err != nil || !w.Live {
		return err
	}
	return w.api.WaitReady(ctx, object)
}

// install makes the objects of a release in the cluster, as far as they are known.
func (w *World) install(ctx context.Context, t tokens.Type, inputs resource.PropertyMap) error {
	objects, err := w.objectsOf(ctx, t, inputs)
	if err != nil {
		return err
	}
	defined := len(objects)
	for i, object := range objects { // all of them, since one may wait for another
		if rank(object) > 0 && i < defined {
			defined = i
			if err := w.waitReady(ctx, objects[:i]); err != nil {
				return err
			}
		}
		if err := w.applyIn(ctx, object, inputs); err != nil {
			return err
		}
	}
	return w.waitReady(ctx, objects)
}

// applyIn makes an object of a release, which may leave its namespace unsaid.
func (w *World) applyIn(ctx context.Context, object *unstructured.Unstructured, release resource.PropertyMap) error {
	if err := w.api.DefaultNamespace(object, release["namespace"].StringValue()); err != nil {
		return err
	}
	return w.api.Apply(ctx, object, false)
}

func (w *World) waitReady(ctx context.Context, objects []*unstructured.Unstructured) error {
	for _, object := range objects {
		if err := w.api.WaitReady(ctx, object); err != nil {
			return err
		}
	}
	return nil
}

// uninstall removes them, as Helm does: all but the definitions, without which the
// objects that they define would go.
func (w *World) uninstall(ctx context.Context, t tokens.Type, inputs resource.PropertyMap) error {
	objects, err := w.objectsOf(ctx, t, inputs)
	if err != nil {
		return err
	}
	for _, object := range slices.Backward(objects) {
		if object.GetKind() == "CustomResourceDefinition" {
			continue
		}
		if err := w.api.DefaultNamespace(object, inputs["namespace"].StringValue()); err != nil {
			return err
		}
		if err := w.api.Delete(ctx, object); err != nil {
			return err
		}
	}
	return nil
}

// objectsOf are those of a release, definitions first.
func (w *World) objectsOf(ctx context.Context, t tokens.Type, inputs resource.PropertyMap) ([]*unstructured.Unstructured, error) {
	if t != releaseType || w.Charts == nil || w.api == nil {
		return nil, nil
	}
	objects, err := w.Charts(ctx, plain(inputs))
	slices.SortStableFunc(objects, func(a, b *unstructured.Unstructured) int { return rank(a) - rank(b) })
	return objects, err
}

// rank puts definitions before everything, and those who may refuse what others
// make behind it.
func rank(object *unstructured.Unstructured) int {
	switch object.GetKind() {
	case "CustomResourceDefinition":
		return 0
	case "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration":
		return 2
	default:
		return 1
	}
}
