package apiclient

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"
)

// User is an account as its owner sees it.
type User struct {
	ID          uuid.UUID `json:"id"`
	Email       string    `json:"email"`
	DisplayName string    `json:"display_name"`
	Timezone    string    `json:"timezone"` // IANA name
	CreatedAt   time.Time `json:"created_at"`
}

// Grant is the answer to signing in or up.
type Grant struct {
	Token     string    `json:"token"`
	ExpiresAt time.Time `json:"expires_at"`
	User      User      `json:"user"`
}

// SignUp is what a new account needs.
type SignUp struct {
	Email       string `json:"email"`
	Password    string `json:"password"`
	DisplayName string `json:"display_name"`
	Timezone    string `json:"timezone"`
}

// SignUp makes an account and signs in to it. key makes a repetition harmless.
func (c Caller) SignUp(ctx context.Context, in SignUp, key string) (Grant, error) {
	var grant Grant
	err := c.do(ctx, request{method: http.MethodPost, path: "/api/auth/sign-up", body: in, key: key}, &grant)
	return grant, err
}

// SignIn exchanges email and password for a token.
func (c Caller) SignIn(ctx context.Context, email, password string) (Grant, error) {
	var grant Grant
	body := map[string]string{"email": email, "password": password}
	err := c.do(ctx, request{method: http.MethodPost, path: "/api/auth/sign-in", body: body}, &grant)
	return grant, err
}

// SignOut revokes the caller's token.
func (c Caller) SignOut(ctx context.Context) error {
	return c.do(ctx, request{method: http.MethodPost, path: "/api/auth/sign-out"}, nil)
}

// Me is the caller's account.
func (c Caller) Me(ctx context.Context) (User, error) {
	var user User
	err := c.do(ctx, request{method: http.MethodGet, path: "/api/me"}, &user)
	return user, err
}

// SaveProfile changes name and zone.
func (c Caller) SaveProfile(ctx context.Context, displayName, timezone string) (User, error) {
	var user User
	body := map[string]string{"display_name": displayName, "timezone": timezone}
	err := c.do(ctx, request{method: http.MethodPatch, path: "/api/me", body: body}, &user)
	return user, err
}
