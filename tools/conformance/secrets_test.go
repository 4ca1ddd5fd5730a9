package conformance_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rondohq/rondo/platform/topology"
)

// The file of the laptop has the shape of Kubernetes' secrets: a name, and keys in it.
func TestASecretHasANameAndKeys(t *testing.T) {
	t.Parallel()
	s := sharedStack(t)
	for _, service := range topology.Services() {
		for _, secret := range service.Secrets() {
			if secret.Optional {
				continue
			}
			values, err := s.node(service).dapr.GetSecret(t.Context(), topology.SecretStore, secret.Name, nil)
			require.NoError(t, err, secret.Name)
			require.Len(t, values, len(secret.Keys), secret.Name)
			for _, key := range secret.Keys {
				require.NotEmpty(t, values[key], "%s of %s", key, secret.Name)
			}
		}
	}
	values, err := s.node(topology.API).dapr.GetSecret(t.Context(), topology.SecretStore, topology.API.Database().Name, nil)
	require.NoError(t, err)
	require.Equal(t, map[string]string{topology.DatabaseURLKey: database.URLs.Roles["rondo_"+topology.API.Name]}, values)
}

func TestASecretOfAnotherServiceIsRefused(t *testing.T) {
	t.Parallel()
	s := sharedStack(t)
	dapr := s.node(topology.Notifier).dapr
	for _, secret := range []topology.Secret{topology.API.Database(), topology.API.AppToken(), topology.StateDatabase, {Name: "no-such"}} {
		_, err := dapr.GetSecret(t.Context(), topology.SecretStore, secret.Name, nil)
		require.Equal(t, codes.PermissionDenied, status.Code(err), "%s: %v", secret.Name, err)
	}
	// Nor do they come with all the others.
	all, err := dapr.GetBulkSecret(t.Context(), topology.SecretStore, nil)
	require.NoError(t, err)
	var own []string
	for _, secret := range topology.Notifier.Secrets() {
		own = append(own, secret.Name)
	}
	for name := range all {
		require.Contains(t, own, name)
	}
}

// A secret that may be read but is not there is an error, also an optional one.
func TestAnAbsentSecretIsAnError(t *testing.T) {
	t.Parallel()
	s := sharedStack(t)
	_, err := s.node(topology.API).dapr.GetSecret(t.Context(), topology.SecretStore, topology.OpenAI.Name, nil)
	require.Equal(t, codes.Internal, status.Code(err), "%v", err)
	require.ErrorContains(t, err, topology.OpenAI.Name)
}
