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
		inbox.On(p.Inbox(sub), mark)
	}
	return nil
}

// mark leaves it at the inbox's own mark that the event was seen: there are no
// reminders yet that a change of status could make pointless.
func mark(context.Context, pgx.Tx, event.Envelope, event.TaskStatusChanged) (any, error) {
	return nil, nil //nolint:nilnil // no result is a good one
}
