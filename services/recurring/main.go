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
		inbox.On(i, mark[event.TaskCreated])
		inbox.On(i, mark[event.TaskStatusChanged])
	}
	return nil
}

// mark leaves it at the inbox's own mark that the event was seen: there are no
// series yet that a task could belong to.
func mark[P event.Payload](context.Context, pgx.Tx, event.Envelope, P) (any, error) {
	return nil, nil //nolint:nilnil // no result is a good one
}
