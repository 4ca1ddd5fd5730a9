package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/rondohq/rondo/environments"
	"github.com/rondohq/rondo/tools/internal/repository"
)

func previewCommand() *cobra.Command {
	return stackCommand("preview", "Show all that a stack is made of, without a cluster, an account or the internet")
}

func reconcileCommand() *cobra.Command {
	return stackCommand("reconcile", "Compare a stack with its program and with what is really there, and mend the difference")
}

func deployedCommand() *cobra.Command {
	return stackCommand("deployed", "Print the commit that was deployed last, by the stack's history")
}

func rotateCommand() *cobra.Command {
	return stackCommand("rotate", "Make new passwords and tokens for a stack, and start what reads them anew")
}

// stackCommand hands over to tools/cmd/stack, which has the command's flags. It is
// built first: the SDKs of clouds are no part of `rondo`.
func stackCommand(name, short string) *cobra.Command {
	return &cobra.Command{
		Use:                name + " [flags]",
		Short:              short,
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			root, err := repository.Root()
			if err != nil {
				return err
			}
			path := filepath.Join(root, ".rondo", "bin", "stack")
			if _, err := os.Stat(path); err != nil {
				fmt.Fprintln(os.Stderr, "building the program of the stacks (the first build takes minutes)")
			}
			build := exec.CommandContext(cmd.Context(), "go", "build", "-o", path, "./tools/cmd/stack")
			build.Dir, build.Stderr = root, os.Stderr
			if err := build.Run(); err != nil {
				return fmt.Errorf("build tools/cmd/stack: %w", err)
			}
			return syscall.Exec(path, append([]string{"rondo", name}, args...), os.Environ())
		},
	}
}

func backendCommand() *cobra.Command {
	var stack string
	c := &cobra.Command{
		Use:   "backend",
		Short: `Print where Pulumi keeps the state of a stack, for "pulumi login"`,
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			env, err := environments.Named(stack)
			if err != nil {
				return err
			}
			fmt.Println(env.State.Backend)
			return nil
		},
	}
	c.Flags().StringVar(&stack, "stack", environments.Minikube().Name, "which stack")
	return c
}
