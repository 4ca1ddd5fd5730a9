package ical

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// calendar wraps content lines, which end in LF here, as a file.
func calendar(lines string) string {
	return strings.ReplaceAll("BEGIN:VCALENDAR\nVERSION:2.0\n"+lines+"\nEND:VCALENDAR\n", "\n", "\r\n")
}

func read(t *testing.T, file string) []*Component {
	t.Helper()
	var all []*Component
	_, err := Read(file, func(c *Component) error { all = append(all, c); return nil })
	require.NoError(t, err)
	return all
}

func TestTextComesBackAndLinesAreShort(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "plain", `back\slash, comma; semicolon: "quoted"`, "two\nlines", `\n`, `trailing\`, strings.Repeat("ü", 200),
		strings.Repeat("👩‍👩‍👧‍👦", 30), strings.Repeat(" ", 300), "\tx", "x" + strings.Repeat(",", 149), "שלום",
	} {
		var file strings.Builder
		w := NewWriter(&file)
		w.Begin("VCALENDAR")
		w.Begin("VTODO")
		w.Text("SUMMARY", text)
		w.Text("CATEGORIES", text, "a,b", text)
		w.Raw("X-PARAM", "1", "A", strings.ReplaceAll(text, "\t", " "), "B", `;:,"`)
		w.End("VTODO")
		w.End("VCALENDAR")
		require.NoError(t, w.Err())
		for line := range strings.SplitSeq(strings.TrimSuffix(file.String(), "\r\n"), "\r\n") {
			require.LessOrEqual(t, len(line), 75)
			require.True(t, utf8.ValidString(line), "%q", line)
			require.NotContains(t, line, "\n")
		}
		todo := read(t, file.String())[0]
		summary, _ := todo.Get("SUMMARY")
		require.Equal(t, text, summary.Text())
		categories, _ := todo.Get("CATEGORIES")
		require.Equal(t, []string{text, "a,b", text}, categories.Texts())
		param, _ := todo.Get("X-PARAM")
		require.Equal(t, strings.ReplaceAll(text, "\t", " "), param.Param("A"))
		require.Equal(t, `;:,"`, param.Param("B"))
	}
}

func TestReadForgivesWhatProgramsGetWrong(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{
		"line feeds":                "BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:a b\nEND:VTODO\nEND:VCALENDAR",
		"carriage returns":          "BEGIN:VCALENDAR\rBEGIN:VTODO\rSUMMARY:a b\rEND:VTODO\rEND:VCALENDAR\r",
		"lower case":                "begin:vcalendar\nbegin:vtodo\nsummary:a b\nend:vtodo\nend:vcalendar\n",
		"byte order mark":           "\ufeff" + calendar("BEGIN:VTODO\nSUMMARY:a b\nEND:VTODO"),
		"empty lines":               calendar("\n\nBEGIN:VTODO\n\nSUMMARY:a b\n\nEND:VTODO\n") + "\r\n\r\n",
		"folded by a tab":           calendar("BEGIN:VTODO\nSUMMARY:a\n\t b\nEND:VTODO"),
		"folded at every character": calendar("BEGIN:VTODO\nSUM\n MARY\n :\n a\n  \n b\nEND:VTODO"),
		"several calendars":         calendar("") + calendar("BEGIN:VTODO\nSUMMARY:a b\nEND:VTODO"),
		"parameters of all kinds":   calendar("BEGIN:VTODO\nSUMMARY;LANGUAGE=en;X-A=\"x;:,y\",z;X-B=:a b\nEND:VTODO"),
	} {
		todos := read(t, file)
		require.Len(t, todos, 1, name)
		summary, _ := todos[0].Get("SUMMARY")
		require.Equal(t, "a b", summary.Text(), name)
	}
	// A character that was folded in two.
	todo := read(t, calendar("BEGIN:VTODO\nSUMMARY:\xc3\n \xbc\nEND:VTODO"))[0]
	require.Equal(t, "ü", todo.Lines[0].Text())
	// Backslashes that escape nothing.
	require.Equal(t, `C:\temp: "x"`, Line{Value: `C:\temp\: \"x\"`}.Text())
}

func TestReadNamesTheLineOfAMistake(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"":                                    "line 1: is not iCalendar: there is no BEGIN:VCALENDAR",
		"<html>":                              `line 1: is no content line, which looks like NAME:value; it is "<html>"`,
		"BEGIN:VCARD\nEND:VCARD":              "line 1: must be BEGIN:VCALENDAR",
		"BEGIN:VCALENDAR\n":                   "line 1: begins a VCALENDAR that does not end; the file seems to be cut off",
		"BEGIN:VCALENDAR\nBEGIN:VTODO\nUID:1": "line 2: begins a VTODO that does not end; the file seems to be cut off",
		calendar("BEGIN:VTODO\nEND:VEVENT"):   "line 4: must be END:VTODO, for the BEGIN in line 3",
		calendar("END:VTODO"):                 "line 3: ends a component that has not begun",
		calendar("BEGIN:VTODO\nX;B=c\nEND:VTODO"):                                "line 4: X has no colon before its value",
		calendar("BEGIN:VTODO\nX;B\nEND:VTODO"):                                  "line 4: X has a parameter without a value",
		calendar("BEGIN:VTODO\nX;B=\"c:d\nEND:VTODO"):                            "line 4: X has a parameter B whose closing quote is missing",
		calendar("BEGIN:VTODO\nSUMMARY\nEND:VTODO"):                              `line 4: is no content line, which looks like NAME:value; it is "SUMMARY"`,
		calendar("BEGIN:VTODO\nSUMMARY:a\n b\nX\xff:\nEND:VTODO"):                "line 6: must be UTF-8",
		strings.Repeat("BEGIN:VCALENDAR\n", 9):                                   "line 5: nests components deeper than 4 levels",
		calendar("BEGIN:VTODO\n" + strings.Repeat("A:\n", 20_000) + "END:VTODO"): "line 3: begins a VTODO of more than 20000 lines",
	} {
		_, err := Read(file, func(*Component) error { return nil })
		require.EqualError(t, err, want)
	}
}

func TestMoments(t *testing.T) {
	t.Parallel()
	zones := NewZones(load("Europe/Berlin"), day)
	for value, want := range map[string]string{
		"20261124T090000Z": "2026-11-24T09:00:00Z",
		"20261124t090000z": "2026-11-24T09:00:00Z",
		"20261124T090000":  "2026-11-24T08:00:00Z", // floating: where the user is
		"20261124":         "2026-11-23T23:00:00Z",
		"20270328T023000":  "2027-03-28T01:30:00Z", // skipped: with the offset before the gap
		"20261025T023000":  "2026-10-25T00:30:00Z", // twice: the first
		"20261231T235960Z": "2026-12-31T23:59:59Z",
	} {
		m, err := Line{Name: "DUE", Value: value}.Moment()
		require.NoError(t, err, value)
		at, err := zones.Instant(m)
		require.NoError(t, err, value)
		require.Equal(t, want, at.UTC().Format(time.RFC3339), value)
	}
	for _, value := range []string{"", "tomorrow", "20261124T0900", "20261324", "20260230", "00000101", "99990101", "2026-11-24", "20261124T250000Z", "20261124Z"} {
		_, err := Line{Number: 7, Name: "DUE", Value: value}.Moment()
		require.ErrorContains(t, err, "line 7: DUE must be a time such as 20261124T090000Z", value)
	}
}

func TestDurations(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]time.Duration{
		"-PT15M": -15 * time.Minute, "P1D": 24 * time.Hour, "+P2W": 14 * 24 * time.Hour, "P1DT2H3M4S": 26*time.Hour + 3*time.Minute + 4*time.Second,
		"-P0DT0H15M0S": -15 * time.Minute, "PT0S": 0, "pt5m": 5 * time.Minute,
	} {
		d, err := Line{Name: "TRIGGER", Value: value}.Duration()
		require.NoError(t, err, value)
		require.Equal(t, want, d, value)
		again, err := Line{Value: FormatDuration(d)}.Duration()
		require.NoError(t, err)
		require.Equal(t, d, again)
	}
	for _, value := range []string{"", "P", "15", "PT", "PT15", "P1H", "PT1D", "P99999999999999999999D", "P40000D", "P-1D", "PT1M1"} {
		_, err := Line{Number: 7, Name: "TRIGGER", Value: value}.Duration()
		require.ErrorContains(t, err, "line 7: TRIGGER must be a duration such as -PT15M or P1D", value)
	}
}

func TestZonesByWhateverNameTheyHave(t *testing.T) {
	t.Parallel()
	outlook := func(id, standard, daylight string) string {
		return "BEGIN:VTIMEZONE\nTZID:" + id + "\nBEGIN:STANDARD\nDTSTART:16011028T030000\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\nTZOFFSETFROM:" + daylight +
			"\nTZOFFSETTO:" + standard + "\nEND:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:16010325T020000\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\nTZOFFSETFROM:" + standard +
			"\nTZOFFSETTO:" + daylight + "\nEND:DAYLIGHT\nEND:VTIMEZONE\n"
	}
	zones := NewZones(load("Europe/Paris"), day)
	for _, c := range read(t, calendar(outlook("Customized Time Zone", "+0100", "+0200")+
		outlook("Kyiv, by offsets", "+0200", "+0300")+outlook("of no country", "+0217", "+0317")+
		"BEGIN:VTIMEZONE\nTZID:Our office\nX-LIC-LOCATION:America/Toronto\nEND:VTIMEZONE\n"+
		"BEGIN:VTIMEZONE\nTZID:India by offset\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0530\nTZOFFSETTO:+0530\nEND:STANDARD\nEND:VTIMEZONE\n"+
		"BEGIN:VTIMEZONE\nTZID:beyond us\nBEGIN:STANDARD\nDTSTART:19700101T000000\nRRULE:FREQ=DAILY\nTZOFFSETFROM:+0530\nTZOFFSETTO:+0530\nEND:STANDARD\nEND:VTIMEZONE")) {
		zones.Define(c)
	}
	for tzid, want := range map[string]string{
		"":              "Europe/Paris",
		"Europe/Berlin": "Europe/Berlin",
		"/freeassociation.sourceforge.net/Europe/Berlin":                  "Europe/Berlin",
		"/freeassociation.sourceforge.net/America/Argentina/Buenos_Aires": "America/Argentina/Buenos_Aires",
		"/citadel.org/20210210_1/America/New_York":                        "America/New_York",
		"W. Europe Standard Time":                                         "Europe/Berlin",
		"pacific standard time":                                           "America/Los_Angeles",
		"Customized Time Zone":                                            "Europe/Paris", // the user's own, if it fits
		"Kyiv, by offsets":                                                "Europe/Kyiv",
		"Our office":                                                      "America/Toronto",
		"India by offset":                                                 "Asia/Kolkata",
	} {
		zone, err := zones.Zone(tzid)
		require.NoError(t, err, tzid)
		require.Equal(t, want, zone.String(), tzid)
	}
	for _, tzid := range []string{"of no country", "beyond us", "Atlantis", "Local", "../../etc/passwd", "Europe/../Europe/Berlin\x00", strings.Repeat("a/", 1000)} {
		_, err := zones.Zone(tzid)
		require.ErrorContains(t, err, "which is neither an IANA zone nor like one", tzid)
	}
}

// Every Windows name leads to a zone that there is.
func TestWindowsNames(t *testing.T) {
	t.Parallel()
	require.Greater(t, len(windowsZones), 130)
	for name, iana := range windowsZones {
		require.NotNil(t, load(iana), "%s: %s", name, iana)
	}
}

// No file makes the reader fail in another way than with an Error, and what it reads,
// it reads again from what the writer makes of it.
func FuzzRead(f *testing.F) {
	f.Add(calendar("BEGIN:VTODO\nSUMMARY;A=\"b\",c:d\\, e\nDUE;TZID=X:20261124T090000\nBEGIN:VALARM\nTRIGGER:-PT15M\nEND:VALARM\nEND:VTODO"))
	f.Add(calendar("BEGIN:VTIMEZONE\nTZID:x\nBEGIN:STANDARD\nDTSTART:16011028T030000\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nEND:STANDARD\nEND:VTIMEZONE"))
	f.Add("X;B=c")
	f.Fuzz(func(t *testing.T, file string) {
		zones := NewZones(time.UTC, day)
		var written strings.Builder
		w := NewWriter(&written)
		var first []Line
		_, err := Read(file, func(c *Component) error {
			if c.Name == "VTIMEZONE" {
				zones.Define(c)
			}
			for _, l := range c.Lines {
				l.Text()
				_, _ = l.Duration()
				if moments, err := l.Moments(); err == nil {
					_, _ = zones.Instant(moments[0])
				}
				if strings.ContainsAny(l.Name+l.Value, "\r\n \t") || strings.ContainsAny(l.Name, `"`) {
					continue // which only an unfolded line can hold
				}
				l.Params = nil
				first = append(first, l)
				w.Raw(l.Name, l.Value)
			}
			return nil
		})
		if err != nil {
			var mistake *Error
			require.ErrorAs(t, err, &mistake)
			return
		}
		again := read(t, "BEGIN:VCALENDAR\nBEGIN:X\n"+written.String()+"END:X\nEND:VCALENDAR")[0].Lines
		require.Len(t, again, len(first))
		for i := range first {
			require.Equal(t, first[i].Name, again[i].Name)
			require.Equal(t, first[i].Value, again[i].Value)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	file := calendar(strings.Repeat("BEGIN:VTODO\nUID:1\nSUMMARY:Buy milk\\, and bread\nDUE;TZID=Europe/Berlin:20261124T090000\nEND:VTODO\n", 10_000))
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		if _, err := Read(file, func(*Component) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
