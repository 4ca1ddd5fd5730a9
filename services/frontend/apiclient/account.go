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

	QuietHours   *QuietHours   `json:"quiet_hours"`
	NotifyEmail  bool          `json:"notify_email"`
	SavedFilters []SavedFilter `json:"saved_filters"`
}

// QuietHours are the times of day, 15:04, between which nothing rings.
type QuietHours struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// SavedFilter is a list that has a name.
type SavedFilter struct {
	Name string `json:"name"`
	Path string `json:"path"` // with its query
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

// SaveSettings changes the settings that the change names.
func (c Caller) SaveSettings(ctx context.Context, change Change) (User, error) {
	var user User
	err := c.do(ctx, request{method: http.MethodPatch, path: "/api/me", body: change}, &user)
	return user, err
}

// DeleteAccount ends the account for good.
func (c Caller) DeleteAccount(ctx context.Context, password string) error {
	return c.do(ctx, request{method: http.MethodDelete, path: "/api/me", body: map[string]string{"password": password}}, nil)
}

// Token is an API token. Its secret is there only once, when it is made.
type Token struct {
	ID         uuid.UUID  `json:"id"`
	Name       string     `json:"name"`
	Scopes     []string   `json:"scopes"`
	CreatedAt  time.Time  `json:"created_at"`
	ExpiresAt  *time.Time `json:"expires_at"`
	LastUsedAt *time.Time `json:"last_used_at"`
	Secret     string     `json:"token"`
}

// Tokens lists the API tokens, newest first.
func (c Caller) Tokens(ctx context.Context) ([]Token, error) {
	var list struct {
		Items []Token `json:"items"`
	}
	err := c.do(ctx, request{method: http.MethodGet, path: "/api/tokens"}, &list)
	return list.Items, err
}

// CreateToken makes one; expires may be nil.
func (c Caller) CreateToken(ctx context.Context, name string, scopes []string, expires *time.Time) (Token, error) {
	var token Token
	body := map[string]any{"name": name, "scopes": scopes, "expires_at": expires}
	err := c.do(ctx, request{method: http.MethodPost, path: "/api/tokens", body: body}, &token)
	return token, err
}

// RevokeToken ends one.
func (c Caller) RevokeToken(ctx context.Context, id uuid.UUID) error {
	return c.do(ctx, request{method: http.MethodDelete, path: "/api/tokens/" + id.String()}, nil)
}
