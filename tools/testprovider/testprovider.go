// Package testprovider is a test double of the Pulumi providers that Rondo's
// program uses. Their official binaries are downloads; this one lets the real
// engine run the real program on a machine without internet and without an
// account anywhere. It is never shipped.
//
// It speaks the provider protocol, keeps what it has made in memory, answers
// outputs of the right shape, and forwards Kubernetes objects to a real API
// server when it is given one. A type of resource that it does not know is an
// error: a double that nods at everything would prove nothing.
package testprovider

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/rondohq/rondo/tools/internal/apiserver"
	"google.golang.org/grpc"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
)

// The packages whose providers it stands in for.
const (
	kubernetesPackage = "kubernetes"
	azurePackage      = "azure-native"
	aivenPackage      = "aiven"
	randomPackage     = "random"
)

var packages = []string{kubernetesPackage, azurePackage, aivenPackage, randomPackage}

// Options of a world. The zero value has no cluster: it keeps everything itself.
type Options struct {
	// Cluster is where Kubernetes objects go, and nowhere else.
	Cluster *rest.Config
	// Live says that the cluster is a whole one: what is made there is waited for, as
	// the real provider does.
	Live bool
	// Charts makes objects of a Helm release, which then go to the cluster as well; nil:
	// releases are kept here. It answers nothing for a chart that it does not know.
	Charts func(ctx context.Context, release map[string]any) ([]*unstructured.Unstructured, error)
}

// World is what the providers have made, and the server that they are.
type World struct {
	Options

	handle rpcutil.ServeHandle
	cancel chan bool
	api    *apiserver.Client // nil: Kubernetes objects are kept here, too

	mu        sync.Mutex
	resources map[resource.ID]made
	count     int
	secrets   map[string]string
}

// made is a resource that exists.
type made struct {
	urn    resource.URN
	inputs resource.PropertyMap // as they are now
}

// Start serves an empty world on loopback.
func Start(o Options) (*World, error) {
	w := &World{Options: o, cancel: make(chan bool), resources: map[resource.ID]made{}, secrets: map[string]string{}}
	if o.Cluster != nil {
		api, err := apiserver.NewClient(o.Cluster)
		if err != nil {
			return nil, err
		}
		api.Live = o.Live
		w.api = api
	}
	var err error
	w.handle, err = rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Cancel: w.cancel,
		Init: func(s *grpc.Server) error {
			pulumirpc.RegisterResourceProviderServer(s, plugin.NewProviderServer(&provider{world: w}))
			return nil
		},
	})
	if err != nil {
		return nil, fmt.Errorf("serve the test providers: %w", err)
	}
	return w, nil
}

// Env is the environment by which the engine finds the providers here instead of
// looking for their binaries.
func (w *World) Env() map[string]string {
	attach := make([]string, len(packages))
	for i, name := range packages {
		attach[i] = fmt.Sprintf("%s:%d", name, w.handle.Port)
	}
	return map[string]string{"PULUMI_DEBUG_PROVIDERS": strings.Join(attach, ",")}
}

// Close stops the server. What was made in an API server stays there.
func (w *World) Close() error {
	close(w.cancel)
	return <-w.handle.Done
}

// Resource is something that exists outside the API server.
type Resource struct {
	// ID is new for a replacement. What is random about a resource follows from it.
	ID         string
	Type, Name string
	// Inputs are as JSON has them, secrets in clear.
	Inputs map[string]any
}

// Resources are all that exist outside the API server, in order of type and name.
func (w *World) Resources() []Resource {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []Resource
	for id, r := range w.resources {
		all = append(all, Resource{ID: string(id), Type: string(r.urn.Type()), Name: r.urn.Name(), Inputs: plain(r.inputs)})
	}
	slices.SortFunc(all, func(a, b Resource) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Name, b.Name))
	})
	return all
}

// Change alters a resource behind the engine's back, as a person in a console
// would. It reports whether there is one.
func (w *World) Change(id resource.ID, change func(resource.PropertyMap)) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, ok := w.resources[id]
	if !ok {
		return false
	}
	r.inputs = r.inputs.Copy()
	change(r.inputs)
	w.resources[id] = r
	return true
}

// Remove deletes a resource behind the engine's back. It reports whether there was one.
func (w *World) Remove(id resource.ID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, ok := w.resources[id]
	delete(w.resources, id)
	return ok
}

// Secrets are all secret values that the providers were given or have answered,
// each with where it is.
func (w *World) Secrets() map[string]string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.secrets)
}

func (w *World) remember(of resource.URN, values resource.PropertyMap) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for key, value := range values {
		w.rememberIn(string(of)+" "+string(key), value, false)
	}
}

// rememberIn finds the texts in a value that are secret, or in something secret.
func (w *World) rememberIn(where string, value resource.PropertyValue, within bool) {
	switch {
	case value.IsSecret():
		w.rememberIn(where, value.SecretValue().Element, true)
	case value.IsObject():
		for key, element := range value.ObjectValue() {
			w.rememberIn(where+"."+string(key), element, within)
		}
	case value.IsArray():
		for i, element := range value.ArrayValue() {
			w.rememberIn(fmt.Sprintf("%s[%d]", where, i), element, within)
		}
	case within && value.IsString() && value.StringValue() != "":
		w.secrets[where] = value.StringValue()
	}
}

func (w *World) put(id resource.ID, urn resource.URN, inputs resource.PropertyMap) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.resources[id] = made{urn: urn, inputs: inputs}
}

func (w *World) get(id resource.ID) (resource.PropertyMap, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, ok := w.resources[id]
	return r.inputs, ok
}
