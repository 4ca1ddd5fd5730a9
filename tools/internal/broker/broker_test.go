package broker_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/tools/internal/broker"
	"github.com/rondohq/rondo/tools/internal/ports"
	"github.com/rondohq/rondo/tools/internal/process"
)

// Where the test binary finds these it is a broker, for the tests to kill.
const (
	envDataDir = "RONDO_TEST_BROKER_DATA"
	envPort    = "RONDO_TEST_BROKER_PORT"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(envDataDir); dir != "" {
		var port int
		if _, err := fmt.Sscan(os.Getenv(envPort), &port); err != nil {
			panic(err)
		}
		if _, err := broker.Start(context.Background(), broker.Options{DataDir: dir, Port: port, Topics: broker.AllTopics()}); err != nil {
			panic(err)
		}
		select {}
	}
	os.Exit(m.Run())
}

func startChild(t *testing.T, dir string, port int) *process.Process {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), envDataDir+"="+dir, fmt.Sprintf("%s=%d", envPort, port))
	cmd.Stderr = os.Stderr
	p, err := process.Start(cmd, syscall.SIGKILL)
	require.NoError(t, err)
	t.Cleanup(func() { p.Stop(syscall.SIGKILL, time.Minute) })
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	require.Eventually(t, func() bool {
		return broker.Ready(t.Context(), addr, broker.AllTopics()) == nil
	}, time.Minute, 20*time.Millisecond)
	return p
}

func newClient(t *testing.T, addr string, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	client, err := kgo.NewClient(append(opts, kgo.SeedBrokers(addr))...)
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client
}

// produce acknowledges one record.
func produce(t *testing.T, addr string, record *kgo.Record) {
	t.Helper()
	require.NoError(t, newClient(t, addr).ProduceSync(t.Context(), record).FirstErr())
}

func TestSIGKILLLosesNoAcknowledgedRecord(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "kafka")
	port, err := ports.Free()
	require.NoError(t, err)
	addr := fmt.Sprintf("127.0.0.1:%d", port)

	const rounds, perRound = 4, 300
	topic := topology.TaskEvents.Name
	var acknowledged sync.Map
	var next atomic.Uint64
	for range rounds {
		child := startChild(t, dir, port)
		// Like the sidecar's client: not idempotent, so that a record whose fate is
		// unknown fails instead of being tried for ever.
		client := newClient(t, addr, kgo.DisableIdempotentWrite(), kgo.RecordRetries(0), kgo.ProducerLinger(0))
		enough := make(chan struct{})
		var count atomic.Int64
		stop, cancel := context.WithCancel(t.Context())
		var producers sync.WaitGroup
		for range 8 {
			producers.Go(func() {
				for stop.Err() == nil {
					n := next.Add(1)
					value := binary.BigEndian.AppendUint64(nil, n)
					if client.ProduceSync(stop, &kgo.Record{Topic: topic, Value: value}).FirstErr() == nil {
						acknowledged.Store(n, true)
						if count.Add(1) == perRound {
							close(enough)
						}
					}
				}
			})
		}
		<-enough
		// In the middle of producing: eight records are on their way.
		child.Stop(syscall.SIGKILL, time.Minute)
		cancel()
		producers.Wait()
		client.Close()
	}

	startChild(t, dir, port)
	there := map[uint64]bool{}
	admin, err := broker.Admin(addr)
	require.NoError(t, err)
	defer admin.Close()
	ends, err := admin.ListEndOffsets(t.Context(), topic)
	require.NoError(t, err)
	var total int64
	ends.Each(func(o kadm.ListedOffset) { total += o.Offset })
	reader := newClient(t, addr, kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	for read := int64(0); read < total; {
		fetches := reader.PollFetches(t.Context())
		require.NoError(t, fetches.Err())
		fetches.EachRecord(func(r *kgo.Record) {
			there[binary.BigEndian.Uint64(r.Value)] = true
			read++
		})
	}
	n := 0
	acknowledged.Range(func(key, _ any) bool {
		n++
		require.Contains(t, there, key, "a record that was acknowledged is gone")
		return true
	})
	require.GreaterOrEqual(t, n, rounds*perRound)
}

func TestCommittedOffsetsSurviveSIGKILLAndATornLog(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "kafka")
	port, err := ports.Free()
	require.NoError(t, err)
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	topic := topology.TaskUpdates.Name
	group := topology.Notifier.Subscribes[0].Group()

	commit := func(at int64) {
		admin, err := broker.Admin(addr)
		require.NoError(t, err)
		defer admin.Close()
		var offsets kadm.Offsets
		offsets.Add(kadm.Offset{Topic: topic, Partition: 0, At: at, LeaderEpoch: -1})
		require.NoError(t, admin.CommitAllOffsets(t.Context(), group, offsets))
	}
	committed := func() int64 {
		admin, err := broker.Admin(addr)
		require.NoError(t, err)
		defer admin.Close()
		offsets, err := admin.FetchOffsets(t.Context(), group)
		require.NoError(t, err)
		o, _ := offsets.Lookup(topic, 0)
		return o.At
	}

	child := startChild(t, dir, port)
	commit(1)
	child.Stop(syscall.SIGKILL, time.Minute)
	// A power cut may leave the last entry half written.
	log, err := os.OpenFile(filepath.Join(dir, "groups.log"), os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = log.Write([]byte{200, 0, 0, 0, 1, 2, 3, 4, 1, 0, '{'})
	require.NoError(t, err)
	require.NoError(t, log.Close())

	child = startChild(t, dir, port)
	require.EqualValues(t, 1, committed())
	commit(2)
	child.Stop(syscall.SIGKILL, time.Minute)

	startChild(t, dir, port)
	require.EqualValues(t, 2, committed(), "what was committed behind the torn entry")
}

func TestTopicsFollowTheTopology(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	before := topology.Topic{Name: "grows", Partitions: 1, Retention: time.Hour}
	b, err := broker.Start(t.Context(), broker.Options{DataDir: dir, Topics: []topology.Topic{before}})
	require.NoError(t, err)
	produce(t, b.Addr(), &kgo.Record{Topic: before.Name, Value: []byte("kept")})
	b.Close()

	after := before
	after.Partitions = 3
	b, err = broker.Start(t.Context(), broker.Options{DataDir: dir, Topics: append(broker.AllTopics(), after)})
	require.NoError(t, err)
	defer b.Close()
	require.NoError(t, broker.Ready(t.Context(), b.Addr(), broker.AllTopics()))
	admin, err := broker.Admin(b.Addr())
	require.NoError(t, err)
	defer admin.Close()
	topics, err := admin.ListTopics(t.Context())
	require.NoError(t, err)
	require.Len(t, topics[after.Name].Partitions, 3)
	for _, want := range broker.AllTopics() {
		require.Len(t, topics[want.Name].Partitions, want.Partitions, want.Name)
	}
	ends, err := admin.ListEndOffsets(t.Context(), after.Name)
	require.NoError(t, err)
	o, _ := ends.Lookup(after.Name, 0)
	require.EqualValues(t, 1, o.Offset)
}
