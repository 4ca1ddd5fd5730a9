// Command bootstrap makes what has to be there before a stack's first deployment:
// where Pulumi keeps its state, the key that encrypts secrets in it, the identity
// that a pipeline deploys as, and the stack itself. It can be run again.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"

	"github.com/rondohq/rondo/environments"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string) int {
	flags := flag.NewFlagSet("bootstrap", flag.ContinueOnError)
	repository := flags.String("repository", "", "GitHub `OWNER/NAME` whose pipeline deploys")
	dry := flags.Bool("dry-run", false, "only print the commands")
	flags.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: bootstrap [-repository OWNER/NAME] [-dry-run] STACK")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil || flags.NArg() != 1 {
		if err == nil {
			flags.Usage()
		}
		return 2
	}
	env, err := environments.Named(flags.Arg(0))
	if err != nil {
		fmt.Fprintln(os.Stderr, "bootstrap:", err)
		return 2
	}
	shell := execute
	if *dry {
		shell = show
	}
	if err := bootstrap(ctx, env, *repository, shell); err != nil {
		fmt.Fprintln(os.Stderr, "bootstrap:", err)
		return 1
	}
	return 0
}

// A shell runs a program and returns what it prints.
type shell func(ctx context.Context, program string, args ...string) (string, error)

func execute(ctx context.Context, program string, args ...string) (string, error) {
	_, _ = show(ctx, program, args...)
	cmd := exec.CommandContext(ctx, program, args...)
	var out bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, &out, os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w", program, strings.Join(args, " "), err)
	}
	return strings.TrimSpace(out.String()), nil
}

// show prints a command. What it would answer stands for itself in later ones.
func show(_ context.Context, program string, args ...string) (string, error) {
	fmt.Println("$", program, strings.Join(args, " "))
	return "<" + args[0] + ">", nil
}
