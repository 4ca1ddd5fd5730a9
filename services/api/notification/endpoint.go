package notification

import (
	"context"
	"time"

	"github.com/go-kit/kit/endpoint"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rondohq/rondo/services/internal/rest"
	"github.com/rondohq/rondo/services/internal/token"
)

// Endpoints are the service's methods as go-kit endpoints. The owner is the caller.
type Endpoints struct {
	List, Read, ReadAll, Channels, Subscriptions, Subscribe, Unsubscribe endpoint.Endpoint
}

// nothing is the request or response without content.
type nothing struct{}

// MakeEndpoints wraps the service and measures each call.
func MakeEndpoints(s Service, durations *prometheus.HistogramVec) Endpoints {
	measured := func(operation string, e endpoint.Endpoint) endpoint.Endpoint {
		return rest.Instrument(durations, "notification."+operation)(e)
	}
	return Endpoints{
		List: measured("list", rest.Endpoint(func(ctx context.Context, q Query) (Page, error) {
			return s.List(ctx, token.UserID(ctx), q)
		})),
		Read: measured("read", rest.Endpoint(func(ctx context.Context, id uuid.UUID) (Notification, error) {
			return s.Read(ctx, token.UserID(ctx), id)
		})),
		ReadAll: measured("read_all", rest.Endpoint(func(ctx context.Context, until *time.Time) (int, error) {
			return s.ReadAll(ctx, token.UserID(ctx), until)
		})),
		Channels: measured("channels", rest.Endpoint(func(ctx context.Context, _ nothing) ([]Channel, error) {
			return s.Channels(ctx, token.UserID(ctx))
		})),
		Subscriptions: measured("subscriptions", rest.Endpoint(func(ctx context.Context, _ nothing) ([]Subscription, error) {
			return s.Subscriptions(ctx, token.UserID(ctx))
		})),
		Subscribe: measured("subscribe", rest.Endpoint(func(ctx context.Context, in NewSubscription) (Subscription, error) {
			return s.Subscribe(ctx, token.UserID(ctx), in)
		})),
		Unsubscribe: measured("unsubscribe", rest.Endpoint(func(ctx context.Context, id uuid.UUID) (nothing, error) {
			return nothing{}, s.Unsubscribe(ctx, token.UserID(ctx), id)
		})),
	}
}
