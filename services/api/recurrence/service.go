// Package recurrence shows what a recurrence rule means, before anything is stored.
package recurrence

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/fault"
	engine "github.com/rondohq/rondo/platform/recurrence"
	"github.com/rondohq/rondo/services/internal/ratelimit"
)

// How many occurrences a preview shows.
const (
	DefaultLimit = 10
	MaxLimit     = 1000
)

// Request is a rule to look at.
type Request struct {
	Spec  engine.Spec
	After *time.Time // exclusive; nil: from the first occurrence on
	Limit int
}

// Preview is what a rule means.
type Preview struct {
	Description string      // plain English
	Occurrences []time.Time // in the rule's zone
	Finished    bool        // no occurrence follows those
}

// Caller is who asks, for the limits.
type Caller struct {
	UserID  uuid.UUID // nil UUID: nobody who is signed in
	Address string    // of the request
}

// Limits bound how often previews are asked for.
type Limits struct {
	From *ratelimit.Limiter // by client address, of those without a token
	Of   *ratelimit.Limiter // by user
}

// DefaultLimits are for programs that check thousands of rules in one go, whose
// answers take some 0.1 ms of processor time each: a stranger has 20,000 at once and
// then 200 a second, which is a fiftieth of a core; a user has five times as many.
func DefaultLimits(now func() time.Time) Limits {
	return Limits{
		From: ratelimit.New(20_000, 5*time.Millisecond, now),
		Of:   ratelimit.New(100_000, time.Millisecond, now),
	}
}

// Service is what can be done with a rule alone. It keeps nothing.
type Service interface {
	// Preview is fault.Unprocessable when the rule is not acceptable, and names the part.
	Preview(ctx context.Context, from Caller, r Request) (Preview, error)
}

// NewService makes the service.
func NewService(limits Limits) Service { return &service{limits} }

type service struct{ limits Limits }

// Preview implements Service.
func (s *service) Preview(_ context.Context, from Caller, r Request) (Preview, error) {
	limiter, key := s.limits.From, ratelimit.Address(from.Address)
	if from.UserID != uuid.Nil {
		limiter, key = s.limits.Of, from.UserID.String()
	}
	if err := limiter.Take(key); err != nil {
		return Preview{}, err
	}
	rule, err := engine.Parse(r.Spec)
	if err != nil {
		return Preview{}, Refused(err)
	}
	p := Preview{Description: rule.Describe()}
	p.Occurrences, p.Finished = rule.First(r.Limit, r.After)
	return p, nil
}

// Refused is the fault of a recurrence that the engine does not accept. Its field is
// the one of the request; of a part of the rule it is "rrule.BYDAY". Other errors
// pass.
func Refused(err error) error {
	refused, ok := errors.AsType[*engine.Error](err)
	if !ok {
		return err
	}
	f := fault.New(fault.Unprocessable, "%s", refused.Reason).Because("invalid_recurrence", nil)
	f.Fields = []fault.Field{{Name: field(refused.Part), Message: refused.Reason}}
	return f
}

// field is the name that a part of a recurrence has in requests.
func field(part string) string {
	switch {
	case part == "RRULE":
		return "rrule"
	case part == "occurrence":
		return "occurrence_at"
	case strings.ToUpper(part) == part:
		return "rrule." + part
	default:
		return part
	}
}
