package conformance_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/dapr/go-sdk/client"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/tools/internal/postgresserver"
)

// sessionKey is a key as services make it.
func sessionKey(t *testing.T) string {
	t.Helper()
	return "session:0198a5a0-0000-7000-8000-000000000001:" + t.Name()
}

// stateRow reads a key as the owner of the state store's schema sees it.
func stateRow(t *testing.T, key string) (value string, expires *time.Time, err error) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), database.URLs.Roles[topology.StateSchema])
	require.NoError(t, err)
	defer conn.Close(context.WithoutCancel(t.Context()))
	err = conn.QueryRow(t.Context(), `SELECT convert_from(value, 'UTF8'), expires_at FROM `+topology.StateSchema+`.state WHERE key = $1`, key).Scan(&value, &expires)
	return value, expires, err
}

func TestStateIsKeptUnderTheVeryKey(t *testing.T) {
	t.Parallel()
	s := sharedStack(t)
	key := sessionKey(t)
	require.NoError(t, s.node(topology.Frontend).dapr.SaveState(t.Context(), topology.StateStore, key, []byte(`{"csrf":"x"}`), map[string]string{"ttlInSeconds": "86400"}))
	value, expires, err := stateRow(t, key)
	require.NoError(t, err)
	require.JSONEq(t, `{"csrf":"x"}`, value)
	require.WithinDuration(t, time.Now().Add(24*time.Hour), *expires, time.Hour)

	// Another app of the store reads it: the key has no app in it.
	item, err := s.node(topology.API).dapr.GetState(t.Context(), topology.StateStore, key, nil)
	require.NoError(t, err)
	require.JSONEq(t, `{"csrf":"x"}`, string(item.Value))
	// An app outside the component's scopes does not know the store.
	_, err = s.node(topology.Notifier).dapr.GetState(t.Context(), topology.StateStore, key, nil)
	require.Error(t, err)

	// The store's role sees its own schema, and the owner of everything else does not see it.
	conn, err := pgx.Connect(t.Context(), database.URLs.Owner)
	require.NoError(t, err)
	defer conn.Close(context.WithoutCancel(t.Context()))
	_, err = conn.Exec(t.Context(), `SELECT 1 FROM `+topology.StateSchema+`.state`)
	require.ErrorContains(t, err, "permission denied", postgresserver.Owner)
	var elsewhere int
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_tables WHERE tablename IN ('state', 'dapr_metadata') AND schemaname <> $1`, topology.StateSchema).Scan(&elsewhere))
	require.Zero(t, elsewhere)
}

func TestStateComesBackByteByByte(t *testing.T) {
	t.Parallel()
	s := sharedStack(t)
	dapr := s.node(topology.Frontend).dapr
	for name, value := range map[string]string{
		"JSON":   `{"a": [1, 2.50, "Ü"]}`,
		"text":   "no JSON at all",
		"binary": "\x00\xff\xfe",
	} {
		require.NoError(t, dapr.SaveState(t.Context(), topology.StateStore, sessionKey(t)+name, []byte(value), nil))
		item, err := dapr.GetState(t.Context(), topology.StateStore, sessionKey(t)+name, nil)
		require.NoError(t, err)
		require.Equal(t, value, string(item.Value), name)
	}
}

func TestStateExpires(t *testing.T) {
	t.Parallel()
	s := sharedStack(t)
	dapr := s.node(topology.Frontend).dapr
	key := sessionKey(t)
	load := func(key string) string {
		item, err := dapr.GetState(t.Context(), topology.StateStore, key, nil)
		require.NoError(t, err)
		return string(item.Value)
	}
	save := func(key, ttl string) {
		require.NoError(t, dapr.SaveState(t.Context(), topology.StateStore, key, []byte(`"here"`), map[string]string{"ttlInSeconds": ttl}))
	}
	save(key, "1")
	save(key+"-renewed", "1")
	save(key+"-renewed", "600") // as a session does with each use
	require.Equal(t, `"here"`, load(key))
	await(t, "the key expires", func() bool { return load(key) == "" })
	require.Equal(t, `"here"`, load(key+"-renewed"))
	// The row itself goes with the next clean-up.
	_, _, err := stateRow(t, key)
	require.True(t, err == nil || errors.Is(err, pgx.ErrNoRows), "%v", err)
}

// An absent key is no error, and neither is deleting it; an entity tag guards
// against a lost update.
func TestStateIsGuardedByItsEtag(t *testing.T) {
	t.Parallel()
	s := sharedStack(t)
	dapr := s.node(topology.Frontend).dapr
	key := sessionKey(t)
	item, err := dapr.GetState(t.Context(), topology.StateStore, key, nil)
	require.NoError(t, err)
	require.Empty(t, item.Value)
	require.Empty(t, item.Etag)
	require.NoError(t, dapr.DeleteState(t.Context(), topology.StateStore, key, nil))

	require.NoError(t, dapr.SaveState(t.Context(), topology.StateStore, key, []byte(`1`), nil))
	first, err := dapr.GetState(t.Context(), topology.StateStore, key, nil)
	require.NoError(t, err)
	require.NotEmpty(t, first.Etag)
	require.NoError(t, dapr.SaveStateWithETag(t.Context(), topology.StateStore, key, []byte(`2`), first.Etag, nil))
	err = dapr.SaveStateWithETag(t.Context(), topology.StateStore, key, []byte(`3`), first.Etag, nil)
	require.Equal(t, codes.Aborted, status.Code(err), "%v", err)
	err = dapr.DeleteStateWithETag(t.Context(), topology.StateStore, key, &client.ETag{Value: first.Etag}, nil, nil)
	require.Equal(t, codes.Aborted, status.Code(err), "%v", err)
	second, err := dapr.GetState(t.Context(), topology.StateStore, key, nil)
	require.NoError(t, err)
	require.Equal(t, "2", string(second.Value))

	// Without a tag the last writer wins; "first write" refuses to replace.
	require.NoError(t, dapr.SaveState(t.Context(), topology.StateStore, key, []byte(`4`), nil))
	err = dapr.SaveState(t.Context(), topology.StateStore, key, []byte(`5`), nil, client.WithConcurrency(client.StateConcurrencyFirstWrite))
	require.Error(t, err)
}
