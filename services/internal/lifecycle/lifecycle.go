// Package lifecycle runs the parts of a service together and stops them in order.
package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Grace is how long one part may take to stop.
const Grace = 5 * time.Second

// drain is how long the requests that a server has begun may take to end; what is
// left of Grace is for breaking them off.
const drain = Grace - time.Second

// Part is something that runs until its context ends. It then finishes what it
// has begun and returns; nil, or the context's error, is a good end.
type Part struct {
	Name string
	Run  func(ctx context.Context) error
}

// Run starts the parts in their order and returns when all have stopped: because
// ctx ended, or because one of them did, whose error it then is. They stop in
// reverse order, each only when the one after it has, so that the last part takes
// in work and the first is the one that what is left can still lean on.
func Run(ctx context.Context, log *slog.Logger, parts ...Part) error {
	type end struct {
		index int
		err   error
	}
	ends := make(chan end, len(parts))
	cancels := make([]context.CancelFunc, len(parts))
	for i, part := range parts {
		// A part outlives ctx until its turn to stop has come.
		partCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
		cancels[i] = cancel
		go func() { ends <- end{i, part.Run(partCtx)} }()
	}

	var failure error
	ended := make([]bool, len(parts))
	note := func(e end) {
		ended[e.index] = true
		if e.err != nil && !errors.Is(e.err, context.Canceled) {
			failure = errors.Join(failure, fmt.Errorf("%s: %w", parts[e.index].Name, e.err))
		}
	}
	select {
	case <-ctx.Done():
	case first := <-ends:
		note(first)
		if failure == nil {
			failure = fmt.Errorf("%s ended by itself", parts[first.index].Name)
		}
	}
	for i := len(parts) - 1; i >= 0; i-- {
		cancels[i]()
		deadline := time.After(Grace)
		for !ended[i] {
			select {
			case e := <-ends:
				note(e)
			case <-deadline:
				log.ErrorContext(ctx, "a part does not stop in time", "part", parts[i].Name)
				ended[i] = true
			}
		}
	}
	return failure
}

// HTTP is a part that serves handler at address (host:port). When its turn to
// stop comes it takes no new requests and finishes those that it has.
func HTTP(name, address string, handler http.Handler) Part {
	return Part{Name: name, Run: func(ctx context.Context) error {
		// A request that has begun outlives the signal to stop; see Stopping.
		base := context.WithValue(context.WithoutCancel(ctx), stoppingKey{}, ctx.Done())
		server := &http.Server{
			Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
			BaseContext: func(net.Listener) context.Context { return base },
		}
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
		if err != nil {
			return fmt.Errorf("listening on %s: %w", address, err)
		}
		failed := make(chan error, 1)
		go func() { failed <- server.Serve(listener) }()
		select {
		case err := <-failed:
			return fmt.Errorf("serving on %s: %w", address, err)
		case <-ctx.Done():
		}
		drained, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
		defer cancel()
		if err := server.Shutdown(drained); err != nil {
			return fmt.Errorf("draining %s: %w", address, errors.Join(err, server.Close()))
		}
		return nil
	}}
}

type stoppingKey struct{}

// Stopping is closed when the server of a request begins to stop. A handler that
// streams without end watches it, since nothing else tells it to go.
func Stopping(ctx context.Context) <-chan struct{} {
	done, _ := ctx.Value(stoppingKey{}).(<-chan struct{})
	return done
}
