package ratelimit

import (
	"time"

	"github.com/google/uuid"
)

// Caller is who asks.
type Caller struct {
	UserID  uuid.UUID // nil UUID: nobody who is signed in
	Address string    // of the request
}

// Callers bounds a call that strangers may make, too.
type Callers struct {
	strangers *Limiter // by address
	users     *Limiter // by user
}

// ForPrograms makes bounds for programs that ask thousands of questions in one go,
// whose answers take some 0.1 ms of processor time each: a stranger has 20,000 at once
// and then 200 a second, which is a fiftieth of a core; a user has five times as many.
func ForPrograms(now func() time.Time) Callers {
	return Callers{strangers: New(20_000, 5*time.Millisecond, now), users: New(100_000, time.Millisecond, now)}
}

// Take uses up one attempt of the caller; see Limiter.Take.
func (c Callers) Take(from Caller) error {
	if from.UserID != uuid.Nil {
		return c.users.Take(from.UserID.String())
	}
	return c.strangers.Take(Address(from.Address))
}
