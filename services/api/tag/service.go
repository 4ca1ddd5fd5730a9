// Package tag keeps the words that a user's tasks are grouped by. Tasks make tags
// by naming them; this is for looking after them.
package tag

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/api/task"
	"github.com/rondohq/rondo/services/api/text"
)

// Tag is a tag of one user. Two of them never differ in case alone.
type Tag struct {
	ID        uuid.UUID `json:"id"`
	Name      string    `json:"name"`
	TaskCount int       `json:"task_count"` // open tasks that carry it
}

// Service is what can be done with tags. Each call acts for one owner; another
// user's tag is as good as none (fault.NotFound).
type Service interface {
	// List is in the order of the alphabet.
	List(ctx context.Context, owner uuid.UUID) ([]Tag, error)
	// Create is fault.Conflict when there is a tag with the name, in any case.
	Create(ctx context.Context, owner uuid.UUID, name string) (Tag, error)
	// Rename changes the name for all tasks at once; see Create for conflicts.
	Rename(ctx context.Context, owner, id uuid.UUID, name string) (Tag, error)
	// Delete takes the tag off all tasks.
	Delete(ctx context.Context, owner, id uuid.UUID) error
}

// Store keeps tags, and tells of each change with it.
type Store interface {
	List(ctx context.Context, owner uuid.UUID) ([]Tag, error)
	Insert(ctx context.Context, owner uuid.UUID, t Tag) (Tag, error)
	Rename(ctx context.Context, owner, id uuid.UUID, name string) (Tag, error)
	Delete(ctx context.Context, owner, id uuid.UUID) error
}

// NewService makes the service.
func NewService(store Store) Service { return &service{store} }

type service struct{ store Store }

// List implements Service.
func (s *service) List(ctx context.Context, owner uuid.UUID) ([]Tag, error) {
	return s.store.List(ctx, owner)
}

// Create implements Service.
func (s *service) Create(ctx context.Context, owner uuid.UUID, name string) (Tag, error) {
	name, err := normalise(name)
	if err != nil {
		return Tag{}, err
	}
	return s.store.Insert(ctx, owner, Tag{ID: uuid.Must(uuid.NewV7()), Name: name})
}

// Rename implements Service.
func (s *service) Rename(ctx context.Context, owner, id uuid.UUID, name string) (Tag, error) {
	name, err := normalise(name)
	if err != nil {
		return Tag{}, err
	}
	return s.store.Rename(ctx, owner, id, name)
}

// Delete implements Service.
func (s *service) Delete(ctx context.Context, owner, id uuid.UUID) error {
	return s.store.Delete(ctx, owner, id)
}

func normalise(name string) (string, error) {
	name = strings.TrimSpace(name)
	if message := text.Line(name, 1, task.MaxTag); message != "" {
		return "", fault.Invalidf("name", "%s", message)
	}
	return name, nil
}
