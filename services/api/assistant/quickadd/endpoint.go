package quickadd

import (
	"github.com/go-kit/kit/endpoint"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rondohq/rondo/services/internal/rest"
)

// Endpoints are the service's methods as go-kit endpoints.
type Endpoints struct {
	Parse endpoint.Endpoint
}

// MakeEndpoints wraps the service and measures each call.
func MakeEndpoints(s Service, durations *prometheus.HistogramVec) Endpoints {
	return Endpoints{Parse: rest.Instrument(durations, "quickadd.parse")(rest.Endpoint(s.Parse))}
}
