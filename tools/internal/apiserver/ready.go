package apiserver

import (
	"context"
	"errors"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// errFailed ends the waiting for something that will not come.
var errFailed = errors.New("it has failed")

// WaitReady waits until controllers have done what the object asks for: until its
// pods are ready, until its job is done, until its kind is served. Of kinds that
// nobody has to act on it waits for nothing.
func (c *Client) WaitReady(ctx context.Context, object *unstructured.Unstructured) error {
	check, ok := map[string]func(*unstructured.Unstructured) error{
		"CustomResourceDefinition": condition("Established"),
		"DaemonSet":                pods("desiredNumberScheduled", "updatedNumberScheduled", "numberReady"),
		"Deployment":               pods("replicas", "updatedReplicas", "availableReplicas"),
		"Job":                      finished,
		"StatefulSet":              pods("replicas", "updatedReplicas", "readyReplicas"),
	}[object.GetKind()]
	if !ok {
		return nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	err := until(ctx, patience, func(ctx context.Context) error {
		live, err := c.Get(ctx, object)
		if err != nil {
			return err
		}
		if err := check(live); err != nil {
			if errors.Is(err, errFailed) {
				cancel(err)
			}
			return err
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s %s: %w", object.GetKind(), object.GetName(), err)
	}
	return nil
}

// pods wants the numbers of a status to be those that are wanted, for the object as
// it is now.
func pods(wanted string, numbers ...string) func(*unstructured.Unstructured) error {
	return func(live *unstructured.Unstructured) error {
		observed, _, _ := unstructured.NestedInt64(live.Object, "status", "observedGeneration")
		want, has, _ := unstructured.NestedInt64(live.Object, "status", wanted)
		ready := observed >= live.GetGeneration() && has && want > 0
		for _, number := range numbers {
			got, _, _ := unstructured.NestedInt64(live.Object, "status", number)
			ready = ready && got == want
		}
		if !ready {
			return fmt.Errorf("it has the status %v", live.Object["status"])
		}
		return nil
	}
}

func condition(typ string) func(*unstructured.Unstructured) error {
	return func(live *unstructured.Unstructured) error {
		if hasCondition(live, typ) {
			return nil
		}
		return fmt.Errorf("it is not %s: %v", typ, live.Object["status"])
	}
}

func finished(live *unstructured.Unstructured) error {
	switch {
	case hasCondition(live, "Complete"):
		return nil
	case hasCondition(live, "Failed"):
		return fmt.Errorf("%w: %v", errFailed, live.Object["status"])
	default:
		return fmt.Errorf("it is not done: %v", live.Object["status"])
	}
}

func hasCondition(live *unstructured.Unstructured, typ string) bool {
	conditions, _, _ := unstructured.NestedSlice(live.Object, "status", "conditions")
	for _, c := range conditions {
		fields, _ := c.(map[string]any)
		if fields["type"] == typ && fields["status"] == string(metav1.ConditionTrue) {
			return true
		}
	}
	return false
}
