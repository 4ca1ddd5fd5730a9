package task

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/event"
)

func TestEachChangeHasItsEvents(t *testing.T) {
	t.Parallel()
	now := time.Now()
	made, err := New(uuid.New(), Draft{Title: "a"}, now)
	if err != nil {
		t.Fatal(err)
	}
	title, completed, cancelled, pending := "b", Completed, Cancelled, Pending
	cancelledBefore, err := made.Apply(Change{Status: &cancelled}, now)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		from   *Task
		change Change
		want   string
	}{
		"nothing":            {&made, Change{}, ""},
		"same title":         {&made, Change{Title: &made.Title}, ""},
		"title":              {&made, Change{Title: &title}, "task.updated[title]"},
		"completed":          {&made, Change{Status: &completed}, "task.updated[completed_at status] task.status_changed"},
		"deleted":            {&made, Change{Status: &cancelled}, "task.deleted task.status_changed"},
		"deleted and edited": {&made, Change{Status: &cancelled, Title: &title}, "task.deleted task.updated[status title] task.status_changed"},
		"brought back":       {&cancelledBefore, Change{Status: &pending}, "task.updated[status] task.status_changed"},
	} {
		after, err := test.from.Apply(test.change, now)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range payloads(test.from, after) {
			word := string(p.EventType())
			if u, ok := p.(event.TaskUpdated); ok {
				word += "[" + strings.Join(u.ChangedFields, " ") + "]"
			}
			got = append(got, word)
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s: %q, want %q", name, strings.Join(got, " "), test.want)
		}
	}
	if p := payloads(nil, made); len(p) != 1 || p[0].EventType() != "task.created" {
		t.Errorf("a new task: %v", p)
	}
}
