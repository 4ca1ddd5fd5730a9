// Package quickadd answers what a text in the quick-add box means, while it is
// typed. It changes nothing and knows no user.
package quickadd

import (
	"context"
	"time"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/api/assistant/parse"
	"github.com/rondohq/rondo/services/api/text"
	"github.com/rondohq/rondo/services/internal/ratelimit"
)

// MaxText is the longest text that is read, in characters.
const MaxText = 1000

// Request is a text, and when and where it was written.
type Request struct {
	Text     *string `json:"text"`     // of at most MaxText characters; it may be empty
	Now      string  `json:"now"`      // RFC 3339
	Timezone string  `json:"timezone"` // an IANA name
}

// Service reads texts.
type Service interface {
	// Parse says what the text asks for; fault.Invalid names each bad field.
	Parse(ctx context.Context, from ratelimit.Caller, req Request) (parse.Action, error)
}

// NewService makes the service.
func NewService(limits ratelimit.Callers) Service { return &service{limits} }

type service struct{ limits ratelimit.Callers }

// Parse implements Service.
func (s *service) Parse(_ context.Context, from ratelimit.Caller, req Request) (parse.Action, error) {
	if err := s.limits.Take(from); err != nil {
		return parse.Action{}, err //nolint:wrapcheck // a fault
	}
	var bad []fault.Field
	refuse := func(name, message string) {
		if message != "" {
			bad = append(bad, fault.Field{Name: name, Message: message})
		}
	}
	if req.Text == nil {
		refuse("text", "is required")
	} else {
		refuse("text", text.Block(*req.Text, MaxText))
	}
	now, message := instant(req.Now)
	refuse("now", message)
	zone, message := text.Zone(req.Timezone)
	refuse("timezone", message)
	if f := fault.InvalidFields(bad); f != nil {
		return parse.Action{}, f
	}
	return parse.Parse(*req.Text, now.In(zone)), nil
}

// instant reads now. The years are those whose calendar and zones are known.
func instant(s string) (now time.Time, message string) {
	now, err := time.Parse(time.RFC3339, s)
	switch {
	case s == "":
		return now, "is required"
	case err != nil:
		return now, `must be an instant of RFC 3339, such as "2026-11-27T14:00:00+01:00"`
	case now.Year() < 1970 || now.Year() > 2200:
		return now, "must be in the years 1970 to 2200"
	}
	return now, ""
}
