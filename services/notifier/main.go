// Command notifier delivers reminders and keeps notifications.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"
	_ "time/tzdata" // the image has no zone files

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/services/internal/inbox"
	"github.com/rondohq/rondo/services/internal/program"
	"github.com/rondohq/rondo/services/internal/wakeup"
	"github.com/rondohq/rondo/services/notifier/channel"
	"github.com/rondohq/rondo/services/notifier/reminder"
)

func main() { os.Exit(program.Main(topology.Notifier, wire)) }

func wire(ctx context.Context, p *program.Program) error {
	configured, err := channels(ctx, p)
	if err != nil {
		return err
	}
	set := channel.NewSet(p.Pool, time.Now, p.Log, p.Registry, configured...)
	deliverer := reminder.New(p.Pool, p.Outbox(), set, time.Now, p.Log, p.Registry)
	wake := wakeup.New(topology.RemindersDue, p.Sidecar, deliverer, time.Now, p.Log, p.Registry)
	deliverer.Late = wake.Late

	schedule := func(ctx context.Context, instants []time.Time) { wake.Schedule(ctx, instants...) }
	for _, sub := range topology.Notifier.Subscribes {
		i := p.Inbox(sub)
		inbox.OnThen(i, reminder.Scheduled, schedule)
		inbox.OnThen(i, reminder.StatusChanged, schedule)
	}
	p.Calls.HandleJobs(wake.Handle)
	p.Add("channels", set.Run)
	p.Add("wake-ups of reminders", wake.Run)
	return nil
}

// channels are those whose credentials are there.
func channels(ctx context.Context, p *program.Program) ([]channel.Channel, error) {
	var all []channel.Channel
	push, err := p.Sidecar.Secret(ctx, topology.WebPush)
	if err != nil {
		return nil, err //nolint:wrapcheck // says all
	}
	if key := push[topology.WebPushKey]; key != "" {
		c, err := channel.NewPush(key, strings.TrimPrefix(push[topology.WebPushSubjectKey], "mailto:"), nil)
		if err != nil {
			return nil, fmt.Errorf("setting push up: %w", err)
		}
		all = append(all, c)
	}
	smtp, err := p.Sidecar.Secret(ctx, topology.SMTP)
	if err != nil {
		return nil, err //nolint:wrapcheck // says all
	}
	if server := smtp[topology.SMTPURLKey]; server != "" {
		c, err := channel.NewEmail(server, smtp[topology.SMTPFromKey], nil)
		if err != nil {
			return nil, fmt.Errorf("setting e-mail up: %w", err)
		}
		all = append(all, c)
	}
	for _, c := range all {
		p.Log.InfoContext(ctx, "channel configured", "channel", c.Name())
	}
	return all, nil
}
