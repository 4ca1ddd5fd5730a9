package account

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/internal/token"
)

const (
	// cacheFor is how long a token is believed without asking the database. It is
	// also how long a token that was revoked through another replica still works.
	cacheFor = 3 * time.Second
	// maxCached bounds the cache's memory, at some 300 bytes each.
	maxCached = 20_000
	// usedEvery is the grain of last_used_at.
	usedEvery = time.Minute
)

// TokenStore is where the Verifier looks tokens up.
type TokenStore interface {
	// FindToken is fault.Unauthenticated when no token has the hash.
	FindToken(ctx context.Context, hash [sha256.Size]byte) (StoredToken, error)
	// TouchToken sets last_used_at.
	TouchToken(ctx context.Context, userID, id uuid.UUID, at time.Time) error
}

// StoredToken is what the Verifier needs to know of a token.
type StoredToken struct {
	Principal  token.Principal
	ExpiresAt  *time.Time // nil: never
	LastUsedAt *time.Time
}

// Verifier implements token.Verifier. It remembers each token for a few seconds,
// so that a busy client does not cost a query per request.
type Verifier struct {
	store TokenStore
	now   func() time.Time

	mu    sync.Mutex
	cache map[[sha256.Size]byte]cached
	// forgotten counts revocations: what was looked up before one must not be
	// remembered after it.
	forgotten int
}

type cached struct {
	token StoredToken
	until time.Time
}

// NewVerifier makes a verifier with an empty cache. now is the clock, time.Now
// outside tests.
func NewVerifier(store TokenStore, now func() time.Time) *Verifier {
	return &Verifier{store: store, now: now, cache: map[[sha256.Size]byte]cached{}}
}

// Verify implements token.Verifier.
func (v *Verifier) Verify(ctx context.Context, presented string) (token.Principal, error) {
	hash := token.Hash(presented)
	now := v.now()
	v.mu.Lock()
	known, ok := v.cache[hash]
	forgotten := v.forgotten
	v.mu.Unlock()
	if !ok || known.until.Before(now) {
		stored, err := v.store.FindToken(ctx, hash)
		if err != nil {
			return token.Principal{}, err
		}
		known = cached{stored, now.Add(cacheFor)}
		v.remember(hash, known, now, forgotten)
		v.touch(ctx, stored, now)
	}
	if expires := known.token.ExpiresAt; expires != nil && !now.Before(*expires) {
		return token.Principal{}, fault.New(fault.Unauthenticated, "This token has expired. Please sign in again.").
			Because("token_expired", nil)
	}
	return known.token.Principal, nil
}

func (v *Verifier) remember(hash [sha256.Size]byte, c cached, now time.Time, forgotten int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.forgotten != forgotten {
		return
	}
	if len(v.cache) >= maxCached {
		for hash, c := range v.cache {
			if c.until.Before(now) {
				delete(v.cache, hash)
			}
		}
		for hash := range v.cache { // still full of fresh ones: any will do
			if len(v.cache) < maxCached*9/10 {
				break
			}
			delete(v.cache, hash)
		}
	}
	v.cache[hash] = c
}

// touch notes the use of a token, at most once a minute. Failing to is no reason
// to turn the caller away.
func (v *Verifier) touch(ctx context.Context, t StoredToken, now time.Time) {
	if t.LastUsedAt != nil && now.Sub(*t.LastUsedAt) < usedEvery {
		return
	}
	if err := v.store.TouchToken(ctx, t.Principal.UserID, t.Principal.TokenID, now); err != nil {
		slog.WarnContext(ctx, "noting the use of a token", "error", err) //nolint:sloglint // the one that telemetry has set
	}
}

// forget drops the tokens of a user from the cache, so that a revocation works at
// once in this replica. With ids, only these.
func (v *Verifier) forget(user uuid.UUID, ids ...uuid.UUID) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.forgotten++
	for hash, c := range v.cache {
		p := c.token.Principal
		if p.UserID == user && (len(ids) == 0 || slices.Contains(ids, p.TokenID)) {
			delete(v.cache, hash)
		}
	}
}
