// Package wakeups reads from the services' metrics how well they keep time.
package wakeups

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"sync"
	"text/tabwriter"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/rondohq/rondo/platform/topology"
)

// patience is how long a service may take to answer.
const patience = 2 * time.Second

// Kind is how well one kind of wake-up goes, since its service was started.
type Kind struct {
	Service string `json:"service"`
	Kind    string `json:"kind"`
	Jobs    int    `json:"jobs"`    // asked for and not due yet
	Overdue int    `json:"overdue"` // due for longer than a job takes, and not done
	Rescued int    `json:"rescued"` // found by the sweep, since no job had called
	Done    int    `json:"done"`
	// LateP99 is a time in seconds that 99 percent were not later than, as finely as
	// the service counts; 0 when nothing was done yet.
	LateP99 float64 `json:"late_p99_seconds"`
	More    bool    `json:"late_more,omitempty"` // it was later still: beyond what is counted
	// Problem says why there are no numbers.
	Problem string `json:"problem,omitempty"`
}

// Read asks every service that has wake-ups, at the same time. public is the base URL
// of a service's public listener.
func Read(ctx context.Context, public func(topology.Service) string) []Kind {
	var kinds []Kind
	for _, service := range topology.Services() {
		for _, job := range service.Jobs {
			kinds = append(kinds, Kind{Service: service.Name, Kind: job.Kind})
		}
	}
	var all sync.WaitGroup
	for i := range kinds {
		service, _ := topology.ServiceNamed(kinds[i].Service)
		all.Go(func() {
			families, err := metrics(ctx, public(service))
			if err != nil {
				kinds[i].Problem = "does not answer"
				return
			}
			kinds[i].fill(families)
		})
	}
	all.Wait()
	return kinds
}

func metrics(ctx context.Context, base string) (map[string]*dto.MetricFamily, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/metrics", http.NoBody)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	return parser.TextToMetricFamilies(resp.Body)
}

// fill takes the numbers of the kind from a service's metrics.
func (k *Kind) fill(families map[string]*dto.MetricFamily) {
	metric := func(name string) *dto.Metric {
		for _, m := range families["rondo_wakeup_"+name].GetMetric() {
			for _, label := range m.GetLabel() {
				if label.GetName() == "kind" && label.GetValue() == k.Kind {
					return m
				}
			}
		}
		return nil
	}
	if metric("jobs") == nil {
		k.Problem = "counts no wake-ups"
		return
	}
	k.Jobs, k.Overdue = int(metric("jobs").GetGauge().GetValue()), int(metric("overdue").GetGauge().GetValue())
	k.Rescued = int(metric("rescued_total").GetCounter().GetValue())
	lateness := metric("lateness_seconds").GetHistogram()
	k.Done = int(lateness.GetSampleCount())
	const most = 0.99
	for _, bucket := range lateness.GetBucket() { // in ascending order
		if limit := bucket.GetUpperBound(); k.Done > 0 && !math.IsInf(limit, 1) {
			k.LateP99 = limit
		}
		if float64(bucket.GetCumulativeCount()) >= most*float64(k.Done) {
			k.More = math.IsInf(bucket.GetUpperBound(), 1)
			return
		}
	}
}

// Print writes a table, and below it who has no numbers.
func Print(w io.Writer, kinds []Kind) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "TIME\tDONE\tLATE P99\tJOBS AHEAD\tOVERDUE\tRESCUED")
	var problems []string
	for _, k := range kinds {
		if k.Problem != "" {
			problems = append(problems, k.Kind+": "+k.Service+" "+k.Problem)
			continue
		}
		late := "-"
		if k.Done > 0 {
			sign := "≤ "
			if k.More {
				sign = "> "
			}
			late = sign + time.Duration(k.LateP99*float64(time.Second)).String()
		}
		fmt.Fprintf(table, "%s\t%d\t%s\t%d\t%d\t%d\n", k.Kind, k.Done, late, k.Jobs, k.Overdue, k.Rescued)
	}
	_ = table.Flush() // to the same writer as all the rest
	for _, problem := range problems {
		fmt.Fprintln(w, problem)
	}
}
