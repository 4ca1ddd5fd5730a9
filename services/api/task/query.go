package task

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/internal/rest"
)

// How many tasks a page has.
const (
	DefaultLimit = 50
	MaxLimit     = 200
)

// SortKey is what a list is ordered by.
type SortKey string

// The sort keys. Tasks without a due date come last in either order.
const (
	ByCreatedAt SortKey = "created_at"
	ByUpdatedAt SortKey = "updated_at"
	ByDueAt     SortKey = "due_at"
	ByPriority  SortKey = "priority"
	ByTitle     SortKey = "title" // in any case
	ByPosition  SortKey = "position"
	ByStatus    SortKey = "status"
)

// SortKeys lists all.
func SortKeys() []SortKey {
	return []SortKey{ByCreatedAt, ByUpdatedAt, ByDueAt, ByPriority, ByTitle, ByPosition, ByStatus}
}

// Query says which tasks, in which order. Zero values do not restrict; conditions
// add up.
type Query struct {
	Statuses   []Status   // any of them; empty: all but Cancelled
	Priorities []Priority // any of them
	Tags       []string   // all of them, in any case
	Search     string     // anywhere in title or description, in any case
	DueBefore  *time.Time // exclusive
	DueAfter   *time.Time // inclusive
	ParentID   *uuid.UUID
	SortBy     SortKey
	Descending bool
	Limit      int
	After      *Cursor
}

// Page is one page of a list. Next is empty on the last.
type Page struct {
	Items []Task
	Next  *Cursor
}

// Cursor is the place behind the last task of a page. It belongs to one order.
type Cursor struct {
	SortBy     SortKey   `json:"s"`
	Descending bool      `json:"d,omitempty"`
	Value      string    `json:"v"` // of the sort key, in PostgreSQL's notation
	ID         uuid.UUID `json:"i"`
}

// Encode makes the cursor's opaque form.
func (c *Cursor) Encode() string {
	return rest.EncodeCursor(c)
}

// decodeCursor reads what Encode made for the same order.
func decodeCursor(text string, by SortKey, descending bool) (*Cursor, error) {
	c, err := rest.DecodeCursor[Cursor](text)
	if err == nil && !slices.Contains(SortKeys(), c.SortBy) {
		err = rest.BadCursor(nil)
	}
	if err != nil {
		return nil, err
	}
	if c.SortBy != by || c.Descending != descending {
		return nil, fault.Invalidf("cursor", "belongs to a list in another order; keep sort_by and sort_order from page to page")
	}
	return &c, nil
}
