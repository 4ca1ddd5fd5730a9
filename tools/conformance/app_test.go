package conformance_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/topology"
)

// app is what a sidecar calls: the listener of a service, with the tests' handlers.
// What no test asks for is acknowledged, so that tests do not disturb each other.
type app struct {
	server *http.Server

	mu       sync.Mutex
	handlers map[string]http.HandlerFunc // by route, see key
	wrong    []string                    // calls without the app's token
}

// A delivery is one call of the sidecar.
type delivery struct {
	method, path string
	header       http.Header
	body         []byte
	event        cloudEvent // when the body is one
}

// An answer to a delivery.
type answer struct {
	status int
	body   string
}

// The answers of the pub/sub API.
var (
	success = answer{http.StatusOK, `{"status":"SUCCESS"}`}
	retry   = answer{http.StatusOK, `{"status":"RETRY"}`}
	drop    = answer{http.StatusOK, `{"status":"DROP"}`}
)

func startApp(port int, token string) (*app, error) {
	a := &app{handlers: map[string]http.HandlerFunc{}}
	listener, err := net.Listen("tcp", loopback(port))
	if err != nil {
		return nil, err
	}
	a.server = &http.Server{
		ReadHeaderTimeout: patience,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if got := r.Header.Values(apiTokenHeader); len(got) != 1 || got[0] != token {
				a.mu.Lock()
				a.wrong = append(a.wrong, fmt.Sprintf("%s %s %q", r.Method, r.URL.Path, got))
				a.mu.Unlock()
			}
			a.route(w, r)
		}),
	}
	go func() { _ = a.server.Serve(listener) }()
	return a, nil
}

func (a *app) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = a.server.Shutdown(ctx)
	_ = a.server.Close()
}

func (a *app) route(w http.ResponseWriter, r *http.Request) {
	var key string
	switch {
	case strings.HasPrefix(r.URL.Path, topology.EventsPath):
		body, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		var event struct{ Subject string }
		_ = json.Unmarshal(body, &event) // what is no event has no subject
		key = r.URL.Path + " " + event.Subject
	case strings.HasPrefix(r.URL.Path, topology.JobPath):
		key = r.URL.Path
	case r.URL.Path == "/dapr/config":
		reply(w, answer{http.StatusOK, `{}`})
		return
	case r.URL.Path == "/dapr/subscribe":
		reply(w, answer{http.StatusOK, `[]`})
		return
	case r.URL.Path == "/healthz":
		return
	default:
		key = "/" + strings.SplitN(strings.TrimPrefix(r.URL.Path, "/"), "/", 2)[0]
	}
	a.mu.Lock()
	handler := a.handlers[key]
	a.mu.Unlock()
	if handler == nil {
		reply(w, success)
		return
	}
	handler(w, r)
}

func reply(w http.ResponseWriter, a answer) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body)
}

// callsWithoutToken are those that did not carry the app's token, or another beside it.
func (a *app) callsWithoutToken() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]string(nil), a.wrong...)
}

func (a *app) handle(t *testing.T, key string, h http.HandlerFunc) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	require.Nil(t, a.handlers[key], "two tests handle %s", key)
	a.handlers[key] = h
	t.Cleanup(func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.handlers, key)
	})
}

// deliveries collects calls of the sidecar.
type deliveries struct {
	mu  sync.Mutex
	all []delivery
}

func (d *deliveries) add(one delivery) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all = append(d.all, one)
	return len(d.all)
}

func (d *deliveries) list() []delivery {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]delivery(nil), d.all...)
}

func (d *deliveries) count() int { return len(d.list()) }

// ids of the delivered events, in the order of delivery.
func (d *deliveries) ids() []string {
	var ids []string
	for _, one := range d.list() {
		ids = append(ids, one.event.id())
	}
	return ids
}

// events answers the events of one subject on one subscription. decide gets the
// event and how many times its id has come, this one included; nil says SUCCESS.
// Status 0 closes the connection without an answer.
func (a *app) events(t *testing.T, sub topology.Subscription, subject string, decide func(delivery, int) answer) *deliveries {
	t.Helper()
	got := &deliveries{}
	times := map[any]int{}
	a.handle(t, sub.Route()+" "+subject, func(w http.ResponseWriter, r *http.Request) {
		d := newDelivery(r)
		a.mu.Lock()
		times[d.event["id"]]++
		n := times[d.event["id"]]
		a.mu.Unlock()
		verdict := success
		if decide != nil {
			verdict = decide(d, n)
		}
		got.add(d)
		if verdict.status == 0 {
			panic(http.ErrAbortHandler)
		}
		reply(w, verdict)
	})
	return got
}

// job answers the calls for one job; decide gets which call it is, from 1.
func (a *app) job(t *testing.T, name string, decide func(call int) answer) *deliveries {
	t.Helper()
	got := &deliveries{}
	a.handle(t, topology.JobPath+name, func(w http.ResponseWriter, r *http.Request) {
		n := got.add(newDelivery(r))
		verdict := answer{http.StatusOK, ""}
		if decide != nil {
			verdict = decide(n)
		}
		if verdict.status == 0 {
			panic(http.ErrAbortHandler)
		}
		reply(w, verdict)
	})
	return got
}

func newDelivery(r *http.Request) delivery {
	body, _ := io.ReadAll(r.Body)
	d := delivery{method: r.Method, path: r.URL.Path, header: r.Header, body: body}
	_ = json.Unmarshal(body, &d.event) // nil for what is no event
	return d
}
