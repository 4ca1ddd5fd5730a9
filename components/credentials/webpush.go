package credentials

import (
	"crypto/elliptic"
	"encoding/base64"
	"fmt"
	"math/big"

	"github.com/pulumi/pulumi-random/sdk/v4/go/random"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/inputs"
	"github.com/rondohq/rondo/platform/topology"
)

// randomBytes are 64 bits more than the key has, so that no key is likelier than
// another (FIPS 186-5 §A.2.1).
const randomBytes = 40

// webPush makes Rondo's key as an application server. It has a rotation of its own:
// browsers subscribe to it, and a new one costs them their subscriptions.
func (c *Credentials) webPush(ctx *pulumi.Context, rotation, contact string) (pulumi.StringMap, error) {
	made, err := random.NewRandomBytes(ctx, topology.WebPush.Name, &random.RandomBytesArgs{
		Length: pulumi.Int(randomBytes), Keepers: pulumi.StringMap{"rotation": pulumi.String(rotation)},
	}, pulumi.Parent(c))
	if err != nil {
		return nil, fmt.Errorf("the key of %s: %w", topology.WebPush.Name, err)
	}
	key := made.Base64.ApplyT(PushKey).(pulumi.StringOutput) //nolint:errcheck,forcetypeassert // the function's type
	values := pulumi.StringMap{topology.WebPushKey: inputs.Secret(key)}
	if contact != "" {
		values[topology.WebPushSubjectKey] = pulumi.String(contact)
	}
	return values, nil
}

// PushKey turns random bytes, in base64, into a private key of P-256 in base64url.
func PushKey(bytes string) (string, error) {
	seed, err := base64.StdEncoding.DecodeString(bytes)
	if err != nil || len(seed) < randomBytes {
		return "", fmt.Errorf("a key takes %d random bytes in base64", randomBytes)
	}
	one := big.NewInt(1)
	most := new(big.Int).Sub(elliptic.P256().Params().N, one)
	scalar := new(big.Int).SetBytes(seed)
	scalar.Mod(scalar, most).Add(scalar, one)
	return base64.RawURLEncoding.EncodeToString(scalar.FillBytes(make([]byte, 32))), nil
}
