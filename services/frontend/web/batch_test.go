package web_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/services/frontend/apiclient"
)

var stepsInput = regexp.MustCompile(`name="steps" value="([^"]+)"`)

// batch posts an action for several tasks, as script does.
func (c *browser) batch(action, value string, tasks ...apiclient.Task) (body string, status int) {
	c.t.Helper()
	c.header = http.Header{"Hx-Request": {"true"}, "Hx-Target": {"list"}, "Hx-Current-Url": {c.b.public + "/tasks"}}
	form := url.Values{"csrf": {c.token}, "action": {action}, "value": {value}}
	for _, task := range tasks {
		form.Add("ids", task.ID)
	}
	w := c.do(http.MethodPost, "/tasks/batch", form)
	return w.Body.String(), w.Code
}

// takeBack sends the form of the toast in an answer.
func (c *browser) takeBack(body string) {
	c.t.Helper()
	found := stepsInput.FindStringSubmatch(body)
	require.NotNil(c.t, found, "there is a way back")
	require.Equal(c.t, http.StatusOK, c.post("/undo", "steps", html.UnescapeString(found[1])).Code)
}

func TestAnActionOnSeveralTasksCanBeTakenBack(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	due := time.Date(2026, time.November, 20, 8, 30, 0, 0, time.UTC)
	first := b.api.add(t, apiclient.Task{Title: "first", DueAt: &due, Tags: []string{"home"}, Priority: apiclient.Low})
	second := b.api.add(t, apiclient.Task{Title: "second", Status: apiclient.Active})
	c := b.member(t)
	before := []apiclient.Task{b.api.tasks[0], b.api.tasks[1]}
	for _, tt := range []struct {
		action, value string
		check         func(first, second apiclient.Task)
	}{
		{"complete", "", func(first, second apiclient.Task) {
			require.Equal(t, []string{apiclient.Completed, apiclient.Completed}, []string{first.Status, second.Status})
		}},
		{"delete", "", func(first, second apiclient.Task) {
			require.Equal(t, []string{apiclient.Cancelled, apiclient.Cancelled}, []string{first.Status, second.Status})
		}},
		{"priority:high", "", func(first, second apiclient.Task) {
			require.Equal(t, []string{apiclient.High, apiclient.High}, []string{first.Priority, second.Priority})
		}},
		{"tag", "Work, #HOME", func(first, second apiclient.Task) {
			require.Equal(t, []string{"Work", "HOME"}, first.Tags)
			require.Equal(t, []string{"Work", "HOME"}, second.Tags)
		}},
		{"untag", "home", func(first, _ apiclient.Task) { require.Empty(t, first.Tags) }},
		{"due:tomorrow", "", func(first, second apiclient.Task) {
			require.Equal(t, "2026-11-24T08:30:00Z", first.DueAt.UTC().Format(time.RFC3339), "the time of day stays")
			require.Equal(t, "2026-11-24T22:59:59Z", second.DueAt.UTC().Format(time.RFC3339), "the end of the day in Berlin")
		}},
		{"due:weekend", "", func(first, _ apiclient.Task) { require.Equal(t, time.Saturday, first.DueAt.Weekday()) }},
		{"due:next-week", "", func(first, _ apiclient.Task) {
			require.Equal(t, "2026-11-30T08:30:00Z", first.DueAt.UTC().Format(time.RFC3339), "today is a Monday, the next one counts")
		}},
		{"due:none", "", func(first, _ apiclient.Task) { require.Nil(t, first.DueAt) }},
		{"due", "2026-12-24", func(first, _ apiclient.Task) {
			require.Equal(t, "2026-12-24T08:30:00Z", first.DueAt.UTC().Format(time.RFC3339))
		}},
		{"shift:-7", "", func(first, second apiclient.Task) {
			require.Equal(t, "2026-11-13T08:30:00Z", first.DueAt.UTC().Format(time.RFC3339))
			require.Nil(t, second.DueAt, "what has no date is not moved")
		}},
	} {
		body, status := c.batch(tt.action, tt.value, first, second)
		require.Equal(t, http.StatusOK, status, tt.action)
		tt.check(b.api.tasks[0], b.api.tasks[1])
		c.takeBack(body)
		for i, task := range b.api.tasks {
			task.Version, task.UpdatedAt = before[i].Version, before[i].UpdatedAt
			if len(before[i].Tags) == 0 && len(task.Tags) == 0 {
				task.Tags = before[i].Tags
			}
			require.Equal(t, before[i], task, "after taking back %s", tt.action)
		}
	}
}

func TestAnActionSaysWhatItCannotDo(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	task := b.api.add(t, apiclient.Task{Title: "there"})
	c := b.member(t)
	for action, want := range map[string]string{
		"priority:urgent": "high, medium or low", "due:someday": "not a date", "tag": "Please fill this in", "explode": "not possible",
	} {
		body, status := c.batch(action, "", task)
		require.Equal(t, http.StatusBadRequest, status, action)
		require.Contains(t, body, want, action)
	}
	body, status := c.batch("complete", "")
	require.Equal(t, http.StatusBadRequest, status)
	require.Contains(t, body, "No task is selected.")
	body, status = c.batch("complete", "", task, apiclient.Task{ID: uuid.NewString()})
	require.Equal(t, http.StatusOK, status, "what could be done is done")
	require.Contains(t, body, "1 of them could not be changed.")
	require.Equal(t, apiclient.Completed, b.api.tasks[0].Status)
}

func TestAStepBackNamesOnlyFieldsOfATask(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	task := b.api.add(t, apiclient.Task{Title: "there"})
	c := b.member(t)
	for _, steps := range []string{"", "[]", "{}", `[{"id":"` + task.ID + `","was":{"version":9}}]`} {
		require.Equal(t, http.StatusBadRequest, c.post("/undo", "steps", steps).Code, steps)
	}
	require.EqualValues(t, 1, b.api.tasks[0].Version)
}

func TestATaskIsMovedBetweenOthers(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	var tasks []apiclient.Task
	for i, title := range []string{"a", "b", "c"} {
		tasks = append(tasks, b.api.add(t, apiclient.Task{Title: title, Position: float64(i + 1)}))
	}
	c := b.member(t)
	move := func(task int, after, before string) {
		t.Helper()
		require.Equal(t, http.StatusSeeOther, c.post("/tasks/"+tasks[task].ID+"/move", "after", after, "before", before).Code)
	}
	move(2, tasks[0].ID, tasks[1].ID)
	require.InDelta(t, 1.5, b.api.tasks[2].Position, 0)
	move(2, "", tasks[0].ID)
	require.InDelta(t, 0.0, b.api.tasks[2].Position, 0)
	move(2, tasks[1].ID, "")
	require.InDelta(t, 3.0, b.api.tasks[2].Position, 0)

	b.api.tasks = []apiclient.Task{b.api.tasks[1], b.api.tasks[0], b.api.tasks[2]} // the fake lists backwards
	b.api.tasks[0].Position, b.api.tasks[1].Position = 7, 7                        // nothing lies between
	move(2, tasks[0].ID, tasks[1].ID)
	require.Greater(t, b.api.tasks[2].Position, b.api.tasks[1].Position)
	require.Greater(t, b.api.tasks[0].Position, b.api.tasks[2].Position, "the one behind has made room")
}

func TestTheMonthShowsEachTaskOnItsDay(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	late := time.Date(2026, time.November, 30, 23, 30, 0, 0, time.UTC) // the first of December in Berlin
	b.api.add(t, apiclient.Task{Title: "Advent", DueAt: &late})
	c := b.member(t)
	body := c.get("/calendar?month=2026-11").Body.String()
	require.Contains(t, body, "November 2026")
	require.Regexp(t, `(?s)id="day-2026-12-01"[^>]*day-outside.*?Advent`, body, "the weeks of a month are shown whole")
	require.NotRegexp(t, `id="day-2026-12-07"`, body)
	require.Regexp(t, `(?s)<thead><tr><th scope="col"><abbr title="Monday"`, body)
	require.Contains(t, c.get("/calendar?month=nonsense").Body.String(), "November 2026", "today's month")
	c.header = http.Header{"Accept-Language": {"en-US"}}
	require.Regexp(t, `(?s)<thead><tr><th scope="col"><abbr title="Sunday"`, c.get("/calendar").Body.String())
}

func TestTheMonthCountsWhatItDoesNotNameAndShowsWhatIsToCome(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	at := time.Date(2026, time.November, 26, 9, 0, 0, 0, time.UTC)
	for range 1200 {
		b.api.add(t, apiclient.Task{Title: "one of many", DueAt: &at})
	}
	later := at.AddDate(0, 0, 1)
	b.api.coming = []apiclient.ToCome{
		{SeriesID: uuid.New(), Title: "Water the plants", Tags: []string{"home"}, OccurrenceAt: later, DueAt: later},
		{SeriesID: uuid.New(), Title: "Too early", OccurrenceAt: at.AddDate(0, -2, 0), DueAt: at.AddDate(0, -2, 0)},
	}
	c := b.member(t)
	body := c.get("/calendar?month=2026-11").Body.String()
	require.Regexp(t, `(?s)id="day-2026-11-26".*?1,?197 more`, body)
	require.Regexp(t, `(?s)id="day-2026-11-27"[^>]*>.*?1 to come.*?day-coming.*?/recurring/[-0-9a-f]+\?from=2026-11-27T09%3A00%3A00Z#change.*?Water the plants`, body)
	require.NotContains(t, body, "Too early")

	agenda := c.get("/upcoming").Body.String()
	require.Regexp(t, `(?s)class="task coming".*?Water the plants`, agenda)
	require.NotContains(t, c.get("/upcoming?tags=work").Body.String(), "Water the plants", "a filter is for what is to come, too")
	require.Contains(t, c.get("/upcoming?tags=home&search=WATER").Body.String(), "Water the plants")
	require.Contains(t, c.get("/tasks?due=2026-11-27").Body.String(), "Water the plants", "that is where the day leads")
	require.NotContains(t, c.get("/tasks?due=2026-11-26").Body.String(), "Water the plants")
}
