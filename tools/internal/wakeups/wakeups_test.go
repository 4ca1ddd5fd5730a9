package wakeups_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/tools/internal/wakeups"
)

// served is what notifier's /metrics says after a hundred reminders, two of them late.
const served = `# TYPE rondo_wakeup_jobs gauge
rondo_wakeup_jobs{kind="else"} 99
rondo_wakeup_jobs{kind="reminders"} 12
# TYPE rondo_wakeup_overdue gauge
rondo_wakeup_overdue{kind="reminders"} 3
# TYPE rondo_wakeup_rescued_total counter
rondo_wakeup_rescued_total{kind="reminders"} 1
# TYPE rondo_wakeup_lateness_seconds histogram
rondo_wakeup_lateness_seconds_bucket{kind="reminders",le="0.05"} 97
rondo_wakeup_lateness_seconds_bucket{kind="reminders",le="0.25"} 98
rondo_wakeup_lateness_seconds_bucket{kind="reminders",le="2"} %d
rondo_wakeup_lateness_seconds_bucket{kind="reminders",le="+Inf"} 100
rondo_wakeup_lateness_seconds_sum{kind="reminders"} 3.2
rondo_wakeup_lateness_seconds_count{kind="reminders"} 100
`

func TestTheTableSaysHowWellTimeIsKept(t *testing.T) {
	t.Parallel()
	for within2s, want := range map[int]string{99: "≤ 2s", 98: "> 2s"} {
		service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/metrics" {
				fmt.Fprintf(w, served, within2s)
			}
		}))
		t.Cleanup(service.Close)
		gone := httptest.NewServer(http.NotFoundHandler())
		gone.Close()
		kinds := wakeups.Read(t.Context(), func(s topology.Service) string {
			if s.Name == topology.Notifier.Name {
				return service.URL
			}
			return gone.URL
		})
		var out strings.Builder
		wakeups.Print(&out, kinds)
		for _, line := range []string{
			"TIME       DONE  LATE P99  JOBS AHEAD  OVERDUE  RESCUED\nreminders  100   " + want + "      12          3        1\n",
			"series: recurring does not answer\n",
		} {
			if !strings.Contains(out.String(), line) {
				t.Errorf("no %q in\n%s", line, out.String())
			}
		}
	}
}

func TestAServiceWithoutWakeUpsIsNoPunctualOne(t *testing.T) {
	t.Parallel()
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "go_goroutines 7") }))
	t.Cleanup(service.Close)
	for _, k := range wakeups.Read(t.Context(), func(topology.Service) string { return service.URL }) {
		if k.Problem == "" {
			t.Errorf("%+v", k)
		}
	}
}
