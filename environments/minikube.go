package environments

import "github.com/rondohq/rondo/platform/topology"

// Minikube is one machine that has everything inside the cluster.
func Minikube() Environment {
	return Environment{
		Name:      "minikube",
		Namespace: "rondo",
		Cluster:   Cluster{Context: "minikube"},
		Kafka:     Kafka{Provider: Redpanda, Durability: topology.SingleBroker},
		Postgres:  Postgres{Provider: CloudNativePG},
	}
}
