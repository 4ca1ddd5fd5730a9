package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

func deployedCommand() *cobra.Command {
	var stack, dir string
	var restore bool
	c := &cobra.Command{
		Use:   "deployed",
		Short: "Print the commit that was deployed last, by the stack's history",
		Long: `Print the commit of the last deployment of a stack that came to a good end. With
--restore the images that it ran are written into the stack's configuration, so
that the next "pulumi up" of that commit runs them again.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opened, err := open(cmd.Context(), stack, dir)
			if err != nil {
				return err
			}
			last, err := opened.Deployed(cmd.Context())
			if err != nil {
				return err
			}
			if last.Commit == "" {
				return errors.New("the last deployment was made outside a checkout: its commit is unknown")
			}
			if restore {
				if err := opened.SetDigests(cmd.Context(), last.Digests); err != nil {
					return err
				}
			}
			fmt.Println(last.Commit)
			return nil
		},
	}
	stackFlags(c, &stack, &dir)
	c.Flags().BoolVar(&restore, "restore", false, "write the images that it ran into the stack's configuration")
	return c
}

// stackFlags are those of commands that work on a stack that exists.
func stackFlags(c *cobra.Command, stack, dir *string) {
	c.Flags().StringVar(stack, "stack", "", "which stack; it must exist")
	c.Flags().StringVar(dir, "dir", "", "directory with Pulumi.yaml; the default is the checkout")
	if err := c.MarkFlagRequired("stack"); err != nil {
		panic(err)
	}
}
