package web_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/services/frontend/apiclient"
)

// reader reads "tomorrow" and "#work" as the api does, and nothing else.
func reader(text string) apiclient.Parsed {
	parsed := apiclient.Parsed{Intent: apiclient.IntentTask, Title: text}
	for phrase, kind := range map[string]string{"tomorrow": "date", "#work": "tag"} {
		before, _, found := strings.Cut(text, phrase)
		if !found {
			continue
		}
		start := len([]rune(before))
		parsed.Spans = append(parsed.Spans, apiclient.Span{Start: start, End: start + len(phrase), Kind: kind})
		parsed.Title = strings.TrimSpace(strings.ReplaceAll(parsed.Title, phrase, ""))
		if kind == "tag" {
			parsed.Tags = []string{"work"}
			continue
		}
		due := time.Date(2026, time.November, 24, 0, 0, 0, 0, time.FixedZone("", 3600))
		parsed.DueAt = &due
	}
	return parsed
}

func TestWhatIsTypedBecomesATaskAsItIsUnderstood(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	b.api.parse = reader
	c := b.member(t)
	w := c.post("/tasks", "title", "Call Tom tomorrow #work", "key", "one")
	require.Equal(t, http.StatusSeeOther, w.Code, w.Body)
	task := b.api.tasks[0]
	require.Equal(t, "Call Tom", task.Title)
	require.Equal(t, []string{"work"}, task.Tags)
	require.Equal(t, "2026-11-24T22:59:59Z", task.DueAt.UTC().Format(time.RFC3339), "the end of the day in Berlin")

	c.post("/tasks", "title", "Read tomorrow's paper", "plain", "tomorrow", "key", "two")
	require.Equal(t, "Read tomorrow's paper", b.api.tasks[1].Title, "what is left as text stays where it was")
	require.Nil(t, b.api.tasks[1].DueAt)

	c.post("/tasks", "title", "Call Eve tomorrow", "due", "2026-12-01", "priority", "low", "key", "three")
	require.Equal(t, "2026-12-01", b.api.tasks[2].DueAt.Format("2006-01-02"), "what is chosen by hand counts")

	b.api.fail = func(r *http.Request) error {
		if strings.HasSuffix(r.URL.Path, "/parse") {
			return errors.New("away")
		}
		return nil
	}
	c.post("/tasks", "title", "Call Ann tomorrow", "key", "four")
	require.Equal(t, "Call Ann tomorrow", b.api.tasks[3].Title, "a reader that is away costs no task")
}

func TestChipsSayWhatIsUnderstoodAndWhatIsLeftAsText(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	b.api.parse = reader
	c := b.member(t)
	c.header = http.Header{"Hx-Request": {"true"}, "Hx-Target": {"understood"}}
	ask := func(title string, plain ...string) string {
		return c.get("/quick-add?" + url.Values{"title": {title}, "plain": plain}.Encode()).Body.String()
	}
	body := ask("Grüße tomorrow #work")
	require.Contains(t, body, `data-plain="tomorrow"`, "places count characters, not bytes")
	require.Contains(t, body, "Tomorrow")
	require.Contains(t, body, `data-plain="#work"`)
	body = ask("Grüße tomorrow #work", "tomorrow")
	require.Contains(t, body, `data-meaning="tomorrow"`)
	require.NotContains(t, body, `data-plain="tomorrow"`)
	require.NotContains(t, ask("Grüße", "tomorrow"), "tomorrow", "what is no longer there is forgotten")
	require.NotContains(t, ask(`<b>tomorrow`), "<b>")
}
