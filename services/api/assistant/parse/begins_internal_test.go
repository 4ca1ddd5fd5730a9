package parse

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What is looked for in a task may begin only with a word that is marked so: each other
// word of the corpora is tried with every matcher, and none of them takes it.
func TestNothingBeginsWhereItIsPassedBy(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../testdata/*.jsonl")
	require.NoError(t, err)
	now := time.Date(2026, time.November, 25, 10, 0, 0, 0, time.UTC)
	passed := 0
	for _, path := range files {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		for line := range strings.Lines(string(content)) {
			var u struct{ Text string }
			require.NoError(t, json.Unmarshal([]byte(line), &u))
			p := &parser{text: u.Text, now: now, zone: time.UTC, today: dateOf(now), tokens: tokenize(u.Text)}
			p.survey()
			for i := range p.tokens {
				if p.mayBegin(i) || p.at(i).kind == opaque {
					continue
				}
				passed++
				_, tag := p.tagAt(i)
				_, priority := p.priorityAt(i)
				_, reminds := p.reminderAt(i)
				_, repeats := p.seriesAt(i)
				_, dated := p.whenAt(i)
				taken := tag > i || priority > i || reminds || repeats || dated
				require.False(t, taken, "%q begins with %q", u.Text, p.at(i).text)
			}
		}
	}
	require.Greater(t, passed, 1000)
}
