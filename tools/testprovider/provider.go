package testprovider

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/blang/semver"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// provider answers for all packages: the type of a resource says which is meant.
type provider struct {
	plugin.UnimplementedProvider

	world *World
}

// Handshake says what the real providers say: secrets arrive marked as such.
func (p *provider) Handshake(context.Context, plugin.ProviderHandshakeRequest) (*plugin.ProviderHandshakeResponse, error) {
	return &plugin.ProviderHandshakeResponse{AcceptSecrets: true}, nil
}

// Attach is what an engine calls that has not started the provider itself.
func (p *provider) Attach(string) error { return nil }

// GetPluginInfo tells a version that no real provider has.
func (p *provider) GetPluginInfo(context.Context) (plugin.PluginInfo, error) {
	return plugin.PluginInfo{Version: &semver.Version{}}, nil
}

// Close has nothing to close: the world outlives each engine.
func (p *provider) Close() error { return nil }

// SignalCancellation has nothing to end.
func (p *provider) SignalCancellation(context.Context) error { return nil }

// CheckConfig takes any configuration.
func (p *provider) CheckConfig(_ context.Context, r plugin.CheckConfigRequest) (plugin.CheckConfigResponse, error) {
	return plugin.CheckConfigResponse{Properties: r.News}, nil
}

// DiffConfig never asks for a new provider.
func (p *provider) DiffConfig(context.Context, plugin.DiffConfigRequest) (plugin.DiffConfigResponse, error) {
	return plugin.DiffConfigResponse{Changes: plugin.DiffNone}, nil
}

// Configure needs nothing: there is no account.
func (p *provider) Configure(context.Context, plugin.ConfigureRequest) (plugin.ConfigureResponse, error) {
	return plugin.ConfigureResponse{}, nil
}

// Check gives an object without a name one that stays, and refuses a type that
// has no shape here.
func (p *provider) Check(_ context.Context, r plugin.CheckRequest) (plugin.CheckResponse, error) {
	inputs := r.News
	if isObject(r.Type) {
		return plugin.CheckResponse{Properties: named(inputs, r.Olds, r.Name, r.RandomSeed)}, nil
	}
	if _, ok := shapes[r.Type]; !ok {
		return plugin.CheckResponse{}, fmt.Errorf(
			"the test provider has no shape for %s: state its outputs in tools/testprovider/shapes.go", r.Type)
	}
	return plugin.CheckResponse{Properties: inputs}, nil
}

// Diff compares inputs; what identifies a resource replaces it.
func (p *provider) Diff(_ context.Context, r plugin.DiffRequest) (plugin.DiffResponse, error) {
	diff := r.OldInputs.Diff(r.NewInputs, resource.IsInternalPropertyKey)
	if diff == nil {
		return plugin.DiffResponse{Changes: plugin.DiffNone}, nil
	}
	detailed := plugin.NewDetailedDiffFromObjectDiff(diff, true)
	for path, change := range detailed {
		if replaces(r.Type, path) {
			detailed[path] = change.ToReplace()
		}
	}
	var changed, replacing []resource.PropertyKey
	for path, change := range detailed {
		key := resource.PropertyKey(strings.FieldsFunc(path, func(c rune) bool { return c == '.' || c == '[' })[0])
		changed = append(changed, key)
		if change.Kind.IsReplace() {
			replacing = append(replacing, key)
		}
	}
	return plugin.DiffResponse{
		Changes: plugin.DiffSome, ChangedKeys: changed, ReplaceKeys: replacing, DetailedDiff: detailed,
		DeleteBeforeReplace: isObject(r.Type) && len(replacing) > 0,
	}, nil
}

// Create makes the resource; in a preview it says what would be known.
func (p *provider) Create(ctx context.Context, r plugin.CreateRequest) (plugin.CreateResponse, error) {
	p.world.remember(r.URN, r.Properties)
	if isObject(r.Type) {
		id, outputs, err := p.applyObject(ctx, r.URN, r.Properties, r.Preview)
		return plugin.CreateResponse{ID: id, Properties: outputs}, err
	}
	if r.Preview {
		return plugin.CreateResponse{Properties: outputs(r.Type, "", r.Properties)}, nil
	}
	if err := p.world.install(ctx, r.Type, r.Properties); err != nil {
		return plugin.CreateResponse{}, err
	}
	id := p.world.newID(r.URN)
	p.world.put(id, r.URN, r.Properties)
	state := outputs(r.Type, id, r.Properties)
	p.world.remember(r.URN, state)
	return plugin.CreateResponse{ID: id, Properties: state}, nil
}

// Update changes the resource in place.
func (p *provider) Update(ctx context.Context, r plugin.UpdateRequest) (plugin.UpdateResponse, error) {
	if isObject(r.Type) {
		_, outputs, err := p.applyObject(ctx, r.URN, r.NewInputs, r.Preview)
		return plugin.UpdateResponse{Properties: outputs}, err
	}
	if !r.Preview {
		if err := p.world.install(ctx, r.Type, r.NewInputs); err != nil {
			return plugin.UpdateResponse{}, err
		}
		p.world.put(r.ID, r.URN, r.NewInputs)
	}
	return plugin.UpdateResponse{Properties: outputs(r.Type, r.ID, r.NewInputs)}, nil
}

// Read tells the engine what a resource is like now. Without an id it is gone.
func (p *provider) Read(ctx context.Context, r plugin.ReadRequest) (plugin.ReadResponse, error) {
	if isObject(r.Type) && p.world.api != nil {
		return p.readObject(ctx, r)
	}
	inputs, ok := p.world.get(r.ID)
	if !ok {
		return plugin.ReadResponse{}, nil
	}
	state := inputs
	if !isObject(r.Type) {
		state = outputs(r.Type, r.ID, inputs)
	}
	return plugin.ReadResponse{ReadResult: plugin.ReadResult{ID: r.ID, Inputs: inputs, Outputs: state}}, nil
}

// Delete removes the resource; one that is gone already is as good.
func (p *provider) Delete(ctx context.Context, r plugin.DeleteRequest) (plugin.DeleteResponse, error) {
	if isObject(r.Type) && p.world.api != nil {
		return plugin.DeleteResponse{}, p.world.api.Delete(ctx, &unstructured.Unstructured{Object: plain(r.Inputs)})
	}
	if err := p.world.uninstall(ctx, r.Type, r.Inputs); err != nil {
		return plugin.DeleteResponse{}, err
	}
	p.world.Remove(r.ID)
	return plugin.DeleteResponse{}, nil
}

// Invoke answers the functions that the program calls.
func (p *provider) Invoke(_ context.Context, r plugin.InvokeRequest) (plugin.InvokeResponse, error) {
	function, ok := functions[tokens.Type(r.Tok)]
	if !ok {
		return plugin.InvokeResponse{}, fmt.Errorf("the test provider has no answer for %s: state it in tools/testprovider/shapes.go", r.Tok)
	}
	return plugin.InvokeResponse{Properties: function(r.Args)}, nil
}

// isObject tells a Kubernetes object from everything else; a Helm release is
// what a provider makes of many objects, and no object.
func isObject(t tokens.Type) bool {
	return string(t.Package()) == kubernetesPackage && !strings.HasPrefix(string(t), kubernetesPackage+":helm.sh/")
}

// immutable are the paths whose change makes another object of it, by type; the
// first are every object's.
var immutable = map[tokens.Type][]string{
	"":                               {"apiVersion", "kind", "metadata.name", "metadata.namespace"},
	"kubernetes:apps/v1:Deployment":  {"spec.selector"},
	"kubernetes:apps/v1:StatefulSet": {"spec.selector", "spec.serviceName", "spec.volumeClaimTemplates"},
	"kubernetes:batch/v1:Job":        {"spec.template", "spec.selector"},
	"kubernetes:storage.k8s.io/v1:StorageClass":           {"provisioner", "parameters"},
	"kubernetes:rbac.authorization.k8s.io/v1:RoleBinding": {"roleRef"},
	"azure-native:resources:ResourceGroup":                {"resourceGroupName", "location"},
	"random:index/randomPassword:RandomPassword":          {"keepers", "length", "special"},
	"random:index/randomBytes:RandomBytes":                {"keepers", "length"},
}

func replaces(t tokens.Type, path string) bool {
	fixed := immutable[t]
	if isObject(t) {
		fixed = append(slices.Clip(fixed), immutable[""]...)
	}
	for _, f := range fixed {
		if path == f || strings.HasPrefix(path, f+".") || strings.HasPrefix(path, f+"[") {
			return true
		}
	}
	return false
}

// named gives an object a name: its own, the one it had, or one made of the
// resource's name.
func named(inputs, before resource.PropertyMap, name string, seed []byte) resource.PropertyMap {
	metadata := object(inputs["metadata"])
	if _, has := metadata["name"]; has {
		return inputs
	}
	if _, has := metadata["generateName"]; has {
		return inputs
	}
	given := object(before["metadata"])["name"]
	if !given.IsString() {
		sum := sha256.Sum256(seed)
		given = resource.NewProperty(name + "-" + hex.EncodeToString(sum[:4]))
	}
	inputs, metadata = inputs.Copy(), metadata.Copy()
	metadata["name"] = given
	inputs["metadata"] = resource.NewProperty(metadata)
	return inputs
}

// object is the map in a value, or an empty one.
func object(v resource.PropertyValue) resource.PropertyMap {
	for v.IsSecret() {
		v = v.SecretValue().Element
	}
	if v.IsObject() {
		return v.ObjectValue()
	}
	return resource.PropertyMap{}
}

// newID is unlike any before, also for a replacement of the same resource.
func (w *World) newID(urn resource.URN) resource.ID {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count++
	return resource.ID(fmt.Sprintf("%s-%d", urn.Name(), w.count))
}
