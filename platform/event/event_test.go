package event_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/topology"
)

func TestAnEventSurvivesItsJourney(t *testing.T) {
	t.Parallel()
	user := uuid.New()
	sent, err := event.New(topology.API, user, "42", event.AccountChanged{Changed: event.AccountTags})
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(sent)
	if err != nil {
		t.Fatal(err)
	}
	got, err := event.Parse(body)
	if err != nil {
		t.Fatal(err)
	}
	if got.ID != sent.ID || got.UserID != user.String() || got.Source != topology.API.Source() || !got.Time.Equal(sent.Time) {
		t.Errorf("got %+v, sent %+v", got, sent)
	}
	payload, err := event.Decode[event.AccountChanged](got)
	if err != nil || payload.Changed != event.AccountTags {
		t.Errorf("payload %+v, error %v", payload, err)
	}
	if _, err := event.Decode[event.TaskCreated](got); !errors.Is(err, event.ErrPoison) {
		t.Errorf("reading it as another type: %v", err)
	}
}

func TestParseRefusesPoison(t *testing.T) {
	t.Parallel()
	good := `{"specversion":"1.0","id":"1","type":"task.created","schemaversion":"1.7","userid":"` + uuid.NewString() + `","data":{},"later":1}`
	if _, err := event.Parse([]byte(good)); err != nil {
		t.Fatalf("a newer minor version with an unknown attribute: %v", err)
	}
	for name, body := range map[string]string{
		"no JSON":       `{`,
		"no id":         strings.Replace(good, `"id":"1"`, `"id":""`, 1),
		"no data":       strings.Replace(good, `"data":{}`, `"x":{}`, 1),
		"another major": strings.Replace(good, `"1.7"`, `"2.0"`, 1),
		"no version":    strings.Replace(good, `"1.7"`, `""`, 1),
		"no user":       strings.Replace(good, `"userid":"`, `"userid":"x`, 1),
	} {
		if _, err := event.Parse([]byte(body)); !errors.Is(err, event.ErrPoison) {
			t.Errorf("%s: %v, want poison", name, err)
		}
	}
}

func TestEveryTypeHasOneTopic(t *testing.T) {
	t.Parallel()
	seen := map[event.Type]bool{}
	for _, entry := range event.Catalogue() {
		typ := entry.Payload.EventType()
		if seen[typ] {
			t.Errorf("%s is listed twice", typ)
		}
		seen[typ] = true
		if topic, ok := event.TopicOf(typ); !ok || topic != entry.Topic {
			t.Errorf("%s goes to %v", typ, topic)
		}
	}
	if _, ok := event.TopicOf("task.forgotten"); ok {
		t.Error("an unknown type has a topic")
	}
}
