// Package program turns the environment of a stack into components and exports.
// It is apart from the command, so that it can also be run in process.
package program

import (
	"fmt"

	"github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/rondohq/rondo/components/contract"
	"github.com/rondohq/rondo/environments"
)

// Run is the program of the stack that ctx names.
func Run(ctx *pulumi.Context) error {
	env, err := environments.Named(ctx.Stack())
	if err != nil {
		return err
	}
	return Deploy(ctx, env)
}

// Deploy registers everything that env asks for. Nothing is registered when env
// has a mistake.
func Deploy(ctx *pulumi.Context, env environments.Environment) error {
	if err := env.Validate(); err != nil {
		return err
	}
	cluster, err := kubernetes.NewProvider(ctx, "cluster", &kubernetes.ProviderArgs{
		Context:               pulumi.String(env.Cluster.Context),
		EnableServerSideApply: pulumi.Bool(true),
	})
	if err != nil {
		return fmt.Errorf("cluster: %w", err)
	}
	c, err := contract.New(ctx, "rondo", contract.Args{
		Namespace:  env.Namespace,
		Durability: env.Kafka.Durability,
	}, pulumi.Provider(cluster))
	if err != nil {
		return err
	}
	ctx.Export("namespace", c.Namespace)
	return nil
}
