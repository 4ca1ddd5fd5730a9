package environments_test

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/rondohq/rondo/environments"
	"github.com/rondohq/rondo/platform/topology"
)

func TestEveryStackIsValid(t *testing.T) {
	t.Parallel()
	for _, e := range environments.All() {
		if err := e.Validate(); err != nil {
			t.Error(err)
		}
		if found, err := environments.Named(e.Name); err != nil || !reflect.DeepEqual(found, e) {
			t.Errorf("Named(%q) = %v, %v", e.Name, found, err)
		}
		if _, err := os.Stat("Pulumi." + e.Name + ".yaml"); err != nil {
			t.Errorf("the stack has no settings: %v", err)
		}
	}
	if _, err := environments.Named("elsewhere"); err == nil || !strings.Contains(err.Error(), `["minikube" "aks"]`) {
		t.Errorf("an unknown stack should be told which there are, not %v", err)
	}
}

func TestEverySizeHasACapacity(t *testing.T) {
	t.Parallel()
	for _, size := range environments.Sizes() {
		v := reflect.ValueOf(size.Capacity())
		for i := range v.NumField() {
			if v.Field(i).IsZero() {
				t.Errorf("%s says nothing of %s", size, v.Type().Field(i).Name)
			}
		}
	}
}

func TestTheCloudSurvivesTheLossOfABroker(t *testing.T) {
	t.Parallel()
	if d := environments.AKS().Kafka.Durability; d.Replication != 3 || d.MinInSync != 2 {
		t.Errorf("AKS keeps %d replicas with %d in sync, want 3 and 2", d.Replication, d.MinInSync)
	}
}

func TestValidateNamesAllMistakesAtOnce(t *testing.T) {
	t.Parallel()
	notifier := topology.Notifier.Name
	e := environments.AKS().With(environments.Settings{
		Host: "not a host", Issuer: "letsencrypt", Email: "nobody", Size: "enormous",
		Replicas: map[string]topology.Replicas{notifier: {Min: 1, Max: 9}, "elsewhere": {Min: 1, Max: 1}},
		Registry: "ghcr.io/UPPER", Digests: map[string]string{notifier: "latest"}, Location: "West Europe",
	})
	e.Namespace = "Not_A_Label"
	e.Kafka.Provider = "rabbit"
	e.Cluster.Azure.Pods = "10.40.0.0/16"
	e.Cluster.Azure.Pools = e.Cluster.Azure.Pools[1:]
	e.State.SecretsProvider = "passphrase"
	want := []string{
		`namespace is "Not_A_Label", which is no DNS label`,
		`size (rondo:size) is "enormous"; it has to be one of ["small" "medium" "large"]`,
		`replicas[elsewhere] (rondo:replicas) is of no service`,
		`replicas[notifier] (rondo:replicas) is up to 9, above the 2 partitions of a topic that it reads`,
		`cluster.azure.location (rondo:location) is "West Europe", which is no region`,
		`cluster.azure.pods overlaps with network`,
		`cluster.azure.pools has no system pool`,
		`kafka.provider is "rabbit"; it has to be one of ["redpanda" "aiven" "external"]`,
		`edge.issuer (rondo:issuer) is "letsencrypt"; it has to be one of ["none" "letsencrypt-staging" "letsencrypt-prod"]`,
		`edge.host (rondo:host) is "not a host", which is no host name`,
		`edge.email (rondo:email) is "nobody", which is no address of mail`,
		`images.registry (rondo:registry) is "ghcr.io/UPPER", which is no registry with an owner`,
		`images.digests[notifier] (rondo:digests) is "latest", which is no digest (sha256:…)`,
		`state.secrets_provider is a passphrase, which everyone who deploys would have to know: use a key of Azure Key Vault`,
	}
	for i := range want {
		want[i] = `environment "aks": ` + want[i]
	}
	if err := e.Validate(); err == nil || err.Error() != strings.Join(want, "\n") {
		t.Errorf("got:\n%v\nwant:\n%s", err, strings.Join(want, "\n"))
	}
}

func TestNothingIsValidByBeingEmpty(t *testing.T) {
	t.Parallel()
	err := environments.Environment{}.Validate()
	for _, field := range []string{
		"name", "namespace", "size", "cluster.provider", "cluster.api_port", "kafka.provider", "kafka.durability", "postgres.provider",
		"edge.provider", "edge.issuer", "edge.host", "operators.dapr", "operators.keda", "monitoring.prometheus",
		"images.registry", "images.tag", "state.backend", "state.secrets_provider",
	} {
		if err == nil || !strings.Contains(err.Error(), `environment "": `+field) {
			t.Errorf("nothing is said of %s: %v", field, err)
		}
	}
}

func TestWhatIsExternalNeedsAnAddressAndSecrets(t *testing.T) {
	t.Parallel()
	e := environments.Minikube()
	e.Kafka.Provider, e.Postgres.Provider = environments.ExternalKafka, environments.ExternalPostgres
	e.Kafka.External = environments.ExternalBroker{Brokers: []string{"broker"}, SASL: true}
	err := e.Validate()
	for _, want := range []string{
		`kafka.external.brokers[0] is "broker", which is not host:port`,
		`postgres.external is "", which is not host:port`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	state := map[string]environments.SecretState{
		"kafka-username":     environments.EncryptedSecret,
		"kafka-password":     environments.PlainSecret,
		"database-owner-url": environments.EncryptedSecret,
	}
	err = e.CheckSecrets(func(key string) environments.SecretState { return state[key] })
	if err == nil {
		t.Fatal("secrets are missing, and nobody says so")
	}
	want := []string{"rondo:kafka-password is not encrypted"}
	for _, role := range topology.Roles() {
		want = append(want, "rondo:"+role.Secret.Name+"-"+role.Secret.Keys[0]+" is missing")
	}
	if got := strings.Count(err.Error(), "\n") + 1; got != len(want) {
		t.Errorf("%d mistakes, want %d:\n%v", got, len(want), err)
	}
	for _, text := range want {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("got:\n%v\nwant %q", err, text)
		}
	}
}

func TestValidateChecksDurability(t *testing.T) {
	t.Parallel()
	for d, want := range map[topology.Durability]string{
		{Replication: 1, MinInSync: 1}: "",
		{Replication: 3, MinInSync: 2}: "",
		{Replication: 1, MinInSync: 2}: "can't have 2 replicas in sync of 1",
		{Replication: 3, MinInSync: 3}: "would refuse writes while one of 3 brokers restarts",
		{Replication: 3}:               "at least one replica and one in sync",
	} {
		e := environments.Minikube()
		e.Kafka.Durability = d
		switch err := e.Validate(); {
		case want == "" && err != nil:
			t.Errorf("%v: %v", d, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%v: got %v, want %q", d, err, want)
		}
	}
}

func TestSettingsChangeWhatTheyNameAndNothingElse(t *testing.T) {
	t.Parallel()
	base := environments.AKS()
	if got := base.With(environments.Settings{}); !reflect.DeepEqual(got, base) {
		t.Errorf("no settings change %v", got)
	}
	values := map[string]string{
		"host": "todo.example.org", "issuer": "letsencrypt-staging", "email": "a@example.org", "size": "large",
		"replicas": `{"` + topology.API.Name + `": {"min": 3, "max": 4}}`,
		"registry": "ghcr.io/else", "tag": "main-1", "digests": `{"` + topology.API.Name + `": "sha256:1"}`,
		"context": "c", "location": "northeurope", "aivenProject": "p", "aivenCloud": "azure-northeurope",
		"mirrorCharts": "charts", "mirrorImages": "mirror.example.org", "traces": "tempo:4317",
		"rotation": "second", "pushRotation": "second", "disposable": "true",
	}
	asked := 0
	s, err := environments.ParseSettings(func(key string) (string, bool) {
		asked++
		value, ok := values[key]
		return value, ok
	})
	if err != nil || asked != len(values) {
		t.Fatalf("asked for %d of %d keys: %v", asked, len(values), err)
	}
	e := base.With(s)
	for key, same := range map[string]bool{
		"host": e.Edge.Host == base.Edge.Host, "issuer": e.Edge.Issuer == base.Edge.Issuer, "email": e.Edge.Email == base.Edge.Email,
		"rotation": e.Rotation == base.Rotation, "push's rotation": e.PushRotation == base.PushRotation, "disposable": e.Disposable == base.Disposable,
		"size": e.Size == base.Size, "registry": e.Images.Registry == base.Images.Registry, "tag": e.Images.Tag == base.Images.Tag,
		"context": e.Cluster.Context == base.Cluster.Context, "location": e.Cluster.Azure.Location == base.Cluster.Azure.Location,
		"project": e.Aiven.Project == base.Aiven.Project, "cloud": e.Aiven.Cloud == base.Aiven.Cloud,
		"charts": e.Mirror == base.Mirror, "traces": e.Monitoring == base.Monitoring,
		"digests": e.Images.Reference(topology.API.Name) != "ghcr.io/else/"+topology.API.Name+"@sha256:1",
	} {
		if same {
			t.Errorf("the setting of the %s is lost", key)
		}
	}
	for _, s := range e.Services() {
		if s.Name == topology.API.Name && s.Replicas != (topology.Replicas{Min: 3, Max: 4}) {
			t.Errorf("%s has the replicas %v", s.Name, s.Replicas)
		}
	}
	if topology.API.Replicas == (topology.Replicas{Min: 3, Max: 4}) {
		t.Error("an environment has changed the topology")
	}
	_, err = environments.ParseSettings(func(key string) (string, bool) { return "[", key == "digests" || key == "replicas" })
	if err == nil || !strings.Contains(err.Error(), "rondo:digests") || !strings.Contains(err.Error(), "rondo:replicas") {
		t.Errorf("got %v", err)
	}
}

func TestAContactIsAnAddressThatCanBeAsked(t *testing.T) {
	t.Parallel()
	if got := environments.Minikube().Contact(); got != "" {
		t.Errorf("nobody is named, and %q is to be asked", got)
	}
	e := environments.AKS()
	if got, want := e.Contact(), "mailto:"+e.Edge.Email; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	e.Edge.Email = ""
	if got, want := e.Contact(), "https://"+e.Edge.Host; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTheCloudRunsImagesByDigest(t *testing.T) {
	t.Parallel()
	if err := environments.Minikube().CheckPinned(); err != nil {
		t.Error(err)
	}
	err := environments.AKS().CheckPinned()
	for _, s := range topology.Services() {
		if err == nil || !strings.Contains(err.Error(), "images.digests["+s.Name+"] (rondo:digests) is missing") {
			t.Errorf("%s: %v", s.Name, err)
		}
	}
}

func TestASampleIsComplete(t *testing.T) {
	t.Parallel()
	for _, e := range environments.All() {
		values := map[string]environments.Setting{}
		for _, s := range e.Sample() {
			values[strings.TrimPrefix(s.Key, environments.ConfigNamespace+":")] = s
		}
		s, err := environments.ParseSettings(func(key string) (string, bool) {
			value, ok := values[key]
			return value.Value, ok
		})
		if err != nil {
			t.Fatal(err)
		}
		full := e.With(s)
		if err := full.Validate(); err != nil {
			t.Error(err)
		}
		if err := full.CheckPinned(); err != nil {
			t.Error(err)
		}
		for _, secret := range e.SecretSettings() {
			if got := values[secret.Key]; !got.Secret || got.Value == "" {
				t.Errorf("%s: the sample leaves %s out", e.Name, secret.Key)
			}
		}
	}
}
