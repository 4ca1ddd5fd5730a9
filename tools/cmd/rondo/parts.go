package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
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
	c.Flags().StringVar(&o.Advertise, "advertise", "", "host:port by which others reach it; it then listens on every address")
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
	// The process that wants the server may be gone, and with it the other ends of
	// all pipes; writing to them must not end this program before it has cleaned up.
	signal.Ignore(syscall.SIGPIPE)
	// Reading also tells when that process has been killed.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, in)
		cancel()
	}()
	dir, remove, err := ephemeralDir()
	if err != nil {
		return err
	}
	defer remove()
	server, err := postgresserver.Start(ctx, postgresserver.Options{
		DataDir: filepath.Join(dir, "data"), Ephemeral: true, Log: patientWriter{os.Stderr},
	})
	if ctx.Err() != nil {
		if server != nil {
			server.Stop()
		}
		return nil
	}
	if err != nil {
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
		return errors.New("the server has ended by itself")
	}
}

// patientWriter drops what cannot be written.
type patientWriter struct{ w io.Writer }

func (p patientWriter) Write(data []byte) (int, error) {
	_, _ = p.w.Write(data)
	return len(data), nil
}

const ephemeralPrefix = "rondo-postgres-"

// ephemeralDir makes a directory that is locked while this program lives, and
// removes those of programs that were killed.
func ephemeralDir() (dir string, remove func(), err error) {
	left, err := filepath.Glob(filepath.Join(os.TempDir(), ephemeralPrefix+"*", "lock"))
	if err != nil {
		return "", nil, err
	}
	for _, path := range left {
		if f, err := tryLock(path); err == nil {
			_ = os.RemoveAll(filepath.Dir(path)) // it may be another user's
			_ = f.Close()
		}
	}
	if dir, err = os.MkdirTemp("", ephemeralPrefix); err != nil {
		return "", nil, err
	}
	f, err := tryLock(filepath.Join(dir, "lock"))
	if err != nil {
		return "", nil, err
	}
	remove = func() {
		_ = os.RemoveAll(dir)
		_ = f.Close()
	}
	// An unprivileged user has to get through when this is root.
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // the data in it is 0700
		remove()
		return "", nil, err
	}
	return dir, remove, nil
}

func tryLock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
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
