package main

import (
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/tools/internal/topics"
	"github.com/rondohq/rondo/tools/internal/up"
)

func topicsCommand() *cobra.Command {
	var kafka, dir string
	c := &cobra.Command{Use: "topics", Short: "Look at the consumers' lag, and replay dead letters"}
	c.PersistentFlags().StringVar(&kafka, "kafka", "", "brokers, host:port; the default is those of the running stack")
	c.PersistentFlags().StringVar(&dir, "dir", ".rondo", "directory of the running stack")
	brokers := func() (string, error) {
		if kafka != "" {
			return kafka, nil
		}
		state, err := up.Status(dir)
		if err != nil {
			return "", err
		}
		if state.Kafka == "" {
			return "", fmt.Errorf("no stack in %s; say which brokers with --kafka", dir)
		}
		return state.Kafka, nil
	}
	c.AddCommand(&cobra.Command{
		Use:   "lag",
		Short: "Print how far each consumer group is behind, and the depth of the dead-letter topics",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			addr, err := brokers()
			if err != nil {
				return err
			}
			report, err := topics.Lag(cmd.Context(), addr)
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
	})
	c.AddCommand(&cobra.Command{
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
			addr, err := brokers()
			if err != nil {
				return err
			}
			n, err := topics.Replay(cmd.Context(), addr, topic, func(done, all int64) {
				fmt.Fprintf(os.Stderr, "%d of %d\n", done, all)
			})
			fmt.Printf("replayed %d records of %s to %s\n", n, topic.DeadLetter().Name, topic.Name)
			return err
		},
	})
	return c
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
