package program_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rondohq/rondo/components/contract"
	"github.com/rondohq/rondo/components/kafka"
	"github.com/rondohq/rondo/components/pulumitest"
	"github.com/rondohq/rondo/components/redpanda"
	"github.com/rondohq/rondo/environments"
	"github.com/rondohq/rondo/platform/topology"
)

// Whatever a stack says of topics, groups, ports, bounds, resources, secrets and
// callers is what the topology says.
func TestEveryStackIsTheTopology(t *testing.T) {
	t.Parallel()
	for _, run := range all(t) {
		checkTopology(t, run.env.Name, run)
	}
}

func checkTopology(t *testing.T, name string, run deployed) {
	t.Helper()
	run.checkTopics(t, name)
	run.checkSubscriptions(t, name)
	run.checkScaling(t, name)
	run.checkServices(t, name)
	run.checkCalls(t, name)
}

func (d deployed) checkTopics(t *testing.T, name string) {
	t.Helper()
	var document struct {
		Topics []struct {
			Name        string
			Partitions  int
			Replication int
		}
	}
	text, _ := d.Named(t, "kubernetes:core/v1:ConfigMap", "topology").At("data", contract.DocumentKey).(string)
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		t.Fatal(err)
	}
	replication := d.env.Kafka.Durability.Replication
	for _, want := range kafka.Topics() {
		if !slices.ContainsFunc(document.Topics, func(got struct {
			Name        string
			Partitions  int
			Replication int
		},
		) bool {
			return got.Name == want.Name && got.Partitions == want.Partitions && got.Replication == replication
		}) {
			t.Errorf("%s: the contract lacks %+v", name, want)
		}
		switch d.env.Kafka.Provider {
		case environments.Redpanda:
			script, _ := d.Named(t, "kubernetes:batch/v1:Job", "topics").At("spec", "template", "spec", "containers", 0, "command", 4).(string)
			line := fmt.Sprintf("topic %s %d %d\n", want.Name, want.Partitions, want.Retention.Milliseconds())
			if script != redpanda.Script(d.env.Kafka.Durability) || !strings.Contains(script, line) {
				t.Errorf("%s: the job does not make %q:\n%s", name, line, script)
			}
		case environments.ExternalKafka: // has them already
		case environments.AivenKafka:
			made := d.Named(t, "aiven:index/kafkaTopic:KafkaTopic", want.Name)
			if made.At("topicName") != want.Name || made.At("partitions") != float64(want.Partitions) || made.At("replication") != float64(replication) ||
				made.At("config", "retentionMs") != strconv.FormatInt(want.Retention.Milliseconds(), 10) ||
				made.At("config", "minInsyncReplicas") != strconv.Itoa(d.env.Kafka.Durability.MinInSync) {
				t.Errorf("%s: Aiven has %v, want %+v", name, made.Inputs, want)
			}
		}
	}
	if d.env.Kafka.Provider == environments.AivenKafka {
		if got := len(d.All("aiven:index/kafkaTopic:KafkaTopic")); got != len(kafka.Topics()) {
			t.Errorf("%s: Aiven has %d topics", name, got)
		}
		if got := len(d.All("aiven:index/kafkaAcl:KafkaAcl")); got != len(kafka.Topics()) {
			t.Errorf("%s: Aiven has %d access lists", name, got)
		}
	}
}

const (
	componentType    = "kubernetes:dapr.io/v1alpha1:Component"
	subscriptionType = "kubernetes:dapr.io/v2alpha1:Subscription"
)

// setting is the value of a setting of a Dapr component; of a secret it is the
// secret's name and key.
func setting(component pulumitest.Resource, name string) any {
	for _, item := range asList(component.At("spec", "metadata")) {
		if m := asMap(item); m["name"] == name {
			if ref, ok := m["secretKeyRef"].(map[string]any); ok {
				return fmt.Sprintf("%v/%v", ref["name"], ref["key"])
			}
			return m["value"]
		}
	}
	return nil
}

func (d deployed) checkSubscriptions(t *testing.T, name string) {
	t.Helper()
	components := map[string]bool{topology.SecretStore: true, topology.PubSub: true, topology.StateStore: true}
	for _, sub := range topology.Subscriptions() {
		components[sub.Component()] = true
		component := d.Named(t, componentType, sub.Component())
		if setting(component, "consumerGroup") != sub.Group() || setting(component, "initialOffset") != sub.InitialOffset() ||
			!slices.Equal(asList(component.At("scopes")), []any{sub.Service}) {
			t.Errorf("%s: %s reads as %v", name, sub.Component(), component.Inputs)
		}
		s := d.Named(t, subscriptionType, sub.Service+"-"+sub.Topic.Name)
		var dead any
		if !sub.Broadcast {
			dead = sub.Topic.DeadLetter().Name
		}
		if s.At("spec", "topic") != sub.Topic.Name || s.At("spec", "pubsubname") != sub.Component() ||
			s.At("spec", "routes", "default") != sub.Route() || s.At("spec", "deadLetterTopic") != dead {
			t.Errorf("%s: %s has the subscription %v", name, sub.Service, s.Inputs)
		}
	}
	if got := len(d.All(componentType)); got != len(components) {
		t.Errorf("%s: %d Dapr components, want %d", name, got, len(components))
	}
	if got := len(d.All(subscriptionType)); got != len(topology.Subscriptions()) {
		t.Errorf("%s: %d subscriptions", name, got)
	}
	state := d.Named(t, componentType, topology.StateStore)
	if state.At("spec", "type") != "state.postgresql" || state.At("spec", "version") != "v2" || setting(state, "cleanupInterval") != "1h" ||
		setting(state, "connectionString") != topology.StateDatabase.Name+"/"+topology.StateDatabase.Keys[0] {
		t.Errorf("%s: sessions are kept as %v", name, state.Inputs)
	}
	if d.env.Kafka.Provider == environments.AivenKafka {
		publish := d.Named(t, componentType, topology.PubSub)
		if setting(publish, "saslPassword") != "kafka/password" || setting(publish, "caCert") != "kafka/ca" || setting(publish, "authType") != "password" {
			t.Errorf("%s: sidecars sign in at the broker as %v", name, publish.Inputs)
		}
	}
}

func (d deployed) checkScaling(t *testing.T, name string) {
	t.Helper()
	for _, s := range d.env.Services() {
		var bounds []any
		var topics, groups []any
		for _, scaled := range d.All("kubernetes:keda.sh/v1alpha1:ScaledObject") {
			if scaled.Name != s.Name {
				continue
			}
			bounds = []any{scaled.At("spec", "minReplicaCount"), scaled.At("spec", "maxReplicaCount")}
			for _, trigger := range asList(scaled.At("spec", "triggers")) {
				m := asMap(asMap(trigger)["metadata"])
				topics, groups = append(topics, m["topic"]), append(groups, m["consumerGroup"])
				if m["lagThreshold"] != "500" || m["bootstrapServers"] == "" {
					t.Errorf("%s: %s scales by %v", name, s.Name, m)
				}
			}
		}
		for _, scaled := range d.All("kubernetes:autoscaling/v2:HorizontalPodAutoscaler") {
			if scaled.Name == s.Name {
				bounds = append(bounds, scaled.At("spec", "minReplicas"), scaled.At("spec", "maxReplicas"))
			}
		}
		if want := []any{float64(s.Replicas.Min), float64(s.MaxReplicas())}; !slices.Equal(bounds, want) {
			t.Errorf("%s: %s scales between %v, want %v", name, s.Name, bounds, want)
		}
		var wantTopics, wantGroups []any
		for _, sub := range s.Subscribes {
			if sub.Broadcast {
				continue
			}
			wantTopics, wantGroups = append(wantTopics, sub.Topic.Name), append(wantGroups, sub.Group())
			if limit, _ := bounds[1].(float64); int(limit) > sub.Topic.Partitions {
				t.Errorf("%s: %s has up to %v replicas for %d partitions of %s", name, s.Name, limit, sub.Topic.Partitions, sub.Topic.Name)
			}
		}
		if !slices.Equal(topics, wantTopics) || !slices.Equal(groups, wantGroups) {
			t.Errorf("%s: %s scales by the lag of %v in %v", name, s.Name, groups, topics)
		}
	}
}

func (d deployed) checkServices(t *testing.T, name string) {
	t.Helper()
	ports := topology.ClusterPorts
	for _, s := range topology.Services() {
		deployment := d.Named(t, "kubernetes:apps/v1:Deployment", s.Name)
		template := func(path ...any) any { return deployment.At(append([]any{"spec", "template"}, path...)...) }
		container := func(path ...any) any { return template(append([]any{"spec", "containers", 0}, path...)...) }
		r, sidecar := s.Resources, topology.Sidecar
		for _, is := range []struct {
			what string
			got  any
			want any
		}{
			{"request of CPU", container("resources", "requests", "cpu"), r.RequestCPU},
			{"request of memory", container("resources", "requests", "memory"), r.RequestMemory},
			{"limit of CPU", container("resources", "limits", "cpu"), r.LimitCPU},
			{"limit of memory", container("resources", "limits", "memory"), r.LimitMemory},
			{"public port", container("ports", 0, "containerPort"), float64(ports.Public)},
			{"port for the sidecar", container("ports", 1, "containerPort"), float64(ports.App)},
			{"image", container("image"), d.env.Images.Registry + "/" + s.Name},
			{"public URL", container("env", 0, "value"), d.env.URL()},
			{"trusted proxies", container("env", 1, "name"), "RONDO_TRUSTED_PROXIES"},
			{"number of proxies", container("env", 1, "value"), strconv.Itoa(d.env.Edge.Proxies)},
			{"app id", template("metadata", "annotations", "dapr.io/app-id"), s.Name},
			{"app port", template("metadata", "annotations", "dapr.io/app-port"), strconv.Itoa(ports.App)},
			{"app token", template("metadata", "annotations", "dapr.io/app-token-secret"), s.AppToken().Name},
			{"sidecar's request of CPU", template("metadata", "annotations", "dapr.io/sidecar-cpu-request"), sidecar.RequestCPU},
			{"sidecar's request of memory", template("metadata", "annotations", "dapr.io/sidecar-memory-request"), sidecar.RequestMemory},
			{"sidecar's limit of CPU", template("metadata", "annotations", "dapr.io/sidecar-cpu-limit"), sidecar.LimitCPU},
			{"sidecar's limit of memory", template("metadata", "annotations", "dapr.io/sidecar-memory-limit"), sidecar.LimitMemory},
			{"account", template("spec", "serviceAccountName"), s.Name},
			{"replicas", deployment.At("spec", "replicas"), nil},
			{"service", d.Named(t, "kubernetes:core/v1:Service", s.Name).At("spec", "ports", 0, "port"), float64(ports.Public)},
		} {
			got := is.got
			if is.what == "image" {
				got, _, _ = strings.Cut(strings.Replace(fmt.Sprint(got), "@", ":", 1), ":")
			}
			if got != is.want {
				t.Errorf("%s: %s has the %s %v, want %v", name, s.Name, is.what, got, is.want)
			}
		}
		d.checkAccess(t, name, s)
	}
}

// checkAccess wants a service to read its own secrets and those of its sidecar's
// components, and its sidecar to hand out its own alone.
func (d deployed) checkAccess(t *testing.T, name string, s topology.Service) {
	t.Helper()
	own := []any{}
	for _, secret := range s.Secrets() {
		own = append(own, secret.Name)
	}
	scope := d.Named(t, "kubernetes:dapr.io/v1alpha1:Configuration", s.Name).At("spec", "secrets", "scopes", 0)
	if got := asMap(scope); got["defaultAccess"] != "deny" || !slices.Equal(asList(got["allowedSecrets"]), own) {
		t.Errorf("%s: the sidecar of %s hands out %v", name, s.Name, got)
	}
	if s.UsesState {
		own = append(own, topology.StateDatabase.Name)
	}
	role := d.Named(t, "kubernetes:rbac.authorization.k8s.io/v1:Role", s.Name)
	rule, _ := role.At("rules", 0).(map[string]any)
	readable := slices.DeleteFunc(slices.Clone(asList(rule["resourceNames"])), func(name any) bool { return name == environments.Broker.Name })
	if !slices.Equal(readable, own) || !slices.Equal(asList(rule["verbs"]), []any{"get"}) || len(asList(role.At("rules"))) != 1 {
		t.Errorf("%s: %s may read %v", name, s.Name, rule)
	}
	binding := d.Named(t, "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding", s.Name)
	if binding.At("roleRef", "name") != s.Name || binding.At("subjects", 0, "name") != s.Name {
		t.Errorf("%s: the role of %s is bound to %v", name, s.Name, binding.Inputs)
	}
}

// checkCalls wants the topology's calls to be allowed, by the sidecars and by the
// network, and no others.
func (d deployed) checkCalls(t *testing.T, name string) {
	t.Helper()
	deny := d.Named(t, "kubernetes:networking.k8s.io/v1:NetworkPolicy", "default-deny")
	if deny.At("spec", "podSelector", "matchLabels") != nil || len(asList(deny.At("spec", "ingress")))+len(asList(deny.At("spec", "egress"))) > 0 {
		t.Errorf("%s: not everything is refused by default: %v", name, deny.Inputs)
	}
	for _, callee := range topology.Services() {
		allowed := []any{}
		for _, policy := range asList(d.Named(t, "kubernetes:dapr.io/v1alpha1:Configuration", callee.Name).At("spec", "accessControl", "policies")) {
			allowed = append(allowed, asMap(policy)["appId"])
		}
		reached := []any{}
		network := d.Named(t, "kubernetes:networking.k8s.io/v1:NetworkPolicy", callee.Name)
		for _, rule := range asList(network.At("spec", "ingress")) {
			r := asMap(rule)
			if port := asMap(asList(r["ports"])[0])["port"]; port == float64(topology.ClusterPorts.SidecarInternal) {
				labels := asMap(asMap(asMap(asList(r["from"])[0])["podSelector"])["matchLabels"])
				reached = append(reached, labels["app.kubernetes.io/name"])
			}
			for _, port := range asList(r["ports"]) {
				if asMap(port)["port"] == float64(topology.ClusterPorts.App) {
					t.Errorf("%s: the listener of %s for its sidecar can be reached", name, callee.Name)
				}
			}
		}
		want := []any{}
		for _, caller := range topology.CallersOf(callee.Name) {
			want = append(want, caller)
		}
		if !slices.Equal(allowed, want) || !slices.Equal(reached, want) {
			t.Errorf("%s: %s may be called by %v and reached by %v, want %v", name, callee.Name, allowed, reached, want)
		}
	}
}

// One more partition of one topic is one number in the topology, and changes what
// it has to in both stacks and nothing else. (That the laptop's broker follows it is
// tools/internal/broker.TestTopicsFollowTheTopology.)
//
//nolint:paralleltest // it changes the topology under everybody else
func TestOnePartitionCountChangesEveryStack(t *testing.T) {
	before := all(t)
	setPartitions(t, &topology.TaskUpdates, topology.TaskUpdates.Partitions+1)
	recurring, topic := topology.Recurring.Name, topology.TaskUpdates.Name
	if topology.Recurring.MaxReplicas() != topology.TaskUpdates.Partitions {
		t.Fatalf("%s is bounded by %d", recurring, topology.Recurring.MaxReplicas())
	}
	everywhere := []string{
		"kubernetes:core/v1:ConfigMap topology", "kubernetes:core/v1:ResourceQuota quota", "kubernetes:keda.sh/v1alpha1:ScaledObject " + recurring,
	}
	want := map[string][]string{
		environments.Minikube().Name: append([]string{"kubernetes:batch/v1:Job topics"}, everywhere...),
		environments.AKS().Name:      append([]string{"aiven:index/kafkaTopic:KafkaTopic " + topic}, everywhere...),
	}
	for i, run := range all(t) {
		checkTopology(t, run.env.Name, run)
		changed := []string{}
		old := before[i].inputs(t)
		for key, text := range run.inputs(t) {
			if old[key] != text {
				changed = append(changed, key)
			}
		}
		slices.Sort(changed)
		if len(old) != len(run.inputs(t)) || !slices.Equal(changed, want[run.env.Name]) {
			t.Errorf("%s changes\n%s\nwant\n%s", run.env.Name, strings.Join(changed, "\n"), strings.Join(want[run.env.Name], "\n"))
		}
	}
}

// inputs are those of every resource as text, but for what is new in every run.
func (d deployed) inputs(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, r := range d.Resources() {
		text, err := json.Marshal(r.At())
		if err != nil {
			t.Fatal(err)
		}
		if r.Type != "kubernetes:core/v1:Secret" {
			texts[r.Type+" "+r.Name] = string(text)
		}
	}
	return texts
}

// setPartitions changes a topic wherever the topology holds it, for this test.
func setPartitions(t *testing.T, topic *topology.Topic, partitions int) {
	t.Helper()
	old := topic.Partitions
	change := func(to int) {
		topic.Partitions = to
		for _, s := range topology.Services() { // the slices are the variables' own
			for i := range s.Publishes {
				if s.Publishes[i].Name == topic.Name {
					s.Publishes[i].Partitions = to
				}
			}
			for i := range s.Subscribes {
				if s.Subscribes[i].Topic.Name == topic.Name {
					s.Subscribes[i].Topic.Partitions = to
				}
			}
		}
	}
	t.Cleanup(func() { change(old) })
	change(partitions)
}
