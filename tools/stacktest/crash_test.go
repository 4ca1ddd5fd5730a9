package stacktest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/topology"
)

const (
	writes  = 500
	writers = 8
)

// Any process may die at any moment: whatever was acknowledged is there once, and
// its event was seen once. Clients repeat what failed, with its idempotency key.
func TestNoProcesssDeathLosesOrDoublesAWrite(t *testing.T) { //nolint:paralleltest // it kills what all others need
	var names []string
	for name, part := range stack.Parts(t) {
		if part.Process.PID != 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if want := 3 + 2*len(topology.Services()); len(names) < want {
		t.Fatalf("only %v have a process", names)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) { writeThroughDeath(t, name) })
	}
}

func writeThroughDeath(t *testing.T, victim string) {
	t.Helper()
	recovered(t) // from the death before
	who := signUp(t)
	var begun atomic.Int32
	killNow := make(chan struct{})
	var all sync.WaitGroup
	acknowledged := make([][]string, writers)
	for w := range writers {
		all.Go(func() {
			for begun.Load() < writes {
				n := begun.Add(1)
				if n == writes/2 {
					close(killNow)
				}
				if id := createForSure(t.Context(), who, fmt.Sprintf("write %d", n)); id != "" {
					acknowledged[w] = append(acknowledged[w], id)
				}
			}
		})
	}
	<-killNow
	kill(t, victim, syscall.SIGKILL)
	all.Wait()
	recovered(t)

	ids := slices.Concat(acknowledged...)
	slices.Sort(ids)
	if len(slices.Compact(slices.Clone(ids))) != len(ids) || len(ids) < writes {
		t.Fatalf("%d tasks acknowledged, %d of them distinct, for %d writes", len(ids), len(slices.Compact(slices.Clone(ids))), writes)
	}
	if n := count(t, `SELECT count(*) FROM tasks WHERE user_id = $1`, who.id); n != len(ids) {
		t.Errorf("%d tasks are kept of %d acknowledged", n, len(ids))
	}
	seen := func(grouped string) int {
		return count(t, `
			SELECT count(`+grouped+`) FROM processed_event_logs p JOIN outbox o ON o.event->>'id' = p.key
			WHERE p.consumer = $1 AND o.user_id = $2 AND o.event->>'type' = $3`,
			topology.Recurring.Subscribes[0].Group(), who.id, string(event.TaskCreated{}.EventType()))
	}
	eventually(t, "every event is seen", func() bool { return seen("DISTINCT o.event->>'subject'") == len(ids) })
	if n := seen("*"); n != len(ids) {
		t.Errorf("%d events were seen of %d tasks", n, len(ids))
	}
}

// createForSure repeats a create until it is acknowledged; "" when ctx ended first.
func createForSure(ctx context.Context, who account, title string) string {
	key := uuid.NewString()
	for ctx.Err() == nil {
		a, err := try(ctx, http.MethodPost, stack.Public(topology.API)+"/api/tasks", who.token,
			map[string]string{"Idempotency-Key": key}, map[string]string{"title": title})
		if err != nil || a.status != http.StatusCreated {
			pause := time.NewTimer(20 * time.Millisecond) // a refused connection takes no time
			select {
			case <-ctx.Done():
			case <-pause.C:
			}
			continue
		}
		var made struct {
			ID string `json:"id"`
		}
		if json.Unmarshal(a.body, &made) == nil {
			return made.ID
		}
	}
	return ""
}
