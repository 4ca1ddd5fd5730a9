package metricnames_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/tools/internal/metricnames"
)

func TestMetricsOfAnExpression(t *testing.T) {
	t.Parallel()
	for expr, want := range map[string][]string{
		`up`:   {"up"},
		`1e+3`: nil,
		`sum by (job) (rate(http_requests_total{code=~"5.."}[5m])) / sum by (job) (rate(http_requests_total[5m]))`: {"http_requests_total"},
		`topk(5, histogram_quantile(0.95, sum by (job, le) (rate(seconds_bucket[$__rate_interval]))))`:             {"seconds_bucket"},
		`job:http_requests:rate5m > 0.01`:                                           {"job:http_requests:rate5m"},
		`a{x="b{c}"} and on (node) group_left (zone) d offset 5m or not_a_function`: {"a", "d", "not_a_function"},
		`expires - time() < 14 * 86400`:                                             {"expires"},
	} {
		require.Equal(t, want, metricnames.In(expr), expr)
	}
}
