package clustertest

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rondohq/rondo/platform/topology"
)

// connects says whether a pod with these labels reaches the broker.
func (c *testCluster) connects(t *testing.T, namespace, name string, labels map[string]string) bool {
	t.Helper()
	yes, no, user, limit := true, false, int64(65532), int64(20)
	little := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("10m"), corev1.ResourceMemory: resource.MustParse("64Mi")}
	pods := c.typed.CoreV1().Pods(namespace)
	_, err := pods.Create(t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels},
		Spec: corev1.PodSpec{
			RestartPolicy: corev1.RestartPolicyNever, AutomountServiceAccountToken: &no, ActiveDeadlineSeconds: &limit,
			SecurityContext: &corev1.PodSecurityContext{
				RunAsNonRoot: &yes, RunAsUser: &user, SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
			Containers: []corev1.Container{{
				Name: name, Image: registry + "/" + brokerImage + ":" + tag, ImagePullPolicy: corev1.PullIfNotPresent,
				Args:      []string{"topics", "lag", "--kafka", address("kafka", kafkaPort)},
				Resources: corev1.ResourceRequirements{Requests: little, Limits: little}, // the cluster may be nearly full
				SecurityContext: &corev1.SecurityContext{
					AllowPrivilegeEscalation: &no, Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
				},
			}},
		},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	var phase corev1.PodPhase
	eventually(t, "the pod "+name+" has ended", func() bool {
		pod, err := pods.Get(t.Context(), name, metav1.GetOptions{})
		require.NoError(t, err)
		phase = pod.Status.Phase
		return phase == corev1.PodSucceeded || phase == corev1.PodFailed
	})
	now := int64(0)
	require.NoError(t, pods.Delete(t.Context(), name, metav1.DeleteOptions{GracePeriodSeconds: &now}))
	return phase == corev1.PodSucceeded
}

func TestPodsReachWhatTheTopologySaysAndNothingElse(t *testing.T) {
	t.Parallel()
	c := setup(t)
	require.True(t, c.connects(t, backing, "anybody", nil), "the broker can be reached")
	alone := map[string]string{"may": "nothing"}
	_, err := c.typed.NetworkingV1().NetworkPolicies(backing).Create(t.Context(), &networkingv1.NetworkPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: "nothing"},
		Spec: networkingv1.NetworkPolicySpec{
			PodSelector: metav1.LabelSelector{MatchLabels: alone}, PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeEgress},
		},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	if c.connects(t, backing, "nobody", alone) {
		t.Skip("the network of this cluster enforces no policies")
	}
	require.False(t, c.connects(t, tenant, "stranger", nil), "a pod that the topology does not know reaches the broker")
	require.True(t, c.connects(t, tenant, "consumer", map[string]string{nameLabel: topology.Recurring.Name}), "a consumer does not reach the broker")
}
