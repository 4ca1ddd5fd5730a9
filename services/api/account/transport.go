package account

import (
	"net/http"
	"time"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/internal/idempotency"
	"github.com/rondohq/rondo/services/internal/rest"
	"github.com/rondohq/rondo/services/internal/token"
)

// RegisterPublic mounts the routes that need no token.
func RegisterPublic(mux rest.Router, e Endpoints) {
	mux.Handle("POST /api/auth/sign-up", rest.Handler(e.SignUp, decodeFrom[SignUp], encodeCreatedSession))
	mux.Handle("POST /api/auth/sign-in", rest.Handler(e.SignIn, decodeFrom[SignIn], encode[Session]))
}

// Register mounts the routes of a person who is signed in. Authentication is the
// mux's business.
func Register(mux rest.Router, e Endpoints) {
	mux.Handle("POST /api/auth/sign-out", rest.Handler(e.SignOut, decodeNothing, encodeNothing))
	mux.Handle("GET /api/me", rest.Handler(e.Me, decodeNothing, encode[User]))
	mux.Handle("PATCH /api/me", rest.Handler(e.UpdateMe, decodePatch, encode[User]))
	mux.Handle("DELETE /api/me", rest.Handler(e.DeleteMe, rest.Decode[Deletion], encodeNothing))
	mux.Handle("GET /api/tokens", rest.Handler(e.Tokens, decodeNothing, encodeTokens))
	mux.Handle("POST /api/tokens", rest.Handler(e.CreateToken, decodeNewToken, encodeCreatedToken))
	mux.Handle("DELETE /api/tokens/{id}", rest.Handler(e.RevokeToken, rest.PathID, encodeNothing))
}

// decodeFrom reads a body and who sent it. The address is the connection's: whoever
// takes calls on behalf of others sets RemoteAddr to theirs.
func decodeFrom[T any](r *http.Request) (from[T], error) {
	key := r.Header.Get(idempotency.Header)
	if err := idempotency.CheckKey(key); err != nil {
		return from[T]{}, err //nolint:wrapcheck // a fault
	}
	in, err := rest.Decode[T](r)
	return from[T]{Address: r.RemoteAddr, Key: key, In: in}, err
}

func decodeNothing(*http.Request) (nothing, error) { return nothing{}, nil }

// decodePatch refuses null: every setting has a value, but for quiet hours.
func decodePatch(r *http.Request) (Patch, error) {
	body, err := rest.Decode[struct {
		DisplayName     rest.Field[string] `json:"display_name"`
		Timezone        rest.Field[string] `json:"timezone"`
		Password        rest.Field[string] `json:"password"`
		CurrentPassword rest.Field[string] `json:"current_password"`

		QuietHours  rest.Field[QuietHours] `json:"quiet_hours"`
		NotifyEmail rest.Field[bool]       `json:"notify_email"`

		SavedFilters rest.Field[[]SavedFilter] `json:"saved_filters"`
	}](r)
	if err != nil {
		return Patch{}, err
	}
	var bad []fault.Field
	given := func(name string, f rest.Field[string]) *string {
		if f.Null {
			bad = check(bad, name, "cannot be null")
		}
		if !f.Set {
			return nil
		}
		return &f.Value
	}
	patch := Patch{
		DisplayName: given("display_name", body.DisplayName), Timezone: given("timezone", body.Timezone),
		Password: given("password", body.Password), CurrentPassword: given("current_password", body.CurrentPassword),
	}
	switch {
	case body.QuietHours.Null:
		patch.ClearQuietHours = true
	case body.QuietHours.Set:
		patch.QuietHours = &body.QuietHours.Value
	}
	switch {
	case body.NotifyEmail.Null:
		bad = check(bad, "notify_email", "cannot be null")
	case body.NotifyEmail.Set:
		patch.NotifyEmail = &body.NotifyEmail.Value
	}
	switch {
	case body.SavedFilters.Null:
		bad = check(bad, "saved_filters", "cannot be null")
	case body.SavedFilters.Set:
		patch.SavedFilters = &body.SavedFilters.Value
	}
	if err := fault.InvalidFields(bad); err != nil {
		return Patch{}, err
	}
	return patch, nil
}

func decodeNewToken(r *http.Request) (NewToken, error) {
	body, err := rest.Decode[struct {
		Name      string        `json:"name"`
		Scopes    []token.Scope `json:"scopes"`
		ExpiresAt *string       `json:"expires_at"`
	}](r)
	if err != nil {
		return NewToken{}, err
	}
	in := NewToken{Name: body.Name, Scopes: body.Scopes}
	if body.ExpiresAt != nil {
		expires, err := time.Parse(time.RFC3339, *body.ExpiresAt)
		if err != nil {
			return NewToken{}, fault.Invalidf("expires_at", "must be an RFC 3339 time such as 2026-11-22T09:00:00Z")
		}
		in.ExpiresAt = &expires
	}
	return in, nil
}

func encode[T any](w http.ResponseWriter, v T) error { return rest.JSON(w, http.StatusOK, v) }

func encodeCreatedSession(w http.ResponseWriter, s Session) error {
	return rest.JSON(w, http.StatusCreated, s)
}

func encodeCreatedToken(w http.ResponseWriter, t CreatedToken) error {
	return rest.JSON(w, http.StatusCreated, t)
}

func encodeTokens(w http.ResponseWriter, tokens []Token) error {
	return rest.JSON(w, http.StatusOK, map[string][]Token{"items": tokens})
}

func encodeNothing(w http.ResponseWriter, _ nothing) error {
	w.WriteHeader(http.StatusNoContent)
	return nil
}
