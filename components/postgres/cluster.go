package postgres

import (
	"fmt"

	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	helm "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/helm/v3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/chart"
	"github.com/rondohq/rondo/components/inputs"
	"github.com/rondohq/rondo/components/manifest"
	"github.com/rondohq/rondo/components/namespace"
	"github.com/rondohq/rondo/components/password"
	"github.com/rondohq/rondo/environments"
	"github.com/rondohq/rondo/platform/topology"
)

// OperatorType and ClusterType are the types of the components.
const (
	OperatorType = "rondo:postgres:Operator"
	ClusterType  = "rondo:postgres:Cluster"
)

// OperatorNamespace and Namespace are where the operator and the database run.
const (
	OperatorNamespace = "cnpg-system"
	Namespace         = "postgres"
)

const (
	clusterName = "rondo"
	owner       = "rondo_owner"
	// port is PostgreSQL's own.
	port = 5432
	// image is PostgreSQL 17, as CloudNativePG builds it.
	image = "cloudnative-pg/postgresql:17.6"
)

// extensions are what the migrations use; only a superuser may add them.
var extensions = []string{"citext", "pg_trgm", "btree_gin"}

var published = chart.Chart{Name: "cloudnative-pg", Version: "0.26.1", Repository: "https://cloudnative-pg.github.io/charts"}

// Operator is CloudNativePG.
type Operator struct {
	pulumi.ResourceState

	// Release brings the custom resource definitions.
	Release *helm.Release
}

// NewOperator registers an Operator.
func NewOperator(ctx *pulumi.Context, name string, mirror environments.Mirror, opts ...pulumi.ResourceOption) (*Operator, error) {
	o := &Operator{}
	if err := ctx.RegisterComponentResource(OperatorType, name, o, opts...); err != nil {
		return nil, err
	}
	made, err := manifest.NewNamespace(ctx, OperatorNamespace, manifest.Restricted, pulumi.Parent(o))
	if err != nil {
		return nil, err
	}
	values := pulumi.Map{}
	if mirror.Images != "" {
		values["image"] = pulumi.Map{"repository": pulumi.String(chart.Image(mirror, "ghcr.io", "cloudnative-pg/cloudnative-pg"))}
	}
	o.Release, err = chart.Install(ctx, published, chart.Args{
		Release: published.Name, Namespace: made.Metadata.Name().Elem(), Values: values, Mirror: mirror,
	}, pulumi.Parent(o))
	if err != nil {
		return nil, err
	}
	return o, ctx.RegisterResourceOutputs(o, pulumi.Map{})
}

// ClusterArgs are the inputs.
type ClusterArgs struct {
	Instances int
	Storage   string
	// Rotation changes every password when it changes.
	Rotation string
	Mirror   environments.Mirror
	// Monitored makes Prometheus scrape the instances.
	Monitored bool
}

// Cluster is PostgreSQL in the cluster: one primary, and standbys that take over.
type Cluster struct {
	pulumi.ResourceState

	Database Database
}

// Kinds of objects, as version 1.27.1 defines them.
var (
	clusterKind  = manifest.Kind{APIVersion: "postgresql.cnpg.io/v1", Name: "Cluster"}
	databaseKind = manifest.Kind{APIVersion: "postgresql.cnpg.io/v1", Name: "Database"}
)

type cluster struct {
	Spec clusterSpec `json:"spec"`
}

type clusterSpec struct {
	Instances  int        `json:"instances"`
	ImageName  string     `json:"imageName"`
	Bootstrap  bootstrap  `json:"bootstrap"`
	Managed    managed    `json:"managed"`
	Storage    storage    `json:"storage"`
	Resources  resources  `json:"resources"`
	Monitoring monitoring `json:"monitoring"`
}

type bootstrap struct {
	InitDB initDB `json:"initdb"`
}

type initDB struct {
	Database string    `json:"database"`
	Owner    string    `json:"owner"`
	Secret   reference `json:"secret"`
}

type reference struct {
	Name string `json:"name"`
}

type managed struct {
	Roles []role `json:"roles"`
}

type role struct {
	Name           string    `json:"name"`
	Ensure         string    `json:"ensure"`
	Login          bool      `json:"login"`
	PasswordSecret reference `json:"passwordSecret"`
}

type storage struct {
	Size string `json:"size"`
}

type resources struct {
	Requests map[string]string `json:"requests"`
	Limits   map[string]string `json:"limits"`
}

type monitoring struct {
	EnablePodMonitor bool `json:"enablePodMonitor"`
}

type database struct {
	Spec databaseSpec `json:"spec"`
}

type databaseSpec struct {
	Name       string      `json:"name"`
	Owner      string      `json:"owner"`
	Cluster    reference   `json:"cluster"`
	Schemas    []schema    `json:"schemas"`
	Extensions []extension `json:"extensions"`
}

type schema struct {
	Name   string `json:"name"`
	Owner  string `json:"owner"`
	Ensure string `json:"ensure"`
}

type extension struct {
	Name   string `json:"name"`
	Ensure string `json:"ensure"`
}

// NewCluster registers a Cluster. Nothing is registered when the arguments are wrong.
func NewCluster(ctx *pulumi.Context, name string, args ClusterArgs, opts ...pulumi.ResourceOption) (*Cluster, error) {
	err := inputs.Check(ClusterType, name,
		inputs.Need{What: "the number of instances", There: args.Instances > 0},
		inputs.Need{What: "the size of the storage", There: args.Storage != ""},
	)
	if err != nil {
		return nil, err
	}
	c := &Cluster{Database: Database{
		Roles:    map[string]pulumi.StringInput{},
		Endpoint: namespace.Endpoint{Namespace: Namespace, Ports: []pulumi.IntInput{pulumi.Int(port)}},
	}}
	if err := ctx.RegisterComponentResource(ClusterType, name, c, opts...); err != nil {
		return nil, err
	}
	made, err := manifest.NewNamespace(ctx, Namespace, manifest.Restricted, pulumi.Parent(c))
	if err != nil {
		return nil, err
	}
	home := made.Metadata.Name().Elem()
	if c.Database.Owner, err = c.login(ctx, owner, args.Rotation, home); err != nil {
		return nil, err
	}
	roles := []role{}
	for _, r := range topology.Roles() {
		if c.Database.Roles[r.Name], err = c.login(ctx, r.Name, args.Rotation, home); err != nil {
			return nil, err
		}
		roles = append(roles, role{Name: r.Name, Ensure: "present", Login: true, PasswordSecret: reference{Name: loginSecret(r.Name)}})
	}
	server, err := manifest.New(ctx, clusterName, manifest.Object{
		Kind: clusterKind, Metadata: manifest.Meta(clusterName, home.ToStringPtrOutput()),
		Body: cluster{Spec: clusterSpec{
			Instances: args.Instances,
			ImageName: chart.Image(args.Mirror, "ghcr.io", image),
			Bootstrap: bootstrap{InitDB: initDB{Database: topology.Database, Owner: owner, Secret: reference{Name: loginSecret(owner)}}},
			Managed:   managed{Roles: roles},
			Storage:   storage{Size: args.Storage},
			Resources: resources{
				Requests: map[string]string{"cpu": "250m", "memory": "512Mi"},
				Limits:   map[string]string{"cpu": "2", "memory": "1Gi"},
			},
			Monitoring: monitoring{EnablePodMonitor: args.Monitored},
		}},
	}, pulumi.Parent(c))
	if err != nil {
		return nil, err
	}
	contents := databaseSpec{Name: topology.Database, Owner: owner, Cluster: reference{Name: clusterName}, Schemas: []schema{}}
	for _, r := range topology.Roles() {
		if r.Schema != "" {
			contents.Schemas = append(contents.Schemas, schema{Name: r.Schema, Owner: r.Name, Ensure: "present"})
		}
	}
	for _, name := range extensions {
		contents.Extensions = append(contents.Extensions, extension{Name: name, Ensure: "present"})
	}
	_, err = manifest.New(ctx, clusterName, manifest.Object{
		Kind: databaseKind, Metadata: manifest.Meta(clusterName, home.ToStringPtrOutput()), Body: database{Spec: contents},
	}, pulumi.Parent(c), pulumi.DependsOn([]pulumi.Resource{server}))
	if err != nil {
		return nil, err
	}
	return c, ctx.RegisterResourceOutputs(c, pulumi.Map{})
}

// login makes a role's password and the secret from which the operator sets it,
// and returns the role's connection string.
func (c *Cluster) login(ctx *pulumi.Context, user, rotation string, home pulumi.StringOutput) (pulumi.StringOutput, error) {
	word, err := password.New(ctx, user, rotation, pulumi.Parent(c))
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	meta := manifest.Meta(loginSecret(user), home.ToStringPtrOutput())
	// The operator reads a changed password at once.
	labels := manifest.Labels(loginSecret(user))
	labels["cnpg.io/reload"] = pulumi.String("true")
	meta.Labels = labels
	_, err = corev1.NewSecret(ctx, loginSecret(user), &corev1.SecretArgs{
		Metadata:   meta,
		Type:       pulumi.String("kubernetes.io/basic-auth"),
		StringData: pulumi.StringMap{"username": pulumi.String(user), "password": word},
	}, pulumi.Parent(c))
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	// The operator's own authority signs the certificate; what counts inside of one
	// cluster is that nobody can listen.
	host := pulumi.String(fmt.Sprintf("%s-rw.%s.svc", clusterName, Namespace))
	return URL(pulumi.String(user), word, host, pulumi.Int(port), "sslmode=require"), nil
}

// loginSecret is an object's name, which has no underscores.
func loginSecret(user string) string {
	name := []byte("login-" + user)
	for i, b := range name {
		if b == '_' {
			name[i] = '-'
		}
	}
	return string(name)
}
