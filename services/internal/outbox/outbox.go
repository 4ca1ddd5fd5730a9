// Package outbox keeps events beside the rows that they tell of, in one
// transaction, and hands them to the broker afterwards. Nothing else publishes.
package outbox

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/topology"
)

// Outbox is the sending side of one service.
type Outbox struct {
	source topology.Service
	wake   chan struct{}
}

// New makes the outbox of a service.
func New(source topology.Service) *Outbox {
	return &Outbox{source: source, wake: make(chan struct{}, 1)}
}

// Message is an event about one entity of one user.
type Message struct {
	UserID  uuid.UUID
	Subject string // the entity's id
	Payload event.Payload
}

// Queue adds the insertion of the messages to a batch, which has to run in the
// transaction that changes the rows that they tell of, after these are locked.
// It returns the events in order.
func (o *Outbox) Queue(ctx context.Context, batch *pgx.Batch, messages ...Message) ([]event.Envelope, error) {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	events := make([]event.Envelope, 0, len(messages))
	var rows rows
	for _, m := range messages {
		e, err := event.New(o.source, m.UserID, m.Subject, m.Payload)
		if err != nil {
			return nil, fmt.Errorf("filling the outbox: %w", err)
		}
		topic, ok := event.TopicOf(e.Type)
		if !ok {
			return nil, fmt.Errorf("filling the outbox: %s is in no catalogue", e.Type)
		}
		e.TraceParent = carrier["traceparent"]
		if span := trace.SpanContextFromContext(ctx); span.HasTraceID() {
			e.TraceID = span.TraceID().String()
		}
		body, err := json.Marshal(e)
		if err != nil {
			return nil, fmt.Errorf("filling the outbox: %w", err)
		}
		rows.shards, rows.users = append(rows.shards, Shard(m.UserID)), append(rows.users, m.UserID)
		rows.topics, rows.events = append(rows.topics, topic.Name), append(rows.events, string(body))
		events = append(events, e)
	}
	rows.queue(batch, o.source.Name)
	return events, nil
}

// rows are columns of the outbox.
type rows struct {
	shards         []int16
	users          []uuid.UUID
	topics, events []string
}

// few is up to how many rows single statements are the faster way.
const few = 4

func (r rows) queue(batch *pgx.Batch, source string) {
	if len(r.events) <= few {
		for i := range r.events {
			batch.Queue(`INSERT INTO outbox (source, shard, user_id, topic, event) VALUES ($1, $2, $3, $4, $5)`,
				source, r.shards[i], r.users[i], r.topics[i], r.events[i])
		}
		return
	}
	// In their order, which is that of seq.
	batch.Queue(`
		INSERT INTO outbox (source, shard, user_id, topic, event)
		SELECT $1, m.shard, m.user_id, m.topic, m.event::jsonb
		FROM unnest($2::smallint[], $3::uuid[], $4::text[], $5::text[]) WITH ORDINALITY AS m (shard, user_id, topic, event, n) ORDER BY m.n`,
		source, r.shards, r.users, r.topics, r.events)
}

// Append inserts the messages in the transaction; see Queue.
func (o *Outbox) Append(ctx context.Context, tx pgx.Tx, messages ...Message) ([]event.Envelope, error) {
	batch := &pgx.Batch{}
	events, err := o.Queue(ctx, batch, messages...)
	if err != nil {
		return nil, err
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return nil, fmt.Errorf("filling the outbox: %w", err)
	}
	return events, nil
}

// Wake tells the relay that a transaction with messages has committed. It never
// blocks, and a lost call costs no more than the relay's next poll.
func (o *Outbox) Wake() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// Shard is the shard of a user's events.
func Shard(userID uuid.UUID) int16 {
	h := fnv.New32a()
	_, _ = h.Write(userID[:])
	return int16(h.Sum32() % topology.OutboxShards)
}
