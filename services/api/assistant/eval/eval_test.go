package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func corpora(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../testdata/*.jsonl")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

func TestTheParserHoldsItsMarks(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	status := run(append([]string{"-v"}, corpora(t)...), &out, &out)
	require.Zero(t, status, "%s", &out)
}

func TestTheCorpusIsLargeAndAQuarterOfItIsTraps(t *testing.T) {
	t.Parallel()
	var all, traps int
	seen := map[string]bool{}
	for _, path := range corpora(t) {
		results, err := judgeFile(path)
		require.NoError(t, err)
		for _, r := range results {
			require.False(t, seen[r.Text+r.Now], "%q is there twice", r.Text)
			seen[r.Text+r.Now] = true
			all++
			if r.Kind == negative {
				traps++
				require.Equal(t, r.Text, r.Want.Title, "a trap expects its whole text as the title")
			}
		}
	}
	require.GreaterOrEqual(t, all, 600)
	require.GreaterOrEqual(t, 4*traps, all)
}

// A corpus that the parser reads wrongly has to fail each mark.
func TestEvalFailsBelowTheMarks(t *testing.T) {
	t.Parallel()
	const line = `{"text": "call mom every friday", "now": "2026-11-25T10:00:00+01:00", "timezone": "Europe/Berlin", "kind": "negative", "want": {"intent": "create_task", "title": "call mom every friday", "priority": "high"}}`
	utterances, err := read([]byte(line))
	require.NoError(t, err)
	wrong, err := judge(utterances[0])
	require.NoError(t, err)
	for _, m := range marks {
		require.True(t, m.missed([]result{wrong}), m.name)
	}
	var out bytes.Buffer
	require.False(t, report(&out, "wrong", []result{wrong}))
	require.Equal(t, len(marks), strings.Count(out.String(), "MISSED"))
}
