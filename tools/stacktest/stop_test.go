package stacktest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/topology"
)

// A service that is told to stop answers what it has begun, keeps what it has
// acknowledged, publishes it and goes by itself. Clients repeat nothing here.
func TestAnOrderedStopKeepsAndPublishesWhatWasAcknowledged(t *testing.T) { //nolint:paralleltest // it stops what all others need
	who := signUp(t)
	api := stack.Parts(t)[topology.API.Name]
	var written atomic.Int32
	stopNow := make(chan struct{})
	var all sync.WaitGroup
	acknowledged := make([][]string, writers)
	for w := range writers {
		all.Go(func() {
			for {
				n := written.Add(1)
				if n == writes/2 {
					close(stopNow)
				}
				a, err := try(t.Context(), http.MethodPost, stack.Public(topology.API)+"/api/tasks", who.token, nil,
					map[string]string{"title": fmt.Sprintf("write %d", n)})
				if err != nil {
					return // it takes no more
				}
				var made struct {
					ID string `json:"id"`
				}
				if a.status != http.StatusCreated || json.Unmarshal(a.body, &made) != nil {
					t.Errorf("write %d was taken and then answered with %d %s", n, a.status, a.body)
					return
				}
				acknowledged[w] = append(acknowledged[w], made.ID)
			}
		})
	}
	<-stopNow
	if err := syscall.Kill(api.Process.PID, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	all.Wait()
	// Whoever starts it again does so when it has gone: what it has left undone then
	// is what it did not finish.
	eventually(t, "api has been started anew", func() bool { return stack.Parts(t)[topology.API.Name].Restarts > api.Restarts })
	recovered(t)

	ids := slices.Concat(acknowledged...)
	kept := func() int {
		return count(t, `SELECT count(*) FROM tasks WHERE user_id = $1 AND id::text = ANY($2)`, who.id, ids)
	}
	if n := kept(); len(ids) < writes/2-writers || n != len(ids) {
		t.Errorf("%d tasks are kept of %d acknowledged", n, len(ids))
	}
	created := string(event.TaskCreated{}.EventType())
	seen := func(grouped string) int {
		return count(t, `
			SELECT count(`+grouped+`) FROM processed_event_logs p JOIN outbox o ON o.event->>'id' = p.key
			WHERE p.consumer = $1 AND o.event->>'subject' = ANY($2) AND o.event->>'type' = $3`,
			topology.Recurring.Subscribes[0].Group(), ids, created)
	}
	eventually(t, "every event is seen", func() bool { return seen("DISTINCT o.event->>'subject'") == len(ids) })
	if n := seen("*"); n != len(ids) {
		t.Errorf("%d events were seen of %d tasks", n, len(ids))
	}
}
