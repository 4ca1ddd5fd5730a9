package exchange

import (
	"context"

	"github.com/go-kit/kit/endpoint"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rondohq/rondo/services/internal/rest"
	"github.com/rondohq/rondo/services/internal/token"
)

// Endpoints are the service's methods as go-kit endpoints. The owner is the caller.
type Endpoints struct {
	Export, Import endpoint.Endpoint
}

type upload struct {
	Format Format
	Body   []byte
}

// MakeEndpoints wraps the service and measures each call.
func MakeEndpoints(s Service, durations *prometheus.HistogramVec) Endpoints {
	return Endpoints{
		Export: rest.Instrument(durations, "exchange.export")(rest.Endpoint(func(ctx context.Context, to Sink) (struct{}, error) {
			return struct{}{}, s.Export(ctx, token.UserID(ctx), to)
		})),
		Import: rest.Instrument(durations, "exchange.import")(rest.Endpoint(func(ctx context.Context, req upload) (Result, error) {
			return s.Import(ctx, token.UserID(ctx), req.Format, req.Body)
		})),
	}
}
