package monitoring_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/inputs"
	"github.com/rondohq/rondo/components/monitoring"
	"github.com/rondohq/rondo/components/pulumitest"
)

const tenant = "tenant"

func TestTheDashboardShowsRequests(t *testing.T) {
	t.Parallel()
	var queries []string
	for _, d := range monitoring.Dashboards(tenant) {
		text, err := d.JSON()
		if err != nil {
			t.Fatal(err)
		}
		var parsed struct {
			UID    string
			Panels []struct {
				ID      int
				Type    string
				Title   string
				GridPos struct{ X, Y, W, H int }
				Targets []struct{ Expr string }
			}
		}
		if err := json.Unmarshal([]byte(text), &parsed); err != nil {
			t.Fatal(err)
		}
		for i, panel := range parsed.Panels {
			if panel.ID != i+1 || panel.GridPos.X+panel.GridPos.W > 24 || panel.Title == "" || (panel.Type != "row") != (len(panel.Targets) > 0) {
				t.Errorf("%s: panel %+v", d.Title, panel)
			}
			for _, target := range panel.Targets {
				queries = append(queries, target.Expr)
			}
		}
	}
	if !slices.ContainsFunc(queries, func(q string) bool { return strings.Contains(q, "http_requests_total") }) {
		t.Errorf("no panel counts http_requests_total: %q", queries)
	}
}

func TestEveryRecordedSeriesIsUsedAndEveryUsedOneIsRecorded(t *testing.T) {
	t.Parallel()
	recorded := map[string]bool{}
	var used strings.Builder
	for _, group := range monitoring.Groups(tenant) {
		for _, rule := range group.Rules {
			if rule.Record != "" {
				recorded[rule.Record] = false
			} else {
				used.WriteString(rule.Expr + "\n")
			}
		}
	}
	for _, d := range monitoring.Dashboards(tenant) {
		text, err := d.JSON()
		if err != nil {
			t.Fatal(err)
		}
		used.WriteString(text)
	}
	for _, name := range regexp.MustCompile(`[a-z_]+:[a-z_]+:[a-z0-9_]+`).FindAllString(used.String(), -1) {
		if _, ok := recorded[name]; !ok {
			t.Errorf("%s is used and recorded by no rule", name)
		}
		recorded[name] = true
	}
	for name, isUsed := range recorded {
		if !isUsed && name != "job:http_requests:rate5m" { // for people's own questions
			t.Errorf("%s is recorded and nobody uses it", name)
		}
	}
}

func TestAnAlertSaysWhatIsWrongAndWhatToDo(t *testing.T) {
	t.Parallel()
	alerts := 0
	for _, group := range monitoring.Groups(tenant) {
		for _, rule := range group.Rules {
			if rule.Alert == "" {
				continue
			}
			alerts++
			if rule.Annotations["summary"] == "" || rule.Annotations["action"] == "" || !slices.Contains([]string{"page", "ticket"}, rule.Labels["severity"]) {
				t.Errorf("%s says too little: %+v", rule.Alert, rule)
			}
			for _, page := range regexp.MustCompile(`docs/[a-z/-]+\.md`).FindAllString(rule.Annotations["action"], -1) {
				if _, err := os.Stat(filepath.Join("..", "..", page)); err != nil {
					t.Errorf("%s leads to a page that is not there: %v", rule.Alert, err)
				}
			}
		}
	}
	if alerts < 8 {
		t.Errorf("only %d alerts", alerts)
	}
}

func TestAlertsGoToTheWebhookOnlyIfThereIsOne(t *testing.T) {
	t.Parallel()
	const routeType = "kubernetes:monitoring.coreos.com/v1alpha1:AlertmanagerConfig"
	for _, webhook := range []pulumi.StringInput{nil, inputs.Secret(pulumi.String("https://hook.example"))} {
		var r pulumitest.Recorder
		err := r.Run(t, "test", func(ctx *pulumi.Context) error {
			_, err := monitoring.NewOperator(ctx, "x", monitoring.OperatorArgs{Namespace: "m", Storage: "1Gi", Days: 1, Webhook: webhook})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := len(r.All(routeType)); got != map[bool]int{false: 1, true: 0}[webhook == nil] {
			t.Errorf("%d routes with the webhook %v", got, webhook)
		}
		if webhook != nil {
			url := func(field string) string {
				text, _ := r.One(t, routeType).At("spec", "receivers", 0, "webhookConfigs", 0, "urlSecret", field).(string)
				return text
			}
			secret := r.Named(t, "kubernetes:core/v1:Secret", url("name"))
			if got := secret.At("stringData", url("key")); got != "https://hook.example" {
				t.Errorf("the route reads %v", got)
			}
		}
	}
}
