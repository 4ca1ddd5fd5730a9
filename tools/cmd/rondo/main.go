// Command rondo runs and operates the platform: `rondo up` is the whole of it on
// this machine, the other verbs look at it and mend it.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/rondohq/rondo/tools/internal/up"
)

func main() { os.Exit(run()) }

func run() int {
	ctx, restore := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer restore()
	go func() {
		<-ctx.Done()
		restore() // a second Ctrl-C ends the program at once, and its children with it
	}()
	err := rootCommand().ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if exit, ok := errors.AsType[*exitError](err); ok {
		return exit.code
	}
	// The screen has said it all, with the part's last lines.
	if _, ok := errors.AsType[*up.FailedError](err); !ok {
		fmt.Fprintln(os.Stderr, "rondo:", err)
	}
	return 1
}

// exitError ends the program with a code of its own; all has been said.
type exitError struct{ code int }

func (e *exitError) Error() string { return fmt.Sprintf("exit code %d", e.code) }

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "rondo",
		Short:         "Run and operate the Rondo platform",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(
		upCommand(), downCommand(), statusCommand(), logsCommand(),
		topicsCommand(), previewCommand(), reconcileCommand(), deployedCommand(), rotateCommand(), backendCommand(), imagesCommand(),
		brokerCommand(), postgresCommand(), toolCommand(),
	)
	return root
}
