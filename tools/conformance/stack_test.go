package conformance_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log" //nolint:depguard // the type of the SDK's logger
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/dapr/go-sdk/client"
	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/tools/internal/broker"
	"github.com/rondohq/rondo/tools/internal/laptop"
	"github.com/rondohq/rondo/tools/internal/ports"
	"github.com/rondohq/rondo/tools/internal/process"
)

// patience is how long a test waits for what has to happen; it only ever runs
// out in a failing test.
const patience = 90 * time.Second

// stack is a broker, a scheduler and sidecars, as `rondo up` configures them.
type stack struct {
	*laptop.Stack

	broker    *broker.Broker
	scheduler *process.Process
	nodes     map[string]*node // by service
	log       *tail            // of the scheduler
}

// node is a sidecar with the app of the tests behind it.
type node struct {
	laptop.Sidecar

	app     *app
	dapr    client.Client
	process *process.Process
	log     *tail
}

// newStack renders a stack with ports of its own; it starts nothing.
func newStack(dir string) (*stack, error) {
	base, err := nextBase()
	if err != nil {
		return nil, err
	}
	s, err := laptop.New(dir, base)
	if err != nil {
		return nil, err
	}
	if err := s.Render(database.URLs); err != nil {
		return nil, err
	}
	return &stack{Stack: s, nodes: map[string]*node{}, log: &tail{}}, nil
}

var bases struct {
	sync.Mutex

	last int
}

// nextBase is the first of a range of free ports that no other stack of this
// process has, below those that the system hands out to outgoing connections.
func nextBase() (int, error) {
	bases.Lock()
	defer bases.Unlock()
	const lowest, ranges = 12000, 200
	if bases.last == 0 {
		bases.last = lowest + os.Getpid()%ranges*topology.PortRange
	}
	for range ranges {
		bases.last += topology.PortRange
		if bases.last >= lowest+ranges*topology.PortRange {
			bases.last = lowest
		}
		plan := map[int]string{}
		for port := bases.last; port < bases.last+topology.PortRange; port++ {
			plan[port] = "test"
		}
		if ports.Check(plan) == nil {
			return bases.last, nil
		}
	}
	return 0, fmt.Errorf("no %d free ports in a row", topology.PortRange)
}

// ownStack is a stack for one test, with sidecars of the services.
func ownStack(t *testing.T, services ...topology.Service) *stack {
	t.Helper()
	s, err := newStack(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() {
		s.report(t)
		s.stop()
	})
	require.NoError(t, s.start(t.Context(), services...))
	return s
}

// sharedStack is the stack of all tests.
func sharedStack(t *testing.T) *stack {
	t.Helper()
	if !strings.Contains(t.Name(), "/") { // a failed subtest fails its parent
		t.Cleanup(func() { shared.report(t) })
	}
	return shared
}

// report shows the last words of the parts when the test has failed.
func (s *stack) report(t *testing.T) {
	t.Helper()
	if !t.Failed() {
		return
	}
	for name, n := range s.nodes {
		t.Logf("the last of %s's sidecar:\n%s", name, n.log)
	}
	t.Logf("the last of the scheduler:\n%s", s.log)
}

func (s *stack) start(ctx context.Context, services ...topology.Service) error {
	if err := s.startBroker(ctx); err != nil {
		return err
	}
	if err := s.startScheduler(ctx); err != nil {
		return err
	}
	var group sync.WaitGroup
	nodes, errs := make([]*node, len(services)), make([]error, len(services))
	for i, service := range services {
		group.Go(func() { nodes[i], errs[i] = startNode(ctx, s.Sidecar(daprd, service)) })
		if i == 0 {
			// The first makes the state store's tables: two sidecars that do so at the
			// same moment get in each other's way, and one ends.
			group.Wait()
		}
	}
	group.Wait()
	for i, service := range services {
		if errs[i] != nil {
			return fmt.Errorf("%s's sidecar: %w", service.Name, errs[i])
		}
		s.nodes[service.Name] = nodes[i]
	}
	return nil
}

func (s *stack) startBroker(ctx context.Context) (err error) {
	s.broker, err = broker.Start(ctx, broker.Options{DataDir: s.KafkaDir(), Port: s.Ports.Kafka, Topics: broker.AllTopics()})
	return err
}

func (s *stack) stopBroker() {
	s.broker.Close()
	s.broker = nil
}

func (s *stack) startScheduler(ctx context.Context) (err error) {
	sched := s.Stack.Scheduler(scheduler)
	if err := os.MkdirAll(sched.DataDir, 0o755); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	s.scheduler, err = laptop.Run(ctx, sched.Command(), s.log, sched.Ready)
	if err != nil {
		return fmt.Errorf("%w\n%s", err, s.log)
	}
	return nil
}

func (s *stack) stop() {
	var group sync.WaitGroup
	for _, n := range s.nodes {
		group.Go(n.stop)
	}
	group.Wait()
	if s.scheduler != nil {
		s.scheduler.Stop(syscall.SIGTERM, 10*time.Second)
	}
	if s.broker != nil {
		s.stopBroker()
	}
}

func (s *stack) node(service topology.Service) *node { return s.nodes[service.Name] }

// startNode starts an app and its sidecar and connects to it.
func startNode(ctx context.Context, sidecar laptop.Sidecar) (*node, error) {
	n := &node{Sidecar: sidecar, log: &tail{}}
	var err error
	if n.app, err = startApp(n.Ports.App, n.AppToken); err != nil {
		return nil, err
	}
	if err := n.startSidecar(ctx); err != nil {
		n.app.stop()
		return nil, err
	}
	client.SetLogger(log.New(io.Discard, "", 0))
	if n.dapr, err = client.NewClientWithAddressContext(ctx, loopback(n.Ports.SidecarGRPC)); err != nil {
		n.stop()
		return nil, err
	}
	n.dapr.WithAuthToken(n.APIToken)
	return n, nil
}

func (n *node) startSidecar(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	n.process, err = laptop.Run(ctx, n.Command(), n.log, n.Delivering)
	if err != nil {
		return fmt.Errorf("%w\n%s", err, n.log)
	}
	return nil
}

func (n *node) stop() {
	if n.dapr != nil {
		n.dapr.Close()
	}
	n.process.Stop(syscall.SIGTERM, 10*time.Second)
	n.app.stop()
}

// running says that the sidecar's process has not ended.
func (n *node) running() bool {
	select {
	case <-n.process.Done():
		return false
	default:
		return true
	}
}

// call sends a request to the sidecar's HTTP API with its token.
func (n *node) call(t *testing.T, method, path, body string, header ...string) response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+loopback(n.Ports.SidecarHTTP)+path, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set(apiTokenHeader, n.APIToken)
	for i := 0; i < len(header); i += 2 {
		req.Header[http.CanonicalHeaderKey(header[i])] = []string{header[i+1]}
	}
	resp, err := transport.RoundTrip(req)
	require.NoError(t, err)
	return read(t, resp)
}

// A response of a sidecar, read to its end.
type response struct {
	status int
	header http.Header
	body   string
}

func read(t *testing.T, resp *http.Response) response {
	t.Helper()
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return response{resp.StatusCode, resp.Header, string(body)}
}

// apiTokenHeader carries the token in both directions (Dapr, "API token authentication").
const apiTokenHeader = "dapr-api-token"

// transport follows no redirect and unpacks nothing, so that tests see what there is.
var transport = &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 16}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// await polls until the condition holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for !holds() {
		select {
		case <-deadline.C:
			require.FailNow(t, "it did not happen: "+what)
		case <-t.Context().Done():
			return
		case <-ticker.C:
		}
	}
}

// receive waits for a value.
func receive[T any](t *testing.T, what string, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		require.FailNow(t, "it did not happen: "+what)
		panic("unreachable")
	}
}

// tail keeps the end of a Dapr program's log: the last complaints and, in case it
// never complained, the last lines.
type tail struct {
	mu         sync.Mutex
	rest       []byte
	complaints []string
	lines      []string
}

// Write implements io.Writer.
func (l *tail) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest = append(l.rest, p...)
	for {
		line, rest, found := bytes.Cut(l.rest, []byte("\n"))
		if !found {
			return len(p), nil
		}
		l.rest = bytes.Clone(rest)
		var said struct{ Level, Msg string }
		text := fmt.Sprintf("%.400s", line) // a panic is no JSON
		if json.Unmarshal(line, &said) == nil {
			text = fmt.Sprintf("%s %.300s", said.Level, said.Msg)
		}
		if said.Level != "info" && said.Level != "debug" && !strings.Contains(text, "level=info") {
			l.complaints = last(append(l.complaints, text), 10)
		}
		l.lines = last(append(l.lines, text), 3)
	}
}

func last(lines []string, n int) []string { return lines[max(0, len(lines)-n):] }

func (l *tail) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.complaints) > 0 {
		return strings.Join(l.complaints, "\n")
	}
	return strings.Join(l.lines, "\n")
}
