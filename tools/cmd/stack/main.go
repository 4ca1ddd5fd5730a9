// Command stack works on a stack of the Pulumi program, which it carries inside.
// It is a program of its own, which `rondo preview` and others build
// and run, so that `rondo up` need not compile the SDKs of clouds.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() { os.Exit(run()) }

// errDrift ends the program with code 2; the report has said it all.
var errDrift = errors.New("the stack has drifted")

func run() int {
	ctx, restore := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer restore()
	root := &cobra.Command{Use: "rondo", SilenceUsage: true, SilenceErrors: true}
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(previewCommand(), reconcileCommand(), deployedCommand(), rotateCommand())
	switch err := root.ExecuteContext(ctx); {
	case err == nil:
		return 0
	case errors.Is(err, errDrift):
		return 2
	default:
		fmt.Fprintln(os.Stderr, "rondo:", err)
		return 1
	}
}
