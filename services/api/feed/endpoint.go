package feed

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
	Create, List, Revoke, Read endpoint.Endpoint
}

// nothing is the request or response without content.
type nothing struct{}

type reading struct {
	From, Secret string
	Known        string // the client's If-None-Match
}

// readCalendar is a calendar and what the client has of it.
type readCalendar struct {
	Calendar

	Known string
}

// MakeEndpoints wraps the service and measures each call.
func MakeEndpoints(s Service, durations *prometheus.HistogramVec) Endpoints {
	measured := func(operation string, e endpoint.Endpoint) endpoint.Endpoint {
		return rest.Instrument(durations, "feed."+operation)(e)
	}
	return Endpoints{
		Create: measured("create", rest.Endpoint(func(ctx context.Context, d Draft) (Created, error) {
			p, _ := token.From(ctx)
			return s.Create(ctx, p, d)
		})),
		List: measured("list", rest.Endpoint(func(ctx context.Context, _ nothing) ([]Feed, error) {
			return s.List(ctx, token.UserID(ctx))
		})),
		Revoke: measured("revoke", rest.Endpoint(func(ctx context.Context, id uuid.UUID) (nothing, error) {
			p, _ := token.From(ctx)
			return nothing{}, s.Revoke(ctx, p, id)
		})),
		Read: measured("read", rest.Endpoint(func(ctx context.Context, r reading) (readCalendar, error) {
			c, err := s.Read(ctx, r.From, r.Secret)
			return readCalendar{c, r.Known}, err
		})),
	}
}
