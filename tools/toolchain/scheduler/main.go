// Command scheduler is Dapr's scheduler, which keeps the jobs that wake
// services, as one process on one machine.
//
// It differs from Dapr's own command in one thing: the health check listens on
// --healthz-listen-address, which Dapr's ignores to listen on every interface.
// What it leaves out is for Kubernetes.
package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/dapr/dapr/cmd/scheduler/options"
	"github.com/dapr/dapr/pkg/buildinfo"
	"github.com/dapr/dapr/pkg/healthz"
	"github.com/dapr/dapr/pkg/metrics"
	"github.com/dapr/dapr/pkg/modes"
	"github.com/dapr/dapr/pkg/scheduler/monitoring"
	"github.com/dapr/dapr/pkg/scheduler/server"
	"github.com/dapr/dapr/pkg/security"
	"github.com/dapr/kit/concurrency"
	"github.com/dapr/kit/logger"
	"github.com/dapr/kit/signals"
)

var log = logger.NewLogger("dapr.scheduler")

func main() {
	if err := run(signals.Context()); err != nil {
		log.Fatalf("scheduler: %v", err)
	}
	log.Info("Scheduler service shut down gracefully")
}

func run(ctx context.Context) error {
	opts, err := options.New(os.Args[1:])
	if err != nil {
		return err
	}
	if err := logger.ApplyOptionsToLoggers(&opts.Logger); err != nil {
		return err
	}
	log.Infof("Starting Dapr Scheduler Service -- version %s", buildinfo.Version())
	health := healthz.New()
	exporter := metrics.New(metrics.Options{
		Log: log, Enabled: opts.Metrics.Enabled(), Namespace: metrics.DefaultMetricNamespace,
		Port: opts.Metrics.Port(), ListenAddress: opts.Metrics.ListenAddress(), Healthz: health,
	})
	if err := monitoring.InitMetrics(); err != nil {
		return err
	}
	provider, err := security.New(ctx, security.Options{
		ControlPlaneTrustDomain: opts.TrustDomain,
		ControlPlaneNamespace:   security.CurrentNamespace(),
		AppID:                   "dapr-scheduler",
		MTLSEnabled:             false,
		Mode:                    modes.StandaloneMode,
		Healthz:                 health,
	})
	if err != nil {
		return err
	}
	return concurrency.NewRunnerManager(
		func(ctx context.Context) error { return serveHealth(ctx, opts, health) },
		exporter.Start,
		provider.Run,
		func(ctx context.Context) error { return schedule(ctx, opts, provider, health) },
	).Run(ctx)
}

// schedule runs the server, and another one whenever the members of the cluster
// have changed.
func schedule(ctx context.Context, opts *options.Options, provider security.Provider, health healthz.Healthz) error {
	handler, err := provider.Handler(ctx)
	if err != nil {
		return err
	}
	for ctx.Err() == nil {
		s, err := server.New(ctx, server.Options{
			Port:                           opts.Port,
			ListenAddress:                  opts.ListenAddress,
			OverrideBroadcastHostPort:      opts.OverrideBroadcastHostPort,
			Mode:                           modes.StandaloneMode,
			Security:                       handler,
			Healthz:                        health,
			EtcdEmbed:                      opts.EtcdEmbed,
			EtcdDataDir:                    opts.EtcdDataDir,
			EtcdName:                       opts.ID,
			EtcdInitialCluster:             opts.EtcdInitialCluster,
			EtcdClientPort:                 opts.EtcdClientPort,
			EtcdClientListenAddress:        opts.EtcdClientListenAddress,
			EtcdSpaceQuota:                 opts.EtcdSpaceQuota,
			EtcdCompactionMode:             opts.EtcdCompactionMode,
			EtcdCompactionRetention:        opts.EtcdCompactionRetention,
			EtcdSnapshotCount:              opts.EtcdSnapshotCount,
			EtcdMaxSnapshots:               opts.EtcdMaxSnapshots,
			EtcdMaxWALs:                    opts.EtcdMaxWALs,
			EtcdBackendBatchLimit:          opts.EtcdBackendBatchLimit,
			EtcdBackendBatchInterval:       opts.EtcdBackendBatchInterval,
			EtcdMaxTxnOps:                  opts.EtcdMaxTxnOps,
			EtcdDefragThresholdMB:          opts.EtcdDefragThresholdMB,
			EtcdInitialElectionTickAdvance: opts.EtcdInitialElectionTickAdvance,
			EtcdMetrics:                    opts.EtcdMetrics,
			Workers:                        opts.Workers,
		})
		if err != nil {
			return err
		}
		if err := s.Run(ctx); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// serveHealth answers 200 while the scheduler serves, else 503.
func serveHealth(ctx context.Context, opts *options.Options, health healthz.Healthz) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		if !health.IsReady() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	addr := net.JoinHostPort(opts.HealthzListenAddress, strconv.Itoa(opts.HealthzPort))
	srv := &http.Server{Addr: addr, Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = srv.Close() })
	defer stop()
	if err := srv.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
