package exchange_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/api/exchange"
)

// the day on which the files in testdata/calendars are imported.
var today = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// only is those fields of a task or series that are named.
func only(item map[string]any, fields ...string) string {
	var all []string
	for _, field := range fields {
		all = append(all, fmt.Sprintf("%v", item[field]))
	}
	return strings.Join(all, " | ")
}

func byTitle(items []map[string]any) map[string]map[string]any {
	all := map[string]map[string]any{}
	for _, item := range items {
		title := fmt.Sprint(item["title"])
		for all[title] != nil {
			title += "'"
		}
		all[title] = item
	}
	return all
}

// Files in the style of other programs become what a person sees in those.
func TestCalendarsOfOtherPrograms(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.now = today
	for name, test := range map[string]struct {
		result exchange.Result
		tasks  map[string]string // title: due_at, priority, status, tags, reminders, completed_at
		series map[string]string // title: dtstart, timezone, rrule, exdate, reminder_offsets, status
		check  func(tasks, series map[string]map[string]any)
	}{
		"apple-reminders": {
			result: exchange.Result{Created: 3, SeriesCreated: 1, Ignored: []exchange.Ignored{
				{What: "VALARM", Count: 2, Reason: "an alarm that is no time before the due date, nor an instant"},
			}},
			tasks: map[string]string{
				"Call grandma":            "2026-11-27T17:00:00Z | high | pending | [] | at 2026-11-27T17:00:00Z pending | <nil>",
				"Look up the photo album": "<nil> | medium | completed | [] |  | 2026-11-20T12:00:00Z",
				// Open since Saturday; the next one is the series' to make.
				"Water the plants": "2026-11-21T18:00:00Z | medium | pending | [] |  | <nil>",
			},
			series: map[string]string{"Water the plants": "2026-11-21T19:00:00 | Europe/Berlin | FREQ=WEEKLY | [] | [30] | pending"},
			check: func(tasks, series map[string]map[string]any) {
				require.Equal(t, "Ask about the recipe, the one with apples\nand the photo album", tasks["Call grandma"]["description"])
				require.InDelta(t, 754321000, tasks["Call grandma"]["position"], 0)
				require.Equal(t, "2026-11-19T10:11:12Z", tasks["Call grandma"]["created_at"])
				require.Equal(t, tasks["Call grandma"]["id"], tasks["Look up the photo album"]["parent_id"])
				require.Equal(t, series["Water the plants"]["id"], tasks["Water the plants"]["series_id"])
				require.Equal(t, "2026-11-21T18:00:00Z", tasks["Water the plants"]["occurrence_at"])
			},
		},
		"thunderbird": {
			result: exchange.Result{Created: 3, SeriesCreated: 1, TagsCreated: 3, Ignored: []exchange.Ignored{
				{What: "VEVENT", Count: 1, Reason: "events are no tasks"},
			}},
			tasks: map[string]string{
				"Review the report":   "2026-11-25T22:00:00Z | low | active | [Q4, final Work Übersicht] | 1935 pending, 60 pending | <nil>",
				"Stand-up":            "2026-11-18T14:45:00Z | medium | completed | [] |  | 2026-11-18T15:00:00Z",
				"Stand-up, with cake": "2026-11-24T16:00:00Z | medium | pending | [] |  | <nil>",
			},
			// Due at its end, which is when ours occur.
			series: map[string]string{"Stand-up": "2026-11-02T09:45:00 | America/New_York | FREQ=WEEKLY;BYDAY=MO,WE | [2026-11-11T09:45:00] | [] | pending"},
			check: func(tasks, series map[string]map[string]any) {
				require.Equal(t, series["Stand-up"]["id"], tasks["Stand-up, with cake"]["series_id"])
				require.Equal(t, "2026-11-23T14:45:00Z", tasks["Stand-up, with cake"]["occurrence_at"])
			},
		},
		"nextcloud-tasks": {
			result: exchange.Result{Created: 6, SeriesCreated: 1, TagsCreated: 2},
			tasks: map[string]string{
				"Floating":         "2026-11-30T11:00:00Z | high | pending | [garden home] |  | <nil>",
				"A date alone":     "2026-11-30T22:59:59Z | medium | pending | [] | at 2026-11-30T07:00:00Z pending | <nil>",
				"Starts and lasts": "2026-11-30T13:30:00Z | medium | pending | [] |  | <nil>",
				"Only starts":      "2026-12-01T22:59:59Z | medium | pending | [] |  | <nil>",
				"Without a UID":    "<nil> | medium | completed | [] |  | 2026-11-09T08:00:00Z",
				"Untitled":         "<nil> | medium | cancelled | [] |  | <nil>",
			},
			series: map[string]string{"Rent": "2026-11-30 | Europe/Berlin | FREQ=MONTHLY;BYMONTHDAY=-1 | [] | [] | pending"},
			check: func(tasks, _ map[string]map[string]any) {
				require.Equal(t, tasks["Floating"]["id"], tasks["A date alone"]["parent_id"])
				require.Nil(t, tasks["Only starts"]["parent_id"])
				require.Equal(t, "2026-11-10T08:00:00Z", tasks["Floating"]["created_at"])
			},
		},
		"outlook": {
			result: exchange.Result{Created: 2, Ignored: []exchange.Ignored{
				{What: "VJOURNAL", Count: 1, Reason: "journal entries are no tasks"},
				{What: "VTODO", Count: 1, Reason: "older versions of a task that is in the file too"},
			}},
			tasks: map[string]string{
				"Angebot prüfen":        "2026-11-26T15:30:00Z | medium | pending | [] | 525 pending | <nil>",
				"By its offsets, moved": "2026-11-28T00:30:00Z | medium | pending | [] |  | <nil>",
			},
			check: func(tasks, _ map[string]map[string]any) {
				require.Equal(t, "Line one\n\nLine \"two\" with a path C:\\temp", tasks["Angebot prüfen"]["description"])
			},
		},
	} {
		ada := b.userIn(t, "Europe/Berlin")
		body, err := os.ReadFile("testdata/calendars/" + name + ".ics")
		require.NoError(t, err)
		body = []byte(strings.ReplaceAll(string(body), "\n", "\r\n"))
		result, err := b.Import(t.Context(), ada, exchange.Calendar, body)
		require.NoError(t, err, name)
		require.Equal(t, test.result, result, name)
		kept := read(t, b.export(t, ada, exchange.JSON))
		tasks, series := map[string]string{}, map[string]string{}
		for title, item := range byTitle(kept.Tasks) {
			var alarms []string
			for _, r := range reminders(item) {
				when := fmt.Sprint(r["offset_minutes"])
				if r["remind_at"] != nil {
					when = "at " + fmt.Sprint(r["remind_at"])
				}
				alarms = append(alarms, when+" "+fmt.Sprint(r["status"]))
			}
			tasks[title] = only(item, "due_at", "priority", "status", "tags") + " | " + strings.Join(alarms, ", ") + " | " + only(item, "completed_at")
		}
		for title, item := range byTitle(kept.Series) {
			series[title] = only(item, "dtstart", "timezone", "rrule", "exdate", "reminder_offsets", "status")
		}
		require.Equal(t, test.tasks, tasks, name)
		require.Len(t, series, len(test.series), name)
		for title, want := range test.series {
			require.Equal(t, want, series[title], name)
		}
		test.check(byTitle(kept.Tasks), byTitle(kept.Series))

		// Once more changes nothing.
		again, err := b.Import(t.Context(), ada, exchange.Calendar, body)
		require.NoError(t, err)
		require.Equal(t, exchange.Result{Skipped: result.Created + result.SeriesCreated, Ignored: result.Ignored}, again, name)
		require.Equal(t, essence(kept), essence(read(t, b.export(t, ada, exchange.JSON))))
	}
}

func TestBadCalendarsNameTheLineAndThePropertyAndNothingIsImported(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.now = today
	ada := b.user(t)
	todo := func(lines string) string {
		return "BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:good\nEND:VTODO\nBEGIN:VTODO\n" + lines + "\nEND:VTODO\nEND:VCALENDAR\n"
	}
	for body, want := range map[string]fault.Field{
		"title\na\n":         {Row: 1, Name: "line", Message: `is no content line, which looks like NAME:value; it is "title"`},
		todo("DUE:tomorrow"): {Row: 6, Name: "VTODO.DUE", Message: `must be a time such as 20261124T090000Z or a date such as 20261124, not "TOMORROW"`},
		todo("SUMMARY:x\nDUE;TZID=Moon:20261124T090000"):                      {Row: 7, Name: "VTODO.DUE", Message: `names the time zone "Moon", which is neither an IANA zone nor like one`},
		todo("PRIORITY:urgent"):                                               {Row: 6, Name: "VTODO.PRIORITY", Message: "must be a whole number from 0 to 9"},
		todo("SUMMARY:" + strings.Repeat("x", 256)):                           {Row: 6, Name: "VTODO.SUMMARY", Message: "must have at most 255 characters"},
		todo("SUMMARY:x\nCATEGORIES:" + strings.Repeat("x", 51)):              {Row: 7, Name: "VTODO.CATEGORIES", Message: "must have at most 50 characters"},
		todo("RRULE:FREQ=DAILY"):                                              {Row: 5, Name: "VTODO.DTSTART", Message: "is required of a task that repeats"},
		todo("DTSTART:20261124T090000Z\nRRULE:FREQ=MONTHLY;BYMONTHDAY=32"):    {Row: 7, Name: "VTODO.RRULE", Message: "BYMONTHDAY: \"32\" is no value of BYMONTHDAY, which takes numbers from 1 to 31, or from -31 to -1 counted from the end."},
		todo("DTSTART:20261124T090000Z\nRRULE:FREQ=DAILY\nRRULE:FREQ=WEEKLY"): {Row: 8, Name: "VTODO.RRULE", Message: "is the second rule: one task repeats by one rule"},
		todo("SUMMARY:x\nBEGIN:VALARM\nTRIGGER:soon\nEND:VALARM"):             {Row: 8, Name: "VALARM.TRIGGER", Message: `must be a time such as 20261124T090000Z or a date such as 20261124, not "SOON"`},
		todo("SUMMARY:\xff"):                                                  {Row: 6, Name: "line", Message: "must be UTF-8"},
	} {
		_, err := b.Import(t.Context(), ada, exchange.Calendar, []byte(body))
		var f *fault.Error
		require.ErrorAs(t, err, &f, body)
		require.Equal(t, []fault.Field{want}, f.Fields)
		require.Equal(t, "Nothing was imported, since 1 line is not acceptable.", f.Message)
	}
	require.Zero(t, b.count(t, `SELECT (SELECT count(*) FROM tasks) + (SELECT count(*) FROM tags) + (SELECT count(*) FROM outbox)`))
}

// A reminder that was due before the import is not delivered, nor one of a task that is
// done; what is to come is, and the series wait for recurring.
func TestImportedTimeIsTimeToCome(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.now = today
	ada := b.user(t)
	_, err := b.Import(t.Context(), ada, exchange.JSON, []byte(`{"tasks": [
		{"title": "open", "due_at": "2026-11-24T13:00:00Z", "reminders": [{"offset_minutes": 15}, {"offset_minutes": 90}, {"remind_at": "2030-01-01T00:00:00Z"}]},
		{"title": "done", "status": "completed", "reminders": [{"remind_at": "2030-01-01T00:00:00Z"}]}
	], "series": [
		{"title": "on", "rrule": "FREQ=DAILY", "dtstart": "2020-01-01", "status": "active"}, {"title": "off", "rrule": "FREQ=DAILY", "status": "paused"}
	]}`))
	require.NoError(t, err)
	statuses := map[string]int{}
	for _, item := range read(t, b.export(t, ada, exchange.JSON)).Tasks {
		for _, r := range reminders(item) {
			statuses[fmt.Sprint(item["title"], " ", r["status"], " ", r["scheduled_for"])]++
		}
	}
	require.Equal(t, []string{
		"done suppressed 2030-01-01T00:00:00Z", "open missed 2026-11-24T11:30:00Z",
		"open pending 2026-11-24T12:45:00Z", "open pending 2030-01-01T00:00:00Z",
	}, slices.Sorted(maps.Keys(statuses)))
	require.Equal(t, 2, b.count(t, `SELECT count(*) FROM outbox WHERE event->>'type' = 'reminder.scheduled'`))
	require.Equal(t, 2, b.count(t, `SELECT count(*) FROM outbox WHERE event->>'type' = 'recurring.scheduled'`))
	require.Equal(t, 1, b.count(t, `SELECT count(*) FROM series WHERE title = 'on' AND status = 'pending' AND since = $1`, today))
	require.Equal(t, 1, b.count(t, `SELECT count(*) FROM series WHERE title = 'off' AND status = 'paused'`))
}

// A snoozed reminder comes again, wherever it was taken to; one that was taken back is
// gone, and does not count.
func TestReminderThatIsToComeAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.now = today
	ada := b.user(t)
	withdrawn := strings.Repeat(`{"remind_at": "2030-01-01T00:00:00Z", "status": "cancelled"}, `, 30)
	_, err := b.Import(t.Context(), ada, exchange.JSON, []byte(`{"tasks": [{"title": "a", "due_at": "2026-11-24T13:00:00Z", "reminders": [`+withdrawn+`
		{"offset_minutes": 60, "scheduled_for": "2026-11-24T12:30:00Z", "status": "pending", "delivered_at": "2026-11-24T12:00:00.25Z"}]}]}`))
	require.NoError(t, err)
	require.Len(t, reminders(read(t, b.export(t, ada, exchange.JSON)).Tasks[0]), 31)
	for format, count := range map[exchange.Format]int{exchange.JSON: 31, exchange.Calendar: 1} {
		eve := b.user(t)
		_, err = b.Import(t.Context(), eve, format, b.export(t, ada, format))
		require.NoError(t, err)
		all := reminders(read(t, b.export(t, eve, exchange.JSON)).Tasks[0])
		require.Len(t, all, count)
		require.Equal(t, map[string]any{
			"offset_minutes": 60.0, "remind_at": nil, "scheduled_for": "2026-11-24T12:30:00Z", "status": "pending", "delivered_at": "2026-11-24T12:00:00.25Z",
		}, all[0])
	}
	many := strings.TrimSuffix(strings.Repeat(`{"remind_at": "2030-01-01T00:00:00Z"}, `, 21), ", ")
	_, err = b.Import(t.Context(), ada, exchange.JSON, []byte(`{"tasks": [{"title": "b", "reminders": [`+many+`]}]}`))
	require.ErrorContains(t, err, "reminders[20]: is too many: a task may have 20")
}

// An occurrence that recurring has made already is not made again, and what hangs below
// the file's hangs below that.
func TestAnOccurrenceIsOneTaskWhoeverMadeIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := b.user(t)
	const series = `"series": [{"id": "11111111-1111-4111-8111-111111111111", "title": "s", "rrule": "FREQ=DAILY", "dtstart": "2026-01-01"}]`
	_, err := b.Import(t.Context(), ada, exchange.JSON, []byte(`{"tasks": [], `+series+`}`))
	require.NoError(t, err)
	_, err = b.db.Exec(t.Context(), `INSERT INTO tasks (id, user_id, title, position, series_id, occurrence_at)
		SELECT gen_random_uuid(), user_id, 'made', 0, id, '2026-01-02T00:00:00Z' FROM series`)
	require.NoError(t, err)
	result, err := b.Import(t.Context(), ada, exchange.JSON, []byte(`{`+series+`, "tasks": [
		{"id": "22222222-2222-4222-8222-222222222222", "title": "twin", "series_id": "11111111-1111-4111-8111-111111111111", "occurrence_at": "2026-01-02T00:00:00Z"},
		{"title": "child", "parent_id": "22222222-2222-4222-8222-222222222222"},
		{"title": "of nobody's series", "series_id": "33333333-3333-4333-8333-333333333333", "occurrence_at": "2026-01-02T00:00:00Z"}
	]}`))
	require.NoError(t, err)
	require.Equal(t, exchange.Result{Created: 2, Skipped: 2}, result)
	require.Equal(t, 1, b.count(t, `SELECT count(*) FROM tasks c JOIN tasks p ON p.id = c.parent_id WHERE c.title = 'child' AND p.title = 'made'`))
	require.Equal(t, 1, b.count(t, `SELECT count(*) FROM tasks WHERE title = 'of nobody''s series' AND series_id IS NULL AND occurrence_at IS NULL`))
}
