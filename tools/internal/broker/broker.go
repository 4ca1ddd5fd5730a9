// Package broker is the Kafka broker of a laptop: franz-go's kfake with its data
// on disk, every record written through before it is acknowledged.
//
// kfake keeps what it acknowledged over any death of the process, with the gaps
// that recovery.go and retention.go close.
package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/rondohq/rondo/platform/topology"
)

// MaxMessageBytes is the largest batch that the broker takes.
const MaxMessageBytes = 1 << 20

// segmentBytes bounds a file of records; a start reads whole files.
const segmentBytes = 16 << 20

// Options of a broker.
type Options struct {
	DataDir string
	Port    int // on 127.0.0.1; 0 picks a free one
	// Advertise is host:port by which others reach the broker, which then listens on
	// every address; empty: this machine alone does.
	Advertise string
	Topics    []topology.Topic
	Log       *slog.Logger // nil discards
}

// Broker is a running broker.
type Broker struct {
	cluster *kfake.Cluster
	addr    string

	stopRetention func()
}

// AllTopics are the topics of the topology with their dead letters.
func AllTopics() []topology.Topic { return append(topology.Topics(), topology.DeadLetters()...) }

// Start starts the broker with all its topics.
func Start(ctx context.Context, o Options) (*Broker, error) {
	log := o.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(o.DataDir, 0o750); err != nil {
		return nil, err
	}
	if err := repairLogs(o.DataDir, log); err != nil {
		return nil, err
	}
	cluster, err := kfake.NewCluster(
		kfake.Ports(o.Port),
		kfake.ListenFn(func(network, address string) (net.Listener, error) { return o.listen(ctx, network, address) }),
		kfake.DataDir(o.DataDir),
		// With this a record is on the disk, and not only in the kernel's cache,
		// before it is acknowledged: it survives the machine too.
		kfake.SyncWrites(),
		kfake.WithLogger(logger{log}),
		kfake.BrokerConfigs(map[string]string{
			"log.retention.ms":  "-1", // see retention.go
			"log.segment.bytes": strconv.Itoa(segmentBytes),
			"message.max.bytes": strconv.Itoa(MaxMessageBytes),
		}),
	)
	if err != nil {
		return nil, fmt.Errorf("start the broker on port %d: %w", o.Port, err)
	}
	b := &Broker{cluster: cluster, addr: cluster.ListenAddrs()[0], stopRetention: func() {}}
	if err := forgetSequences(o.DataDir); err != nil {
		b.Close()
		return nil, err
	}
	if err := ensureTopics(ctx, b.addr, o.Topics, func(topology.Topic) time.Duration { return forever }); err != nil {
		b.Close()
		return nil, err
	}
	b.retain(o.Topics, log)
	return b, nil
}

// listen opens the listener that kfake asks for, or that of a broker that others reach.
func (o Options) listen(ctx context.Context, network, address string) (net.Listener, error) {
	var config net.ListenConfig
	if o.Advertise == "" {
		return config.Listen(ctx, network, address)
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	listener, err := config.Listen(ctx, network, net.JoinHostPort("", port))
	return advertisedListener{listener, advertised(o.Advertise)}, err
}

// advertisedListener says another address than it has: kfake tells clients the
// address of its listener.
type advertisedListener struct {
	net.Listener

	address advertised
}

// Addr implements net.Listener.
func (l advertisedListener) Addr() net.Addr { return l.address }

// advertised is host:port.
type advertised string

// Network implements net.Addr.
func (a advertised) Network() string { return "tcp" }

func (a advertised) String() string { return string(a) }

// Addr is host:port of the broker.
func (b *Broker) Addr() string { return b.addr }

// Close stops it and saves what a start then finds faster.
func (b *Broker) Close() {
	b.stopRetention()
	b.cluster.Close()
}

// EnsureTopics makes the topics exist with at least their partitions and with
// their retention; it works with any Kafka broker. Partitions are never taken away.
func EnsureTopics(ctx context.Context, addr string, topics []topology.Topic) error {
	return ensureTopics(ctx, addr, topics, func(t topology.Topic) time.Duration { return t.Retention })
}

// forever is Kafka's word for no retention limit, -1 ms.
const forever = -time.Millisecond

func ensureTopics(ctx context.Context, addr string, topics []topology.Topic, keep func(topology.Topic) time.Duration) error {
	admin, err := Admin(addr)
	if err != nil {
		return err
	}
	defer admin.Close()
	existing, err := admin.ListTopics(ctx)
	if err != nil {
		return fmt.Errorf("list the topics of %s: %w", addr, err)
	}
	for _, t := range topics {
		retention := strconv.FormatInt(keep(t).Milliseconds(), 10)
		if !existing.Has(t.Name) {
			_, err := admin.CreateTopic(ctx, int32(t.Partitions), -1, map[string]*string{"retention.ms": &retention}, t.Name)
			if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
				return fmt.Errorf("create topic %s: %w", t.Name, err)
			}
			continue
		}
		if have := len(existing[t.Name].Partitions); have < t.Partitions {
			if _, err := admin.UpdatePartitions(ctx, t.Partitions, t.Name); err != nil {
				return fmt.Errorf("give topic %s %d partitions: %w", t.Name, t.Partitions, err)
			}
		}
		set := []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "retention.ms", Value: &retention}}
		if _, err := admin.AlterTopicConfigs(ctx, set, t.Name); err != nil {
			return fmt.Errorf("set the retention of topic %s: %w", t.Name, err)
		}
	}
	return nil
}

// Ready wants the broker at addr to answer and to have all topics.
func Ready(ctx context.Context, addr string, topics []topology.Topic) error {
	// A connection attempt says "refused" at once, where the client retries.
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	_ = conn.Close()
	admin, err := Admin(addr)
	if err != nil {
		return err
	}
	defer admin.Close()
	existing, err := admin.ListTopics(ctx)
	if err != nil {
		return err
	}
	for _, t := range topics {
		if !existing.Has(t.Name) {
			return fmt.Errorf("topic %s is missing", t.Name)
		}
	}
	return nil
}

// Admin connects an administrator to the brokers at addr: host:port of some of
// them, with commas in between.
func Admin(addr string, options ...kgo.Opt) (*kadm.Client, error) {
	client, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(strings.Split(addr, ",")...)}, options...)...)
	if err != nil {
		return nil, fmt.Errorf("connect to the broker at %s: %w", addr, err)
	}
	return kadm.NewClient(client), nil
}

// logger passes kfake's complaints on.
type logger struct{ log *slog.Logger }

// Logf is called by kfake.
func (l logger) Logf(level kfake.LogLevel, format string, args ...any) {
	detail := slog.String("detail", fmt.Sprintf(format, args...))
	switch level {
	case kfake.LogLevelError:
		l.log.Error("kfake", detail)
	case kfake.LogLevelWarn:
		l.log.Warn("kfake", detail)
	case kfake.LogLevelInfo, kfake.LogLevelDebug, kfake.LogLevelNone:
	}
}
