package task

import (
	"context"

	"github.com/go-kit/kit/endpoint"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rondohq/rondo/services/internal/rest"
	"github.com/rondohq/rondo/services/internal/token"
)

// Endpoints are the service's methods as go-kit endpoints. The owner is the
// caller; no request can name another.
type Endpoints struct {
	Create, Get, List, Update, Complete, Reopen, Delete, History endpoint.Endpoint
}

// one names a task and, with changes, the version that they are meant for.
type one struct {
	ID      uuid.UUID
	Version *int64
}

type update struct {
	one

	Change Change
}

// MakeEndpoints wraps the service and measures each call.
func MakeEndpoints(s Service, durations *prometheus.HistogramVec) Endpoints {
	measured := func(operation string, e endpoint.Endpoint) endpoint.Endpoint {
		return rest.Instrument(durations, "task."+operation)(e)
	}
	onOne := func(operation string, do func(ctx context.Context, owner, id uuid.UUID, version *int64) (Task, error)) endpoint.Endpoint {
		return measured(operation, rest.Endpoint(func(ctx context.Context, req one) (Task, error) {
			return do(ctx, token.UserID(ctx), req.ID, req.Version)
		}))
	}
	return Endpoints{
		Create: measured("create", rest.Endpoint(func(ctx context.Context, d Draft) (Task, error) {
			return s.Create(ctx, token.UserID(ctx), d)
		})),
		List: measured("list", rest.Endpoint(func(ctx context.Context, q Query) (Page, error) {
			return s.List(ctx, token.UserID(ctx), q)
		})),
		Update: measured("update", rest.Endpoint(func(ctx context.Context, req update) (Task, error) {
			return s.Update(ctx, token.UserID(ctx), req.ID, req.Version, req.Change)
		})),
		History: measured("history", rest.Endpoint(func(ctx context.Context, req one) ([]HistoryEntry, error) {
			return s.History(ctx, token.UserID(ctx), req.ID)
		})),
		Get: onOne("get", func(ctx context.Context, owner, id uuid.UUID, _ *int64) (Task, error) {
			return s.Get(ctx, owner, id)
		}),
		Complete: onOne("complete", s.Complete),
		Reopen:   onOne("reopen", s.Reopen),
		Delete:   onOne("delete", s.Delete),
	}
}
