package calendar

import (
	"context"

	"github.com/go-kit/kit/endpoint"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rondohq/rondo/services/internal/rest"
	"github.com/rondohq/rondo/services/internal/token"
)

// Endpoints are the service's methods as go-kit endpoints. The owner is the caller; no
// request can name another.
type Endpoints struct{ Read endpoint.Endpoint }

// MakeEndpoints wraps the service and measures each call.
func MakeEndpoints(s Service, durations *prometheus.HistogramVec) Endpoints {
	return Endpoints{
		Read: rest.Instrument(durations, "calendar.read")(rest.Endpoint(func(ctx context.Context, q Query) (Calendar, error) {
			return s.Read(ctx, token.UserID(ctx), q)
		})),
	}
}
