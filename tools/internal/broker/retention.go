package broker

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/rondohq/rondo/platform/topology"
)

// retentionCheck is how often records that are too old are dropped, as in Kafka.
const retentionCheck = 5 * time.Minute

// retain drops records by age while the broker runs. kfake could do it too, but
// it forgets the offsets of a partition that it has emptied: after the next
// start it would count from 0, below what the groups have committed. So each
// partition keeps its newest record, whatever its age.
func (b *Broker) retain(topics []topology.Topic, log *slog.Logger) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	b.stopRetention = func() {
		cancel()
		<-done
	}
	go func() {
		defer close(done)
		ticker := time.NewTicker(retentionCheck)
		defer ticker.Stop()
		for {
			if err := b.dropOld(ctx, topics, time.Now()); err != nil && ctx.Err() == nil {
				log.Warn("drop old records", "error", err)
			}
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
		}
	}()
}

// dropOld drops what is older than its topic's retention at the given time.
func (b *Broker) dropOld(ctx context.Context, topics []topology.Topic, now time.Time) error {
	admin, err := Admin(b.addr)
	if err != nil {
		return err
	}
	defer admin.Close()
	for _, t := range topics {
		young, err := admin.ListOffsetsAfterMilli(ctx, now.Add(-t.Retention).UnixMilli(), t.Name)
		if err != nil {
			return fmt.Errorf("list offsets of %s: %w", t.Name, err)
		}
		ends, err := admin.ListEndOffsets(ctx, t.Name)
		if err != nil {
			return fmt.Errorf("list ends of %s: %w", t.Name, err)
		}
		var until kadm.Offsets
		ends.Each(func(end kadm.ListedOffset) {
			first, ok := young.Lookup(t.Name, end.Partition)
			if ok && end.Offset > 0 {
				until.Add(kadm.Offset{Topic: t.Name, Partition: end.Partition, At: min(first.Offset, end.Offset-1)})
			}
		})
		if len(until) == 0 {
			continue
		}
		dropped, err := admin.DeleteRecords(ctx, until)
		if err == nil {
			err = dropped.Error()
		}
		if err != nil {
			return fmt.Errorf("drop old records of %s: %w", t.Name, err)
		}
	}
	return nil
}
