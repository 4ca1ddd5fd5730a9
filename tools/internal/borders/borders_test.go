package borders_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/tools/internal/borders"
	"github.com/rondohq/rondo/tools/internal/repository"
)

type check func(root string) ([]borders.Finding, error)

func clean(t *testing.T, find check) {
	t.Helper()
	root, err := repository.Root()
	require.NoError(t, err)
	findings, err := find(root)
	require.NoError(t, err)
	for _, f := range findings {
		t.Error(f)
	}
}

func TestModulesKeepTheirBorders(t *testing.T) {
	t.Parallel()
	clean(t, borders.Imports)
}

func TestNamesOfTheTopologyAreWrittenOnce(t *testing.T) {
	t.Parallel()
	clean(t, borders.Names)
}

func TestNothingInTheTreeIsOfOneMachine(t *testing.T) {
	t.Parallel()
	clean(t, borders.Machine)
}

// found is what the check says about a tree of these files.
func found(t *testing.T, find check, files map[string]string) []string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	findings, err := find(root)
	require.NoError(t, err)
	var said []string
	for _, f := range findings {
		said = append(said, f.String())
	}
	return said
}

func TestImportsAcrossABorderAreFound(t *testing.T) {
	t.Parallel()
	const house = "github.com/rondohq/rondo/"
	for _, broken := range []struct{ file, imports string }{
		{"platform/x/x.go", house + "services/api"},
		{"platform/x/x_test.go", house + "tools/internal/broker"},
		{"services/api/x.go", "github.com/pulumi/pulumi/sdk/v3/go/pulumi"},
		{"services/api/x.go", house + "services/recurring"},
		{"services/frontend/x/x.go", house + "services/api/task"},
		{"services/recurring/x_test.go", house + "services/api/task"},
		{"services/integration/x.go", house + "services/api/task"},
		{"services/api/x.go", "github.com/dapr/go-sdk/client"},
		{"services/api/x.go", "net/http/httptest"},
		{"services/api/x.go", house + "services/internal/postgres/postgrestest"},
		{"environments/x.go", house + "components/service"},
		{"environments/x.go", "github.com/pulumi/pulumi/sdk/v3/go/pulumi"},
		{"components/x/x.go", house + "infra/program"},
		{"infra/x.go", house + "services/migrations"},
		{"tools/cmd/x/main.go", house + "services/internal/outbox"},
		{"tools/cmd/x/main.go", "github.com/stretchr/testify/require"},
		{"elsewhere/x.go", "fmt"},
	} {
		said := found(t, borders.Imports, map[string]string{broken.file: "package x\n\nimport _ \"" + broken.imports + "\"\n"})
		require.Len(t, said, 1, "%s imports %s", broken.file, broken.imports)
		require.True(t, strings.HasPrefix(said[0], broken.file+":3: imports "+broken.imports+": "), said[0])
	}
	require.Empty(t, found(t, borders.Imports, map[string]string{
		"services/api/x.go":                            "package x\nimport _ \"" + house + "platform/event\"\nimport _ \"" + house + "services/internal/outbox\"",
		"services/api/x_test.go":                       "package x\nimport _ \"net/http/httptest\"",
		"services/internal/sidecar/x.go":               "package x\nimport _ \"github.com/dapr/go-sdk/client\"",
		"services/internal/postgres/postgrestest/x.go": "package x\nimport _ \"testing\"\nimport _ \"github.com/stretchr/testify/require\"",
		"infra/program/x.go":                           "package x\nimport _ \"" + house + "components/service\"",
	}))
}

func TestNamesWrittenTwiceAreFound(t *testing.T) {
	t.Parallel()
	in := func(line string) map[string]string {
		return map[string]string{"services/x/x.go": "package x\n\n" + line + "\n"}
	}
	for line, name := range map[string]string{
		`var a = "task-events"`:                      `"task-events"`,
		`var a = "/events/task-events"`:              `"task-events"`,
		"var a = `lag of task-updates-dlq`":          `"task-updates-dlq"`,
		`const a = "recurring-task-events-v1"`:       `"recurring-task-events-v1"`,
		`var a = map[string]int{"reminders": 2}`:     `"reminders"`,
		`func f() bool { return g() == "notifier" }`: `"notifier"`,
		`var a = "pubsub"`:                           `"pubsub"`,
		`var a = "database-api"`:                     `"database-api"`,
		`var a = "postgres://rondo_api@127.0.0.1"`:   `"rondo_api"`,
		`var a = 8080`:                               `port 8080`,
		`var a = "http://127.0.0.1:3500/v1.0"`:       `port 3500`,
	} {
		said := found(t, borders.Names, in(line))
		require.Len(t, said, 1, line)
		require.Contains(t, said[0], "services/x/x.go:3: writes the ")
		require.Contains(t, said[0], name)
	}
	for _, line := range []string{
		`import _ "example.test/task-events"`,
		"type a struct { B int `json:\"api\"` }",
		`var a = "/api/tasks"`,
		`var a = "SELECT id FROM reminders"`,
		`var a = "my-task-events-table"`,
		`var a = "12:8080px"`,
		`// task-events is a topic`,
	} {
		require.Empty(t, found(t, borders.Names, in(line)), line)
	}
	require.Len(t, found(t, borders.Names, map[string]string{
		"services/x/x_test.go":        "package x\nvar a = \"task-events\"",
		"services/x/testdata/a.json":  `"task-events"`,
		"docs/page.md":                "task-events",
		"platform/topology/x.go":      "package topology\nvar a = \"task-events\"",
		"services/api/openapi.yaml":   "topic: task-events\npath: /api/reminders",
		"services/migrations/001.sql": "GRANT SELECT ON tasks TO rondo_notifier;",
	}), 2)
}

func TestWhatIsOfOneMachineIsFound(t *testing.T) {
	t.Parallel()
	// Each is put together here, so that this file holds none of them.
	for _, text := range []string{
		"cache: /" + "root/.cache",
		`dir = "/` + `home/ann/rondo"`,
		"-v /var/run/docker" + ".sock:/x",
		"http://host.docker" + ".internal:1",
		"-----BEGIN RSA " + "PRIVATE KEY-----",
		"AKIA" + strings.Repeat("A1", 8),
		"token: ghp_" + strings.Repeat("a", 36),
		"sk-" + strings.Repeat("a", 40),
	} {
		require.Len(t, found(t, borders.Machine, map[string]string{"x/y.txt": "\n" + text + "\n"}), 1, text)
	}
	require.Empty(t, found(t, borders.Machine, map[string]string{
		"a.go":       "// see /api/" + "work/ and https://example.test/home/x/",
		"go.sum":     "/" + "root/x",
		"b.png":      "\x00 /" + "root/x",
		".rondo/log": "/" + "root/x",
	}))
}
