package apiclient

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"time"
)

// ImportResult counts what an import has made.
type ImportResult struct {
	Created     int `json:"created"`
	Skipped     int `json:"skipped"`
	TagsCreated int `json:"tags_created"`
}

// exportWithin bounds an export, which may be of many thousand tasks.
const exportWithin = 2 * time.Minute

// Export opens the file of all tasks, json or csv. The caller closes it.
func (c Caller) Export(ctx context.Context, format string) (*http.Response, error) {
	return c.open(ctx, "/api/export?"+url.Values{"format": {format}}.Encode(), "", exportWithin)
}

// Import reads a file of tasks; contentType says in which format it is. All or nothing.
func (c Caller) Import(ctx context.Context, file io.Reader, contentType, key string) (ImportResult, error) {
	var result ImportResult
	err := c.do(ctx, request{method: http.MethodPost, path: "/api/import", raw: file, contentType: contentType, key: key}, &result)
	return result, err
}
