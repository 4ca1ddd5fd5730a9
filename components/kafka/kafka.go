// Package kafka says what a broker is to the rest of the platform, whoever runs it.
package kafka

import (
	"net"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/namespace"
	"github.com/rondohq/rondo/environments"
	"github.com/rondohq/rondo/platform/topology"
)

// MaxMessageBytes is the largest event, the same on a laptop.
const MaxMessageBytes = 1 << 20

// Broker is where events go and how one signs in.
type Broker struct {
	// Servers are host:port, comma-separated.
	Servers pulumi.StringInput
	// SASL says that one signs in (SCRAM-SHA-256 over TLS), with Username and Password.
	SASL               bool
	Username, Password pulumi.StringInput
	// CA is the broker's authority (PEM); nil: a public one.
	CA pulumi.StringInput
	// Endpoint is what network policies let through.
	Endpoint namespace.Endpoint
}

// External is a broker that is there already. secrets are those of the stack's
// configuration, by key of the secret environments.Broker.
func External(at environments.ExternalBroker, secrets func(key string) pulumi.StringInput) Broker {
	b := Broker{Servers: pulumi.String(strings.Join(at.Brokers, ",")), SASL: at.SASL}
	seen := map[int]bool{}
	for _, address := range at.Brokers {
		_, text, _ := net.SplitHostPort(address) // the environment is valid
		if port, err := strconv.Atoi(text); err == nil && !seen[port] {
			seen[port] = true
			b.Endpoint.Ports = append(b.Endpoint.Ports, pulumi.Int(port))
		}
	}
	if at.SASL {
		b.Username, b.Password = secrets(environments.BrokerUsernameKey), secrets(environments.BrokerPasswordKey)
	}
	return b
}

// Topics are all that a broker has to have, dead letters included.
func Topics() []topology.Topic { return append(topology.Topics(), topology.DeadLetters()...) }
