package task_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/api/task"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 123456789, time.FixedZone("", 3600))

func TestNewFillsInWhatIsLeftOut(t *testing.T) {
	t.Parallel()
	owner := uuid.New()
	got, err := task.New(owner, task.Draft{Title: "  Buy milk ", Tags: []string{"Home", "home ", "errands"}}, noon)
	if err != nil {
		t.Fatal(err)
	}
	if got.Title != "Buy milk" || got.Priority != task.Medium || got.Status != task.Pending || got.Version != 1 || got.Owner != owner {
		t.Errorf("%+v", got)
	}
	if want := []string{"Home", "errands"}; strings.Join(got.Tags, ",") != strings.Join(want, ",") {
		t.Errorf("tags %v, want %v", got.Tags, want)
	}
	if want := time.Date(2026, 11, 22, 11, 0, 0, 123456000, time.UTC); !got.CreatedAt.Equal(want) || got.CreatedAt.Location() != time.UTC {
		t.Errorf("created at %v, want %v", got.CreatedAt, want)
	}
}

func TestNewNamesEachBadField(t *testing.T) {
	t.Parallel()
	self := uuid.New()
	late := time.Date(9999, 6, 1, 0, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		draft task.Draft
		want  string
	}{
		"nothing":       {task.Draft{}, "title"},
		"blank":         {task.Draft{Title: " \t"}, "title"},
		"long title":    {task.Draft{Title: strings.Repeat("ü", 256)}, "title"},
		"line break":    {task.Draft{Title: "a\nb"}, "title"},
		"NUL":           {task.Draft{Title: "a", Description: "b\x00"}, "description"},
		"long text":     {task.Draft{Title: "a", Description: strings.Repeat("ü", 2001)}, "description"},
		"priority":      {task.Draft{Title: "a", Priority: "urgent"}, "priority"},
		"far future":    {task.Draft{Title: "a", DueAt: &late}, "due_at"},
		"empty tag":     {task.Draft{Title: "a", Tags: []string{"x", " "}}, "tags[1]"},
		"long tag":      {task.Draft{Title: "a", Tags: []string{strings.Repeat("x", 51)}}, "tags[0]"},
		"no UTF-8":      {task.Draft{Title: "a", Tags: []string{"\xff"}}, "tags[0]"},
		"several":       {task.Draft{Priority: "x", ParentID: &self}, "title,priority"},
		"too many tags": {task.Draft{Title: "a", Tags: strings.Split("abcdefghijklmnopqrstu", "")}, "tags"},
	} {
		_, err := task.New(self, test.draft, noon)
		f, ok := errors.AsType[*fault.Error](err)
		if !ok || f.Code != fault.Invalid {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var names []string
		for _, field := range f.Fields {
			names = append(names, field.Name)
		}
		if got := strings.Join(names, ","); got != test.want {
			t.Errorf("%s: fields %s, want %s", name, got, test.want)
		}
	}
	if _, err := task.New(self, task.Draft{Title: strings.Repeat("ü", 255), Description: strings.Repeat("ü", 2000)}, noon); err != nil {
		t.Errorf("limits count characters: %v", err)
	}
}

func TestCompletedAtFollowsTheStatus(t *testing.T) {
	t.Parallel()
	made, err := task.New(uuid.New(), task.Draft{Title: "a"}, noon)
	if err != nil {
		t.Fatal(err)
	}
	completed, pending := task.Completed, task.Pending
	done, err := made.Apply(task.Change{Status: &completed}, noon)
	if err != nil || done.CompletedAt == nil {
		t.Fatalf("%+v, %v", done, err)
	}
	again, err := done.Apply(task.Change{Status: &completed}, noon.Add(time.Hour))
	if err != nil || !again.CompletedAt.Equal(*done.CompletedAt) {
		t.Errorf("completing twice moves the time: %v, %v", again.CompletedAt, err)
	}
	if !again.UpdatedAt.Equal(noon.Add(time.Hour).Truncate(time.Microsecond)) {
		t.Errorf("updated at %v", again.UpdatedAt)
	}
	open, err := done.Apply(task.Change{Status: &pending}, noon)
	if err != nil || open.CompletedAt != nil {
		t.Errorf("reopened and yet completed at %v, %v", open.CompletedAt, err)
	}
}
