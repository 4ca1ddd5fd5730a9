package series_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/api/series"
	"github.com/rondohq/rondo/services/internal/occurrence"
)

// now is 14:35 in Berlin.
var now = time.Date(2026, 11, 24, 13, 35, 7, 0, time.UTC)

func TestWhatIsLeftOutHasItsDefault(t *testing.T) {
	t.Parallel()
	owner := uuid.New()
	for rule, want := range map[string]struct {
		start  string
		allDay bool
	}{
		"FREQ=WEEKLY;BYDAY=FR":          {"2026-11-24T00:00:00", true},
		"FREQ=WEEKLY;BYDAY=FR;BYHOUR=9": {"2026-11-24T15:00:00", false},
		"rrule:freq=hourly":             {"2026-11-24T15:00:00", false},
	} {
		s, err := series.New(owner, series.Draft{Title: " Sync ", RRule: rule}, "Europe/Berlin", now)
		require.NoError(t, err, rule)
		require.Equal(t, want.start, s.Spec.Start.String(), rule)
		require.Equal(t, want.allDay, s.AllDay, rule)
		require.Equal(t, "Europe/Berlin", s.Spec.Zone)
		require.Equal(t, "Sync", s.Title)
		require.Equal(t, "medium", s.Priority)
		require.Equal(t, owner, s.Owner)
		require.Equal(t, event.SeriesPending, s.Status)
		require.Equal(t, occurrence.BySchedule, s.Mode)
		require.Equal(t, occurrence.Skip, s.IfPending)
		require.Equal(t, occurrence.CatchUpLatest, s.CatchUp)
		require.Equal(t, int64(1), s.Version)
		require.True(t, s.Since.Equal(now))
	}
	s, err := series.New(owner, series.Draft{
		Title: "a", RRule: "FREQ=DAILY", Timezone: "Asia/Tokyo", ReminderOffsets: []int{0, 15, 60, 15},
	}, "Europe/Berlin", now)
	require.NoError(t, err)
	require.Equal(t, "Asia/Tokyo", s.Spec.Zone)
	require.Equal(t, []int{60, 15, 0}, s.ReminderOffsets)
}

// M2: nothing of a rule is lost on its way into the database.
func TestRulesAreKeptInTheirNormalForm(t *testing.T) {
	t.Parallel()
	start, err := series.ParseMoment("2026-11-27T14:00:00")
	require.NoError(t, err)
	for _, test := range []struct{ given, want string }{
		{"FREQ=WEEKLY;BYDAY=FR", "FREQ=WEEKLY;BYDAY=FR"},
		{"rrule:freq=monthly;interval=2;byday=mo,fr;bysetpos=-1", "FREQ=MONTHLY;INTERVAL=2;BYSETPOS=-1;BYDAY=MO,FR"},
		{"FREQ=DAILY;UNTIL=20261231", "FREQ=DAILY;UNTIL=20261231T225959Z"},
		{"FREQ=DAILY;COUNT=10", "FREQ=DAILY;COUNT=10"},
		{"FREQ=YEARLY;BYWEEKNO=1;WKST=SU", "FREQ=YEARLY;WKST=SU;BYWEEKNO=1"},
	} {
		s, err := series.New(uuid.New(), series.Draft{Title: "a", RRule: test.given, Start: &start}, "Europe/Berlin", now)
		require.NoError(t, err, test.given)
		require.Equal(t, test.want, s.Spec.RRule)
	}
}

func TestEveryBadFieldIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	day, err := series.ParseMoment("2026-11-27")
	require.NoError(t, err)
	clock, err := series.ParseMoment("2026-11-27T14:00:00")
	require.NoError(t, err)
	_, err = series.New(uuid.New(), series.Draft{
		RRule: "nonsense", Priority: "urgent", Tags: []string{""}, ReminderOffsets: []int{-1, 525601}, Mode: "x", IfPending: "y", CatchUp: "z",
		Start: &day, RDates: []series.Moment{day, clock}, ExDates: []series.Moment{clock},
	}, "UTC", now)
	f, ok := errors.AsType[*fault.Error](err)
	require.True(t, ok, "%v", err)
	var names []string
	for _, field := range f.Fields {
		names = append(names, field.Name)
	}
	require.ElementsMatch(t, []string{
		"title", "priority", "tags[0]", "mode", "if_pending", "catch_up", "reminder_offsets[0]", "reminder_offsets[1]", "rdate[1]", "exdate[0]",
	}, names)

	_, err = series.New(uuid.New(), series.Draft{Title: "a", RRule: "FREQ=DAILY", ReminderOffsets: []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}}, "UTC", now)
	require.Equal(t, fault.Invalid, fault.CodeOf(err))
}
