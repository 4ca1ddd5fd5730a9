// Package program turns the environment of a stack into components and exports.
// It is apart from the command, so that it can also be run in process.
package program

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"

	"github.com/rondohq/rondo/environments"
)

// Run is the program of the stack that ctx names.
func Run(ctx *pulumi.Context) error {
	env, err := environments.Named(ctx.Stack())
	if err != nil {
		return err
	}
	settings, err := environments.ParseSettings(func(key string) (string, bool) {
		return ctx.GetConfig(environments.ConfigNamespace + ":" + key)
	})
	env = env.With(settings)
	outside := stackSecrets{config: config.New(ctx, environments.ConfigNamespace), ctx: ctx}
	err = errors.Join(err, env.Validate(), env.CheckPinned(), env.CheckSecrets(outside.state))
	if err != nil {
		return fmt.Errorf("stack %q:\n%w", env.Name, err)
	}
	return Deploy(ctx, env, outside.read(env))
}

// Secrets are those that come from outside, by name and key.
type Secrets map[string]map[string]pulumi.StringInput

// stackSecrets are the secrets of the stack's configuration.
type stackSecrets struct {
	ctx    *pulumi.Context
	config *config.Config
}

func (s stackSecrets) state(key string) environments.SecretState {
	full := environments.ConfigNamespace + ":" + key
	_, there := s.ctx.GetConfig(full)
	switch {
	case !there:
		return environments.AbsentSecret
	case s.ctx.IsConfigSecret(full):
		return environments.EncryptedSecret
	default:
		return environments.PlainSecret
	}
}

func (s stackSecrets) read(env environments.Environment) Secrets {
	secrets := Secrets{}
	for _, setting := range env.SecretSettings() {
		if s.state(setting.Key) == environments.AbsentSecret {
			continue
		}
		if secrets[setting.Secret.Name] == nil {
			secrets[setting.Secret.Name] = map[string]pulumi.StringInput{}
		}
		secrets[setting.Secret.Name][setting.SecretKey] = s.config.GetSecret(setting.Key)
	}
	return secrets
}

// Deploy registers everything that env asks for. Nothing is registered when env
// has a mistake.
func Deploy(ctx *pulumi.Context, env environments.Environment, outside Secrets) error {
	if err := env.Validate(); err != nil {
		return err
	}
	d := &deployment{ctx: ctx, env: env, outside: outside}
	for _, step := range []func() error{
		d.makeCluster, d.makeOperators, d.makeBroker, d.makeDatabase, d.makeNamespace, d.makeBlocks, d.makeServices, d.makeEdge, d.watch,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	d.export()
	return nil
}
