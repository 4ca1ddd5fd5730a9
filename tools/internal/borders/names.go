package borders

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/rondohq/rondo/platform/topology"
)

// topologyDir is the one place that writes the names.
const topologyDir = "platform/topology"

// names are those of the topology, in two kinds.
type names struct {
	// distinct names, such as task-events, mean the topology wherever they stand.
	distinct []string
	// common names, such as api or reminders, are words too. They mean the
	// topology when they are a whole literal.
	common []string
	ports  []int
}

func topologyNames() names {
	var n names
	add := func(name string) {
		list := &n.common
		if strings.ContainsAny(name, "-_") {
			list = &n.distinct
		}
		if !slices.Contains(*list, name) {
			*list = append(*list, name)
		}
	}
	for _, t := range slices.Concat(topology.Topics(), topology.DeadLetters()) {
		add(t.Name)
	}
	for _, sub := range topology.Subscriptions() {
		add(sub.Component())
		if !sub.Broadcast {
			add(sub.Group())
		}
	}
	for _, s := range topology.Services() {
		add(s.Name)
		for _, secret := range s.Secrets() {
			add(secret.Name)
		}
	}
	for _, role := range topology.Roles() {
		add(role.Name)
		add(role.Secret.Name)
	}
	for _, component := range []string{topology.PubSub, topology.StateStore, topology.SecretStore} {
		add(component)
	}
	p := topology.ClusterPorts
	n.ports = []int{
		topology.DefaultPortBase, p.Public, p.App,
		p.SidecarHTTP, p.SidecarGRPC, p.SidecarInternal, p.SidecarMetrics,
	}
	return n
}

// homonyms are common names that mean something else in a file.
var homonyms = map[string][]string{
	"services/api/account/store.go":              {topology.API.Name},                                // a kind of token
	"services/api/assistant/offline/offline.go":  {topology.Recurring.Name, topology.Reminders.Name}, // English
	"services/api/assistant/parse/leadin.go":     {topology.Recurring.Name},                          // English
	"services/api/assistant/parse/recurrence.go": {topology.Recurring.Name},                          // English
	"services/api/exchange/record.go":            {topology.Reminders.Name},                          // a field of an export
	"services/frontend/view/reminder_templ.go":   {topology.Reminders.Name},                          // an icon and a class
	"services/frontend/web/series.go":            {topology.Reminders.Name},                          // a field of a form
	"services/notifier/channel/email.go":         {topology.SMTP.Name},                               // a scheme of URLs
	"tools/cmd/screenshots/camera.go":            {topology.Recurring.Name, topology.Reminders.Name}, // rooms
}

func homonym(file string, literal *ast.BasicLit) bool {
	text, err := strconv.Unquote(literal.Value)
	return err == nil && slices.Contains(homonyms[file], text)
}

// data are the kinds of files besides Go's that a program reads. Documents may
// name what they explain.
var data = []string{".yaml", ".yml", ".json", ".toml", ".sql", ".templ", ".html", ".js", ".sh"}

// Names finds names and ports of the topology that are written outside it:
// literals in Go files other than tests, and distinct names in data files.
func Names(root string) ([]Finding, error) {
	n := topologyNames()
	distinct := wordPattern(n.distinct)
	var findings []Finding
	err := walk(root, func(name string, text []byte) error {
		if within(name, topologyDir) || strings.HasSuffix(name, "_test.go") || strings.Contains(name, "/testdata/") {
			return nil
		}
		switch {
		case path.Ext(name) == ".go":
			found, err := n.inGo(name, text, distinct)
			findings = append(findings, found...)
			return err
		case slices.Contains(data, path.Ext(name)) || path.Base(name) == "Makefile":
			for i, line := range strings.Split(string(text), "\n") {
				if match := distinct.FindStringSubmatch(line); match != nil {
					findings = append(findings, Finding{File: name, Line: i + 1, What: written(match[1])})
				}
			}
		}
		return nil
	})
	return findings, err
}

// inGo finds the names in the literals of a Go file. Import paths and struct
// tags are none of its business.
func (n names) inGo(name string, text []byte, distinct *regexp.Regexp) ([]Finding, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, text, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var findings []Finding
	ast.Inspect(file, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.Field:
			node.Tag = nil
		case *ast.BasicLit:
			if what := n.in(node, distinct); what != "" && !homonym(name, node) {
				findings = append(findings, Finding{File: name, Line: files.Position(node.Pos()).Line, What: what})
			}
		}
		return true
	})
	return findings, nil
}

// portInText is a port behind a host or an empty host.
var portInText = regexp.MustCompile(`:(\d+)\b`)

func (n names) in(literal *ast.BasicLit, distinct *regexp.Regexp) string {
	switch literal.Kind {
	case token.INT:
		if port, err := strconv.Atoi(literal.Value); err == nil && slices.Contains(n.ports, port) {
			return fmt.Sprintf("writes the port %d, which is a value of platform/topology", port)
		}
	case token.STRING:
		text, err := strconv.Unquote(literal.Value)
		if err != nil {
			return ""
		}
		if slices.Contains(n.common, text) {
			return written(text)
		}
		if match := distinct.FindStringSubmatch(text); match != nil {
			return written(match[1])
		}
		for _, match := range portInText.FindAllStringSubmatch(text, -1) {
			if port, err := strconv.Atoi(match[1]); err == nil && slices.Contains(n.ports, port) {
				return fmt.Sprintf("writes the port %d, which is a value of platform/topology", port)
			}
		}
	default: // no other kind of literal can hold a name
	}
	return ""
}

func written(name string) string {
	return fmt.Sprintf("writes the name %q, which is a value of platform/topology", name)
}

// wordPattern matches any of the words where no letter, digit or hyphen continues it.
func wordPattern(words []string) *regexp.Regexp {
	escaped := make([]string, len(words))
	for i, word := range words {
		escaped[i] = regexp.QuoteMeta(word)
	}
	// The longest first, since Go's alternatives are tried in their order.
	slices.SortFunc(escaped, func(a, b string) int { return len(b) - len(a) })
	return regexp.MustCompile(`(?:^|[^\w-])(` + strings.Join(escaped, "|") + `)(?:$|[^\w-])`)
}
