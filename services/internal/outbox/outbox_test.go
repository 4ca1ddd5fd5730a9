package outbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/services/internal/outbox"
	"github.com/rondohq/rondo/services/internal/postgres/postgrestest"
)

// broker is a Publisher that the test can stop.
type broker struct {
	mu       sync.Mutex
	down     bool
	accepted []event.Envelope
	busy     map[string]bool // users with an event on its way
	overtook bool
	changed  chan struct{}
}

func newBroker() *broker {
	return &broker{busy: map[string]bool{}, changed: make(chan struct{}, 1)}
}

func (b *broker) Publish(_ context.Context, topic topology.Topic, key string, body []byte) error {
	var e event.Envelope
	if err := json.Unmarshal(body, &e); err != nil {
		return err
	}
	if want, _ := event.TopicOf(e.Type); want != topic || key != e.UserID {
		return fmt.Errorf("%s went to %s under key %s", e.Type, topic.Name, key)
	}
	b.mu.Lock()
	b.overtook = b.overtook || b.busy[key]
	b.busy[key] = true
	b.mu.Unlock()

	b.mu.Lock()
	defer b.mu.Unlock()
	b.busy[key] = false
	select {
	case b.changed <- struct{}{}:
	default:
	}
	if b.down {
		return errors.New("broker away")
	}
	b.accepted = append(b.accepted, e)
	return nil
}

func (b *broker) set(down bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.down = down
}

func (b *broker) subjects(user uuid.UUID) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []string
	for _, e := range b.accepted {
		if e.UserID == user.String() {
			all = append(all, e.Subject)
		}
	}
	return all
}

// until waits for the broker to be asked often enough that done holds.
func (b *broker) until(t *testing.T, done func() bool) {
	t.Helper()
	for !done() {
		select {
		case <-b.changed:
		case <-t.Context().Done():
			t.Fatal("the test ended first")
		}
	}
}

func write(t *testing.T, pool *pgxpool.Pool, o *outbox.Outbox, user uuid.UUID, subjects ...string) {
	t.Helper()
	for _, subject := range subjects {
		err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
			_, err := o.Append(t.Context(), tx, outbox.Message{
				UserID: user, Subject: subject, Payload: event.AccountChanged{Changed: event.AccountTags},
			})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	o.Wake()
}

func relay(t *testing.T, o *outbox.Outbox, pool *pgxpool.Pool, b *broker) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	r := outbox.NewRelay(o, pool, b, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	go func() { ended <- r.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

func numbered(prefix string, n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("%s-%d", prefix, i)
	}
	return names
}

func TestCommittedEventsArriveInOrderAlsoAfterAnOutage(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t).Pool(t, topology.API)
	o, b := outbox.New(topology.API), newBroker()
	b.set(true)
	relay(t, o, pool, b)
	first, second := uuid.New(), uuid.New()
	write(t, pool, o, first, numbered("a", 20)...)
	write(t, pool, o, second, numbered("b", 20)...)
	<-b.changed // the broker was asked, and was away
	b.set(false)
	b.until(t, func() bool { return len(b.subjects(first))+len(b.subjects(second)) == 40 })
	for user, want := range map[uuid.UUID][]string{first: numbered("a", 20), second: numbered("b", 20)} {
		if got := b.subjects(user); !slices.Equal(got, want) {
			t.Errorf("order %v", got)
		}
	}
	if b.overtook {
		t.Error("two events of one user were on their way at once")
	}
}

func TestARolledBackTransactionPublishesNothing(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t).Pool(t, topology.API)
	o, b := outbox.New(topology.API), newBroker()
	user, undo := uuid.New(), errors.New("undo")
	err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		if _, err := o.Append(t.Context(), tx, outbox.Message{UserID: user, Subject: "never", Payload: event.AccountChanged{}}); err != nil {
			return err
		}
		return undo
	})
	if !errors.Is(err, undo) {
		t.Fatal(err)
	}
	write(t, pool, o, user, "kept")
	stop := relay(t, o, pool, b)
	b.until(t, func() bool { return len(b.subjects(user)) > 0 })
	stop()
	if got := b.subjects(user); !slices.Equal(got, []string{"kept"}) {
		t.Errorf("published %v", got)
	}
}

func TestTwoRelaysShareTheWorkAndDoNothingTwice(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t).Pool(t, topology.API)
	o, left, right := outbox.New(topology.API), newBroker(), newBroker()
	stopLeft := relay(t, o, pool, left)
	relay(t, o, pool, right)
	users := make([]uuid.UUID, 64)
	for i := range users {
		users[i] = uuid.New()
		write(t, pool, o, users[i], numbered("x", 3)...)
	}
	count := func() (n int) {
		for _, user := range users {
			n += len(left.subjects(user)) + len(right.subjects(user))
		}
		return n
	}
	// A stopping relay gives its shards back, so the other finishes the work.
	stopLeft()
	write(t, pool, o, users[0], "last")
	right.until(t, func() bool { return count() > 64*3 })
	if got := count(); got != 64*3+1 {
		t.Errorf("%d events for %d", got, 64*3+1)
	}
	for _, user := range users {
		both := append(left.subjects(user), right.subjects(user)...)
		slices.Sort(both)
		if compact := slices.Compact(slices.Clone(both)); len(compact) != len(both) {
			t.Errorf("twice: %v", both)
		}
	}
}

func TestShardsStayInTheirRange(t *testing.T) {
	t.Parallel()
	seen := map[int16]bool{}
	for range 1000 {
		shard := outbox.Shard(uuid.New())
		if shard < 0 || shard >= topology.OutboxShards {
			t.Fatalf("shard %d", shard)
		}
		seen[shard] = true
	}
	if len(seen) != topology.OutboxShards {
		t.Errorf("only %d shards are used", len(seen))
	}
}
