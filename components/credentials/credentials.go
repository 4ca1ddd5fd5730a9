// Package credentials puts every secret where the sidecars and KEDA read it: one
// Secret of the cluster for each of the topology's.
package credentials

import (
	"fmt"
	"maps"

	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/inputs"
	"github.com/rondohq/rondo/components/kafka"
	"github.com/rondohq/rondo/components/manifest"
	"github.com/rondohq/rondo/components/password"
	"github.com/rondohq/rondo/components/postgres"
	"github.com/rondohq/rondo/environments"
	"github.com/rondohq/rondo/platform/topology"
)

// Type is the type of the component.
const Type = "rondo:credentials:Credentials"

// DatabaseCA is the config map with the authority of the database's certificate.
const DatabaseCA = "database-ca"

// Args are the inputs.
type Args struct {
	Namespace pulumi.StringInput
	Services  []topology.Service
	Database  postgres.Database
	Broker    kafka.Broker
	// Outside are the secrets of the stack's configuration that are there, by the
	// name of the secret and its key.
	Outside map[string]map[string]pulumi.StringInput
	// Rotation changes every generated secret when it changes, but for the key that
	// browsers subscribe to, which PushRotation changes.
	Rotation, PushRotation string
	// Contact is whom a push service may ask about us, a mailto or https address;
	// empty: the project.
	Contact string
}

// Credentials are the secrets of a namespace.
type Credentials struct {
	pulumi.ResourceState

	made map[string]bool
}

// New registers the Credentials. Nothing is registered when the arguments are wrong.
func New(ctx *pulumi.Context, name string, args Args, opts ...pulumi.ResourceOption) (*Credentials, error) {
	needs := []inputs.Need{
		{What: "the namespace", There: args.Namespace != nil},
		{What: "the connection string of the database's owner", There: args.Database.Owner != nil},
	}
	for _, role := range topology.Roles() {
		needs = append(needs, inputs.Need{What: "the connection string of " + role.Name, There: args.Database.Roles[role.Name] != nil})
	}
	if err := inputs.Check(Type, name, needs...); err != nil {
		return nil, err
	}
	c := &Credentials{made: map[string]bool{}}
	if err := ctx.RegisterComponentResource(Type, name, c, opts...); err != nil {
		return nil, err
	}
	put := func(secret topology.Secret, values pulumi.StringMap) error {
		return c.put(ctx, args.Namespace, secret, values)
	}
	for _, s := range args.Services {
		token := s.AppToken()
		word, err := password.New(ctx, token.Name, args.Rotation, pulumi.Parent(c))
		if err != nil {
			return nil, err
		}
		if err := put(token, pulumi.StringMap{topology.TokenKey: word}); err != nil {
			return nil, err
		}
		for _, secret := range s.ExtraSecrets {
			values := pulumi.StringMap{}
			if secret.Name == topology.WebPush.Name {
				if values, err = c.webPush(ctx, args.PushRotation, args.Contact); err != nil {
					return nil, err
				}
			}
			// What people have set counts more: a key that came along keeps subscriptions.
			maps.Copy(values, args.Outside[secret.Name])
			if err := put(secret, values); err != nil {
				return nil, err
			}
		}
	}
	for _, role := range topology.Roles() {
		if err := put(role.Secret, pulumi.StringMap{role.Secret.Keys[0]: args.Database.Roles[role.Name]}); err != nil {
			return nil, err
		}
	}
	if err := put(environments.OwnerDatabase, pulumi.StringMap{topology.DatabaseURLKey: args.Database.Owner}); err != nil {
		return nil, err
	}
	if err := put(environments.Broker, broker(args.Broker)); err != nil {
		return nil, err
	}
	if err := c.putCA(ctx, args); err != nil {
		return nil, err
	}
	return c, ctx.RegisterResourceOutputs(c, pulumi.Map{})
}

func broker(b kafka.Broker) pulumi.StringMap {
	values := pulumi.StringMap{}
	if b.SASL {
		values[environments.BrokerUsernameKey], values[environments.BrokerPasswordKey] = b.Username, b.Password
		if b.CA != nil {
			values[environments.BrokerCAKey] = b.CA
		}
	}
	return values
}

// put registers a secret, once, if there is anything to put into it: an optional
// one that nobody has set must not exist.
func (c *Credentials) put(ctx *pulumi.Context, namespace pulumi.StringInput, secret topology.Secret, values pulumi.StringMap) error {
	if len(values) == 0 || c.made[secret.Name] {
		return nil
	}
	c.made[secret.Name] = true
	_, err := corev1.NewSecret(ctx, secret.Name, &corev1.SecretArgs{
		Metadata:   manifest.Meta(secret.Name, namespace.ToStringOutput().ToStringPtrOutput()),
		Type:       pulumi.String("Opaque"),
		StringData: values, // the SDK makes it secret
	}, pulumi.Parent(c))
	if err != nil {
		return fmt.Errorf("secret %q: %w", secret.Name, err)
	}
	return nil
}

func (c *Credentials) putCA(ctx *pulumi.Context, args Args) error {
	if args.Database.CA == nil {
		return nil
	}
	_, err := corev1.NewConfigMap(ctx, DatabaseCA, &corev1.ConfigMapArgs{
		Metadata: manifest.Meta(DatabaseCA, args.Namespace.ToStringOutput().ToStringPtrOutput()),
		Data:     pulumi.StringMap{postgres.CAFile: args.Database.CA},
	}, pulumi.Parent(c))
	return err
}
