package live

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/services/internal/lifecycle"
)

const (
	heartbeatEvery = 20 * time.Second
	// writeWithin is how long a tab may take to accept a message.
	writeWithin = 10 * time.Second
	// retryAfter is how long a browser waits before it reconnects.
	retryAfter = 2 * time.Second
)

// Stream serves server-sent events (WHATWG HTML §9.2) to one tab until it goes,
// the server stops, or alive, which is asked at each heartbeat, says that the
// session has ended.
func (h *Hub) Stream(w http.ResponseWriter, r *http.Request, user uuid.UUID, alive func() bool) {
	tab := h.Open(user, r.Header.Get("Last-Event-ID"))
	defer tab.Close()
	out := NewSender(w)
	// The first message gives the browser an id to resume after.
	out.Send(fmt.Sprintf("retry: %d\nid: %s\nevent: open\ndata: {}\n\n", retryAfter.Milliseconds(), tab.Start()))

	heartbeat := time.NewTicker(heartbeatEvery)
	defer heartbeat.Stop()
	for out.Err == nil {
		select {
		case <-r.Context().Done():
			return
		case <-lifecycle.Stopping(r.Context()):
			return // the browser comes back, to another replica
		case <-heartbeat.C:
			if !alive() {
				out.message(Message{Kind: SignedOut})
				return
			}
			out.Send(Heartbeat)
		case m := <-tab.Next():
			out.message(m)
			if gap, missed := tab.Missed(); missed {
				out.message(gap)
			}
		}
	}
}

// Heartbeat is a comment, which keeps what lies between from ending a silent stream.
const Heartbeat = ": still here\n\n"

// Sender writes server-sent events until the first failure, which means that the tab is
// gone.
type Sender struct {
	Err error

	w       http.ResponseWriter
	control *http.ResponseController
}

// NewSender begins an answer that is a stream.
func NewSender(w http.ResponseWriter) *Sender {
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no") // proxies must not collect
	return &Sender{w: w, control: http.NewResponseController(w)}
}

// Send writes whole events, each with its empty line.
func (s *Sender) Send(text string) {
	if s.Err != nil {
		return
	}
	// Deadlines are the connection's; a recorder in a test has none.
	_ = s.control.SetWriteDeadline(time.Now().Add(writeWithin))
	if _, s.Err = s.w.Write([]byte(text)); s.Err == nil {
		s.Err = s.control.Flush()
	}
}

func (s *Sender) message(m Message) {
	data, err := json.Marshal(struct {
		Type    string `json:"type,omitempty"`
		Task    string `json:"task,omitempty"`
		Version int64  `json:"version,omitempty"`
		Part    string `json:"part,omitempty"`
	}{m.Type, m.Task, m.Version, m.Part})
	if err != nil {
		s.Err = err
		return
	}
	id := ""
	if m.ID != "" {
		id = "id: " + m.ID + "\n"
	}
	s.Send(id + "event: " + string(m.Kind) + "\ndata: " + string(data) + "\n\n")
}
