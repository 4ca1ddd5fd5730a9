package monitoring

import (
	"encoding/json"
	"fmt"

	"github.com/rondohq/rondo/components/keda"
	"github.com/rondohq/rondo/components/service"
)

// dashboardLabel is on config maps that Grafana takes for dashboards.
const dashboardLabel = "grafana_dashboard"

// Dashboard is a page of Grafana: rows of panels.
type Dashboard struct {
	UID, Title string
	Rows       []Row
}

// Row is one line of panels of equal width.
type Row struct {
	Title  string
	Panels []Panel
}

// Panel is one graph.
type Panel struct {
	Title, Unit string
	// Help says what a good value looks like.
	Help    string
	Queries []Query
}

// Query is one PromQL expression and the legend of its series.
type Query struct{ Expr, Legend string }

// Dashboards are all that exist, for the services of a namespace.
func Dashboards(namespace string) []Dashboard { return []Dashboard{overview(namespace)} }

// overview answers, from top to bottom: do people get answers, do events arrive,
// and is there room.
func overview(namespace string) Dashboard {
	of := fmt.Sprintf(`{namespace=%q}`, namespace)
	http := fmt.Sprintf(`{namespace=%q, endpoint=%q}`, namespace, service.PublicPort)
	return Dashboard{UID: "rondo", Title: "Rondo", Rows: []Row{
		{Title: "Requests", Panels: []Panel{
			{
				Title: "Requests", Unit: "reqps", Help: "http_requests_total, by service.",
				Queries: []Query{{`sum by (job) (rate(http_requests_total[$__rate_interval]))`, "{{job}}"}},
			},
			{
				Title: "Errors", Unit: "percentunit", Help: "Below 1 %.",
				Queries: []Query{{errorRatio, "{{job}}"}},
			},
			{
				Title: "Latency (p95)", Unit: "s", Help: "Below 25 ms is the goal, 200 ms the limit.",
				Queries: []Query{{latency95, "{{job}}"}},
			},
			{
				Title: "Slowest routes (p95)", Unit: "s", Help: "Where to look first.",
				Queries: []Query{{
					`topk(5, histogram_quantile(0.95, sum by (job, route, le) (rate(http_request_duration_seconds_bucket[$__rate_interval]))))`,
					"{{job}} {{route}}",
				}},
			},
		}},
		{Title: "Events", Panels: []Panel{
			{
				Title: "Lag for each replica", Unit: "short",
				Help:    fmt.Sprintf("Below 50 is the goal; another replica starts at %d.", keda.LagThreshold),
				Queries: []Query{{`max by (scaledObject, metric) (keda_scaler_metrics_value)`, "{{scaledObject}} {{metric}}"}},
			},
			{
				Title: "Delivered", Unit: "eps", Help: "retry means an outage, drop a dead letter.",
				Queries: []Query{{deliveryRate, "{{job}} {{topic}} {{answer}}"}},
			},
			{
				Title: "Unpublished", Unit: "short", Help: "Committed events that the broker does not have yet.",
				Queries: []Query{{`sum by (job) (rondo_outbox_pending)`, "{{job}}"}},
			},
			{
				Title: "Oldest unpublished", Unit: "s", Help: "Below a second.",
				Queries: []Query{{`max by (job) (rondo_outbox_oldest_seconds)`, "{{job}}"}},
			},
		}},
		{Title: "Room", Panels: []Panel{
			{
				Title: "Replicas", Unit: "short", Help: "As many as lag or work asks for.",
				Queries: []Query{{`kube_deployment_status_replicas_available` + of, "{{deployment}}"}},
			},
			{
				Title: "CPU", Unit: "cores", Help: "All replicas of a service, without sidecars.",
				Queries: []Query{{`sum by (job) (rate(process_cpu_seconds_total` + http + `[$__rate_interval]))`, "{{job}}"}},
			},
			{
				Title: "Memory", Unit: "bytes", Help: "The largest replica of a service; below 40 MiB at rest.",
				Queries: []Query{{`max by (job) (process_resident_memory_bytes` + http + `)`, "{{job}}"}},
			},
			{
				Title: "Open tabs", Unit: "short", Help: "Pages with live updates.",
				Queries: []Query{{`sum(rondo_live_tabs)`, "tabs"}},
			},
		}},
	}}
}

// JSON is the dashboard as Grafana reads it.
func (d Dashboard) JSON() (string, error) {
	const width, height = 24, 8 // of Grafana's grid, and of a panel in it
	panels := []any{}
	add := func(panel map[string]any) {
		panel["id"] = len(panels) + 1
		panels = append(panels, panel)
	}
	y := 0
	for _, row := range d.Rows {
		add(map[string]any{"type": "row", "title": row.Title, "gridPos": map[string]int{"x": 0, "y": y, "w": width, "h": 1}, "panels": []any{}})
		y++
		w := width / len(row.Panels)
		for i, p := range row.Panels {
			targets := []any{}
			for n, q := range p.Queries {
				targets = append(targets, map[string]any{"refId": string(rune('A' + n)), "expr": q.Expr, "legendFormat": q.Legend})
			}
			add(map[string]any{
				"type": "timeseries", "title": p.Title, "description": p.Help,
				"datasource":  map[string]string{"type": "prometheus", "uid": "prometheus"},
				"gridPos":     map[string]int{"x": i * w, "y": y, "w": w, "h": height},
				"fieldConfig": map[string]any{"defaults": map[string]any{"unit": p.Unit, "min": 0}, "overrides": []any{}},
				"targets":     targets,
			})
		}
		y += height
	}
	text, err := json.MarshalIndent(map[string]any{
		"uid": d.UID, "title": d.Title, "tags": []string{"rondo"}, "schemaVersion": 39, "editable": false,
		"refresh": "30s", "time": map[string]string{"from": "now-1h", "to": "now"}, "panels": panels,
	}, "", "  ")
	if err != nil {
		return "", fmt.Errorf("dashboard %q: %w", d.Title, err)
	}
	return string(text) + "\n", nil
}
