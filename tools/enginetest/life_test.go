package enginetest

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/environments"
	"github.com/rondohq/rondo/tools/internal/engine"
)

func TestTheLifeOfAStack(t *testing.T) {
	t.Parallel()
	for _, env := range environments.All() {
		t.Run(env.Name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, env)
			steps, err := b.Preview(t.Context(), false)
			require.NoError(t, err)
			require.NoError(t, engine.WriteTree(os.Stdout, steps))
			steps, err = b.Up(t.Context())
			require.NoError(t, err)
			require.NoError(t, engine.WriteTree(os.Stdout, steps))
			steps, err = b.Up(t.Context())
			require.NoError(t, err)
			require.NoError(t, engine.WriteTree(os.Stdout, steps))
			steps, err = b.Destroy(t.Context())
			require.NoError(t, err)
			require.NoError(t, engine.WriteTree(os.Stdout, steps))
		})
	}
}
