package main

import (
	"fmt"
	"os"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/spf13/cobra"

	"github.com/rondohq/rondo/environments"
	"github.com/rondohq/rondo/tools/internal/engine"
)

func rotateCommand() *cobra.Command {
	var stack, dir string
	var push bool
	c := &cobra.Command{
		Use:   "rotate",
		Short: "Make new passwords and tokens for a stack, and start what reads them anew",
		Long: `Make every password and token of a stack anew that the stack itself has made, hand
them to the servers, and restart the services one by one. Secrets that come from
outside are read again as well. The stack is brought to what its program says, as
by "pulumi up"; look at "pulumi preview" first.

With --push the key that browsers subscribe to changes, too. People then have to
ask for notifications again, so do that only when the key has leaked.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opened, err := open(cmd.Context(), stack, dir)
			if err != nil {
				return err
			}
			keys := []string{"rotation"}
			if push {
				keys = append(keys, "pushRotation")
			}
			config := auto.ConfigMap{}
			for _, key := range keys {
				config[environments.ConfigNamespace+":"+key] = auto.ConfigValue{Value: time.Now().UTC().Format(time.RFC3339Nano)}
			}
			if err := opened.SetConfig(cmd.Context(), config); err != nil {
				return err
			}
			steps, err := opened.Up(cmd.Context())
			if err != nil {
				return fmt.Errorf("rotate the secrets of %s (run it again, it makes new ones):\n%w", stack, err)
			}
			if err := engine.WriteTree(os.Stdout, engine.Changed(steps)); err != nil {
				return err
			}
			fmt.Fprintf(os.Stderr, "Commit Pulumi.%s.yaml: a deployment without this change makes new secrets once more.\n", stack)
			return nil
		},
	}
	stackFlags(c, &stack, &dir)
	c.Flags().BoolVar(&push, "push", false, "also the key that browsers subscribe to")
	return c
}
