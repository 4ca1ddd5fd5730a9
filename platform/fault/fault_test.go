package fault_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/rondohq/rondo/platform/fault"
)

func TestCodeOfLooksThroughWrapping(t *testing.T) {
	t.Parallel()
	cause := errors.New("row gone")
	err := fmt.Errorf("loading: %w", fault.New(fault.NotFound, "There is no such task.").Because("task_not_found", cause))
	if got := fault.CodeOf(err); got != fault.NotFound {
		t.Errorf("code %q, want %q", got, fault.NotFound)
	}
	if !errors.Is(err, cause) {
		t.Error("the cause is lost")
	}
	if got := fault.CodeOf(cause); got != fault.Internal {
		t.Errorf("a plain error has code %q, want %q", got, fault.Internal)
	}
}

func TestInvalidFieldsNamesEachField(t *testing.T) {
	t.Parallel()
	if fault.InvalidFields(nil) != nil {
		t.Error("no bad field is no error")
	}
	err := fault.InvalidFields([]fault.Field{{Name: "title", Message: "is empty"}, {Name: "due_at", Message: "is no time"}})
	if want := "Please check: title, due_at."; err.Message != want {
		t.Errorf("message %q, want %q", err.Message, want)
	}
}
