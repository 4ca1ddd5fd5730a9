// Command recurring turns series into task instances, on time.
package main

import (
	"context"
	"os"

	"github.com/jackc/pgx/v5"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/services/internal/inbox"
	"github.com/rondohq/rondo/services/internal/program"
)

func main() { os.Exit(program.Main(topology.Recurring, wire)) }

func wire(_ context.Context, p *program.Program) error {
	for _, sub := range topology.Recurring.Subscribes {
		i := p.Inbox(sub)
		inbox.On(i, noteCreated)
		inbox.On(i, noteStatus)
	}
	return nil
}

// seen is what this service keeps of an event for now: that it came, and which
// state of the task it told of.
type seen struct {
	Task    string `json:"task_id"`
	Version int64  `json:"version"`
}

func noteCreated(_ context.Context, _ pgx.Tx, e event.Envelope, p event.TaskCreated) (any, error) {
	return seen{Task: e.Subject, Version: p.Task.Version}, nil
}

func noteStatus(_ context.Context, _ pgx.Tx, e event.Envelope, p event.TaskStatusChanged) (any, error) {
	return seen{Task: e.Subject, Version: p.Version}, nil
}
