package chat

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// What of a conversation is kept for the next turn.
const (
	maxExchanges = 20
	maxMemory    = 32 << 10 // bytes
	memoryTime   = 24 * time.Hour
)

// State is the Dapr state store.
type State interface {
	SaveState(ctx context.Context, key string, value []byte, ttl time.Duration) error
	LoadState(ctx context.Context, key string) ([]byte, error) // nil: nothing is there
	DeleteState(ctx context.Context, key string) error
}

// Memory keeps what was said in sessions, each for a day after its last turn.
type Memory struct{ State State }

func memoryKey(owner, session uuid.UUID) string {
	return "session:" + owner.String() + ":" + session.String()
}

func (m Memory) load(ctx context.Context, owner, session uuid.UUID) ([]Exchange, error) {
	data, err := m.State.LoadState(ctx, memoryKey(owner, session))
	if err != nil || data == nil {
		return nil, err //nolint:wrapcheck // a fault
	}
	var earlier []Exchange
	if err := json.Unmarshal(data, &earlier); err != nil {
		return nil, fmt.Errorf("decoding a conversation: %w", err)
	}
	return earlier, nil
}

func (m Memory) save(ctx context.Context, owner, session uuid.UUID, exchanges []Exchange) error {
	data, err := trim(exchanges)
	if err != nil {
		return fmt.Errorf("encoding a conversation: %w", err)
	}
	return m.State.SaveState(ctx, memoryKey(owner, session), data, memoryTime) //nolint:wrapcheck // a fault
}

func (m Memory) forget(ctx context.Context, owner, session uuid.UUID) error {
	return m.State.DeleteState(ctx, memoryKey(owner, session)) //nolint:wrapcheck // a fault
}

// trim drops the oldest turns, never part of one, and returns the rest encoded. Of a
// last turn that is too large by itself nothing is kept.
func trim(exchanges []Exchange) ([]byte, error) {
	if most := len(exchanges) - maxExchanges; most > 0 {
		exchanges = exchanges[most:]
	}
	for {
		data, err := json.Marshal(exchanges)
		if err != nil || len(data) <= maxMemory || len(exchanges) == 0 {
			return data, err //nolint:wrapcheck // by the caller
		}
		exchanges = exchanges[1:]
	}
}
