// Command notifier delivers reminders and keeps notifications.
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

func main() { os.Exit(program.Main(topology.Notifier, wire)) }

func wire(_ context.Context, p *program.Program) error {
	for _, sub := range topology.Notifier.Subscribes {
		inbox.On(p.Inbox(sub), keepStanding)
	}
	return nil
}

// standing is what this service keeps of a change of status for now: whether
// reminders of the task still have a purpose.
type standing struct {
	Task string `json:"task_id"`
	Open bool   `json:"open"`
}

func keepStanding(_ context.Context, _ pgx.Tx, e event.Envelope, p event.TaskStatusChanged) (any, error) {
	return standing{Task: e.Subject, Open: p.To.Open()}, nil
}
