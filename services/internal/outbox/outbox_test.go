package outbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

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
	busy     map[string]bool          // users with an event on its way
	gates    map[string]chan struct{} // by user: publishing waits for it to close
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
	gate := b.gates[key]
	b.mu.Unlock()
	if gate != nil {
		b.tell()
		<-gate
	}

	b.mu.Lock()
	defer b.mu.Unlock()
	b.busy[key] = false
	b.tell()
	if b.down {
		return errors.New("broker away")
	}
	b.accepted = append(b.accepted, e)
	return nil
}

func (b *broker) tell() {
	select {
	case b.changed <- struct{}{}:
	default:
	}
}

// holding tells whether the user's event is at the gate.
func (b *broker) holding(user uuid.UUID) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.busy[user.String()]
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
	return relayTo(t, o, pool, b, prometheus.NewRegistry())
}

func relayTo(t *testing.T, o *outbox.Outbox, pool *pgxpool.Pool, b *broker, reg *prometheus.Registry) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	r := outbox.NewRelay(o, pool, b, slog.New(slog.DiscardHandler), reg)
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

func TestManyMessagesOfOneTransactionKeepTheirOrder(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t).Pool(t, topology.API)
	o, b := outbox.New(topology.API), newBroker()
	first, second := uuid.New(), uuid.New()
	var messages []outbox.Message
	for i := range 100 {
		user := []uuid.UUID{first, second}[i%2]
		messages = append(messages, outbox.Message{UserID: user, Subject: strconv.Itoa(i), Payload: event.AccountChanged{}})
	}
	if err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		events, err := o.Append(t.Context(), tx, messages...)
		if err == nil && (len(events) != 100 || events[99].Subject != "99" || events[99].UserID != second.String()) {
			t.Errorf("events: %+v", events)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	relay(t, o, pool, b)
	b.until(t, func() bool { return len(b.subjects(first))+len(b.subjects(second)) == 100 })
	for offset, user := range []uuid.UUID{first, second} {
		for i, subject := range b.subjects(user) {
			if subject != strconv.Itoa(2*i+offset) {
				t.Fatalf("number %d of a user is %s", i, subject)
			}
		}
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

// userIn is a new user whose events are in the shard.
func userIn(shard int16) uuid.UUID {
	for {
		if user := uuid.New(); outbox.Shard(user) == shard {
			return user
		}
	}
}

// flood commits n events of a user at once.
func flood(t *testing.T, pool *pgxpool.Pool, o *outbox.Outbox, user uuid.UUID, n int) {
	t.Helper()
	messages := make([]outbox.Message, n)
	for i := range messages {
		messages[i] = outbox.Message{UserID: user, Subject: "flood", Payload: event.AccountChanged{Changed: event.AccountTags}}
	}
	err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		_, err := o.Append(t.Context(), tx, messages...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAFloodOfOneUserHoldsUpNobodyElse(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t).Pool(t, topology.API)
	o, b := outbox.New(topology.API), newBroker()
	const shard, events = 3, 2000
	flooding := userIn(shard)
	flood(t, pool, o, flooding, events)
	// More users than take turns at once, so that the turns have to go round.
	others := make([]uuid.UUID, 30)
	for i := range others {
		others[i] = userIn(shard)
		write(t, pool, o, others[i], "late")
	}
	relay(t, o, pool, b)
	b.until(t, func() bool { return len(b.subjects(flooding)) == events })
	b.mu.Lock()
	defer b.mu.Unlock()
	lastOther := 0
	for i, e := range b.accepted {
		if e.Subject == "late" {
			lastOther = i
		}
	}
	if len(b.accepted) != events+len(others) || lastOther > 200 {
		t.Errorf("of %d events the last of the other users' came as number %d, behind the flood", len(b.accepted), lastOther)
	}
}

// exposed are the metrics as Prometheus reads them.
func exposed(reg *prometheus.Registry) string {
	w := httptest.NewRecorder()
	promhttp.HandlerFor(reg, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", http.NoBody))
	return w.Body.String()
}

func TestAnEventThatCannotBePublishedHoldsUpItsUserAlone(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t).Pool(t, topology.API)
	o, b, reg := outbox.New(topology.API), newBroker(), prometheus.NewRegistry()
	const shard = 5
	stuck, other := userIn(shard), userIn(shard)
	// As a newer release, since withdrawn, would have left it.
	if _, err := pool.Exec(t.Context(), `INSERT INTO outbox (source, shard, user_id, topic, event) VALUES ($1, $2, $3, 'topic-of-tomorrow', '{}')`,
		topology.API.Name, shard, stuck); err != nil {
		t.Fatal(err)
	}
	flood(t, pool, o, stuck, 600)
	relayTo(t, o, pool, b, reg)
	for !strings.Contains(exposed(reg), "\nrondo_outbox_users_set_aside 1\n") {
		if t.Context().Err() != nil {
			t.Fatal("no metric says that a user is set aside")
		}
	}
	write(t, pool, o, other, numbered("x", 40)...)
	b.until(t, func() bool { return len(b.subjects(other)) == 40 })
	if got := b.subjects(stuck); len(got) != 0 {
		t.Errorf("%d events overtook the one before them", len(got))
	}
}

func TestARelayKeepsWhatItIsPublishingFromOneThatJoins(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t).Pool(t, topology.API)
	o, left, right := outbox.New(topology.API), newBroker(), newBroker()
	// These are the shards that the first relay gives away.
	slow, quick := userIn(topology.OutboxShards-1), userIn(topology.OutboxShards-2)
	gate := make(chan struct{})
	left.gates = map[string]chan struct{}{slow.String(): gate}
	write(t, pool, o, slow, "slow")
	relay(t, o, pool, left)
	left.until(t, func() bool { return left.holding(slow) })

	relay(t, o, pool, right)
	for leases := 0; leases < topology.OutboxShards/2-1; {
		if err := pool.QueryRow(t.Context(), `
			SELECT count(*) FROM outbox_leases WHERE shard >= $1 AND owner <> (SELECT owner FROM outbox_leases WHERE shard = 0)`,
			topology.OutboxShards/2).Scan(&leases); err != nil {
			t.Fatal(err)
		}
	}
	write(t, pool, o, quick, "quick")
	right.until(t, func() bool { return len(right.subjects(quick)) == 1 })
	if got := right.subjects(slow); len(got) != 0 {
		t.Errorf("%v is on its way twice", got)
	}
	close(gate)
	left.until(t, func() bool { return len(left.subjects(slow)) == 1 })
	write(t, pool, o, slow, "after")
	for len(left.subjects(slow))+len(right.subjects(slow)) < 2 {
		select {
		case <-left.changed:
		case <-right.changed:
		case <-t.Context().Done():
			t.Fatal("the test ended first")
		}
	}
	if got := append(left.subjects(slow), right.subjects(slow)...); !slices.Equal(got, []string{"slow", "after"}) {
		t.Errorf("published %v", got)
	}
}

func TestARelayThatHasLostItsLeasePublishesNoMore(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t).Pool(t, topology.API)
	o, b := outbox.New(topology.API), newBroker()
	user, gate := uuid.New(), make(chan struct{})
	b.gates = map[string]chan struct{}{user.String(): gate}
	write(t, pool, o, user, numbered("x", 3)...)
	stop := relay(t, o, pool, b)
	b.until(t, func() bool { return b.holding(user) })
	// As if it had been stopped for longer than its leases last.
	if _, err := pool.Exec(t.Context(), `UPDATE outbox_leases SET owner = $1, until = now() + interval '1 hour' WHERE shard >= 0`,
		uuid.New()); err != nil {
		t.Fatal(err)
	}
	// It has noticed when it has begun to look after its leases twice since.
	for range 2 {
		var before, after time.Time
		for after = before; !after.After(before); {
			if err := pool.QueryRow(t.Context(), `SELECT until FROM outbox_leases WHERE shard = -1`).Scan(&after); err != nil {
				t.Fatal(err)
			}
			if before.IsZero() {
				before = after
			}
		}
	}
	close(gate)
	stop()
	if got := b.subjects(user); !slices.Equal(got, []string{"x-0"}) {
		t.Errorf("published %v; only what was on its way already is its own", got)
	}
}
