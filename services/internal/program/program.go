// Package program is what all four mains have in common: they connect to the
// sidecar, read their secrets, open the two listeners and stop in order.
package program

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/services/internal/clientaddress"
	"github.com/rondohq/rondo/services/internal/inbox"
	"github.com/rondohq/rondo/services/internal/lifecycle"
	"github.com/rondohq/rondo/services/internal/outbox"
	"github.com/rondohq/rondo/services/internal/postgres"
	"github.com/rondohq/rondo/services/internal/sidecar"
	"github.com/rondohq/rondo/services/internal/telemetry"
)

// sidecarTime is how long a start waits for the sidecar; whoever started the
// service tries again after that.
const sidecarTime = time.Minute

// Program is a service on its way up. Setup fills it with routes and parts.
type Program struct {
	*telemetry.Telemetry

	Service topology.Service
	Sidecar *sidecar.Client
	// Pool is nil for a service without a database.
	Pool *pgxpool.Pool
	// Calls takes what the sidecar brings: events, jobs, invocations.
	Calls *sidecar.Listener
	// Public has /healthz, /readyz and /metrics already.
	Public *http.ServeMux

	parts   []lifecycle.Part
	inboxes *inbox.Metrics
}

// Main runs a service until it is told to stop, and returns the exit code.
func Main(service topology.Service, setup func(ctx context.Context, p *Program) error) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, service, setup); err != nil {
		fmt.Fprintf(os.Stderr, "%s stopped: %v\n", service.Name, err)
		return 1
	}
	return 0
}

func run(ctx context.Context, service topology.Service, setup func(context.Context, *Program) error) error {
	proxies, err := clientaddress.Parse(os.Getenv("RONDO_TRUSTED_PROXIES"))
	if err != nil {
		return fmt.Errorf("RONDO_TRUSTED_PROXIES: %w", err)
	}
	tel, flush, err := telemetry.Start(ctx, service)
	if err != nil {
		return fmt.Errorf("starting telemetry: %w", err)
	}
	defer func() {
		flushing, cancel := context.WithTimeout(context.WithoutCancel(ctx), lifecycle.Grace)
		defer cancel()
		if err := flush(flushing); err != nil { // traces are no reason to have failed
			tel.Log.WarnContext(ctx, "flushing traces", "error", err)
		}
	}()

	p := &Program{Telemetry: tel, Service: service, Public: http.NewServeMux()}
	waiting, cancel := context.WithTimeout(ctx, sidecarTime)
	defer cancel()
	if p.Sidecar, err = sidecar.Connect(waiting, p.Log); err != nil {
		return err //nolint:wrapcheck // says all
	}
	defer p.Sidecar.Close()
	appToken, err := p.Sidecar.Secret(waiting, service.AppToken())
	if err != nil {
		return err //nolint:wrapcheck // says all
	}
	p.Calls = sidecar.NewListener(service, appToken[topology.TokenKey], p.Log, p.Registry)
	checks := []telemetry.Check{{Name: "sidecar", Do: p.Sidecar.Ready}}
	if service.UsesDatabase {
		secret, err := p.Sidecar.Secret(waiting, service.Database())
		if err != nil {
			return err //nolint:wrapcheck // says all
		}
		if p.Pool, err = postgres.Open(ctx, secret[topology.DatabaseURLKey]); err != nil {
			return err //nolint:wrapcheck // says all
		}
		defer p.Pool.Close()
		checks = append(checks, telemetry.Check{Name: "database", Do: p.Pool.Ping})
	}
	p.Health(p.Public, checks...)
	if err := setup(ctx, p); err != nil {
		return err
	}
	// Intake comes last, and so stops first.
	p.parts = append(p.parts,
		lifecycle.HTTP("sidecar listener", address("RONDO_APP_ADDR", topology.ClusterPorts.App), p.Calls),
		lifecycle.HTTP("public listener", address("RONDO_PUBLIC_ADDR", topology.ClusterPorts.Public), proxies.Handler(p.HTTP(p.Public))),
	)
	p.Log.InfoContext(ctx, "started")
	return lifecycle.Run(ctx, p.Log, p.parts...) //nolint:wrapcheck // names the part
}

func address(name string, port int) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return net.JoinHostPort("", strconv.Itoa(port))
}

// Add makes a part run beside the listeners. It stops after them, later parts first.
func (p *Program) Add(name string, run func(ctx context.Context) error) {
	p.parts = append(p.parts, lifecycle.Part{Name: name, Run: run})
}

// Outbox makes the service's outbox and runs its relay.
func (p *Program) Outbox() *outbox.Outbox {
	o := outbox.New(p.Service)
	p.Add("outbox relay", outbox.NewRelay(o, p.Pool, p.Sidecar, p.Log, p.Registry).Run)
	return o
}

// Inbox subscribes to a topic. Events without an effect are acknowledged.
func (p *Program) Inbox(sub topology.Subscription) *inbox.Inbox {
	if p.inboxes == nil {
		p.inboxes = inbox.NewMetrics(p.Registry)
	}
	i := inbox.New(sub, p.Pool, p.Log, p.inboxes)
	p.Calls.HandleEvents(sub, i.Handle)
	p.Add("inbox of "+sub.Group(), i.Purge)
	return i
}
