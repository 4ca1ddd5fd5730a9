package environments_test

import (
	"os"
	"strings"
	"testing"

	"github.com/rondohq/rondo/environments"
	"github.com/rondohq/rondo/platform/topology"
)

func TestEveryStackIsValid(t *testing.T) {
	t.Parallel()
	for _, e := range environments.All() {
		if err := e.Validate(); err != nil {
			t.Error(err)
		}
		if found, err := environments.Named(e.Name); err != nil || found != e {
			t.Errorf("Named(%q) = %v, %v", e.Name, found, err)
		}
		if _, err := os.Stat("Pulumi." + e.Name + ".yaml"); err != nil {
			t.Errorf("the stack has no settings: %v", err)
		}
	}
	if _, err := environments.Named("elsewhere"); err == nil || !strings.Contains(err.Error(), `["minikube" "aks"]`) {
		t.Errorf("an unknown stack should be told which there are, not %v", err)
	}
}

func TestTheCloudSurvivesTheLossOfABroker(t *testing.T) {
	t.Parallel()
	if d := environments.AKS().Kafka.Durability; d.Replication != 3 || d.MinInSync != 2 {
		t.Errorf("AKS keeps %d replicas with %d in sync, want 3 and 2", d.Replication, d.MinInSync)
	}
}

func TestValidateNamesAllMistakesAtOnce(t *testing.T) {
	t.Parallel()
	err := environments.Environment{Namespace: "Not_A_Label", Kafka: environments.Kafka{Provider: "rabbit"}}.Validate()
	want := []string{
		`environment "": the name is no DNS label`,
		`environment "": the namespace "Not_A_Label" is no DNS label`,
		`environment "": the cluster's context is missing`,
		`environment "": the Kafka provider "rabbit" is unknown`,
		`environment "": Kafka needs at least one replica and one in sync, not 0 and 0`,
		`environment "": the PostgreSQL provider "" is unknown`,
	}
	if err == nil || err.Error() != strings.Join(want, "\n") {
		t.Errorf("got:\n%v\nwant:\n%s", err, strings.Join(want, "\n"))
	}
}

func TestValidateChecksDurability(t *testing.T) {
	t.Parallel()
	for d, want := range map[topology.Durability]string{
		{Replication: 1, MinInSync: 1}: "",
		{Replication: 3, MinInSync: 2}: "",
		{Replication: 1, MinInSync: 2}: "can't have 2 replicas in sync of 1",
		{Replication: 3, MinInSync: 3}: "would refuse writes while one of 3 brokers restarts",
		{Replication: 3}:               "at least one replica and one in sync",
	} {
		e := environments.Minikube()
		e.Kafka.Durability = d
		switch err := e.Validate(); {
		case want == "" && err != nil:
			t.Errorf("%v: %v", d, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%v: got %v, want %q", d, err, want)
		}
	}
}
