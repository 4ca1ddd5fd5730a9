// Package requirements reads docs/requirements.md, the page that leads from each
// requirement of the plan to what proves it.
//
// A row of any table of the page is a requirement when its first cell is not a
// heading; its last cell holds the proofs, each in back quotes:
//
//	`platform/topology.TestReplicasNeverExceedPartitions`   a test: directory, dot, name
//	`make bench`                                            a target, for what a test must not measure
//	`issue: Time`                                           work to come that brings the proof
package requirements

import (
	"bufio"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Row is one requirement.
type Row struct {
	ID     string
	Line   int
	Proofs []string
}

var (
	separator = regexp.MustCompile(`^\|[\s:|-]+\|$`)
	quoted    = regexp.MustCompile("`([^`]+)`")
)

// Parse reads the rows of the page.
func Parse(page io.Reader) ([]Row, error) {
	var rows []Row
	inTable := false
	lines := bufio.NewScanner(page)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		switch {
		case !strings.HasPrefix(line, "|"):
			inTable = false
		case separator.MatchString(line):
			inTable = true
		case inTable:
			cells := strings.Split(strings.Trim(line, "|"), "|")
			row := Row{ID: strings.TrimSpace(cells[0]), Line: n}
			for _, match := range quoted.FindAllStringSubmatch(cells[len(cells)-1], -1) {
				row.Proofs = append(row.Proofs, match[1])
			}
			rows = append(rows, row)
		}
	}
	return rows, lines.Err()
}

// Index is what proofs may name.
type Index struct {
	Tests   map[string]bool // by directory, dot, name
	Targets map[string]bool // of make
	Issues  []string
}

// testName is what `go test` runs.
var testName = regexp.MustCompile(`^(Test|Fuzz|Example)[A-Z_]`)

// target is the line of a Makefile that begins a target for people.
var target = regexp.MustCompile(`(?m)^([a-z-]+):.*##`)

// Read builds the index of the tree at root. It parses and builds nothing, so
// that a test with a build tag counts as well.
func Read(root string, issues ...string) (Index, error) {
	index := Index{Tests: map[string]bool{}, Targets: map[string]bool{}, Issues: issues}
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		return Index{}, err
	}
	for _, match := range target.FindAllStringSubmatch(string(makefile), -1) {
		index.Targets["make "+match[1]] = true
	}
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "testdata" || (strings.HasPrefix(entry.Name(), ".") && path != root)) {
			return fs.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		return index.addFile(root, path)
	})
	return index, err
}

func (x Index) addFile(root, path string) error {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	dir, err := filepath.Rel(root, filepath.Dir(path))
	if err != nil {
		return err
	}
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if ok && f.Recv == nil && testName.MatchString(f.Name.Name) && f.Name.Name != "TestMain" {
			x.Tests[filepath.ToSlash(dir)+"."+f.Name.Name] = true
		}
	}
	return nil
}

// Check returns what is wrong with the rows: an id of want without a row, a row
// without a proof, an id twice, and a proof that does not exist.
func (x Index) Check(rows []Row, want []string) []string {
	var wrong []string
	lines := map[string]int{}
	for _, row := range rows {
		complain := func(format string, args ...any) {
			wrong = append(wrong, fmt.Sprintf("line %d: %s: ", row.Line, row.ID)+fmt.Sprintf(format, args...))
		}
		if first, twice := lines[row.ID]; twice {
			complain("is on line %d already", first)
		}
		lines[row.ID] = row.Line
		if len(row.Proofs) == 0 {
			complain("has neither a test nor an issue")
		}
		for _, proof := range row.Proofs {
			if !x.has(proof) {
				complain("there is no %s", proof)
			}
		}
	}
	for _, id := range want {
		if lines[id] == 0 {
			wrong = append(wrong, id+" has no row")
		}
	}
	return wrong
}

func (x Index) has(proof string) bool {
	for _, issue := range x.Issues {
		if proof == "issue: "+issue {
			return true
		}
	}
	return x.Tests[proof] || x.Targets[proof]
}
