package program_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/contract"
	"github.com/rondohq/rondo/components/inputs"
	"github.com/rondohq/rondo/components/pulumitest"
	"github.com/rondohq/rondo/environments"
	"github.com/rondohq/rondo/infra/program"
	"github.com/rondohq/rondo/platform/topology"
)

const providerType = "pulumi:providers:kubernetes"

// deployed is a run of the program for an environment as a pipeline configures it.
type deployed struct {
	*pulumitest.Recorder

	env environments.Environment
}

// configured is a recorder with everything that an environment takes from outside.
func configured(env environments.Environment) *pulumitest.Recorder {
	r := &pulumitest.Recorder{}
	for _, s := range env.Sample() {
		r.Config = append(r.Config, pulumitest.Setting(s))
	}
	return r
}

// all runs the program once for every environment.
func all(t *testing.T) []deployed {
	t.Helper()
	var runs []deployed
	for _, env := range environments.All() {
		r := configured(env)
		if err := r.Run(t, env.Name, program.Run); err != nil {
			t.Fatalf("%s: %v", env.Name, err)
		}
		runs = append(runs, deployed{r, env})
	}
	return runs
}

// roots are what has no parent: the table of contents of a preview.
func (d deployed) roots() []string {
	var found []string
	for _, r := range d.Resources() {
		if r.Parent == "" && !strings.HasPrefix(r.Type, "pulumi:") {
			found = append(found, r.Type+" "+r.Name)
		}
	}
	return found
}

func TestAPreviewReadsLikeATableOfContents(t *testing.T) {
	t.Parallel()
	want := map[string][]string{
		"minikube": {
			"rondo:contract:Contract contract", "rondo:credentials:Credentials credentials",
			"rondo:dapr:BuildingBlocks building-blocks", "rondo:dapr:ControlPlane dapr",
			"rondo:edge:Operator edge-operator", "rondo:edge:Routes edge", "rondo:keda:Operator keda",
			"rondo:migrations:Migrations migrations", "rondo:monitoring:Operator monitoring", "rondo:monitoring:Watch watch",
			"rondo:namespace:Namespace tenant", "rondo:postgres:Cluster postgres", "rondo:postgres:Operator cloudnative-pg",
			"rondo:redpanda:Broker kafka",
		},
		"aks": {
			"rondo:aiven:Kafka kafka", "rondo:aiven:Postgres postgres", "rondo:azure:Cluster azure",
			"rondo:certmanager:Issuers issuers", "rondo:certmanager:Operator cert-manager",
			"rondo:contract:Contract contract", "rondo:credentials:Credentials credentials",
			"rondo:dapr:BuildingBlocks building-blocks", "rondo:dapr:ControlPlane dapr",
			"rondo:edge:Operator edge-operator", "rondo:edge:Routes edge", "rondo:keda:Operator keda",
			"rondo:migrations:Migrations migrations", "rondo:monitoring:Operator monitoring", "rondo:monitoring:Watch watch",
			"rondo:namespace:Namespace tenant",
		},
	}
	for _, run := range all(t) {
		contents := want[run.env.Name]
		for _, s := range topology.Services() {
			contents = append(contents, "rondo:service:Service "+s.Name)
		}
		slices.Sort(contents)
		if got := run.roots(); !slices.Equal(got, contents) {
			t.Errorf("%s has the parts\n%s\nwant\n%s", run.env.Name, strings.Join(got, "\n"), strings.Join(contents, "\n"))
		}
	}
}

func TestBothStacksRegisterTheContract(t *testing.T) {
	t.Parallel()
	documents := map[string]any{}
	for _, run := range all(t) {
		cluster := run.One(t, providerType)
		if got, want := cluster.At("context"), run.env.Cluster.Context; want != "" && got != want {
			t.Errorf("%s goes to the cluster %q", run.env.Name, got)
		}
		if made := cluster.At("kubeconfig") != nil; made != (run.env.Cluster.Provider == environments.AzureKubernetes) {
			t.Errorf("%s has the credentials of a cluster: %v", run.env.Name, made)
		}
		run.One(t, contract.Type)
		for _, registered := range run.Resources() {
			if strings.HasPrefix(registered.Type, "kubernetes:") && (registered.Provider != cluster.Name || registered.Parent == "") {
				t.Errorf("%s: %s %q has the provider %q and the parent %q",
					run.env.Name, registered.Type, registered.Name, registered.Provider, registered.Parent)
			}
		}
		documents[run.env.Name] = run.Named(t, "kubernetes:core/v1:ConfigMap", "topology").At("data", contract.DocumentKey)
	}
	minikube, aks := environments.Minikube().Name, environments.AKS().Name
	if documents[minikube] == documents[aks] {
		t.Error("both stacks keep records in the same way, although one has a single broker")
	}
}

func TestAWrongStackIsRefusedWithEveryMistakeBeforeAnythingIsRegistered(t *testing.T) {
	t.Parallel()
	for _, wrong := range []struct {
		stack  string
		config map[string]string
		want   []string
	}{
		{"elsewhere", nil, []string{`there is no environment "elsewhere"; there are ["minikube" "aks"]`}},
		{"minikube", map[string]string{
			"size": "enormous", "host": "not a host", "digests": "latest",
			"replicas":       `{"` + topology.Notifier.Name + `": {"min": 1, "max": 3}}`,
			"openai-api-key": "in-the-open",
		}, []string{
			`size (rondo:size) is "enormous"`, `edge.host (rondo:host) is "not a host"`, `rondo:digests is not a JSON value of its kind`,
			`replicas[notifier] (rondo:replicas) is up to 3, above the 2 partitions`,
			"rondo:openai-api-key is not encrypted: set it again with `pulumi config set --secret openai-api-key`",
		}},
		{"aks", nil, []string{
			"images.digests[api] (rondo:digests) is missing: this environment runs images by digest",
			"images.digests[frontend] (rondo:digests) is missing: this environment runs images by digest",
		}},
	} {
		var r pulumitest.Recorder
		for key, value := range wrong.config {
			r.Config = append(r.Config, pulumitest.Setting{Key: environments.ConfigNamespace + ":" + key, Value: value})
		}
		err := r.Run(t, wrong.stack, program.Run)
		for _, want := range wrong.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %v, want %q", wrong.stack, err, want)
			}
		}
		if got := r.Resources(); len(got) > 0 {
			t.Errorf("%s registered %d resources", wrong.stack, len(got))
		}
	}
	var r pulumitest.Recorder
	err := r.Run(t, "elsewhere", func(ctx *pulumi.Context) error {
		return program.Deploy(ctx, environments.Environment{Name: "elsewhere"}, nil)
	})
	if err == nil || !strings.Contains(err.Error(), `environment "elsewhere": cluster.provider`) || len(r.Resources()) > 0 {
		t.Errorf("got %v and %d resources", err, len(r.Resources()))
	}
}

// Every type of resource of every stack, refused once.
func TestARefusedResourceFailsTheProgram(t *testing.T) {
	t.Parallel()
	for _, run := range all(t) {
		types := map[string]bool{}
		for _, registered := range run.Resources() {
			types[registered.Type] = true
		}
		for _, typ := range slices.Sorted(maps.Keys(types)) {
			r := configured(run.env)
			r.Refuse = typ
			err := r.Run(t, run.env.Name, program.Run)
			if err == nil || !strings.Contains(err.Error(), pulumitest.ErrRefused.Error()) {
				t.Errorf("%s without %s: %v", run.env.Name, typ, err)
			}
		}
		if len(types) < 30 {
			t.Errorf("%s has only %d types", run.env.Name, len(types))
		}
	}
}

// What can be chosen besides what the stacks choose.
func TestEveryChoiceCanBeDeployed(t *testing.T) {
	t.Parallel()
	for name, choose := range map[string]func(e *environments.Environment){
		"external broker and database": func(e *environments.Environment) {
			e.Kafka.Provider, e.Postgres.Provider = environments.ExternalKafka, environments.ExternalPostgres
			e.Kafka.External = environments.ExternalBroker{Brokers: []string{"a.example:9096", "b.example:9096"}, SASL: true}
			e.Postgres.External = "db.example:5432"
		},
		"nginx over TLS": func(e *environments.Environment) {
			e.Edge.Provider, e.Edge.Issuer, e.Edge.Email = environments.Nginx, environments.LetsEncryptStaging, "a@example.org"
		},
		"external edge": func(e *environments.Environment) { e.Edge.Provider = environments.ExternalEdge },
		"a cluster that has everything": func(e *environments.Environment) {
			p := environments.Present
			e.Operators = environments.Operators{Dapr: p, KEDA: p, CertManager: p, CloudNativePG: p, EnvoyGateway: p, IngressNginx: p}
			e.Monitoring.Prometheus = p
		},
		"without internet": func(e *environments.Environment) {
			e.Mirror = environments.Mirror{Charts: "charts", Images: "mirror.example:5000"}
		},
		"traces": func(e *environments.Environment) { e.Monitoring.Traces = "collector.tracing:4317" },
	} {
		env := environments.Minikube()
		choose(&env)
		if err := env.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		outside := program.Secrets{}
		for _, s := range env.SecretSettings() {
			if outside[s.Secret.Name] == nil {
				outside[s.Secret.Name] = map[string]pulumi.StringInput{}
			}
			outside[s.Secret.Name][s.SecretKey] = inputs.Secret(pulumi.String(pulumitest.Generated + s.Key))
		}
		var r pulumitest.Recorder
		if err := r.Run(t, env.Name, func(ctx *pulumi.Context) error { return program.Deploy(ctx, env, outside) }); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		checkPolicies(t, name, deployed{&r, env})
		checkTopology(t, name, deployed{&r, env})
		for _, release := range r.All("kubernetes:helm.sh/v3:Release") {
			if env.Operators.Dapr == environments.Present && release.Parent != "kafka" {
				t.Errorf("%s: %s is installed again", name, release.Name)
			}
			if chart, _ := release.At("chart").(string); env.Mirror.Charts != "" && !strings.HasPrefix(chart, "charts/") {
				t.Errorf("%s: %s comes from %q", name, release.Name, chart)
			}
		}
	}
}
