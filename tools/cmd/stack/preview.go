package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/rondohq/rondo/environments"
	"github.com/rondohq/rondo/infra/program"
	"github.com/rondohq/rondo/tools/internal/engine"
	"github.com/rondohq/rondo/tools/internal/repository"
	"github.com/rondohq/rondo/tools/internal/toolchain"
	"github.com/rondohq/rondo/tools/testprovider"
)

func previewCommand() *cobra.Command {
	var stack string
	c := &cobra.Command{
		Use:   "preview",
		Short: "Show all that a stack is made of, without a cluster, an account or the internet",
		Long: `Run the program of a stack through Pulumi's engine with a test double of every
provider, and print what it declares as a tree. Nothing outside this machine is
asked or changed. What would change in a stack that exists says "pulumi preview".`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			env, err := environments.Named(stack)
			if err != nil {
				return err
			}
			root, err := repository.Root()
			if err != nil {
				return err
			}
			dir, err := os.MkdirTemp("", "rondo-preview-")
			if err != nil {
				return err
			}
			defer os.RemoveAll(dir)
			world, err := testprovider.Start(testprovider.Options{})
			if err != nil {
				return err
			}
			defer world.Close()
			offline, err := engine.OpenOffline(cmd.Context(), engine.OfflineOptions{
				Root: root, Dir: dir, Stack: env.Name, Program: program.Run, World: world,
				Config:   engine.Sample(env),
				Progress: toolchain.Printer(os.Stderr),
			})
			if err != nil {
				return err
			}
			steps, err := offline.Preview(cmd.Context(), false)
			if err != nil {
				return fmt.Errorf("preview %s:\n%w", env.Name, err)
			}
			return engine.WriteTree(os.Stdout, steps)
		},
	}
	c.Flags().StringVar(&stack, "stack", environments.Minikube().Name, "which stack")
	return c
}
