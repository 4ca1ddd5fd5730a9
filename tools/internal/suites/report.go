package suites

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
)

// verdict is a suite's result in a word.
type verdict string

const (
	passed  verdict = "passed"
	failed  verdict = "FAILED"
	nothing verdict = "RAN NOTHING"
	skipped verdict = "skipped" // all of an optional suite
)

type result struct {
	suite   Suite
	took    time.Duration
	passed  int // tests, without their subtests
	failed  int
	skipped []skip
	err     error // of go test itself
}

func (r result) verdict() verdict {
	switch {
	case r.err != nil || r.failed > 0:
		return failed
	case r.passed == 0 && r.suite.Optional && len(r.skipped) > 0:
		return skipped
	case r.passed == 0:
		return nothing
	default:
		return passed
	}
}

type skip struct{ test, reason string }

// event is a line of `go test -json` (go doc test2json).
type event struct {
	Action  string  `json:"Action"`
	Package string  `json:"Package"`
	Test    string  `json:"Test"`
	Output  string  `json:"Output"`
	Elapsed float64 `json:"Elapsed"` // seconds
}

// report turns the events of one go test into a result, and into as much text as
// one wants to see: a line per package, and everything of a test that failed.
type report struct {
	out     io.Writer
	verbose bool
	result  *result

	pending map[string][]string // output of running tests, by package and test
}

func (r *report) read(events io.Reader) error {
	r.pending = map[string][]string{}
	lines := bufio.NewReader(events)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			r.line(line)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (r *report) line(line []byte) {
	var e event
	if json.Unmarshal(line, &e) != nil {
		_, _ = r.out.Write(line) // something that writes beside the protocol
		return
	}
	if e.Action == "build-output" {
		fmt.Fprint(r.out, e.Output)
	}
	if e.Package == "" {
		return
	}
	if e.Test == "" {
		r.ofPackage(e)
	} else {
		r.ofTest(e)
	}
}

// framing is what go test says about a package besides the package's own words.
var framing = regexp.MustCompile(`^(PASS|FAIL|ok|\?|coverage:|exit status|testing: warning: no tests)\b`)

func (r *report) ofPackage(e event) {
	switch e.Action {
	case "output":
		// What a TestMain says, for instance that it builds the stack.
		if !framing.MatchString(e.Output) && strings.TrimSpace(e.Output) != "" && !strings.Contains(e.Output, "[no test files]") {
			fmt.Fprint(r.out, e.Output)
		}
	case "pass":
		fmt.Fprintf(r.out, "ok    %s  %.1fs\n", e.Package, e.Elapsed)
	case "fail":
		// A panic or a timeout leaves tests without an end; their output says why.
		for key, lines := range r.pending {
			if strings.HasPrefix(key, e.Package+" ") {
				fmt.Fprint(r.out, strings.Join(lines, ""))
				delete(r.pending, key)
			}
		}
		fmt.Fprintf(r.out, "FAIL  %s  %.1fs\n", e.Package, e.Elapsed)
	}
}

func (r *report) ofTest(e event) {
	key := e.Package + " " + e.Test
	subtest := strings.Contains(e.Test, "/")
	switch e.Action {
	case "output":
		r.pending[key] = append(r.pending[key], e.Output)
		if r.verbose {
			fmt.Fprint(r.out, e.Output)
		}
		return
	case "pass":
		if !subtest {
			r.result.passed++
		}
	case "fail":
		if !subtest {
			r.result.failed++
		}
		if !r.verbose {
			fmt.Fprint(r.out, strings.Join(r.pending[key], ""))
		}
	case "skip":
		name := e.Package[strings.LastIndex(e.Package, "/")+1:] + "." + e.Test
		r.result.skipped = append(r.result.skipped, skip{test: name, reason: reason(r.pending[key])})
	default:
		return
	}
	delete(r.pending, key)
}

// place is where a log line of a test comes from: `    file_test.go:12: `.
var place = regexp.MustCompile(`^\s+\S+_?\.go:\d+: `)

// reason is the last thing that a skipped test has logged.
func reason(output []string) string {
	said := ""
	for _, line := range output {
		if place.MatchString(line) {
			said = strings.TrimSpace(place.ReplaceAllString(line, ""))
		}
	}
	if said == "" {
		return "NO REASON GIVEN"
	}
	return said
}
