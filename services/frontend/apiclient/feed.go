package apiclient

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/fault"
)

// Feed is a private calendar. Its path is there only once, when it is made.
type Feed struct {
	ID         uuid.UUID  `json:"id"`
	Name       string     `json:"name"`
	ShowAs     string     `json:"show_as"` // events or tasks
	CreatedAt  time.Time  `json:"created_at"`
	LastUsedAt *time.Time `json:"last_used_at"`
	Path       string     `json:"url"`
}

// Feeds lists them, newest first.
func (c Caller) Feeds(ctx context.Context) ([]Feed, error) {
	var list struct {
		Items []Feed `json:"items"`
	}
	err := c.do(ctx, request{method: http.MethodGet, path: "/api/feeds"}, &list)
	return list.Items, err
}

// CreateFeed makes one that shows tasks as events, or as tasks.
func (c Caller) CreateFeed(ctx context.Context, name, showAs string) (Feed, error) {
	var feed Feed
	body := map[string]string{"name": name, "show_as": showAs}
	err := c.do(ctx, request{method: http.MethodPost, path: "/api/feeds", body: body}, &feed)
	return feed, err
}

// RevokeFeed ends one.
func (c Caller) RevokeFeed(ctx context.Context, id uuid.UUID) error {
	return c.do(ctx, request{method: http.MethodDelete, path: "/api/feeds/" + id.String()}, nil)
}

// ReadFeed is what a calendar program gets, for which its token is enough. The caller
// closes the answer, which may be 304 or an error's.
func (c Caller) ReadFeed(ctx context.Context, token, ifNoneMatch string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.client.base+"/feeds/"+url.PathEscape(token), http.NoBody)
	if err != nil {
		return nil, fault.New(fault.Internal, "The request could not be written.").Because("", err)
	}
	if ifNoneMatch != "" {
		req.Header.Set("If-None-Match", ifNoneMatch)
	}
	res, err := c.client.http.Do(req)
	if err != nil {
		return nil, unreachable(err)
	}
	return res, nil
}
