package live_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/services/frontend/live"
)

var ada, bob = uuid.MustParse("0198a000-0000-7000-8000-000000000001"), uuid.MustParse("0198a000-0000-7000-8000-000000000002")

func newHub() *live.Hub { return live.NewHub(prometheus.NewRegistry()) }

// change is a message that can be told from others.
func change(n int) live.Message {
	return live.Message{Kind: live.Change, Type: string(event.TaskUpdated{}.EventType()), Task: strconv.Itoa(n)}
}

// waiting reads what is in the queue, with the gaps that belong to it.
func waiting(tab *live.Tab) []live.Message {
	var messages []live.Message
	for {
		select {
		case m := <-tab.Next():
			messages = append(messages, m)
			if gap, missed := tab.Missed(); missed {
				messages = append(messages, gap)
			}
		default:
			return messages
		}
	}
}

func TestTabsSeeOnlyTheirOwnUser(t *testing.T) {
	t.Parallel()
	hub := newHub()
	adas, bobs, second := hub.Open(ada, ""), hub.Open(bob, ""), hub.Open(ada, "")
	hub.Publish(ada, change(1))

	require.Len(t, waiting(adas), 1)
	require.Len(t, waiting(second), 1, "every tab of the user gets it")
	require.Empty(t, waiting(bobs))
}

func TestASlowTabGetsAGapAndHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	hub := newHub()
	slow, quick := hub.Open(ada, ""), hub.Open(ada, "")
	const sent = 100
	for i := range sent {
		hub.Publish(ada, change(i)) // would hang if it waited for the slow tab
		require.Len(t, waiting(quick), 1)
	}
	got := waiting(slow)
	require.Less(t, len(got), sent)
	require.Equal(t, live.Gap, got[len(got)-1].Kind, "after what it got, it learns that there was more")
	hub.Publish(ada, change(sent))
	after := waiting(slow)
	require.Len(t, after, 1, "once is enough")
	require.Equal(t, live.Change, after[0].Kind)
}

func TestATabThatComesBackGetsWhatItMissed(t *testing.T) {
	t.Parallel()
	hub := newHub()
	tab := hub.Open(ada, "")
	hub.Publish(ada, change(1))
	seen := waiting(tab)[0].ID
	tab.Close()
	hub.Publish(ada, change(2))
	hub.Publish(ada, change(3))

	missed := waiting(hub.Open(ada, seen))
	require.Len(t, missed, 2)
	require.Equal(t, "2", missed[0].Task)
	require.Equal(t, "3", missed[1].Task)
}

func TestATabThatMissedTooMuchGetsAGap(t *testing.T) {
	t.Parallel()
	hub := newHub()
	tab := hub.Open(ada, "")
	first := tab.Start()
	tab.Close()
	for i := range 200 {
		hub.Publish(ada, change(i))
	}
	for name, lastID := range map[string]string{
		"long ago": first, "another replica": "0123456789ab-3", "nonsense": "x", "the future": strings.Replace(first, "-0", "-9999", 1),
	} {
		got := waiting(hub.Open(ada, lastID))
		require.Len(t, got, 1, name)
		require.Equal(t, live.Gap, got[0].Kind, name)
	}
}

func TestEventsBecomeMessagesWithoutTheirData(t *testing.T) {
	t.Parallel()
	hub := newHub()
	tab := hub.Open(ada, "")
	secret := "a title that the stream does not carry"
	e, err := event.New(topology.API, ada, "task-1", event.TaskCreated{Task: event.Task{ID: "task-1", Title: secret, Version: 7}})
	require.NoError(t, err)
	require.NoError(t, hub.Receive(e))
	e, err = event.New(topology.API, ada, ada.String(), event.AccountChanged{Changed: event.AccountTags})
	require.NoError(t, err)
	require.NoError(t, hub.Receive(e))
	require.ErrorIs(t, hub.Receive(event.Envelope{UserID: "nobody"}), event.ErrPoison)

	got := waiting(tab)
	require.Len(t, got, 2)
	require.Equal(t, "task-1", got[0].Task)
	require.EqualValues(t, 7, got[0].Version)
	require.Empty(t, got[1].Task, "an account has no row in the list")
	require.Equal(t, string(event.AccountTags), got[1].Part)
	encoded, err := json.Marshal(got)
	require.NoError(t, err)
	require.NotContains(t, string(encoded), secret)
}

func TestTheStreamIsServerSentEventsThatResume(t *testing.T) {
	t.Parallel()
	hub := newHub()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hub.Stream(w, r, ada, func() bool { return true })
	}))
	t.Cleanup(server.Close)
	ctx, leave := context.WithCancel(t.Context())
	events := open(ctx, t, server.URL, "")
	first := <-events
	require.Contains(t, first, "event: open")
	hub.Publish(ada, change(1))
	got := <-events
	require.Contains(t, got, "event: change")
	require.Contains(t, got, `"task":"1"`)
	leave()
	for range events {
	}
	hub.Publish(ada, change(2))

	again := open(t.Context(), t, server.URL, field(got, "id"))
	<-again
	require.Contains(t, <-again, `"task":"2"`)
}

// open reads a stream, event by event.
func open(ctx context.Context, t *testing.T, address, lastID string) <-chan string {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	require.NoError(t, err)
	if lastID != "" {
		req.Header.Set("Last-Event-ID", lastID)
	}
	resp, err := http.DefaultClient.Do(req) //nolint:bodyclose // closed when the stream ends
	require.NoError(t, err)
	require.Equal(t, "text/event-stream", resp.Header.Get("Content-Type"))
	events := make(chan string)
	go func() {
		defer close(events)
		defer func() { _ = resp.Body.Close() }()
		var current strings.Builder
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
			if lines.Text() != "" {
				current.WriteString(lines.Text() + "\n")
				continue
			}
			select {
			case events <- current.String():
			case <-ctx.Done():
				return
			}
			current.Reset()
		}
	}()
	return events
}

func field(text, name string) string {
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, name+": "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
