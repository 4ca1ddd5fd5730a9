package apiclient

import (
	"context"
	"net/http"

	"github.com/google/uuid"
)

// Tag is a label of tasks.
type Tag struct {
	ID        uuid.UUID `json:"id"`
	Name      string    `json:"name"`
	TaskCount int       `json:"task_count"`
}

// Tags lists all of the caller's tags.
func (c Caller) Tags(ctx context.Context) ([]Tag, error) {
	var list struct {
		Items []Tag `json:"items"`
	}
	err := c.do(ctx, request{method: http.MethodGet, path: "/api/tags"}, &list)
	return list.Items, err
}

// RenameTag gives a tag another name, on all its tasks.
func (c Caller) RenameTag(ctx context.Context, id uuid.UUID, name string) (Tag, error) {
	var tag Tag
	body := map[string]string{"name": name}
	err := c.do(ctx, request{method: http.MethodPatch, path: "/api/tags/" + id.String(), body: body}, &tag)
	return tag, err
}

// DeleteTag takes a tag off all its tasks; the tasks stay.
func (c Caller) DeleteTag(ctx context.Context, id uuid.UUID) error {
	return c.do(ctx, request{method: http.MethodDelete, path: "/api/tags/" + id.String()}, nil)
}
