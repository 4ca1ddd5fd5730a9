package series

import (
	"context"
	"time"

	"github.com/go-kit/kit/endpoint"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rondohq/rondo/services/api/task"
	"github.com/rondohq/rondo/services/internal/rest"
	"github.com/rondohq/rondo/services/internal/token"
)

// Endpoints are the service's methods as go-kit endpoints. The owner is the caller;
// no request can name another.
type Endpoints struct {
	Create, Get, List, Update, Cancel, Pause, Resume, Skip, Instances endpoint.Endpoint
}

// one names a series and, with changes, the version that they are meant for.
type one struct {
	ID      uuid.UUID
	Version *int64
}

type update struct {
	one

	Change Change
}

type skip struct {
	one

	At *time.Time
}

type instances struct {
	one

	Query InstanceQuery
}

// MakeEndpoints wraps the service and measures each call.
func MakeEndpoints(s Service, durations *prometheus.HistogramVec) Endpoints {
	measured := func(operation string, e endpoint.Endpoint) endpoint.Endpoint {
		return rest.Instrument(durations, "series."+operation)(e)
	}
	onOne := func(operation string, do func(ctx context.Context, owner, id uuid.UUID, version *int64) (Series, error)) endpoint.Endpoint {
		return measured(operation, rest.Endpoint(func(ctx context.Context, req one) (Series, error) {
			return do(ctx, token.UserID(ctx), req.ID, req.Version)
		}))
	}
	return Endpoints{
		Create: measured("create", rest.Endpoint(func(ctx context.Context, d Draft) (Series, error) {
			return s.Create(ctx, token.UserID(ctx), d)
		})),
		List: measured("list", rest.Endpoint(func(ctx context.Context, q Query) (Page, error) {
			return s.List(ctx, token.UserID(ctx), q)
		})),
		Update: measured("update", rest.Endpoint(func(ctx context.Context, req update) (Result, error) {
			return s.Update(ctx, token.UserID(ctx), req.ID, req.Version, req.Change)
		})),
		Skip: measured("skip", rest.Endpoint(func(ctx context.Context, req skip) (task.Task, error) {
			return s.Skip(ctx, token.UserID(ctx), req.ID, req.Version, req.At)
		})),
		Instances: measured("instances", rest.Endpoint(func(ctx context.Context, req instances) (Instances, error) {
			return s.Instances(ctx, token.UserID(ctx), req.ID, req.Query)
		})),
		Get: onOne("get", func(ctx context.Context, owner, id uuid.UUID, _ *int64) (Series, error) {
			return s.Get(ctx, owner, id)
		}),
		Cancel: onOne("cancel", s.Cancel),
		Pause:  onOne("pause", s.Pause),
		Resume: onOne("resume", s.Resume),
	}
}
