package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/tools/internal/broker"
	"github.com/rondohq/rondo/tools/internal/laptop"
	"github.com/rondohq/rondo/tools/internal/postgresserver"
	"github.com/rondohq/rondo/tools/internal/repository"
	"github.com/rondohq/rondo/tools/internal/toolchain"
)

func brokerCommand() *cobra.Command {
	o := broker.Options{Topics: broker.AllTopics()}
	c := &cobra.Command{
		Use:   "broker",
		Short: "Run the embedded Kafka broker alone",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Log = slog.New(slog.NewJSONHandler(os.Stderr, nil))
			b, err := broker.Start(cmd.Context(), o)
			if err != nil {
				return err
			}
			o.Log.Info("the broker is ready", "addr", b.Addr(), "data", o.DataDir)
			<-cmd.Context().Done()
			b.Close()
			o.Log.Info("the broker has stopped")
			return nil
		},
	}
	c.Flags().IntVar(&o.Port, "port", topology.LaptopPorts(topology.DefaultPortBase).Kafka, "port on 127.0.0.1; 0 picks a free one")
	c.Flags().StringVar(&o.DataDir, "data-dir", filepath.Join(laptop.DefaultDir, "kafka"), "directory of the data")
	return c
}

func postgresCommand() *cobra.Command {
	var ephemeral bool
	c := &cobra.Command{
		Use:   "postgres --ephemeral",
		Short: "Run a throw-away PostgreSQL server with the roles, until stdin closes",
		Long: `Run a PostgreSQL server in a temporary directory, with the database and the
roles of the platform. One line of JSON on stdout says how to connect, as the
owner and as each role. When stdin closes the server stops and all is removed.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !ephemeral {
				return fmt.Errorf("only --ephemeral; `rondo up` runs the server that keeps its data")
			}
			return runEphemeral(cmd.Context(), os.Stdin, os.Stdout)
		},
	}
	c.Flags().BoolVar(&ephemeral, "ephemeral", false, "remove everything at the end")
	return c
}

func runEphemeral(ctx context.Context, in io.Reader, out io.Writer) error {
	// Reading also tells when the process that wants the server has been killed.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, in)
		cancel()
	}()
	dir, err := os.MkdirTemp("", "rondo-postgres-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	// An unprivileged user has to get through when this is root.
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // the data in it is 0700
		return err
	}
	server, err := postgresserver.Start(ctx, postgresserver.Options{
		DataDir: filepath.Join(dir, "data"), Ephemeral: true, Log: os.Stderr,
	})
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	defer server.Stop()
	if err := json.NewEncoder(out).Encode(server.URLs); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return nil
	case <-server.Done():
		return fmt.Errorf("the server has ended by itself")
	}
}

func toolCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "tool <name> [arguments]…",
		Short: "Build a tool of tools/toolchain, unless it is built already, and run it",
		// Flags belong to the tool.
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			root, err := repository.Root()
			if err != nil {
				return err
			}
			if len(args) == 0 || strings.HasPrefix(args[0], "-") {
				names, err := toolchain.Names(root)
				if err != nil {
					return err
				}
				return fmt.Errorf("which tool? There are: %s", strings.Join(names, ", "))
			}
			path, err := toolchain.Ensure(cmd.Context(), root, args[0], toolchain.Printer(os.Stderr))
			if err != nil {
				return err
			}
			return syscall.Exec(path, args, os.Environ())
		},
	}
}
