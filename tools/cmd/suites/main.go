// Command suites runs the test suites in order; see package suites.
//
//	suites                run all
//	suites -short         only what needs nothing but Go
//	suites -only a,b      only these
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/rondohq/rondo/tools/internal/repository"
	"github.com/rondohq/rondo/tools/internal/suites"
)

func main() { os.Exit(run()) }

func run() int {
	only := flag.String("only", "", "comma-separated `names` of the suites to run")
	short := flag.Bool("short", false, "run only the tests that need nothing but Go")
	verbose := flag.Bool("v", false, "show what passing tests print, too")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	selected, err := choose(suites.All(), *only)
	if err == nil {
		var root string
		if root, err = repository.Root(); err == nil {
			err = suites.Runner{Root: root, Out: os.Stdout, Short: *short, Verbose: *verbose}.Run(ctx, selected)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func choose(all []suites.Suite, only string) ([]suites.Suite, error) {
	if only == "" {
		return all, nil
	}
	var chosen []suites.Suite
	for name := range strings.SplitSeq(only, ",") {
		i := slices.IndexFunc(all, func(s suites.Suite) bool { return s.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("no suite %q", name)
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}
