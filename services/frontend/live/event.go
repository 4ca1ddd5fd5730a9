package live

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/event"
)

// Receive passes an event on. Types that it does not know reach the tabs too:
// they fetch again, which is right for whatever a newer release publishes.
func (h *Hub) Receive(e event.Envelope) error {
	user, err := uuid.Parse(e.UserID)
	if err != nil {
		return fmt.Errorf("%w: userid: %w", event.ErrPoison, err)
	}
	m := Message{Kind: Change, Type: string(e.Type)}
	switch {
	case strings.HasPrefix(m.Type, "task."):
		m.Task, m.Version = e.Subject, version(e)
	case e.Type == event.AccountChanged{}.EventType():
		m.Part = part(e)
	}
	h.Publish(user, m)
	return nil
}

// version is the task's version in any payload that has one, else 0. Payloads
// carry it themselves or in the task.
func version(e event.Envelope) int64 {
	var data struct {
		Version int64 `json:"version"`
		Task    struct {
			Version int64 `json:"version"`
		} `json:"task"`
	}
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return 0
	}
	return max(data.Version, data.Task.Version)
}

// part is what of the account changed; "" in a payload that does not say.
func part(e event.Envelope) string {
	var data event.AccountChanged
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return ""
	}
	return string(data.Changed)
}
