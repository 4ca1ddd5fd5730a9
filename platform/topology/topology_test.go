package topology_test

import (
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/rondohq/rondo/platform/topology"
)

func TestConsumerGroupsAreNamedByServiceAndTopic(t *testing.T) {
	t.Parallel()
	shape := regexp.MustCompile(`^[a-z]+-[a-z-]+-v1$`)
	seen := map[string]bool{}
	for _, sub := range topology.Subscriptions() {
		if sub.Broadcast {
			continue
		}
		if !shape.MatchString(sub.Group()) {
			t.Errorf("group %q is not <service>-<domain>-v1", sub.Group())
		}
		if seen[sub.Group()] || seen[sub.Component()] {
			t.Errorf("group %q or component %q is used twice", sub.Group(), sub.Component())
		}
		seen[sub.Group()], seen[sub.Component()] = true, true
	}
}

func TestReplicasNeverExceedPartitions(t *testing.T) {
	t.Parallel()
	for _, s := range topology.Services() {
		if s.Replicas.Min < 1 || s.MaxReplicas() < s.Replicas.Min {
			t.Errorf("%s: replicas %d..%d", s.Name, s.Replicas.Min, s.MaxReplicas())
		}
		for _, sub := range s.Subscribes {
			if !sub.Broadcast && s.MaxReplicas() > sub.Topic.Partitions {
				t.Errorf("%s: %d replicas for %d partitions of %s", s.Name, s.MaxReplicas(), sub.Topic.Partitions, sub.Topic.Name)
			}
			if sub.Service != s.Name {
				t.Errorf("%s holds a subscription of %s", s.Name, sub.Service)
			}
		}
	}
	if got := topology.Notifier.MaxReplicas(); got != 2 {
		t.Errorf("notifier may have %d replicas, want 2: its topics have two partitions", got)
	}
}

func TestEveryConsumedTopicIsPublished(t *testing.T) {
	t.Parallel()
	for _, sub := range topology.Subscriptions() {
		published := slices.ContainsFunc(topology.Services(), func(s topology.Service) bool {
			return slices.Contains(s.Publishes, sub.Topic)
		})
		if !published || !slices.Contains(topology.Topics(), sub.Topic) {
			t.Errorf("%s consumes %s, which nobody publishes or which is not listed", sub.Service, sub.Topic.Name)
		}
	}
	if got := len(topology.DeadLetters()); got != len(topology.Topics()) {
		t.Errorf("%d dead-letter topics for %d topics", got, len(topology.Topics()))
	}
}

func TestServicesInvokeWithoutCircles(t *testing.T) {
	t.Parallel()
	var visit func(name string, path []string)
	visit = func(name string, path []string) {
		if slices.Contains(path, name) {
			t.Fatalf("services invoke each other in a circle: %v", append(path, name))
		}
		s, ok := topology.ServiceNamed(name)
		if !ok {
			t.Fatalf("%v invokes %q, which is no service", path, name)
		}
		for _, next := range s.Invokes {
			visit(next, append(path, name))
		}
	}
	for _, s := range topology.Services() {
		visit(s.Name, nil)
	}
	if got := topology.CallersOf(topology.API.Name); !slices.Equal(got, []string{topology.Frontend.Name}) {
		t.Errorf("api is called by %v", got)
	}
}

func TestLaptopPortsAreDistinctAndInsideTheirRange(t *testing.T) {
	t.Parallel()
	plan := topology.LaptopPorts(topology.DefaultPortBase)
	if got := plan.Services[topology.Frontend.Name].Public; got != topology.DefaultPortBase {
		t.Errorf("the web application answers on %d, want the base", got)
	}
	ports := []int{
		plan.Kafka, plan.Postgres,
		plan.Scheduler, plan.SchedulerHealth, plan.SchedulerEtcd, plan.SchedulerPeer, plan.SchedulerMetric,
	}
	for _, s := range topology.Services() {
		p := plan.Services[s.Name]
		ports = append(ports, p.Public, p.App, p.SidecarHTTP, p.SidecarGRPC, p.SidecarInternal, p.SidecarMetrics)
	}
	slices.Sort(ports)
	if distinct := slices.Compact(slices.Clone(ports)); len(distinct) != len(ports) {
		t.Errorf("ports collide: %v", ports)
	}
	if ports[0] < topology.DefaultPortBase || ports[len(ports)-1] >= topology.DefaultPortBase+topology.PortRange {
		t.Errorf("ports %v leave their range", ports)
	}
}

func TestRolesCoverEveryServiceWithADatabase(t *testing.T) {
	t.Parallel()
	for _, s := range topology.Services() {
		has := slices.ContainsFunc(topology.Roles(), func(r topology.Role) bool { return r.Secret.Name == s.Database().Name })
		if has != s.UsesDatabase {
			t.Errorf("%s: role %v, uses a database %v", s.Name, has, s.UsesDatabase)
		}
	}
}

// The first attempt at the plan scheduled jobs under names that no handler had, and
// two services scheduled the same job.
func TestAJobHasOneServiceAndANameThatLeadsBack(t *testing.T) {
	t.Parallel()
	owner := map[topology.Job]string{}
	for _, s := range topology.Services() {
		for _, job := range s.Jobs {
			if other := owner[job]; other != "" {
				t.Errorf("%s and %s both schedule jobs of %q", other, s.Name, job.Kind)
			}
			owner[job] = s.Name
		}
	}
	if len(owner) < 2 {
		t.Fatalf("only %v have a service", owner)
	}
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	if got := topology.RemindersDue.Name(at.In(time.FixedZone("", 3600))); got != "reminders-20261122T090000Z" {
		t.Errorf("name %q", got)
	}
	if got := topology.RemindersDue.Name(at.Add(-time.Millisecond)); got != "reminders-20261122T090000Z" {
		t.Errorf("a millisecond earlier: %q", got)
	}
	for job, service := range owner {
		back, ok := job.At(job.Name(at))
		if !ok || !back.Equal(at) {
			t.Errorf("%s: %q leads back to %v, %v", service, job.Name(at), back, ok)
		}
		for other := range owner {
			if _, ok := other.At(job.Name(at)); ok != (other == job) {
				t.Errorf("%q is taken for a job of %q", job.Name(at), other.Kind)
			}
		}
	}
	for _, name := range []string{"", "reminders", "reminders-", "reminders-yesterday", "remindersx-20261122T090000Z"} {
		if _, ok := topology.RemindersDue.At(name); ok {
			t.Errorf("%q passes for a job", name)
		}
	}
}
