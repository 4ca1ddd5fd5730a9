package clustertest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/tools/internal/engine"
	"github.com/rondohq/rondo/tools/internal/trialtest"
)

// patience is how long anything may take that has to happen at all.
const patience = 2 * time.Minute

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	trialtest.Eventually(t, patience, what, holds)
}

// nameLabel is on every pod of the stack, with the name of its part.
const nameLabel = "app.kubernetes.io/name"

// pods are those of a part.
func (c *testCluster) pods(t *testing.T, name string) []corev1.Pod {
	t.Helper()
	found, err := c.typed.CoreV1().Pods(c.env.Namespace).List(t.Context(), metav1.ListOptions{
		LabelSelector: nameLabel + "=" + name + ",app.kubernetes.io/part-of=rondo",
	})
	require.NoError(t, err)
	return found.Items
}

func is(pod corev1.Pod, condition corev1.PodConditionType, status corev1.ConditionStatus) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool { return c.Type == condition && c.Status == status })
}

// The autoscaler starts as many as the plan says, whatever it knows of their work.
func TestServicesOfPeopleHaveTheirLeastReplicas(t *testing.T) {
	t.Parallel()
	c := setup(t)
	for _, s := range c.env.Services() {
		if slices.ContainsFunc(s.Subscribes, func(sub topology.Subscription) bool { return !sub.Broadcast }) {
			continue // KEDA scales it, whose part is not tried here
		}
		eventually(t, s.Name+" has its least replicas", func() bool {
			deployment, err := c.typed.AppsV1().Deployments(c.env.Namespace).Get(t.Context(), s.Name, metav1.GetOptions{})
			require.NoError(t, err)
			return deployment.Status.Replicas == int32(s.Replicas.Min)
		})
	}
}

func TestEveryServiceRunsBesideItsSidecar(t *testing.T) {
	t.Parallel()
	c := setup(t)
	for _, s := range c.env.Services() {
		var ready []corev1.Pod
		eventually(t, s.Name+" has its pods ready", func() bool {
			ready = c.pods(t, s.Name)
			// Those for which the cluster has no room are not what is tried here.
			ready = slices.DeleteFunc(ready, func(p corev1.Pod) bool { return is(p, corev1.PodScheduled, corev1.ConditionFalse) })
			return len(ready) > 0 && !slices.ContainsFunc(ready, func(p corev1.Pod) bool { return !is(p, corev1.PodReady, corev1.ConditionTrue) })
		})
		for _, pod := range ready {
			sidecar := slices.IndexFunc(pod.Spec.InitContainers, func(c corev1.Container) bool { return c.Name == "daprd" })
			require.GreaterOrEqual(t, sidecar, 0, "%s has no sidecar that starts before it", pod.Name)
			all := append(slices.Clone(pod.Spec.InitContainers), pod.Spec.Containers...)
			require.Len(t, all, 2, pod.Name)
			for _, container := range all {
				security := container.SecurityContext
				require.NotNil(t, security, "%s of %s", container.Name, pod.Name)
				require.True(t, *security.ReadOnlyRootFilesystem, "%s of %s", container.Name, pod.Name)
				require.False(t, *security.AllowPrivilegeEscalation, "%s of %s", container.Name, pod.Name)
				require.Equal(t, []corev1.Capability{"ALL"}, security.Capabilities.Drop, "%s of %s", container.Name, pod.Name)
				require.NotEmpty(t, container.Resources.Limits.Memory().String(), "%s of %s", container.Name, pod.Name)
				require.NotNil(t, container.ReadinessProbe, "%s of %s", container.Name, pod.Name)
				require.NotNil(t, container.LivenessProbe, "%s of %s", container.Name, pod.Name)
			}
			for _, status := range append(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses...) {
				require.Zero(t, status.RestartCount, "%s of %s was started again", status.Name, pod.Name)
			}
			require.Equal(t, s.Name, pod.Spec.ServiceAccountName)
		}
	}
}

func TestTheDatabaseWasMigratedOnce(t *testing.T) {
	t.Parallel()
	c := setup(t)
	done := c.pods(t, "migrations")
	require.Len(t, done, 1)
	require.Equal(t, corev1.PodSucceeded, done[0].Status.Phase)
}

// A service's account reads its secrets by name: no others, and not all of them.
func TestAnAccountReadsItsOwnSecretsAlone(t *testing.T) {
	t.Parallel()
	c := setup(t)
	secrets, err := c.typed.CoreV1().Secrets(c.env.Namespace).List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	require.NotEmpty(t, secrets.Items)
	for _, s := range c.env.Services() {
		own := []string{}
		for _, secret := range s.Secrets() {
			own = append(own, secret.Name)
		}
		if s.UsesState {
			own = append(own, topology.StateDatabase.Name)
		}
		for _, secret := range secrets.Items {
			require.Equal(t, slices.Contains(own, secret.Name), c.may(t, s, "get", secret.Name), "%s reads %s", s.Name, secret.Name)
		}
		for _, verb := range []string{"list", "watch", "create", "update", "delete"} {
			require.False(t, c.may(t, s, verb, ""), "%s may %s secrets", s.Name, verb)
		}
	}
}

func (c *testCluster) may(t *testing.T, s topology.Service, verb, secret string) bool {
	t.Helper()
	review, err := c.typed.AuthorizationV1().SubjectAccessReviews().Create(t.Context(), &authorizationv1.SubjectAccessReview{
		Spec: authorizationv1.SubjectAccessReviewSpec{
			User:   "system:serviceaccount:" + c.env.Namespace + ":" + s.Name,
			Groups: []string{"system:serviceaccounts", "system:serviceaccounts:" + c.env.Namespace, "system:authenticated"},
			ResourceAttributes: &authorizationv1.ResourceAttributes{
				Namespace: c.env.Namespace, Verb: verb, Resource: "secrets", Name: secret,
			},
		},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	return review.Status.Allowed
}

// A pod that asks for more than the namespace allows is refused by the cluster.
func TestTheNamespaceTakesNoPodWithPowers(t *testing.T) {
	t.Parallel()
	c := setup(t)
	_, err := c.typed.CoreV1().Pods(c.env.Namespace).Create(t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "root"},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "root", Image: "example.test/root:1"}}},
	}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	require.ErrorContains(t, err, "violates PodSecurity")
}

// Controllers have written defaults and states into everything meanwhile.
func TestASecondUpdateChangesNothing(t *testing.T) {
	t.Parallel()
	c := setup(t)
	steps, err := c.stack.Preview(t.Context(), true)
	require.NoError(t, err)
	var changed []string
	for _, s := range engine.Changed(steps) {
		changed = append(changed, string(s.Op)+" "+s.URN.Name())
	}
	require.Empty(t, strings.Join(changed, ", "))
}
