package channel_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/services/internal/postgres/postgrestest"
	"github.com/rondohq/rondo/services/notifier/channel"
)

var errDown = errors.New("the server is down")

// scripted is a channel that does as it is told.
type scripted struct {
	name string
	send func(ctx context.Context, m channel.Message) error
}

func (s scripted) Name() string      { return s.name }
func (s scripted) PublicKey() string { return "key of " + s.name }
func (s scripted) Send(ctx context.Context, m channel.Message) error {
	return s.send(ctx, m)
}

type testBundle struct {
	db   *pgxpool.Pool // with all rights
	pool *pgxpool.Pool
	user uuid.UUID

	mu   sync.Mutex
	at   time.Time
	sent map[string][]channel.Message // by channel
}

func setup(t *testing.T) *testBundle {
	t.Helper()
	db := postgrestest.New(t)
	b := &testBundle{
		db: db.Owner(t), pool: db.Pool(t, topology.Notifier), user: uuid.New(),
		at: time.Now().UTC().Truncate(time.Second), sent: map[string][]channel.Message{},
	}
	b.exec(t, `INSERT INTO users (id, email, password_hash, display_name, timezone, notify_email) VALUES ($1, 'ada@example.org', 'x', 'Ada', 'UTC', true)`, b.user)
	return b
}

func (b *testBundle) now() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.at
}

func (b *testBundle) move(to time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.at = to
}

// accept is a channel that takes everything.
func (b *testBundle) accept(name string) scripted {
	return scripted{name, func(_ context.Context, m channel.Message) error {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.sent[name] = append(b.sent[name], m)
		return nil
	}}
}

func (b *testBundle) got(name string) []channel.Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.sent[name]
}

func (b *testBundle) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	_, err := b.db.Exec(t.Context(), sql, args...)
	require.NoError(t, err)
}

func (b *testBundle) count(t *testing.T, sql string, args ...any) (n int) {
	t.Helper()
	require.NoError(t, b.db.QueryRow(t.Context(), sql, args...).Scan(&n))
	return n
}

// run works with these channels until stop, or the end of the test.
func (b *testBundle) run(t *testing.T, channels ...channel.Channel) (set *channel.Set, stop func()) {
	t.Helper()
	set = channel.NewSet(b.pool, b.now, slog.New(slog.DiscardHandler), prometheus.NewRegistry(), channels...)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = set.Run(ctx)
	}()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return set, stop
}

// notify makes a notification, and what the channels are to tell of it at an instant.
func (b *testBundle) notify(t *testing.T, set *channel.Set, at time.Time) uuid.UUID {
	t.Helper()
	id, task, reminder := uuid.New(), uuid.New(), uuid.New()
	b.exec(t, `INSERT INTO tasks (id, user_id, title, position) VALUES ($1, $2, 'Water the plants', 1)`, task, b.user)
	b.exec(t, `INSERT INTO reminders (id, user_id, task_id, remind_at, scheduled_for, status) VALUES ($1, $2, $3, $4, $4, 'sent')`,
		reminder, b.user, task, b.now())
	b.exec(t, `INSERT INTO notifications (id, user_id, kind, task_id, reminder_id, title, body, scheduled_for, late_seconds, quiet, created_at)
		VALUES ($1, $2, 'reminder', $3, $4, 'Water the plants', 'Due today at 09:30', $5, 0, false, $5)`, id, b.user, task, reminder, b.now())
	require.NoError(t, pgx.BeginFunc(t.Context(), b.pool, func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		set.Queue(batch, []channel.Told{{NotificationID: id, UserID: b.user, At: at}})
		return tx.SendBatch(t.Context(), batch).Close()
	}))
	set.Wake()
	return id
}

func (b *testBundle) subscribe(t *testing.T) uuid.UUID {
	t.Helper()
	id := uuid.New()
	b.exec(t, `INSERT INTO push_subscriptions (id, user_id, endpoint, p256dh, auth) VALUES ($1, $2, $3, 'key', 'secret')`,
		id, b.user, "https://push.example.org/"+id.String())
	return id
}

// eventually waits for a delivery to become as described.
func (b *testBundle) eventually(t *testing.T, condition string, args ...any) {
	t.Helper()
	require.Eventually(t, func() bool {
		return b.count(t, `SELECT count(*) FROM deliveries WHERE `+condition, args...) > 0
	}, time.Minute, 10*time.Millisecond, "%s", condition)
}

func TestEachAddressIsToldOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first, second := b.subscribe(t), b.subscribe(t)
	channels := []channel.Channel{b.accept(channel.Push), b.accept(channel.Email)}
	set, _ := b.run(t, channels...)
	b.run(t, channels...) // another replica
	const told = 60
	for range told {
		b.notify(t, set, b.now())
	}
	b.eventually(t, `(SELECT count(*) FROM deliveries WHERE status = 'sent') = $1`, 3*told)
	require.Len(t, b.got(channel.Email), told)
	require.Len(t, b.got(channel.Push), 2*told)
	require.Equal(t, 3*told, b.count(t, `SELECT sum(attempts) FROM deliveries`))
	seen := map[string]bool{}
	for _, m := range b.got(channel.Push) {
		seen[m.NotificationID.String()+m.Browser.Endpoint] = true
		require.Contains(t, []string{"https://push.example.org/" + first.String(), "https://push.example.org/" + second.String()}, m.Browser.Endpoint)
	}
	require.Len(t, seen, 2*told)
	m := b.got(channel.Email)[0]
	require.Equal(t, []string{"Ada", "ada@example.org", "Water the plants", "Due today at 09:30"}, []string{m.Name, m.Address, m.Title, m.Body})
}

func TestApiIsToldWhichChannelsThereAre(t *testing.T) {
	t.Parallel()
	b := setup(t)
	announced := func() string {
		var text string
		require.NoError(t, b.db.QueryRow(t.Context(),
			`SELECT coalesce(string_agg(name || ' ' || available || ' ' || public_key, ', ' ORDER BY name), '') FROM channels`).Scan(&text))
		return text
	}
	_, stop := b.run(t, b.accept(channel.Push))
	require.Eventually(t, func() bool { return announced() == "email false , push true key of push" }, time.Minute, 10*time.Millisecond)
	stop()
	b.run(t, b.accept(channel.Email))
	require.Eventually(t, func() bool { return announced() == "email true key of email, push false " }, time.Minute, 10*time.Millisecond)
}

// One channel hangs on every message: the other one does not notice.
func TestAChannelThatHangsHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.subscribe(t)
	hanging := scripted{channel.Push, func(ctx context.Context, _ channel.Message) error { <-ctx.Done(); return ctx.Err() }}
	set, _ := b.run(t, hanging, b.accept(channel.Email))
	const told = 40 // more than are on their way at once
	for range told {
		b.notify(t, set, b.now())
	}
	b.eventually(t, `(SELECT count(*) FROM deliveries WHERE channel = 'email' AND status = 'sent') = $1`, told)
	require.Zero(t, b.count(t, `SELECT count(*) FROM deliveries WHERE channel = 'push' AND status <> 'pending'`))
}

// A failure is tried again, each time after twice the pause, and in the end given up
// where the user sees it. The process may end at any time.
func TestAFailureIsTriedAgainWithPausesAcrossRestarts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var attempts atomic.Int32
	failing := scripted{channel.Email, func(context.Context, channel.Message) error {
		return fmt.Errorf("%w for the %dth time", errDown, attempts.Add(1))
	}}
	set, stop := b.run(t, failing)
	id := b.notify(t, set, b.now())
	pause := 15 * time.Second
	for attempt := 1; attempt < 10; attempt++ {
		b.eventually(t, `notification_id = $1 AND status = 'pending' AND attempts = $2 AND error = $3`, id, attempt, fmt.Sprintf("the server is down for the %dth time", attempt))
		var next time.Time
		require.NoError(t, b.db.QueryRow(t.Context(), `SELECT next_attempt_at FROM deliveries`).Scan(&next))
		wait := next.Sub(b.now())
		require.GreaterOrEqual(t, wait, pause, "after attempt %d", attempt)
		require.LessOrEqual(t, wait, pause*6/5, "after attempt %d", attempt)
		pause = min(2*pause, time.Hour)
		if attempt == 5 {
			stop()
			set, _ = b.run(t, failing)
		}
		b.move(next)
		set.Wake()
	}
	b.eventually(t, `notification_id = $1 AND status = 'dead' AND attempts = 10 AND error = 'the server is down for the 10th time'`, id)
}

func TestARefusalForGoodIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	set, _ := b.run(t, scripted{channel.Email, func(context.Context, channel.Message) error {
		return fmt.Errorf("%w: no such mailbox", channel.ErrRefused)
	}})
	id := b.notify(t, set, b.now())
	b.eventually(t, `notification_id = $1 AND status = 'dead' AND attempts = 1 AND error LIKE '%no such mailbox'`, id)
}

// A process that dies while it sends leaves a delivery that nobody ends: it is tried
// again when its lease has run out.
func TestADeathInTheMiddleOfAnAttemptIsNotTheEnd(t *testing.T) {
	t.Parallel()
	b := setup(t)
	begun := make(chan struct{})
	set, stop := b.run(t, scripted{channel.Email, func(ctx context.Context, _ channel.Message) error {
		close(begun)
		<-ctx.Done()
		return ctx.Err()
	}})
	id := b.notify(t, set, b.now())
	<-begun
	stop()
	b.eventually(t, `notification_id = $1 AND status = 'pending' AND attempts = 1 AND error = ''`, id)
	set, _ = b.run(t, b.accept(channel.Email))
	b.move(b.now().Add(time.Minute))
	set.Wake()
	b.eventually(t, `notification_id = $1 AND status = 'sent' AND attempts = 2`, id)
}

// What is held, by quiet hours say, leaves when its time has come, unless nobody
// needs it any more.
func TestWhatIsHeldLeavesInTimeOrNotAtAll(t *testing.T) {
	t.Parallel()
	b := setup(t)
	set, _ := b.run(t, b.accept(channel.Email))
	end := b.now().Add(8 * time.Hour)
	wanted, read, done := b.notify(t, set, end), b.notify(t, set, end), b.notify(t, set, end)
	b.exec(t, `UPDATE notifications SET read_at = now() WHERE id = $1`, read)
	b.exec(t, `UPDATE tasks SET status = 'completed', completed_at = now() WHERE id = (SELECT task_id FROM notifications WHERE id = $1)`, done)
	b.move(end.Add(-time.Second))
	first := b.notify(t, set, b.now()) // it passes what is held
	b.eventually(t, `notification_id = $1 AND status = 'sent'`, first)
	require.Len(t, b.got(channel.Email), 1)
	b.move(end)
	set.Wake()
	for id, status := range map[uuid.UUID]string{wanted: "sent", read: "dropped", done: "dropped"} {
		b.eventually(t, `notification_id = $1 AND status = $2`, id, status)
	}
	require.Len(t, b.got(channel.Email), 2)
	require.Equal(t, wanted, b.got(channel.Email)[1].NotificationID)

	// After a day nobody wants to be told.
	stale := b.notify(t, set, b.now().Add(25*time.Hour))
	b.move(b.now().Add(25 * time.Hour))
	set.Wake()
	b.eventually(t, `notification_id = $1 AND status = 'dropped'`, stale)
}

func TestABrowserThatIsGoneIsForgotten(t *testing.T) {
	t.Parallel()
	b := setup(t)
	gone, there := b.subscribe(t), b.subscribe(t)
	accept := b.accept(channel.Push)
	set, _ := b.run(t, scripted{channel.Push, func(ctx context.Context, m channel.Message) error {
		if m.Browser.Endpoint == "https://push.example.org/"+gone.String() {
			return channel.ErrGone
		}
		return accept.send(ctx, m)
	}})
	id := b.notify(t, set, b.now())
	b.eventually(t, `notification_id = $1 AND status = 'sent' AND subscription_id = $2`, id, there)
	require.Eventually(t, func() bool {
		return b.count(t, `SELECT count(*) FROM push_subscriptions WHERE id = $1`, gone) == 0
	}, time.Minute, 10*time.Millisecond)
	require.Equal(t, 1, b.count(t, `SELECT count(*) FROM deliveries`))
}
