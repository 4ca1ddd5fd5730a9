package program_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/rondohq/rondo/components/pulumitest"
)

// Policies are about everything that a program declares, whoever declares it.
func TestPolicies(t *testing.T) {
	t.Parallel()
	for _, run := range all(t) {
		checkPolicies(t, run.env.Name, run)
	}
}

func checkPolicies(t *testing.T, name string, run deployed) {
	t.Helper()
	workloads := 0
	for _, r := range run.Resources() {
		if text := exposed(run, r); text != "" {
			t.Errorf("%s: %s %q shows the secret %q", name, r.Type, r.Name, text)
		}
		if !strings.HasPrefix(r.Type, "kubernetes:") {
			continue
		}
		template, _ := r.At("spec", "template").(map[string]any)
		if template == nil {
			continue
		}
		workloads++
		where := fmt.Sprintf("%s: %s %q", name, r.Type, r.Name)
		checkPod(t, where, asMap(template["spec"]))
		if r.Type == "kubernetes:apps/v1:Deployment" {
			checkProbes(t, where, asMap(template["spec"]))
			checkBudget(t, where, run, r)
		}
		if run.env.Images.Pinned {
			checkDigest(t, where, asMap(template["spec"]))
		}
	}
	if workloads < 5 {
		t.Errorf("%s: only %d workloads were found", name, workloads)
	}
	for _, r := range run.All("kubernetes:core/v1:Secret") {
		if data := r.Inputs["stringData"]; !data.IsSecret() && !everySecret(data) {
			t.Errorf("%s: the secret %q has values that are not encrypted in the state", name, r.Name)
		}
	}
	for _, r := range run.All("kubernetes:core/v1:Namespace") {
		labels, _ := r.At("metadata", "labels").(map[string]any)
		if labels["pod-security.kubernetes.io/enforce"] == nil {
			t.Errorf("%s: the namespace %q enforces no pod security", name, r.Name)
		}
	}
	if got := run.Named(t, "kubernetes:core/v1:Namespace", run.env.Namespace).At("metadata", "labels", "pod-security.kubernetes.io/enforce"); got != "restricted" {
		t.Errorf("%s: the services' namespace enforces %v", name, got)
	}
}

// everySecret says whether all values but user names are secret.
func everySecret(v resource.PropertyValue) bool {
	for key, value := range v.ObjectValue() {
		if !value.IsSecret() && key != "username" && key != "user" {
			return false
		}
	}
	return true
}

// exposed is a credential that stands in the inputs outside of a secret value.
func exposed(run deployed, r pulumitest.Resource) string {
	var credentials []string
	for _, s := range run.Config {
		if s.Secret {
			credentials = append(credentials, s.Value)
		}
	}
	credentials = append(credentials, pulumitest.Generated)
	var find func(v resource.PropertyValue) string
	find = func(v resource.PropertyValue) string {
		switch {
		case v.IsSecret():
			return ""
		case v.IsString():
			for _, c := range credentials {
				if strings.Contains(v.StringValue(), c) {
					return v.StringValue()
				}
			}
		case v.IsObject():
			for _, field := range v.ObjectValue() {
				if text := find(field); text != "" {
					return text
				}
			}
		case v.IsArray():
			for _, item := range v.ArrayValue() {
				if text := find(item); text != "" {
					return text
				}
			}
		}
		return ""
	}
	return find(resource.NewObjectProperty(r.Inputs))
}

func containers(pod map[string]any) []map[string]any {
	var all []map[string]any
	for _, kind := range []string{"initContainers", "containers"} {
		items, _ := pod[kind].([]any)
		for _, item := range items {
			all = append(all, asMap(item))
		}
	}
	return all
}

func checkPod(t *testing.T, where string, pod map[string]any) {
	t.Helper()
	security, _ := pod["securityContext"].(map[string]any)
	seccomp, _ := security["seccompProfile"].(map[string]any)
	if fmt.Sprint(security["runAsNonRoot"]) != "true" || seccomp["type"] != "RuntimeDefault" {
		t.Errorf("%s: the pod may be root or call the kernel as it likes: %v", where, security)
	}
	for _, host := range []string{"hostNetwork", "hostPID", "hostIPC"} {
		if pod[host] != nil {
			t.Errorf("%s: %s", where, host)
		}
	}
	for _, volume := range asList(pod["volumes"]) {
		if asMap(volume)["hostPath"] != nil {
			t.Errorf("%s mounts a path of its node", where)
		}
	}
	all := containers(pod)
	if len(all) == 0 {
		t.Errorf("%s has no container", where)
	}
	for _, c := range all {
		own, _ := c["securityContext"].(map[string]any)
		capabilities, _ := own["capabilities"].(map[string]any)
		if fmt.Sprint(own["allowPrivilegeEscalation"], own["privileged"], own["readOnlyRootFilesystem"]) != "false true" ||
			!slices.Equal(asList(capabilities["drop"]), []any{"ALL"}) || capabilities["add"] != nil {
			t.Errorf("%s: container %v has powers: %v", where, c["name"], own)
		}
		for _, kind := range []string{"requests", "limits"} {
			resources, _ := c["resources"].(map[string]any)
			of, _ := resources[kind].(map[string]any)
			if of["cpu"] == nil || of["memory"] == nil {
				t.Errorf("%s: container %v has the %s %v", where, c["name"], kind, of)
			}
		}
	}
}

func checkProbes(t *testing.T, where string, pod map[string]any) {
	t.Helper()
	for _, c := range containers(pod) {
		for _, probe := range []string{"startupProbe", "livenessProbe", "readinessProbe"} {
			p, _ := c[probe].(map[string]any)
			get, _ := p["httpGet"].(map[string]any)
			if get["path"] == nil || get["port"] == nil {
				t.Errorf("%s: container %v has the %s %v", where, c["name"], probe, p)
			}
		}
	}
}

// checkBudget wants a disruption budget wherever more than one replica may run.
func checkBudget(t *testing.T, where string, run deployed, deployment pulumitest.Resource) {
	t.Helper()
	labels := deployment.At("spec", "selector", "matchLabels")
	for _, budget := range run.All("kubernetes:policy/v1:PodDisruptionBudget") {
		if fmt.Sprint(budget.At("spec", "selector", "matchLabels")) == fmt.Sprint(labels) && budget.At("spec", "maxUnavailable") == 1.0 {
			return
		}
	}
	t.Errorf("%s has no disruption budget", where)
}

var digest = regexp.MustCompile(`@sha256:[0-9a-f]{64}$`)

func checkDigest(t *testing.T, where string, pod map[string]any) {
	t.Helper()
	for _, c := range containers(pod) {
		if image, _ := c["image"].(string); !digest.MatchString(image) {
			t.Errorf("%s runs %q, which is not pinned", where, image)
		}
	}
}

func asMap(v any) map[string]any {
	fields, _ := v.(map[string]any)
	return fields
}

func asList(v any) []any {
	items, _ := v.([]any)
	return items
}

// Exports show no secret either, but for those that are meant to be read.
func TestSecretsOfTheConfigurationReachTheirServicesAndNobodyElse(t *testing.T) {
	t.Parallel()
	for _, run := range all(t) {
		for _, s := range run.Config {
			if !s.Secret {
				continue
			}
			var holders []string
			for _, r := range run.Resources() {
				text, err := json.Marshal(pulumitest.Plain(resource.NewObjectProperty(r.Inputs)))
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(string(text), s.Value) {
					holders = append(holders, r.Type+" "+r.Name)
				}
			}
			if len(holders) != 1 || !strings.HasPrefix(holders[0], "kubernetes:core/v1:Secret ") {
				t.Errorf("%s: %s is in %v", run.env.Name, s.Key, holders)
			}
		}
	}
}
