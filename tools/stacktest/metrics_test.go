package stacktest

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/environments"
	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/tools/internal/declared"
	"github.com/rondohq/rondo/tools/internal/metricnames"
	"github.com/rondohq/rondo/tools/internal/repository"
)

// exporters are who else has metrics in a cluster, by how theirs begin. None of
// them runs on this machine.
var exporters = map[string]string{
	"kube_":        "kube-state-metrics",
	"keda_":        "KEDA",
	"certmanager_": "cert-manager",
}

// TestDashboardsAndAlertsReadMetricsThatExist compares what the stacks' rules and
// dashboards ask for with what the running services answer: a name that is
// misspelt, or that a service has renamed, would be an empty panel and an alert
// that never fires.
func TestDashboardsAndAlertsReadMetricsThatExist(t *testing.T) {
	t.Parallel()
	root, err := repository.Root()
	require.NoError(t, err)
	for _, env := range environments.All() {
		program, err := declared.Of(t.Context(), root, env)
		require.NoError(t, err)
		asked, recorded := expressions(t, program)
		require.NotEmpty(t, asked)
		// Something of each kind has to have happened, for a metric with labels to
		// be there.
		user := signUp(t)
		call(t, http.MethodPost, stackURL(), user.token, http.StatusCreated, map[string]any{"title": "Read the metrics"}, nil)
		for name, where := range asked {
			if recorded[name] || exporterOf(name) != "" {
				continue
			}
			eventually(t, "some service has the metric "+name+" that "+where+" reads", func() bool { return exposed(t)[name] })
		}
	}
}

func stackURL() string { return stack.Public(topology.API) + "/api/tasks" }

func exporterOf(name string) string {
	for prefix, exporter := range exporters {
		if strings.HasPrefix(name, prefix) {
			return exporter
		}
	}
	return ""
}

// expressions are the metrics that rules and dashboards read, each with one that
// does, and those that rules record.
func expressions(t *testing.T, program declared.Stack) (asked map[string]string, recorded map[string]bool) {
	t.Helper()
	asked, recorded = map[string]string{}, map[string]bool{}
	read := func(expr, where string) {
		for _, name := range metricnames.In(expr) {
			asked[name] = where
		}
	}
	for _, object := range program.OfKind("PrometheusRule") {
		var spec struct {
			Groups []struct {
				Rules []struct{ Alert, Record, Expr string }
			}
		}
		decode(t, object.Object["spec"], &spec)
		for _, group := range spec.Groups {
			for _, rule := range group.Rules {
				read(rule.Expr, "the rule "+rule.Alert+rule.Record)
				recorded[rule.Record] = true
			}
		}
	}
	dashboards := 0
	for _, object := range program.OfKind("ConfigMap") {
		if !strings.HasPrefix(object.GetName(), "dashboard-") {
			continue
		}
		dashboards++
		var data map[string]string
		decode(t, object.Object["data"], &data)
		for _, text := range data {
			var dashboard struct {
				Panels []struct {
					Title   string
					Targets []struct{ Expr string }
				}
			}
			require.NoError(t, json.Unmarshal([]byte(text), &dashboard))
			for _, panel := range dashboard.Panels {
				for _, target := range panel.Targets {
					read(target.Expr, "the panel "+panel.Title)
				}
			}
		}
	}
	require.NotZero(t, dashboards)
	return asked, recorded
}

func decode(t *testing.T, value, into any) {
	t.Helper()
	text, err := json.Marshal(value)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, into))
}

// exposed are the names of all metrics that the services answer.
func exposed(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, service := range topology.Services() {
		a, err := try(t.Context(), http.MethodGet, stack.Public(service)+"/metrics", "", nil, nil)
		if err != nil || a.status != http.StatusOK {
			continue // it may have been stopped by another test
		}
		for lines := bufio.NewScanner(strings.NewReader(string(a.body))); lines.Scan(); {
			// A metric without a sample yet has its type stated, if it has no labels.
			line := strings.TrimPrefix(lines.Text(), "# TYPE ")
			if end := strings.IndexAny(line, "{ "); end > 0 && !strings.HasPrefix(line, "#") {
				names[line[:end]] = true
			}
		}
	}
	return names
}
