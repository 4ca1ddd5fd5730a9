package account

import (
	"context"

	"github.com/go-kit/kit/endpoint"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rondohq/rondo/services/internal/rest"
	"github.com/rondohq/rondo/services/internal/token"
)

// Endpoints are the service's methods as go-kit endpoints.
type Endpoints struct {
	SignUp, SignIn, SignOut, Me, UpdateMe, DeleteMe, Tokens, CreateToken, RevokeToken endpoint.Endpoint
}

// from is a request, the address that it came from, and its idempotency key.
type from[T any] struct {
	Address, Key string
	In           T
}

// nothing is the request or response without content.
type nothing struct{}

// MakeEndpoints wraps the service and measures each call.
func MakeEndpoints(s Service, durations *prometheus.HistogramVec) Endpoints {
	measured := func(operation string, e endpoint.Endpoint) endpoint.Endpoint {
		return rest.Instrument(durations, "account."+operation)(e)
	}
	return Endpoints{
		SignUp: measured("sign_up", rest.Endpoint(func(ctx context.Context, req from[SignUp]) (Session, error) {
			return s.SignUp(ctx, req.Address, req.Key, req.In)
		})),
		SignIn: measured("sign_in", rest.Endpoint(func(ctx context.Context, req from[SignIn]) (Session, error) {
			return s.SignIn(ctx, req.Address, req.In)
		})),
		SignOut: measured("sign_out", rest.Endpoint(func(ctx context.Context, _ nothing) (nothing, error) {
			return nothing{}, s.SignOut(ctx, caller(ctx))
		})),
		Me: measured("me", rest.Endpoint(func(ctx context.Context, _ nothing) (User, error) {
			return s.Me(ctx, caller(ctx))
		})),
		UpdateMe: measured("update_me", rest.Endpoint(func(ctx context.Context, req Patch) (User, error) {
			return s.UpdateMe(ctx, caller(ctx), req)
		})),
		DeleteMe: measured("delete_me", rest.Endpoint(func(ctx context.Context, req Deletion) (nothing, error) {
			return nothing{}, s.DeleteMe(ctx, caller(ctx), req)
		})),
		Tokens: measured("tokens", rest.Endpoint(func(ctx context.Context, _ nothing) ([]Token, error) {
			return s.Tokens(ctx, caller(ctx))
		})),
		CreateToken: measured("create_token", rest.Endpoint(func(ctx context.Context, req NewToken) (CreatedToken, error) {
			return s.CreateToken(ctx, caller(ctx), req)
		})),
		RevokeToken: measured("revoke_token", rest.Endpoint(func(ctx context.Context, id uuid.UUID) (nothing, error) {
			return nothing{}, s.RevokeToken(ctx, caller(ctx), id)
		})),
	}
}

// caller is the principal that the token middleware has put there.
func caller(ctx context.Context) token.Principal {
	p, _ := token.From(ctx)
	return p
}
