package testprovider

import (
	"context"
	"encoding/base64"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"k8s.io/apimachinery/pkg/api/errors"
	quantity "k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// applyObject makes or changes an object. Its outputs are its inputs, as of an
// object that no controller has touched yet.
func (p *provider) applyObject(
	ctx context.Context, urn resource.URN, inputs resource.PropertyMap, preview bool,
) (resource.ID, resource.PropertyMap, error) {
	id := objectID(inputs)
	if preview {
		// An id in a preview says that the resource exists.
		return "", inputs, nil
	}
	if p.world.api == nil {
		p.world.put(id, urn, inputs)
		return id, inputs, nil
	}
	return id, inputs, p.world.apply(ctx, &unstructured.Unstructured{Object: plain(inputs)})
}

// readObject answers what of the inputs the object in the API server still has.
func (p *provider) readObject(ctx context.Context, r plugin.ReadRequest) (plugin.ReadResponse, error) {
	live, err := p.world.api.Get(ctx, &unstructured.Unstructured{Object: plain(r.Inputs)})
	if errors.IsNotFound(err) {
		return plugin.ReadResponse{}, nil
	}
	if err != nil {
		return plugin.ReadResponse{}, err
	}
	if live.GetKind() == "Secret" {
		readable(live)
	}
	inputs := object(project(live.Object, resource.NewProperty(r.Inputs)))
	return plugin.ReadResponse{ReadResult: plugin.ReadResult{ID: r.ID, Inputs: inputs, Outputs: inputs}}, nil
}

// readable gives a secret back the texts that it was made from: the API server
// keeps stringData as base64 in data.
func readable(secret *unstructured.Unstructured) {
	data, _, _ := unstructured.NestedStringMap(secret.Object, "data")
	texts := map[string]any{}
	for key, encoded := range data {
		if text, err := base64.StdEncoding.DecodeString(encoded); err == nil {
			texts[key] = string(text)
		}
	}
	secret.Object["stringData"] = texts
}

// objectID is namespace/name, as the real provider's.
func objectID(inputs resource.PropertyMap) resource.ID {
	metadata := object(inputs["metadata"])
	id := ""
	if namespace := metadata["namespace"]; namespace.IsString() {
		id = namespace.StringValue() + "/"
	}
	if name := metadata["name"]; name.IsString() {
		id += name.StringValue()
	}
	return resource.ID(inputs["kind"].StringValue() + " " + id)
}

// plain is the map without marks of secrets, and without internal keys.
func plain(inputs resource.PropertyMap) map[string]any {
	return inputs.MapRepl(
		func(key string) (string, bool) {
			return key, !resource.IsInternalPropertyKey(resource.PropertyKey(key))
		},
		func(v resource.PropertyValue) (any, bool) {
			if v.IsSecret() {
				return v.SecretValue().Element.MapRepl(nil, unmark), true
			}
			return nil, false
		})
}

func unmark(v resource.PropertyValue) (any, bool) {
	if v.IsSecret() {
		return v.SecretValue().Element.MapRepl(nil, unmark), true
	}
	return nil, false
}

// project is the part of a live value that the inputs speak of: what others
// have added is theirs. Elements that a list has grown are kept, since a list is
// one value.
func project(live any, inputs resource.PropertyValue) resource.PropertyValue {
	switch {
	case inputs.IsSecret():
		return resource.MakeSecret(project(live, inputs.SecretValue().Element))
	case inputs.IsObject():
		fields, ok := live.(map[string]any)
		if !ok {
			break
		}
		kept := resource.PropertyMap{}
		for key, value := range inputs.ObjectValue() {
			field, has := fields[string(key)]
			switch {
			case has:
				kept[key] = project(field, value)
			case isEmpty(value):
				kept[key] = value // the API server leaves out what is empty
			}
		}
		return resource.NewProperty(kept)
	case inputs.IsArray():
		elements, ok := live.([]any)
		if !ok {
			break
		}
		kept := make([]resource.PropertyValue, len(elements))
		for i, element := range elements {
			if i < len(inputs.ArrayValue()) {
				kept[i] = project(element, inputs.ArrayValue()[i])
			} else {
				kept[i] = resource.NewPropertyValue(element)
			}
		}
		return resource.NewProperty(kept)
	case inputs.IsString():
		if text, ok := live.(string); ok && sameQuantity(text, inputs.StringValue()) {
			return inputs
		}
	}
	return resource.NewPropertyValue(live)
}

func isEmpty(v resource.PropertyValue) bool {
	return v.IsArray() && len(v.ArrayValue()) == 0 || v.IsObject() && len(v.ObjectValue()) == 0 || v.IsNull()
}

// sameQuantity knows that the API server writes 1000m as 1.
func sameQuantity(a, b string) bool {
	x, err := quantity.ParseQuantity(a)
	if err != nil {
		return false
	}
	y, err := quantity.ParseQuantity(b)
	return err == nil && x.Cmp(y) == 0
}
