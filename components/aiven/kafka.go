package aiven

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/inputs"
	"github.com/rondohq/rondo/components/kafka"
	"github.com/rondohq/rondo/components/namespace"
	"github.com/rondohq/rondo/components/password"
	"github.com/rondohq/rondo/environments"
	"github.com/rondohq/rondo/platform/topology"
)

// KafkaType is the type of the component that is the broker.
const KafkaType = "rondo:aiven:Kafka"

// sidecars is the user that all sidecars and KEDA sign in as. The component that
// publishes is one for all services, and has one user.
const sidecars = "sidecars"

// KafkaArgs are the inputs.
type KafkaArgs struct {
	// Name of the service at Aiven.
	Name       string
	Account    environments.Aiven
	Plan       string
	Durability topology.Durability
	Services   []topology.Service
	// Disposable lets the data be deleted.
	Disposable bool
	// Rotation changes the password when it changes.
	Rotation string
}

// Kafka is Aiven for Apache Kafka with the topology's topics and access lists.
type Kafka struct {
	pulumi.ResourceState

	Broker kafka.Broker
}

// NewKafka registers a Kafka. Nothing is registered when the arguments are wrong.
func NewKafka(ctx *pulumi.Context, name string, args KafkaArgs, opts ...pulumi.ResourceOption) (*Kafka, error) {
	err := inputs.Check(KafkaType, name,
		inputs.Need{What: "the name", There: args.Name != ""},
		inputs.Need{What: "the project", There: args.Account.Project != ""},
		inputs.Need{What: "the plan", There: args.Plan != ""},
		inputs.Need{What: "the number of replicas", There: args.Durability.Replication > 0 && args.Durability.MinInSync > 0},
		inputs.Need{What: "every service", There: len(args.Services) > 0},
	)
	if err != nil {
		return nil, err
	}
	k := &Kafka{}
	if err := ctx.RegisterComponentResource(KafkaType, name, k, opts...); err != nil {
		return nil, err
	}
	parent := pulumi.Parent(k)
	made := &kafkaService{}
	err = register(ctx, kafkaType, args.Name, service{
		Project: args.Account.Project, CloudName: args.Account.Cloud, Plan: args.Plan, ServiceName: args.Name,
		TerminationProtection: !args.Disposable, MaintenanceWindowDow: "sunday", MaintenanceWindowTime: "03:00:00",
		KafkaUserConfig: &kafkaConfig{
			AuthenticationMethods: authenticationMethods{SASL: true},
			Kafka: brokerConfig{
				DefaultReplicationFactor: args.Durability.Replication, MinInsyncReplicas: args.Durability.MinInSync,
				MessageMaxBytes: kafka.MaxMessageBytes,
			},
		},
	}, made, parent)
	if err != nil {
		return nil, err
	}
	if err := args.topics(ctx, made.ServiceName, parent); err != nil {
		return nil, err
	}
	word, err := args.signIn(ctx, made.ServiceName, parent)
	if err != nil {
		return nil, err
	}
	ca, err := authority(ctx, args.Account.Project, parent)
	if err != nil {
		return nil, err
	}
	host, port := saslAddress(made.Components)
	k.Broker = kafka.Broker{
		Servers: pulumi.Sprintf("%s:%d", host, port), SASL: true, Username: pulumi.String(sidecars), Password: word, CA: ca,
		Endpoint: namespace.Endpoint{Ports: []pulumi.IntInput{port}},
	}
	return k, ctx.RegisterResourceOutputs(k, pulumi.Map{})
}

func (args KafkaArgs) topics(ctx *pulumi.Context, serviceName pulumi.StringInput, parent pulumi.ResourceOption) error {
	for _, t := range kafka.Topics() {
		err := plain(ctx, topicType, t.Name, topic{
			Project: args.Account.Project, ServiceName: serviceName, TopicName: t.Name,
			Partitions: t.Partitions, Replication: args.Durability.Replication, TerminationProtection: !args.Disposable,
			Config: topicConfig{
				CleanupPolicy: "delete", RetentionMs: strconv.FormatInt(t.Retention.Milliseconds(), 10),
				MinInsyncReplicas: strconv.Itoa(args.Durability.MinInSync),
			},
		}, parent)
		if err != nil {
			return err
		}
	}
	return nil
}

// signIn makes the user and what it may do: exactly what the services do.
func (args KafkaArgs) signIn(
	ctx *pulumi.Context, serviceName pulumi.StringInput, parent pulumi.ResourceOption,
) (pulumi.StringOutput, error) {
	word, err := password.New(ctx, "kafka-"+sidecars, args.Rotation, parent)
	if err != nil {
		return word, err
	}
	err = plain(ctx, kafkaUserType, sidecars, user{
		Project: args.Account.Project, ServiceName: serviceName, Username: sidecars, Password: word,
	}, parent)
	if err != nil {
		return word, err
	}
	for _, t := range kafka.Topics() {
		if p := permission(args.Services, t); p != "" {
			err := plain(ctx, aclType, t.Name, acl{
				Project: args.Account.Project, ServiceName: serviceName, Topic: t.Name, Permission: p, Username: sidecars,
			}, parent)
			if err != nil {
				return word, err
			}
		}
	}
	return word, nil
}

// permission is what the services do with a topic, in Aiven's words. Dead letters
// are only written; whoever replays them signs in otherwise.
func permission(services []topology.Service, t topology.Topic) string {
	var reads, writes bool
	for _, s := range services {
		writes = writes || slices.Contains(s.Publishes, t)
		for _, sub := range s.Subscribes {
			reads = reads || sub.Topic == t
			writes = writes || (!sub.Broadcast && sub.Topic.DeadLetter() == t)
		}
	}
	switch {
	case reads && writes:
		return "readwrite"
	case reads:
		return "read"
	case writes:
		return "write"
	default:
		return ""
	}
}

// saslAddress finds the address at which one signs in with a password; the
// service's main address wants a certificate.
func saslAddress(components pulumi.ArrayOutput) (pulumi.StringOutput, pulumi.IntOutput) {
	type address struct {
		host string
		port int
	}
	find := func(all []any) (address, error) {
		for _, item := range all {
			c, _ := item.(map[string]any)
			if c["component"] == "kafka" && c["kafkaAuthenticationMethod"] == "sasl" && c["route"] == "dynamic" {
				host, _ := c["host"].(string)
				port, _ := c["port"].(float64)
				return address{host, int(port)}, nil
			}
		}
		return address{}, fmt.Errorf("the broker has no address for signing in with a password among %v", all)
	}
	host := components.ApplyT(func(all []any) (string, error) { //nolint:errcheck,forcetypeassert // the function's type
		a, err := find(all)
		return a.host, err
	}).(pulumi.StringOutput)
	port := components.ApplyT(func(all []any) (int, error) { //nolint:errcheck,forcetypeassert // the function's type
		a, err := find(all)
		return a.port, err
	}).(pulumi.IntOutput)
	return host, port
}
