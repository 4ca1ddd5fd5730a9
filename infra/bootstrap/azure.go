package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/rondohq/rondo/environments"
)

// group holds what outlives every stack.
const group = "rondo-state"

// deployer is the identity that the pipeline signs in as, without a password: GitHub
// vouches for it (OIDC).
const deployer = "rondo-deploy"

func bootstrap(ctx context.Context, env environments.Environment, repository string, sh shell) error {
	backend, err := url.Parse(env.State.Backend)
	if err != nil {
		return fmt.Errorf("the backend of %s: %w", env.Name, err)
	}
	if backend.Scheme == "azblob" {
		if err := azure(ctx, env, repository, sh); err != nil {
			return err
		}
	}
	if _, err := sh(ctx, "pulumi", "login", env.State.Backend); err != nil {
		return err
	}
	_, err = sh(ctx, "pulumi", "stack", "select", env.Name, "--create", "--secrets-provider", env.State.SecretsProvider)
	return err
}

// azure makes the storage, the key and the identity. az leaves alone what is there.
func azure(ctx context.Context, env environments.Environment, repository string, sh shell) error {
	backend, err := url.Parse(env.State.Backend)
	if err != nil {
		return fmt.Errorf("the backend of %s: %w", env.Name, err)
	}
	key, err := url.Parse(env.State.SecretsProvider)
	if err != nil {
		return fmt.Errorf("the secrets provider of %s: %w", env.Name, err)
	}
	container, account := backend.Host, backend.Query().Get("storage_account")
	vault, _, _ := strings.Cut(key.Host, ".")
	keyName := key.Path[strings.LastIndex(key.Path, "/")+1:]
	az := func(args ...string) (string, error) {
		return sh(ctx, "az", append(args, "--output", "tsv")...)
	}
	do := func(commands ...[]string) error {
		for _, command := range commands {
			if _, err := az(command...); err != nil {
				return err
			}
		}
		return nil
	}
	err = do(
		[]string{"group", "create", "--name", group, "--location", env.Cluster.Azure.Location},
		[]string{
			"storage", "account", "create", "--name", account, "--resource-group", group, "--sku", "Standard_ZRS",
			"--allow-blob-public-access", "false", "--min-tls-version", "TLS1_2",
		},
		// A broken state is put back by going back a version.
		[]string{
			"storage", "account", "blob-service-properties", "update", "--account-name", account, "--resource-group", group,
			"--enable-versioning", "true",
		},
		[]string{"storage", "container", "create", "--name", container, "--account-name", account, "--auth-mode", "login"},
		[]string{
			"keyvault", "create", "--name", vault, "--resource-group", group, "--enable-rbac-authorization", "true",
			"--enable-purge-protection", "true",
		},
		[]string{"keyvault", "key", "create", "--vault-name", vault, "--name", keyName, "--kty", "RSA", "--size", "3072"},
	)
	if err != nil || repository == "" {
		return err
	}
	subscription, err := az("account", "show", "--query", "id")
	if err != nil {
		return err
	}
	principal, err := az("identity", "create", "--name", deployer, "--resource-group", group, "--query", "principalId")
	if err != nil {
		return err
	}
	whole := "/subscriptions/" + subscription
	inGroup := whole + "/resourceGroups/" + group + "/providers/"
	// One subject for each of the pipeline's environments: reviewing, and deploying.
	for _, environment := range []string{env.Name + "-preview", env.Name} {
		_, err := az("identity", "federated-credential", "create", "--name", environment, "--identity-name", deployer,
			"--resource-group", group, "--issuer", "https://token.actions.githubusercontent.com",
			"--subject", "repo:"+repository+":environment:"+environment, "--audiences", "api://AzureADTokenExchange")
		if err != nil {
			return err
		}
	}
	for _, grant := range []struct{ role, scope string }{
		{"Contributor", whole},
		// The program lets the cluster join its network.
		{"Role Based Access Control Administrator", whole},
		{"Storage Blob Data Contributor", inGroup + "Microsoft.Storage/storageAccounts/" + account},
		{"Key Vault Crypto User", inGroup + "Microsoft.KeyVault/vaults/" + vault},
	} {
		_, err := az("role", "assignment", "create", "--assignee-object-id", principal, "--assignee-principal-type", "ServicePrincipal",
			"--role", grant.role, "--scope", grant.scope)
		if err != nil {
			return err
		}
	}
	return nil
}
