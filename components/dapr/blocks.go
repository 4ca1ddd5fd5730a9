package dapr

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/inputs"
	"github.com/rondohq/rondo/components/kafka"
	"github.com/rondohq/rondo/components/manifest"
	"github.com/rondohq/rondo/environments"
	"github.com/rondohq/rondo/platform/topology"
)

// BlocksType is the type of the component that is the building blocks.
const BlocksType = "rondo:dapr:BuildingBlocks"

// trustDomain is the part of a sidecar's identity (SPIFFE) that all of ours share.
const trustDomain = "rondo"

// The names of the resiliency policies.
const (
	retryDelivery  = "delivery"
	retryBroadcast = "broadcast"
	retryInvoke    = "invocation"
)

// BlocksArgs are the inputs.
type BlocksArgs struct {
	Namespace pulumi.StringInput
	Services  []topology.Service
	Broker    kafka.Broker
	// Collector is host:port of an OTLP gRPC collector; empty: no traces are exported.
	Collector string
}

// Blocks are the building blocks of all services.
type Blocks struct {
	pulumi.ResourceState
}

// NewBlocks registers the Blocks. Nothing is registered when the arguments are wrong.
func NewBlocks(ctx *pulumi.Context, name string, args BlocksArgs, opts ...pulumi.ResourceOption) (*Blocks, error) {
	err := inputs.Check(BlocksType, name,
		inputs.Need{What: "the namespace", There: args.Namespace != nil},
		inputs.Need{What: "every service", There: len(args.Services) > 0},
		inputs.Need{What: "the address of the broker", There: args.Broker.Servers != nil},
	)
	if err != nil {
		return nil, err
	}
	b := &Blocks{}
	if err := ctx.RegisterComponentResource(BlocksType, name, b, opts...); err != nil {
		return nil, err
	}
	for _, o := range args.objects() {
		meta := manifest.Meta(o.name, args.Namespace.ToStringOutput().ToStringPtrOutput())
		if _, err := manifest.New(ctx, o.name, manifest.Object{Kind: o.kind, Metadata: meta, Body: o.body}, pulumi.Parent(b)); err != nil {
			return nil, err
		}
	}
	return b, ctx.RegisterResourceOutputs(b, pulumi.Map{})
}

// object is one building block.
type object struct {
	kind manifest.Kind
	name string
	body any
}

func (args BlocksArgs) objects() []object {
	objects := []object{
		{componentKind, topology.SecretStore, secretStore(args.Services)},
		{componentKind, topology.PubSub, args.publishing()},
		{componentKind, topology.StateStore, stateStore(args.Services)},
	}
	for _, s := range args.Services {
		var seen []string
		for _, sub := range s.Subscribes {
			if name := sub.Component(); !slices.Contains(seen, name) {
				seen = append(seen, name)
				objects = append(objects, object{componentKind, name, args.subscribing(s, sub)})
			}
			objects = append(objects, object{subscriptionKind, s.Name + "-" + sub.Topic.Name, subscribed(s, sub)})
		}
		objects = append(objects,
			object{configurationKind, s.Name, args.configuration(s)},
			object{resiliencyKind, s.Name, policiesOf(s)})
	}
	return objects
}

// ComponentSecrets are what the sidecar of a service reads for its components,
// besides what the service itself may ask for.
func ComponentSecrets(s topology.Service, broker kafka.Broker) []topology.Secret {
	var secrets []topology.Secret
	if s.UsesState {
		secrets = append(secrets, topology.StateDatabase)
	}
	if broker.SASL && (len(s.Publishes) > 0 || len(s.Subscribes) > 0) {
		secrets = append(secrets, environments.Broker)
	}
	return secrets
}

func secretStore(services []topology.Service) component {
	return component{
		Spec:   componentSpec{Type: "secretstores.kubernetes", Version: "v1", Metadata: []setting{}},
		Scopes: names(services, func(topology.Service) bool { return true }),
	}
}

// publishing is the component that all publishers share. It has no subscription.
func (args BlocksArgs) publishing() component {
	publishes := func(s topology.Service) bool { return len(s.Publishes) > 0 }
	var publish, subscribe []string
	for _, s := range args.Services {
		if publishes(s) {
			publish = append(publish, s.Name+"="+topicNames(s.Publishes))
			subscribe = append(subscribe, s.Name+"=")
		}
	}
	return args.pubsub(names(args.Services, publishes),
		value("publishingScopes", strings.Join(publish, ";")),
		value("subscriptionScopes", strings.Join(subscribe, ";")))
}

// subscribing is the component of one consumer group.
func (args BlocksArgs) subscribing(s topology.Service, sub topology.Subscription) component {
	var topics, dead []topology.Topic
	for _, other := range s.Subscribes {
		if other.Component() == sub.Component() {
			topics = append(topics, other.Topic)
			if !other.Broadcast {
				dead = append(dead, other.Topic.DeadLetter())
			}
		}
	}
	return args.pubsub([]string{s.Name},
		value("consumerGroup", sub.Group()),
		value("initialOffset", sub.InitialOffset()),
		// Behind the resiliency policy: a record that could be neither delivered nor
		// put among the dead letters is tried again instead of skipped. A broadcast
		// skips it, since nobody waits for what a tab has missed.
		value("consumeRetryEnabled", strconv.FormatBool(!sub.Broadcast)),
		value("subscriptionScopes", s.Name+"="+topicNames(topics)),
		value("publishingScopes", s.Name+"="+topicNames(dead)))
}

// pubsub is a component of the broker with more settings.
func (args BlocksArgs) pubsub(scopes []string, more ...setting) component {
	settings := []setting{
		{Name: "brokers", Value: args.Broker.Servers},
		value("maxMessageBytes", strconv.Itoa(kafka.MaxMessageBytes)),
	}
	if args.Broker.SASL {
		settings = append(settings,
			value("authType", "password"), value("saslMechanism", "SHA-256"),
			secret("saslUsername", environments.Broker, environments.BrokerUsernameKey),
			secret("saslPassword", environments.Broker, environments.BrokerPasswordKey))
		if args.Broker.CA != nil {
			settings = append(settings, secret("caCert", environments.Broker, environments.BrokerCAKey))
		}
	} else {
		settings = append(settings, value("authType", "none"))
	}
	return component{
		Spec:   componentSpec{Type: "pubsub.kafka", Version: "v1", Metadata: append(settings, more...)},
		Auth:   &auth{SecretStore: topology.SecretStore},
		Scopes: scopes,
	}
}

// stateStore keeps sessions in a schema and with a role of its own.
func stateStore(services []topology.Service) component {
	return component{
		Spec: componentSpec{Type: "state.postgresql", Version: "v2", Metadata: []setting{
			secret("connectionString", topology.StateDatabase, topology.StateDatabase.Keys[0]),
			value("tablePrefix", topology.StateSchema+"."),
			value("metadataTableName", topology.StateSchema+".dapr_metadata"),
			value("cleanupInterval", "1h"),
			value("timeout", "10s"),
			// Keys are what the services say, without the id of the app that wrote them.
			value("keyPrefix", "none"),
		}},
		Auth:   &auth{SecretStore: topology.SecretStore},
		Scopes: names(services, func(s topology.Service) bool { return s.UsesState }),
	}
}

func subscribed(s topology.Service, sub topology.Subscription) subscription {
	spec := subscriptionSpec{PubSub: sub.Component(), Topic: sub.Topic.Name, Routes: routes{Default: sub.Route()}}
	if !sub.Broadcast {
		spec.DeadLetterTopic = sub.Topic.DeadLetter().Name
	}
	return subscription{Spec: spec, Scopes: []string{s.Name}}
}

// configuration is that of a service's sidecar: who may call it, which secrets it
// may read, what it measures.
func (args BlocksArgs) configuration(s topology.Service) configuration {
	access := accessControl{DefaultAction: "deny", TrustDomain: trustDomain}
	for _, caller := range topology.CallersOf(s.Name) {
		access.Policies = append(access.Policies, policy{
			AppID: caller, DefaultAction: "allow", TrustDomain: trustDomain, Namespace: args.Namespace,
		})
	}
	scope := secretScope{StoreName: topology.SecretStore, DefaultAccess: "deny"}
	for _, secret := range s.Secrets() {
		scope.AllowedSecrets = append(scope.AllowedSecrets, secret.Name)
	}
	// All, so that a trace that a service begins goes on through its sidecar.
	traces := tracing{SamplingRate: "1"}
	if args.Collector != "" {
		traces.Otel = &otel{EndpointAddress: args.Collector, Protocol: "grpc"}
	}
	return configuration{Spec: configurationSpec{
		AccessControl: access, Secrets: secretScopes{Scopes: []secretScope{scope}},
		Metrics: metrics{Enabled: true}, Tracing: traces,
	}}
}

// policiesOf says how often deliveries and calls of a service are tried again
// (docs/adr/0007-sidecar-edges.md).
func policiesOf(s topology.Service) resiliency {
	r := resiliency{
		Spec: resiliencySpec{
			Policies: policies{Retries: map[string]retry{
				// For ever, since whatever ends the tries makes a dead letter of a good
				// event. The policy "exponential" would end them after 15 minutes.
				retryDelivery:  {Policy: "constant", Duration: "2s", MaxRetries: -1},
				retryBroadcast: {Policy: "constant", Duration: "200ms", MaxRetries: 3},
				// Only what says that the other side was not there. Every mutation carries
				// an Idempotency-Key.
				retryInvoke: {
					Policy: "constant", Duration: "200ms", MaxRetries: 3,
					Matching: &matching{HTTPStatusCodes: "502-504", GRPCStatusCodes: "14"},
				},
			}},
			Targets: targets{Apps: map[string]appTarget{}, Components: map[string]componentTarget{}},
		},
		Scopes: []string{s.Name},
	}
	for _, sub := range s.Subscribes {
		policy := retryDelivery
		if sub.Broadcast {
			policy = retryBroadcast
		}
		r.Spec.Targets.Components[sub.Component()] = componentTarget{Inbound: appTarget{Retry: policy}}
	}
	for _, callee := range s.Invokes {
		r.Spec.Targets.Apps[callee] = appTarget{Retry: retryInvoke}
	}
	return r
}

func value(name, text string) setting { return setting{Name: name, Value: pulumi.String(text)} }

func secret(name string, s topology.Secret, key string) setting {
	return setting{Name: name, SecretKeyRef: &secretKey{Name: s.Name, Key: key}}
}

func names(services []topology.Service, chosen func(topology.Service) bool) []string {
	var all []string
	for _, s := range services {
		if chosen(s) {
			all = append(all, s.Name)
		}
	}
	return all
}

func topicNames(topics []topology.Topic) string {
	all := make([]string, len(topics))
	for i, t := range topics {
		all[i] = t.Name
	}
	return strings.Join(all, ",")
}
