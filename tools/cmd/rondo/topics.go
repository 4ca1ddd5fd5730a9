package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/rondohq/rondo/environments"
	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/tools/internal/topics"
	"github.com/rondohq/rondo/tools/internal/up"
)

// kafkaFlags say which brokers, and how to sign in.
type kafkaFlags struct {
	brokers, dir string
	security     topics.Security
}

// The environment variables of what nobody should have to type, or to leave in a
// shell's history.
const (
	brokersVariable  = "RONDO_KAFKA"
	userVariable     = "RONDO_KAFKA_USERNAME"
	passwordVariable = "RONDO_KAFKA_PASSWORD"
)

func topicsCommand() *cobra.Command {
	var k kafkaFlags
	c := &cobra.Command{
		Use:   "topics",
		Short: "Bring topics to what the topology says, look at the consumers' lag, replay dead letters",
		Long: `Work with the topics of any Kafka brokers: those of the running stack on this
machine, or those that --kafka names.

RONDO_KAFKA, RONDO_KAFKA_USERNAME and RONDO_KAFKA_PASSWORD stand in for --kafka,
--username and a password, which has no flag: it would be seen in the list of
processes.`,
	}
	flags := c.PersistentFlags()
	flags.StringVar(&k.brokers, "kafka", "", "brokers, host:port,host:port; the default is those of the running stack")
	flags.StringVar(&k.dir, "dir", ".rondo", "directory of the running stack")
	flags.BoolVar(&k.security.TLS, "tls", false, "encrypt")
	flags.StringVar(&k.security.CA, "ca", "", "file of the authorities that the brokers' certificates are from; implies --tls")
	flags.StringVar(&k.security.Certificate, "cert", "", "file of the client's certificate; implies --tls")
	flags.StringVar(&k.security.Key, "key", "", "file of the client's key")
	flags.StringVar(&k.security.Mechanism, "sasl", "", "how to sign in: plain, scram-sha-256 or scram-sha-512")
	flags.StringVar(&k.security.Username, "username", "", "who signs in")
	c.AddCommand(k.diffCommand(), k.applyCommand(), k.lagCommand(), k.replayCommand())
	return c
}

// given are the brokers that were named.
func (k *kafkaFlags) given() string { return cmp.Or(k.brokers, os.Getenv(brokersVariable)) }

// connection is where the brokers are, and the client's options.
func (k *kafkaFlags) connection() (string, []kgo.Opt, error) {
	security := k.security
	security.Username = cmp.Or(security.Username, os.Getenv(userVariable))
	if security.Mechanism != "" {
		security.Password = os.Getenv(passwordVariable)
		if security.Password == "" {
			return "", nil, fmt.Errorf("--sasl needs a password in %s", passwordVariable)
		}
	}
	options, err := security.Options()
	if err != nil {
		return "", nil, err
	}
	if addr := k.given(); addr != "" {
		return addr, options, nil
	}
	state, err := up.Status(k.dir)
	if err != nil {
		return "", nil, err
	}
	if state.Kafka == "" {
		return "", nil, fmt.Errorf("no stack in %s; say which brokers with --kafka", k.dir)
	}
	return state.Kafka, options, nil
}

// declared are the connection and the durability of a stack's topics. The stack of
// this machine is left alone: its broker has retention of its own.
func (k *kafkaFlags) declared(stack string) (string, []kgo.Opt, topology.Durability, error) {
	if k.given() == "" {
		return "", nil, topology.Durability{}, fmt.Errorf(
			"say which brokers with --kafka or %s: the topics of this machine are made by `rondo up`", brokersVariable)
	}
	env, err := environments.Named(stack)
	if err != nil {
		return "", nil, topology.Durability{}, err
	}
	addr, options, err := k.connection()
	return addr, options, env.Kafka.Durability, err
}

func (k *kafkaFlags) diffCommand() *cobra.Command {
	var stack, output string
	c := &cobra.Command{
		Use:   "diff",
		Short: "Print how the topics differ from what the topology says; the exit code is 2 when they do",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			write, err := writerOf(output)
			if err != nil {
				return err
			}
			addr, options, durability, err := k.declared(stack)
			if err != nil {
				return err
			}
			found, err := topics.Diff(cmd.Context(), addr, durability, options...)
			if err != nil {
				return err
			}
			if err := write(os.Stdout, found); err != nil {
				return err
			}
			if len(found) > 0 {
				return &exitError{code: 2}
			}
			return nil
		},
	}
	declaredFlags(c, &stack, &output)
	return c
}

func (k *kafkaFlags) applyCommand() *cobra.Command {
	var stack, output string
	c := &cobra.Command{
		Use:   "apply",
		Short: "Make missing topics, add partitions and alter configuration; never delete",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			write, err := writerOf(output)
			if err != nil {
				return err
			}
			addr, options, durability, err := k.declared(stack)
			if err != nil {
				return err
			}
			found, err := topics.Apply(cmd.Context(), addr, durability, options...)
			return errors.Join(err, write(os.Stdout, found))
		},
	}
	declaredFlags(c, &stack, &output)
	return c
}

func declaredFlags(c *cobra.Command, stack, output *string) {
	c.Flags().StringVar(stack, "stack", environments.Minikube().Name, "whose replication: that of which stack")
	c.Flags().StringVar(output, "output", "table", "how to print: table or json")
}

func writerOf(output string) (func(io.Writer, []topics.Difference) error, error) {
	switch output {
	case "table":
		return writeDifferences, nil
	case "json":
		return func(w io.Writer, found []topics.Difference) error { return json.NewEncoder(w).Encode(found) }, nil
	default:
		return nil, fmt.Errorf("--output %s: there are table and json", output)
	}
}

func writeDifferences(w io.Writer, found []topics.Difference) error {
	if len(found) == 0 {
		_, err := fmt.Fprintln(w, "the topics are as the topology says")
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "TOPIC\tWHAT\tIS\tSHOULD BE\tKEPT BECAUSE")
	for _, f := range found {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", f.Topic, f.What, f.Is, f.ShouldBe, f.Kept)
	}
	return table.Flush()
}

func (k *kafkaFlags) lagCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "lag",
		Short: "Print how far each consumer group is behind, and the depth of the dead-letter topics",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			addr, options, err := k.connection()
			if err != nil {
				return err
			}
			report, err := topics.Lag(cmd.Context(), addr, options...)
			if err != nil {
				return err
			}
			table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(table, "GROUP\tTOPIC\tMEMBERS\tLAG")
			for _, g := range report.Groups {
				fmt.Fprintf(table, "%s\t%s\t%d\t%d\n", g.Group, g.Topic, g.Members, g.Lag)
			}
			fmt.Fprintln(table, "\nDEAD LETTERS\tRECORDS\t\t")
			for _, d := range report.DeadLetters {
				fmt.Fprintf(table, "%s\t%d\t\t\n", d.Topic, d.Records)
			}
			return table.Flush()
		},
	}
}

func (k *kafkaFlags) replayCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "replay <topic>",
		Short: "Move a topic's dead letters back to it, once",
		Long: `Publish the records of the topic's dead-letter topic to the topic again, as they
were, and remove them from the dead-letter topic as they are taken. Records that
become dead letters again while it runs stay for the next time.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			topic, ok := topicNamed(args[0])
			if !ok {
				return fmt.Errorf("no topic %q with dead letters", args[0])
			}
			addr, options, err := k.connection()
			if err != nil {
				return err
			}
			n, err := topics.Replay(cmd.Context(), addr, topic, func(done, all int64) {
				fmt.Fprintf(os.Stderr, "%d of %d\n", done, all)
			}, options...)
			fmt.Printf("replayed %d records of %s to %s\n", n, topic.DeadLetter().Name, topic.Name)
			return err
		},
	}
}

// topicNamed takes the name of a topic or of its dead letters.
func topicNamed(name string) (topology.Topic, bool) {
	for _, t := range topology.Topics() {
		if t.Name == name || t.DeadLetter().Name == name {
			return t, true
		}
	}
	return topology.Topic{}, false
}
