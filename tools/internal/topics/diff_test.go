package topics_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/tools/internal/broker"
	"github.com/rondohq/rondo/tools/internal/topics"
)

// cluster is one without topics.
func cluster(t *testing.T, options ...kfake.Opt) string {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(3)}, options...)...)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c.ListenAddrs()[0]
}

func TestApplyMakesTopicsAsTheTopologySays(t *testing.T) {
	t.Parallel()
	addr := cluster(t)
	found, err := topics.Diff(t.Context(), addr, topology.Cloud)
	require.NoError(t, err)
	require.Len(t, found, len(broker.AllTopics()))
	for _, f := range found {
		require.Equal(t, "absent", f.Is)
	}
	applied, err := topics.Apply(t.Context(), addr, topology.Cloud)
	require.NoError(t, err)
	require.Equal(t, found, applied)
	found, err = topics.Diff(t.Context(), addr, topology.Cloud)
	require.NoError(t, err)
	require.Empty(t, found)
	admin, err := broker.Admin(addr)
	require.NoError(t, err)
	t.Cleanup(admin.Close)
	made, err := admin.ListTopics(t.Context())
	require.NoError(t, err)
	require.Len(t, made, len(broker.AllTopics()))
	for _, want := range broker.AllTopics() {
		require.Len(t, made[want.Name].Partitions, want.Partitions)
		require.Equal(t, topology.Cloud.Replication, made[want.Name].Partitions.NumReplicas())
	}
}

func TestApplyGrowsAndAltersAndNeverTakesAway(t *testing.T) {
	t.Parallel()
	addr := cluster(t)
	admin, err := broker.Admin(addr)
	require.NoError(t, err)
	t.Cleanup(admin.Close)
	_, err = topics.Apply(t.Context(), addr, topology.Cloud)
	require.NoError(t, err)

	// One topic is too small, one too large, one forgets too early, one is nobody's.
	small, large, forgetful := topology.TaskEvents, topology.Reminders, topology.TaskUpdates
	remade(t, admin, small.Name, 1, 3)
	remade(t, admin, large.Name, 5, 1)
	minute := "60000"
	_, err = admin.AlterTopicConfigs(t.Context(), []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "retention.ms", Value: &minute}}, forgetful.Name)
	require.NoError(t, err)
	_, err = admin.CreateTopic(t.Context(), 1, 1, nil, "of-another-team")
	require.NoError(t, err)

	found, err := topics.Apply(t.Context(), addr, topology.Cloud)
	require.NoError(t, err)
	is := func(topic, what string) topics.Difference {
		for _, f := range found {
			if f.Topic == topic && f.What == what {
				return f
			}
		}
		require.Fail(t, "nobody noticed", "%s of %s in %+v", what, topic, found)
		return topics.Difference{}
	}
	require.Empty(t, is(small.Name, "partitions").Kept)
	require.NotEmpty(t, is(large.Name, "partitions").Kept)
	require.NotEmpty(t, is(large.Name, "replication").Kept)
	require.Equal(t, minute, is(forgetful.Name, "retention.ms").Is)

	left, err := topics.Diff(t.Context(), addr, topology.Cloud)
	require.NoError(t, err)
	require.Len(t, left, 2)
	for _, f := range left {
		require.Equal(t, large.Name, f.Topic)
		require.NotEmpty(t, f.Kept)
	}
	now, err := admin.ListTopics(t.Context())
	require.NoError(t, err)
	require.Len(t, now[small.Name].Partitions, small.Partitions)
	require.Len(t, now[large.Name].Partitions, 5)
	require.True(t, now.Has("of-another-team"))
}

func remade(t *testing.T, admin *kadm.Client, topic string, partitions int32, replication int16) {
	t.Helper()
	_, err := admin.DeleteTopic(t.Context(), topic)
	require.NoError(t, err)
	_, err = admin.CreateTopic(t.Context(), partitions, replication, nil, topic)
	require.NoError(t, err)
}

func TestBrokersMayAskWhoIsThere(t *testing.T) {
	t.Parallel()
	certificate, authority := selfSigned(t)
	const user, password = "operator", "not a secret of anything"
	for _, mechanism := range []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"} {
		t.Run(mechanism, func(t *testing.T) {
			t.Parallel()
			addr := cluster(t,
				kfake.EnableSASL(), kfake.Superuser(mechanism, user, password),
				kfake.TLS(&tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}))
			security := topics.Security{CA: authority, Mechanism: mechanism, Username: user, Password: password}
			options, err := security.Options()
			require.NoError(t, err)
			_, err = topics.Apply(t.Context(), addr, topology.SingleBroker, options...)
			require.NoError(t, err)
			report, err := topics.Lag(t.Context(), addr, options...)
			require.NoError(t, err)
			require.NotEmpty(t, report.Groups)

			security.Password = "another"
			options, err = security.Options()
			require.NoError(t, err)
			_, err = topics.Diff(t.Context(), addr, topology.SingleBroker, options...)
			require.Error(t, err)
		})
	}
}

func TestWrongSecurityIsNamed(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty.pem")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	for want, s := range map[string]topics.Security{
		`the SASL mechanism "kerberos" is unknown`: {Mechanism: "kerberos", Username: "a", Password: "b"},
		"SASL needs a user name and a password":    {Mechanism: "plain", Username: "a"},
		"needs a SASL mechanism":                   {Username: "a"},
		"no certificate in":                        {CA: empty},
		"no such file":                             {Certificate: "nowhere.pem", Key: "nowhere.key"},
	} {
		_, err := s.Options()
		require.ErrorContains(t, err, want)
	}
}

// selfSigned is a certificate for loopback, and a file of who signed it.
func selfSigned(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "broker"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "authority.pem")
	require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, path
}
