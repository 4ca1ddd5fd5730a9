// Command bench measures the running stack and prints its numbers beside the goals
// of docs/requirements.md. It adds users and tasks of its own to the database.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/tools/internal/bench"
	"github.com/rondohq/rondo/tools/internal/laptop"
	"github.com/rondohq/rondo/tools/internal/postgresserver"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, out, progress io.Writer) int {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(progress)
	size := bench.Full()
	dir := flags.String("dir", laptop.DefaultDir, "directory of the running stack")
	base := flags.Int("port-base", topology.DefaultPortBase, "its first port")
	file := flags.String("json", "", "also write the rows to this file")
	flags.IntVar(&size.Users, "users", size.Users, "users of the steady load")
	flags.IntVar(&size.Tasks, "tasks", size.Tasks, "tasks of each of them")
	flags.IntVar(&size.Large, "large", size.Large, "tasks of the user with many")
	flags.IntVar(&size.Trickle, "trickle", size.Trickle, "reminders that are due one after the other")
	flags.IntVar(&size.Burst, "burst", size.Burst, "reminders that are due in one minute, and at one instant")
	flags.DurationVar(&size.Steady, "steady", size.Steady, "length of the steady load")
	flags.DurationVar(&size.Saturate, "saturate", size.Saturate, "length of each saturated load")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	target, err := locate(*dir, *base)
	if err != nil {
		fmt.Fprintln(progress, "bench:", err)
		return 1
	}
	rows, err := bench.Run(ctx, target, size, progress)
	if printErr := bench.Print(out, rows); err == nil {
		err = printErr
	}
	if err == nil && *file != "" {
		err = save(*file, rows)
	}
	if err != nil {
		fmt.Fprintln(progress, "bench:", err)
		return 1
	}
	return 0
}

// locate finds the running stack's addresses.
func locate(dir string, base int) (bench.Target, error) {
	credentials, err := laptop.LoadCredentials(filepath.Join(dir, "credentials.json"))
	if err != nil {
		return bench.Target{}, fmt.Errorf("no stack in %s (start one with make up): %w", dir, err)
	}
	plan := topology.LaptopPorts(base)
	owner := url.URL{
		Scheme: "postgres", Host: loopback(plan.Postgres), Path: topology.Database,
		User: url.UserPassword(postgresserver.Owner, credentials.Roles[postgresserver.Owner]),
	}
	target := bench.Target{Kafka: loopback(plan.Kafka), OwnerURL: owner.String(), Metrics: map[string]string{}}
	for _, service := range topology.Services() {
		target.Metrics[service.Name] = "http://" + loopback(plan.Services[service.Name].Public)
	}
	target.API = target.Metrics[topology.API.Name]
	return target, nil
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

func save(path string, rows []bench.Row) error {
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("writing the rows: %w", err)
	}
	if err := bench.WriteJSON(file, rows); err != nil {
		_ = file.Close()
		return err //nolint:wrapcheck // says all
	}
	return file.Close() //nolint:wrapcheck // names the file
}
