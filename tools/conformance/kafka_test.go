package conformance_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/dapr/go-sdk/client"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/rondohq/rondo/platform/topology"
)

const cloudEvents = "application/cloudevents+json"

// A cloudEvent is what a topic holds.
type cloudEvent map[string]any

func (e cloudEvent) id() string {
	id, _ := e["id"].(string)
	return id
}

// newEvent is a complete CloudEvent as the services publish it.
func newEvent(subject string) cloudEvent {
	return cloudEvent{
		"specversion":     "1.0",
		"id":              rand.Text(),
		"source":          topology.API.Source(),
		"type":            "task.created",
		"time":            time.Now().UTC().Format(time.RFC3339Nano),
		"subject":         subject,
		"datacontenttype": "application/json",
		"traceparent":     "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		"traceid":         "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		"schemaversion":   "1.0",
		"userid":          "0198a5a0-0000-7000-8000-000000000001",
		"data":            map[string]any{"task": map[string]any{"title": "Müsli <kaufen> & essen", "version": 1.0}},
	}
}

// publish sends an event as services/internal/sidecar does.
func (n *node) publish(ctx context.Context, topic topology.Topic, key string, event cloudEvent) error {
	body, err := json.Marshal(event)
	if err != nil {
		return err
	}
	return n.dapr.PublishEvent(ctx, topology.PubSub, topic.Name, body,
		client.PublishEventWithContentType(cloudEvents),
		client.PublishEventWithMetadata(map[string]string{"partitionKey": key}))
}

// publishNew publishes a new event and returns its id.
func (n *node) publishNew(t *testing.T, topic topology.Topic, key, subject string) string {
	t.Helper()
	e := newEvent(subject)
	require.NoError(t, n.publish(t.Context(), topic, key, e))
	return e.id()
}

// kafka is a client of the stack's broker that goes around the sidecars.
func (s *stack) kafka(t *testing.T, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	k, err := kgo.NewClient(append(opts, kgo.SeedBrokers(s.Kafka))...)
	require.NoError(t, err)
	t.Cleanup(k.Close)
	return k
}

// records collects what is in a topic, from its beginning.
type records struct {
	mu  sync.Mutex
	all []*kgo.Record
}

// watch reads a topic until the test ends.
func (s *stack) watch(t *testing.T, topic topology.Topic) *records {
	t.Helper()
	k := s.kafka(t, kgo.ConsumeTopics(topic.Name), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	r := &records{}
	go func() {
		for {
			fetches := k.PollFetches(t.Context())
			if fetches.IsClientClosed() || t.Context().Err() != nil {
				return
			}
			r.mu.Lock()
			r.all = append(r.all, fetches.Records()...)
			r.mu.Unlock()
		}
	}()
	return r
}

// with are the records that contain text in their value.
func (r *records) with(text string) []*kgo.Record {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []*kgo.Record
	for _, record := range r.all {
		if bytes.Contains(record.Value, []byte(text)) {
			found = append(found, record)
		}
	}
	return found
}

func header(r *kgo.Record, name string) string {
	for _, h := range r.Headers {
		if h.Key == name {
			return string(h.Value)
		}
	}
	return ""
}
