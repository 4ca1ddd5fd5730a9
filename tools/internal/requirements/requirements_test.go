package requirements_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/tools/internal/repository"
	"github.com/rondohq/rondo/tools/internal/requirements"
)

// issues are the pieces of work that are still to come.
var issues = []string{"Time", "Web application", "Assistant", "Platform as code"}

// ids are all requirements of the plan.
func ids() []string {
	var all []string
	numbered := func(format string, last int) {
		for n := 1; n <= last; n++ {
			all = append(all, fmt.Sprintf(format, n))
		}
	}
	numbered("G%d", 5)
	numbered("L%d", 5)
	numbered("P%d", 6)
	numbered("SC-%03d", 10)
	for n := 3; n <= 10; n++ { // where the specification has another reading than the plan
		all = append(all, fmt.Sprintf("SC-%03d (specification)", n))
	}
	numbered("FR-%03d", 29)
	numbered("M%d", 12)
	for _, t := range topology.Topics() {
		all = append(all, "topic "+t.Name)
	}
	for _, s := range topology.Services() {
		all = append(all, "resources "+s.Name)
	}
	return append(all, "resources sidecar", "resources Redpanda", "groups", "offsets", "state store", "lag threshold", "images", "issuers", "idempotency rows")
}

func TestEveryRequirementLeadsToAProofThatExists(t *testing.T) {
	t.Parallel()
	root, err := repository.Root()
	require.NoError(t, err)
	page, err := os.Open(filepath.Join(root, "docs", "requirements.md"))
	require.NoError(t, err)
	defer page.Close()
	rows, err := requirements.Parse(page)
	require.NoError(t, err)
	index, err := requirements.Read(root, issues...)
	require.NoError(t, err)
	for _, wrong := range index.Check(rows, ids()) {
		t.Error("docs/requirements.md: " + wrong)
	}
}

func TestCheckNamesEachMistake(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	write("Makefile", "bench: rondo ## Measure\nhidden:\n")
	write("a/b/b_test.go", "package b\nfunc TestOne(t *testing.T) {}\nfunc (x T) TestMethod() {}\nfunc Testimony() {}\nfunc FuzzTwo(f *testing.F) {}\n")
	index, err := requirements.Read(root, "Later")
	require.NoError(t, err)

	rows, err := requirements.Parse(strings.NewReader(strings.Join([]string{
		"# Page",
		"| id | what | proof |",
		"|---|---|---|",
		"| G1 | quick | `a/b.TestOne`, `make bench` |",
		"| G2 | sure | `a/b.FuzzTwo`, later `issue: Later` |",
		"| G3 | `code` | nothing yet |",
		"| G1 | again | `issue: Never` |",
		"| G4 | gone | `a/b.TestTwo` `a.TestOne` `a/b.TestMethod` `a/b.Testimony` `make hidden` |",
		"Text with a | in it.",
	}, "\n")))
	require.NoError(t, err)
	require.Equal(t, []string{
		"line 6: G3: has neither a test nor an issue",
		"line 7: G1: is on line 4 already",
		"line 7: G1: there is no issue: Never",
		"line 8: G4: there is no a/b.TestTwo",
		"line 8: G4: there is no a.TestOne",
		"line 8: G4: there is no a/b.TestMethod",
		"line 8: G4: there is no a/b.Testimony",
		"line 8: G4: there is no make hidden",
		"G5 has no row",
	}, index.Check(rows, []string{"G1", "G2", "G5"}))
}

// The plan's two tables, in its own words; the topology must say the same.
func TestTheTopologyHoldsThePlansTables(t *testing.T) {
	t.Parallel()
	topics := map[string]string{}
	for _, topic := range topology.Topics() {
		topics[topic.Name] = fmt.Sprintf("%d partitions, %s", topic.Partitions, topic.Retention)
	}
	require.Equal(t, map[string]string{
		"task-events":  "3 partitions, 168h0m0s",
		"reminders":    "2 partitions, 24h0m0s",
		"task-updates": "2 partitions, 1h0m0s",
	}, topics)
	require.Equal(t, 2, topology.Cloud.MinInSync)

	resources := map[string]string{}
	words := func(r topology.Resources) string {
		return strings.Join([]string{r.RequestCPU, r.RequestMemory, r.LimitCPU, r.LimitMemory}, " ")
	}
	for _, s := range topology.Services() {
		resources[s.Name] = words(s.Resources)
	}
	require.Equal(t, map[string]string{
		"frontend":  "250m 256Mi 500m 512Mi",
		"api":       "500m 512Mi 1 1Gi",
		"recurring": "200m 256Mi 500m 512Mi",
		"notifier":  "200m 256Mi 500m 512Mi",
	}, resources)
	require.Equal(t, "100m 128Mi 500m 512Mi", words(topology.Sidecar))
	require.Equal(t, 2, topology.Frontend.Replicas.Min)
	require.Equal(t, 2, topology.API.Replicas.Min)
	for _, s := range []topology.Service{topology.Recurring, topology.Notifier} {
		require.Equal(t, topology.Replicas{Min: 1, Max: 3}, s.Replicas, s.Name)
	}
}
