// Package live brings changes to open tabs as they happen. Events arrive from
// the broker for all users; a tab gets those of its own user, without the data:
// it is told what changed and fetches what it shows.
package live

import (
	"crypto/rand"
	"encoding/hex"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
)

const (
	// queueSize is how many messages wait for a tab that is slow to read.
	queueSize = 32
	// ringSize is how many messages of a user are kept for tabs that come back.
	ringSize = 64
	// keepIdle is how long they are kept after the user's last tab has gone.
	keepIdle = 5 * time.Minute
)

// Kind is the name of a message in the stream.
type Kind string

const (
	// Change says that something of the user's changed.
	Change Kind = "change"
	// Gap says that messages are missing: what is shown must be fetched again.
	Gap Kind = "gap"
	// SignedOut says that the session ended.
	SignedOut Kind = "signed-out"
)

// Message is what a tab gets.
type Message struct {
	ID   string // of the stream; empty where there is nothing to resume after
	Kind Kind
	// Type is the event's, such as "task.updated"; Task and Version are set for tasks.
	Type    string
	Task    string
	Version int64
	// Part is what of an account changed; see event.AccountPart.
	Part string
}

// Hub passes messages on to the tabs of their user. Publishing never waits.
type Hub struct {
	epoch string // tells the ids of this process from those of others
	now   func() time.Time

	mu    sync.Mutex
	users map[uuid.UUID]*audience

	tabs      prometheus.Gauge
	delivered prometheus.Counter
	gaps      *prometheus.CounterVec
}

// audience is one user's tabs and the last messages for them.
type audience struct {
	sequence uint64 // of the newest message; its ring covers the ringSize before
	ring     []Message
	tabs     map[*Tab]struct{}
	leftAt   time.Time // when the last tab went
}

// Tab is one open stream.
type Tab struct {
	hub      *Hub
	audience *audience
	queue    chan Message
	missed   bool // guarded by hub.mu: the queue was full
}

// NewHub makes a hub without tabs.
func NewHub(registry prometheus.Registerer) *Hub {
	epoch := make([]byte, 6)
	_, _ = rand.Read(epoch) // never fails (crypto/rand)
	h := &Hub{
		epoch: hex.EncodeToString(epoch), now: time.Now, users: map[uuid.UUID]*audience{},
		tabs: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: "rondo", Subsystem: "live", Name: "tabs",
			Help: "Browser tabs (or groups of tabs that share a stream) connected to this replica.",
		}),
		delivered: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: "rondo", Subsystem: "live", Name: "messages_total",
			Help: "Messages put into the queues of connected tabs.",
		}),
		gaps: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "rondo", Subsystem: "live", Name: "gaps_total",
			Help: "Times that a tab was told to fetch everything again, by reason.",
		}, []string{"reason"}),
	}
	registry.MustRegister(h.tabs, h.delivered, h.gaps)
	return h
}

// Publish passes a message on to the user's tabs.
func (h *Hub) Publish(user uuid.UUID, m Message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	a, ok := h.users[user]
	if !ok {
		return // nobody is looking and nobody was lately
	}
	a.sequence++
	m.ID = h.id(a.sequence)
	if len(a.ring) == ringSize {
		copy(a.ring, a.ring[1:])
		a.ring = a.ring[:ringSize-1]
	}
	a.ring = append(a.ring, m)
	for tab := range a.tabs {
		h.offer(tab, m)
	}
}

// offer never blocks. Whoever reads the full queue to its end learns of the gap.
func (h *Hub) offer(tab *Tab, m Message) {
	select {
	case tab.queue <- m:
		h.delivered.Inc()
	default:
		tab.missed = true
	}
}

// Open connects a tab. lastID is the id of the last message that it has seen, or
// "" when it is new; one that comes back gets what it missed, or a Gap when that
// is no longer known.
func (h *Hub) Open(user uuid.UUID, lastID string) *Tab {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.forgetIdle()
	a, ok := h.users[user]
	if !ok {
		a = &audience{tabs: map[*Tab]struct{}{}}
		h.users[user] = a
	}
	tab := &Tab{hub: h, audience: a, queue: make(chan Message, queueSize)}
	if lastID != "" {
		h.resume(tab, a, lastID)
	}
	a.tabs[tab] = struct{}{}
	h.tabs.Inc()
	return tab
}

func (h *Hub) resume(tab *Tab, a *audience, lastID string) {
	seen, ok := h.sequence(lastID)
	missed := a.sequence - seen
	if !ok || seen > a.sequence || missed > uint64(len(a.ring)) || missed > queueSize {
		h.gaps.WithLabelValues("resume").Inc()
		tab.queue <- Message{ID: h.id(a.sequence), Kind: Gap}
		return
	}
	for _, m := range a.ring[uint64(len(a.ring))-missed:] {
		h.offer(tab, m)
	}
}

// Start is the id that a tab resumes after when it has seen no message yet.
func (t *Tab) Start() string {
	t.hub.mu.Lock()
	defer t.hub.mu.Unlock()
	return t.hub.id(t.audience.sequence - uint64(len(t.queue)))
}

// Next is the channel to read from. After each read, Missed says whether a Gap
// belongs after the message.
func (t *Tab) Next() <-chan Message { return t.queue }

// Missed says whether messages were left out since it was last asked. It waits
// with the answer until the queue is empty, since the gap comes after it.
func (t *Tab) Missed() (Message, bool) {
	t.hub.mu.Lock()
	defer t.hub.mu.Unlock()
	if !t.missed || len(t.queue) > 0 {
		return Message{}, false
	}
	t.missed = false
	t.hub.gaps.WithLabelValues("slow").Inc()
	return Message{ID: t.hub.id(t.audience.sequence), Kind: Gap}, true
}

// Close disconnects the tab.
func (t *Tab) Close() {
	t.hub.mu.Lock()
	defer t.hub.mu.Unlock()
	a := t.audience
	if _, open := a.tabs[t]; !open {
		return // closed already
	}
	delete(a.tabs, t)
	t.hub.tabs.Dec()
	if len(a.tabs) == 0 {
		a.leftAt = t.hub.now()
	}
}

func (h *Hub) forgetIdle() {
	for user, a := range h.users {
		if len(a.tabs) == 0 && h.now().Sub(a.leftAt) > keepIdle {
			delete(h.users, user)
		}
	}
}

func (h *Hub) id(sequence uint64) string { return h.epoch + "-" + strconv.FormatUint(sequence, 10) }

// sequence reads an id that this process made.
func (h *Hub) sequence(id string) (uint64, bool) {
	epoch, number, _ := strings.Cut(id, "-")
	sequence, err := strconv.ParseUint(number, 10, 64)
	return sequence, err == nil && epoch == h.epoch
}
