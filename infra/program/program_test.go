package program_test

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/rondohq/rondo/components/contract"
	"github.com/rondohq/rondo/components/pulumitest"
	"github.com/rondohq/rondo/environments"
	"github.com/rondohq/rondo/infra/program"
)

const (
	providerType  = "pulumi:providers:kubernetes"
	configMapType = "kubernetes:core/v1:ConfigMap"
)

func TestBothStacksRegisterTheContract(t *testing.T) {
	t.Parallel()
	documents := map[string]string{}
	for _, env := range environments.All() {
		var r pulumitest.Recorder
		if err := r.Run(t, env.Name, program.Run); err != nil {
			t.Fatalf("%s: %v", env.Name, err)
		}
		cluster := r.One(t, providerType)
		if got := cluster.Inputs["context"].StringValue(); got != env.Cluster.Context {
			t.Errorf("%s goes to the cluster %q", env.Name, got)
		}
		r.One(t, contract.Token)
		for _, registered := range r.Resources() {
			if strings.HasPrefix(registered.Type, "kubernetes:") && (registered.Provider != cluster.Name || registered.Parent == "") {
				t.Errorf("%s: %s %q has the provider %q and the parent %q",
					env.Name, registered.Type, registered.Name, registered.Provider, registered.Parent)
			}
		}
		documents[env.Name] = r.One(t, configMapType).Inputs["data"].ObjectValue()[contract.DocumentKey].StringValue()
	}
	minikube, aks := environments.Minikube().Name, environments.AKS().Name
	if documents[minikube] == documents[aks] {
		t.Error("both stacks keep records in the same way, although one has a single broker")
	}
}

func TestAnUnknownStackAndAWrongEnvironmentRegisterNothing(t *testing.T) {
	t.Parallel()
	wrong := func(ctx *pulumi.Context) error {
		return program.Deploy(ctx, environments.Environment{Name: "elsewhere"})
	}
	for want, run := range map[string]pulumi.RunFunc{
		`there is no environment "elsewhere"`: program.Run,
		"the cluster's context is missing":    wrong,
	} {
		var r pulumitest.Recorder
		if err := r.Run(t, "elsewhere", run); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
		if got := r.Resources(); len(got) > 0 {
			t.Errorf("registered %v", got)
		}
	}
}

func TestARefusedClusterFailsTheProgram(t *testing.T) {
	t.Parallel()
	r := pulumitest.Recorder{Refuse: providerType}
	err := r.Run(t, environments.Minikube().Name, program.Run)
	if err == nil || !strings.Contains(err.Error(), pulumitest.ErrRefused.Error()) {
		t.Errorf("got %v", err)
	}
}
