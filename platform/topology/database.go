package topology

// A Role is a PostgreSQL login and what it may do. The writer of a table is the
// role that holds the grant; migrations apply exactly these.
type Role struct {
	Name   string
	Secret Secret // holds its connection string
	Grants []Grant
	// Schema is set for a role that owns a schema of its own and sees no other.
	Schema string
}

// Grant is what a role may do with one table, or with some columns of it.
type Grant struct {
	Table      string
	Privileges []Privilege
	Columns    []string // empty: all; allowed with SELECT, INSERT and UPDATE
}

// Privilege is a word of SQL's GRANT.
type Privilege string

// The privileges that are granted; nothing gets more.
const (
	Select Privilege = "SELECT"
	Insert Privilege = "INSERT"
	Update Privilege = "UPDATE"
	Delete Privilege = "DELETE"
)

// Database is the name of the one database.
const Database = "rondo"

// StateSchema holds the Dapr state store's tables.
const StateSchema = "dapr_state"

var (
	readWrite = []Privilege{Select, Insert, Update, Delete}
	readOnly  = []Privilege{Select}
)

// messaging is what every service that publishes or consumes needs.
func messaging() []Grant {
	return []Grant{
		{Table: "outbox", Privileges: readWrite},
		{Table: "outbox_leases", Privileges: readWrite},
		{Table: "processed_event_logs", Privileges: readWrite},
	}
}

// Roles are all logins besides the owner, who runs migrations.
func Roles() []Role {
	return []Role{
		{
			Name: "rondo_" + api, Secret: API.Database(),
			Grants: append(messaging(),
				Grant{Table: "users", Privileges: readWrite},
				Grant{Table: "api_tokens", Privileges: readWrite},
				Grant{Table: "tasks", Privileges: readWrite},
				Grant{Table: "task_tags", Privileges: readWrite},
				Grant{Table: "task_history", Privileges: readWrite},
				Grant{Table: "tags", Privileges: readWrite},
				Grant{Table: "idempotency_keys", Privileges: readWrite},
				Grant{Table: "series", Privileges: readWrite},
				Grant{Table: "series_tags", Privileges: readWrite},
				Grant{Table: "reminders", Privileges: readWrite},
				Grant{Table: "chat_turns", Privileges: readWrite},
				Grant{Table: "chat_chunks", Privileges: readWrite},
				Grant{Table: "model_usage", Privileges: readWrite},
				Grant{Table: "notifications", Privileges: readOnly},
				Grant{Table: "notifications", Privileges: []Privilege{Update}, Columns: []string{"read_at"}},
				Grant{Table: "push_subscriptions", Privileges: readWrite},
				Grant{Table: "channels", Privileges: readOnly},
				Grant{Table: "deliveries", Privileges: readOnly},
				Grant{Table: "feeds", Privileges: readWrite},
			),
		},
		{
			Name: "rondo_" + recurring, Secret: Recurring.Database(),
			Grants: append(messaging(),
				Grant{Table: "users", Privileges: readOnly},
				Grant{Table: "tasks", Privileges: []Privilege{Select, Insert}},
				Grant{Table: "task_tags", Privileges: []Privilege{Select, Insert}},
				Grant{Table: "task_history", Privileges: []Privilege{Insert}},
				Grant{Table: "tags", Privileges: readOnly},
				Grant{Table: "series", Privileges: readOnly},
				Grant{Table: "series", Privileges: []Privilege{Update}, Columns: []string{
					"status", "next_occurrence_at", "fire_at", "last_occurrence_at", "created_count", "skipped_count", "missed_count",
					"failure", "failures", "updated_at",
				}},
				Grant{Table: "series_tags", Privileges: readOnly},
				// The reminders of an instance come with it, in one transaction.
				Grant{Table: "reminders", Privileges: []Privilege{Select, Insert}},
				Grant{Table: "sweep_marks", Privileges: []Privilege{Select, Insert, Update}},
			),
		},
		{
			Name: "rondo_" + notifier, Secret: Notifier.Database(),
			Grants: append(messaging(),
				Grant{Table: "users", Privileges: readOnly},
				Grant{Table: "tasks", Privileges: readOnly},
				Grant{Table: "reminders", Privileges: readOnly},
				Grant{Table: "reminders", Privileges: []Privilege{Update}, Columns: []string{
					"status", "delivered_at", "version", "updated_at",
				}},
				Grant{Table: "notifications", Privileges: []Privilege{Select, Insert}},
				Grant{Table: "push_subscriptions", Privileges: []Privilege{Select, Delete}}, // those that are gone
				Grant{Table: "channels", Privileges: []Privilege{Select, Insert, Update}},
				Grant{Table: "deliveries", Privileges: readWrite},
			),
		},
		{Name: StateSchema, Secret: StateDatabase, Schema: StateSchema},
	}
}
