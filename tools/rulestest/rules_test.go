// Package rulestest runs the stacks' recording rules and alerts through
// promtool's unit tests: each alert fires on what it is for, and is quiet on what
// is nearly that.
package rulestest

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/environments"
	"github.com/rondohq/rondo/tools/internal/declared"
	"github.com/rondohq/rondo/tools/internal/repository"
	"github.com/rondohq/rondo/tools/internal/toolchain"
)

// scene is time series, a sample a minute, and what is true at a minute of it.
type scene struct {
	fires  []string // series on which the alert fires
	quiet  []string // series on which it does not
	minute int
}

// alerts are scenes by the alert that they are of. %s is the namespace.
var alerts = map[string]scene{
	"ServiceDown": {
		fires:  []string{`kube_deployment_status_replicas_available{namespace="%s",deployment="one"} 0x9`},
		quiet:  []string{`kube_deployment_status_replicas_available{namespace="%s",deployment="one"} 1x9`, `kube_deployment_status_replicas_available{namespace="other",deployment="one"} 0x9`},
		minute: 5,
	},
	"ErrorRateHigh": {
		fires:  []string{`http_requests_total{job="one",code="200"} 0+98x30`, `http_requests_total{job="one",code="503"} 0+2x30`},
		quiet:  []string{`http_requests_total{job="one",code="200"} 0+996x30`, `http_requests_total{job="one",code="503"} 0+4x30`},
		minute: 20,
	},
	"LatencyHigh": {
		fires: []string{
			`http_request_duration_seconds_bucket{job="one",route="/x",le="0.1"} 0+90x40`,
			`http_request_duration_seconds_bucket{job="one",route="/x",le="0.5"} 0+100x40`,
			`http_request_duration_seconds_bucket{job="one",route="/x",le="+Inf"} 0+100x40`,
		},
		quiet: []string{ // a stream is meant to last
			`http_request_duration_seconds_bucket{job="one",route="/x",le="0.1"} 0+100x40`,
			`http_request_duration_seconds_bucket{job="one",route="/x",le="+Inf"} 0+100x40`,
			`http_request_duration_seconds_bucket{job="one",route="/stream",le="0.1"} 0x40`,
			`http_request_duration_seconds_bucket{job="one",route="/stream",le="+Inf"} 0+1000x40`,
		},
		minute: 30,
	},
	"ConsumerLagging": {
		fires:  []string{`keda_scaler_metrics_value{scaledObject="one",metric="lag"} 501x30`},
		quiet:  []string{`keda_scaler_metrics_value{scaledObject="one",metric="lag"} 500x30`},
		minute: 20,
	},
	"OutboxStuck": {
		fires:  []string{`rondo_outbox_oldest_seconds{job="one"} 61x10`},
		quiet:  []string{`rondo_outbox_oldest_seconds{job="one"} 60x10`},
		minute: 5,
	},
	"OutboxUsersSetAside": {
		fires:  []string{`rondo_outbox_users_set_aside{job="one"} 1x20`},
		quiet:  []string{`rondo_outbox_users_set_aside{job="one"} 0x20`},
		minute: 15,
	},
	"DeadLetters": {
		fires:  []string{`rondo_events_delivered_total{job="one",topic="t",answer="drop"} 0x5 1x20`},
		quiet:  []string{`rondo_events_delivered_total{job="one",topic="t",answer="drop"} 1x40`, `rondo_events_delivered_total{job="one",topic="t",answer="retry"} 0+9x40`},
		minute: 10,
	},
	"UnknownRoute": {
		fires:  []string{`rondo_sidecar_unknown_routes_total{job="one"} 0x5 1x20`},
		quiet:  []string{`rondo_sidecar_unknown_routes_total{job="one"} 1x40`},
		minute: 10,
	},
	"ScaledOut": {
		fires:  scaling(10, 10, 2),
		quiet:  append(scaling(9, 10, 2), `kube_horizontalpodautoscaler_status_current_replicas{namespace="other",horizontalpodautoscaler="two"} 3x90`),
		minute: 80,
	},
	"CertificateExpires": {
		fires:  []string{`certmanager_certificate_expiration_timestamp_seconds{name="one"} 1123200x90`}, // 13 days
		quiet:  []string{`certmanager_certificate_expiration_timestamp_seconds{name="one"} 1296000x90`}, // 15 days
		minute: 80,
	},
}

func scaling(current, most, least int) []string {
	const labels = `{namespace="%s",horizontalpodautoscaler="one"}`
	return []string{
		fmt.Sprintf(`kube_horizontalpodautoscaler_status_current_replicas`+"%s %dx90", labels, current),
		fmt.Sprintf(`kube_horizontalpodautoscaler_spec_max_replicas`+"%s %dx90", labels, most),
		fmt.Sprintf(`kube_horizontalpodautoscaler_spec_min_replicas`+"%s %dx90", labels, least),
	}
}

// recorded are the values of recording rules after twenty minutes, by what is
// asked.
var recorded = map[string]struct {
	series []string
	labels string
	value  float64
}{
	"job:http_requests:rate5m": {
		[]string{`http_requests_total{job="one",code="200"} 0+120x30`, `http_requests_total{job="one",code="404"} 0+60x30`},
		`job:http_requests:rate5m{job="one"}`, 3,
	},
	"job:http_request_errors:ratio_rate5m": {
		[]string{`http_requests_total{job="one",code="200"} 0+75x30`, `http_requests_total{job="one",code="500"} 0+25x30`},
		`job:http_request_errors:ratio_rate5m{job="one"}`, 0.25,
	},
	"job:http_request_duration_seconds:p95_5m": {
		alerts["LatencyHigh"].fires, `job:http_request_duration_seconds:p95_5m{job="one"}`, 0.3,
	},
	"job_topic_answer:rondo_events_delivered:rate5m": {
		[]string{`rondo_events_delivered_total{job="one",topic="t",answer="success",pod="a"} 0+60x30`, `rondo_events_delivered_total{job="one",topic="t",answer="success",pod="b"} 0+60x30`},
		`job_topic_answer:rondo_events_delivered:rate5m{answer="success",job="one",topic="t"}`, 2,
	},
}

// The form of promtool's unit tests.
type (
	unitTests struct {
		RuleFiles []string   `json:"rule_files"`
		Interval  string     `json:"evaluation_interval"`
		Tests     []unitTest `json:"tests"`
	}
	unitTest struct {
		Name     string       `json:"name"`
		Interval string       `json:"interval"`
		Series   []series     `json:"input_series"`
		Checks   []expression `json:"promql_expr_test"`
	}
	series struct {
		Series string `json:"series"`
		Values string `json:"values"`
	}
	expression struct {
		Expr    string   `json:"expr"`
		At      string   `json:"eval_time"`
		Samples []sample `json:"exp_samples"`
	}
	sample struct {
		Labels string  `json:"labels"`
		Value  float64 `json:"value"`
	}
)

func TestRulesOfEveryStack(t *testing.T) {
	t.Parallel()
	root, err := repository.Root()
	require.NoError(t, err)
	promtool, err := toolchain.Ensure(t.Context(), root, toolchain.Promtool, toolchain.Printer(os.Stderr))
	require.NoError(t, err)
	for _, env := range environments.All() {
		t.Run(env.Name, func(t *testing.T) {
			t.Parallel()
			stack, err := declared.Of(t.Context(), root, env)
			require.NoError(t, err)
			found := stack.OfKind("PrometheusRule")
			require.Len(t, found, 1)
			dir := t.TempDir()
			write(t, filepath.Join(dir, "rules.json"), found[0].Object["spec"])
			named, recording := rules(t, found[0].Object["spec"])
			require.ElementsMatch(t, named, slices.Collect(maps.Keys(alerts)), "each alert has a scene, and each scene an alert")
			require.ElementsMatch(t, recording, slices.Collect(maps.Keys(recorded)))
			write(t, filepath.Join(dir, "tests.json"), tests(t, found[0].GetNamespace()))

			for _, args := range [][]string{{"check", "rules", "rules.json"}, {"test", "rules", "tests.json"}} {
				cmd := exec.CommandContext(t.Context(), promtool, args...)
				cmd.Dir = dir
				out, err := cmd.CombinedOutput()
				require.NoError(t, err, string(out))
			}
		})
	}
}

// rules are the names of the alerts and of what is recorded.
func rules(t *testing.T, spec any) (alerting, recording []string) {
	t.Helper()
	text, err := json.Marshal(spec)
	require.NoError(t, err)
	var groups struct {
		Groups []struct {
			Rules []struct{ Alert, Record string }
		}
	}
	require.NoError(t, json.Unmarshal(text, &groups))
	for _, g := range groups.Groups {
		for _, r := range g.Rules {
			if r.Alert != "" {
				alerting = append(alerting, r.Alert)
			} else {
				recording = append(recording, r.Record)
			}
		}
	}
	return alerting, recording
}

func tests(t *testing.T, namespace string) unitTests {
	t.Helper()
	all := unitTests{RuleFiles: []string{"rules.json"}, Interval: "1m"}
	for name, s := range alerts {
		firing := fmt.Sprintf(`count by (alertname) (ALERTS{alertname=%q,alertstate="firing"})`, name)
		at := fmt.Sprintf("%dm", s.minute)
		all.Tests = append(
			all.Tests,
			unitTest{
				Name: name + " fires", Interval: "1m", Series: parse(t, namespace, s.fires),
				Checks: []expression{{Expr: firing, At: at, Samples: []sample{{fmt.Sprintf(`{alertname=%q}`, name), 1}}}},
			},
			unitTest{
				Name: name + " is quiet", Interval: "1m", Series: parse(t, namespace, s.quiet),
				Checks: []expression{{Expr: firing, At: at, Samples: []sample{}}},
			},
		)
	}
	for name, r := range recorded {
		all.Tests = append(all.Tests, unitTest{
			Name: name, Interval: "1m", Series: parse(t, namespace, r.series),
			// Rounded, since the last bits of a quantile differ; that takes the name off.
			Checks: []expression{{Expr: "round(" + name + ", 1e-6)", At: "20m", Samples: []sample{{strings.TrimPrefix(r.labels, name), r.value}}}},
		})
	}
	return all
}

// parse splits `name{labels} values`.
func parse(t *testing.T, namespace string, lines []string) []series {
	t.Helper()
	var all []series
	for _, line := range lines {
		end := strings.Index(line, "}")
		require.Positive(t, end, line)
		name := line[:end+1]
		all = append(all, series{Series: strings.ReplaceAll(name, "%s", namespace), Values: line[end+2:]})
	}
	return all
}

func write(t *testing.T, path string, document any) {
	t.Helper()
	text, err := json.Marshal(document)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, text, 0o600))
}
