package broker

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/rondohq/rondo/platform/topology"
)

func TestOldRecordsAreDroppedAndOffsetsKept(t *testing.T) {
	t.Parallel()
	topic := topology.Topic{Name: "short", Partitions: 1, Retention: time.Hour}
	dir := t.TempDir()
	start := func() *Broker {
		b, err := Start(t.Context(), Options{DataDir: dir, Topics: []topology.Topic{topic}})
		require.NoError(t, err)
		return b
	}
	bounds := func(b *Broker) (first, end int64) {
		admin, err := Admin(b.Addr())
		require.NoError(t, err)
		defer admin.Close()
		starts, err := admin.ListStartOffsets(t.Context(), topic.Name)
		require.NoError(t, err)
		ends, err := admin.ListEndOffsets(t.Context(), topic.Name)
		require.NoError(t, err)
		s, _ := starts.Lookup(topic.Name, 0)
		e, _ := ends.Lookup(topic.Name, 0)
		return s.Offset, e.Offset
	}

	b := start()
	client, err := kgo.NewClient(kgo.SeedBrokers(b.Addr()))
	require.NoError(t, err)
	for range 10 {
		require.NoError(t, client.ProduceSync(t.Context(), &kgo.Record{Topic: topic.Name, Value: []byte("x")}).FirstErr())
	}
	client.Close()

	require.NoError(t, b.dropOld(t.Context(), []topology.Topic{topic}, time.Now()))
	first, end := bounds(b)
	require.Zero(t, first, "nothing is old yet")
	require.EqualValues(t, 10, end)

	require.NoError(t, b.dropOld(t.Context(), []topology.Topic{topic}, time.Now().Add(2*time.Hour)))
	first, end = bounds(b)
	require.EqualValues(t, 9, first, "all but the newest are dropped")
	require.EqualValues(t, 10, end)

	b.Close()
	b = start()
	defer b.Close()
	_, end = bounds(b)
	require.EqualValues(t, 10, end, "a group that has read all goes on where it was")
}
