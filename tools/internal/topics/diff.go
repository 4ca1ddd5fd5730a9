package topics

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/tools/internal/broker"
)

// Difference is one thing in which a topic is not as the topology says.
type Difference struct {
	Topic    string `json:"topic"`
	What     string `json:"what"`
	Is       string `json:"is"`
	ShouldBe string `json:"should_be"`
	// Kept says why applying leaves it: what Kafka can't change, or what would lose
	// records or their order.
	Kept string `json:"kept,omitempty"`
}

// What can differ, besides the configuration by Kafka's own names.
const (
	existence   = "existence"
	partitions  = "partitions"
	replication = "replication"
)

// absent is what a topic is that does not exist.
const absent = "absent"

// Diff compares the topics of the brokers at addr with the topology's. Topics that
// the topology doesn't know are nobody's business here.
func Diff(ctx context.Context, addr string, d topology.Durability, options ...kgo.Opt) ([]Difference, error) {
	admin, err := broker.Admin(addr, options...)
	if err != nil {
		return nil, err
	}
	defer admin.Close()
	return diff(ctx, admin, d)
}

// Apply makes missing topics, adds partitions, and alters configuration. It never
// deletes a topic and never takes anything away. It returns what differed; what it
// has left says why.
func Apply(ctx context.Context, addr string, d topology.Durability, options ...kgo.Opt) ([]Difference, error) {
	admin, err := broker.Admin(addr, options...)
	if err != nil {
		return nil, err
	}
	defer admin.Close()
	found, err := diff(ctx, admin, d)
	if err != nil {
		return nil, err
	}
	for _, t := range broker.AllTopics() {
		if err := change(ctx, admin, t, d, found); err != nil {
			return found, fmt.Errorf("topic %s: %w", t.Name, err)
		}
	}
	return found, nil
}

// wanted is the configuration of a topic.
func wanted(t topology.Topic, d topology.Durability) map[string]string {
	return map[string]string{
		"cleanup.policy":      "delete",
		"min.insync.replicas": strconv.Itoa(d.MinInSync),
		"retention.ms":        strconv.FormatInt(t.Retention.Milliseconds(), 10),
	}
}

// configured are the keys of wanted, in the order in which they are compared.
var configured = []string{"cleanup.policy", "min.insync.replicas", "retention.ms"}

func diff(ctx context.Context, admin *kadm.Client, d topology.Durability) ([]Difference, error) {
	existing, err := admin.ListTopics(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the topics: %w", err)
	}
	found := []Difference{}
	for _, t := range broker.AllTopics() {
		if !existing.Has(t.Name) {
			found = append(found, Difference{Topic: t.Name, What: existence, Is: absent, ShouldBe: "present"})
			continue
		}
		found = append(found, shape(t, d, existing[t.Name])...)
		configs, err := admin.DescribeTopicConfigs(ctx, t.Name)
		if err != nil {
			return nil, fmt.Errorf("read the configuration of %s: %w", t.Name, err)
		}
		on, err := configs.On(t.Name, nil)
		if err == nil {
			err = on.Err
		}
		if err != nil {
			return nil, fmt.Errorf("read the configuration of %s: %w", t.Name, err)
		}
		want := wanted(t, d)
		for _, key := range configured {
			is := ""
			if i := slices.IndexFunc(on.Configs, func(c kadm.Config) bool { return c.Key == key }); i >= 0 {
				is = on.Configs[i].MaybeValue()
			}
			if is != want[key] {
				found = append(found, Difference{Topic: t.Name, What: key, Is: is, ShouldBe: want[key]})
			}
		}
	}
	return found, nil
}

// shape compares what is not configuration.
func shape(t topology.Topic, d topology.Durability, is kadm.TopicDetail) []Difference {
	var found []Difference
	if have := len(is.Partitions); have != t.Partitions {
		difference := Difference{Topic: t.Name, What: partitions, Is: strconv.Itoa(have), ShouldBe: strconv.Itoa(t.Partitions)}
		if have > t.Partitions {
			difference.Kept = "Kafka can't take partitions away"
		}
		found = append(found, difference)
	}
	if have := is.Partitions.NumReplicas(); have != d.Replication {
		found = append(found, Difference{
			Topic: t.Name, What: replication, Is: strconv.Itoa(have), ShouldBe: strconv.Itoa(d.Replication),
			Kept: "replicas are moved by the brokers' own tool (kafka-reassign-partitions, rpk)",
		})
	}
	return found
}

func change(ctx context.Context, admin *kadm.Client, t topology.Topic, d topology.Durability, found []Difference) error {
	var set []kadm.AlterConfig
	for _, f := range found {
		switch {
		case f.Topic != t.Name || f.Kept != "":
		case f.What == existence:
			configs := map[string]*string{}
			for key, value := range wanted(t, d) {
				configs[key] = &value
			}
			_, err := admin.CreateTopic(ctx, int32(t.Partitions), int16(d.Replication), configs, t.Name)
			if err != nil {
				return fmt.Errorf("create it: %w", err)
			}
		case f.What == partitions:
			grown, err := admin.UpdatePartitions(ctx, t.Partitions, t.Name)
			if err == nil {
				err = grown.Error()
			}
			if err != nil {
				return fmt.Errorf("give it %d partitions: %w", t.Partitions, err)
			}
		default:
			set = append(set, kadm.AlterConfig{Op: kadm.SetConfig, Name: f.What, Value: &f.ShouldBe})
		}
	}
	if len(set) == 0 {
		return nil
	}
	altered, err := admin.AlterTopicConfigs(ctx, set, t.Name)
	if err == nil {
		for _, a := range altered {
			if a.Err != nil {
				err = fmt.Errorf("%w: %s", a.Err, a.ErrMessage)
			}
		}
	}
	if err != nil {
		return fmt.Errorf("alter its configuration: %w", err)
	}
	return nil
}
