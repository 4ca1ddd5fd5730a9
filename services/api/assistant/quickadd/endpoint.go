package quickadd

import (
	"context"

	"github.com/go-kit/kit/endpoint"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rondohq/rondo/services/api/assistant/parse"
	"github.com/rondohq/rondo/services/internal/ratelimit"
	"github.com/rondohq/rondo/services/internal/rest"
	"github.com/rondohq/rondo/services/internal/token"
)

// Endpoints are the service's methods as go-kit endpoints.
type Endpoints struct{ Parse endpoint.Endpoint }

// from is a request and the address that it came from.
type from struct {
	Address string
	Request Request
}

// MakeEndpoints wraps the service and measures each call.
func MakeEndpoints(s Service, durations *prometheus.HistogramVec) Endpoints {
	return Endpoints{
		Parse: rest.Instrument(durations, "quickadd.parse")(rest.Endpoint(func(ctx context.Context, req from) (parse.Action, error) {
			return s.Parse(ctx, ratelimit.Caller{UserID: token.UserID(ctx), Address: req.Address}, req.Request)
		})),
	}
}
