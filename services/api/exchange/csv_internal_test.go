package exchange

import (
	"encoding/csv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGuardedCellsAreNoFormulasAndComeBack(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]string{
		"":              "",
		"Buy milk":      "Buy milk",
		"=1+1":          "'=1+1",
		"+49 30 123":    "'+49 30 123",
		"-5 °C":         "'-5 °C",
		"@home":         "'@home",
		"\tx":           "'\tx",
		"'=1+1":         "''=1+1",
		"''@":           "'''@",
		"'tis":          "'tis",
		"a=b":           "a=b",
		"=cmd|'/C x'!A": "'=cmd|'/C x'!A",
	} {
		require.Equal(t, want, guard(cell), "%q", cell)
		require.Equal(t, cell, unguard(guard(cell)), "%q", cell)
	}
}

func TestTagsShareACell(t *testing.T) {
	t.Parallel()
	for cell, names := range map[string][]string{
		"":              nil,
		"home":          {"home"},
		"home;work":     {"home", "work"},
		`a\;b;c\\;d`:    {"a;b", `c\`, "d"},
		"Übung;🛒":       {"Übung", "🛒"},
		`\\\;`:          {`\;`},
		"comma, within": {"comma, within"},
	} {
		require.Equal(t, names, splitTags(cell), "%q", cell)
		require.Equal(t, cell, joinTags(names))
	}
	require.Equal(t, []string{"home", "work"}, splitTags(" home ;; work; "))
}

func TestParseCSV(t *testing.T) {
	t.Parallel()
	for file, want := range map[string][]csvRow{
		"title":                      {{1, []string{"title"}}},
		"\ufefftitle\r\nBuy milk":    {{1, []string{"title"}}, {2, []string{"Buy milk"}}},
		"a,b\n1,2\n":                 {{1, []string{"a", "b"}}, {2, []string{"1", "2"}}},
		"a,b\n\n\r\n1,\n":            {{1, []string{"a", "b"}}, {4, []string{"1", ""}}},
		"a,b\n,":                     {{1, []string{"a", "b"}}, {2, []string{"", ""}}},
		"a;b\n1;\"2,5\"\n":           {{1, []string{"a", "b"}}, {2, []string{"1", "2,5"}}},
		"a\n\"x\r\ny\nz\"\nb":        {{1, []string{"a"}}, {2, []string{"x\r\ny\nz"}}, {3, []string{"b"}}},
		"a\n\"say \"\"hi\"\"\"\r\nb": {{1, []string{"a"}}, {2, []string{`say "hi"`}}, {3, []string{"b"}}},
		"a\n\"\"":                    {{1, []string{"a"}}},
	} {
		rows, err := parseCSV(file)
		require.NoError(t, err, "%q", file)
		require.Equal(t, want, rows, "%q", file)
	}
	for file, want := range map[string]string{
		"":                "the file has no header",
		"\n\n":            "the file has no header",
		"a\n\"b":          "row 2: has a cell whose closing quote is missing",
		"a\nb\n\"b\"c":    "row 3: has something between a closing quote and the next cell",
		"a\n5\" pipe, 2m": `row 2: has a quote within a cell that does not begin with one; a quote in a text is written ""`,
	} {
		_, err := parseCSV(file)
		require.EqualError(t, err, want, "%q", file)
	}
}

// What the standard library writes is read back, and what it reads is read alike,
// but for the CR LF within a cell that it changes.
func FuzzParseCSV(f *testing.F) {
	f.Add("a,b\n1,2\n")
	f.Add("a\n\"x\r\ny\"\"\"\n")
	f.Add("\ufeffa;b\r\n;\r\n")
	f.Fuzz(func(t *testing.T, file string) {
		rows, err := parseCSV(file)
		if err != nil {
			return
		}
		var written strings.Builder
		w := csv.NewWriter(&written)
		var want [][]string
		for _, row := range rows {
			want = append(want, row.cells)
			require.NoError(t, w.Write(row.cells))
		}
		w.Flush()
		if strings.HasPrefix(written.String(), "\ufeff") || strings.Contains(rows[0].cells[0], ";") {
			return // a header that reads as something else
		}
		again, err := parseCSV(written.String())
		require.NoError(t, err)
		var got [][]string
		for _, row := range again {
			got = append(got, row.cells)
		}
		require.Equal(t, want, got)
	})
}
