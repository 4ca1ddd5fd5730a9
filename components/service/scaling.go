package service

import (
	autoscalingv2 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/autoscaling/v2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/keda"
)

// busy is the share of the requested CPU (percent) above which another replica of
// a service that answers people is started.
const busy = 70

// scale follows the lag of a consumer, and the work of everyone else.
func (s *Service) scale(ctx *pulumi.Context, opts ...pulumi.ResourceOption) error {
	opts = append(opts, pulumi.Parent(s))
	if keda.Scales(s.args.Service) {
		return keda.Scale(ctx, s.args.Service, s.args.Namespace, s.args.Broker, opts...)
	}
	_, err := autoscalingv2.NewHorizontalPodAutoscaler(ctx, s.name(), &autoscalingv2.HorizontalPodAutoscalerArgs{
		Metadata: s.meta(),
		Spec: &autoscalingv2.HorizontalPodAutoscalerSpecArgs{
			ScaleTargetRef: &autoscalingv2.CrossVersionObjectReferenceArgs{
				ApiVersion: pulumi.String("apps/v1"), Kind: pulumi.String("Deployment"), Name: pulumi.String(s.name()),
			},
			MinReplicas: pulumi.Int(s.args.Service.Replicas.Min), MaxReplicas: pulumi.Int(s.args.Service.MaxReplicas()),
			// The service's own container: a busy sidecar is the same work, counted twice.
			Metrics: autoscalingv2.MetricSpecArray{&autoscalingv2.MetricSpecArgs{
				Type: pulumi.String("ContainerResource"),
				ContainerResource: &autoscalingv2.ContainerResourceMetricSourceArgs{
					Name: pulumi.String("cpu"), Container: pulumi.String(s.name()),
					Target: &autoscalingv2.MetricTargetArgs{Type: pulumi.String("Utilization"), AverageUtilization: pulumi.Int(busy)},
				},
			}},
			Behavior: &autoscalingv2.HorizontalPodAutoscalerBehaviorArgs{
				ScaleDown: &autoscalingv2.HPAScalingRulesArgs{StabilizationWindowSeconds: pulumi.Int(300)},
			},
		},
	}, opts...)
	return err
}
