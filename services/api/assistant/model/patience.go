package model

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// patience is an http.RoundTripper that knows a dead endpoint from a slow one. A person
// must not wait for the dead: while an answer does not begin, it asks the endpoint for
// its models, which costs a living one nothing, however busy it is.
type patience struct {
	next *http.Transport

	askAfter   time.Duration // without an answer
	askTime    time.Duration // for the models
	headerTime time.Duration // until an answer begins
	stallTime  time.Duration // between two pieces of it
}

func newPatience() *patience {
	const connect = 1500 * time.Millisecond
	return &patience{
		next: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: connect}).DialContext, TLSHandshakeTimeout: connect,
			IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true,
		},
		askAfter: 1200 * time.Millisecond, askTime: 500 * time.Millisecond, headerTime: 20 * time.Second, stallTime: 15 * time.Second,
	}
}

// Why a call was given up.
var (
	errDead    = errors.New("the endpoint does not answer")
	errSlow    = errors.New("the endpoint is too slow to answer")
	errStalled = errors.New("the endpoint has stopped in the middle of its answer")
)

// turn is what the calls for one answer have in common.
type turn struct {
	// heard: the endpoint has answered once. Giving it up now would end the answer, which
	// nobody else can go on with, so it has the time of the slow.
	heard atomic.Bool
}

type turnKey struct{}

// inTurn makes the calls under ctx those for one answer.
func inTurn(ctx context.Context) context.Context { return context.WithValue(ctx, turnKey{}, &turn{}) }

func turnOf(req *http.Request) *turn {
	if t, ok := req.Context().Value(turnKey{}).(*turn); ok {
		return t
	}
	return &turn{}
}

// RoundTrip implements http.RoundTripper.
func (p *patience) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	answered := make(chan struct{})
	var decided atomic.Bool // answered or given up, whichever comes first
	go p.watch(ctx, req, answered, func(cause error) {
		if decided.CompareAndSwap(false, true) {
			cancel(cause)
		}
	})
	resp, err := p.next.RoundTrip(req.WithContext(ctx))
	close(answered)
	if err == nil && !decided.CompareAndSwap(false, true) {
		_ = resp.Body.Close()
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	if err != nil {
		cause := context.Cause(ctx)
		cancel(nil)
		if cause != nil {
			return nil, cause
		}
		return nil, err //nolint:wrapcheck // says all
	}
	turnOf(req).heard.Store(true)
	b := &body{ReadCloser: resp.Body, ctx: ctx, cancel: cancel, stall: p.stallTime}
	b.timer = time.AfterFunc(p.stallTime, func() { cancel(errStalled) })
	b.streamed = strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream")
	resp.Body = b
	if b.streamed {
		resp.Body = newSpoken(b)
	}
	return resp, nil
}

// watch gives up a call whose answer does not begin.
func (p *patience) watch(ctx context.Context, req *http.Request, answered <-chan struct{}, giveUp func(cause error)) {
	wait := func(d time.Duration) bool {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			return true
		case <-answered:
		case <-ctx.Done():
		}
		return false
	}
	if !turnOf(req).heard.Load() {
		if !wait(p.askAfter) {
			return
		}
		if err := p.alive(ctx, req); err != nil {
			giveUp(fmt.Errorf("%w: %w", errDead, err))
			return
		}
	}
	if wait(p.headerTime) {
		giveUp(errSlow)
	}
}

// alive asks for the models (OpenAI API, "List models"). Any answer of its own will do.
func (p *patience) alive(ctx context.Context, of *http.Request) error {
	ctx, cancel := context.WithTimeout(ctx, p.askTime)
	defer cancel()
	models := *of.URL
	models.Path = strings.TrimSuffix(models.Path, "/chat/completions") + "/models"
	//nolint:gosec // the operator names the endpoint
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, models.String(), http.NoBody)
	if err != nil {
		return fmt.Errorf("asking for the models: %w", err)
	}
	req.Header.Set("Authorization", of.Header.Get("Authorization"))
	resp, err := p.next.RoundTrip(req)
	if err != nil {
		return fmt.Errorf("asking for the models: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= http.StatusInternalServerError {
		return fmt.Errorf("asking for the models: %s", resp.Status)
	}
	return nil
}

// done ends each stream (OpenAI API, "Streaming"). A stream without it was broken off,
// also where the connection was closed in good order.
var done = []byte("[DONE]")

// body is an answer while it comes.
type body struct {
	io.ReadCloser

	ctx      context.Context //nolint:containedctx // of the request that it belongs to
	cancel   context.CancelCauseFunc
	timer    *time.Timer
	stall    time.Duration
	streamed bool
	ended    bool   // done was seen
	tail     []byte // of what was read before
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.timer.Reset(b.stall)
	if b.streamed && !b.ended {
		b.tail = append(b.tail, p[:n]...)
		b.ended = bytes.Contains(b.tail, done)
		b.tail = b.tail[max(0, len(b.tail)-len(done)):]
	}
	switch {
	case err == nil:
		return n, nil
	case context.Cause(b.ctx) != nil:
		return n, context.Cause(b.ctx) //nolint:wrapcheck // says all
	case errors.Is(err, io.EOF) && b.streamed && !b.ended:
		return n, io.ErrUnexpectedEOF
	}
	return n, err //nolint:wrapcheck // io.EOF has to stay itself
}

// Close implements io.Closer.
func (b *body) Close() error {
	b.timer.Stop()
	b.cancel(nil)
	return b.ReadCloser.Close() //nolint:wrapcheck // says all
}
