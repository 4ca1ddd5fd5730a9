package laptop_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/tools/internal/laptop"
	"github.com/rondohq/rondo/tools/internal/postgresserver"
)

// resource is what Dapr reads, as far as the tests look at it.
type resource struct {
	Kind     string
	Metadata struct{ Name string }
	Scopes   []string
	Auth     struct {
		SecretStore string `yaml:"secretStore"`
	}
	Spec struct {
		Type, Version string
		Metadata      []struct {
			Name, Value  string
			SecretKeyRef struct{ Name, Key string } `yaml:"secretKeyRef"`
		}
		PubsubName      string `yaml:"pubsubname"`
		Topic           string
		DeadLetterTopic string                   `yaml:"deadLetterTopic"`
		Routes          struct{ Default string } `yaml:"routes"`
		Policies        struct {
			Retries map[string]retry
		}
		Targets struct {
			Apps       map[string]struct{ Retry string }
			Components map[string]struct{ Inbound struct{ Retry string } }
		}
		Secrets struct {
			Scopes []struct {
				StoreName      string   `yaml:"storeName"`
				DefaultAccess  string   `yaml:"defaultAccess"`
				AllowedSecrets []string `yaml:"allowedSecrets"`
			}
		}
		NameResolution struct {
			Component     string
			Configuration map[string]string
		} `yaml:"nameResolution"`
		Tracing struct {
			SamplingRate string `yaml:"samplingRate"`
		}
	}
}

type retry struct {
	Policy     string
	MaxRetries int `yaml:"maxRetries"`
}

func (r resource) value(name string) string {
	for _, m := range r.Spec.Metadata {
		if m.Name == name {
			return m.Value
		}
	}
	return ""
}

// rendered is a stack whose files have been written.
type rendered struct {
	*laptop.Stack

	urls postgresserver.URLs
}

func setup(t *testing.T) rendered {
	t.Helper()
	stack, err := laptop.New(t.TempDir(), 20000)
	require.NoError(t, err)
	urls := postgresserver.URLs{Owner: "postgres://owner", Roles: map[string]string{}}
	for _, role := range topology.Roles() {
		urls.Roles[role.Name] = "postgres://" + role.Name
	}
	require.NoError(t, stack.Render(urls))
	return rendered{stack, urls}
}

// resources are all of a kind that the service's sidecar reads, by name.
func (r rendered) resources(t *testing.T, service topology.Service, kind string) map[string]resource {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(r.ResourcesDir(service.Name), "*.yaml"))
	require.NoError(t, err)
	found := map[string]resource{}
	for _, file := range append(files, r.ConfigFile(service.Name)) {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		decoder := yaml.NewDecoder(bytes.NewReader(data))
		for {
			var one resource
			err := decoder.Decode(&one)
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err, file)
			if one.Kind == kind {
				require.NotContains(t, found, one.Metadata.Name)
				found[one.Metadata.Name] = one
			}
		}
	}
	return found
}

func TestSubscriptionsAreThoseOfTheTopology(t *testing.T) {
	t.Parallel()
	stack := setup(t)
	for _, service := range topology.Services() {
		components := stack.resources(t, service, "Component")
		subscriptions := stack.resources(t, service, "Subscription")
		require.Len(t, subscriptions, len(service.Subscribes), service.Name)
		groups := map[string]bool{}
		for _, want := range service.Subscribes {
			got := subscriptions[service.Name+"-"+want.Topic.Name]
			require.Equal(t, []string{service.Name}, got.Scopes)
			require.Equal(t, want.Topic.Name, got.Spec.Topic)
			require.Equal(t, want.Route(), got.Spec.Routes.Default)
			component := components[got.Spec.PubsubName]
			require.Equal(t, "pubsub.kafka", component.Spec.Type)
			require.Equal(t, []string{service.Name}, component.Scopes)
			require.Equal(t, want.Group(), component.value("consumerGroup"))
			require.Equal(t, want.InitialOffset(), component.value("initialOffset"))
			require.Equal(t, stack.Kafka, component.value("brokers"))
			require.Contains(t, component.value("subscriptionScopes"), want.Topic.Name)
			if want.Broadcast {
				require.Empty(t, got.Spec.DeadLetterTopic)
				require.Equal(t, service.Name+"=", component.value("publishingScopes"), "nothing")
				require.Equal(t, "false", component.value("consumeRetryEnabled"))
			} else {
				require.Equal(t, want.Topic.DeadLetter().Name, got.Spec.DeadLetterTopic)
				require.Equal(t, service.Name+"="+want.Topic.DeadLetter().Name, component.value("publishingScopes"))
				require.Equal(t, "true", component.value("consumeRetryEnabled"))
				require.False(t, groups[component.value("consumerGroup")], "a component has one group")
				groups[component.value("consumerGroup")] = true
			}
		}
	}
}

func TestPublishersMayPublishWhatTheTopologySays(t *testing.T) {
	t.Parallel()
	stack := setup(t)
	for _, service := range topology.Services() {
		component, has := stack.resources(t, service, "Component")[topology.PubSub]
		require.Equal(t, len(service.Publishes) > 0, has, service.Name)
		if !has {
			continue
		}
		require.Contains(t, component.Scopes, service.Name)
		scopes := map[string]string{}
		for scope := range strings.SplitSeq(component.value("publishingScopes"), ";") {
			app, topics, _ := strings.Cut(scope, "=")
			scopes[app] = topics
		}
		var want []string
		for _, topic := range service.Publishes {
			want = append(want, topic.Name)
		}
		require.Equal(t, strings.Join(want, ","), scopes[service.Name])
		require.Contains(t, component.value("subscriptionScopes"), service.Name+"=")
	}
}

func TestStateIsForThoseWhoUseIt(t *testing.T) {
	t.Parallel()
	stack := setup(t)
	for _, service := range topology.Services() {
		store, has := stack.resources(t, service, "Component")[topology.StateStore]
		require.Equal(t, service.UsesState, has, service.Name)
		if !has {
			continue
		}
		require.Equal(t, "state.postgresql", store.Spec.Type)
		require.Equal(t, "v2", store.Spec.Version)
		require.Equal(t, "none", store.value("keyPrefix"))
		require.Equal(t, topology.StateSchema+".", store.value("tablePrefix"))
		require.Equal(t, topology.SecretStore, store.Auth.SecretStore)
		found := false
		for _, m := range store.Spec.Metadata {
			if m.Name == "connectionString" {
				found = true
				require.Equal(t, topology.StateDatabase.Name, m.SecretKeyRef.Name)
				require.Equal(t, topology.StateDatabase.Keys[0], m.SecretKeyRef.Key)
				require.Empty(t, m.Value)
			}
		}
		require.True(t, found)
	}
}

func TestDeliveriesAreTriedForEverAndCallsAreNot(t *testing.T) {
	t.Parallel()
	stack := setup(t)
	for _, service := range topology.Services() {
		resiliency := stack.resources(t, service, "Resiliency")["rondo"]
		for _, sub := range service.Subscribes {
			policy := resiliency.Spec.Policies.Retries[resiliency.Spec.Targets.Components[sub.Component()].Inbound.Retry]
			// Dapr ends "exponential" after 15 minutes, whatever maxRetries says.
			require.Equal(t, "constant", policy.Policy)
			if sub.Broadcast {
				require.Positive(t, policy.MaxRetries)
			} else {
				require.Equal(t, -1, policy.MaxRetries)
			}
		}
		for _, callee := range service.Invokes {
			require.Positive(t, resiliency.Spec.Policies.Retries[resiliency.Spec.Targets.Apps[callee].Retry].MaxRetries)
		}
	}
}

func TestSecretsAreForTheirServiceAlone(t *testing.T) {
	t.Parallel()
	stack := setup(t)
	data, err := os.ReadFile(stack.SecretsFile())
	require.NoError(t, err)
	info, err := os.Stat(stack.SecretsFile())
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	var secrets map[string]map[string]string
	require.NoError(t, json.Unmarshal(data, &secrets))
	for _, service := range topology.Services() {
		configuration := stack.resources(t, service, "Configuration")["rondo"]
		require.Equal(t, "sqlite", configuration.Spec.NameResolution.Component)
		require.Equal(t, "0", configuration.Spec.NameResolution.Configuration["cleanupInterval"], "it removes the hosts that are alive")
		require.Equal(t, "1", configuration.Spec.Tracing.SamplingRate)
		require.Len(t, configuration.Spec.Secrets.Scopes, 1)
		scope := configuration.Spec.Secrets.Scopes[0]
		require.Equal(t, topology.SecretStore, scope.StoreName)
		require.Equal(t, "deny", scope.DefaultAccess)
		var want []string
		for _, secret := range service.Secrets() {
			want = append(want, secret.Name)
			if !secret.Optional {
				for _, key := range secret.Keys {
					require.NotEmpty(t, secrets[secret.Name][key], "%s/%s", secret.Name, key)
				}
			}
		}
		require.Equal(t, want, scope.AllowedSecrets)
	}
	for _, role := range topology.Roles() {
		require.Equal(t, stack.urls.Roles[role.Name], secrets[role.Secret.Name][role.Secret.Keys[0]])
	}
}

func TestCredentialsAreKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := laptop.New(dir, 20000)
	require.NoError(t, err)
	second, err := laptop.New(dir, 21000)
	require.NoError(t, err)
	require.Equal(t, first.Credentials, second.Credentials)
	other, err := laptop.New(t.TempDir(), 20000)
	require.NoError(t, err)
	require.NotEqual(t, first.Credentials, other.Credentials)
	info, err := os.Stat(filepath.Join(dir, "credentials.json"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func TestEveryListenerIsOnLoopbackAndHasAPortOfItsOwn(t *testing.T) {
	t.Parallel()
	stack := setup(t)
	ports := stack.ListenPorts(true, true)
	const perService, others = 6, 7
	require.Len(t, ports, perService*len(topology.Services())+others)
	for _, service := range topology.Services() {
		args := strings.Join(stack.Sidecar("daprd", service).Command().Args, " ")
		for _, flag := range []string{"dapr-listen-addresses", "dapr-internal-grpc-listen-address", "metrics-listen-address", "app-channel-address"} {
			require.Contains(t, args, "--"+flag+" 127.0.0.1")
		}
		require.NotContains(t, args, stack.Credentials.AppTokens[service.Name], "everybody can see arguments")
		require.NotContains(t, args, stack.Credentials.APITokens[service.Name])
		for _, variable := range stack.ServiceEnv(service) {
			require.NotContains(t, variable, stack.Credentials.AppTokens[service.Name], "a service asks its sidecar for it")
		}
	}
}
