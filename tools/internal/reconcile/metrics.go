package reconcile

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics count what a reconciler has seen.
type Metrics struct {
	runs     *prometheus.CounterVec
	drifted  *prometheus.GaugeVec
	duration *prometheus.HistogramVec
	last     *prometheus.GaugeVec
}

// NewMetrics registers them.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	m := &Metrics{
		runs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rondo_reconcile_runs_total",
			Help: "Looks at a stack, by result: clean, drifted, converged (drift was found and mended) or failed.",
		}, []string{"stack", "result"}),
		drifted: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "rondo_reconcile_drifted_resources",
			Help: "Resources of a stack that are not as its program says, after the last look.",
		}, []string{"stack"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "rondo_reconcile_duration_seconds",
			Help:    "How long a look at a stack took, with the mending.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 11), // to 17 minutes
		}, []string{"stack"}),
		last: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "rondo_reconcile_last_success_timestamp_seconds",
			Help: "When a look at a stack last came to an end without an error, in Unix time.",
		}, []string{"stack"}),
	}
	registry.MustRegister(m.runs, m.drifted, m.duration, m.last)
	return m
}

func (m *Metrics) observe(report Report, took time.Duration, err error) {
	result, left := "clean", len(report.Drift)
	switch {
	case err != nil:
		result = "failed"
	case report.Applied:
		result, left = "converged", 0
	case left > 0:
		result = "drifted"
	}
	m.runs.WithLabelValues(report.Stack, result).Inc()
	m.duration.WithLabelValues(report.Stack).Observe(took.Seconds())
	if err != nil {
		return
	}
	m.drifted.WithLabelValues(report.Stack).Set(float64(left))
	m.last.WithLabelValues(report.Stack).SetToCurrentTime()
}
