package recurrence

import (
	"context"

	"github.com/go-kit/kit/endpoint"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rondohq/rondo/services/internal/ratelimit"
	"github.com/rondohq/rondo/services/internal/rest"
	"github.com/rondohq/rondo/services/internal/token"
)

// Endpoints are the service's methods as go-kit endpoints.
type Endpoints struct{ Preview endpoint.Endpoint }

// from is a request and the address that it came from.
type from struct {
	Address string
	Request Request
}

// MakeEndpoints wraps the service and measures each call.
func MakeEndpoints(s Service, durations *prometheus.HistogramVec) Endpoints {
	return Endpoints{
		Preview: rest.Instrument(durations, "recurrence.preview")(rest.Endpoint(func(ctx context.Context, req from) (Preview, error) {
			return s.Preview(ctx, ratelimit.Caller{UserID: token.UserID(ctx), Address: req.Address}, req.Request)
		})),
	}
}
