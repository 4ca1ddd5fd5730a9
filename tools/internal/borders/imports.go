package borders

import (
	"fmt"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"
)

// house is what the import paths of all modules begin with.
const house = "github.com/rondohq/rondo/"

// module is a part of the house and what it may know (docs/adr/0001).
type module struct {
	may    []string // modules of the house, besides itself
	pulumi bool
}

var modules = map[string]module{
	"platform":     {},
	"services":     {may: []string{"platform"}},
	"environments": {may: []string{"platform"}},
	"components":   {may: []string{"platform", "environments"}, pulumi: true},
	"infra":        {may: []string{"platform", "environments", "components"}, pulumi: true},
	"tools":        {may: []string{"platform", "environments", "infra"}, pulumi: true},
}

// shared are the directories of services that no single one of them owns, and together
// is the one whose tests let several work together.
var shared = []string{"internal", "migrations", "contracttest"}

const together = "integration"

// Imports finds the imports that cross a border.
func Imports(root string) ([]Finding, error) {
	var findings []Finding
	err := walk(root, func(name string, text []byte) error {
		if path.Ext(name) != ".go" || within(name, "tools/toolchain") {
			return nil
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, name, text, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if why := forbidden(name, imported); why != "" {
				what := fmt.Sprintf("imports %s: %s", imported, why)
				findings = append(findings, Finding{File: name, Line: files.Position(spec.Pos()).Line, What: what})
			}
		}
		return nil
	})
	return findings, err
}

// forbidden says why the file must not import the package, or nothing.
func forbidden(file, imported string) string {
	own, rest, _ := strings.Cut(file, "/")
	rules, known := modules[own]
	if !known {
		return "there is no module " + own
	}
	testCode := strings.HasSuffix(file, "_test.go") || strings.HasSuffix(path.Dir(file), "test")
	inner, ours := strings.CutPrefix(imported, house)
	other, otherRest, _ := strings.Cut(inner, "/")
	switch {
	case strings.HasPrefix(imported, "github.com/pulumi/") && !rules.pulumi:
		return own + " knows nothing of Pulumi"
	case strings.HasPrefix(imported, "github.com/dapr/") && own == "services" && !within(file, "services/internal/sidecar"):
		return "only services/internal/sidecar talks to Dapr"
	case !testCode && (strings.HasSuffix(imported, "test") || strings.HasPrefix(imported, "github.com/stretchr/testify")):
		return "test code stays in tests and in packages named …test"
	case ours && other != own && !slices.Contains(rules.may, other):
		return fmt.Sprintf("%s must not know %s", own, other)
	case ours && own == "services" && other == "services":
		service, _, _ := strings.Cut(rest, "/")
		target, _, _ := strings.Cut(otherRest, "/")
		if target != service && !slices.Contains(shared, target) && (service != together || !testCode) {
			return "services meet in events and calls, not in code"
		}
	}
	return ""
}
