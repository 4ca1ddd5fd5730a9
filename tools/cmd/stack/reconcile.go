package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/spf13/cobra"

	"github.com/rondohq/rondo/infra/program"
	"github.com/rondohq/rondo/tools/internal/engine"
	"github.com/rondohq/rondo/tools/internal/reconcile"
	"github.com/rondohq/rondo/tools/internal/repository"
	"github.com/rondohq/rondo/tools/internal/toolchain"
)

func reconcileCommand() *cobra.Command {
	var (
		stack, dir, output, listen string
		apply                      bool
		interval                   time.Duration
	)
	c := &cobra.Command{
		Use:   "reconcile",
		Short: "Compare a stack with its program and with what is really there, and mend the difference",
		Long: `Look at every resource of a stack that exists, and print what is not as the
program says. The state, its passphrase and the clouds' credentials are those of
"pulumi" (PULUMI_BACKEND_URL, PULUMI_CONFIG_PASSPHRASE and so on).

The exit code is 0 when nothing has drifted or all of it was mended, 2 when there
is drift, and 1 when looking failed. With --interval it looks again and again,
until it is stopped.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			write, ok := map[string]func(reconcile.Report) error{
				"table": func(r reconcile.Report) error { return reconcile.WriteTable(os.Stdout, r) },
				"json":  func(r reconcile.Report) error { return reconcile.WriteJSON(os.Stdout, r) },
			}[output]
			switch {
			case !ok:
				return fmt.Errorf("--output %s: there are table and json", output)
			case interval < 0:
				return fmt.Errorf("--interval %s: it can't be negative", interval)
			case listen != "" && interval == 0:
				return errors.New("--metrics-listen needs --interval: one look ends before anybody can ask")
			}
			opened, err := open(cmd.Context(), stack, dir)
			if err != nil {
				return err
			}
			registry := prometheus.NewRegistry()
			r := &reconcile.Reconciler{
				Name: stack, Stack: opened, Apply: apply, Metrics: reconcile.NewMetrics(registry),
				Log: slog.New(slog.NewTextHandler(os.Stderr, nil)), Report: write,
			}
			if interval > 0 {
				stop, err := serveMetrics(cmd.Context(), listen, registry)
				if err != nil {
					return err
				}
				defer stop()
				return r.Loop(cmd.Context(), interval)
			}
			report, err := r.Once(cmd.Context())
			if err == nil && len(report.Drift) > 0 && !report.Applied {
				return errDrift
			}
			return err
		},
	}
	stackFlags(c, &stack, &dir)
	flags := c.Flags()
	flags.StringVar(&output, "output", "table", "how to print: table or json")
	flags.BoolVar(&apply, "apply", false, "mend what has drifted")
	flags.DurationVar(&interval, "interval", 0, "look again after this time, for ever")
	flags.StringVar(&listen, "metrics-listen", "", "host:port that answers /metrics; with --interval")
	return c
}

// open finds the stack where `pulumi` would, with the `pulumi` in PATH or, when
// there is none, the one of the toolchain.
func open(ctx context.Context, stack, dir string) (*engine.Stack, error) {
	root, err := repository.Root()
	if err != nil {
		return nil, err
	}
	if dir == "" {
		dir = root
	}
	options := engine.Options{Stack: stack, Program: program.Run, Dir: dir}
	if _, err := exec.LookPath("pulumi"); err == nil {
		return engine.Open(ctx, options)
	}
	path, err := toolchain.Ensure(ctx, root, toolchain.Pulumi, toolchain.Printer(os.Stderr))
	if err != nil {
		return nil, err
	}
	options.Install = filepath.Join(root, ".rondo", "pulumi")
	if err := engine.Install(path, options.Install); err != nil {
		return nil, err
	}
	return engine.Open(ctx, options)
}

func serveMetrics(ctx context.Context, listen string, registry *prometheus.Registry) (stop func(), err error) {
	if listen == "" {
		return func() {}, nil
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	if err != nil {
		return nil, fmt.Errorf("--metrics-listen: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }()
	return func() { _ = server.Close() }, nil
}
