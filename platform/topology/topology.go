// Package topology states what Rondo is made of: topics, consumer groups,
// services, ports, secrets, database roles, and who may call whom.
//
// It is plain data. The laptop's process list and sidecar files, the Kubernetes
// objects and the cloud's topics and access lists are all derived from it, so
// that the three cannot drift apart. A name that is written here is written
// nowhere else.
package topology

import (
	"slices"
	"strings"
	"time"
)

// Topic is a stream of events in Kafka.
type Topic struct {
	Name       string
	Partitions int           // also the upper bound of the replicas of each consumer group
	Retention  time.Duration // how long the broker keeps a record
}

// DeadLetter is the topic that takes what the consumers of t could not decode.
// It has one partition: nothing reads it but an operator.
func (t Topic) DeadLetter() Topic {
	return Topic{Name: t.Name + deadLetterSuffix, Partitions: 1, Retention: 14 * day}
}

// Subscription is one service's reading of one topic.
type Subscription struct {
	Service string
	Topic   Topic
	// Broadcast gives every replica a group of its own that starts at the newest
	// record: each sees all that happens while it lives, and nothing else. There
	// is no dead letter, since nobody waits for what a closed tab has missed.
	Broadcast bool
}

// Group is the Kafka consumer group. Of a broadcast it is the sidecar's template
// for an identifier per replica.
func (s Subscription) Group() string {
	if s.Broadcast {
		return "{uuid}"
	}
	return s.Service + "-" + s.Topic.Name + "-v1"
}

// Component is the name of the Dapr pub/sub component that reads for s. One
// Kafka component has one consumer group, so each group has a component of its own.
func (s Subscription) Component() string {
	if s.Broadcast {
		return PubSub + "-" + s.Service + "-broadcast"
	}
	return PubSub + "-" + s.Service + "-" + s.Topic.Name
}

// InitialOffset is where a group without committed offsets begins.
func (s Subscription) InitialOffset() string {
	if s.Broadcast {
		return "newest"
	}
	return "oldest"
}

// Route is the path on the service's sidecar listener that takes the events.
func (s Subscription) Route() string { return EventsPath + s.Topic.Name }

// Job is a kind of wake-up that a service asks of the Dapr jobs API. There is one job
// per kind and instant; what is due then is in the database.
type Job struct{ Kind string }

// jobInstant is how an instant stands in a job's name, in UTC to the second.
const jobInstant = "20060102T150405Z"

// Name is the job's name at an instant: "reminders-20261122T090000Z". A fraction of a
// second counts as the next one, so that nothing is woken too early.
func (j Job) Name(at time.Time) string {
	return j.Kind + "-" + at.Add(time.Second-time.Nanosecond).Truncate(time.Second).UTC().Format(jobInstant)
}

// At is the instant of a job's name, and whether the name is one of j's.
func (j Job) At(name string) (time.Time, bool) {
	text, ok := strings.CutPrefix(name, j.Kind+"-")
	if !ok {
		return time.Time{}, false
	}
	at, err := time.Parse(jobInstant, text)
	return at, err == nil
}

// Replicas bounds the scaling of a service in a cluster.
type Replicas struct{ Min, Max int }

// Resources are Kubernetes quantities.
type Resources struct {
	RequestCPU, RequestMemory string
	LimitCPU, LimitMemory     string
}

// Secret is a named set of credentials, read through the Dapr secrets API.
type Secret struct {
	Name string
	Keys []string
	// Optional secrets switch a feature on; without them the service runs.
	Optional bool
}

// Service is one of the four programs.
type Service struct {
	Name string
	// Job says in one line what the service is for.
	Job        string
	Publishes  []Topic
	Subscribes []Subscription
	// Jobs are the wake-ups that it schedules for itself.
	Jobs []Job
	// Invokes names the services that it calls through its sidecar.
	Invokes []string
	// EdgePaths are the path prefixes that the edge sends to it.
	EdgePaths []string
	// UsesState says that it keeps sessions in the Dapr state store.
	UsesState bool
	// UsesDatabase says that it has a role in PostgreSQL; see Roles.
	UsesDatabase bool
	// Secrets that it may read besides its database and token.
	ExtraSecrets []Secret
	Replicas     Replicas
	Resources    Resources
}

// Secrets are all that the service may read.
func (s Service) Secrets() []Secret {
	secrets := []Secret{s.AppToken()}
	if s.UsesDatabase {
		secrets = append(secrets, s.Database())
	}
	return append(secrets, s.ExtraSecrets...)
}

// AppToken is the token that the service's sidecar shows when it calls the
// service, and without which the sidecar listener refuses a call.
func (s Service) AppToken() Secret {
	return Secret{Name: "app-token-" + s.Name, Keys: []string{TokenKey}}
}

// Database is the connection string of the service's role.
func (s Service) Database() Secret {
	return Secret{Name: "database-" + s.Name, Keys: []string{DatabaseURLKey}}
}

// Source is the CloudEvents source of what the service publishes.
func (s Service) Source() string { return "/rondo/" + s.Name }

// MaxReplicas is the upper bound that the consumed topics set: a replica beyond
// the smallest partition count would have nothing to read. It is Replicas.Max
// where that is lower or nothing is consumed in a shared group.
func (s Service) MaxReplicas() int {
	bound := s.Replicas.Max
	for _, sub := range s.Subscribes {
		if !sub.Broadcast {
			bound = min(bound, sub.Topic.Partitions)
		}
	}
	return bound
}

// Topics are all event topics, without their dead letters.
func Topics() []Topic { return []Topic{TaskEvents, Reminders, TaskUpdates} }

// DeadLetters are the dead-letter topics that some subscription needs.
func DeadLetters() []Topic {
	var topics []Topic
	for _, sub := range Subscriptions() {
		if dead := sub.Topic.DeadLetter(); !sub.Broadcast && !slices.Contains(topics, dead) {
			topics = append(topics, dead)
		}
	}
	return topics
}

// Services are the four programs, in the order in which they start.
func Services() []Service { return []Service{API, Recurring, Notifier, Frontend} }

// ServiceNamed finds a service.
func ServiceNamed(name string) (Service, bool) {
	all := Services()
	i := slices.IndexFunc(all, func(s Service) bool { return s.Name == name })
	if i < 0 {
		return Service{}, false
	}
	return all[i], true
}

// Subscriptions are those of all services.
func Subscriptions() []Subscription {
	var subs []Subscription
	for _, s := range Services() {
		subs = append(subs, s.Subscribes...)
	}
	return subs
}

// CallersOf names the services that may invoke the named one.
func CallersOf(name string) []string {
	var callers []string
	for _, s := range Services() {
		if slices.Contains(s.Invokes, name) {
			callers = append(callers, s.Name)
		}
	}
	return callers
}

const day = 24 * time.Hour

// TopicNamed finds a topic.
func TopicNamed(name string) (Topic, bool) {
	all := Topics()
	i := slices.IndexFunc(all, func(t Topic) bool { return t.Name == name })
	if i < 0 {
		return Topic{}, false
	}
	return all[i], true
}
