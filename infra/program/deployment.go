package program

import (
	"fmt"
	"net"
	"strconv"

	"github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/aiven"
	"github.com/rondohq/rondo/components/azure"
	"github.com/rondohq/rondo/components/certmanager"
	"github.com/rondohq/rondo/components/contract"
	"github.com/rondohq/rondo/components/credentials"
	"github.com/rondohq/rondo/components/dapr"
	"github.com/rondohq/rondo/components/edge"
	"github.com/rondohq/rondo/components/kafka"
	"github.com/rondohq/rondo/components/keda"
	"github.com/rondohq/rondo/components/migrations"
	"github.com/rondohq/rondo/components/monitoring"
	"github.com/rondohq/rondo/components/namespace"
	"github.com/rondohq/rondo/components/postgres"
	"github.com/rondohq/rondo/components/redpanda"
	"github.com/rondohq/rondo/components/service"
	"github.com/rondohq/rondo/environments"
	"github.com/rondohq/rondo/platform/topology"
)

// deployment is a stack on its way up, from the ground.
type deployment struct {
	ctx     *pulumi.Context
	env     environments.Environment
	outside Secrets

	kubeconfig pulumi.StringOutput // of a cluster that we make
	cluster    pulumi.ProviderResource
	password   pulumi.StringOutput // Grafana's
	// operators are what custom resources wait for, by the part that brings them.
	operators operators
	broker    kafka.Broker
	database  postgres.Database
	tenant    *namespace.Namespace
	// ready is what the services wait for.
	ready []pulumi.Resource
	// running are the services.
	running []pulumi.Resource
}

// operators are the releases that bring custom resource definitions; nil: they are
// there already, or not needed.
type operators struct {
	dapr, keda, postgres, edge, certificates, monitoring pulumi.Resource
}

// after are the options of a resource in the cluster that needs others, of which
// nil ones are there already.
func (d *deployment) after(others ...pulumi.Resource) pulumi.ResourceOption {
	var needed []pulumi.Resource
	for _, other := range others {
		if other != nil {
			needed = append(needed, other)
		}
	}
	return pulumi.Composite(pulumi.Provider(d.cluster), pulumi.DependsOn(needed))
}

func (d *deployment) makeCluster() error {
	args := &kubernetes.ProviderArgs{EnableServerSideApply: pulumi.Bool(true)}
	switch d.env.Cluster.Provider {
	case environments.AzureKubernetes:
		made, err := azure.New(d.ctx, "azure", azure.Args{Name: "rondo-" + d.env.Name, Cluster: d.env.Cluster.Azure})
		if err != nil {
			return err
		}
		d.kubeconfig = made.Kubeconfig
		args.Kubeconfig = made.Kubeconfig
	default:
		args.Context = pulumi.String(d.env.Cluster.Context)
	}
	cluster, err := kubernetes.NewProvider(d.ctx, "cluster", args)
	if err != nil {
		return fmt.Errorf("cluster: %w", err)
	}
	d.cluster = cluster
	return nil
}

// makeOperators installs what turns our objects into deeds, as far as it is needed
// and not there.
func (d *deployment) makeOperators() error {
	wanted, mirror := d.env.Operators, d.env.Mirror
	capacity := d.env.Size.Capacity()
	if d.env.Monitoring.Prometheus == environments.Managed {
		made, err := monitoring.NewOperator(d.ctx, "monitoring", monitoring.OperatorArgs{
			Namespace: d.env.Monitoring.Namespace, Storage: capacity.MetricsStorage, Days: capacity.MetricsDays,
			Webhook:  d.outside.of(environments.AlertWebhook, environments.AlertWebhook.Keys[0]),
			Rotation: d.env.Rotation, Mirror: mirror,
		}, d.after())
		if err != nil {
			return err
		}
		d.operators.monitoring, d.password = made.Release, made.Password
	}
	if d.env.Edge.Provider != environments.ExternalEdge && d.edgeOwner() == environments.Managed {
		made, err := edge.NewOperator(d.ctx, "edge-operator", d.env.Edge.Provider, mirror, d.after())
		if err != nil {
			return err
		}
		d.operators.edge = made.Release
	}
	if d.env.Edge.Issuer != environments.NoIssuer && wanted.CertManager == environments.Managed {
		// It looks for the Gateway API when it starts.
		made, err := certmanager.NewOperator(d.ctx, "cert-manager", mirror, d.after(d.operators.edge, d.operators.monitoring))
		if err != nil {
			return err
		}
		d.operators.certificates = made.Release
	}
	if wanted.Dapr == environments.Managed {
		made, err := dapr.NewControlPlane(d.ctx, "dapr", dapr.ControlPlaneArgs{Mirror: mirror, HighAvailability: d.cloud()}, d.after())
		if err != nil {
			return err
		}
		d.operators.dapr = made.Release
	}
	if wanted.KEDA == environments.Managed {
		replicas := 1
		if d.cloud() {
			replicas = 2
		}
		// Its chart brings monitors of the Prometheus operator.
		made, err := keda.New(d.ctx, "keda", keda.Args{Mirror: mirror, Replicas: replicas, Monitored: true}, d.after(d.operators.monitoring))
		if err != nil {
			return err
		}
		d.operators.keda = made.Release
	}
	if d.env.Postgres.Provider == environments.CloudNativePG && wanted.CloudNativePG == environments.Managed {
		made, err := postgres.NewOperator(d.ctx, "cloudnative-pg", mirror, d.after())
		if err != nil {
			return err
		}
		d.operators.postgres = made.Release
	}
	return nil
}

// cloud says whether the cluster has more than one machine to lose.
func (d *deployment) cloud() bool { return d.env.Cluster.Provider == environments.AzureKubernetes }

func (d *deployment) edgeOwner() environments.Ownership {
	if d.env.Edge.Provider == environments.Nginx {
		return d.env.Operators.IngressNginx
	}
	return d.env.Operators.EnvoyGateway
}

func (d *deployment) makeBroker() error {
	capacity := d.env.Size.Capacity()
	switch d.env.Kafka.Provider {
	case environments.Redpanda:
		made, err := redpanda.New(d.ctx, "kafka", redpanda.Args{
			Durability: d.env.Kafka.Durability, Storage: capacity.BrokerStorage, Mirror: d.env.Mirror,
		}, d.after())
		if err != nil {
			return err
		}
		d.broker, d.ready = made.Broker, append(d.ready, made)
	case environments.AivenKafka:
		made, err := aiven.NewKafka(d.ctx, "kafka", aiven.KafkaArgs{
			Name: "rondo-" + d.env.Name + "-kafka", Account: d.env.Aiven, Plan: capacity.KafkaPlan, Durability: d.env.Kafka.Durability,
			Services: d.env.Services(), Rotation: d.env.Rotation, Disposable: d.env.Disposable,
		})
		if err != nil {
			return err
		}
		d.broker, d.ready = made.Broker, append(d.ready, made)
	case environments.ExternalKafka:
		d.broker = kafka.External(d.env.Kafka.External, func(key string) pulumi.StringInput {
			return d.outside.of(environments.Broker, key)
		})
	}
	return nil
}

func (d *deployment) makeDatabase() error {
	capacity := d.env.Size.Capacity()
	switch d.env.Postgres.Provider {
	case environments.CloudNativePG:
		made, err := postgres.NewCluster(d.ctx, "postgres", postgres.ClusterArgs{
			Instances: capacity.PostgresInstances, Storage: capacity.PostgresStorage, Rotation: d.env.Rotation, Mirror: d.env.Mirror,
			Monitored: true,
		}, d.after(d.operators.postgres, d.operators.monitoring))
		if err != nil {
			return err
		}
		d.database, d.ready = made.Database, append(d.ready, made)
	case environments.AivenPostgres:
		made, err := aiven.NewPostgres(d.ctx, "postgres", aiven.PostgresArgs{
			Name: "rondo-" + d.env.Name + "-postgres", Account: d.env.Aiven, Plan: capacity.PostgresPlan,
			Rotation: d.env.Rotation, Disposable: d.env.Disposable,
		})
		if err != nil {
			return err
		}
		d.database, d.ready = made.Database, append(d.ready, made)
	case environments.ExternalPostgres:
		d.database = postgres.External(d.env.Postgres.External, func(secret topology.Secret) pulumi.StringInput {
			return d.outside.of(secret, secret.Keys[0])
		})
	}
	return nil
}

// makeNamespace makes the tenant's namespace, with the topology and the secrets.
func (d *deployment) makeNamespace() error {
	home, err := namespace.New(d.ctx, "tenant", namespace.Args{
		Name: d.env.Namespace, Services: d.env.Services(), Kafka: d.broker.Endpoint, Postgres: d.database.Endpoint,
		Dapr: dapr.ControlPlaneNamespace, Monitoring: d.env.Monitoring.Namespace, Edge: edge.Namespace(d.env.Edge.Provider),
		// The proofs of a gateway are shown in the gateway's namespace.
		Solvers: d.env.Edge.Provider == environments.Nginx && d.env.Edge.Issuer != environments.NoIssuer,
		APIPort: d.env.Cluster.APIPort, Collector: portOf(d.env.Monitoring.Traces),
	}, d.after())
	if err != nil {
		return err
	}
	d.tenant = home
	stated := contract.Args{Namespace: d.tenant.Name, Durability: d.env.Kafka.Durability}
	if _, err := contract.New(d.ctx, "contract", stated, d.after()); err != nil {
		return err
	}
	kept, err := credentials.New(d.ctx, "credentials", credentials.Args{
		Namespace: d.tenant.Name, Services: d.env.Services(), Database: d.database, Broker: d.broker,
		Outside: d.outside, Rotation: d.env.Rotation, PushRotation: d.env.PushRotation, Contact: d.env.Contact(),
	}, d.after())
	d.ready = append(d.ready, home, kept)
	return err
}

func (d *deployment) makeBlocks() error {
	blocks, err := dapr.NewBlocks(d.ctx, "building-blocks", dapr.BlocksArgs{
		Namespace: d.tenant.Name, Services: d.env.Services(), Broker: d.broker, Collector: d.env.Monitoring.Traces,
	}, d.after(d.operators.dapr))
	d.ready = append(d.ready, blocks, d.operators.dapr)
	return err
}

// makeServices migrates the database, then starts the services.
func (d *deployment) makeServices() error {
	done, err := migrations.New(d.ctx, "migrations", migrations.Args{
		Namespace: d.tenant.Name, Image: d.env.Images.Reference(topology.API.Name), DatabaseCA: d.database.CA != nil,
	}, d.after(d.ready...))
	if err != nil {
		return err
	}
	d.ready = append(d.ready, done, d.operators.keda)
	if d.broker.SASL {
		signIn, err := keda.NewAuthentication(d.ctx, d.tenant.Name, d.broker,
			pulumi.Parent(d.tenant), d.after(d.operators.keda))
		if err != nil {
			return err
		}
		d.ready = append(d.ready, signIn)
	}
	for _, s := range d.env.Services() {
		made, err := service.New(d.ctx, s.Name, service.Args{
			Service: s, Namespace: d.tenant.Name, Image: d.env.Images.Reference(s.Name), Broker: d.broker,
			PublicURL: d.env.URL(), Proxies: d.env.Edge.Proxies, Collector: d.env.Monitoring.Traces, DatabaseCA: d.database.CA != nil,
			Rotation: d.env.Rotation, PushRotation: d.env.PushRotation,
		}, d.after(d.ready...))
		if err != nil {
			return err
		}
		d.running = append(d.running, made)
	}
	return nil
}

func (d *deployment) makeEdge() error {
	if d.env.Edge.Provider == environments.ExternalEdge {
		return nil
	}
	if d.env.Edge.Issuer != environments.NoIssuer {
		_, err := certmanager.NewIssuers(d.ctx, "issuers", certmanager.IssuersArgs{
			Email: d.env.Edge.Email, Edge: d.env.Edge.Provider, Gateway: edge.GatewayName, GatewayNamespace: edge.GatewayNamespace,
		}, d.after(d.operators.certificates))
		if err != nil {
			return err
		}
	}
	_, err := edge.New(d.ctx, "edge", edge.Args{Edge: d.env.Edge, Namespace: d.tenant.Name, Services: d.env.Services()},
		d.after(append(d.running, d.operators.edge, d.operators.certificates)...))
	return err
}

func (d *deployment) watch() error {
	_, err := monitoring.NewWatch(d.ctx, "watch", monitoring.WatchArgs{
		Namespace: d.tenant.Name, Tenant: d.env.Namespace, Home: d.env.Monitoring.Namespace,
	}, d.after(d.operators.monitoring))
	return err
}

// export says where to find what was made.
func (d *deployment) export() {
	d.ctx.Export("url", pulumi.String(d.env.URL()))
	d.ctx.Export("namespace", d.tenant.Name)
	var dashboards []string
	for _, dashboard := range monitoring.Dashboards(d.env.Namespace) {
		dashboards = append(dashboards, "/d/"+dashboard.UID)
	}
	d.ctx.Export("dashboards", pulumi.ToStringArray(dashboards))
	if d.env.Monitoring.Prometheus == environments.Managed {
		d.ctx.Export("grafanaPassword", d.password)
	}
	if d.cloud() {
		d.ctx.Export("kubeconfig", d.kubeconfig)
	}
}

// of is the value of a secret's key; nil when nobody has set it.
func (s Secrets) of(secret topology.Secret, key string) pulumi.StringInput {
	return s[secret.Name][key]
}

// portOf is the port of host:port; 0 of nothing.
func portOf(address string) int {
	_, text, _ := net.SplitHostPort(address)
	port, _ := strconv.Atoi(text)
	return port
}
