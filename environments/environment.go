// Package environments says what differs between the places where Rondo runs.
//
// It is plain data over the topology and imports no Pulumi: an environment can be
// read, validated and compared without a cluster. Pulumi's own settings of a
// stack are in Pulumi.<stack>.yaml beside it.
package environments

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/rondohq/rondo/platform/topology"
)

// Environment is one place: a stack of the Pulumi project.
type Environment struct {
	// Name is the stack's.
	Name string
	// Namespace holds everything of one tenant.
	Namespace string
	Cluster   Cluster
	Kafka     Kafka
	Postgres  Postgres
}

// Cluster is where the Kubernetes API answers.
type Cluster struct {
	// Context is the name of a context in the kubeconfig.
	Context string
}

// Kafka is the broker of an environment.
type Kafka struct {
	Provider   KafkaProvider
	Durability topology.Durability
}

// KafkaProvider is who runs the broker.
type KafkaProvider string

// The known providers of Kafka. An external one is there already.
const (
	Redpanda      KafkaProvider = "redpanda"
	AivenKafka    KafkaProvider = "aiven"
	ExternalKafka KafkaProvider = "external"
)

// Postgres is the database server of an environment.
type Postgres struct {
	Provider PostgresProvider
}

// PostgresProvider is who runs the database server.
type PostgresProvider string

// The known providers of PostgreSQL. An external one is there already.
const (
	CloudNativePG    PostgresProvider = "cloudnative-pg"
	AivenPostgres    PostgresProvider = "aiven"
	ExternalPostgres PostgresProvider = "external"
)

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

// labelShape is a DNS label, which Kubernetes asks of a namespace (RFC 1123 §2.1).
var labelShape = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// Validate returns all that is wrong, joined, so that one preview shows it.
func (e Environment) Validate() error {
	var wrong []error
	complain := func(format string, args ...any) {
		wrong = append(wrong, fmt.Errorf("environment %q: "+format, append([]any{e.Name}, args...)...))
	}
	if !labelShape.MatchString(e.Name) {
		complain("the name is no DNS label")
	}
	if !labelShape.MatchString(e.Namespace) {
		complain("the namespace %q is no DNS label", e.Namespace)
	}
	if e.Cluster.Context == "" {
		complain("the cluster's context is missing")
	}
	if !slices.Contains([]KafkaProvider{Redpanda, AivenKafka, ExternalKafka}, e.Kafka.Provider) {
		complain("the Kafka provider %q is unknown", e.Kafka.Provider)
	}
	switch d := e.Kafka.Durability; {
	case d.Replication < 1 || d.MinInSync < 1:
		complain("Kafka needs at least one replica and one in sync, not %d and %d", d.Replication, d.MinInSync)
	case d.MinInSync > d.Replication:
		complain("Kafka can't have %d replicas in sync of %d", d.MinInSync, d.Replication)
	case d.Replication > 1 && d.MinInSync == d.Replication:
		complain("Kafka would refuse writes while one of %d brokers restarts: ask for fewer in sync", d.Replication)
	}
	if !slices.Contains([]PostgresProvider{CloudNativePG, AivenPostgres, ExternalPostgres}, e.Postgres.Provider) {
		complain("the PostgreSQL provider %q is unknown", e.Postgres.Provider)
	}
	return errors.Join(wrong...)
}
