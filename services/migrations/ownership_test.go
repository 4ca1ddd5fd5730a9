package migrations_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// sweeps are the functions whose statements are about all users on purpose, or
// are put together of parts that this test cannot join.
var sweeps = map[string]string{
	"outbox/relay.go mark":          "the relay publishes for everybody; it marks by seq what it read by user",
	"outbox/relay.go measure":       "a gauge of the whole outbox",
	"outbox/relay.go purge":         "everybody's old rows",
	"idempotency/purge.go Purge":    "everybody's old rows",
	"materialise/store.go Upcoming": "when anything of anybody is due",
	"materialise/store.go Overdue":  "a gauge of all that is due",
	"materialise/store.go Failing":  "a gauge of all that fail",
	"task/store.go listStatement":   "its first condition is t.user_id; the contract suite's second user proves it",
	"account/store.go FindToken":    "finds out who calls, by 256 random bits",
	"reminder/deliver.go write":     "what is due is everybody's; it writes by id what it has just claimed",
	"reminder/deliver.go Upcoming":  "instants alone, for wake-ups",
	"reminder/deliver.go Overdue":   "a gauge of all that is due",
	"channel/channel.go purge":      "everybody's old rows",
	"channel/worker.go measure":     "a gauge of a channel's whole queue",
	"feed/store.go Find":            "finds out whose feed it is, by 256 random bits",
	"chat/store.go Abandoned":       "turns of replicas that have died, whoever's",
	"chat/store.go Purge":           "everybody's old turns",
}

var (
	tableRE = regexp.MustCompile(`(?s)CREATE TABLE (\w+) \((.*?)\n\);`)
	verbRE  = regexp.MustCompile(`(?s)\b(FROM|JOIN|UPDATE|INTO)\s+(\w+)`)
)

// ownedTables are those that have a user_id.
func ownedTables(t *testing.T) map[string]bool {
	t.Helper()
	owned := map[string]bool{}
	files, err := filepath.Glob("*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no migrations: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range tableRE.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(table[2], "user_id") {
				owned[table[1]] = true
			}
		}
	}
	for _, name := range []string{"tasks", "tags", "api_tokens", "outbox"} {
		if !owned[name] {
			t.Fatalf("%s is not among the owned tables: this test reads the migrations wrongly", name)
		}
	}
	return owned
}

// Every statement about rows of users says whose, unless it is a named sweep.
func TestEveryQueryOfAUsersRowsCarriesTheUser(t *testing.T) {
	t.Parallel()
	owned := ownedTables(t)
	statements := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") ||
			strings.Contains(path, "postgrestest") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, declaration := range file.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if !ok {
				continue
			}
			where := filepath.Base(filepath.Dir(path)) + "/" + filepath.Base(path) + " " + function.Name.Name
			for _, text := range literals(function) {
				for _, match := range verbRE.FindAllStringSubmatch(text, -1) {
					if !owned[match[2]] {
						continue
					}
					statements++
					if _, named := sweeps[where]; !named && !strings.Contains(text, "user_id") {
						t.Errorf("%s: a statement on %s does not say whose rows:\n%s", where, match[2], text)
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if statements < 20 {
		t.Errorf("only %d statements found: this test looks in the wrong place", statements)
	}
}

// literals are the function's strings; what is joined by + counts as one.
func literals(function *ast.FuncDecl) []string {
	var found []string
	ast.Inspect(function, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if text := joined(n); text != "" {
				found = append(found, text)
				return false
			}
		case *ast.BasicLit:
			if text := joined(n); text != "" {
				found = append(found, text)
			}
		}
		return true
	})
	return found
}

func joined(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			text, _ := strconv.Unquote(e.Value)
			return text
		}
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			return joined(e.X) + joined(e.Y)
		}
	}
	return ""
}
