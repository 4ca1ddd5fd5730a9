package aiven

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/inputs"
	"github.com/rondohq/rondo/components/namespace"
	"github.com/rondohq/rondo/components/password"
	"github.com/rondohq/rondo/components/postgres"
	"github.com/rondohq/rondo/environments"
	"github.com/rondohq/rondo/platform/topology"
)

// PostgresType is the type of the component that is the database.
const PostgresType = "rondo:aiven:Postgres"

// verified is for connection strings: the certificate has to be the server's, by
// the project's authority.
const verified = "sslmode=verify-full&sslrootcert=" + postgres.CAFolder + "/" + postgres.CAFile

// PostgresArgs are the inputs.
type PostgresArgs struct {
	// Name of the service at Aiven.
	Name    string
	Account environments.Aiven
	Plan    string
	// Disposable lets the data be deleted.
	Disposable bool
	// Rotation changes the roles' passwords when it changes. The owner's is Aiven's.
	Rotation string
}

// Postgres is Aiven for PostgreSQL with the topology's roles.
type Postgres struct {
	pulumi.ResourceState

	Database postgres.Database
}

// NewPostgres registers a Postgres. Nothing is registered when the arguments are wrong.
func NewPostgres(ctx *pulumi.Context, name string, args PostgresArgs, opts ...pulumi.ResourceOption) (*Postgres, error) {
	err := inputs.Check(PostgresType, name,
		inputs.Need{What: "the name", There: args.Name != ""},
		inputs.Need{What: "the project", There: args.Account.Project != ""},
		inputs.Need{What: "the plan", There: args.Plan != ""},
	)
	if err != nil {
		return nil, err
	}
	p := &Postgres{}
	if err := ctx.RegisterComponentResource(PostgresType, name, p, opts...); err != nil {
		return nil, err
	}
	parent := pulumi.Parent(p)
	made := &pgService{}
	err = register(ctx, pgType, args.Name, service{
		Project: args.Account.Project, CloudName: args.Account.Cloud, Plan: args.Plan, ServiceName: args.Name,
		TerminationProtection: !args.Disposable, MaintenanceWindowDow: "sunday", MaintenanceWindowTime: "04:00:00",
		PgUserConfig: &pgConfig{PgVersion: "17"},
	}, made, parent, pulumi.AdditionalSecretOutputs([]string{"servicePassword", "serviceUri"}))
	if err != nil {
		return nil, err
	}
	err = plain(ctx, pgDatabaseType, topology.Database, pgDatabase{
		Project: args.Account.Project, ServiceName: made.ServiceName, DatabaseName: topology.Database, TerminationProtection: !args.Disposable,
	}, parent)
	if err != nil {
		return nil, err
	}
	p.Database = postgres.Database{
		Roles:    map[string]pulumi.StringInput{},
		Endpoint: namespace.Endpoint{Ports: []pulumi.IntInput{made.ServicePort}},
	}
	for _, role := range topology.Roles() {
		word, err := password.New(ctx, role.Name, args.Rotation, parent)
		if err != nil {
			return nil, err
		}
		err = plain(ctx, pgUserType, role.Name, user{
			Project: args.Account.Project, ServiceName: made.ServiceName, Username: role.Name, Password: word,
		}, parent)
		if err != nil {
			return nil, err
		}
		p.Database.Roles[role.Name] = postgres.URL(pulumi.String(role.Name), word, made.ServiceHost, made.ServicePort, verified)
	}
	p.Database.Owner = postgres.URL(made.ServiceUsername, made.ServicePassword, made.ServiceHost, made.ServicePort, verified)
	if p.Database.CA, err = authority(ctx, args.Account.Project, parent); err != nil {
		return nil, err
	}
	return p, ctx.RegisterResourceOutputs(p, pulumi.Map{})
}
