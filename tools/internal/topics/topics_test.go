package topics_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/tools/internal/broker"
	"github.com/rondohq/rondo/tools/internal/topics"
)

type testBundle struct {
	addr   string
	client *kgo.Client
}

func setup(t *testing.T) testBundle {
	t.Helper()
	b, err := broker.Start(t.Context(), broker.Options{DataDir: t.TempDir(), Topics: broker.AllTopics()})
	require.NoError(t, err)
	t.Cleanup(b.Close)
	client, err := kgo.NewClient(kgo.SeedBrokers(b.Addr()))
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return testBundle{addr: b.Addr(), client: client}
}

func (b testBundle) produce(t *testing.T, topic string, n int) {
	t.Helper()
	for i := range n {
		record := &kgo.Record{
			Topic: topic, Key: fmt.Appendf(nil, "user-%d", i), Value: fmt.Appendf(nil, `{"n":%d}`, i),
			Headers: []kgo.RecordHeader{{Key: "traceparent", Value: []byte("00-aa-bb-01")}},
		}
		require.NoError(t, b.client.ProduceSync(t.Context(), record).FirstErr())
	}
}

func depth(t *testing.T, r *topics.Report, topic string) int64 {
	t.Helper()
	for _, d := range r.DeadLetters {
		if d.Topic == topic {
			return d.Records
		}
	}
	require.Fail(t, "no such dead-letter topic", topic)
	return 0
}

func TestLagCountsWhatAGroupHasNotRead(t *testing.T) {
	t.Parallel()
	b := setup(t)
	sub := topology.Notifier.Subscribes[0]
	b.produce(t, sub.Topic.Name, 7)
	lag := func() int64 {
		report, err := topics.Lag(t.Context(), b.addr)
		require.NoError(t, err)
		for _, g := range report.Groups {
			if g.Group == sub.Group() {
				return g.Lag
			}
		}
		require.Fail(t, "the group is missing")
		return 0
	}
	require.EqualValues(t, 7, lag(), "a group that has read nothing yet")

	admin := kadm.NewClient(b.client)
	ends, err := admin.ListEndOffsets(t.Context(), sub.Topic.Name)
	require.NoError(t, err)
	require.NoError(t, admin.CommitAllOffsets(t.Context(), sub.Group(), ends.Offsets()))
	require.Zero(t, lag())
	b.produce(t, sub.Topic.Name, 2)
	require.EqualValues(t, 2, lag())
}

func TestReplayMovesDeadLettersBackOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	topic := topology.TaskEvents
	b.produce(t, topic.DeadLetter().Name, 25)
	var last int64
	n, err := topics.Replay(t.Context(), b.addr, topic, func(done, all int64) {
		require.EqualValues(t, 25, all)
		require.Greater(t, done, last)
		last = done
	})
	require.NoError(t, err)
	require.EqualValues(t, 25, n)
	require.EqualValues(t, 25, last)

	report, err := topics.Lag(t.Context(), b.addr)
	require.NoError(t, err)
	require.Zero(t, depth(t, report, topic.DeadLetter().Name))
	n, err = topics.Replay(t.Context(), b.addr, topic, nil)
	require.NoError(t, err)
	require.Zero(t, n, "the second time there is nothing left")

	b.client.AddConsumeTopics(topic.Name)
	seen := map[string]bool{}
	for len(seen) < 25 {
		fetches := b.client.PollFetches(t.Context())
		require.NoError(t, fetches.Err())
		fetches.EachRecord(func(r *kgo.Record) {
			require.False(t, seen[string(r.Key)], "%s came twice", r.Key)
			seen[string(r.Key)] = true
			require.Equal(t, "traceparent", r.Headers[0].Key)
		})
	}
	// What dies after a replay is replayed by the next.
	b.produce(t, topic.DeadLetter().Name, 1)
	n, err = topics.Replay(t.Context(), b.addr, topic, nil)
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
}
