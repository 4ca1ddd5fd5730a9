package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/tools/internal/laptop"
	"github.com/rondohq/rondo/tools/internal/supervisor"
	"github.com/rondohq/rondo/tools/internal/up"
	"github.com/rondohq/rondo/tools/internal/wakeups"
)

func upCommand() *cobra.Command {
	var o up.Options
	var detach bool
	c := &cobra.Command{
		Use:   "up",
		Short: "Start everything on this machine and keep it running",
		Long: `Start PostgreSQL, the Kafka broker, Dapr's scheduler and the services, each
with its sidecar, on 127.0.0.1. Data stays in the directory and is there again
at the next start. Ctrl-C stops everything.

Reminders come by e-mail too when SMTP_SERVER_URL (smtps://user:password@host:465) and
SMTP_SERVER_FROM (an address) are set.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Out = os.Stdout
			const lowest, highest = 1024, 1<<16 - topology.PortRange
			if o.PortBase < lowest || o.PortBase > highest {
				return fmt.Errorf("--port-base has to be between %d and %d", lowest, highest)
			}
			if o.Postgres == "" {
				o.Postgres = os.Getenv(up.EnvPostgresURL)
			}
			if detach {
				return up.Detach(cmd.Context(), o)
			}
			return up.Run(cmd.Context(), o)
		},
	}
	flags := c.Flags()
	flags.BoolVar(&detach, "detach", false, "return when it is ready and leave it running")
	flags.IntVar(&o.PortBase, "port-base", topology.DefaultPortBase,
		fmt.Sprintf("first of the %d ports; the web application answers there", topology.PortRange))
	flags.StringVar(&o.Kafka, "kafka", "", "use the Kafka brokers at host:port[,host:port] instead of the embedded one")
	flags.StringVar(&o.Postgres, "postgres", "", "use the PostgreSQL server at this URL of an administrator (or "+up.EnvPostgresURL+")")
	dirFlag(c, &o.Dir)
	return c
}

func dirFlag(c *cobra.Command, dir *string) {
	c.Flags().StringVar(dir, "dir", laptop.DefaultDir, "directory of the stack's data")
}

func downCommand() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "down",
		Short: "Stop what `rondo up` has started",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return up.Down(cmd.Context(), dir, os.Stdout)
		},
	}
	dirFlag(c, &dir)
	return c
}

func statusCommand() *cobra.Command {
	var dir string
	var asJSON bool
	c := &cobra.Command{
		Use:   "status",
		Short: "Say what runs; exit code 1 unless all of it is ready",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			state, err := up.Status(dir)
			if err != nil {
				return err
			}
			var kept []wakeups.Kind
			if state.Phase == up.PhaseReady {
				kept = timekeeping(cmd.Context(), state)
			}
			if asJSON {
				encoder := json.NewEncoder(os.Stdout)
				encoder.SetIndent("", "  ")
				if err := encoder.Encode(struct {
					*up.State

					Time []wakeups.Kind `json:"time,omitempty"`
				}{state, kept}); err != nil {
					return err
				}
			} else {
				printStatus(os.Stdout, state)
				if len(kept) > 0 {
					fmt.Fprintln(os.Stdout)
					wakeups.Print(os.Stdout, kept)
				}
			}
			if !state.AllReady() {
				return &exitError{code: 1}
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print the state as JSON")
	dirFlag(c, &dir)
	return c
}

// timekeeping asks the services how well they keep time.
func timekeeping(ctx context.Context, state *up.State) []wakeups.Kind {
	plan := topology.LaptopPorts(state.PortBase)
	return wakeups.Read(ctx, func(s topology.Service) string {
		return "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(plan.Services[s.Name].Public))
	})
}

func printStatus(w io.Writer, state *up.State) {
	if state.Phase == up.PhaseStopped || state.Phase == up.PhaseFailed {
		fmt.Fprintln(w, "Rondo is not running.")
		if state.Failure != nil {
			fmt.Fprintf(w, "The last start failed: %s %s\n", state.Failure.Part, state.Failure.Reason)
		}
		return
	}
	fmt.Fprintf(w, "Rondo is %s: %s (pid %d)\n\n", state.Phase, state.URL, state.Supervisor.PID)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "PART\tSTATE\tPID\tRESTARTS\tSINCE\tDETAIL")
	for _, p := range state.Parts {
		if p.Task && p.State == supervisor.Ready {
			continue // done, and of no interest any more
		}
		pid, since := "-", "-"
		if p.Process.PID != 0 {
			pid = strconv.Itoa(p.Process.PID)
		}
		if !p.Since.IsZero() {
			since = time.Since(p.Since).Round(time.Second).String()
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s\t%s\n", p.Name, p.State, pid, p.Restarts, since, p.Detail)
	}
	_ = table.Flush() // to the same writer as all the rest
}

func logsCommand() *cobra.Command {
	var dir string
	var follow bool
	var lines int
	c := &cobra.Command{
		Use:   "logs [part]…",
		Short: "Print the logs of all parts or of some",
		RunE: func(cmd *cobra.Command, parts []string) error {
			return printLogs(cmd.Context(), os.Stdout, filepath.Join(dir, "logs"), parts, lines, follow)
		},
	}
	c.Flags().BoolVarP(&follow, "follow", "f", false, "go on printing what is added")
	c.Flags().IntVarP(&lines, "lines", "n", 50, "begin with the last `n` lines of each part")
	dirFlag(c, &dir)
	return c
}

func printLogs(ctx context.Context, w io.Writer, dir string, parts []string, lines int, follow bool) error {
	known, err := logNames(dir)
	if err != nil {
		return err
	}
	if len(parts) == 0 {
		parts = slices.DeleteFunc(slices.Clone(known), func(name string) bool { return strings.HasSuffix(name, ".previous") })
	}
	width := 0
	for _, p := range parts {
		if !slices.Contains(known, p) {
			return fmt.Errorf("no log of a part %q; there are: %s", p, strings.Join(known, ", "))
		}
		width = max(width, len(p))
	}
	tails := make([]*tail, len(parts))
	for i, p := range parts {
		prefix := ""
		if len(parts) > 1 {
			prefix = fmt.Sprintf("%-*s | ", width, p)
		}
		path := filepath.Join(dir, p+".log")
		for _, line := range supervisor.LastLines(path, lines) {
			fmt.Fprintln(w, prefix+line)
		}
		tails[i] = &tail{path: path, prefix: prefix}
		if info, err := os.Stat(path); err == nil {
			tails[i].offset = info.Size()
		}
	}
	for follow {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(250 * time.Millisecond):
		}
		for _, t := range tails {
			if err := t.copyNew(w); err != nil {
				return err
			}
		}
	}
	return nil
}

func logNames(dir string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.log"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no logs in %s; has `rondo up` been run?", dir)
	}
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = strings.TrimSuffix(filepath.Base(f), ".log")
	}
	return names, nil
}

// tail prints what is added to a file, in whole lines.
type tail struct {
	path, prefix string
	offset       int64
	partial      string
}

func (t *tail) copyNew(w io.Writer) error {
	f, err := os.Open(t.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() < t.offset {
		t.offset, t.partial = 0, "" // a new start has begun a new file
	}
	data, err := io.ReadAll(io.NewSectionReader(f, t.offset, 1<<20))
	if err != nil {
		return err
	}
	t.offset += int64(len(data))
	lines := strings.Split(t.partial+string(data), "\n")
	t.partial = lines[len(lines)-1]
	for _, line := range lines[:len(lines)-1] {
		fmt.Fprintln(w, t.prefix+line)
	}
	return nil
}
