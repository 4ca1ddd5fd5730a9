package apiclient

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/rondohq/rondo/platform/fault"
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
	target := c.client.base + "/api/export?" + url.Values{"format": {format}}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, http.NoBody)
	if err != nil {
		return nil, fault.New(fault.Internal, "The request could not be written.").Because("", err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	slow := http.Client{Transport: c.client.http.Transport, Timeout: exportWithin}
	res, err := slow.Do(req)
	if err != nil {
		return nil, unreachable(err)
	}
	if res.StatusCode >= http.StatusBadRequest {
		defer func() { _ = res.Body.Close() }() // reading is over
		answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
		if err != nil {
			return nil, unreachable(err)
		}
		return nil, refused(res, answer)
	}
	return res, nil
}

// Import reads a file of tasks; contentType says in which format it is. All or nothing.
func (c Caller) Import(ctx context.Context, file io.Reader, contentType, key string) (ImportResult, error) {
	var result ImportResult
	err := c.do(ctx, request{method: http.MethodPost, path: "/api/import", raw: file, contentType: contentType, key: key}, &result)
	return result, err
}
