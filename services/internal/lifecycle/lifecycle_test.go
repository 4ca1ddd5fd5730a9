package lifecycle_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/rondohq/rondo/services/internal/lifecycle"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// journal notes in which order things happen.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) add(line string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, line)
}

func TestPartsStopInReverseOrder(t *testing.T) {
	t.Parallel()
	var j journal
	var started sync.WaitGroup
	started.Add(3)
	part := func(name string) lifecycle.Part {
		return lifecycle.Part{Name: name, Run: func(ctx context.Context) error {
			started.Done()
			<-ctx.Done()
			j.add(name)
			return ctx.Err()
		}}
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { started.Wait(); cancel() }()
	if err := lifecycle.Run(ctx, quiet(), part("store"), part("relay"), part("listener")); err != nil {
		t.Fatal(err)
	}
	if want := []string{"listener", "relay", "store"}; !slices.Equal(j.lines, want) {
		t.Errorf("stopped %v, want %v", j.lines, want)
	}
}

func TestOnePartsEndEndsAll(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	waiting := lifecycle.Part{Name: "waiting", Run: func(ctx context.Context) error { <-ctx.Done(); return nil }}
	err := lifecycle.Run(t.Context(), quiet(), waiting, lifecycle.Part{Name: "failing", Run: func(context.Context) error { return broken }})
	if !errors.Is(err, broken) {
		t.Errorf("error %v, want the part's", err)
	}
	err = lifecycle.Run(t.Context(), quiet(), waiting, lifecycle.Part{Name: "early", Run: func(context.Context) error { return nil }})
	if err == nil {
		t.Error("a part that ends by itself is no good end")
	}
}

func TestHTTPFinishesWhatItHasBegun(t *testing.T) {
	t.Parallel()
	address := free(t)
	arrived := make(chan struct{})
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/up" {
			return
		}
		close(arrived)
		<-lifecycle.Stopping(r.Context())
		if r.Context().Err() != nil {
			t.Error("the request's context ended before its answer")
		}
		_, _ = io.WriteString(w, "done")
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- lifecycle.Run(ctx, quiet(), lifecycle.HTTP("web", address, handler)) }()
	awaitUp(t, address)
	go func() { <-arrived; cancel() }()
	resp, err := get(t, "http://"+address+"/slow")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "done" {
		t.Errorf("answer %q, error %v", body, err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestHTTPBreaksOffWhatDoesNotEnd(t *testing.T) {
	t.Parallel()
	address, arrived := free(t), make(chan struct{})
	handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/up" {
			return
		}
		close(arrived)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- lifecycle.Run(ctx, quiet(), lifecycle.HTTP("web", address, handler)) }()
	awaitUp(t, address)
	go func() { <-arrived; cancel() }()
	if resp, err := get(t, "http://"+address+"/stuck"); err == nil {
		_ = resp.Body.Close()
		t.Error("the request that never ends has got an answer")
	}
	if err := <-ended; !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v does not say that it was broken off", err)
	}
}

// free is an address that nobody listens on.
func free(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	return listener.Addr().String()
}

func awaitUp(t *testing.T, address string) {
	t.Helper()
	for up := false; !up; {
		resp, err := get(t, "http://"+address+"/up")
		if up = err == nil; up {
			_ = resp.Body.Close()
		}
	}
}

func get(t *testing.T, url string) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	return http.DefaultClient.Do(req)
}
