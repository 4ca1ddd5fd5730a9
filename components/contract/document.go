package contract

import (
	"encoding/json"
	"slices"

	"github.com/rondohq/rondo/platform/topology"
)

// document is the topology as operators read it in the cluster.
type document struct {
	Topics        []topic        `json:"topics"`
	Subscriptions []subscription `json:"subscriptions"`
	Services      []service      `json:"services"`
}

type topic struct {
	Name             string  `json:"name"`
	Partitions       int     `json:"partitions"`
	RetentionHours   float64 `json:"retention_hours"`
	Replication      int     `json:"replication"`
	MinInSync        int     `json:"min_in_sync"`
	DeadLettersOf    string  `json:"dead_letters_of,omitempty"`
	ConsumedByGroups int     `json:"consumed_by_groups"`
}

type subscription struct {
	Service   string `json:"service"`
	Topic     string `json:"topic"`
	Group     string `json:"group"`
	Broadcast bool   `json:"broadcast"`
}

type service struct {
	Name        string   `json:"name"`
	Job         string   `json:"job"`
	Publishes   []string `json:"publishes"`
	Invokes     []string `json:"invokes"`
	MinReplicas int      `json:"min_replicas"`
	MaxReplicas int      `json:"max_replicas"`
}

// encode renders the topology with an environment's durability. Equal inputs
// give equal bytes, so that a preview without a change is empty.
func encode(d topology.Durability) (string, error) {
	var doc document
	add := func(t topology.Topic, deadLettersOf string) {
		groups := 0
		for _, sub := range topology.Subscriptions() {
			if !sub.Broadcast && sub.Topic == t {
				groups++
			}
		}
		doc.Topics = append(doc.Topics, topic{
			Name: t.Name, Partitions: t.Partitions, RetentionHours: t.Retention.Hours(),
			Replication: d.Replication, MinInSync: d.MinInSync,
			DeadLettersOf: deadLettersOf, ConsumedByGroups: groups,
		})
	}
	for _, t := range topology.Topics() {
		add(t, "")
	}
	for _, t := range topology.Topics() {
		if dead := t.DeadLetter(); slices.Contains(topology.DeadLetters(), dead) {
			add(dead, t.Name)
		}
	}
	for _, s := range topology.Subscriptions() {
		doc.Subscriptions = append(doc.Subscriptions, subscription{
			Service: s.Service, Topic: s.Topic.Name, Group: s.Group(), Broadcast: s.Broadcast,
		})
	}
	for _, s := range topology.Services() {
		publishes := []string{}
		for _, t := range s.Publishes {
			publishes = append(publishes, t.Name)
		}
		doc.Services = append(doc.Services, service{
			Name: s.Name, Job: s.Job, Publishes: publishes, Invokes: append([]string{}, s.Invokes...),
			MinReplicas: s.Replicas.Min, MaxReplicas: s.MaxReplicas(),
		})
	}
	text, err := json.MarshalIndent(doc, "", "  ")
	return string(text), err
}
