package exchange_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/recurrence"
	"github.com/rondohq/rondo/services/api/exchange"
	"github.com/rondohq/rondo/services/api/ical"
	"github.com/rondohq/rondo/services/api/series"
	"github.com/rondohq/rondo/services/internal/occurrence"
)

// told is what a stranger's program understood of a VTODO.
type told struct {
	Reader, UID, Summary, Description, Status, Due, Occurrence string
	Categories, Triggers, Occurrences                          []string
}

// strangers are programs that read calendars, and what they need to run.
var strangers = map[string]struct{ program, has, script string }{
	"icalendar and vobject (pip)": {"python3", "import icalendar, vobject", "testdata/strangers/read.py"},
	"ical.js (npm)":               {"node", "require('ical.js')", "testdata/strangers/read.cjs"},
}

// What a person has, other people's programs read from our export just so: texts, due
// dates, categories, alarms, and of what repeats the very instants.
func TestStrangersReadOurCalendars(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, stranger := range strangers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ask := map[string]string{"python3": "-c", "node": "-e"}[stranger.program]
			if out, err := exec.CommandContext(t.Context(), stranger.program, ask, stranger.has).CombinedOutput(); err != nil {
				t.Skipf("%s is not here (%v): %s", name, err, bytes.TrimSpace(out))
			}
			for seed, zone := range zones {
				r := rand.New(rand.NewPCG(uint64(seed), 1))
				ada := b.userIn(t, zone)
				b.random(t, ada, r, 40)
				b.randomSeries(t, ada, r)
				b.randomReminders(t, ada, r)
				b.endOfDay(t, ada, zone)
				document := read(t, b.export(t, ada, exchange.JSON))

				command := exec.CommandContext(t.Context(), stranger.program, stranger.script)
				command.Stdin = bytes.NewReader(b.export(t, ada, exchange.Calendar))
				var complaint bytes.Buffer
				command.Stderr = &complaint
				out, err := command.Output()
				require.NoError(t, err, "%s", complaint.Bytes())
				var found []told
				require.NoError(t, json.Unmarshal(out, &found))
				byReader := map[string]map[string]told{}
				for _, one := range found {
					if byReader[one.Reader] == nil {
						byReader[one.Reader] = map[string]told{}
					}
					byReader[one.Reader][one.UID+one.Occurrence] = one
				}
				require.NotEmpty(t, byReader)
				for reader, todos := range byReader {
					require.Len(t, todos, len(document.Tasks)+len(document.Series), reader)
					document.tells(t, reader, todos, zone)
				}
			}
		})
	}
}

// tells checks what a stranger was told.
func (f file) tells(t *testing.T, reader string, todos map[string]told, zone string) {
	t.Helper()
	known := map[any]map[string]any{}
	for _, one := range f.Series {
		known[one["id"]] = one
		got, ok := todos[fmt.Sprint(one["id"])]
		require.True(t, ok, "%s lacks a series", reader)
		require.Equal(t, one["title"], got.Summary, reader)
		require.Equal(t, categories(reader, texts(one["tags"])), categories(reader, got.Categories), reader)
		if reader == "ical.js" {
			require.Equal(t, occurrencesOf(t, one), got.Occurrences, "%s: %v", reader, one)
		}
	}
	words := map[any]string{
		"pending": "NEEDS-ACTION", "active": "IN-PROCESS", "completed": "COMPLETED", "cancelled": "CANCELLED", "skipped": "CANCELLED", "failed": "CANCELLED",
	}
	for _, one := range f.Tasks {
		key := fmt.Sprint(one["id"])
		days := zone
		if of := known[one["series_id"]]; of != nil {
			key, days = fmt.Sprint(one["series_id"]), ""
			when := second(t, one["occurrence_at"])
			if len(fmt.Sprint(of["dtstart"])) == len(time.DateOnly) {
				days = fmt.Sprint(of["timezone"])
				when = local(t, one["occurrence_at"], days).Format(time.DateOnly)
			}
			key += when
		}
		got, ok := todos[key]
		require.True(t, ok, "%s lacks %s", reader, key)
		require.Equal(t, one["title"], got.Summary, reader)
		require.Equal(t, strings.ReplaceAll(fmt.Sprint(one["description"]), "\r\n", "\n"), got.Description, reader)
		require.Equal(t, words[one["status"]], got.Status, reader)
		require.Equal(t, categories(reader, texts(one["tags"])), categories(reader, got.Categories), reader)
		due := ""
		var anchor, end time.Time
		if one["due_at"] != nil {
			due = second(t, one["due_at"])
			end = local(t, one["due_at"], "UTC")
			anchor = end
			if day := local(t, one["due_at"], days); days != "" && day.Format("150405.000000") == "235959.000000" {
				due = day.Format(time.DateOnly)
				anchor = time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, day.Location())
			}
		}
		require.Equal(t, due, got.Due, "%s: %v", reader, one)
		var triggers []string
		for _, r := range reminders(one) {
			if r["status"] == "cancelled" {
				continue
			}
			if r["remind_at"] != nil {
				triggers = append(triggers, second(t, r["remind_at"]))
				continue
			}
			minutes, _ := r["offset_minutes"].(float64)
			before := time.Duration(minutes) * time.Minute
			triggers = append(triggers, strconv.Itoa(int((end.Sub(anchor) - before).Seconds())))
		}
		require.ElementsMatch(t, triggers, got.Triggers, "%s: %v", reader, one)
	}
}

// categories are tags as far as a stranger can tell them apart: ical.js 2.2.1 takes the
// comma after a tag that ends in a backslash for a part of it.
func categories(reader string, tags []string) []string {
	if reader == "ical.js" {
		return []string{strings.Join(tags, ",")}
	}
	return tags
}

func texts(list any) []string {
	all := []string{}
	items, _ := list.([]any)
	for _, one := range items {
		all = append(all, fmt.Sprint(one))
	}
	return all
}

func local(t *testing.T, text any, zone string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, fmt.Sprint(text))
	require.NoError(t, err)
	location, err := time.LoadLocation(zone)
	require.NoError(t, err)
	return at.In(location)
}

func second(t *testing.T, text any) string {
	t.Helper()
	return local(t, text, "UTC").Format("2006-01-02T15:04:05Z")
}

// occurrencesOf are the first occurrences of a series as a stranger tells them.
func occurrencesOf(t *testing.T, of map[string]any) []string {
	t.Helper()
	locals := func(list any) (all []recurrence.Local) {
		for _, text := range texts(list) {
			l, err := recurrence.ParseLocal(text)
			require.NoError(t, err)
			all = append(all, l)
		}
		return all
	}
	rule, err := recurrence.Parse(recurrence.Spec{
		RRule: fmt.Sprint(of["rrule"]), Start: locals([]any{of["dtstart"]})[0], Zone: fmt.Sprint(of["timezone"]),
		RDates: locals(of["rdate"]), ExDates: locals(of["exdate"]),
	})
	require.NoError(t, err)
	occurrences, _ := rule.First(12, nil)
	var all []string
	for _, at := range occurrences {
		if len(fmt.Sprint(of["dtstart"])) == len(time.DateOnly) {
			all = append(all, at.Format(time.DateOnly))
		} else {
			all = append(all, at.UTC().Format("2006-01-02T15:04:05Z"))
		}
	}
	return all
}

// What a feed says of a series from its next occurrence on is what the series will do,
// also where its rule counts, or begins in a gap of the clock.
func TestStrangersSeeWhatIsComing(t *testing.T) {
	t.Parallel()
	stranger := strangers["ical.js (npm)"]
	if out, err := exec.CommandContext(t.Context(), stranger.program, "-e", stranger.has).CombinedOutput(); err != nil {
		t.Skipf("ical.js (npm) is not here (%v): %s", err, bytes.TrimSpace(out))
	}
	now := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	drafts := append(slices.Clone(recurrences),
		series.Draft{RRule: "FREQ=DAILY;COUNT=500", Start: at("2026-01-01T09:00:00")},
		series.Draft{RRule: "FREQ=DAILY;COUNT=10", Start: at("2026-11-20T09:00:00")},
		series.Draft{RRule: "FREQ=DAILY", Start: at("2027-03-27T02:30:00")})
	for _, zone := range zones {
		var file bytes.Buffer
		w := exchange.NewCalendarWriter(&file)
		want := map[string][]string{}
		var all []occurrence.Series
		for i, draft := range drafts {
			draft.Title = "x"
			s, err := series.New(uuid.New(), draft, zone, now)
			require.NoError(t, err)
			rule, err := s.Rule()
			require.NoError(t, err)
			occurrences, _ := rule.First(2+i%4, nil) // the last one is next
			next := occurrences[len(occurrences)-1].UTC()
			s.NextOccurrenceAt = &next
			all = append(all, s)
			before := next.Add(-time.Second)
			occurrences, _ = rule.First(12, &before)
			if s.Mode == occurrence.ByCompletion {
				occurrences = occurrences[:0] // no rule, and so no list
			}
			for _, at := range occurrences {
				if s.AllDay {
					want[s.ID.String()] = append(want[s.ID.String()], at.Format(time.DateOnly))
				} else {
					want[s.ID.String()] = append(want[s.ID.String()], at.UTC().Format("2006-01-02T15:04:05Z"))
				}
			}
		}
		location, err := time.LoadLocation(zone)
		require.NoError(t, err)
		w.Open(location, map[string]time.Time{zone: now.AddDate(-1, 0, 0)}, now, func(*ical.Writer) {})
		for _, s := range all {
			require.NoError(t, w.Coming(s, false))
		}
		require.NoError(t, w.Close())
		command := exec.CommandContext(t.Context(), stranger.program, stranger.script)
		command.Stdin = &file
		out, err := command.Output()
		require.NoError(t, err)
		var found []told
		require.NoError(t, json.Unmarshal(out, &found))
		require.Len(t, found, len(all))
		for i, one := range found {
			require.ElementsMatch(t, want[one.UID], one.Occurrences, "%s: %v", zone, drafts[i])
		}
	}
}
