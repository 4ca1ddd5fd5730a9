// Package suites runs the project's tests in their order, from the ones that
// take milliseconds to the ones that start everything, and says at the end how
// many minutes each took and what it skipped.
package suites

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Suite is a set of packages that are tested together.
type Suite struct {
	Name string
	// Packages are patterns as `go test` takes them, relative to the workspace.
	Packages []string
	// Except are patterns whose packages are another suite's.
	Except []string
	// Short says that the suite has a part that needs nothing but Go; it is what
	// runs when only that is asked for, with -short.
	Short bool
	// Timeout is of each test binary.
	Timeout time.Duration
	// Fresh suites test what the build cache can't see, such as other programs,
	// so a cached result would mean nothing.
	Fresh bool
	// Optional suites need what no machine has by itself. They may skip all that they
	// have, with the reason; any other suite that runs nothing has failed.
	Optional bool
}

const (
	quick = 10 * time.Minute
	slow  = 30 * time.Minute
)

// The packages whose tests build and start other programs.
const (
	engine      = "./tools/enginetest/..."
	schema      = "./tools/schematest/..."
	rules       = "./tools/rulestest/..."
	images      = "./tools/imagetest/..."
	cluster     = "./tools/clustertest/..."
	conformance = "./tools/conformance/..."
	stack       = "./tools/stacktest/..."
	browser     = "./tools/browsertest/..."
)

// All are the suites in the order in which they run: whoever broke something
// small should not wait for the stack to hear it.
func All() []Suite {
	return []Suite{
		{Name: "platform", Packages: []string{"./platform/..."}, Short: true, Timeout: quick},
		{Name: "infra", Packages: []string{"./environments/...", "./components/...", "./infra/..."}, Short: true, Timeout: quick},
		{Name: "services", Packages: []string{"./services/..."}, Short: true, Timeout: quick},
		{
			Name: "tools", Packages: []string{"./tools/..."},
			Except: []string{engine, schema, rules, images, cluster, conformance, stack, browser},
			Short:  true, Timeout: quick,
		},
		{Name: "engine", Packages: []string{engine}, Timeout: slow, Fresh: true},
		{Name: "schema", Packages: []string{schema}, Timeout: slow, Fresh: true},
		{Name: "rules", Packages: []string{rules}, Timeout: slow, Fresh: true},
		{Name: "images", Packages: []string{images}, Timeout: slow, Fresh: true},
		{Name: "cluster", Packages: []string{cluster}, Timeout: slow, Fresh: true, Optional: true},
		{Name: "conformance", Packages: []string{conformance}, Timeout: slow, Fresh: true},
		{Name: "stack", Packages: []string{stack}, Timeout: slow, Fresh: true},
		{Name: "browser", Packages: []string{browser}, Timeout: slow, Fresh: true},
	}
}

// Runner runs suites.
type Runner struct {
	Root string    // directory of the workspace
	Out  io.Writer // what people read while it runs, and the table
	// Short runs only the tests that need nothing but Go.
	Short bool
	// Verbose shows the output of tests that pass.
	Verbose bool
}

// Run runs the suites one after the other, all of them even when one fails, and
// ends with the table. It is an error when a test fails, and when a suite that is
// not optional has run none.
func (r Runner) Run(ctx context.Context, suites []Suite) error {
	var results []result
	for _, s := range suites {
		if r.Short && !s.Short {
			continue
		}
		fmt.Fprintf(r.Out, "\n── %s\n", s.Name)
		started := time.Now()
		res := r.run(ctx, s)
		res.took = time.Since(started)
		results = append(results, res)
		if ctx.Err() != nil {
			break
		}
	}
	r.table(results)
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	var bad []string
	for _, res := range results {
		if v := res.verdict(); v != passed && v != skipped {
			bad = append(bad, res.suite.Name)
		}
	}
	if len(bad) > 0 {
		return fmt.Errorf("failed: %s", strings.Join(bad, ", "))
	}
	return nil
}

func (r Runner) run(ctx context.Context, s Suite) result {
	res := result{suite: s}
	packages, err := r.packages(ctx, s)
	if err != nil {
		res.err = err
		fmt.Fprintln(r.Out, err)
		return res
	}
	args := []string{"test", "-json", "-timeout=" + s.Timeout.String()}
	if r.Short {
		args = append(args, "-short")
	}
	if s.Fresh {
		args = append(args, "-count=1")
	}
	screen := &lockedWriter{to: r.Out}
	cmd := r.command(ctx, append(args, packages...))
	cmd.Stderr = screen
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		res.err = err
		return res
	}
	rep := report{out: screen, verbose: r.Verbose, result: &res}
	readErr := rep.read(out)
	res.err = errors.Join(readErr, cmd.Wait())
	return res
}

// lockedWriter lets go's complaints and the report share one screen.
type lockedWriter struct {
	mu sync.Mutex
	to io.Writer
}

func (w *lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to.Write(p)
}

// packages are the import paths of s. A pattern that matches nothing is an
// error: a suite that lost its directory must not pass.
func (r Runner) packages(ctx context.Context, s Suite) ([]string, error) {
	var except []string
	for _, pattern := range s.Except {
		paths, err := r.list(ctx, pattern)
		if err != nil {
			return nil, err
		}
		except = append(except, paths...)
	}
	var packages []string
	for _, pattern := range s.Packages {
		paths, err := r.list(ctx, pattern)
		if err != nil {
			return nil, err
		}
		paths = slices.DeleteFunc(paths, func(p string) bool { return slices.Contains(except, p) })
		if len(paths) == 0 {
			return nil, fmt.Errorf("%s matches no packages", pattern)
		}
		packages = append(packages, paths...)
	}
	return packages, nil
}

func (r Runner) list(ctx context.Context, pattern string) ([]string, error) {
	cmd := r.command(ctx, []string{"list", "-e", pattern})
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list %s: %w\n%s", pattern, err, complaints.String())
	}
	return strings.Fields(string(out)), nil
}

// command is the go command. It is asked to stop before it is killed, so that
// tests can stop what they have started.
func (r Runner) command(ctx context.Context, args []string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = r.Root
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Minute
	return cmd
}

// table prints a line per suite, then what was skipped, then the sums.
func (r Runner) table(results []result) {
	fmt.Fprintf(r.Out, "\n%-12s  %-12s  %7s  %6s  %6s  %7s\n", "suite", "result", "minutes", "passed", "failed", "skipped")
	var total result
	for _, res := range results {
		fmt.Fprintf(r.Out, "%-12s  %-12s  %7.2f  %6d  %6d  %7d\n",
			res.suite.Name, res.verdict(), res.took.Minutes(), res.passed, res.failed, len(res.skipped))
		total.passed += res.passed
		total.failed += res.failed
		total.took += res.took
		total.skipped = append(total.skipped, res.skipped...)
	}
	if len(total.skipped) > 0 {
		fmt.Fprintln(r.Out, "\nskipped:")
	}
	for _, group := range byReason(total.skipped) {
		fmt.Fprintf(r.Out, "  %s\n    %s\n", group.reason, strings.Join(group.tests, ", "))
	}
	fmt.Fprintf(r.Out, "\n%d passed, %d failed, %d skipped in %.1f minutes\n",
		total.passed, total.failed, len(total.skipped), total.took.Minutes())
}

type reasonGroup struct {
	reason string
	tests  []string
}

// most is how many tests are named for one reason.
const most = 4

// byReason joins the skips that have one reason; a hundred tests that all need
// the same thing are one line.
func byReason(skips []skip) []reasonGroup {
	// Packages end in any order; the table must not.
	skips = slices.SortedStableFunc(slices.Values(skips), func(a, b skip) int { return strings.Compare(a.test, b.test) })
	var groups []reasonGroup
	for _, s := range skips {
		i := slices.IndexFunc(groups, func(g reasonGroup) bool { return g.reason == s.reason })
		if i < 0 {
			groups, i = append(groups, reasonGroup{reason: s.reason}), len(groups)
		}
		groups[i].tests = append(groups[i].tests, s.test)
	}
	slices.SortStableFunc(groups, func(a, b reasonGroup) int { return cmp.Compare(a.reason, b.reason) })
	for i, g := range groups {
		if more := len(g.tests) - most; more > 0 {
			groups[i].tests = append(slices.Clone(g.tests[:most]), fmt.Sprintf("and %d more", more))
		}
	}
	return groups
}
