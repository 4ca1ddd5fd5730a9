// Package apiclient calls the api service on behalf of a signed-in person.
// Every error that it returns is a *fault.Error: what the api answered, or
// fault.Unavailable when there was no answer.
package apiclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/services/internal/sidecar"
)

// Client reaches the api service.
type Client struct {
	http *http.Client
	base string
}

// readWithin is how long a page waits for an answer.
const readWithin = 6 * time.Second

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 8 << 20

// New calls through transport, which finds the api service by its name.
func New(transport http.RoundTripper) *Client {
	return &Client{
		http: &http.Client{Transport: transport, Timeout: 15 * time.Second},
		base: "http://" + topology.API.Name,
	}
}

// As is the client with a person's bearer token.
func (c *Client) As(token string) Caller { return Caller{client: c, token: token} }

// Visitor is the client for somebody who is not signed in, whose browser is at
// address (host:port). The api counts attempts at signing in by it: without it,
// all people would share the limits of the frontend's own address.
func (c *Client) Visitor(address string) Caller { return Caller{client: c, address: address} }

// Caller calls for one person.
type Caller struct {
	client  *Client
	token   string // bearer; "" is not sent
	address string // of the browser; "" is not sent
}

// request is one call. A body is sent as JSON.
type request struct {
	method, path string
	query        url.Values
	body         any
	raw          io.Reader // sent as it is, in place of body, as contentType
	contentType  string
	// key makes a repeated POST harmless. The sidecar repeats calls on its own,
	// so a POST always has one: a fresh one where this is empty.
	key     string
	version int64 // sent as If-Match when it is not 0
}

// problem is RFC 9457's document with the api's members.
type problem struct {
	Detail string        `json:"detail"`
	Title  string        `json:"title"`
	Code   string        `json:"code"`
	Errors []fault.Field `json:"errors"`
}

// do sends the request and decodes a successful answer into the result, if any.
func (c Caller) do(ctx context.Context, in request, result any) error {
	if in.method == http.MethodGet {
		// Somebody waits for a page, which can say that the api does not answer.
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, readWithin)
		defer cancel()
	}
	target := c.client.base + in.path
	if len(in.query) > 0 {
		target += "?" + in.query.Encode()
	}
	var body io.Reader
	if in.body != nil {
		encoded, err := json.Marshal(in.body)
		if err != nil {
			return fault.New(fault.Internal, "The request could not be written.").Because("", err)
		}
		body, in.contentType = bytes.NewReader(encoded), "application/json"
	}
	if in.raw != nil {
		body = in.raw
	}
	req, err := http.NewRequestWithContext(ctx, in.method, target, body)
	if err != nil {
		return fault.New(fault.Internal, "The request could not be written.").Because("", err)
	}
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", in.contentType)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	if c.address != "" {
		req.Header.Set(sidecar.ClientAddress, c.address)
	}
	if in.method == http.MethodPost {
		key := in.key
		if key == "" {
			key = uuid.NewString()
		}
		req.Header.Set("Idempotency-Key", key)
	}
	if in.version != 0 {
		req.Header.Set("If-Match", strconv.Quote(strconv.FormatInt(in.version, 10)))
	}
	otel.GetTextMapPropagator().Inject(ctx, propagation.HeaderCarrier(req.Header))
	return c.send(req, result)
}

// open asks for what is too much, or comes too slowly, to be read at once. The caller
// closes it; it lasts as long as within, or as ctx where that is 0.
func (c Caller) open(ctx context.Context, target, accept string, within time.Duration) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.client.base+target, http.NoBody)
	if err != nil {
		return nil, fault.New(fault.Internal, "The request could not be written.").Because("", err)
	}
	if accept != "" {
		req.Header.Set("Accept", accept)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	otel.GetTextMapPropagator().Inject(ctx, propagation.HeaderCarrier(req.Header))
	patient := http.Client{Transport: c.client.http.Transport, Timeout: within}
	res, err := patient.Do(req)
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

func (c Caller) send(req *http.Request, result any) error {
	res, err := c.client.http.Do(req) //nolint:gosec // G704: the host is the api's; only ids, which are parsed, are in the path
	if err != nil {
		return unreachable(err)
	}
	defer func() { _ = res.Body.Close() }() // reading is over; closing cannot lose anything
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return unreachable(err)
	}
	if res.StatusCode >= http.StatusBadRequest {
		return refused(res, answer)
	}
	if result == nil || len(answer) == 0 {
		return nil
	}
	if err := json.Unmarshal(answer, result); err != nil {
		return fault.New(fault.Unavailable, "The answer could not be read.").Because("", err)
	}
	return nil
}

func unreachable(cause error) error {
	return fault.New(fault.Unavailable, "Rondo cannot be reached right now.").Because("", cause)
}

var codes = map[int]fault.Code{
	http.StatusBadRequest: fault.Invalid, http.StatusUnauthorized: fault.Unauthenticated,
	http.StatusForbidden: fault.Forbidden, http.StatusNotFound: fault.NotFound,
	http.StatusConflict: fault.Conflict, http.StatusPreconditionFailed: fault.Stale,
	http.StatusRequestEntityTooLarge: fault.TooLarge, http.StatusUnsupportedMediaType: fault.UnsupportedMedia,
	http.StatusUnprocessableEntity: fault.Unprocessable, http.StatusTooManyRequests: fault.RateLimited,
}

// refused turns an answer of 400 and above into the fault that it stands for.
// An answer that is no problem document comes from something in between, so the
// api itself was not reached.
func refused(res *http.Response, answer []byte) error {
	kind, known := codes[res.StatusCode]
	isProblem := strings.HasPrefix(res.Header.Get("Content-Type"), "application/problem+json")
	if !known || !isProblem {
		return unreachable(errors.New(res.Status + ": " + string(answer[:min(len(answer), 300)])))
	}
	var p problem
	if err := json.Unmarshal(answer, &p); err != nil {
		return unreachable(err)
	}
	e := fault.New(kind, "%s", p.Detail)
	if e.Message == "" {
		e.Message = p.Title
	}
	e.Reason, e.Fields = p.Code, p.Errors
	if seconds, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil {
		e.RetryAfter = time.Duration(seconds) * time.Second
	}
	return e
}
