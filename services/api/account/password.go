package account

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/alexedwards/argon2id"

	"github.com/rondohq/rondo/platform/fault"
)

// hashing is OWASP's second choice for Argon2id (Password Storage Cheat Sheet):
// 19 MiB, two passes, one lane. It takes some 30 ms of one core on a laptop.
var hashing = &argon2id.Params{Memory: 19 << 10, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// quiet is how long nobody has to hash before the memory goes back to the system.
// The garbage collector would keep it for minutes, many times what the service
// needs at rest.
const quiet = 3 * time.Second

// maxWaiting bounds the queue for a turn at hashing: a few seconds' worth.
const maxWaiting = 256

// Passwords hashes and compares passwords, never more than half the cores at a
// time, so that a burst of sign-ins takes neither the processor nor the memory
// from everybody else.
type Passwords struct {
	turns   chan struct{}
	waiting chan struct{}
	decoy   string
	tidy    *time.Timer
}

// NewPasswords makes the decoy hash that unknown accounts are compared with.
func NewPasswords() (*Passwords, error) { return newPasswords(debug.FreeOSMemory) }

func newPasswords(giveBack func()) (*Passwords, error) {
	decoy, err := argon2id.CreateHash("nobody has this password", hashing)
	if err != nil {
		return nil, fmt.Errorf("making a decoy hash: %w", err)
	}
	return &Passwords{
		turns:   make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)),
		waiting: make(chan struct{}, maxWaiting),
		decoy:   decoy,
		tidy:    time.AfterFunc(quiet, giveBack),
	}, nil
}

// Hash makes the hash to store, in the PHC string format.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	done, err := p.turn(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	hash, err := argon2id.CreateHash(password, hashing)
	if err != nil {
		return "", fmt.Errorf("hashing a password: %w", err)
	}
	return hash, nil
}

// Matches compares. An empty hash, of an account that does not exist, matches
// nothing and takes just as long.
func (p *Passwords) Matches(ctx context.Context, password, hash string) (bool, error) {
	done, err := p.turn(ctx)
	if err != nil {
		return false, err
	}
	defer done()
	unknown := hash == ""
	if unknown {
		hash = p.decoy
	}
	match, err := argon2id.ComparePasswordAndHash(password, hash)
	if err != nil {
		return false, fmt.Errorf("comparing a password: %w", err)
	}
	return match && !unknown, nil
}

// turn waits for a turn, unless too many wait already.
func (p *Passwords) turn(ctx context.Context) (done func(), err error) {
	select {
	case p.waiting <- struct{}{}:
		defer func() { <-p.waiting }()
	default:
		return nil, busy()
	}
	select {
	case p.turns <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if ctx.Err() != nil { // both were true, and nobody waits for the answer
		<-p.turns
		return nil, context.Cause(ctx)
	}
	return func() {
		p.tidy.Reset(quiet)
		<-p.turns
	}, nil
}

func busy() error {
	f := fault.New(fault.Unavailable, "Very many people are signing in at this moment. Please try again.")
	f.RetryAfter = 5 * time.Second
	return f.Because("busy", nil)
}
