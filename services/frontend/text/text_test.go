package text_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/services/frontend/text"
)

func TestDaysAreNamedFromNowInThePersonsZone(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.November, 23, 23, 30, 0, 0, time.UTC) // Tuesday already in Berlin
	berlin := text.NewLocale(text.English(), "Europe/Berlin", "de-DE,de;q=0.9")
	newYork := text.NewLocale(text.English(), "America/New_York", "en-US,en;q=0.8")
	for _, tt := range []struct {
		at              time.Time
		berlin, newYork string
	}{
		{now, "Today, 00:30", "Today, 6:30 PM"},
		{now.Add(24 * time.Hour), "Tomorrow, 00:30", "Tomorrow, 6:30 PM"},
		{now.Add(-24 * time.Hour), "Yesterday, 00:30", "Yesterday, 6:30 PM"},
		{now.Add(3 * 24 * time.Hour), "Friday, 00:30", "Thursday, 6:30 PM"},
		{now.Add(10 * 24 * time.Hour), "4 Dec, 00:30", "Dec 3, 6:30 PM"},
		{now.Add(60 * 24 * time.Hour), "23 Jan 2027, 00:30", "Jan 22, 2027, 6:30 PM"},
	} {
		require.Equal(t, tt.berlin, berlin.Due(now, tt.at))
		require.Equal(t, tt.newYork, newYork.Due(now, tt.at))
	}
	require.Equal(t, "Tomorrow · Wednesday 25 November", berlin.Heading(now, now.Add(24*time.Hour)))
	require.Equal(t, "Tomorrow · Tuesday, November 24", newYork.Heading(now, now.Add(24*time.Hour)))
}

func TestADayWithoutATimeIsDueAtItsEnd(t *testing.T) {
	t.Parallel()
	berlin := text.NewLocale(text.English(), "Europe/Berlin", "")
	// The day on which summer time ends has 25 hours.
	due := berlin.EndOfDay(2026, time.October, 25)
	require.False(t, berlin.HasTime(due))
	require.Equal(t, 25*time.Hour-time.Second, due.Sub(berlin.StartOfDay(due, 0)))
	require.Equal(t, "Today", berlin.Due(due.Add(-time.Hour), due))
	require.True(t, berlin.HasTime(due.Add(-59*time.Second)), "23:59 is a time that can be chosen")
}

func TestZonesExistAndTheCurrentOneIsAmongThem(t *testing.T) {
	t.Parallel()
	for _, name := range text.Zones("Asia/Calcutta") {
		_, err := time.LoadLocation(name)
		require.NoError(t, err)
	}
	require.Equal(t, "Asia/Calcutta", text.Zones("Asia/Calcutta")[0], "an older name stays")
}

// A language that lacks a text would show nothing, or stop at a nil function.
func TestTheCatalogueIsComplete(t *testing.T) {
	t.Parallel()
	var check func(path string, v reflect.Value)
	check = func(path string, v reflect.Value) {
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				check(path+"."+v.Type().Field(i).Name, v.Field(i))
			}
		case reflect.Array:
			for i := range v.Len() {
				check(path, v.Index(i))
			}
		default:
			require.False(t, v.IsZero(), "%s is missing", path)
		}
	}
	check("Catalogue", reflect.ValueOf(*text.English()))
}
