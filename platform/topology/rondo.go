package topology

import "time"

// Names of Dapr components, the keys in secrets, and the paths between a sidecar
// and its service.
const (
	PubSub      = "pubsub" // publish only; subscriptions have components of their own
	StateStore  = "statestore"
	SecretStore = "secretstore"

	TokenKey          = "token"
	WebPushKey        = "private-key" // of P-256, in base64url
	WebPushSubjectKey = "subject"     // whom push services may ask: a mailto or https address
	SMTPURLKey        = "url"         // smtps://user:password@host:465 or smtp://…:587
	SMTPFromKey       = "from"
	OpenAIKey         = "api-key"
	OpenAIBaseURLKey  = "base-url" // such as http://127.0.0.1:11434/v1
	OpenAIModelKey    = "model"    // as the endpoint calls it
	DatabaseURLKey    = "url"

	EventsPath = "/events/"
	// JobPath is fixed by the Dapr jobs API.
	JobPath = "/job/"

	deadLetterSuffix = "-dlq"
)

// The topics (the plan's table; the cloud adds replication, see Durability).
var (
	TaskEvents  = Topic{Name: "task-events", Partitions: 3, Retention: 7 * day}
	Reminders   = Topic{Name: "reminders", Partitions: 2, Retention: day}
	TaskUpdates = Topic{Name: "task-updates", Partitions: 2, Retention: time.Hour}
)

// The kinds of wake-up. Dapr gives a job back only to the app that scheduled it, so
// each kind is one service's.
var (
	SeriesDue    = Job{Kind: "series"}    // instances are due to be made
	RemindersDue = Job{Kind: "reminders"} // reminders are due to be delivered
)

// OutboxShards is the number of shards that the relays of a service divide among
// them by lease. It bounds how many replicas can publish at once.
const OutboxShards = 16

// The credentials that belong to no single service.
var (
	// StateDatabase is the connection string of the state store's own role.
	StateDatabase = Secret{Name: "database-state", Keys: []string{"connectionString"}}
	// OpenAI is the model behind the assistant. Either the key or, for another endpoint
	// that speaks OpenAI's API, the base URL switches it on; the rest has defaults.
	OpenAI = Secret{Name: "openai", Keys: []string{OpenAIKey, OpenAIBaseURLKey, OpenAIModelKey}, Optional: true}
	// WebPush is Rondo's key as an application server (RFC 8292); it switches push on.
	WebPush = Secret{Name: "web-push", Keys: []string{WebPushKey, WebPushSubjectKey}, Optional: true}
	// SMTP is the server that e-mails leave through, and their sender.
	SMTP = Secret{Name: "smtp-server", Keys: []string{SMTPURLKey, SMTPFromKey}, Optional: true}
)

var backend = Resources{RequestCPU: "200m", RequestMemory: "256Mi", LimitCPU: "500m", LimitMemory: "512Mi"}

// Sidecar is what each daprd container gets.
var Sidecar = Resources{RequestCPU: "100m", RequestMemory: "128Mi", LimitCPU: "500m", LimitMemory: "512Mi"}

// The services. Names refer to each other by constant, since Go refuses
// variables that are initialised in a circle.
const (
	api       = "api"
	recurring = "recurring"
	notifier  = "notifier"
	frontend  = "frontend"
)

var (
	// API owns users, tasks, tags and series.
	API = Service{
		Name:         api,
		Job:          "REST, assistant, MCP; owns users, tasks, tags, series",
		Publishes:    []Topic{TaskEvents, Reminders, TaskUpdates},
		EdgePaths:    []string{"/api/", "/mcp", "/feeds/"},
		UsesState:    true,
		UsesDatabase: true,
		ExtraSecrets: []Secret{OpenAI},
		Replicas:     Replicas{Min: 2, Max: 10},
		Resources:    Resources{RequestCPU: "500m", RequestMemory: "512Mi", LimitCPU: "1", LimitMemory: "1Gi"},
	}
	// Recurring turns series into task instances.
	Recurring = Service{
		Name:         recurring,
		Job:          "turns series into task instances, on time",
		Publishes:    []Topic{Reminders, TaskUpdates},
		Subscribes:   []Subscription{{Service: recurring, Topic: TaskEvents}, {Service: recurring, Topic: TaskUpdates}},
		Jobs:         []Job{SeriesDue},
		UsesDatabase: true,
		Replicas:     Replicas{Min: 1, Max: 3},
		Resources:    backend,
	}
	// Notifier delivers reminders.
	Notifier = Service{
		Name:         notifier,
		Job:          "delivers reminders, keeps notifications",
		Publishes:    []Topic{TaskUpdates},
		Subscribes:   []Subscription{{Service: notifier, Topic: Reminders}, {Service: notifier, Topic: TaskUpdates}},
		Jobs:         []Job{RemindersDue},
		UsesDatabase: true,
		ExtraSecrets: []Secret{WebPush, SMTP},
		Replicas:     Replicas{Min: 1, Max: 3},
		Resources:    backend,
	}
	// Frontend is the web application.
	Frontend = Service{
		Name: frontend,
		Job:  "web app: sign-in, sessions, live updates",
		Subscribes: []Subscription{
			{Service: frontend, Topic: TaskEvents, Broadcast: true},
			{Service: frontend, Topic: Reminders, Broadcast: true},
			{Service: frontend, Topic: TaskUpdates, Broadcast: true},
		},
		Invokes:   []string{api},
		EdgePaths: []string{"/"},
		UsesState: true,
		Replicas:  Replicas{Min: 2, Max: 10},
		Resources: Resources{RequestCPU: "250m", RequestMemory: "256Mi", LimitCPU: "500m", LimitMemory: "512Mi"},
	}
)

// Durability is how the brokers of an environment keep records.
type Durability struct{ Replication, MinInSync int }

// The two durabilities: one broker on a laptop and on minikube, three in the cloud.
var (
	SingleBroker = Durability{Replication: 1, MinInSync: 1}
	Cloud        = Durability{Replication: 3, MinInSync: 2}
)
