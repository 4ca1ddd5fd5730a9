package aiven_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/aiven"
	"github.com/rondohq/rondo/components/pulumitest"
	"github.com/rondohq/rondo/environments"
	"github.com/rondohq/rondo/platform/topology"
)

var account = environments.Aiven{Project: "p", Cloud: "azure-westeurope"}

// now is a value that the recorder knows at once.
func now(t *testing.T, output pulumi.StringInput) string {
	t.Helper()
	known := make(chan string, 1)
	output.ToStringOutput().ApplyT(func(s string) string {
		known <- s
		return s
	})
	return <-known
}

func TestConnectionsVerifyTheServer(t *testing.T) {
	t.Parallel()
	var r pulumitest.Recorder
	err := r.Run(t, "test", func(ctx *pulumi.Context) error {
		made, err := aiven.NewPostgres(ctx, "x", aiven.PostgresArgs{Name: "db", Account: account, Plan: "startup-4"})
		if err != nil {
			return err
		}
		urls := map[string]pulumi.StringInput{"avnadmin": made.Database.Owner}
		maps.Copy(urls, made.Database.Roles)
		for user, url := range urls {
			got := now(t, url)
			if !strings.HasPrefix(got, "postgres://"+user+":"+pulumitest.Generated) ||
				!strings.HasSuffix(got, "@db.aivencloud.example:24944/rondo?sslmode=verify-full&sslrootcert=/etc/rondo/database/ca.pem") {
				t.Errorf("%s connects to %s", user, got)
			}
		}
		if len(urls) != len(topology.Roles())+1 || made.Database.CA == nil {
			t.Errorf("%d logins, authority %v", len(urls), made.Database.CA)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := len(r.All("aiven:index/pgUser:PgUser")); got != len(topology.Roles()) {
		t.Errorf("%d users for %d roles", got, len(topology.Roles()))
	}
}

func TestSidecarsSignInWithAPasswordAndMayDoWhatTheServicesDo(t *testing.T) {
	t.Parallel()
	var r pulumitest.Recorder
	err := r.Run(t, "test", func(ctx *pulumi.Context) error {
		made, err := aiven.NewKafka(ctx, "x", aiven.KafkaArgs{
			Name: "k", Account: account, Plan: "startup-2", Durability: topology.Cloud, Services: topology.Services(),
		})
		if err != nil {
			return err
		}
		// Not the first address, which wants a certificate.
		if got := now(t, made.Broker.Servers); got != "k.aivencloud.example:24957" || !made.Broker.SASL {
			t.Errorf("the broker is at %s", got)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	const aclType = "aiven:index/kafkaAcl:KafkaAcl"
	for _, topic := range topology.Topics() {
		if got := r.Named(t, aclType, topic.Name).At("permission"); got != "readwrite" {
			t.Errorf("%s: %v", topic.Name, got)
		}
	}
	for _, topic := range topology.DeadLetters() {
		if got := r.Named(t, aclType, topic.Name).At("permission"); got != "write" {
			t.Errorf("%s: %v", topic.Name, got)
		}
	}
	service := r.One(t, "aiven:index/kafka:Kafka")
	if got := fmt.Sprint(service.At("kafkaUserConfig", "kafka", "autoCreateTopicsEnable"), service.At("terminationProtection")); got != "false true" {
		t.Errorf("the service makes topics by itself, and is protected: %s", got)
	}
}

func TestWrongArgumentsRegisterNothing(t *testing.T) {
	t.Parallel()
	var r pulumitest.Recorder
	err := r.Run(t, "test", func(ctx *pulumi.Context) error {
		if _, err := aiven.NewKafka(ctx, "x", aiven.KafkaArgs{}); err == nil || !strings.Contains(err.Error(), "the plan is missing") {
			t.Errorf("got %v", err)
		}
		_, err := aiven.NewPostgres(ctx, "x", aiven.PostgresArgs{})
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "the project is missing") || len(r.Resources()) > 0 {
		t.Errorf("got %v and %d resources", err, len(r.Resources()))
	}
}
