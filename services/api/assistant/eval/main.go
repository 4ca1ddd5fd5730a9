// Command eval measures the parser on the corpus: intent, dates, rules and titles
// that are right, and titles that something was taken out of. It fails below the marks.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, out, problems io.Writer) int {
	flags := flag.NewFlagSet("eval", flag.ContinueOnError)
	flags.SetOutput(problems)
	flags.Usage = func() {
		fmt.Fprintln(problems, "usage: eval [-v] corpus.jsonl …")
		flags.PrintDefaults()
	}
	wrong := flags.Bool("v", false, "print each utterance that is not right, with what was expected")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if flags.NArg() == 0 {
		flags.Usage()
		return 2
	}
	status := 0
	for _, path := range flags.Args() {
		results, err := judgeFile(path)
		if err != nil {
			fmt.Fprintf(problems, "eval: %s: %v\n", path, err)
			return 1
		}
		if *wrong {
			printWrong(out, results)
		}
		if !report(out, filepath.Base(path), results) {
			status = 1
		}
	}
	return status
}

func judgeFile(path string) ([]result, error) {
	lines, err := os.ReadFile(path)
	if err != nil {
		return nil, err //nolint:wrapcheck // names the file
	}
	utterances, err := read(lines)
	if err != nil {
		return nil, err
	}
	results := make([]result, len(utterances))
	for i, u := range utterances {
		if results[i], err = judge(u); err != nil {
			return nil, err
		}
	}
	return results, nil
}

func printWrong(w io.Writer, results []result) {
	for _, r := range results {
		if r.right() && (r.Kind != negative || !r.taken) {
			continue
		}
		fmt.Fprintf(w, "%s: %q at %s %s\n  want %s\n  have %s\n", r.Kind, r.Text, r.Now, r.Timezone, r.Want, r.have)
	}
}
