package main

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/rondohq/rondo/environments"
)

func commands(t *testing.T, env environments.Environment, repository string) string {
	t.Helper()
	var lines []string
	err := bootstrap(t.Context(), env, repository, func(_ context.Context, program string, args ...string) (string, error) {
		lines = append(lines, program+" "+strings.Join(args, " "))
		return "answer-of-" + args[0], nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

func TestBootstrapMakesWhatTheEnvironmentNames(t *testing.T) {
	t.Parallel()
	aks := commands(t, environments.AKS(), "acme/rondo")
	for _, want := range []string{
		"az storage account create --name rondostate ", "az storage container create --name pulumi --account-name rondostate ",
		"az keyvault create --name rondo-state ", "az keyvault key create --vault-name rondo-state --name pulumi ",
		"--subject repo:acme/rondo:environment:aks ", "--assignee-object-id answer-of-identity ", "--scope /subscriptions/answer-of-account ",
		"pulumi login " + environments.AKS().State.Backend,
		"pulumi stack select aks --create --secrets-provider " + environments.AKS().State.SecretsProvider,
	} {
		if !strings.Contains(aks+"\n", want) {
			t.Errorf("nothing does %q:\n%s", want, aks)
		}
	}
	if byHand := commands(t, environments.AKS(), ""); strings.Contains(byHand, "identity") {
		t.Errorf("without a pipeline there is an identity for one:\n%s", byHand)
	}
	want := "pulumi login file://~\npulumi stack select minikube --create --secrets-provider passphrase"
	if got := commands(t, environments.Minikube(), ""); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestBootstrapStopsAtTheFirstFailure(t *testing.T) {
	t.Parallel()
	broken, calls := errors.New("signed out"), 0
	err := bootstrap(t.Context(), environments.AKS(), "", func(context.Context, string, ...string) (string, error) {
		calls++
		return "", broken
	})
	if !errors.Is(err, broken) || calls != 1 {
		t.Errorf("after %d calls: %v", calls, err)
	}
}
