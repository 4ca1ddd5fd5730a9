package tag

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
	List, Create, Rename, Delete endpoint.Endpoint
}

// nothing is the request or response without content.
type nothing struct{}

type rename struct {
	ID   uuid.UUID
	Name string
}

// MakeEndpoints wraps the service and measures each call.
func MakeEndpoints(s Service, durations *prometheus.HistogramVec) Endpoints {
	measured := func(operation string, e endpoint.Endpoint) endpoint.Endpoint {
		return rest.Instrument(durations, "tag."+operation)(e)
	}
	return Endpoints{
		List: measured("list", rest.Endpoint(func(ctx context.Context, _ nothing) ([]Tag, error) {
			return s.List(ctx, token.UserID(ctx))
		})),
		Create: measured("create", rest.Endpoint(func(ctx context.Context, name string) (Tag, error) {
			return s.Create(ctx, token.UserID(ctx), name)
		})),
		Rename: measured("rename", rest.Endpoint(func(ctx context.Context, req rename) (Tag, error) {
			return s.Rename(ctx, token.UserID(ctx), req.ID, req.Name)
		})),
		Delete: measured("delete", rest.Endpoint(func(ctx context.Context, id uuid.UUID) (nothing, error) {
			return nothing{}, s.Delete(ctx, token.UserID(ctx), id)
		})),
	}
}
