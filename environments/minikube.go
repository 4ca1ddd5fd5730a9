package environments

import "github.com/rondohq/rondo/platform/topology"

// Minikube is one machine that has everything inside the cluster.
func Minikube() Environment {
	e := defaults("minikube")
	e.Disposable = true
	e.Cluster.APIPort = 8443
	e.Kafka = Kafka{Provider: Redpanda, Durability: topology.SingleBroker}
	e.Postgres.Provider = CloudNativePG
	// Every browser takes names below localhost for this machine (RFC 6761 §6.3),
	// which is where `minikube tunnel` listens.
	e.Edge.Host = "rondo.localhost"
	return e
}
