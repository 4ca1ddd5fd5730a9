package environments

// Size is a row of the table of capacities.
type Size string

// The sizes. docs/scale.md says how many people each is for.
const (
	Small  Size = "small"
	Medium Size = "medium"
	Large  Size = "large"
)

// Capacity is what a size gives to the parts that keep data. What services get is
// the topology's; what the broker on minikube gets is the plan's.
type Capacity struct {
	// KafkaPlan and PostgresPlan are plans of Aiven.
	KafkaPlan, PostgresPlan string
	// PostgresInstances are those of CloudNativePG, the first being the primary.
	PostgresInstances int
	// Storage of each instance, as Kubernetes quantities.
	PostgresStorage, BrokerStorage, MetricsStorage string
	// MetricsDays is how long metrics are kept.
	MetricsDays int
}

// Sizes are all that can be asked for.
func Sizes() []Size { return []Size{Small, Medium, Large} }

// Capacity is that of an environment's size; the zero value when it is unknown.
func (s Size) Capacity() Capacity {
	switch s {
	case Small:
		return Capacity{
			KafkaPlan: "startup-2", PostgresPlan: "startup-4", PostgresInstances: 1,
			PostgresStorage: "10Gi", BrokerStorage: "5Gi", MetricsStorage: "5Gi", MetricsDays: 7,
		}
	case Medium:
		return Capacity{
			KafkaPlan: "business-4", PostgresPlan: "business-8", PostgresInstances: 2,
			PostgresStorage: "100Gi", BrokerStorage: "50Gi", MetricsStorage: "50Gi", MetricsDays: 15,
		}
	case Large:
		return Capacity{
			KafkaPlan: "business-16", PostgresPlan: "premium-32", PostgresInstances: 3,
			PostgresStorage: "1Ti", BrokerStorage: "500Gi", MetricsStorage: "200Gi", MetricsDays: 30,
		}
	default:
		return Capacity{}
	}
}
