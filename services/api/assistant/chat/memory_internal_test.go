package chat

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMemoryIsTrimmedByWholeTurns(t *testing.T) {
	t.Parallel()
	turn := func(size int) Exchange {
		return Exchange{Said: "a", Steps: []Step{{Call{"find_tasks", json.RawMessage(`{}`)}, Done{Name: "find_tasks"}}}, Answer: strings.Repeat("x", size)}
	}
	many := make([]Exchange, 2*maxExchanges)
	for i := range many {
		many[i] = turn(i)
	}
	large := []Exchange{turn(maxMemory / 2), turn(maxMemory / 2), turn(10)}
	for name, test := range map[string]struct{ all, want []Exchange }{
		"few":              {many[:3], many[:3]},
		"many":             {many, many[maxExchanges:]},
		"large":            {large, large[1:]},
		"one that is huge": {[]Exchange{turn(10), turn(maxMemory)}, []Exchange{}},
	} {
		data, err := trim(test.all)
		require.NoError(t, err)
		var have []Exchange
		require.NoError(t, json.Unmarshal(data, &have))
		require.Equal(t, test.want, have, name)
		require.LessOrEqual(t, len(data), maxMemory, name)
	}
}
