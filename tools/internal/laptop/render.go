package laptop

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/tools/internal/broker"
	"github.com/rondohq/rondo/tools/internal/postgresserver"
)

// The names of the resiliency policies.
const (
	retryDelivery  = "delivery"
	retryBroadcast = "broadcast"
	retryInvoke    = "invocation"
)

// object is one document of a Dapr resource file.
type object map[string]any

// Render writes what the sidecars and services read: the secrets file, and for
// each sidecar its resources and configuration.
func (s *Stack) Render(urls postgresserver.URLs) error {
	if err := s.renderSecrets(urls); err != nil {
		return err
	}
	for _, service := range topology.Services() {
		files := map[string][]object{
			filepath.Join(s.ResourcesDir(service.Name), "components.yaml"):    s.components(service),
			filepath.Join(s.ResourcesDir(service.Name), "subscriptions.yaml"): subscriptions(service),
			filepath.Join(s.ResourcesDir(service.Name), "resiliency.yaml"):    {resiliency(service)},
			s.ConfigFile(service.Name):                                        {s.configuration(service)},
		}
		// What an older topology rendered must not be read.
		if err := os.RemoveAll(s.ResourcesDir(service.Name)); err != nil {
			return err
		}
		for path, objects := range files {
			if len(objects) == 0 {
				continue
			}
			if err := writeYAML(path, objects); err != nil {
				return err
			}
		}
	}
	return nil
}

// renderSecrets writes the file of the secret store. Names and keys are those of
// the Secrets in Kubernetes.
func (s *Stack) renderSecrets(urls postgresserver.URLs) error {
	secrets := map[string]map[string]string{}
	put := func(secret topology.Secret, value string) {
		secrets[secret.Name] = map[string]string{secret.Keys[0]: value}
	}
	put(topology.WebPush, s.Credentials.WebPush)
	for _, service := range topology.Services() {
		put(service.AppToken(), s.Credentials.AppTokens[service.Name])
		for _, extra := range service.ExtraSecrets {
			for key, value := range fromEnvironment(extra) {
				if secrets[extra.Name] == nil {
					secrets[extra.Name] = map[string]string{}
				}
				secrets[extra.Name][key] = value
			}
		}
	}
	for _, role := range topology.Roles() {
		put(role.Secret, urls.Roles[role.Name])
	}
	return writeJSON(s.SecretsFile(), secrets, 0o600)
}

// fromEnvironment is a secret from outside: each key has a variable, such as
// OPENAI_API_KEY for the key api-key of the secret openai.
func fromEnvironment(secret topology.Secret) map[string]string {
	values := map[string]string{}
	for _, key := range secret.Keys {
		if value := os.Getenv(strings.ToUpper(strings.ReplaceAll(secret.Name+"_"+key, "-", "_"))); value != "" {
			values[key] = value
		}
	}
	return values
}

func (s *Stack) components(service topology.Service) []object {
	components := []object{component(topology.SecretStore, "secretstores.local.file", "v1", allServices(), metadata{
		{name: "secretsFile", value: s.SecretsFile()},
		// Several keys per secret, as in Kubernetes.
		{name: "multiValued", value: "true"},
	})}
	if len(service.Publishes) > 0 {
		components = append(components, s.publishing())
	}
	for _, sub := range distinctComponents(service.Subscribes) {
		components = append(components, s.subscribing(service, sub))
	}
	if service.UsesState {
		components = append(components, stateStore())
	}
	return components
}

// publishing is the component that all publishers share. It has no subscription.
func (s *Stack) publishing() object {
	var apps, publish, subscribe []string
	for _, service := range topology.Services() {
		if len(service.Publishes) == 0 {
			continue
		}
		apps = append(apps, service.Name)
		publish = append(publish, service.Name+"="+strings.Join(topicNames(service.Publishes), ","))
		subscribe = append(subscribe, service.Name+"=")
	}
	return component(topology.PubSub, "pubsub.kafka", "v1", apps, append(s.kafka(), metadata{
		{name: "publishingScopes", value: strings.Join(publish, ";")},
		{name: "subscriptionScopes", value: strings.Join(subscribe, ";")},
	}...))
}

// subscribing is the component of one consumer group.
func (s *Stack) subscribing(service topology.Service, sub topology.Subscription) object {
	var topics, dead []string
	for _, other := range service.Subscribes {
		if other.Component() == sub.Component() {
			topics = append(topics, other.Topic.Name)
			if !other.Broadcast {
				dead = append(dead, other.Topic.DeadLetter().Name)
			}
		}
	}
	return component(sub.Component(), "pubsub.kafka", "v1", []string{service.Name}, append(s.kafka(), metadata{
		{name: "consumerGroup", value: sub.Group()},
		{name: "initialOffset", value: sub.InitialOffset()},
		// Behind the resiliency policy: a record that could be neither delivered
		// nor put among the dead letters is tried again instead of skipped. A
		// broadcast skips it, since nobody waits for what a tab has missed.
		{name: "consumeRetryEnabled", value: strconv.FormatBool(!sub.Broadcast)},
		{name: "subscriptionScopes", value: service.Name + "=" + strings.Join(topics, ",")},
		{name: "publishingScopes", value: service.Name + "=" + strings.Join(dead, ",")},
	}...))
}

// kafka is what all Kafka components have in common.
func (s *Stack) kafka() metadata {
	return metadata{
		{name: "brokers", value: s.Kafka},
		{name: "authType", value: "none"},
		{name: "maxMessageBytes", value: strconv.Itoa(broker.MaxMessageBytes)},
	}
}

// stateStore keeps sessions in a schema and with a role of its own.
func stateStore() object {
	var apps []string
	for _, service := range topology.Services() {
		if service.UsesState {
			apps = append(apps, service.Name)
		}
	}
	c := component(topology.StateStore, "state.postgresql", "v2", apps, metadata{
		{name: "connectionString", secret: &topology.StateDatabase},
		{name: "tablePrefix", value: topology.StateSchema + "."},
		{name: "metadataTableName", value: topology.StateSchema + ".dapr_metadata"},
		{name: "cleanupInterval", value: "1h"},
		{name: "timeout", value: "10s"},
		// Keys are what the services say, without the id of the app that wrote them.
		{name: "keyPrefix", value: "none"},
	})
	c["auth"] = object{"secretStore": topology.SecretStore}
	return c
}

// metadata are the settings of a component, each a value or a secret's first key.
type metadata []struct {
	name, value string
	secret      *topology.Secret
}

func component(name, kind, version string, scopes []string, m metadata) object {
	items := make([]any, len(m))
	for i, item := range m {
		if item.secret != nil {
			items[i] = object{"name": item.name, "secretKeyRef": object{"name": item.secret.Name, "key": item.secret.Keys[0]}}
			continue
		}
		items[i] = object{"name": item.name, "value": item.value}
	}
	return object{
		"apiVersion": "dapr.io/v1alpha1",
		"kind":       "Component",
		"metadata":   object{"name": name},
		"spec":       object{"type": kind, "version": version, "metadata": items},
		"scopes":     scopes,
	}
}

func subscriptions(service topology.Service) []object {
	objects := []object{}
	for _, sub := range service.Subscribes {
		spec := object{
			"pubsubname": sub.Component(),
			"topic":      sub.Topic.Name,
			"routes":     object{"default": sub.Route()},
		}
		if !sub.Broadcast {
			spec["deadLetterTopic"] = sub.Topic.DeadLetter().Name
		}
		objects = append(objects, object{
			"apiVersion": "dapr.io/v2alpha1",
			"kind":       "Subscription",
			"metadata":   object{"name": service.Name + "-" + sub.Topic.Name},
			"spec":       spec,
			"scopes":     []string{service.Name},
		})
	}
	return objects
}

// resiliency says how often deliveries and calls are tried again.
func resiliency(service topology.Service) object {
	retries := object{
		// For ever, since whatever ends the tries makes a dead letter of a good
		// event. The policy "exponential" would end them after 15 minutes: its
		// limit of elapsed time cannot be set.
		retryDelivery:  object{"policy": "constant", "duration": "2s", "maxRetries": -1},
		retryBroadcast: object{"policy": "constant", "duration": "200ms", "maxRetries": 3},
		// Only what says that the other side was not there. Every mutation carries
		// an Idempotency-Key.
		retryInvoke: object{
			"policy": "constant", "duration": "200ms", "maxRetries": 3,
			"matching": object{"httpStatusCodes": "502-504", "gRPCStatusCodes": "14"},
		},
	}
	components, apps := object{}, object{}
	for _, sub := range service.Subscribes {
		policy := retryDelivery
		if sub.Broadcast {
			policy = retryBroadcast
		}
		components[sub.Component()] = object{"inbound": object{"retry": policy}}
	}
	for _, callee := range service.Invokes {
		apps[callee] = object{"retry": retryInvoke}
	}
	return object{
		"apiVersion": "dapr.io/v1alpha1",
		"kind":       "Resiliency",
		"metadata":   object{"name": "rondo"},
		"spec":       object{"policies": object{"retries": retries}, "targets": object{"apps": apps, "components": components}},
		"scopes":     []string{service.Name},
	}
}

func (s *Stack) configuration(service topology.Service) object {
	var allowed []string
	for _, secret := range service.Secrets() {
		allowed = append(allowed, secret.Name)
	}
	return object{
		"apiVersion": "dapr.io/v1alpha1",
		"kind":       "Configuration",
		"metadata":   object{"name": "rondo"},
		"spec": object{
			"nameResolution": object{
				"component": "sqlite", "version": "v1",
				"configuration": object{
					"connectionString": s.NamesFile(),
					"updateInterval":   "60s",
					"timeout":          "10s",
					"busyTimeout":      "5s",
					// Off: the clean-up removes the hosts that are alive (it compares the
					// wrong way round), and a sidecar that finds itself removed exits.
					"cleanupInterval": "0",
				},
			},
			"secrets": object{"scopes": []any{object{
				"storeName": topology.SecretStore, "defaultAccess": "deny", "allowedSecrets": allowed,
			}}},
			"metrics": object{"enabled": true, "http": object{"increasedCardinality": false}},
			// All, so that a trace that a service begins goes on through its sidecar;
			// nothing is exported unless an endpoint is configured.
			"tracing": object{"samplingRate": "1"},
		},
	}
}

// distinctComponents drops subscriptions that share the component of one before.
func distinctComponents(subs []topology.Subscription) []topology.Subscription {
	var distinct []topology.Subscription
	for _, sub := range subs {
		if !slices.ContainsFunc(distinct, func(d topology.Subscription) bool { return d.Component() == sub.Component() }) {
			distinct = append(distinct, sub)
		}
	}
	return distinct
}

func allServices() []string {
	var names []string
	for _, service := range topology.Services() {
		names = append(names, service.Name)
	}
	return names
}

func topicNames(topics []topology.Topic) []string {
	names := make([]string, len(topics))
	for i, t := range topics {
		names[i] = t.Name
	}
	return names
}

func writeYAML(path string, objects []object) error {
	if len(objects) == 0 { // the encoder cannot write nothing
		return nil
	}
	var out bytes.Buffer
	out.WriteString("# Rendered from platform/topology by `rondo up`; changes here are lost.\n")
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	for _, o := range objects {
		if err := encoder.Encode(o); err != nil {
			return fmt.Errorf("render %s: %w", path, err)
		}
	}
	if err := encoder.Close(); err != nil {
		return fmt.Errorf("render %s: %w", path, err)
	}
	return writeFile(path, out.Bytes(), 0o644)
}
