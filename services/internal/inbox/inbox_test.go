package inbox_test

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/services/internal/inbox"
	"github.com/rondohq/rondo/services/internal/postgres/postgrestest"
)

func setup(t *testing.T) (*inbox.Inbox, *pgxpool.Pool) {
	t.Helper()
	pool := postgrestest.New(t).Pool(t, topology.Recurring)
	metrics := inbox.NewMetrics(prometheus.NewRegistry())
	return inbox.New(topology.Recurring.Subscribes[0], pool, slog.New(slog.DiscardHandler), metrics), pool
}

func deleted(t *testing.T) event.Envelope {
	t.Helper()
	id := uuid.New()
	e, err := event.New(topology.API, uuid.New(), id.String(), event.TaskDeleted{Task: event.Task{ID: id.String()}})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func marks(t *testing.T, pool *pgxpool.Pool, e event.Envelope) (n int) {
	t.Helper()
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM processed_event_logs WHERE key = $1`, e.ID).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAHundredCopiesHaveOneEffect(t *testing.T) {
	t.Parallel()
	i, pool := setup(t)
	var effects atomic.Int32
	inbox.On(i, func(context.Context, pgx.Tx, event.Envelope, event.TaskDeleted) (any, error) {
		return map[string]int32{"effect": effects.Add(1)}, nil
	})
	e := deleted(t)
	var copies sync.WaitGroup
	for range 100 {
		copies.Go(func() {
			if err := i.Handle(t.Context(), e); err != nil {
				t.Error(err)
			}
		})
	}
	copies.Wait()
	if effects.Load() != 1 || marks(t, pool, e) != 1 {
		t.Errorf("%d effects, %d marks", effects.Load(), marks(t, pool, e))
	}
}

func TestAFailedEffectLeavesNoMark(t *testing.T) {
	t.Parallel()
	i, pool := setup(t)
	fails := errors.New("not now")
	inbox.On(i, func(context.Context, pgx.Tx, event.Envelope, event.TaskDeleted) (any, error) { return nil, fails })
	e := deleted(t)
	if err := i.Handle(t.Context(), e); !errors.Is(err, fails) {
		t.Errorf("error %v", err)
	}
	if marks(t, pool, e) != 0 {
		t.Error("it counts as handled")
	}
	fails = nil
	if err := i.Handle(t.Context(), e); err != nil || marks(t, pool, e) != 1 {
		t.Errorf("the next delivery: %v", err)
	}
}

func TestAMarkIsLeftOnceAndOnlyByWhatIsInOrder(t *testing.T) {
	t.Parallel()
	i, pool := setup(t)
	inbox.Mark[event.TaskDeleted](i)
	e, bad := deleted(t), deleted(t)
	for range 2 {
		if err := i.Handle(t.Context(), e); err != nil || marks(t, pool, e) != 1 {
			t.Errorf("%v, %d marks", err, marks(t, pool, e))
		}
	}
	bad.Data = []byte(`{"task":[]}`)
	if err := i.Handle(t.Context(), bad); !errors.Is(err, event.ErrPoison) || marks(t, pool, bad) != 0 {
		t.Errorf("a bad payload: %v", err)
	}
}

func TestUnknownTypesAreAcknowledgedAndBadPayloadsArePoison(t *testing.T) {
	t.Parallel()
	i, pool := setup(t)
	inbox.On(i, func(context.Context, pgx.Tx, event.Envelope, event.TaskDeleted) (any, error) { return nil, nil })
	unknown := deleted(t)
	unknown.Type = "task.of_tomorrow"
	if err := i.Handle(t.Context(), unknown); err != nil || marks(t, pool, unknown) != 0 {
		t.Errorf("an unknown type: %v", err)
	}
	bad := deleted(t)
	bad.Data = []byte(`{"task":[]}`)
	if err := i.Handle(t.Context(), bad); !errors.Is(err, event.ErrPoison) || marks(t, pool, bad) != 0 {
		t.Errorf("a bad payload: %v", err)
	}
}

// What follows the commit also follows a repetition: the first time may have died
// in between.
func TestWhatFollowsTheCommitGetsTheResultEachTime(t *testing.T) {
	t.Parallel()
	i, pool := setup(t)
	e := deleted(t)
	effects, committed := 0, 0
	var followed []string
	inbox.OnThen(i, func(_ context.Context, _ pgx.Tx, _ event.Envelope, p event.TaskDeleted) ([]string, error) {
		effects++
		return []string{p.Task.ID}, nil
	}, func(_ context.Context, result []string) {
		committed = marks(t, pool, e)
		followed = append(followed, result...)
	})
	for range 2 {
		if err := i.Handle(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		if committed != 1 {
			t.Errorf("what follows came before the commit")
		}
	}
	if effects != 1 || len(followed) != 2 || followed[0] != e.Subject || followed[1] != e.Subject {
		t.Errorf("%d effects, followed by %v", effects, followed)
	}
}

// The plan: idempotency rows live 30 days.
func TestMarksLiveThirtyDays(t *testing.T) {
	t.Parallel()
	i, pool := setup(t)
	if _, err := pool.Exec(t.Context(), `
		INSERT INTO processed_event_logs (consumer, key, processed_at)
		SELECT c, d, now() - d::interval FROM unnest($1::text[]) AS c, unnest(ARRAY['31 days', '29 days']) AS d`,
		[]string{topology.Recurring.Subscribes[0].Group(), "somebody else's"}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = i.Purge(ctx) }()
	left := func() (keys []string) {
		rows, err := pool.Query(t.Context(), `SELECT consumer || ' ' || key FROM processed_event_logs ORDER BY 1`)
		if err != nil {
			t.Fatal(err)
		}
		if keys, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
			t.Fatal(err)
		}
		return keys
	}
	for len(left()) > 3 {
		if t.Context().Err() != nil {
			t.Fatal("nothing is purged")
		}
		runtime.Gosched()
	}
	stop()
	<-done
	want := []string{topology.Recurring.Subscribes[0].Group() + " 29 days", "somebody else's 29 days", "somebody else's 31 days"}
	if got := left(); !slices.Equal(got, want) {
		t.Errorf("left: %q", got)
	}
}
