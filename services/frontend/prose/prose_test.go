package prose_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/services/frontend/prose"
)

// written writes blocks so that one sees what they are.
func written(blocks []prose.Block) string {
	var parts []string
	for _, b := range blocks {
		var lines []string
		for _, line := range b.Lines {
			var text strings.Builder
			for _, span := range line {
				text.WriteString(map[prose.Style]string{prose.Plain: "", prose.Bold: "b:", prose.Mono: "m:"}[span.Style] + span.Text + "|")
			}
			lines = append(lines, text.String())
		}
		name := map[prose.Kind]string{prose.Paragraph: "p", prose.Bullets: "ul", prose.Numbers: "ol", prose.Code: "code"}[b.Kind]
		parts = append(parts, name+"["+strings.Join(lines, " / ")+b.Code+"]")
	}
	return strings.Join(parts, " ")
}

func TestWhatModelsWrite(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                               "",
		"One.\nTwo.\n\nThree.":           "p[One.| / Two.|] p[Three.|]",
		"You have **3 tasks**, `today`.": "p[You have |b:3 tasks|, |m:today|.|]",
		"Due:\n- milk\n* eggs\n  brown":  "p[Due:|] ul[milk| / eggs| brown|]",
		"1. first\n2. second":            "ol[first| / second|]",
		"```go\nx := 1\n\n- y\n```\nend": "code[x := 1\n\n- y] p[end|]",
		"```\nhalf":                      "code[half]",
		"2 ** 3 ** 4 and **half":         "p[2 ** 3 ** 4 and **half|]",
		"**a**b** `":                     "p[b:a|b** `|]",
		"<b>no</b> [link](javascript:x)": "p[<b>no</b> [link](javascript:x)|]",
		"-5 degrees, 1.5 hours":          "p[-5 degrees, 1.5 hours|]",
	} {
		require.Equal(t, want, written(prose.Read(text)), "%q", text)
	}
}

// An answer is shown while it comes: what is there already must not be read anew.
func TestMoreTextChangesOnlyTheEnd(t *testing.T) {
	t.Parallel()
	text := "Here is **what** is due:\n\n1. milk\n2. `eggs` and\n   bread\n- more\n\n```\ncode - x\n```\nThat is\n* all.\n"
	var before []prose.Block
	for end := range len(text) + 1 {
		blocks := prose.Read(text[:end])
		require.GreaterOrEqual(t, len(blocks), len(before), "%q", text[:end])
		if n := len(before); n > 0 {
			require.Equal(t, written(before[:n-1]), written(blocks[:n-1]), "%q", text[:end])
		}
		before = blocks
	}
}
