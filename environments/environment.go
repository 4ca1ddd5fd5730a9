// Package environments says what differs between the places where Rondo runs.
//
// It is plain data over the topology and imports no Pulumi: an environment can be
// read, validated and compared without a cluster. What a person or a pipeline
// says at deployment (Settings) is Pulumi's configuration of the stack, in
// Pulumi.<stack>.yaml beside it; stack.schema.json describes that file.
package environments

import (
	"fmt"
	"slices"

	"github.com/rondohq/rondo/platform/topology"
)

// Environment is one place: a stack of the Pulumi project.
type Environment struct {
	// Name is the stack's.
	Name string
	// Namespace holds everything of one tenant.
	Namespace string
	// Size chooses what the stateful parts get; see Capacity.
	Size Size
	// Rotation is any text; another one makes new passwords and tokens. PushRotation
	// does the same for the key that browsers subscribe to: they have to ask for
	// notifications again.
	Rotation, PushRotation string
	// Disposable lets the stack's end delete its data.
	Disposable bool
	// Replicas are the bounds of services that differ from the topology's.
	Replicas map[string]topology.Replicas

	Cluster    Cluster
	Kafka      Kafka
	Postgres   Postgres
	Aiven      Aiven
	Edge       Edge
	Operators  Operators
	Monitoring Monitoring
	Images     Images
	Mirror     Mirror
	State      State
}

// Cluster is the Kubernetes cluster of an environment.
type Cluster struct {
	Provider ClusterProvider
	// Context is the name of a context in the kubeconfig; of an existing cluster only.
	Context string
	// APIPort is where pods reach the API server, behind its Service: network
	// policies see the port of the server itself.
	APIPort int
	// Azure describes the cluster that is made; of AzureKubernetes only.
	Azure Azure
}

// ClusterProvider is who runs the cluster.
type ClusterProvider string

// The known providers of a cluster.
const (
	ExistingCluster ClusterProvider = "existing"
	AzureKubernetes ClusterProvider = "aks"
)

// Azure is a cluster of Azure Kubernetes Service in a network of its own.
type Azure struct {
	Location string
	// KubernetesVersion is a minor version, such as 1.35; Azure patches it.
	KubernetesVersion string
	// Network is what the nodes are in; Pods and Services are overlays, which no
	// other network sees. All are CIDRs.
	Network, Nodes, Pods, Services string
	Pools                          []NodePool
}

// NodePool is a group of equal nodes that grows and shrinks by itself.
type NodePool struct {
	Name string
	// System pools run the cluster's own pods; there must be one.
	System bool
	VMSize string
	Zones  []string
	// Nodes bounds the pool.
	Nodes topology.Replicas
}

// Kafka is the broker of an environment.
type Kafka struct {
	Provider   KafkaProvider
	Durability topology.Durability
	// External says where the broker of ExternalKafka is.
	External ExternalBroker
}

// KafkaProvider is who runs the broker.
type KafkaProvider string

// The known providers of Kafka. An external one is there already.
const (
	Redpanda      KafkaProvider = "redpanda"
	AivenKafka    KafkaProvider = "aiven"
	ExternalKafka KafkaProvider = "external"
)

// ExternalBroker is a broker that is there already, with the topics that `rondo
// topics apply` made.
type ExternalBroker struct {
	// Brokers are host:port each.
	Brokers []string
	// SASL asks for a user name and a password (SCRAM-SHA-256 over TLS), which are
	// secrets of the stack.
	SASL bool
}

// Postgres is the database server of an environment.
type Postgres struct {
	Provider PostgresProvider
	// External is host:port of ExternalPostgres; its connection strings are secrets
	// of the stack.
	External string
}

// PostgresProvider is who runs the database server.
type PostgresProvider string

// The known providers of PostgreSQL. An external one is there already.
const (
	CloudNativePG    PostgresProvider = "cloudnative-pg"
	AivenPostgres    PostgresProvider = "aiven"
	ExternalPostgres PostgresProvider = "external"
)

// Aiven is the account that runs what the provider "aiven" stands for.
type Aiven struct {
	Project string
	// Cloud is the region in Aiven's words, such as azure-westeurope.
	Cloud string
}

// Edge is the way in from outside.
type Edge struct {
	Provider EdgeProvider
	// Host is the name that people type.
	Host   string
	Issuer Issuer
	// Email is told by the certificate authority when a certificate is about to expire.
	Email string
	// RequestsPerSecond bounds what the edge lets through to each service, of each
	// of its instances; more is answered with 429.
	RequestsPerSecond int
	// Proxies is how many of our own stand in a row before the services, each adding
	// the address of who called it to X-Forwarded-For. Limits by address rely on it.
	Proxies int
}

// EdgeProvider is what takes requests from outside.
type EdgeProvider string

// The known providers of the edge. Gateway is the Gateway API by Envoy Gateway;
// nginx is ingress-nginx, for clusters that have it (its upstream has retired it).
// An external edge sends requests to the services by itself.
const (
	Gateway      EdgeProvider = "gateway"
	Nginx        EdgeProvider = "nginx"
	ExternalEdge EdgeProvider = "external"
)

// Issuer is who signs the edge's certificate; NoIssuer means plain HTTP.
type Issuer string

// The known issuers.
const (
	NoIssuer           Issuer = "none"
	LetsEncryptStaging Issuer = "letsencrypt-staging"
	LetsEncryptProd    Issuer = "letsencrypt-prod"
)

// Issuers are all that can be asked for.
func Issuers() []Issuer { return []Issuer{NoIssuer, LetsEncryptStaging, LetsEncryptProd} }

// Ownership says who installs an operator.
type Ownership string

// The two owners: this program, or whoever gave us the cluster.
const (
	Managed Ownership = "managed"
	Present Ownership = "present"
)

// Operators are the programs that turn our objects into deeds. Each is installed
// only where something needs it.
type Operators struct {
	Dapr, KEDA, CertManager, CloudNativePG, EnvoyGateway, IngressNginx Ownership
}

// Monitoring is who watches.
type Monitoring struct {
	// Prometheus is the operator with everything around it (kube-prometheus-stack).
	Prometheus Ownership
	// Namespace is where its Prometheus and Grafana run.
	Namespace string
	// Traces is host:port of an OTLP gRPC collector; empty: traces are not exported.
	Traces string
}

// Images are the services' programs.
type Images struct {
	// Registry and owner, such as ghcr.io/rondohq.
	Registry string
	// Tag is used for services without a digest.
	Tag string
	// Digests, by service, pin what runs (sha256:…).
	Digests map[string]string
	// Pinned refuses a service without a digest.
	Pinned bool
}

// Reference is what a pod runs for a service.
func (i Images) Reference(service string) string {
	if digest := i.Digests[service]; digest != "" {
		return i.Registry + "/" + service + "@" + digest
	}
	return i.Registry + "/" + service + ":" + i.Tag
}

// Mirror is where a cluster without internet finds what others publish. The zero
// value is the internet.
type Mirror struct {
	// Charts is a folder of packaged charts (NAME-VERSION.tgz), or oci://registry/path.
	Charts string
	// Images is a registry that has the images of docker.io, ghcr.io, quay.io and
	// registry.k8s.io under their own paths.
	Images string
}

// State is where Pulumi keeps what it knows of the stack.
type State struct {
	// Backend is the address for `pulumi login`.
	Backend string
	// SecretsProvider encrypts the stack's secrets: passphrase, or the address of a key.
	SecretsProvider string
}

// All are the environments that exist, each a stack.
func All() []Environment { return []Environment{Minikube(), AKS()} }

// Named finds the environment of a stack.
func Named(stack string) (Environment, error) {
	var names []string
	for _, e := range All() {
		if e.Name == stack {
			return e, nil
		}
		names = append(names, e.Name)
	}
	return Environment{}, fmt.Errorf("there is no environment %q; there are %q", stack, names)
}

// Services are the topology's, with the replicas of this environment.
func (e Environment) Services() []topology.Service {
	services := topology.Services()
	for i, s := range services {
		if replicas, ok := e.Replicas[s.Name]; ok {
			services[i].Replicas = replicas
		}
	}
	return services
}

// URL is what people type.
func (e Environment) URL() string {
	if e.Edge.Issuer == NoIssuer {
		return "http://" + e.Edge.Host
	}
	return "https://" + e.Edge.Host
}

// Contact is whom others may ask about the environment, as a mailto or https address;
// empty when nobody is named.
func (e Environment) Contact() string {
	switch {
	case e.Edge.Email != "":
		return "mailto:" + e.Edge.Email
	case e.Edge.Issuer != NoIssuer:
		return e.URL()
	default:
		return ""
	}
}

// usesAiven says whether any of the stateful parts is of Aiven.
func (e Environment) usesAiven() bool {
	return e.Kafka.Provider == AivenKafka || e.Postgres.Provider == AivenPostgres
}

// known says whether a value is one of a closed set.
func known[T comparable](value T, all ...T) bool { return slices.Contains(all, value) }
