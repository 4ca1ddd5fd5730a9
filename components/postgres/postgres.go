// Package postgres says what the database is to the rest of the platform, and runs
// one in the cluster (CloudNativePG).
package postgres

import (
	"net"
	"strconv"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/inputs"
	"github.com/rondohq/rondo/components/namespace"
	"github.com/rondohq/rondo/environments"
	"github.com/rondohq/rondo/platform/topology"
)

// CAFolder is where a pod has the authority of the database's certificate.
const CAFolder = "/etc/rondo/database"

// CAFile is the authority's file in CAFolder, and its key in the config map.
const CAFile = "ca.pem"

// Database is where the data is. All connection strings are secret.
type Database struct {
	// Owner is the connection string for migrations.
	Owner pulumi.StringInput
	// Roles are the connection strings, by name of the role.
	Roles map[string]pulumi.StringInput
	// CA is the authority of the server's certificate (PEM), which the connection
	// strings name as CAFolder/CAFile; nil: they name none.
	CA pulumi.StringInput
	// Endpoint is what network policies let through.
	Endpoint namespace.Endpoint
}

// External is a database that is there already, with the topology's roles in it.
// secrets are those of the stack's configuration.
func External(address string, secrets func(secret topology.Secret) pulumi.StringInput) Database {
	d := Database{Owner: secrets(environments.OwnerDatabase), Roles: map[string]pulumi.StringInput{}}
	for _, role := range topology.Roles() {
		d.Roles[role.Name] = secrets(role.Secret)
	}
	_, text, _ := net.SplitHostPort(address) // the environment is valid
	if port, err := strconv.Atoi(text); err == nil {
		d.Endpoint.Ports = []pulumi.IntInput{pulumi.Int(port)}
	}
	return d
}

// URL is a connection string. parameters are those after the question mark.
func URL(user, password, host pulumi.StringInput, port pulumi.IntInput, parameters string) pulumi.StringOutput {
	return inputs.Secret(pulumi.Sprintf("postgres://%s:%s@%s:%d/%s?%s", user, password, host, port, topology.Database, parameters))
}
