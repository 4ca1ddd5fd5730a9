package service_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/kafka"
	"github.com/rondohq/rondo/components/keda"
	"github.com/rondohq/rondo/components/pulumitest"
	"github.com/rondohq/rondo/components/service"
	"github.com/rondohq/rondo/platform/topology"
)

const (
	deploymentType = "kubernetes:apps/v1:Deployment"
	scalerType     = "kubernetes:keda.sh/v1alpha1:ScaledObject"
	autoscalerType = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"
	budgetType     = "kubernetes:policy/v1:PodDisruptionBudget"
	roleType       = "kubernetes:rbac.authorization.k8s.io/v1:Role"
)

func run(t *testing.T, s topology.Service, change func(*service.Args)) *pulumitest.Recorder {
	t.Helper()
	args := service.Args{
		Service: s, Namespace: pulumi.String("tenant"), Image: "registry.example/" + s.Name + ":1",
		Broker: kafka.Broker{Servers: pulumi.String("b:9093")}, PublicURL: "http://todo.example.org", Rotation: "r1", PushRotation: "p1",
	}
	change(&args)
	var r pulumitest.Recorder
	err := r.Run(t, "test", func(ctx *pulumi.Context) error {
		_, err := service.New(ctx, s.Name, args)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return &r
}

func asDefault(*service.Args) {}

// template is a part of the pods.
func template(t *testing.T, r *pulumitest.Recorder, path ...any) any {
	t.Helper()
	return r.One(t, deploymentType).At(append([]any{"spec", "template"}, path...)...)
}

func container(t *testing.T, r *pulumitest.Recorder, path ...any) any {
	t.Helper()
	return template(t, r, append([]any{"spec", "containers", 0}, path...)...)
}

func TestAServiceHasAllThatKeepsItUp(t *testing.T) {
	t.Parallel()
	for _, s := range topology.Services() {
		r := run(t, s, asDefault)
		for probe, path := range map[string]string{"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"} {
			if got := container(t, r, probe, "httpGet", "path"); got != path {
				t.Errorf("%s: the %s asks %v", s.Name, probe, got)
			}
		}
		if got := r.One(t, budgetType).At("spec", "maxUnavailable"); got != 1.0 {
			t.Errorf("%s: a drain may take %v pods", s.Name, got)
		}
		for i, key := range []string{"topology.kubernetes.io/zone", "kubernetes.io/hostname"} {
			if got := template(t, r, "spec", "topologySpreadConstraints", i, "topologyKey"); got != key {
				t.Errorf("%s spreads over %v", s.Name, got)
			}
		}
		if got := r.One(t, deploymentType).At("spec", "strategy", "rollingUpdate", "maxUnavailable"); got != 0.0 {
			t.Errorf("%s: a new version takes %v pods away first", s.Name, got)
		}
		if r.One(t, deploymentType).At("spec", "replicas") != nil {
			t.Errorf("%s: the deployment takes the number of replicas from its autoscaler", s.Name)
		}
	}
}

func TestTheSidecarIsThePodsOwn(t *testing.T) {
	t.Parallel()
	for _, s := range topology.Services() {
		r := run(t, s, asDefault)
		for key, want := range map[string]string{
			"dapr.io/enabled": "true", "dapr.io/app-id": s.Name, "dapr.io/config": s.Name,
			"dapr.io/app-port":                         strconv.Itoa(topology.ClusterPorts.App),
			"dapr.io/app-token-secret":                 s.AppToken().Name,
			"dapr.io/enable-native-sidecar":            "true",
			"dapr.io/disable-builtin-k8s-secret-store": "true",
			"dapr.io/sidecar-memory-limit":             topology.Sidecar.LimitMemory,
		} {
			if got := template(t, r, "metadata", "annotations", key); got != want {
				t.Errorf("%s: %s is %v, want %s", s.Name, key, got, want)
			}
		}
		// The injector is asked about pods with the label alone.
		if got := template(t, r, "metadata", "labels", "dapr.io/enabled"); got != "true" {
			t.Errorf("%s gets no sidecar", s.Name)
		}
	}
}

func TestConsumersScaleByLagAndTheOthersByWork(t *testing.T) {
	t.Parallel()
	for _, s := range topology.Services() {
		r := run(t, s, asDefault)
		byLag, byWork := len(r.All(scalerType)), len(r.All(autoscalerType))
		if want := keda.Scales(s); (byLag == 1) != want || byLag+byWork != 1 {
			t.Errorf("%s has %d scalers of lag and %d of work", s.Name, byLag, byWork)
		}
	}
}

func TestAnotherRotationStartsThePodsThatReadTheSecret(t *testing.T) {
	t.Parallel()
	pods := func(s topology.Service, change func(*service.Args)) string {
		return fmt.Sprint(template(t, run(t, s, change)))
	}
	for _, s := range topology.Services() {
		if pods(s, asDefault) == pods(s, func(a *service.Args) { a.Rotation = "r2" }) {
			t.Errorf("%s goes on with its old passwords", s.Name)
		}
		pushes := slices.ContainsFunc(s.Secrets(), func(secret topology.Secret) bool { return secret.Name == topology.WebPush.Name })
		if same := pods(s, asDefault) == pods(s, func(a *service.Args) { a.PushRotation = "p2" }); same == pushes {
			t.Errorf("%s starts anew for another key of pushes: %v", s.Name, !same)
		}
	}
}

func TestAServiceReadsItsOwnSecretsByName(t *testing.T) {
	t.Parallel()
	for _, s := range topology.Services() {
		role := run(t, s, asDefault).One(t, roleType)
		names, _ := role.At("rules", 0, "resourceNames").([]any)
		for _, secret := range s.Secrets() {
			if !slices.Contains(names, any(secret.Name)) {
				t.Errorf("%s may not read %s", s.Name, secret.Name)
			}
		}
		if len(names) == 0 || role.At("rules", 1) != nil || role.At("rules", 0, "verbs", 1) != nil || role.At("rules", 0, "verbs", 0) != "get" {
			t.Errorf("%s may %v", s.Name, role.At("rules"))
		}
	}
}

func TestOptionsReachThePod(t *testing.T) {
	t.Parallel()
	r := run(t, topology.API, func(a *service.Args) { a.Collector, a.DatabaseCA = "tempo:4317", true })
	if got := fmt.Sprint(container(t, r, "env")); !strings.Contains(got, "OTEL_EXPORTER_OTLP_ENDPOINT value:http://tempo:4317") {
		t.Errorf("traces go nowhere: %s", got)
	}
	for _, mount := range []any{container(t, r, "volumeMounts", 1, "mountPath"), template(t, r, "metadata", "annotations", "dapr.io/volume-mounts")} {
		if text, _ := mount.(string); !strings.Contains(text, "/etc/rondo/database") {
			t.Errorf("the authority of the database is mounted at %v", mount)
		}
	}
}

func TestWrongArgumentsRegisterNothing(t *testing.T) {
	t.Parallel()
	var r pulumitest.Recorder
	err := r.Run(t, "test", func(ctx *pulumi.Context) error {
		_, err := service.New(ctx, "x", service.Args{})
		return err
	})
	for _, want := range []string{"the service", "the namespace", "the image", "the address of the broker", "the public URL"} {
		if err == nil || !strings.Contains(err.Error(), want+" is missing") {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if got := r.Resources(); len(got) > 0 {
		t.Errorf("registered %v", got)
	}
}
