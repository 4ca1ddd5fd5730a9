package credentials_test

import (
	"bytes"
	"crypto/ecdh"
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/credentials"
	"github.com/rondohq/rondo/components/kafka"
	"github.com/rondohq/rondo/components/postgres"
	"github.com/rondohq/rondo/components/pulumitest"
	"github.com/rondohq/rondo/platform/topology"
)

const secretType = "kubernetes:core/v1:Secret"

func args() credentials.Args {
	a := credentials.Args{
		Namespace: pulumi.String("tenant"), Services: topology.Services(),
		Database: postgres.Database{Owner: pulumi.String("owner-url"), Roles: map[string]pulumi.StringInput{}},
		Broker:   kafka.Broker{Servers: pulumi.String("b:9093")},
	}
	for _, role := range topology.Roles() {
		a.Database.Roles[role.Name] = pulumi.String("url-of-" + role.Name)
	}
	return a
}

func run(t *testing.T, a credentials.Args) *pulumitest.Recorder {
	t.Helper()
	var r pulumitest.Recorder
	err := r.Run(t, "test", func(ctx *pulumi.Context) error {
		_, err := credentials.New(ctx, "x", a)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return &r
}

func TestEverySecretOfTheTopologyIsThereUnderItsNameAndKeys(t *testing.T) {
	t.Parallel()
	r := run(t, args())
	for _, s := range topology.Services() {
		for _, secret := range s.Secrets() {
			if secret.Optional {
				continue
			}
			made := r.Named(t, secretType, secret.Name)
			for _, key := range secret.Keys {
				if text, _ := made.At("stringData", key).(string); text == "" || !made.Inputs["stringData"].IsSecret() {
					t.Errorf("%s has the key %s as %v", secret.Name, key, made.Inputs["stringData"])
				}
			}
		}
	}
	for _, role := range topology.Roles() {
		if got := r.Named(t, secretType, role.Secret.Name).At("stringData", role.Secret.Keys[0]); got != "url-of-"+role.Name {
			t.Errorf("%s connects to %v", role.Name, got)
		}
	}
}

func TestWhatNobodyHasSetIsNotThere(t *testing.T) {
	t.Parallel()
	optional := topology.OpenAI
	has := func(r *pulumitest.Recorder, name string) bool {
		return slices.ContainsFunc(r.All(secretType), func(s pulumitest.Resource) bool { return s.Name == name })
	}
	if has(run(t, args()), optional.Name) {
		t.Errorf("%s exists and is empty", optional.Name)
	}
	a := args()
	a.Outside = map[string]map[string]pulumi.StringInput{optional.Name: {optional.Keys[0]: pulumi.String("k")}}
	if !has(run(t, a), optional.Name) {
		t.Errorf("%s is lost", optional.Name)
	}
}

func TestThePushKeyIsMadeAndOneThatCameAlongIsKept(t *testing.T) {
	t.Parallel()
	a := args()
	a.PushRotation, a.Contact = "second", "mailto:a@example.org"
	r := run(t, a)
	secret := r.Named(t, secretType, topology.WebPush.Name)
	text, _ := secret.At("stringData", topology.WebPushKey).(string)
	scalar, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ecdh.P256().NewPrivateKey(scalar); err != nil {
		t.Error(err)
	}
	if got := secret.At("stringData", topology.WebPushSubjectKey); got != a.Contact {
		t.Errorf("a push service is told to ask %v", got)
	}
	if got := r.One(t, "random:index/randomBytes:RandomBytes").At("keepers", "rotation"); got != a.PushRotation {
		t.Errorf("the key changes with %v", got)
	}
	a.Outside = map[string]map[string]pulumi.StringInput{topology.WebPush.Name: {topology.WebPushKey: pulumi.String("mine")}}
	if got := run(t, a).Named(t, secretType, topology.WebPush.Name).At("stringData", topology.WebPushKey); got != "mine" {
		t.Errorf("the key is %v", got)
	}
}

func TestEveryPushKeyIsAKeyOfP256(t *testing.T) {
	t.Parallel()
	for name, seed := range map[string][]byte{"nothing but zeros": make([]byte, 40), "nothing but ones": bytes.Repeat([]byte{255}, 40)} {
		text, err := credentials.PushKey(base64.StdEncoding.EncodeToString(seed))
		if err != nil {
			t.Fatal(err)
		}
		scalar, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ecdh.P256().NewPrivateKey(scalar); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, wrong := range []string{"", "!", base64.StdEncoding.EncodeToString(make([]byte, 32))} {
		if _, err := credentials.PushKey(wrong); err == nil {
			t.Errorf("%q makes a key", wrong)
		}
	}
}

func TestWrongArgumentsRegisterNothing(t *testing.T) {
	t.Parallel()
	var r pulumitest.Recorder
	err := r.Run(t, "test", func(ctx *pulumi.Context) error {
		_, err := credentials.New(ctx, "x", credentials.Args{Namespace: pulumi.String("tenant")})
		return err
	})
	for _, role := range topology.Roles() {
		if err == nil || !strings.Contains(err.Error(), "the connection string of "+role.Name+" is missing") {
			t.Errorf("got %v", err)
		}
	}
	if got := r.Resources(); len(got) > 0 {
		t.Errorf("registered %v", got)
	}
}
