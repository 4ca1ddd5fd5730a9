// Package account keeps the people of Rondo: how they sign in, their settings,
// and the tokens that act for them.
package account

import (
	"context"
	"crypto/sha256"
	"net/mail"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // the image has no zone files

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/api/text"
	"github.com/rondohq/rondo/services/internal/ratelimit"
	"github.com/rondohq/rondo/services/internal/token"
)

const (
	// sessionFor is how long a session lasts.
	sessionFor = 30 * 24 * time.Hour
	// maxTokens is how many API tokens a person may have.
	maxTokens = 100

	minPassword, maxPassword = 10, 128
	maxEmail                 = 254 // RFC 5321 §4.5.3.1.3, less the angle brackets
	maxName                  = 100
)

// User is a person with an account.
type User struct {
	ID          uuid.UUID `json:"id"`
	Email       string    `json:"email"` // in lower case, unique
	DisplayName string    `json:"display_name"`
	Timezone    string    `json:"timezone"` // an IANA name
	// QuietHours are when nothing may ring; nil: never.
	QuietHours  *QuietHours `json:"quiet_hours"`
	NotifyEmail bool        `json:"notify_email"` // reminders come by e-mail too
	CreatedAt   time.Time   `json:"created_at"`

	SavedFilters []SavedFilter `json:"saved_filters"`
}

// QuietHours are a span of the day on the wall clock, "22:00" to "07:00", up to and
// not with To. They go over midnight where From is later.
type QuietHours struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Session is a person signed in.
type Session struct {
	Token     string    `json:"token"`
	ExpiresAt time.Time `json:"expires_at"`
	User      User      `json:"user"`
}

// Token is an API token without its secret.
type Token struct {
	ID         uuid.UUID     `json:"id"`
	Name       string        `json:"name"`
	Scopes     []token.Scope `json:"scopes"`
	CreatedAt  time.Time     `json:"created_at"`
	ExpiresAt  *time.Time    `json:"expires_at"` // nil: never
	LastUsedAt *time.Time    `json:"last_used_at"`
}

// CreatedToken is an API token with its secret, which is shown this once.
type CreatedToken struct {
	Token

	Secret string `json:"token"`
}

// SignUp is what an account begins with.
type SignUp struct {
	Email       string `json:"email"`
	Password    string `json:"password"`
	DisplayName string `json:"display_name"`
	Timezone    string `json:"timezone"`
}

// SignIn is what shows who one is.
type SignIn struct {
	Email    string `json:"email"`
	Password string `json:"password"`
}

// Patch is a change of settings; nil leaves a field as it is.
type Patch struct {
	DisplayName     *string `json:"display_name"`
	Timezone        *string `json:"timezone"`
	Password        *string `json:"password"`
	CurrentPassword *string `json:"current_password"`
	QuietHours      *QuietHours
	ClearQuietHours bool
	NotifyEmail     *bool
	SavedFilters    *[]SavedFilter
}

// Deletion ends an account.
type Deletion struct {
	Password string `json:"password"`
}

// NewToken describes a wanted API token.
type NewToken struct {
	Name      string        `json:"name"`
	Scopes    []token.Scope `json:"scopes"`
	ExpiresAt *time.Time    `json:"expires_at"`
}

// Service is what can be done with accounts. A principal is who calls.
type Service interface {
	// SignUp makes an account and signs it in. from is the client's address. With
	// the key of an earlier call that made this very account, it signs in again; an
	// empty key is none.
	SignUp(ctx context.Context, from, key string, in SignUp) (Session, error)
	// SignIn does not tell whether the address or the password is wrong, neither
	// in words nor by its time.
	SignIn(ctx context.Context, from string, in SignIn) (Session, error)
	// SignOut revokes the token of the call.
	SignOut(ctx context.Context, p token.Principal) error
	Me(ctx context.Context, p token.Principal) (User, error)
	// UpdateMe changes settings. A new password ends all other sessions.
	UpdateMe(ctx context.Context, p token.Principal, patch Patch) (User, error)
	// DeleteMe ends the account and all that belongs to it.
	DeleteMe(ctx context.Context, p token.Principal, in Deletion) error
	// Tokens lists the API tokens, newest first.
	Tokens(ctx context.Context, p token.Principal) ([]Token, error)
	CreateToken(ctx context.Context, p token.Principal, in NewToken) (CreatedToken, error)
	RevokeToken(ctx context.Context, p token.Principal, id uuid.UUID) error
}

// Store keeps accounts. Each method is one transaction.
type Store interface {
	TokenStore

	// Create is fault.Conflict when the address is taken.
	Create(ctx context.Context, u User, passwordHash string, session NewStoredToken) error
	// FindByEmail finds nobody as a nil UUID and an empty hash, without an error.
	FindByEmail(ctx context.Context, email string) (u User, passwordHash string, err error)
	// Find is fault.NotFound when the account is gone.
	Find(ctx context.Context, id uuid.UUID) (u User, passwordHash string, err error)
	// StartSession adds a session and clears away the expired ones.
	StartSession(ctx context.Context, session NewStoredToken) error
	// Update changes settings and tells of it. A new password hash ends all
	// sessions but keep.
	Update(ctx context.Context, userID uuid.UUID, c Changes, keep uuid.UUID) (User, error)
	// Delete removes the user, whose rows go along, and tells of it.
	Delete(ctx context.Context, userID uuid.UUID) error
	Tokens(ctx context.Context, userID uuid.UUID) ([]Token, error)
	// AddToken is fault.Conflict when there are limit of them already.
	AddToken(ctx context.Context, t NewStoredToken, limit int) error
	// RemoveToken is fault.NotFound when the user has no such token.
	RemoveToken(ctx context.Context, userID, id uuid.UUID) error
}

// Changes of a user's row; nil leaves a column as it is.
type Changes struct {
	DisplayName, Timezone, PasswordHash *string

	QuietHours      *QuietHours
	ClearQuietHours bool
	NotifyEmail     *bool
	SavedFilters    *[]SavedFilter
}

// NewStoredToken is a token to store, of either kind.
type NewStoredToken struct {
	Token

	UserID  uuid.UUID
	Session bool
	Hash    [sha256.Size]byte
}

// Limits slow guessing down.
type Limits struct {
	SignUpsFrom   *ratelimit.Limiter // by client address, every one counts
	FailuresFrom  *ratelimit.Limiter // by client address, wrong passwords count
	FailuresOf    *ratelimit.Limiter // by e-mail address, wrong passwords count
	FailuresOfOwn *ratelimit.Limiter // by user, wrong current passwords count
}

// DefaultLimits let a person mistype and a household share an address; a guesser
// gets some 3,000 tries a day at one account.
func DefaultLimits(now func() time.Time) Limits {
	return Limits{
		SignUpsFrom:   ratelimit.New(300, time.Second, now),
		FailuresFrom:  ratelimit.New(100, 3*time.Second, now),
		FailuresOf:    ratelimit.New(10, 30*time.Second, now),
		FailuresOfOwn: ratelimit.New(10, 30*time.Second, now),
	}
}

type service struct {
	store     Store
	passwords *Passwords
	verifier  *Verifier
	limits    Limits
	now       func() time.Time
}

// NewService makes the service. The verifier is the one that the HTTP routes use,
// so that a revoked token is forgotten at once. now is the clock, time.Now outside
// tests.
func NewService(store Store, passwords *Passwords, verifier *Verifier, limits Limits, now func() time.Time) Service {
	return &service{store, passwords, verifier, limits, func() time.Time {
		return now().UTC().Truncate(time.Microsecond) // what the database keeps
	}}
}

// SignUp implements Service.
func (s *service) SignUp(ctx context.Context, from, key string, in SignUp) (Session, error) {
	u := User{
		ID: uuid.Must(uuid.NewV7()), Email: normalEmail(in.Email), DisplayName: strings.TrimSpace(in.DisplayName),
		Timezone: in.Timezone, CreatedAt: s.now(), SavedFilters: []SavedFilter{},
	}
	var bad []fault.Field
	bad = check(bad, "email", checkEmail(u.Email))
	bad = check(bad, "password", text.Line(in.Password, minPassword, maxPassword))
	bad = check(bad, "display_name", text.Line(u.DisplayName, 1, maxName))
	bad = check(bad, "timezone", checkZone(u.Timezone))
	if err := fault.InvalidFields(bad); err != nil {
		return Session{}, err
	}
	if err := s.limits.SignUpsFrom.Take(ratelimit.Address(from)); err != nil {
		return Session{}, err
	}
	hash, err := s.passwords.Hash(ctx, norm.NFC.String(in.Password))
	if err != nil {
		return Session{}, err
	}
	if key != "" {
		// There is no user yet whose key it could be, so the account itself remembers.
		u.ID = uuid.NewSHA1(uuid.Nil, []byte(u.Email+"\n"+key))
	}
	session, stored := s.session(u)
	err = s.store.Create(ctx, u, hash, stored)
	if key != "" && fault.CodeOf(err) == fault.Conflict {
		return s.signUpAgain(ctx, u, in.Password, err)
	}
	if err != nil {
		return Session{}, err
	}
	return session, nil
}

// signUpAgain signs in to the account that the same call has made before, else it
// fails with taken.
func (s *service) signUpAgain(ctx context.Context, wanted User, password string, taken error) (Session, error) {
	u, match, err := s.authenticate(ctx, wanted.Email, password)
	switch {
	case err != nil:
		return Session{}, err
	case u.ID != wanted.ID || !match:
		return Session{}, taken
	}
	session, stored := s.session(u)
	return session, s.store.StartSession(ctx, stored)
}

// SignIn implements Service.
func (s *service) SignIn(ctx context.Context, from string, in SignIn) (Session, error) {
	var bad []fault.Field
	if in.Email == "" {
		bad = check(bad, "email", "is required")
	}
	if in.Password == "" {
		bad = check(bad, "password", "is required")
	}
	if err := fault.InvalidFields(bad); err != nil {
		return Session{}, err
	}
	email := normalEmail(in.Email)
	place := ratelimit.Address(from)
	if err := s.limits.FailuresFrom.Take(place); err != nil {
		return Session{}, err
	}
	if err := s.limits.FailuresOf.Take(email); err != nil {
		s.limits.FailuresFrom.GiveBack(place)
		return Session{}, err
	}
	u, match, err := s.authenticate(ctx, email, in.Password)
	if err != nil || match {
		// Right, or not the caller's fault: neither is an attempt at guessing.
		s.limits.FailuresFrom.GiveBack(place)
		s.limits.FailuresOf.GiveBack(email)
	}
	if err != nil {
		return Session{}, err
	}
	if !match {
		return Session{}, fault.New(fault.Unauthenticated, "The e-mail address or the password is wrong.").
			Because("wrong_credentials", nil)
	}
	session, stored := s.session(u)
	if err := s.store.StartSession(ctx, stored); err != nil {
		return Session{}, err
	}
	return session, nil
}

// authenticate takes as long for an unknown address as for a wrong password.
func (s *service) authenticate(ctx context.Context, email, password string) (u User, match bool, err error) {
	hash := ""
	if checkEmail(email) == "" {
		if u, hash, err = s.store.FindByEmail(ctx, email); err != nil {
			return User{}, false, err
		}
	}
	if len(password) > 4*maxPassword {
		password = password[:4*maxPassword] // no one has it; hash no megabytes
	}
	match, err = s.passwords.Matches(ctx, norm.NFC.String(password), hash)
	return u, match, err
}

// session makes a session of u, and what to store of it.
func (s *service) session(u User) (Session, NewStoredToken) {
	secret, hash := token.New()
	expires := s.now().Add(sessionFor)
	return Session{Token: secret, ExpiresAt: expires, User: u}, NewStoredToken{
		Token: Token{
			ID: uuid.Must(uuid.NewV7()), Name: "session", Scopes: []token.Scope{token.Read, token.Write},
			CreatedAt: s.now(), ExpiresAt: &expires,
		},
		UserID: u.ID, Session: true, Hash: hash,
	}
}

// SignOut implements Service.
func (s *service) SignOut(ctx context.Context, p token.Principal) error {
	err := s.store.RemoveToken(ctx, p.UserID, p.TokenID)
	s.verifier.forget(p.UserID, p.TokenID)
	if fault.CodeOf(err) == fault.NotFound { // revoked elsewhere this very moment
		return nil
	}
	return err
}

// Me implements Service.
func (s *service) Me(ctx context.Context, p token.Principal) (User, error) {
	u, _, err := s.store.Find(ctx, p.UserID)
	return u, err
}

// UpdateMe implements Service.
func (s *service) UpdateMe(ctx context.Context, p token.Principal, patch Patch) (User, error) {
	var bad []fault.Field
	if patch == (Patch{}) {
		bad = check(bad, "body", "must change something: display_name, timezone, quiet_hours, notify_email, saved_filters or password")
	}
	if patch.DisplayName != nil {
		*patch.DisplayName = strings.TrimSpace(*patch.DisplayName)
		bad = check(bad, "display_name", text.Line(*patch.DisplayName, 1, maxName))
	}
	if patch.Timezone != nil {
		bad = check(bad, "timezone", checkZone(*patch.Timezone))
	}
	if patch.QuietHours != nil {
		bad = check(bad, "quiet_hours", checkQuietHours(*patch.QuietHours))
	}
	if patch.Password != nil {
		bad = check(bad, "password", text.Line(*patch.Password, minPassword, maxPassword))
	}
	if patch.SavedFilters != nil {
		bad = checkFilters(bad, *patch.SavedFilters)
	}
	switch {
	case patch.Password != nil && patch.CurrentPassword == nil:
		bad = check(bad, "current_password", "is required with a new password")
	case patch.Password == nil && patch.CurrentPassword != nil:
		bad = check(bad, "password", "is required with the current one")
	}
	if err := fault.InvalidFields(bad); err != nil {
		return User{}, err
	}
	old, oldHash, err := s.store.Find(ctx, p.UserID)
	if err != nil {
		return User{}, err
	}
	c := Changes{
		DisplayName: unlessSame(patch.DisplayName, old.DisplayName), Timezone: unlessSame(patch.Timezone, old.Timezone),
		NotifyEmail: unlessSame(patch.NotifyEmail, old.NotifyEmail), ClearQuietHours: patch.ClearQuietHours && old.QuietHours != nil,
		SavedFilters: patch.SavedFilters,
	}
	if patch.QuietHours != nil && (old.QuietHours == nil || *old.QuietHours != *patch.QuietHours) {
		c.QuietHours = patch.QuietHours
	}
	if patch.Password != nil {
		hash, err := s.newPassword(ctx, p, oldHash, *patch.CurrentPassword, *patch.Password)
		if err != nil {
			return User{}, err
		}
		c.PasswordHash = &hash
	}
	if c == (Changes{}) {
		return old, nil
	}
	u, err := s.store.Update(ctx, p.UserID, c, p.TokenID)
	if err != nil {
		return User{}, err
	}
	if c.PasswordHash != nil {
		s.verifier.forget(p.UserID)
	}
	return u, nil
}

// unlessSame is nil for a change that changes nothing.
func unlessSame[T comparable](wanted *T, old T) *T {
	if wanted != nil && *wanted == old {
		return nil
	}
	return wanted
}

func (s *service) newPassword(ctx context.Context, p token.Principal, oldHash, current, wanted string) (string, error) {
	if err := s.confirm(ctx, p, "current_password", current, oldHash); err != nil {
		return "", err
	}
	return s.passwords.Hash(ctx, norm.NFC.String(wanted))
}

// confirm lets only the person themself pass: signed in, and with their password,
// which field of the request holds.
func (s *service) confirm(ctx context.Context, p token.Principal, field, password, hash string) error {
	if err := p.SessionOnly(); err != nil {
		return err
	}
	if err := s.limits.FailuresOfOwn.Take(p.UserID.String()); err != nil {
		return err
	}
	match, err := s.passwords.Matches(ctx, norm.NFC.String(password), hash)
	if err != nil || match {
		s.limits.FailuresOfOwn.GiveBack(p.UserID.String())
	}
	if err != nil {
		return err
	}
	if !match {
		return fault.Invalidf(field, "is not your password").Because("wrong_password", nil)
	}
	return nil
}

// DeleteMe implements Service.
func (s *service) DeleteMe(ctx context.Context, p token.Principal, in Deletion) error {
	if in.Password == "" {
		return fault.Invalidf("password", "is required, to be sure that it is you")
	}
	_, hash, err := s.store.Find(ctx, p.UserID)
	if err != nil {
		return err
	}
	if err := s.confirm(ctx, p, "password", in.Password, hash); err != nil {
		return err
	}
	if err := s.store.Delete(ctx, p.UserID); err != nil {
		return err
	}
	s.verifier.forget(p.UserID)
	return nil
}

// Tokens implements Service.
func (s *service) Tokens(ctx context.Context, p token.Principal) ([]Token, error) {
	return s.store.Tokens(ctx, p.UserID)
}

// CreateToken implements Service.
func (s *service) CreateToken(ctx context.Context, p token.Principal, in NewToken) (CreatedToken, error) {
	if err := p.SessionOnly(); err != nil {
		return CreatedToken{}, err
	}
	secret, hash := token.New()
	t := Token{ID: uuid.Must(uuid.NewV7()), Name: strings.TrimSpace(in.Name), CreatedAt: s.now()}
	var bad []fault.Field
	bad = check(bad, "name", text.Line(t.Name, 1, maxName))
	bad = check(bad, "scopes", checkScopes(in.Scopes))
	if in.ExpiresAt != nil {
		expires := in.ExpiresAt.UTC().Truncate(time.Microsecond)
		t.ExpiresAt = &expires
		if !expires.After(t.CreatedAt) {
			bad = check(bad, "expires_at", "must be in the future")
		}
	}
	if err := fault.InvalidFields(bad); err != nil {
		return CreatedToken{}, err
	}
	slices.Sort(in.Scopes)
	t.Scopes = slices.Compact(in.Scopes)
	if err := s.store.AddToken(ctx, NewStoredToken{Token: t, UserID: p.UserID, Hash: hash}, maxTokens); err != nil {
		return CreatedToken{}, err
	}
	return CreatedToken{Token: t, Secret: secret}, nil
}

// RevokeToken implements Service.
func (s *service) RevokeToken(ctx context.Context, p token.Principal, id uuid.UUID) error {
	if err := p.SessionOnly(); err != nil {
		return err
	}
	if err := s.store.RemoveToken(ctx, p.UserID, id); err != nil {
		return err
	}
	s.verifier.forget(p.UserID, id)
	return nil
}

func check(bad []fault.Field, name, message string) []fault.Field {
	if message == "" {
		return bad
	}
	return append(bad, fault.Field{Name: name, Message: message})
}

// normalEmail is the form that an address is stored and compared in. The case of
// the part before the @ matters in theory only (RFC 5321 §2.4).
func normalEmail(email string) string {
	return strings.ToLower(norm.NFC.String(strings.TrimSpace(email)))
}

func checkEmail(email string) string {
	parsed, err := mail.ParseAddress(email)
	_, domain, _ := strings.Cut(email, "@")
	switch {
	case email == "":
		return "is required"
	case len(email) > maxEmail:
		return "must have at most 254 characters"
	case err != nil || parsed.Address != email || strings.ContainsAny(email, " \"<>") || domain == "":
		return "must be an e-mail address"
	}
	return ""
}

func checkZone(name string) string {
	_, message := text.Zone(name)
	return message
}

func checkQuietHours(q QuietHours) string {
	for _, at := range []string{q.From, q.To} {
		if _, err := time.Parse("15:04", at); err != nil || len(at) != len("15:04") {
			return `must have from and to as "22:00"`
		}
	}
	if q.From == q.To {
		return "must not begin when they end; null means none"
	}
	return ""
}

func checkScopes(scopes []token.Scope) string {
	if len(scopes) == 0 {
		return "is required"
	}
	for _, scope := range scopes {
		if scope != token.Read && scope != token.Write {
			return "must be read, write or both"
		}
	}
	return ""
}
