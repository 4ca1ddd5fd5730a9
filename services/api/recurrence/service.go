// Package recurrence shows what a recurrence rule means, before anything is stored.
package recurrence

import (
	"context"
	"errors"
	"strings"
	"time"

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
	Days  bool       // the start is a date: the occurrences are days
	After *time.Time // exclusive; nil: from the first occurrence on
	Limit int
}

// Preview is what a rule means.
type Preview struct {
	Description string      // plain English
	Occurrences []time.Time // in the rule's zone
	Finished    bool        // no occurrence follows those
}

// Service is what can be done with a rule alone. It keeps nothing.
type Service interface {
	// Preview is fault.Unprocessable when the rule is not acceptable, and names the part.
	Preview(ctx context.Context, from ratelimit.Caller, r Request) (Preview, error)
}

// NewService makes the service.
func NewService(limits ratelimit.Callers) Service { return &service{limits} }

type service struct{ limits ratelimit.Callers }

// Preview implements Service.
func (s *service) Preview(_ context.Context, from ratelimit.Caller, r Request) (Preview, error) {
	if err := s.limits.Take(from); err != nil {
		return Preview{}, err
	}
	rule, err := engine.Parse(r.Spec)
	if err != nil {
		return Preview{}, Refused(err)
	}
	p := Preview{Description: rule.Describe()}
	if r.Days {
		p.Description = rule.DescribeDays()
	}
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
