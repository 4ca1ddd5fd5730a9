// Package token authenticates bearer calls: it finds out who calls and refuses
// who may not.
package token

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/internal/problem"
)

// Prefix makes a token recognisable to people and to secret scanners.
const Prefix = "rondo_"

// Scope is what a token allows.
type Scope string

// The scopes; a session has both.
const (
	Read  Scope = "read"
	Write Scope = "write"
)

// New makes a token with 256 random bits and its hash, which is all that is stored.
func New() (token string, hash [sha256.Size]byte) {
	var secret [32]byte
	_, _ = rand.Read(secret[:]) // never fails (crypto/rand)
	token = Prefix + base64.RawURLEncoding.EncodeToString(secret[:])
	return token, Hash(token)
}

// Hash is what a token is looked up by. A fast hash suffices: nobody guesses 256 bits.
func Hash(token string) [sha256.Size]byte { return sha256.Sum256([]byte(token)) }

// Principal is who calls.
type Principal struct {
	UserID  uuid.UUID
	TokenID uuid.UUID
	Scopes  []Scope
	// Session is true of a token from sign-in. Only a session manages tokens and
	// passwords.
	Session bool
}

// SessionOnly keeps API tokens from making tokens and changing passwords: a leaked
// one must not outlive its revocation.
func (p Principal) SessionOnly() error {
	if !p.Session {
		return fault.New(fault.Forbidden, "This needs a session; an API token may not do it.").
			Because("insufficient_scope", nil)
	}
	return nil
}

// May says whether the token has a scope.
func (p Principal) May(s Scope) bool { return slices.Contains(p.Scopes, s) }

// Verifier finds the principal of a token; an unknown or expired one is fault.Unauthenticated.
type Verifier interface {
	Verify(ctx context.Context, token string) (Principal, error)
}

type contextKey struct{}

// With puts the principal into the context.
func With(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, contextKey{}, p)
}

// From is the principal of the call, and whether it has one.
func From(ctx context.Context) (Principal, bool) {
	p, ok := ctx.Value(contextKey{}).(Principal)
	return p, ok
}

// UserID is the caller's id; without a principal it is the nil UUID, which owns nothing.
func UserID(ctx context.Context) uuid.UUID {
	p, _ := From(ctx)
	return p.UserID
}

// Require lets only authenticated calls pass, and only those that read when the
// token cannot write.
func Require(v Verifier, next http.Handler) http.Handler {
	return Authenticate(v, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reads := r.Method == http.MethodGet || r.Method == http.MethodHead
		need := map[bool]Scope{true: Read, false: Write}[reads]
		if p, _ := From(r.Context()); !p.May(need) {
			err := fault.New(fault.Forbidden, "This token may not %s.", need).Because("insufficient_scope", nil)
			problem.Write(r.Context(), err, w)
			return
		}
		next.ServeHTTP(w, r)
	}))
}

// Authenticate lets only authenticated calls pass. What the token allows is next's to
// ask: of a protocol that posts everything the method says nothing.
func Authenticate(v Verifier, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		presented, ok := Bearer(r)
		if !ok {
			problem.Write(r.Context(), fault.New(fault.Unauthenticated, "Sign in, or send an API token as a bearer token."), w)
			return
		}
		p, err := v.Verify(r.Context(), presented)
		if err != nil {
			problem.Write(r.Context(), err, w)
			return
		}
		next.ServeHTTP(w, r.WithContext(With(r.Context(), p)))
	})
}

// Bearer is the token that the request presents (RFC 6750 §2.1).
func Bearer(r *http.Request) (string, bool) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") || token == "" {
		return "", false
	}
	return strings.TrimSpace(token), true
}

// Optional lets calls without a token pass as nobody's, and those with one as its
// owner's, whatever its scopes: it is for calls that read and write nothing. A token
// that is no good is refused all the same.
func Optional(v Verifier, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if presented, ok := Bearer(r); ok {
			p, err := v.Verify(r.Context(), presented)
			if err != nil {
				problem.Write(r.Context(), err, w)
				return
			}
			r = r.WithContext(With(r.Context(), p))
		}
		next.ServeHTTP(w, r)
	})
}
