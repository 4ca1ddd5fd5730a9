// Package server joins the use cases of api into one set of routes, which both
// listeners serve: the public one to bearer clients, the sidecar's to the frontend.
package server

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rondohq/rondo/services/api/account"
	"github.com/rondohq/rondo/services/api/assistant/chat"
	"github.com/rondohq/rondo/services/api/assistant/mcp"
	"github.com/rondohq/rondo/services/api/assistant/model"
	"github.com/rondohq/rondo/services/api/assistant/offline"
	"github.com/rondohq/rondo/services/api/assistant/quickadd"
	"github.com/rondohq/rondo/services/api/assistant/tool"
	"github.com/rondohq/rondo/services/api/calendar"
	"github.com/rondohq/rondo/services/api/docs"
	"github.com/rondohq/rondo/services/api/exchange"
	"github.com/rondohq/rondo/services/api/feed"
	"github.com/rondohq/rondo/services/api/notification"
	"github.com/rondohq/rondo/services/api/recurrence"
	"github.com/rondohq/rondo/services/api/reminder"
	"github.com/rondohq/rondo/services/api/series"
	"github.com/rondohq/rondo/services/api/tag"
	"github.com/rondohq/rondo/services/api/task"
	"github.com/rondohq/rondo/services/internal/idempotency"
	"github.com/rondohq/rondo/services/internal/outbox"
	"github.com/rondohq/rondo/services/internal/ratelimit"
	"github.com/rondohq/rondo/services/internal/rest"
	"github.com/rondohq/rondo/services/internal/token"
)

// Deps is what the use cases stand on.
type Deps struct {
	Pool     *pgxpool.Pool
	Outbox   *outbox.Outbox
	Registry prometheus.Registerer
	// Document is the OpenAPI document, in YAML.
	Document []byte
	// Now is the clock, time.Now outside tests.
	Now func() time.Time
	Log *slog.Logger
	// State keeps what was said in chats.
	State chat.State
	// Model answers in chats, where one is configured.
	Model model.Config
}

// API is the joined use cases.
type API struct {
	document      *docs.Site
	verifier      *account.Verifier
	accounts      account.Endpoints
	tasks         task.Endpoints
	tags          tag.Endpoints
	reminders     reminder.Endpoints
	notifications notification.Endpoints
	exchange      exchange.Endpoints
	quickadd      quickadd.Endpoints
	preview       recurrence.Endpoints
	series        series.Endpoints
	feeds         feed.Endpoints
	calendar      calendar.Endpoints
	chat          chat.Endpoints
	conversation  *chat.Conversation
	mcp           http.Handler
}

// New makes the use cases.
func New(d Deps) (*API, error) {
	site, err := docs.New(d.Document)
	if err != nil {
		return nil, fmt.Errorf("reading the OpenAPI document: %w", err)
	}
	passwords, err := account.NewPasswords()
	if err != nil {
		return nil, fmt.Errorf("preparing password hashes: %w", err)
	}
	durations := rest.Durations(d.Registry)
	accountStore := account.NewStore(d.Pool, d.Outbox)
	verifier := account.NewVerifier(accountStore, d.Now)
	accounts := account.NewService(accountStore, passwords, verifier, account.DefaultLimits(d.Now), d.Now)
	taskStore := task.NewPostgres(d.Pool, d.Outbox)
	services := tool.Services{
		Tasks:         task.NewService(taskStore, d.Now),
		Series:        series.NewService(series.NewPostgres(d.Pool, taskStore, d.Outbox), d.Now),
		Reminders:     reminder.NewService(reminder.NewPostgres(d.Pool, d.Outbox), d.Now),
		Notifications: notification.NewService(notification.NewPostgres(d.Pool, d.Outbox), d.Now),
		Tags:          tag.NewService(tag.NewPostgres(d.Pool, d.Outbox)),
	}
	tools := tool.New(services)
	conversation := d.conversation(tools)
	return &API{
		document:      site,
		verifier:      verifier,
		accounts:      account.MakeEndpoints(accounts, durations),
		tasks:         task.MakeEndpoints(services.Tasks, durations),
		tags:          tag.MakeEndpoints(services.Tags, durations),
		reminders:     reminder.MakeEndpoints(services.Reminders, durations),
		notifications: notification.MakeEndpoints(services.Notifications, durations),
		exchange:      exchange.MakeEndpoints(exchange.NewService(exchange.NewPostgres(d.Pool, taskStore, d.Outbox), d.Now), durations),
		preview:       recurrence.MakeEndpoints(recurrence.NewService(ratelimit.ForPrograms(d.Now)), durations),
		series:        series.MakeEndpoints(services.Series, durations),
		quickadd:      quickadd.MakeEndpoints(quickadd.NewService(ratelimit.ForPrograms(d.Now)), durations),
		chat:          chat.MakeEndpoints(conversation, durations),
		conversation:  conversation,
		mcp: token.Authenticate(verifier, mcp.Handler(mcp.Deps{
			Tools: tools, Zones: conversation.Store, Now: d.Now, Log: d.Log,
		})),
		calendar: calendar.MakeEndpoints(calendar.NewService(calendar.NewPostgres(d.Pool, taskStore), d.Now), durations),
		feeds:    feed.MakeEndpoints(feed.NewService(feed.NewPostgres(d.Pool, taskStore), feed.DefaultLimits(d.Now), d.Now), durations),
	}, nil
}

// conversation is the chat, with its responders in the order in which they try.
func (d Deps) conversation(tools *tool.Registry) *chat.Conversation {
	responders := []chat.Responder{offline.Responder{}}
	if d.Model.Configured() {
		responders = append([]chat.Responder{model.New(d.Model, model.Deps{
			Tools: tools, Spending: model.NewUsage(d.Pool), Log: d.Log, Registry: d.Registry,
		})}, responders...)
	}
	return chat.NewService(chat.Config{
		Store: chat.NewPostgres(d.Pool), Memory: chat.Memory{State: d.State}, Tools: tools, Responders: responders,
		Now: d.Now, Log: d.Log, Registry: d.Registry,
	})
}

// Run makes the answers of chats, until ctx ends.
func (a *API) Run(ctx context.Context) error { return a.conversation.Run(ctx) } //nolint:wrapcheck // says all

// MCP serves the Model Context Protocol, at a path of the public listener.
func (a *API) MCP() http.Handler { return a.mcp }

// Routes are all routes, and the answer to what is none.
func (a *API) Routes() http.Handler {
	mux := rest.NewMux(series.Path)
	a.Register(mux)
	return mux
}

// Register mounts all routes on a rest.Mux that sets series.Path apart.
func (a *API) Register(mux rest.Router) {
	docs.Register(mux, a.document)
	account.RegisterPublic(mux, a.accounts)
	anyone := rest.Through(mux, func(next http.Handler) http.Handler { return token.Optional(a.verifier, next) })
	quickadd.Register(anyone, a.quickadd)
	recurrence.Register(anyone, a.preview)
	feed.RegisterPublic(mux, a.feeds)

	private := func(maxBody int64) rest.Router {
		return rest.Through(mux, func(next http.Handler) http.Handler {
			return token.Require(a.verifier, idempotency.Middleware(maxBody, next))
		})
	}
	account.Register(private(rest.MaxBody), a.accounts)
	task.Register(private(rest.MaxBody), a.tasks)
	series.Register(private(rest.MaxBody), a.series)
	tag.Register(private(rest.MaxBody), a.tags)
	reminder.Register(private(rest.MaxBody), a.reminders)
	notification.Register(private(rest.MaxBody), a.notifications)
	exchange.Register(private(exchange.MaxBody), a.exchange)
	feed.Register(private(rest.MaxBody), a.feeds)
	calendar.Register(private(rest.MaxBody), a.calendar)
	chat.Register(private(rest.MaxBody), a.chat)
}
