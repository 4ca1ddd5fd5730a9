// Package topics is what an operator does with Kafka topics: bring them to what the
// topology says, see how far the consumers are behind, and give dead letters
// another chance. It works with any brokers.
package topics

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/tools/internal/broker"
)

// GroupLag is how far a consumer group is behind in one topic.
type GroupLag struct {
	Group, Topic string
	Members      int
	Lag          int64 // records
}

// Depth is how much a dead-letter topic holds.
type Depth struct {
	Topic   string
	Records int64
}

// Report is the answer of Lag.
type Report struct {
	Groups      []GroupLag
	DeadLetters []Depth
}

// Lag looks at all consumer groups of the topology that are shared; a broadcast
// has one per replica that nobody waits for.
func Lag(ctx context.Context, addr string, options ...kgo.Opt) (*Report, error) {
	admin, err := broker.Admin(addr, options...)
	if err != nil {
		return nil, err
	}
	defer admin.Close()
	var report Report
	for _, sub := range topology.Subscriptions() {
		if sub.Broadcast {
			continue
		}
		lag, err := groupLag(ctx, admin, sub)
		if err != nil {
			return nil, err
		}
		report.Groups = append(report.Groups, lag)
	}
	for _, dead := range topology.DeadLetters() {
		n, _, err := bounds(ctx, admin, dead.Name)
		if err != nil {
			return nil, err
		}
		report.DeadLetters = append(report.DeadLetters, Depth{Topic: dead.Name, Records: n})
	}
	return &report, nil
}

// groupLag counts what is between the committed offset and the end of each
// partition. A group without an offset begins where its subscription says.
func groupLag(ctx context.Context, admin *kadm.Client, sub topology.Subscription) (GroupLag, error) {
	lag := GroupLag{Group: sub.Group(), Topic: sub.Topic.Name}
	described, err := admin.DescribeGroups(ctx, sub.Group())
	if err != nil {
		return lag, fmt.Errorf("describe group %s: %w", sub.Group(), err)
	}
	lag.Members = len(described[sub.Group()].Members)
	committed, err := admin.FetchOffsets(ctx, sub.Group())
	// A group that nobody has joined yet is unknown, and has everything before it.
	if err != nil && !errors.Is(err, kerr.GroupIDNotFound) {
		return lag, fmt.Errorf("fetch the offsets of group %s: %w", sub.Group(), err)
	}
	starts, err := admin.ListStartOffsets(ctx, sub.Topic.Name)
	if err != nil {
		return lag, fmt.Errorf("list offsets of %s: %w", sub.Topic.Name, err)
	}
	ends, err := admin.ListEndOffsets(ctx, sub.Topic.Name)
	if err != nil {
		return lag, fmt.Errorf("list offsets of %s: %w", sub.Topic.Name, err)
	}
	ends.Each(func(end kadm.ListedOffset) {
		from := int64(0)
		if first, ok := starts.Lookup(end.Topic, end.Partition); ok {
			from = first.Offset
		}
		if at, ok := committed.Lookup(end.Topic, end.Partition); ok {
			from = max(from, at.At)
		}
		lag.Lag += max(0, end.Offset-from)
	})
	return lag, nil
}

// bounds are the number of records of a topic and where each partition ends.
func bounds(ctx context.Context, admin *kadm.Client, topic string) (records int64, ends kadm.ListedOffsets, err error) {
	starts, err := admin.ListStartOffsets(ctx, topic)
	if err != nil {
		return 0, nil, fmt.Errorf("list offsets of %s: %w", topic, err)
	}
	if ends, err = admin.ListEndOffsets(ctx, topic); err != nil {
		return 0, nil, fmt.Errorf("list offsets of %s: %w", topic, err)
	}
	ends.Each(func(end kadm.ListedOffset) {
		if first, ok := starts.Lookup(topic, end.Partition); ok {
			records += end.Offset - first.Offset
		}
	})
	return records, ends, nil
}

// Replay publishes the records of a topic's dead letters to the topic again: key,
// value and headers as they were. A record counts as replayed, and is never
// taken again, once the brokers have it; only a death of this program between
// the two can repeat one, which consumers notice. progress, which may be nil, is
// called after each batch. Replay returns how many it has replayed.
func Replay(
	ctx context.Context, addr string, topic topology.Topic, progress func(done, all int64), options ...kgo.Opt,
) (int64, error) {
	admin, err := broker.Admin(addr, options...)
	if err != nil {
		return 0, err
	}
	defer admin.Close()
	dead := topic.DeadLetter().Name
	all, ends, err := bounds(ctx, admin, dead)
	if err != nil || all == 0 {
		return 0, err
	}
	// The end as it is now: what dies again meanwhile is not replayed for ever.
	stops := map[int32]int64{}
	from := map[string]map[int32]kgo.Offset{dead: {}}
	starts, err := admin.ListStartOffsets(ctx, dead)
	if err != nil {
		return 0, fmt.Errorf("list offsets of %s: %w", dead, err)
	}
	ends.Each(func(end kadm.ListedOffset) {
		if first, ok := starts.Lookup(dead, end.Partition); ok && first.Offset < end.Offset {
			stops[end.Partition] = end.Offset
			from[dead][end.Partition] = kgo.NewOffset().At(first.Offset)
		}
	})
	client, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(strings.Split(addr, ",")...), kgo.ConsumePartitions(from), kgo.RequiredAcks(kgo.AllISRAcks()),
	}, options...)...)
	if err != nil {
		return 0, fmt.Errorf("connect to the broker at %s: %w", addr, err)
	}
	defer client.Close()
	var done int64
	for len(stops) > 0 {
		fetches := client.PollFetches(ctx)
		if err := errors.Join(ctx.Err(), fetches.Err()); err != nil {
			return done, fmt.Errorf("read %s: %w", dead, err)
		}
		taken := kadm.Offsets{}
		var again []*kgo.Record
		fetches.EachRecord(func(r *kgo.Record) {
			if r.Offset >= stops[r.Partition] {
				return
			}
			again = append(again, &kgo.Record{Topic: topic.Name, Key: r.Key, Value: r.Value, Headers: r.Headers})
			taken.Add(kadm.Offset{Topic: dead, Partition: r.Partition, At: r.Offset + 1})
		})
		if err := client.ProduceSync(ctx, again...).FirstErr(); err != nil {
			return done, fmt.Errorf("publish to %s: %w", topic.Name, err)
		}
		// Removing is the memory: the next replay finds only what is left.
		if _, err := admin.DeleteRecords(ctx, taken); err != nil {
			return done, fmt.Errorf("remove what was replayed from %s: %w", dead, err)
		}
		done += int64(len(again))
		for partition, stop := range stops {
			if at, ok := taken.Lookup(dead, partition); ok && at.At >= stop {
				delete(stops, partition)
			}
		}
		if progress != nil && len(again) > 0 {
			progress(done, all)
		}
	}
	return done, nil
}
