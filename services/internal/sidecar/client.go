// Package sidecar is the border between a service and its Dapr sidecar: calls out
// through Client, calls in through Listener.
package sidecar

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/dapr/go-sdk/client"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/platform/topology"
)

// Client calls the sidecar. It reconnects by itself when the sidecar restarts.
type Client struct {
	dapr     client.Client
	http     string // the sidecar's HTTP address
	apiToken string
}

// Connect waits until the sidecar that the environment names (DAPR_HTTP_PORT,
// DAPR_GRPC_PORT, DAPR_API_TOKEN) can reach its components, or ctx ends.
func Connect(ctx context.Context, logger *slog.Logger) (*Client, error) {
	c := &Client{
		http:     net.JoinHostPort("127.0.0.1", env("DAPR_HTTP_PORT", topology.ClusterPorts.SidecarHTTP)),
		apiToken: os.Getenv("DAPR_API_TOKEN"),
	}
	logger.InfoContext(ctx, "waiting for the sidecar", "address", c.http)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for c.Ready(ctx) != nil {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("the sidecar at %s did not become ready: %w", c.http, context.Cause(ctx))
		case <-tick.C:
		}
	}
	client.SetLogger(nil) // it would write to standard output
	grpc := net.JoinHostPort("127.0.0.1", env("DAPR_GRPC_PORT", topology.ClusterPorts.SidecarGRPC))
	dapr, err := client.NewClientWithAddressContext(ctx, grpc)
	if err != nil {
		return nil, fmt.Errorf("connecting to the sidecar at %s: %w", grpc, err)
	}
	c.dapr = dapr
	return c, nil
}

func env(name string, fallback int) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return strconv.Itoa(fallback)
}

// Close gives the connection back.
func (c *Client) Close() { c.dapr.Close() }

// Ready is nil when the sidecar and its components answer (Dapr health API, outbound).
func (c *Client) Ready(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.http+"/v1.0/healthz/outbound", http.NoBody)
	if err != nil {
		return fmt.Errorf("asking for the sidecar's health: %w", err)
	}
	req.Header.Set("dapr-api-token", c.apiToken)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("the sidecar does not answer: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("the sidecar answers %s", resp.Status)
	}
	return nil
}

// Secret reads one secret with all its keys. An optional one that is not there is empty.
func (c *Client) Secret(ctx context.Context, s topology.Secret) (map[string]string, error) {
	values, err := c.dapr.GetSecret(ctx, topology.SecretStore, s.Name, nil)
	if s.Optional && status.Code(err) == codes.Internal {
		return map[string]string{}, nil // the sidecar has no finer word for a secret that is not there
	}
	if err != nil {
		return nil, fmt.Errorf("reading the secret %q: %w", s.Name, err)
	}
	for _, key := range s.Keys {
		if values[key] == "" && !s.Optional {
			return nil, fmt.Errorf("the secret %q has no key %q", s.Name, key)
		}
	}
	return values, nil
}

// Publish hands a complete CloudEvent to the broker and returns when the broker
// has acknowledged it. Events with one key stay in order.
func (c *Client) Publish(ctx context.Context, topic topology.Topic, partitionKey string, cloudEvent []byte) error {
	err := c.dapr.PublishEvent(ctx, topology.PubSub, topic.Name, cloudEvent,
		client.PublishEventWithContentType(event.ContentType),
		client.PublishEventWithMetadata(map[string]string{"partitionKey": partitionKey}))
	if err != nil {
		return fmt.Errorf("publishing to %s: %w", topic.Name, err)
	}
	return nil
}

// SaveState keeps value under key for ttl.
func (c *Client) SaveState(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	seconds := strconv.Itoa(int(ttl / time.Second))
	if err := c.dapr.SaveState(ctx, topology.StateStore, key, value, map[string]string{"ttlInSeconds": seconds}); err != nil {
		return stateFault("saving", err)
	}
	return nil
}

// LoadState is the value under key, nil when there is none or its time is over.
func (c *Client) LoadState(ctx context.Context, key string) ([]byte, error) {
	item, err := c.dapr.GetState(ctx, topology.StateStore, key, nil)
	if err != nil {
		return nil, stateFault("loading", err)
	}
	if len(item.Value) == 0 {
		return nil, nil
	}
	return item.Value, nil
}

// DeleteState forgets key; a key that is not there is no error.
func (c *Client) DeleteState(ctx context.Context, key string) error {
	if err := c.dapr.DeleteState(ctx, topology.StateStore, key, nil); err != nil {
		return stateFault("deleting", err)
	}
	return nil
}

// Keys name users and sessions, so they stay out of messages.
func stateFault(verb string, err error) error {
	return fault.New(fault.Unavailable, "Sessions are away for a moment. Please try again.").
		Because("state_unavailable", fmt.Errorf("%s state: %w", verb, err))
}

// Transport invokes a service through the sidecar. Method, path, headers, status
// and body pass unchanged; the request's host is ignored.
func (c *Client) Transport(service topology.Service) http.RoundTripper {
	next := &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute} // no proxy: it is on loopback
	return invocation{client: c, service: service, next: next}
}

type invocation struct {
	client  *Client
	service topology.Service
	next    http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (i invocation) RoundTrip(req *http.Request) (*http.Response, error) {
	out := req.Clone(req.Context())
	out.URL.Scheme, out.URL.Host, out.Host = "http", i.client.http, ""
	out.Header.Set("dapr-app-id", i.service.Name)
	out.Header.Set("dapr-api-token", i.client.apiToken)
	out.Header.Del(callerHeader)
	resp, err := i.next.RoundTrip(out)
	if err != nil {
		return nil, i.away(err)
	}
	if resp.StatusCode == http.StatusInternalServerError {
		return i.unlessSidecars(resp)
	}
	return resp, nil
}

func (i invocation) away(err error) error {
	return fault.New(fault.Unavailable, "%s is away for a moment.", i.service.Name).Because("service_unavailable", err)
}

// unlessSidecars is the answer, unless it is the sidecar's own word that the
// service could not be reached (Dapr API errors, ERR_DIRECT_INVOKE): that must not
// be taken for what the service said.
func (i invocation) unlessSidecars(resp *http.Response) (*http.Response, error) {
	const most = 4 << 10 // of the sidecar's error; the service's may be longer
	start, err := io.ReadAll(io.LimitReader(resp.Body, most))
	if err != nil {
		_ = resp.Body.Close()
		return nil, i.away(err)
	}
	var said struct {
		Code string `json:"errorCode"`
	}
	if json.Unmarshal(start, &said) == nil && said.Code == "ERR_DIRECT_INVOKE" {
		_ = resp.Body.Close()
		return nil, i.away(fmt.Errorf("the sidecar says: %s", start))
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(start), resp.Body), resp.Body}
	return resp, nil
}

// Jobs fail over this often, so far apart; after that the service's own sweep finds
// what the job was for.
const (
	jobRetries  = 5
	jobInterval = time.Second
)

// ScheduleJob asks for a call of the service's job handler at an instant. A job of
// that name is replaced; one whose instant has passed is delivered at once.
func (c *Client) ScheduleJob(ctx context.Context, name string, due time.Time) error {
	// A job without data would arrive empty, or never (ADR 7).
	err := c.dapr.ScheduleJob(ctx, client.NewJob(name,
		client.WithJobDueTime(due.UTC().Format(time.RFC3339Nano)),
		client.WithJobData(&anypb.Any{Value: []byte("{}")}),
		client.WithJobConstantFailurePolicyMaxRetries(jobRetries),
		client.WithJobConstantFailurePolicyInterval(jobInterval),
		func(job *client.Job) { job.Overwrite = true }))
	if err != nil {
		return fmt.Errorf("scheduling the job %q: %w", name, err)
	}
	return nil
}
