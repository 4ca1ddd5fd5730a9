// Command recurring turns series into task instances, on time.
package main

import (
	"context"
	"os"
	"time"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/services/internal/inbox"
	"github.com/rondohq/rondo/services/internal/occurrence"
	"github.com/rondohq/rondo/services/internal/program"
	"github.com/rondohq/rondo/services/internal/wakeup"
	"github.com/rondohq/rondo/services/recurring/materialise"
	"github.com/rondohq/rondo/services/recurring/overdue"
	"github.com/rondohq/rondo/services/recurring/schedule"
)

func main() { os.Exit(program.Main(topology.Recurring, wire)) }

func wire(_ context.Context, p *program.Program) error {
	outbox := p.Outbox()
	instances := materialise.New(materialise.NewPostgres(p.Pool, outbox), time.Now, p.Log, p.Registry)
	wake := wakeup.New(topology.SeriesDue, p.Sidecar, instances, time.Now, p.Log, p.Registry)
	instances.OnLateness(wake.Late)
	p.Calls.HandleJobs(wake.Handle)
	p.Add("wake-ups of series", wake.Run)

	schedules := schedule.New(schedule.NewPostgres(p.Pool), wake, time.Now, p.Log, p.Registry)
	series, tasks := p.Inbox(topology.Recurring.Subscribes[0]), p.Inbox(topology.Recurring.Subscribes[1])
	schedules.Subscribe(series, tasks)
	// How the way of an event is measured from end to end.
	inbox.Mark[event.TaskCreated](series)
	p.Add("sweep for unscheduled series", schedules.Run)
	p.Add("purge of occurrence marks", func(ctx context.Context) error { return occurrence.Purge(ctx, p.Pool, p.Log) })

	p.Add("sweep for overdue tasks", overdue.New(p.Pool, outbox, time.Now, p.Log, p.Registry).Run)
	return nil
}
