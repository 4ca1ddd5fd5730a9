package namespace

import (
	"fmt"
	"strconv"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/rondohq/rondo/platform/topology"
)

// quota is what all services need with every replica and sidecar they may have,
// and once more for a pod of each that comes up while an old one still runs.
// Migrations and a certificate's proof run beside them, as one more pod each.
func quota(services []topology.Service) (pulumi.StringMap, error) {
	const others = 2
	var sum total
	for _, s := range services {
		replicas := int64(s.MaxReplicas() + 1)
		sum.add(replicas, s.Resources)
		sum.add(replicas, topology.Sidecar)
		sum.pods += replicas
	}
	sum.add(others, topology.Sidecar)
	sum.pods += others
	if sum.err != nil {
		return nil, sum.err
	}
	return pulumi.StringMap{
		"requests.cpu":    pulumi.String(sum.requestCPU.String()),
		"requests.memory": pulumi.String(sum.requestMemory.String()),
		"limits.cpu":      pulumi.String(sum.limitCPU.String()),
		"limits.memory":   pulumi.String(sum.limitMemory.String()),
		"pods":            pulumi.String(strconv.FormatInt(sum.pods, 10)),
	}, nil
}

// total adds resources up.
type total struct {
	requestCPU, requestMemory, limitCPU, limitMemory resource.Quantity
	pods                                             int64
	err                                              error
}

func (t *total) add(times int64, r topology.Resources) {
	for _, item := range []struct {
		sum  *resource.Quantity
		text string
	}{
		{&t.requestCPU, r.RequestCPU},
		{&t.requestMemory, r.RequestMemory},
		{&t.limitCPU, r.LimitCPU},
		{&t.limitMemory, r.LimitMemory},
	} {
		quantity, err := resource.ParseQuantity(item.text)
		if err != nil {
			t.err = fmt.Errorf("%q is no quantity: %w", item.text, err)
			return
		}
		quantity.Mul(times)
		item.sum.Add(quantity)
	}
}
