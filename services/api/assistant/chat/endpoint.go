package chat

import (
	"context"

	"github.com/go-kit/kit/endpoint"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rondohq/rondo/services/internal/rest"
	"github.com/rondohq/rondo/services/internal/token"
)

// Endpoints are the service's methods as go-kit endpoints, but for the stream, which
// answers more than once.
type Endpoints struct {
	Say, Get, Names, Sessions, Session, Forget, Consent, Stop endpoint.Endpoint

	service Service
}

type consent struct {
	ID     uuid.UUID
	Agreed bool
}

// MakeEndpoints wraps the service and measures each call.
func MakeEndpoints(s Service, durations *prometheus.HistogramVec) Endpoints {
	measured := func(operation string, e endpoint.Endpoint) endpoint.Endpoint {
		return rest.Instrument(durations, "chat."+operation)(e)
	}
	return Endpoints{
		Say: measured("say", rest.Endpoint(func(ctx context.Context, in Saying) (Turn, error) {
			return s.Say(ctx, token.UserID(ctx), in)
		})),
		Get: measured("get", rest.Endpoint(func(ctx context.Context, id uuid.UUID) (Turn, error) {
			return s.Get(ctx, token.UserID(ctx), id)
		})),
		Names: measured("names", rest.Endpoint(func(context.Context, nothing) ([]string, error) {
			return s.Names(), nil
		})),
		Sessions: measured("sessions", rest.Endpoint(func(ctx context.Context, _ nothing) ([]Session, error) {
			return s.Sessions(ctx, token.UserID(ctx))
		})),
		Forget: measured("forget", rest.Endpoint(func(ctx context.Context, id uuid.UUID) (nothing, error) {
			return nothing{}, s.Forget(ctx, token.UserID(ctx), id)
		})),
		Session: measured("session", rest.Endpoint(func(ctx context.Context, id uuid.UUID) ([]Turn, error) {
			return s.Session(ctx, token.UserID(ctx), id)
		})),
		Consent: measured("consent", rest.Endpoint(func(ctx context.Context, in consent) (Turn, error) {
			return s.Consent(ctx, token.UserID(ctx), in.ID, in.Agreed)
		})),
		Stop: measured("stop", rest.Endpoint(func(ctx context.Context, id uuid.UUID) (Turn, error) {
			return s.Stop(ctx, token.UserID(ctx), id)
		})),
		service: s,
	}
}
