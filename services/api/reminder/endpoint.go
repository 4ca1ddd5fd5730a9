package reminder

import (
	"context"

	"github.com/go-kit/kit/endpoint"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rondohq/rondo/services/internal/rest"
	"github.com/rondohq/rondo/services/internal/token"
)

// Endpoints are the service's methods as go-kit endpoints. The owner is the caller.
type Endpoints struct {
	List, Get, Create, Snooze, Cancel endpoint.Endpoint
}

// one names a reminder and, with changes, the version that they are meant for.
type one struct {
	ID      uuid.UUID
	Version *int64
}

type snooze struct {
	one

	How Snooze
}

// MakeEndpoints wraps the service and measures each call.
func MakeEndpoints(s Service, durations *prometheus.HistogramVec) Endpoints {
	measured := func(operation string, e endpoint.Endpoint) endpoint.Endpoint {
		return rest.Instrument(durations, "reminder."+operation)(e)
	}
	return Endpoints{
		List: measured("list", rest.Endpoint(func(ctx context.Context, q Query) (Page, error) {
			return s.List(ctx, token.UserID(ctx), q)
		})),
		Get: measured("get", rest.Endpoint(func(ctx context.Context, id uuid.UUID) (Reminder, error) {
			return s.Get(ctx, token.UserID(ctx), id)
		})),
		Create: measured("create", rest.Endpoint(func(ctx context.Context, d Draft) (Reminder, error) {
			return s.Create(ctx, token.UserID(ctx), d)
		})),
		Snooze: measured("snooze", rest.Endpoint(func(ctx context.Context, req snooze) (Reminder, error) {
			return s.Snooze(ctx, token.UserID(ctx), req.ID, req.Version, req.How)
		})),
		Cancel: measured("cancel", rest.Endpoint(func(ctx context.Context, req one) (Reminder, error) {
			return s.Cancel(ctx, token.UserID(ctx), req.ID, req.Version)
		})),
	}
}
