package account_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/services/api/account"
	"github.com/rondohq/rondo/services/internal/outbox"
	"github.com/rondohq/rondo/services/internal/postgres/postgrestest"
	"github.com/rondohq/rondo/services/internal/ratelimit"
	"github.com/rondohq/rondo/services/internal/token"
)

const (
	password = "correct horse battery"
	home     = "192.0.2.1:4711"
)

// clock is a clock that stands until it is moved.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) Move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// testBundle is the service as it runs, on a real database.
type testBundle struct {
	account.Service

	verifier *account.Verifier
	clock    *clock
	db       *pgxpool.Pool
}

func setup(t *testing.T) *testBundle {
	t.Helper()
	db := postgrestest.New(t)
	b := &testBundle{clock: &clock{at: time.Now()}, db: db.Owner(t)}
	b.Service, b.verifier = replica(t, db.Pool(t, topology.API), b.clock)
	return b
}

// replica is one process' service.
func replica(t *testing.T, pool *pgxpool.Pool, c *clock) (account.Service, *account.Verifier) {
	t.Helper()
	passwords, err := account.NewPasswords()
	require.NoError(t, err)
	store := account.NewStore(pool, outbox.New(topology.API))
	verifier := account.NewVerifier(store, c.Now)
	limits := account.Limits{
		SignUpsFrom: ratelimit.New(5, time.Minute, c.Now), FailuresFrom: ratelimit.New(20, time.Second, c.Now),
		FailuresOf: ratelimit.New(3, time.Minute, c.Now), FailuresOfOwn: ratelimit.New(3, time.Minute, c.Now),
	}
	return account.NewService(store, passwords, verifier, limits, c.Now), verifier
}

func (b *testBundle) signUp(t *testing.T, email string) (account.Session, token.Principal) {
	t.Helper()
	s, err := b.SignUp(t.Context(), home, "", account.SignUp{Email: email, Password: password, DisplayName: "Ada", Timezone: "UTC"})
	require.NoError(t, err)
	p, err := b.verifier.Verify(t.Context(), s.Token)
	require.NoError(t, err)
	return s, p
}

func (b *testBundle) events(t *testing.T, id uuid.UUID) (all []string) {
	t.Helper()
	err := b.db.QueryRow(t.Context(), `SELECT coalesce(array_agg(event->>'type' || ' ' || (event->'data'->>'changed') ORDER BY seq), '{}')
		FROM outbox WHERE user_id = $1`, id).Scan(&all)
	require.NoError(t, err)
	return all
}

func TestSessionLastsThirtyDays(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s, p := b.signUp(t, "ada@example.org")
	require.True(t, p.Session)
	require.Equal(t, []token.Scope{token.Read, token.Write}, p.Scopes)
	require.WithinDuration(t, b.clock.Now().Add(30*24*time.Hour), s.ExpiresAt, time.Second)

	b.clock.Move(30*24*time.Hour - time.Second)
	_, err := b.verifier.Verify(t.Context(), s.Token)
	require.NoError(t, err)
	b.clock.Move(time.Second) // within the time that the cache believes in
	_, err = b.verifier.Verify(t.Context(), s.Token)
	require.Equal(t, fault.Unauthenticated, fault.CodeOf(err))

	// The next sign-in clears it away.
	_, err = b.SignIn(t.Context(), home, account.SignIn{Email: "ada@example.org", Password: password})
	require.NoError(t, err)
	var sessions int
	require.NoError(t, b.db.QueryRow(t.Context(), `SELECT count(*) FROM api_tokens`).Scan(&sessions))
	require.Equal(t, 1, sessions)
}

func TestUnknownAddressAndWrongPasswordAreAnsweredAlike(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.signUp(t, "ada@example.org")
	_, wrong := b.SignIn(t.Context(), home, account.SignIn{Email: "ada@example.org", Password: "not her password"})
	for _, unknown := range []string{"eve@example.org", "no address", strings.Repeat("x", 300) + "@example.org", "\x00"} {
		_, err := b.SignIn(t.Context(), home, account.SignIn{Email: unknown, Password: "not her password"})
		require.Equal(t, fault.Unauthenticated, fault.CodeOf(err))
		require.Equal(t, wrong.Error(), err.Error())
	}
}

func TestGuessingIsSlowedDownByAccount(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.signUp(t, "ada@example.org")
	right := account.SignIn{Email: "ADA@example.org ", Password: password}
	wrong := account.SignIn{Email: "ada@example.org", Password: "not her password"}
	for i := range 3 {
		_, err := b.SignIn(t.Context(), fmt.Sprintf("198.51.100.%d:80", i), wrong)
		require.Equal(t, fault.Unauthenticated, fault.CodeOf(err))
		_, err = b.SignIn(t.Context(), home, account.SignIn{Email: fmt.Sprint(i, "@example.org"), Password: "x"})
		require.Equal(t, fault.Unauthenticated, fault.CodeOf(err), "others are not slowed down")
	}
	for _, in := range []account.SignIn{wrong, right} { // being right is no way around it
		_, err := b.SignIn(t.Context(), home, in)
		var f *fault.Error
		require.ErrorAs(t, err, &f)
		require.Equal(t, fault.RateLimited, f.Code)
		require.Equal(t, time.Minute, f.RetryAfter)
	}
	b.clock.Move(time.Minute)
	for range 10 { // being right costs nothing
		_, err := b.SignIn(t.Context(), home, right)
		require.NoError(t, err)
	}
}

func TestGuessingIsSlowedDownByAddress(t *testing.T) {
	t.Parallel()
	b := setup(t)
	guess := func(from string, i int) error {
		_, err := b.SignIn(t.Context(), from, account.SignIn{Email: fmt.Sprint(i, "@example.org"), Password: "x"})
		return err
	}
	for i := range 20 {
		require.Equal(t, fault.Unauthenticated, fault.CodeOf(guess(fmt.Sprintf("[2001:db8::%x]:80", i), i)))
	}
	require.Equal(t, fault.RateLimited, fault.CodeOf(guess("[2001:db8::ffff]:80", 20)), "a network counts as one")
	require.Equal(t, fault.Unauthenticated, fault.CodeOf(guess("[2001:db8:0:1::1]:80", 21)))
	require.Equal(t, fault.Unauthenticated, fault.CodeOf(guess("[::ffff:192.0.2.1]:80", 22)))
}

func TestSignUpsAreSlowedDownByAddress(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i := range 5 {
		b.signUp(t, fmt.Sprint(i, "@example.org"))
	}
	_, err := b.SignUp(t.Context(), home, "", account.SignUp{Email: "5@example.org", Password: password, DisplayName: "x", Timezone: "UTC"})
	require.Equal(t, fault.RateLimited, fault.CodeOf(err))
}

func TestAddressIsTakenInAnyCase(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s, _ := b.signUp(t, " Ada@Example.ORG")
	require.Equal(t, "ada@example.org", s.User.Email)
	_, err := b.SignUp(t.Context(), home, "", account.SignUp{Email: "ADA@example.org", Password: password, DisplayName: "x", Timezone: "UTC"})
	var f *fault.Error
	require.ErrorAs(t, err, &f)
	require.Equal(t, fault.Conflict, f.Code)
	require.Equal(t, "email_taken", f.Reason)
}

func TestRepeatedSignUpSignsIn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	in := account.SignUp{Email: "ada@example.org", Password: password, DisplayName: "Ada", Timezone: "UTC"}
	first, err := b.SignUp(t.Context(), home, "a key", in)
	require.NoError(t, err)
	again, err := b.SignUp(t.Context(), home, "a key", in)
	require.NoError(t, err)
	require.Equal(t, first.User, again.User)
	require.NotEqual(t, first.Token, again.Token)
	for _, secret := range []string{first.Token, again.Token} {
		_, err := b.verifier.Verify(t.Context(), secret)
		require.NoError(t, err)
	}
	_, err = b.SignUp(t.Context(), home, "another key", in)
	require.Equal(t, fault.Conflict, fault.CodeOf(err))
	in.Password = "not her password"
	_, err = b.SignUp(t.Context(), home, "a key", in)
	require.Equal(t, fault.Conflict, fault.CodeOf(err))
}

func TestNewPasswordEndsAllOtherSessions(t *testing.T) {
	t.Parallel()
	b := setup(t)
	here, p := b.signUp(t, "ada@example.org")
	there, err := b.SignIn(t.Context(), home, account.SignIn{Email: "ada@example.org", Password: password})
	require.NoError(t, err)
	script, err := b.CreateToken(t.Context(), p, account.NewToken{Name: "script", Scopes: []token.Scope{token.Read}})
	require.NoError(t, err)
	for _, secret := range []string{there.Token, script.Secret} { // now in the cache
		_, err := b.verifier.Verify(t.Context(), secret)
		require.NoError(t, err)
	}

	wanted, current := "an even better passphrase", password
	_, err = b.UpdateMe(t.Context(), p, account.Patch{Password: &wanted, CurrentPassword: &wanted})
	require.Equal(t, fault.Invalid, fault.CodeOf(err))
	_, err = b.UpdateMe(t.Context(), p, account.Patch{Password: &wanted, CurrentPassword: &current})
	require.NoError(t, err)

	_, err = b.verifier.Verify(t.Context(), there.Token)
	require.Equal(t, fault.Unauthenticated, fault.CodeOf(err))
	for _, secret := range []string{here.Token, script.Secret} {
		_, err := b.verifier.Verify(t.Context(), secret)
		require.NoError(t, err)
	}
	_, err = b.SignIn(t.Context(), home, account.SignIn{Email: "ada@example.org", Password: password})
	require.Equal(t, fault.Unauthenticated, fault.CodeOf(err))
	_, err = b.SignIn(t.Context(), home, account.SignIn{Email: "ada@example.org", Password: wanted})
	require.NoError(t, err)
	require.Equal(t, []string{"account.changed settings"}, b.events(t, p.UserID))
}

func TestChangedSettingsAreToldAndUnchangedOnesAreNot(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s, p := b.signUp(t, "ada@example.org")
	zone, name := "Asia/Kathmandu", " Ada Lovelace "
	u, err := b.UpdateMe(t.Context(), p, account.Patch{Timezone: &zone, DisplayName: &name})
	require.NoError(t, err)
	want := s.User
	want.Timezone, want.DisplayName = zone, "Ada Lovelace"
	require.Equal(t, want, u)
	u, err = b.UpdateMe(t.Context(), p, account.Patch{Timezone: &zone})
	require.NoError(t, err)
	require.Equal(t, want, u)
	u, err = b.Me(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, want, u)
	require.Equal(t, []string{"account.changed settings"}, b.events(t, p.UserID))
}

func TestRevokedTokenStopsAtOnceHereAndWithinSecondsElsewhere(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	c := &clock{at: time.Now()}
	here, verifier := replica(t, db.Pool(t, topology.API), c)
	_, elsewhere := replica(t, db.Pool(t, topology.API), c)
	b := &testBundle{Service: here, verifier: verifier, clock: c, db: db.Owner(t)}
	_, p := b.signUp(t, "ada@example.org")
	created, err := b.CreateToken(t.Context(), p, account.NewToken{Name: "script", Scopes: []token.Scope{token.Write, token.Read, token.Read}})
	require.NoError(t, err)
	require.Equal(t, []token.Scope{token.Read, token.Write}, created.Scopes)
	for _, v := range []*account.Verifier{verifier, elsewhere} {
		principal, err := v.Verify(t.Context(), created.Secret)
		require.NoError(t, err)
		require.False(t, principal.Session)
	}
	listed, err := b.Tokens(t.Context(), p)
	require.NoError(t, err)
	require.Len(t, listed, 1)
	require.NotNil(t, listed[0].LastUsedAt)

	require.NoError(t, b.RevokeToken(t.Context(), p, created.ID))
	_, err = verifier.Verify(t.Context(), created.Secret)
	require.Equal(t, fault.Unauthenticated, fault.CodeOf(err))
	c.Move(5 * time.Second)
	_, err = elsewhere.Verify(t.Context(), created.Secret)
	require.Equal(t, fault.Unauthenticated, fault.CodeOf(err))
}

func TestBurstOfSignInsIsBounded(t *testing.T) {
	t.Parallel()
	passwords, err := account.NewPasswords()
	require.NoError(t, err)
	// Whoever gives up while waiting frees the place.
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for range 1000 {
		if _, err := passwords.Matches(gone, "x", ""); err != nil {
			require.ErrorIs(t, err, context.Canceled)
		}
	}
	const burst = 400
	errs := make([]error, burst)
	waiting, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for i := range burst {
		all.Go(func() {
			_, errs[i] = passwords.Matches(waiting, "x", "")
			if fault.CodeOf(errs[i]) == fault.Unavailable {
				stop() // the queue is full, which is all that this test waits for
			}
		})
	}
	all.Wait()
	stop()
	refused := 0
	for _, err := range errs {
		if fault.CodeOf(err) == fault.Unavailable {
			refused++
		}
	}
	require.Positive(t, refused)
	match, err := passwords.Matches(t.Context(), "x", "")
	require.NoError(t, err, "the burst is over")
	require.False(t, match)
}
