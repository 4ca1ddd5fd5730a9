package exchange

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

var importDay = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// No file makes the reader fail otherwise than by a fault; what it takes from one is what
// the database takes, and can be written again.
func FuzzParseCalendar(f *testing.F) {
	samples, err := filepath.Glob("testdata/calendars/*.ics")
	require.NoError(f, err)
	require.NotEmpty(f, samples)
	for _, sample := range samples {
		body, err := os.ReadFile(sample)
		require.NoError(f, err)
		f.Add(body)
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, body []byte) {
		read, bad, err := parseCalendar(body, berlin, importDay)
		if err != nil || bad.fault() != nil {
			return
		}
		plan, err := newPlanner(uuid.New(), read, importDay).plan(Owned{})
		if err != nil {
			return
		}
		var written strings.Builder
		sink := newCalendarSink(&written)
		head := Head{At: importDay, Zone: berlin, Tags: read.tags}
		for _, s := range plan.Series {
			require.NotEqual(t, uuid.Nil, s.ID)
			head.Series = append(head.Series, s)
		}
		require.NoError(t, sink.Begin(head))
		for _, item := range plan.Tasks {
			require.NotEqual(t, uuid.Nil, item.ID)
			require.Equal(t, item.Status == "completed", item.CompletedAt != nil)
			require.Equal(t, item.SeriesID == nil, item.OccurrenceAt == nil)
			require.NotContains(t, item.Title+item.Description, "\x00")
			for _, r := range item.Reminders {
				require.NotEqual(t, r.OffsetMinutes == nil, r.RemindAt == nil)
			}
			require.NoError(t, sink.Task(item))
		}
		require.NoError(t, sink.End())
		again, bad, err := parseCalendar([]byte(written.String()), berlin, importDay)
		require.NoError(t, err)
		require.NoError(t, bad.fault(), "%s", written.String())
		require.Len(t, again.rows, len(plan.Tasks))
		require.Len(t, again.series, len(plan.Series))
	})
}

// What a file may cost.
func BenchmarkParseHostileCalendar(b *testing.B) {
	var file strings.Builder
	file.WriteString("BEGIN:VCALENDAR\n")
	for range maxLines / 100 {
		file.WriteString("BEGIN:VTIMEZONE\nTZID:" + uuid.NewString() + "\nBEGIN:STANDARD\nDTSTART:16011028T030000\nTZOFFSETFROM:+0217\nTZOFFSETTO:+0217\nEND:STANDARD\nEND:VTIMEZONE\n")
	}
	for range MaxSeries {
		file.WriteString("BEGIN:VTODO\nUID:" + uuid.NewString() + "\nSUMMARY:x\nDTSTART;TZID=America/New_York:20000101T000000\n" +
			"RRULE:FREQ=MONTHLY;BYDAY=1MO,2TU,3WE,4TH;BYSETPOS=-1,2;BYMONTH=2;COUNT=1000000\nEND:VTODO\n")
	}
	file.WriteString("END:VCALENDAR\n")
	for b.Loop() {
		_, _, err := parseCalendar([]byte(file.String()), time.UTC, importDay)
		require.NoError(b, err)
	}
}

func BenchmarkParseLargestCalendar(b *testing.B) {
	var file strings.Builder
	file.WriteString("BEGIN:VCALENDAR\n")
	for range MaxRows {
		file.WriteString("BEGIN:VTODO\nUID:" + uuid.NewString() + "\nSUMMARY:Buy milk\nDESCRIPTION:" + strings.Repeat("x", 500) +
			"\nDUE;TZID=America/New_York:20261201T090000\nCATEGORIES:a,b\nEND:VTODO\n")
	}
	file.WriteString("END:VCALENDAR\n")
	b.SetBytes(int64(file.Len()))
	for b.Loop() {
		read, bad, err := parseCalendar([]byte(file.String()), time.UTC, importDay)
		require.NoError(b, err)
		require.NoError(b, bad.fault())
		require.Len(b, read.rows, MaxRows)
	}
}
