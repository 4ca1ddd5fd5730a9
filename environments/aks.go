package environments

import "github.com/rondohq/rondo/platform/topology"

// AKS is the cloud: Kubernetes of Azure, Kafka and PostgreSQL of Aiven.
func AKS() Environment {
	return Environment{
		Name:      "aks",
		Namespace: "rondo",
		Cluster:   Cluster{Context: "rondo-aks"},
		Kafka:     Kafka{Provider: AivenKafka, Durability: topology.Cloud},
		Postgres:  Postgres{Provider: AivenPostgres},
	}
}
