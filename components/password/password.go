// Package password makes the credentials that nobody chooses.
package password

import (
	"fmt"

	"github.com/pulumi/pulumi-random/sdk/v4/go/random"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/inputs"
)

// length of letters and digits, which carry 190 bits.
const length = 32

// New makes a password of letters and digits. It stays the same until rotation
// changes. The output is secret.
func New(ctx *pulumi.Context, name, rotation string, opts ...pulumi.ResourceOption) (pulumi.StringOutput, error) {
	made, err := random.NewRandomPassword(ctx, name, &random.RandomPasswordArgs{
		Length: pulumi.Int(length),
		// It is part of connection strings, where other characters have a meaning.
		Special: pulumi.Bool(false),
		Keepers: pulumi.StringMap{"rotation": pulumi.String(rotation)},
	}, opts...)
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("password %q: %w", name, err)
	}
	return inputs.Secret(made.Result), nil
}
