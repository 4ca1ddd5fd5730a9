package problem_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/internal/problem"
)

func write(t *testing.T, err error) (*httptest.ResponseRecorder, problem.Document) {
	t.Helper()
	w := httptest.NewRecorder()
	problem.Write(t.Context(), err, w)
	var doc problem.Document
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	return w, doc
}

func TestAProblemNamesCodeAndFields(t *testing.T) {
	t.Parallel()
	w, doc := write(t, fault.Invalidf("title", "is empty"))
	if w.Code != http.StatusBadRequest || w.Header().Get("Content-Type") != problem.ContentType ||
		doc.Status != w.Code || doc.Code != "invalid" || len(doc.Errors) != 1 || doc.Errors[0].Name != "title" {
		t.Errorf("%d %v %+v", w.Code, w.Header(), doc)
	}
	limited := fault.New(fault.RateLimited, "slow down")
	limited.RetryAfter = 1500 * time.Millisecond
	if w, _ := write(t, limited); w.Header().Get("Retry-After") != "2" {
		t.Errorf("Retry-After %q", w.Header().Get("Retry-After"))
	}
}

func TestInternalsAreNeverShown(t *testing.T) {
	t.Parallel()
	for _, err := range []error{
		errors.New("password hunter2"),
		fault.New(fault.Unavailable, "away").Because("database_unavailable", errors.New("hunter2")),
	} {
		if w, _ := write(t, err); w.Code < 500 || strings.Contains(w.Body.String(), "hunter2") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
}

func TestAClientThatLeftIsNoFailureOfOurs(t *testing.T) {
	t.Parallel()
	ctx, leave := context.WithCancel(t.Context())
	leave()
	w := httptest.NewRecorder()
	problem.Write(ctx, context.Canceled, w)
	if w.Code != problem.StatusGone {
		t.Errorf("it counts as %d", w.Code)
	}
}
