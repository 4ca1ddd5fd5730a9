package environments

import "github.com/rondohq/rondo/platform/topology"

// AKS is the cloud: Kubernetes of Azure, Kafka and PostgreSQL of Aiven.
func AKS() Environment {
	e := defaults("aks")
	e.Size = Medium
	e.Cluster = Cluster{
		Provider: AzureKubernetes,
		APIPort:  443,
		Azure: Azure{
			Location:          "westeurope",
			KubernetesVersion: "1.35",
			Network:           "10.40.0.0/16", Nodes: "10.40.0.0/20",
			Pods: "10.64.0.0/12", Services: "10.41.0.0/16",
			Pools: []NodePool{
				{
					Name: "system", System: true, VMSize: "Standard_D2ads_v5",
					Zones: zones, Nodes: topology.Replicas{Min: 2, Max: 3},
				},
				{
					Name: "work", VMSize: "Standard_D4ads_v5",
					Zones: zones, Nodes: topology.Replicas{Min: 2, Max: 8},
				},
			},
		},
	}
	e.Kafka = Kafka{Provider: AivenKafka, Durability: topology.Cloud}
	e.Postgres.Provider = AivenPostgres
	e.Aiven = Aiven{Project: "rondo", Cloud: "azure-westeurope"}
	e.Edge.Host = "rondo.example.com"
	e.Edge.Issuer = LetsEncryptProd
	e.Edge.Email = "operators@example.com"
	e.Edge.RequestsPerSecond = 1000
	e.Images.Pinned = true
	e.State = State{ //nolint:gosec // addresses, no credentials
		Backend:         "azblob://pulumi?storage_account=rondostate",
		SecretsProvider: "azurekeyvault://rondo-state.vault.azure.net/keys/pulumi",
	}
	return e
}

// zones are the availability zones of a region.
var zones = []string{"1", "2", "3"}
