// Package feed lets calendar programs subscribe to what a person has to do: by a private
// address that needs no signing in and can be revoked.
package feed

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/api/exchange"
	"github.com/rondohq/rondo/services/api/ical"
	"github.com/rondohq/rondo/services/api/task"
	"github.com/rondohq/rondo/services/api/text"
	"github.com/rondohq/rondo/services/internal/occurrence"
	"github.com/rondohq/rondo/services/internal/ratelimit"
	"github.com/rondohq/rondo/services/internal/token"
)

const (
	// MaxFeeds is how many feeds a person may have.
	MaxFeeds = 50
	// MaxTasks is how many tasks a feed shows, the soonest due first.
	MaxTasks = 5000
	// completedFor is how long a completed task stays in a feed that shows such.
	completedFor = 30 * 24 * time.Hour
	// refresh is how often programs are asked to look again.
	refresh = time.Hour

	maxName = 100
)

// ShowAs is what a feed makes of tasks. Tasks (VTODO) are what they are, but Google
// Calendar, Outlook and Apple's Calendar show events (VEVENT) alone.
type ShowAs string

// The choices.
const (
	Events ShowAs = "events"
	Tasks  ShowAs = "tasks"
)

// Feed is a private calendar without its address.
type Feed struct {
	ID               uuid.UUID  `json:"id"`
	Name             string     `json:"name"`
	ShowAs           ShowAs     `json:"show_as"`
	Tags             []string   `json:"tags"` // names, sorted; only tasks that have all of them
	IncludeCompleted bool       `json:"include_completed"`
	CreatedAt        time.Time  `json:"created_at"`
	LastUsedAt       *time.Time `json:"last_used_at"`
}

// Created is a feed with its address, which is shown this once.
type Created struct {
	Feed

	URL string `json:"url"` // a reference relative to the address of the API
}

// Draft is a feed to be made.
type Draft struct {
	Name             string
	ShowAs           ShowAs // empty: Events
	Tags             []string
	IncludeCompleted bool
}

// Calendar is what a program gets.
type Calendar struct {
	Name string
	Body []byte
	ETag string // in quotes
}

// Service is what can be done with feeds.
type Service interface {
	// Create needs a session: a leaked API token must not outlive its revocation.
	Create(ctx context.Context, p token.Principal, d Draft) (Created, error)
	// List is by age, the newest first.
	List(ctx context.Context, owner uuid.UUID) ([]Feed, error)
	// Revoke lets the address lead nowhere, from this moment on.
	Revoke(ctx context.Context, p token.Principal, id uuid.UUID) error
	// Read is fault.NotFound for a token that is unknown or revoked alike. from is the
	// client's address.
	Read(ctx context.Context, from, secret string) (Calendar, error)
}

// Stored is a feed as it is kept.
type Stored struct {
	Feed

	Owner  uuid.UUID
	TagIDs []uuid.UUID
}

// Content is what a feed shows, as it is at one moment.
type Content struct {
	Zone   *time.Location // the owner's
	Tasks  []task.Task
	Series []occurrence.Series
}

// Store keeps feeds.
type Store interface {
	// Insert is fault.Conflict when there are limit of them already, and fault.Invalid
	// when a tag is not the owner's.
	Insert(ctx context.Context, f Stored, hash [sha256.Size]byte, limit int) (Feed, error)
	List(ctx context.Context, owner uuid.UUID) ([]Feed, error)
	// Remove is fault.NotFound when the owner has no such feed.
	Remove(ctx context.Context, owner, id uuid.UUID) error
	// Find is fault.NotFound when no feed has the hash. It notes the use.
	Find(ctx context.Context, hash [sha256.Size]byte, now time.Time) (Stored, error)
	// Content has tasks that were completed since an instant; nil: none.
	Content(ctx context.Context, f Stored, completed *time.Time, limit int) (Content, error)
}

// Limits keep feeds from being read more often than calendars need.
type Limits struct {
	Of   *ratelimit.Limiter // by feed
	From *ratelimit.Limiter // by client address, of addresses that are no feed's
}

// DefaultLimits let a person try out programs, and one program look every ten seconds.
func DefaultLimits(now func() time.Time) Limits {
	return Limits{Of: ratelimit.New(60, 10*time.Second, now), From: ratelimit.New(100, 3*time.Second, now)}
}

// NewService makes the service. now is the clock, time.Now outside tests.
func NewService(store Store, limits Limits, now func() time.Time) Service {
	return &service{store, limits, func() time.Time { return now().UTC().Truncate(time.Microsecond) }}
}

type service struct {
	store  Store
	limits Limits
	now    func() time.Time
}

// Create implements Service.
func (s *service) Create(ctx context.Context, p token.Principal, d Draft) (Created, error) {
	if err := p.SessionOnly(); err != nil {
		return Created{}, err
	}
	f := Stored{Owner: p.UserID, Feed: Feed{
		ID: uuid.Must(uuid.NewV7()), Name: strings.TrimSpace(d.Name), ShowAs: d.ShowAs, IncludeCompleted: d.IncludeCompleted,
		CreatedAt: s.now(),
	}}
	if f.ShowAs == "" {
		f.ShowAs = Events
	}
	var bad []fault.Field
	if wrong := text.Line(f.Name, 1, maxName); wrong != "" {
		bad = append(bad, fault.Field{Name: "name", Message: wrong})
	}
	if f.ShowAs != Events && f.ShowAs != Tasks {
		bad = append(bad, fault.Field{Name: "show_as", Message: "must be events or tasks"})
	}
	tags, wrong := task.NormaliseTags(d.Tags)
	f.Tags = tags
	if err := fault.InvalidFields(append(bad, wrong...)); err != nil {
		return Created{}, err
	}
	secret, hash := token.New()
	kept, err := s.store.Insert(ctx, f, hash, MaxFeeds)
	if err != nil {
		return Created{}, err
	}
	return Created{Feed: kept, URL: Path + secret + extension}, nil
}

// List implements Service.
func (s *service) List(ctx context.Context, owner uuid.UUID) ([]Feed, error) {
	return s.store.List(ctx, owner)
}

// Revoke implements Service.
func (s *service) Revoke(ctx context.Context, p token.Principal, id uuid.UUID) error {
	return s.store.Remove(ctx, p.UserID, id)
}

// Read implements Service.
func (s *service) Read(ctx context.Context, from, secret string) (Calendar, error) {
	place := ratelimit.Address(from)
	if err := s.limits.From.Take(place); err != nil {
		return Calendar{}, err
	}
	f, err := s.store.Find(ctx, token.Hash(secret), s.now())
	if fault.CodeOf(err) != fault.NotFound {
		s.limits.From.GiveBack(place)
	}
	if err != nil {
		return Calendar{}, err
	}
	if err := s.limits.Of.Take(f.ID.String()); err != nil {
		return Calendar{}, err
	}
	var since *time.Time
	if f.IncludeCompleted {
		at := s.now().Add(-completedFor)
		since = &at
	}
	content, err := s.store.Content(ctx, f, since, MaxTasks)
	if err != nil {
		return Calendar{}, err
	}
	body, err := render(f.Feed, content, s.now())
	if err != nil {
		return Calendar{}, err
	}
	sum := sha256.Sum256(body)
	return Calendar{Name: f.Name, Body: body, ETag: `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`}, nil
}

// render writes a feed. Within a year the same content is the same to the byte, which is
// what the ETag needs.
func render(f Feed, content Content, now time.Time) ([]byte, error) {
	var body bytes.Buffer
	w := exchange.NewCalendarWriter(&body)
	zones := map[string]time.Time{}
	for _, s := range content.Series {
		at := s.NextOccurrenceAt.AddDate(0, 0, -1)
		if known, ok := zones[s.Spec.Zone]; !ok || at.Before(known) {
			zones[s.Spec.Zone] = at
		}
	}
	year := time.Date(now.Year(), 1, 1, 0, 0, 0, 0, time.UTC)
	w.Open(content.Zone, zones, year, func(w *ical.Writer) {
		w.Text("NAME", f.Name) // RFC 7986 §5.1
		w.Text("X-WR-CALNAME", f.Name)
		w.Raw("REFRESH-INTERVAL", ical.FormatDuration(refresh), "VALUE", "DURATION")
		w.Raw("X-PUBLISHED-TTL", ical.FormatDuration(refresh))
	})
	for _, s := range content.Series {
		if err := w.Coming(s, f.ShowAs == Events); err != nil {
			return nil, err
		}
	}
	write := w.Single
	if f.ShowAs == Events {
		write = w.Event
	}
	for _, t := range content.Tasks {
		if err := write(t); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return body.Bytes(), nil
}
