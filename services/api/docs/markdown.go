package docs

import (
	"html"
	"html/template"
	"regexp"
	"strings"
)

// markdown renders the little of CommonMark that the document uses: paragraphs,
// fenced code, `code`, **strong** and *emphasis*. Everything is escaped first.
func markdown(text string) template.HTML {
	var out strings.Builder
	var paragraph []string
	flush := func() {
		if len(paragraph) > 0 {
			out.WriteString("<p>" + string(inline(strings.Join(paragraph, "\n"))) + "</p>\n")
			paragraph = nil
		}
	}
	fenced := false
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		switch {
		case strings.HasPrefix(line, "```"):
			flush()
			if fenced {
				out.WriteString("</code></pre>\n")
			} else {
				out.WriteString("<pre><code>")
			}
			fenced = !fenced
		case fenced:
			out.WriteString(html.EscapeString(line) + "\n")
		case strings.TrimSpace(line) == "":
			flush()
		default:
			paragraph = append(paragraph, line)
		}
	}
	flush()
	return template.HTML(out.String()) //nolint:gosec // escaped above; the document is our own file besides
}

var (
	codeSpan = regexp.MustCompile("`([^`]+)`")
	strong   = regexp.MustCompile(`\*\*([^*]+)\*\*`)
	emphasis = regexp.MustCompile(`\*([^*\s][^*]*)\*`)
)

// inline renders spans. Code is set aside first: stars within it mean themselves.
func inline(text string) template.HTML {
	var spans []string
	escaped := codeSpan.ReplaceAllStringFunc(html.EscapeString(text), func(s string) string {
		spans = append(spans, "<code>"+strings.Trim(s, "`")+"</code>")
		return "\x00"
	})
	escaped = strong.ReplaceAllString(escaped, "<strong>$1</strong>")
	escaped = emphasis.ReplaceAllString(escaped, "<em>$1</em>")
	for _, span := range spans {
		escaped = strings.Replace(escaped, "\x00", span, 1)
	}
	return template.HTML(escaped) //nolint:gosec // see markdown
}
