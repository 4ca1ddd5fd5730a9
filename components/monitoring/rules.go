package monitoring

import (
	"fmt"

	"github.com/rondohq/rondo/components/keda"
)

// Group is rules that are evaluated together, in Prometheus' own form.
type Group struct {
	Name  string `json:"name"`
	Rules []Rule `json:"rules"`
}

// Rule is a recording rule, or an alert.
type Rule struct {
	Record      string            `json:"record,omitempty"`
	Alert       string            `json:"alert,omitempty"`
	Expr        string            `json:"expr"`
	For         string            `json:"for,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// Severities: somebody is woken up, or looks at it in the morning.
const (
	page   = "page"
	ticket = "ticket"
)

func alert(name, expr, wait, severity, summary, action string) Rule {
	return Rule{
		Alert: name, Expr: expr, For: wait, Labels: map[string]string{"severity": severity},
		Annotations: map[string]string{"summary": summary, "action": action},
	}
}

// Recorded series, which dashboards and alerts share.
const (
	requestRate  = "job:http_requests:rate5m"
	errorRatio   = "job:http_request_errors:ratio_rate5m"
	latency95    = "job:http_request_duration_seconds:p95_5m"
	deliveryRate = "job_topic_answer:rondo_events_delivered:rate5m"
)

// Groups are all rules for the services of a namespace. The numbers are the plan's limits, not our goals: a goal
// that is missed is a benchmark's business, a limit somebody's night.
func Groups(namespace string) []Group {
	of := fmt.Sprintf(`{namespace=%q}`, namespace)
	return []Group{
		{Name: "rondo.recorded", Rules: []Rule{
			{Record: requestRate, Expr: `sum by (job) (rate(http_requests_total[5m]))`},
			{
				Record: errorRatio,
				Expr:   `sum by (job) (rate(http_requests_total{code=~"5.."}[5m])) / sum by (job) (rate(http_requests_total[5m]))`,
			},
			{
				Record: latency95,
				Expr:   `histogram_quantile(0.95, sum by (job, le) (rate(http_request_duration_seconds_bucket{route!~".*/stream.*"}[5m])))`,
			},
			{Record: deliveryRate, Expr: `sum by (job, topic, answer) (rate(rondo_events_delivered_total[5m]))`},
		}},
		{Name: "rondo.requests", Rules: []Rule{
			alert("ServiceDown", `kube_deployment_status_replicas_available`+of+` == 0`, "2m", page,
				"No replica of {{ $labels.deployment }} is ready.",
				"kubectl get pods; a pod that never gets ready names what it misses at /readyz."),
			alert("ErrorRateHigh", errorRatio+` > 0.01`, "5m", page,
				"{{ $value | humanizePercentage }} of {{ $labels.job }}'s answers are errors.",
				"Look at its log for level ERROR; if it began with a deployment, roll back."),
			alert("LatencyHigh", latency95+` > 0.2`, "10m", ticket,
				"{{ $labels.job }} takes {{ $value | humanizeDuration }} (p95; the limit is 200 ms).",
				"Compare with the database's slow queries and with the autoscaler's bound."),
		}},
		{Name: "rondo.events", Rules: []Rule{
			alert("ConsumerLagging",
				fmt.Sprintf(`max by (scaledObject, metric) (keda_scaler_metrics_value) > %d`, keda.LagThreshold), "10m", ticket,
				"{{ $labels.scaledObject }} is {{ $value }} events behind for each replica.",
				"If all replicas run already, the topic needs more partitions (platform/topology)."),
			alert("OutboxStuck", `max by (job) (rondo_outbox_oldest_seconds) > 60`, "2m", page,
				"{{ $labels.job }} has had an unpublished event for {{ $value | humanizeDuration }}.",
				"Is the broker reachable? Requests still succeed, and the events follow by themselves."),
			alert("OutboxUsersSetAside", `sum by (job) (rondo_outbox_users_set_aside) > 0`, "10m", ticket,
				"{{ $labels.job }} has set {{ $value }} users' events aside, since the broker refuses one of them.",
				"The log names the event; see docs/runbooks/dead-letters.md."),
			alert("DeadLetters", `sum by (job, topic) (increase(rondo_events_delivered_total{answer="drop"}[15m])) > 0`, "", ticket,
				"{{ $labels.job }} could not read events of {{ $labels.topic }}.",
				"See docs/runbooks/dead-letters.md; nothing is lost for 14 days."),
			alert("UnknownRoute", `sum by (job) (increase(rondo_sidecar_unknown_routes_total[15m])) > 0`, "", ticket,
				"The sidecar brings {{ $labels.job }} something that it does not handle.",
				"Are the subscriptions newer than the service? It is asked again until it handles them."),
		}},
		{Name: "rondo.capacity", Rules: []Rule{
			alert("ScaledOut",
				`kube_horizontalpodautoscaler_status_current_replicas`+of+` >= kube_horizontalpodautoscaler_spec_max_replicas`+of+
					` and kube_horizontalpodautoscaler_spec_max_replicas`+of+` > kube_horizontalpodautoscaler_spec_min_replicas`+of,
				"1h", ticket,
				"{{ $labels.horizontalpodautoscaler }} has had all its replicas for an hour.",
				"docs/scale.md says what to change next."),
			alert("CertificateExpires", `certmanager_certificate_expiration_timestamp_seconds - time() < 14 * 86400`, "1h", ticket,
				"The certificate {{ $labels.name }} ends in {{ $value | humanizeDuration }}.",
				"kubectl describe certificate says why it was not renewed."),
		}},
	}
}
