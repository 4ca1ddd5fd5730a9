package contract_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// Bad input of each kind gets its exact status and names the field, and leaves the
// database as it was.
func TestBadInputIsNamedAndLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := b.signUp(t, "ada")
	task := "/api/tasks/" + b.task(t, ada, map[string]any{"title": "Buy milk", "tags": []string{"grocery"}})
	tag := "/api/tags/" + text(t, b.call(t, ada, http.MethodGet, "/api/tags", nil).Items(t)[0], "id")
	taskID := task[len("/api/tasks/"):]
	past := b.task(t, ada, map[string]any{"title": "Late", "due_at": "2026-01-01T00:00:00Z"})
	remind := "/api/reminders/" + b.call(t, ada, http.MethodPost, "/api/reminders",
		map[string]any{"task_id": taskID, "remind_at": "2040-01-01T00:00:00Z"}).Text(t, "id")
	keys, ok := browser(t, "https://push.example.org/1")["keys"].(map[string]any)
	require.True(t, ok)
	point := keys["p256dh"]
	const recurring = "/api/tasks/recurring"
	series := recurring + "/" + b.series(t, ada, map[string]any{"title": "Water the plants", "rrule": "FREQ=DAILY;BYMONTHDAY=1"})
	before := b.rows(t)

	const post, patch, get, del = http.MethodPost, http.MethodPatch, http.MethodGet, http.MethodDelete
	long := func(n int) string { return strings.Repeat("ü", n) }
	account := func(change map[string]any) map[string]any {
		in := map[string]any{"email": "eve@example.org", "password": password, "display_name": "Eve", "timezone": "UTC"}
		for name, value := range change {
			in[name] = value
			if value == nil {
				delete(in, name)
			}
		}
		return in
	}
	type object = map[string]any
	csv, ics := header{"Content-Type", "text/csv"}, header{"Content-Type", "text/calendar"}
	todo := func(lines string) string {
		return "BEGIN:VCALENDAR\nBEGIN:VTODO\n" + lines + "\nEND:VTODO\nEND:VCALENDAR\n"
	}
	invented := base64.RawURLEncoding.EncodeToString([]byte(`{"s":"created_at","d":true,"v":"not a time"}`))
	tests := []struct {
		name         string
		method, path string
		body         any
		headers      []header
		status       int
		field        string // empty: the fault is not in a field
	}{
		{"no title", post, "/api/tasks", object{}, nil, 400, "title"},
		{"null title", post, "/api/tasks", object{"title": nil}, nil, 400, "title"},
		{"empty title", post, "/api/tasks", object{"title": ""}, nil, 400, "title"},
		{"title of space", post, "/api/tasks", object{"title": " \t "}, nil, 400, "title"},
		{"long title", post, "/api/tasks", object{"title": long(256)}, nil, 400, "title"},
		{"title of two lines", post, "/api/tasks", object{"title": "a\nb"}, nil, 400, "title"},
		{"title with a zero", post, "/api/tasks", object{"title": "a\x00b"}, nil, 400, "title"},
		{"title that is a number", post, "/api/tasks", `{"title": 7}`, nil, 400, "title"},
		{"long description", post, "/api/tasks", object{"title": "a", "description": long(2001)}, nil, 400, "description"},
		{"description with a zero", post, "/api/tasks", object{"title": "a", "description": "a\x00"}, nil, 400, "description"},
		{"description with an escape", post, "/api/tasks", object{"title": "a", "description": "\x1b[31m"}, nil, 400, "description"},
		{"priority", post, "/api/tasks", object{"title": "a", "priority": "urgent"}, nil, 400, "priority"},
		{"status on creation", post, "/api/tasks", object{"title": "a", "status": "done"}, nil, 400, "status"},
		{"date without a zone", post, "/api/tasks", object{"title": "a", "due_at": "2026-11-27T17:00:00"}, nil, 400, "due_at"},
		{"date alone", post, "/api/tasks", object{"title": "a", "due_at": "2026-11-27"}, nil, 400, "due_at"},
		{"30 February", post, "/api/tasks", object{"title": "a", "due_at": "2026-02-30T00:00:00Z"}, nil, 400, "due_at"},
		{"year 10000 in UTC", post, "/api/tasks", object{"title": "a", "due_at": "9999-12-31T23:59:59-01:00"}, nil, 400, "due_at"},
		{"parent that is no UUID", post, "/api/tasks", object{"title": "a", "parent_id": "x"}, nil, 400, "parent_id"},
		{"parent that is not there", post, "/api/tasks", object{"title": "a", "parent_id": uuid.NewString()}, nil, 400, "parent_id"},
		{"position", post, "/api/tasks", object{"title": "a", "position": "first"}, nil, 400, "position"},
		{"infinite position", post, "/api/tasks", `{"title": "a", "position": 1e999}`, nil, 400, "position"},
		{"tags that are no list", post, "/api/tasks", object{"title": "a", "tags": "home"}, nil, 400, "tags"},
		{"long tag", post, "/api/tasks", object{"title": "a", "tags": []string{"home", long(51)}}, nil, 400, "tags[1]"},
		{"empty tag", post, "/api/tasks", object{"title": "a", "tags": []string{""}}, nil, 400, "tags[0]"},
		{"tag with a zero", post, "/api/tasks", object{"title": "a", "tags": []string{"\x00"}}, nil, 400, "tags[0]"},
		{"unknown field", post, "/api/tasks", object{"title": "a", "colour": "red"}, nil, 400, "colour"},
		{"malformed JSON", post, "/api/tasks", `{"title": `, nil, 400, ""},

		{"series without a title", post, recurring, object{"rrule": "FREQ=DAILY"}, nil, 400, "title"},
		{"series without a rule", post, recurring, object{"title": "a"}, nil, 422, "rrule"},
		{"rule", post, recurring, object{"title": "a", "rrule": "every day"}, nil, 422, "rrule"},
		{"rule of another standard", post, recurring, object{"title": "a", "rrule": "FREQ=YEARLY;BYEASTER=0"}, nil, 422, "rrule.BYEASTER"},
		{"rule that never fires", post, recurring, object{"title": "a", "rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, nil, 422, "rrule.BYMONTHDAY"},
		{"rule that fires all the time", post, recurring, object{"title": "a", "rrule": "FREQ=MINUTELY"}, nil, 422, "rrule.FREQ"},
		{"long rule", post, recurring, object{"title": "a", "rrule": "FREQ=DAILY;BYMONTH=" + strings.Repeat("1,", 3000) + "1"}, nil, 422, "rrule"},
		{"start with a zone", post, recurring, object{"title": "a", "rrule": "FREQ=DAILY", "dtstart": "2026-03-27T14:00:00Z"}, nil, 400, "dtstart"},
		{"start on 30 February", post, recurring, object{"title": "a", "rrule": "FREQ=DAILY", "dtstart": "2026-02-30"}, nil, 400, "dtstart"},
		{"zone of a series", post, recurring, object{"title": "a", "rrule": "FREQ=DAILY", "timezone": "CEST"}, nil, 422, "timezone"},
		{"zone of this machine", post, recurring, object{"title": "a", "rrule": "FREQ=DAILY", "timezone": "Local"}, nil, 422, "timezone"},
		{"start at the end of time", post, recurring, object{"title": "a", "rrule": "FREQ=YEARLY", "dtstart": "9999-12-31T23:00:00"}, nil, 400, "dtstart"},
		{"extra date at the end of time", post, recurring, object{"title": "a", "dtstart": "2026-03-27", "rdate": []string{"9999-12-31"}}, nil, 400, "rdate[0]"},
		{"many exceptions", post, recurring, object{"title": "a", "rrule": "FREQ=DAILY", "exdate": strings.Split(strings.Repeat("x,", 2000), ",")}, nil, 400, "exdate"},
		{"hours of a day", post, recurring, object{"title": "a", "rrule": "FREQ=DAILY;BYHOUR=9", "dtstart": "2026-03-27"}, nil, 422, "rrule.BYHOUR"},
		{"extra date of another kind", post, recurring, object{"title": "a", "rrule": "FREQ=DAILY", "dtstart": "2026-03-27T14:00:00", "rdate": []string{"2026-05-01"}}, nil, 400, "rdate[0]"},
		{"exception that is no date", post, recurring, object{"title": "a", "rrule": "FREQ=DAILY", "exdate": []string{"never"}}, nil, 400, "exdate[0]"},
		{"mode", post, recurring, object{"title": "a", "rrule": "FREQ=DAILY", "mode": "sometimes"}, nil, 400, "mode"},
		{"if_pending", post, recurring, object{"title": "a", "rrule": "FREQ=DAILY", "if_pending": "x"}, nil, 400, "if_pending"},
		{"catch_up", post, recurring, object{"title": "a", "rrule": "FREQ=DAILY", "catch_up": "some"}, nil, 400, "catch_up"},
		{"negative reminder", post, recurring, object{"title": "a", "rrule": "FREQ=DAILY", "reminder_offsets": []int{5, -1}}, nil, 400, "reminder_offsets[1]"},
		{"half a minute", post, recurring, `{"title": "a", "rrule": "FREQ=DAILY", "reminder_offsets": [0.5]}`, nil, 400, "reminder_offsets"},
		{"dates from completion", post, recurring, object{"title": "a", "rrule": "FREQ=DAILY", "mode": "completion", "rdate": []string{"2026-05-01"}}, nil, 422, "rdate"},
		{"unknown field of a series", post, recurring, object{"title": "a", "rrule": "FREQ=DAILY", "cron": "* * * * *"}, nil, 400, "cron"},
		{"null start", patch, series, object{"dtstart": nil}, nil, 400, "dtstart"},
		{"scope", patch, series, object{"scope": "some"}, nil, 400, "scope"},
		{"scope without its occurrence", patch, series, object{"scope": "following", "title": "b"}, nil, 400, "occurrence_at"},
		{"occurrence without a scope", patch, series, object{"occurrence_at": "2026-11-27T17:00:00Z"}, nil, 400, "occurrence_at"},
		{"rule of one occurrence", patch, series, object{"scope": "this", "occurrence_at": "2026-11-27T17:00:00Z", "rrule": "FREQ=DAILY"}, nil, 400, "rrule"},
		{"due date of all", patch, series, object{"due_at": "2026-11-27T17:00:00Z"}, nil, 400, "due_at"},
		{"no such occurrence", patch, series, object{"scope": "this", "occurrence_at": "2026-11-27T17:00:00.5Z"}, nil, 422, "occurrence_at"},
		{"no such occurrence to skip", post, series + "/skip", object{"occurrence_at": "2999-11-27T17:00:00Z"}, nil, 422, "occurrence_at"},
		{"occurrence that is no time", post, series + "/skip", object{"occurrence_at": "next"}, nil, 400, "occurrence_at"},
		{"rule in a patch", patch, series, object{"rrule": "FREQ=DAILY;INTERVAL=0"}, nil, 422, "rrule.INTERVAL"},
		{"id of a series", get, recurring + "/x", nil, nil, 404, ""},
		{"upcoming", get, series + "/instances?upcoming=101", nil, nil, 400, "upcoming"},
		{"cursor of instances", get, series + "/instances?cursor=x", nil, nil, 400, "cursor"},
		{"cursor of series", get, recurring + "?cursor=x", nil, nil, 400, "cursor"},
		{"status of series", get, recurring + "?status=open", nil, nil, 400, "status"},
		{"an empty span", get, "/api/calendar?from=2026-11-02T00:00:00Z&before=2026-11-02T00:00:00Z", nil, nil, 400, "before"},
		{"a span of a year", get, "/api/calendar?from=2026-01-01T00:00:00Z&before=2027-01-01T00:00:00Z", nil, nil, 400, "before"},
		{"from", get, "/api/calendar?from=today", nil, nil, 400, "from"},
		{"zone of a calendar", get, "/api/calendar?timezone=Mars/Olympus", nil, nil, 400, "timezone"},
		{"tasks of a day", get, "/api/calendar?per_day=51", nil, nil, 400, "per_day"},
		{"unknown parameter of series", get, recurring + "?tags=x", nil, nil, 400, "tags"},
		{"no JSON", post, "/api/tasks", `title=a`, nil, 400, ""},
		{"empty body", post, "/api/tasks", ``, nil, 400, ""},
		{"an array", post, "/api/tasks", `[]`, nil, 400, ""},
		{"null", post, "/api/tasks", `null`, nil, 400, "title"},
		{"two documents", post, "/api/tasks", `{"title": "a"} {"title": "b"}`, nil, 400, ""},
		{"invalid UTF-8", post, "/api/tasks", "{\"title\": \"a\xff\"}", nil, 400, ""},
		{"form", post, "/api/tasks", `title=a`, []header{{"Content-Type", "application/x-www-form-urlencoded"}}, 415, ""},
		{"no content type", post, "/api/tasks", `{"title": "a"}`, []header{{"Content-Type", ""}}, 415, ""},
		{"large body", post, "/api/tasks", `{"title": "` + strings.Repeat("a", 1<<20) + `"}`, nil, 413, ""},
		{"long idempotency key", post, "/api/tasks", object{"title": "a"}, []header{{"Idempotency-Key", strings.Repeat("k", 256)}}, 400, "Idempotency-Key"},

		{"null title", patch, task, object{"title": nil}, nil, 400, "title"},
		{"long title", patch, task, object{"title": long(256)}, nil, 400, "title"},
		{"title that is a list", patch, task, `{"title": []}`, nil, 400, "title"},
		{"long description", patch, task, object{"description": long(2001)}, nil, 400, "description"},
		{"null priority", patch, task, object{"priority": nil}, nil, 400, "priority"},
		{"priority", patch, task, object{"priority": "High"}, nil, 400, "priority"},
		{"status", patch, task, object{"status": "done"}, nil, 400, "status"},
		{"date", patch, task, object{"due_at": "tomorrow"}, nil, 400, "due_at"},
		{"empty date", patch, task, object{"due_at": ""}, nil, 400, "due_at"},
		{"itself as parent", patch, task, object{"parent_id": task[len("/api/tasks/"):]}, nil, 400, "parent_id"},
		{"field that cannot change", patch, task, object{"version": 9}, nil, 400, "version"},
		{"malformed JSON", patch, task, `{`, nil, 400, ""},
		{"an array", patch, task, `[{"op": "remove"}]`, nil, 400, ""},
		{"If-Match without quotes", patch, task, object{"title": "a"}, []header{{"If-Match", "1"}}, 400, "If-Match"},
		{"If-Match that is weak", patch, task, object{"title": "a"}, []header{{"If-Match", `W/"1"`}}, 400, "If-Match"},
		{"If-Match of words", del, task, nil, []header{{"If-Match", `"one"`}}, 400, "If-Match"},
		{"stale If-Match", patch, task, object{"title": "a"}, []header{{"If-Match", `"7"`}}, 412, ""},
		{"stale If-Match", del, task, nil, []header{{"If-Match", `"7"`}}, 412, ""},
		{"id that is no UUID", patch, "/api/tasks/1", object{"title": "a"}, nil, 404, ""},
		{"id that is not there", del, "/api/tasks/" + uuid.NewString(), nil, nil, 404, ""},
		{"id with a zero", get, "/api/tasks/%00", nil, nil, 404, ""},

		{"status", get, "/api/tasks?status=open", nil, nil, 400, "status"},
		{"one good status, one bad", get, "/api/tasks?status=pending&status=open", nil, nil, 400, "status"},
		{"priority", get, "/api/tasks?priority=1", nil, nil, 400, "priority"},
		{"long tag", get, "/api/tasks?tags=" + url.QueryEscape(long(51)), nil, nil, 400, "tags[0]"},
		{"search with a zero", get, "/api/tasks?search=%00", nil, nil, 400, "search"},
		{"search of invalid UTF-8", get, "/api/tasks?search=%ff", nil, nil, 400, "search"},
		{"long search", get, "/api/tasks?search=" + url.QueryEscape(long(256)), nil, nil, 400, "search"},
		{"due_before", get, "/api/tasks?due_before=yesterday", nil, nil, 400, "due_before"},
		{"due_after", get, "/api/tasks?due_after=2026-11-22", nil, nil, 400, "due_after"},
		{"parent_id", get, "/api/tasks?parent_id=7", nil, nil, 400, "parent_id"},
		{"sort_by", get, "/api/tasks?sort_by=user_id", nil, nil, 400, "sort_by"},
		{"sort_order", get, "/api/tasks?sort_order=up", nil, nil, 400, "sort_order"},
		{"limit of none", get, "/api/tasks?limit=0", nil, nil, 400, "limit"},
		{"limit of too many", get, "/api/tasks?limit=201", nil, nil, 400, "limit"},
		{"limit of words", get, "/api/tasks?limit=many", nil, nil, 400, "limit"},
		{"limit twice", get, "/api/tasks?limit=1&limit=2", nil, nil, 400, "limit"},
		{"cursor", get, "/api/tasks?cursor=x", nil, nil, 400, "cursor"},
		{"cursor of somebody's invention", get, "/api/tasks?cursor=" + invented, nil, nil, 400, "cursor"},
		{"unknown parameter", get, "/api/tasks?colour=red", nil, nil, 400, "colour"},
		{"malformed query", get, "/api/tasks?search=%zz", nil, nil, 400, ""},
		{"format", get, "/api/export?format=xlsx", nil, nil, 400, "format"},
		{"unknown parameter", get, "/api/export?tags=home", nil, nil, 400, "tags"},

		{"no name", post, "/api/tags", object{}, nil, 400, "name"},
		{"name of space", post, "/api/tags", object{"name": "  "}, nil, 400, "name"},
		{"long name", post, "/api/tags", object{"name": long(51)}, nil, 400, "name"},
		{"name with a zero", post, "/api/tags", object{"name": "a\x00"}, nil, 400, "name"},
		{"taken name", post, "/api/tags", object{"name": "GROCERY"}, nil, 409, "name"},
		{"long name", patch, tag, object{"name": long(51)}, nil, 400, "name"},
		{"no name", patch, tag, object{}, nil, 400, "name"},

		{"no task", post, "/api/reminders", object{"offset_minutes": 15}, nil, 400, "task_id"},
		{"task that is no UUID", post, "/api/reminders", object{"task_id": "x", "offset_minutes": 15}, nil, 400, "task_id"},
		{"task that is not there", post, "/api/reminders", object{"task_id": uuid.NewString(), "offset_minutes": 15}, nil, 400, "task_id"},
		{"neither instant nor offset", post, "/api/reminders", object{"task_id": taskID}, nil, 400, "remind_at"},
		{"instant and offset", post, "/api/reminders", object{"task_id": taskID, "offset_minutes": 1, "remind_at": "2999-01-01T00:00:00Z"}, nil, 400, "offset_minutes"},
		{"offset without a due date", post, "/api/reminders", object{"task_id": taskID, "offset_minutes": 15}, nil, 400, "offset_minutes"},
		{"offset to a past instant", post, "/api/reminders", object{"task_id": past, "offset_minutes": 15}, nil, 400, "offset_minutes"},
		{"negative offset", post, "/api/reminders", object{"task_id": taskID, "offset_minutes": -1}, nil, 400, "offset_minutes"},
		{"offset of more than a year", post, "/api/reminders", object{"task_id": taskID, "offset_minutes": 525601}, nil, 400, "offset_minutes"},
		{"offset of half a minute", post, "/api/reminders", `{"task_id": "` + taskID + `", "offset_minutes": 0.5}`, nil, 400, "offset_minutes"},
		{"offset of words", post, "/api/reminders", object{"task_id": taskID, "offset_minutes": "15"}, nil, 400, "offset_minutes"},
		{"past instant", post, "/api/reminders", object{"task_id": taskID, "remind_at": "2020-01-01T00:00:00Z"}, nil, 400, "remind_at"},
		{"instant in the year 9999", post, "/api/reminders", object{"task_id": taskID, "remind_at": "9999-12-31T23:59:59-01:00"}, nil, 400, "remind_at"},
		{"instant without a zone", post, "/api/reminders", object{"task_id": taskID, "remind_at": "2999-01-01T00:00:00"}, nil, 400, "remind_at"},
		{"unknown field", post, "/api/reminders", object{"task_id": taskID, "repeat": "daily"}, nil, 400, "repeat"},
		{"no length of a snooze", post, remind + "/snooze", object{}, nil, 400, "minutes"},
		{"snooze of nothing", post, remind + "/snooze", object{"minutes": 0}, nil, 400, "minutes"},
		{"snooze of more than a year", post, remind + "/snooze", object{"minutes": 525601}, nil, 400, "minutes"},
		{"snooze both ways", post, remind + "/snooze", object{"minutes": 1, "until": "2999-01-01T00:00:00Z"}, nil, 400, "until"},
		{"snooze into the past", post, remind + "/snooze", object{"until": "2020-01-01T00:00:00Z"}, nil, 400, "until"},
		{"snooze until some day", post, remind + "/snooze", object{"until": "tomorrow"}, nil, 400, "until"},
		{"stale If-Match", post, remind + "/snooze", object{"minutes": 1}, []header{{"If-Match", `"7"`}}, 412, ""},
		{"stale If-Match", del, remind, nil, []header{{"If-Match", `"7"`}}, 412, ""},
		{"status", get, "/api/reminders?status=done", nil, nil, 400, "status"},
		{"task_id", get, "/api/reminders?task_id=7", nil, nil, 400, "task_id"},
		{"limit of too many", get, "/api/reminders?limit=201", nil, nil, 400, "limit"},
		{"cursor", get, "/api/reminders?cursor=" + invented, nil, nil, 400, "cursor"},
		{"unknown parameter", get, "/api/reminders?search=milk", nil, nil, 400, "search"},

		{"unread", get, "/api/notifications?unread=perhaps", nil, nil, 400, "unread"},
		{"cursor", get, "/api/notifications?cursor=" + invented, nil, nil, 400, "cursor"},
		{"until", post, "/api/notifications/read", object{"until": "now"}, nil, 400, "until"},
		{"endpoint over plain HTTP", post, "/api/notifications/subscriptions", browser(t, "http://push.example.org/1"), nil, 400, "endpoint"},
		{"endpoint that is none", post, "/api/notifications/subscriptions", browser(t, "x"), nil, 400, "endpoint"},
		{"long endpoint", post, "/api/notifications/subscriptions", browser(t, "https://push.example.org/"+long(1024)), nil, 400, "endpoint"},
		{"key that is no point", post, "/api/notifications/subscriptions", object{"endpoint": "https://a.example", "keys": object{"p256dh": "AAAA", "auth": "AAAAAAAAAAAAAAAAAAAAAA"}}, nil, 400, "keys.p256dh"},
		{"short secret", post, "/api/notifications/subscriptions", object{"endpoint": "https://a.example", "keys": object{"p256dh": point, "auth": "AAAA"}}, nil, 400, "keys.auth"},
		{"unknown field", post, "/api/notifications/subscriptions", object{"url": "https://a.example"}, nil, 400, "url"},

		{"quiet hours without an end", patch, "/api/me", object{"quiet_hours": object{"from": "22:00"}}, nil, 400, "quiet_hours"},
		{"quiet hours of words", patch, "/api/me", object{"quiet_hours": object{"from": "night", "to": "07:00"}}, nil, 400, "quiet_hours"},
		{"quiet hours of one digit", patch, "/api/me", object{"quiet_hours": object{"from": "22:00", "to": "7:00"}}, nil, 400, "quiet_hours"},
		{"quiet hours at 24:00", patch, "/api/me", object{"quiet_hours": object{"from": "22:00", "to": "24:00"}}, nil, 400, "quiet_hours"},
		{"quiet hours of no length", patch, "/api/me", object{"quiet_hours": object{"from": "22:00", "to": "22:00"}}, nil, 400, "quiet_hours"},
		{"null notify_email", patch, "/api/me", object{"notify_email": nil}, nil, 400, "notify_email"},

		{"no e-mail address", post, "/api/auth/sign-up", account(object{"email": nil}), nil, 400, "email"},
		{"no e-mail address", post, "/api/auth/sign-up", account(object{"email": "eve"}), nil, 400, "email"},
		{"name and address", post, "/api/auth/sign-up", account(object{"email": "Eve <eve@example.org>"}), nil, 400, "email"},
		{"two addresses", post, "/api/auth/sign-up", account(object{"email": "a@example.org,b@example.org"}), nil, 400, "email"},
		{"long address", post, "/api/auth/sign-up", account(object{"email": strings.Repeat("e", 250) + "@example.org"}), nil, 400, "email"},
		{"address with a zero", post, "/api/auth/sign-up", account(object{"email": "e\x00@example.org"}), nil, 400, "email"},
		{"taken address", post, "/api/auth/sign-up", account(object{"email": " ADA@example.ORG "}), nil, 409, "email"},
		{"short password", post, "/api/auth/sign-up", account(object{"password": "123456789"}), nil, 400, "password"},
		{"long password", post, "/api/auth/sign-up", account(object{"password": long(129)}), nil, 400, "password"},
		{"no display name", post, "/api/auth/sign-up", account(object{"display_name": " "}), nil, 400, "display_name"},
		{"long display name", post, "/api/auth/sign-up", account(object{"display_name": long(101)}), nil, 400, "display_name"},
		{"no zone", post, "/api/auth/sign-up", account(object{"timezone": nil}), nil, 400, "timezone"},
		{"zone that is none", post, "/api/auth/sign-up", account(object{"timezone": "Europe/Atlantis"}), nil, 400, "timezone"},
		{"zone as an offset", post, "/api/auth/sign-up", account(object{"timezone": "+01:00"}), nil, 400, "timezone"},
		{"zone of the machine", post, "/api/auth/sign-up", account(object{"timezone": "Local"}), nil, 400, "timezone"},
		{"zone as a path", post, "/api/auth/sign-up", account(object{"timezone": "../etc/passwd"}), nil, 400, "timezone"},
		{"unknown field", post, "/api/auth/sign-up", account(object{"admin": true}), nil, 400, "admin"},
		{"zone that is none", patch, "/api/me", object{"timezone": "Mars/Olympus"}, nil, 400, "timezone"},
		{"null zone", patch, "/api/me", object{"timezone": nil}, nil, 400, "timezone"},
		{"e-mail address", patch, "/api/me", object{"email": "new@example.org"}, nil, 400, "email"},
		{"nothing", patch, "/api/me", object{}, nil, 400, "body"},
		{"password alone", patch, "/api/me", object{"password": "a new passphrase"}, nil, 400, "current_password"},
		{"wrong current password", patch, "/api/me", object{"password": "a new passphrase", "current_password": "wrong"}, nil, 400, "current_password"},
		{"no scope", post, "/api/tokens", object{"name": "a", "scopes": []string{}}, nil, 400, "scopes"},
		{"scope", post, "/api/tokens", object{"name": "a", "scopes": []string{"admin"}}, nil, 400, "scopes"},
		{"no name", post, "/api/tokens", object{"scopes": []string{"read"}}, nil, 400, "name"},
		{"expiry in the past", post, "/api/tokens", object{"name": "a", "scopes": []string{"read"}, "expires_at": "2020-01-01T00:00:00Z"}, nil, 400, "expires_at"},
		{"expiry", post, "/api/tokens", object{"name": "a", "scopes": []string{"read"}, "expires_at": "never"}, nil, 400, "expires_at"},

		{"no tasks", post, "/api/import", object{}, nil, 400, "tasks"},
		{"another format", post, "/api/import", object{"format": "rondo/9", "tasks": []any{}}, nil, 400, "format"},
		{"one bad task among good ones", post, "/api/import", object{"tasks": []any{object{"title": "a"}, object{"title": "b", "priority": "x"}}}, nil, 400, "priority"},
		{"parent that is not there", post, "/api/import", object{"tasks": []any{object{"title": "a"}, object{"title": "b", "parent_id": uuid.NewString()}}}, nil, 400, "parent_id"},
		{"unknown field", post, "/api/import", object{"tasks": []any{object{"title": "a", "colour": "red"}}}, nil, 400, "colour"},
		{"bad tag", post, "/api/import", object{"tags": []string{""}, "tasks": []any{}}, nil, 400, "tags[0]"},
		{"invalid UTF-8", post, "/api/import", "title\na\xff\n", []header{csv}, 400, "body"},
		{"no header", post, "/api/import", "", []header{csv}, 400, "body"},
		{"unknown column", post, "/api/import", "title,colour\na,red\n", []header{csv}, 400, "header"},
		{"no title column", post, "/api/import", "priority\nhigh\n", []header{csv}, 400, "header"},
		{"open quote", post, "/api/import", "title\n\"a\n", []header{csv}, 400, "row"},
		{"too many cells", post, "/api/import", "title\na,b\n", []header{csv}, 400, "row"},
		{"zero byte", post, "/api/import", "title\na\x00\n", []header{csv}, 400, "title"},
		{"no calendar", post, "/api/import", "title\na\n", []header{ics}, 400, "line"},
		{"calendar that is cut off", post, "/api/import", "BEGIN:VCALENDAR\nBEGIN:VTODO\n", []header{ics}, 400, "line"},
		{"date of a calendar", post, "/api/import", todo("DUE:tomorrow"), []header{ics}, 400, "VTODO.DUE"},
		{"zone of a calendar", post, "/api/import", todo("DUE;TZID=Atlantis:20261124T090000"), []header{ics}, 400, "VTODO.DUE"},
		{"rule of a calendar", post, "/api/import", todo("DTSTART:20261124T090000Z\nRRULE:FREQ=SECONDLY"), []header{ics}, 400, "VTODO.RRULE"},
		{"long title of a calendar", post, "/api/import", todo("SUMMARY:" + long(256)), []header{ics}, 400, "VTODO.SUMMARY"},
		{"alarm of a calendar", post, "/api/import", todo("BEGIN:VALARM\nTRIGGER:P\nEND:VALARM"), []header{ics}, 400, "VALARM.TRIGGER"},
		{"series without a rule", post, "/api/import", object{"tasks": []any{}, "series": []any{object{"title": "a"}}}, nil, 400, "series.rrule"},
		{"rule of a series", post, "/api/import", object{"tasks": []any{}, "series": []any{object{"title": "a", "rrule": "FREQ=NEVER"}}}, nil, 400, "series.rrule.FREQ"},
		{"reminder without a time", post, "/api/import", object{"tasks": []any{object{"title": "a", "reminders": []any{object{}}}}}, nil, 400, "reminders[0].remind_at"},

		{"no name", post, "/api/feeds", object{}, nil, 400, "name"},
		{"what to show", post, "/api/feeds", object{"name": "a", "show_as": "VEVENT"}, nil, 400, "show_as"},
		{"tag that is not there", post, "/api/feeds", object{"name": "a", "tags": []string{"grocery", "nobody's"}}, nil, 400, "tags[1]"},
		{"feed without its extension", get, "/feeds/rondo_x", nil, nil, 404, ""},
		{"another type", post, "/api/import", "<tasks/>", []header{{"Content-Type", "application/xml"}}, 415, ""},
	}
	for _, test := range tests {
		name := fmt.Sprintf("%s %s: %s", test.method, test.path, test.name)
		a := b.call(t, ada, test.method, test.path, test.body, test.headers...)
		require.Equal(t, test.status, a.Status, "%s: %s", name, a.Body)
		if test.field != "" {
			require.Equal(t, []string{test.field}, a.Fields(t), name)
		}
	}
	require.Equal(t, before, b.rows(t))
}

func TestEveryBadFieldIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := b.signUp(t, "ada")
	for path, test := range map[string]struct {
		body   map[string]any
		fields []string
	}{
		"/api/tasks": {
			map[string]any{"title": "", "description": strings.Repeat("x", 2001), "priority": "x", "due_at": "x", "parent_id": "x"},
			[]string{"description", "due_at", "parent_id", "priority", "title"},
		},
		"/api/auth/sign-up": {
			map[string]any{"email": "x", "password": "x", "display_name": "", "timezone": "x"},
			[]string{"display_name", "email", "password", "timezone"},
		},
		"/api/import": {
			map[string]any{"tasks": []any{map[string]any{"title": "", "status": "x", "due_at": "x"}, map[string]any{"title": "a", "id": "x"}}},
			[]string{"due_at", "id", "status", "title"},
		},
	} {
		a := b.call(t, ada, http.MethodPost, path, test.body)
		require.Equal(t, http.StatusBadRequest, a.Status, path)
		require.Equal(t, test.fields, a.Fields(t), path)
	}
}

// What is unusual and yet fine.
func TestUnusualInputIsKeptAsItIs(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := b.signUp(t, "ada")
	for name, fields := range map[string]map[string]any{
		"as long as may be": {"title": strings.Repeat("ü", 255), "description": strings.Repeat("😀", 2000)},
		"several lines":     {"title": "a", "description": "one\r\n\ttwo\nthree"},
		"markup":            {"title": "<script>alert(1)</script>", "description": "'; DROP TABLE tasks; --"},
		"right to left":     {"title": "שלום \u200fعربى", "tags": []string{"עברית"}},
		"emoji":             {"title": "👩‍👩‍👧‍👦", "tags": []string{`a\b;c`, "🛒"}},
		"negative position": {"title": "a", "position": -0.125},
	} {
		id := b.task(t, ada, fields)
		kept := b.call(t, ada, http.MethodGet, "/api/tasks/"+id, nil).JSON(t)
		for field, want := range fields {
			require.Equal(t, fmt.Sprint(want), fmt.Sprint(kept[field]), "%s: %s", name, field)
		}
	}
}
