package apiserver

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
)

// fieldManager is who owns the fields that are applied.
const fieldManager = "pulumi"

// Client applies and reads objects of any kind.
type Client struct {
	// Live says that the server is of a whole cluster, whose controllers act on what
	// is applied; without them Delete does their work.
	Live bool

	dynamic dynamic.Interface
	mapper  *restmapper.DeferredDiscoveryRESTMapper
}

// NewClient does not connect yet.
func NewClient(config *rest.Config) (*Client, error) {
	config = rest.CopyConfig(config)
	config.QPS, config.Burst = -1, -1 // a test waits for nobody
	config.WarningHandler = rest.NoWarnings{}
	objects, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	kinds, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, err
	}
	return &Client{dynamic: objects, mapper: restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(kinds))}, nil
}

// Apply makes the object what it says, by server-side apply. An unknown field or
// a wrong type is an error, and so is a kind that the server does not know. A
// dry run changes nothing.
func (c *Client) Apply(ctx context.Context, object *unstructured.Unstructured, dryRun bool) error {
	of, err := c.resource(object)
	if err != nil {
		return err
	}
	text, err := json.Marshal(object)
	if err != nil {
		return err
	}
	force := true
	options := metav1.PatchOptions{
		FieldManager: fieldManager, Force: &force, FieldValidation: metav1.FieldValidationStrict,
	}
	if dryRun {
		options.DryRun = []string{metav1.DryRunAll}
	}
	_, err = of.Patch(ctx, object.GetName(), types.ApplyPatchType, text, options)
	return err
}

// create makes an object that is not there yet: cheaper than Apply where nobody
// asks who owns which field.
func (c *Client) create(ctx context.Context, object *unstructured.Unstructured) error {
	of, err := c.resource(object)
	if err != nil {
		return err
	}
	_, err = of.Create(ctx, object, metav1.CreateOptions{FieldManager: fieldManager})
	return err
}

// Replace writes the object as it is, as an editor would.
func (c *Client) Replace(ctx context.Context, object *unstructured.Unstructured) error {
	of, err := c.resource(object)
	if err != nil {
		return err
	}
	_, err = of.Update(ctx, object, metav1.UpdateOptions{FieldManager: "editor"})
	return err
}

// Get reads the object with the kind, namespace and name of this one.
func (c *Client) Get(ctx context.Context, like *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	of, err := c.resource(like)
	if err != nil {
		return nil, err
	}
	return of.Get(ctx, like.GetName(), metav1.GetOptions{})
}

// Delete removes the object and waits until it is gone. Where there are no
// controllers, what a namespace's would do for it happens here.
func (c *Client) Delete(ctx context.Context, object *unstructured.Unstructured) error {
	of, err := c.resource(object)
	if err != nil {
		return err
	}
	// Without a garbage collector nobody would ever let go of what has dependents.
	background := metav1.DeletePropagationBackground
	if err := of.Delete(ctx, object.GetName(), metav1.DeleteOptions{PropagationPolicy: &background}); errors.IsNotFound(err) {
		return nil
	} else if err != nil {
		return err
	}
	if c.Live {
		return until(ctx, patience, func(ctx context.Context) error {
			if _, err := of.Get(ctx, object.GetName(), metav1.GetOptions{}); !errors.IsNotFound(err) {
				return fmt.Errorf("%s %s is still there: %w", object.GetKind(), object.GetName(), err)
			}
			return nil
		})
	}
	if object.GetKind() == "Namespace" && object.GetAPIVersion() == "v1" {
		return c.finalize(ctx, of, object.GetName())
	}
	return nil
}

// patience is how long a controller may take for what it has to do.
const patience = 5 * time.Minute

// finalize lets a namespace go. What is left in it stays behind.
func (c *Client) finalize(ctx context.Context, namespaces dynamic.ResourceInterface, name string) error {
	live, err := namespaces.Get(ctx, name, metav1.GetOptions{})
	if errors.IsNotFound(err) {
		return nil
	} else if err != nil {
		return err
	}
	unstructured.RemoveNestedField(live.Object, "spec", "finalizers")
	_, err = namespaces.Update(ctx, live, metav1.UpdateOptions{}, "finalize")
	if errors.IsNotFound(err) {
		return nil
	}
	return err
}

// DefaultNamespace puts an object that has no namespace, and needs one, into this
// one.
func (c *Client) DefaultNamespace(object *unstructured.Unstructured, namespace string) error {
	mapping, err := c.mapping(object)
	if err == nil && mapping.Scope.Name() == meta.RESTScopeNameNamespace && object.GetNamespace() == "" {
		object.SetNamespace(namespace)
	}
	return err
}

func (c *Client) resource(object *unstructured.Unstructured) (dynamic.ResourceInterface, error) {
	mapping, err := c.mapping(object)
	if err != nil {
		return nil, err
	}
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		return c.dynamic.Resource(mapping.Resource).Namespace(cmp.Or(object.GetNamespace(), metav1.NamespaceDefault)), nil
	}
	return c.dynamic.Resource(mapping.Resource), nil
}

func (c *Client) mapping(object *unstructured.Unstructured) (*meta.RESTMapping, error) {
	kind := object.GroupVersionKind()
	mapping, err := c.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if meta.IsNoMatchError(err) {
		// A definition may be newer than what was discovered.
		c.mapper.Reset()
		mapping, err = c.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	}
	if err != nil {
		return nil, fmt.Errorf("%s %q: %w", kind.Kind, object.GetName(), err)
	}
	return mapping, nil
}

// until waits for a condition; the last error says what was missing.
func until(ctx context.Context, limit time.Duration, met func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		err := met(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
