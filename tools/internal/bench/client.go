// Package bench measures a running stack and prints its numbers beside the goals.
package bench

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// user is one account of the load.
type user struct {
	ID    string
	token string
}

// client calls api as people's programs do.
type client struct {
	base string
	http *http.Client
}

func newClient(base string) *client {
	transport := &http.Transport{MaxIdleConnsPerHost: 256}
	return &client{base: base, http: &http.Client{Transport: transport, Timeout: 30 * time.Second}}
}

// call sends one request and reads the whole answer.
func (c *client) call(ctx context.Context, u user, method, path string, body, into any) error {
	var reader io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("encoding a request: %w", err)
		}
		reader = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, reader)
	if err != nil {
		return fmt.Errorf("making a request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	if u.token != "" {
		req.Header.Set("Authorization", "Bearer "+u.token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("calling api: %w", err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return fmt.Errorf("reading the answer: %w", err)
	case resp.StatusCode >= http.StatusBadRequest:
		return fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, answer)
	case into == nil:
		return nil
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("decoding the answer: %w", err)
	}
	return nil
}

// signUp makes an account that no earlier run has made.
func (c *client) signUp(ctx context.Context) (user, error) {
	var session struct {
		Token string
		User  struct{ ID string }
	}
	err := c.call(ctx, user{}, http.MethodPost, "/api/auth/sign-up", map[string]string{
		"email": rand.Text() + "@bench.example", "password": rand.Text(), "display_name": "Bench", "timezone": "Europe/Berlin",
	}, &session)
	return user{ID: session.User.ID, token: session.Token}, err
}

// samples collects durations from many goroutines.
type samples struct {
	mu     sync.Mutex
	all    []time.Duration
	failed int
	first  error
}

func (s *samples) time(do func() error) {
	begin := time.Now()
	err := do()
	elapsed := time.Since(begin)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.failed++
		if s.first == nil {
			s.first = err
		}
		return
	}
	s.all = append(s.all, elapsed)
}

func p95(all []time.Duration) time.Duration { return percentile(95, all) }

func p99(all []time.Duration) time.Duration { return percentile(99, all) }

// percentile is the smallest sample that so many percent do not exceed; 0 without samples.
func percentile(percent int, all []time.Duration) time.Duration {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	return sorted[max(0, (len(sorted)*percent+99)/100-1)]
}

// err tells how many failed and why the first did.
func (s *samples) err() error {
	if s.failed == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d calls failed, the first: %w", s.failed, s.failed+len(s.all), s.first)
}
