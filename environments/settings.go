package environments

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/rondohq/rondo/platform/topology"
)

// Settings are what a deployment says about its environment: the configuration of
// the stack below "rondo:". What is not said stays as the environment has it.
type Settings struct {
	Host         string                       `json:"host,omitempty"         jsonschema:"Name that people type: todo.example.org"`
	Issuer       Issuer                       `json:"issuer,omitempty"       jsonschema:"Who signs the certificate; none: plain HTTP"`
	Email        string                       `json:"email,omitempty"        jsonschema:"Address that the certificate authority writes to"`
	Size         Size                         `json:"size,omitempty"         jsonschema:"What the parts that keep data get"`
	Replicas     map[string]topology.Replicas `json:"replicas,omitempty"     jsonschema:"Bounds by service, within its partitions"`
	Rotation     string                       `json:"rotation,omitempty"     jsonschema:"Another text makes new passwords and tokens"`
	PushRotation string                       `json:"pushRotation,omitempty" jsonschema:"Another text makes a new key for pushes"`
	Disposable   bool                         `json:"disposable,omitempty"   jsonschema:"Lets the end of the stack delete its data"`
	Registry     string                       `json:"registry,omitempty"     jsonschema:"Registry and owner: ghcr.io/rondohq"`
	Tag          string                       `json:"tag,omitempty"          jsonschema:"Tag of images without a digest: main-0a1b2c3"`
	Digests      map[string]string            `json:"digests,omitempty"      jsonschema:"Digest of the image by service, sha256:…"`
	Context      string                       `json:"context,omitempty"      jsonschema:"Context in the kubeconfig of an existing cluster"`
	Location     string                       `json:"location,omitempty"     jsonschema:"Azure's region, such as westeurope"`
	AivenProject string                       `json:"aivenProject,omitempty" jsonschema:"Aiven's project"`
	AivenCloud   string                       `json:"aivenCloud,omitempty"   jsonschema:"Aiven's region, such as azure-westeurope"`
	MirrorCharts string                       `json:"mirrorCharts,omitempty" jsonschema:"Folder of packaged charts, or oci://registry/path"`
	MirrorImages string                       `json:"mirrorImages,omitempty" jsonschema:"Registry that mirrors the public ones"`
	Traces       string                       `json:"traces,omitempty"       jsonschema:"host:port of an OTLP gRPC collector"`
}

// ParseSettings reads the settings one by one: get is asked for each key, without
// its namespace. Values other than texts are JSON. The error names every key that
// cannot be read.
func ParseSettings(get func(key string) (string, bool)) (Settings, error) {
	var s Settings
	var wrong []error
	v := reflect.ValueOf(&s).Elem()
	for _, key := range settingKeys() {
		text, ok := get(key)
		if !ok {
			continue
		}
		field := v.FieldByIndex(settingFields()[key])
		if field.Kind() == reflect.String {
			field.SetString(text)
		} else if err := json.Unmarshal([]byte(text), field.Addr().Interface()); err != nil {
			wrong = append(wrong, fmt.Errorf("%s is not a JSON value of its kind: %w", configKey(key), err))
		}
	}
	return s, errors.Join(wrong...)
}

// With is the environment with the settings in it.
func (e Environment) With(s Settings) Environment {
	set(&e.Edge.Host, s.Host)
	set(&e.Edge.Issuer, s.Issuer)
	set(&e.Edge.Email, s.Email)
	set(&e.Size, s.Size)
	set(&e.Rotation, s.Rotation)
	set(&e.PushRotation, s.PushRotation)
	set(&e.Images.Registry, s.Registry)
	set(&e.Images.Tag, s.Tag)
	set(&e.Cluster.Context, s.Context)
	set(&e.Cluster.Azure.Location, s.Location)
	set(&e.Aiven.Project, s.AivenProject)
	set(&e.Aiven.Cloud, s.AivenCloud)
	set(&e.Mirror.Charts, s.MirrorCharts)
	set(&e.Mirror.Images, s.MirrorImages)
	set(&e.Monitoring.Traces, s.Traces)
	e.Disposable = e.Disposable || s.Disposable
	e.Replicas = merged(e.Replicas, s.Replicas)
	e.Images.Digests = merged(e.Images.Digests, s.Digests)
	return e
}

func set[T ~string](field *T, value T) {
	if value != "" {
		*field = value
	}
}

func merged[V any](under, over map[string]V) map[string]V {
	if len(over) == 0 {
		return under
	}
	both := maps.Clone(under)
	if both == nil {
		both = map[string]V{}
	}
	maps.Copy(both, over)
	return both
}

// ConfigNamespace is the part of a stack's configuration that is ours.
const ConfigNamespace = "rondo"

func configKey(key string) string { return ConfigNamespace + ":" + key }

// settingKeys are the keys of Settings, in their order.
func settingKeys() []string {
	var keys []string
	for field := range reflect.TypeFor[Settings]().Fields() {
		keys = append(keys, keyOf(field))
	}
	return keys
}

func settingFields() map[string][]int {
	fields := map[string][]int{}
	for field := range reflect.TypeFor[Settings]().Fields() {
		fields[keyOf(field)] = field.Index
	}
	return fields
}

func keyOf(field reflect.StructField) string {
	name := field.Tag.Get("json")
	for i, r := range name {
		if r == ',' {
			return name[:i]
		}
	}
	return name
}

// The credentials of a cluster that no service owns.
var (
	// OwnerDatabase is the connection string of the database's owner, for migrations.
	OwnerDatabase = topology.Secret{Name: "database-owner", Keys: []string{topology.DatabaseURLKey}}
	// Broker is how sidecars and KEDA sign in at Kafka.
	Broker = topology.Secret{Name: "kafka", Keys: []string{BrokerUsernameKey, BrokerPasswordKey}}
	// AlertWebhook takes the alerts.
	AlertWebhook = topology.Secret{Name: "alert-webhook", Keys: []string{"url"}, Optional: true}
)

// Keys of the secret Broker.
const (
	BrokerUsernameKey = "username"
	BrokerPasswordKey = "password"
	BrokerCAKey       = "ca" // PEM; where the broker's authority is not a public one
)

// SecretSetting is one key of a secret that comes from outside, as a secret of the
// stack's configuration.
type SecretSetting struct {
	// Key in the configuration, such as openai-api-key.
	Key string
	// Secret and SecretKey are where it goes.
	Secret    topology.Secret
	SecretKey string
}

// SecretSettings are what the environment takes from outside, each once.
// Everything else that is secret is generated by the stack itself.
func (e Environment) SecretSettings() []SecretSetting {
	var secrets []topology.Secret
	for _, s := range e.Services() {
		secrets = append(secrets, s.ExtraSecrets...)
	}
	if e.Postgres.Provider == ExternalPostgres {
		secrets = append(secrets, OwnerDatabase)
		for _, role := range topology.Roles() {
			secrets = append(secrets, role.Secret)
		}
	}
	if e.Kafka.Provider == ExternalKafka && e.Kafka.External.SASL {
		secrets = append(secrets, Broker)
	}
	if e.Monitoring.Prometheus == Managed {
		secrets = append(secrets, AlertWebhook)
	}
	var settings []SecretSetting
	for _, secret := range secrets {
		for _, key := range secret.Keys {
			setting := SecretSetting{Key: secret.Name + "-" + key, Secret: secret, SecretKey: key}
			if !slices.ContainsFunc(settings, func(s SecretSetting) bool { return s.Key == setting.Key }) {
				settings = append(settings, setting)
			}
		}
	}
	return settings
}

// SecretState is what a stack's configuration says about a key.
type SecretState int

// A key may be absent, encrypted, or there for everyone to read.
const (
	AbsentSecret SecretState = iota
	EncryptedSecret
	PlainSecret
)

// CheckSecrets names every secret that is missing or not encrypted.
func (e Environment) CheckSecrets(state func(key string) SecretState) error {
	var wrong []error
	for _, s := range e.SecretSettings() {
		switch found := state(s.Key); {
		case found == PlainSecret:
			wrong = append(wrong, fmt.Errorf("environment %q: %s is not encrypted: set it again with `pulumi config set --secret %s`",
				e.Name, configKey(s.Key), s.Key))
		case found == AbsentSecret && !s.Secret.Optional:
			wrong = append(wrong, fmt.Errorf("environment %q: %s is missing: set it with `pulumi config set --secret %s`",
				e.Name, configKey(s.Key), s.Key))
		}
	}
	return errors.Join(wrong...)
}

// Setting is a key of a stack's configuration with its namespace, and its value.
type Setting struct {
	Key, Value string
	Secret     bool
}

// Sample is a configuration with everything that the environment takes from
// outside, made up: for tests, and for a preview by someone who deploys nothing.
// Secrets are new each time.
func (e Environment) Sample() []Setting {
	digests := map[string]string{}
	for _, s := range topology.Services() {
		digests[s.Name] = fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(s.Name)))
	}
	text, _ := json.Marshal(digests) //nolint:errchkjson // a map of texts
	sample := []Setting{{Key: configKey("digests"), Value: string(text)}}
	for _, s := range e.SecretSettings() {
		sample = append(sample, Setting{Key: configKey(s.Key), Value: rand.Text(), Secret: true})
	}
	return sample
}
