package recurrence_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/services/api/recurrence"
	"github.com/rondohq/rondo/services/internal/ratelimit"
	"github.com/rondohq/rondo/services/internal/rest"
	"github.com/rondohq/rondo/services/internal/token"
)

func setup(limits ratelimit.Callers) *http.ServeMux {
	mux := http.NewServeMux()
	recurrence.Register(mux, recurrence.MakeEndpoints(recurrence.NewService(limits), rest.Durations(prometheus.NewRegistry())))
	return mux
}

type answer struct {
	Description string
	Occurrences []string
	Finished    bool

	Code   string
	Detail string
	Errors []struct{ Field, Message string }
}

func post(t *testing.T, h http.Handler, user uuid.UUID, address, body string) (int, http.Header, answer) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/recurrence/preview", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.RemoteAddr = address
	if user != uuid.Nil {
		r = r.WithContext(token.With(r.Context(), token.Principal{UserID: user}))
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var a answer
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &a), "%s", w.Body)
	return w.Code, w.Header(), a
}

func TestPreviewShowsWhatARuleMeans(t *testing.T) {
	t.Parallel()
	mux := setup(ratelimit.ForPrograms(time.Now))
	for name, test := range map[string]struct {
		body     string
		want     []string
		finished bool
	}{
		"the contract's example": {
			`{"rrule": "FREQ=WEEKLY;BYDAY=FR", "dtstart": "2026-03-27T14:00:00", "timezone": "Europe/Berlin", "limit": 2, "rdate": [], "exdate": []}`,
			[]string{"2026-03-27T14:00:00+01:00", "2026-04-03T14:00:00+02:00"},
			false,
		},
		"after is exclusive": {
			`{"rrule": "FREQ=WEEKLY;BYDAY=FR", "dtstart": "2026-03-27T14:00:00", "timezone": "Europe/Berlin", "limit": 1, "after": "2026-03-27T13:00:00Z"}`,
			[]string{"2026-04-03T14:00:00+02:00"},
			false,
		},
		"the end, to the last": {
			`{"rrule": "FREQ=DAILY;COUNT=2", "dtstart": "2026-03-27T14:00:00", "timezone": "UTC", "limit": 2}`,
			[]string{"2026-03-27T14:00:00Z", "2026-03-28T14:00:00Z"},
			true,
		},
		"one more follows": {
			`{"rrule": "FREQ=DAILY;COUNT=2", "dtstart": "2026-03-27T14:00:00", "timezone": "UTC", "limit": 1}`,
			[]string{"2026-03-27T14:00:00Z"},
			false,
		},
		"nothing after the end": {
			`{"rrule": "FREQ=DAILY;COUNT=2", "dtstart": "2026-03-27T14:00:00", "timezone": "UTC", "after": "2030-01-01T00:00:00Z"}`, []string{}, true,
		},
		"dates and exceptions": {
			`{"rrule": "FREQ=DAILY;COUNT=3", "dtstart": "2026-03-27T14:00:00", "timezone": "UTC", "rdate": ["2026-06-01T08:00:00"], "exdate": ["2026-03-28T14:00:00"]}`,
			[]string{"2026-03-27T14:00:00Z", "2026-03-29T14:00:00Z", "2026-06-01T08:00:00Z"},
			true,
		},
		"more often than a series may": {
			`{"rrule": "FREQ=SECONDLY", "dtstart": "2026-03-27T14:00:00", "timezone": "Asia/Kathmandu", "limit": 1, "after": null}`,
			[]string{"2026-03-27T14:00:00+05:45"},
			false,
		},
	} {
		status, _, got := post(t, mux, uuid.Nil, "192.0.2.1:1", test.body)
		require.Equal(t, http.StatusOK, status, "%s: %+v", name, got)
		require.Equal(t, test.want, got.Occurrences, name)
		require.Equal(t, test.finished, got.Finished, name)
		require.NotEmpty(t, got.Description, name)
	}
	_, _, got := post(t, mux, uuid.Nil, "192.0.2.1:1", `{"rrule": "FREQ=DAILY", "dtstart": "2026-03-27T14:00:00", "timezone": "UTC", "limit": 1000}`)
	require.Len(t, got.Occurrences, 1000)
	_, _, got = post(t, mux, uuid.Nil, "192.0.2.1:1", `{"rrule": "FREQ=DAILY", "dtstart": "2026-03-27T14:00:00", "timezone": "UTC"}`)
	require.Len(t, got.Occurrences, recurrence.DefaultLimit)
}

func TestADayHasNoTimeOfDay(t *testing.T) {
	t.Parallel()
	mux := setup(ratelimit.ForPrograms(time.Now))
	for body, want := range map[string]string{
		`{"rrule": "FREQ=WEEKLY;BYDAY=FR", "dtstart": "2026-03-27", "timezone": "Europe/Berlin"}`:              "Every week on Friday",
		`{"rrule": "FREQ=WEEKLY;BYDAY=FR", "dtstart": "20260327", "timezone": "Europe/Berlin"}`:                "Every week on Friday",
		`{"rrule": "FREQ=WEEKLY;BYDAY=FR", "dtstart": "2026-03-27T00:00:00", "timezone": "Europe/Berlin"}`:     "Every week on Friday at 12:00 AM",
		`{"rrule": "FREQ=DAILY;BYHOUR=0,12", "dtstart": "2026-03-27", "timezone": "Europe/Berlin"}`:            "Every day at 12:00 AM and 12:00 PM",
		`{"rrule": "FREQ=DAILY", "dtstart": "2026-03-27", "timezone": "UTC", "exdate": ["2026-03-28"]}`:        "Every day, except on March 28, 2026",
		`{"rrule": "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TU,WE,TH,FR", "dtstart": "2026-03-27", "timezone": "UTC"}`: "Every 2 weeks on every weekday (Monday to Friday)",
	} {
		_, _, got := post(t, mux, uuid.Nil, "192.0.2.1:1", body)
		require.Equal(t, want, got.Description, body)
	}
}

func TestPreviewSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	mux := setup(ratelimit.ForPrograms(time.Now))
	const start = `"dtstart": "2026-03-27T14:00:00", "timezone": "Europe/Berlin"`
	for name, test := range map[string]struct {
		body   string
		status int
		fields []string
	}{
		"interval 0":        {`{"rrule": "FREQ=DAILY;INTERVAL=0", ` + start + `}`, 422, []string{"rrule.INTERVAL"}},
		"COUNT and UNTIL":   {`{"rrule": "FREQ=DAILY;COUNT=1;UNTIL=20270101", ` + start + `}`, 422, []string{"rrule.UNTIL"}},
		"no frequency":      {`{"rrule": "BYDAY=MO", ` + start + `}`, 422, []string{"rrule.FREQ"}},
		"another standard":  {`{"rrule": "FREQ=YEARLY;BYEASTER=0", ` + start + `}`, 422, []string{"rrule.BYEASTER"}},
		"never":             {`{"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", ` + start + `}`, 422, nil},
		"never, hourly":     {`{"rrule": "FREQ=HOURLY;INTERVAL=24;BYHOUR=5", "dtstart": "2026-03-27T09:00:00", "timezone": "UTC"}`, 422, nil},
		"nothing":           {`{` + start + `}`, 422, []string{"rrule"}},
		"zone":              {`{"rrule": "FREQ=DAILY", "dtstart": "2026-03-27T14:00:00", "timezone": "Atlantis/Capital"}`, 422, []string{"timezone"}},
		"start":             {`{"rrule": "FREQ=DAILY", "dtstart": "yesterday", "timezone": "UTC"}`, 400, []string{"dtstart"}},
		"start with a zone": {`{"rrule": "FREQ=DAILY", "dtstart": "2026-03-27T14:00:00Z", "timezone": "UTC"}`, 400, []string{"dtstart"}},
		"left out":          {`{"rrule": "FREQ=DAILY"}`, 400, []string{"dtstart", "timezone"}},
		"limits": {
			`{"rrule": "FREQ=DAILY", "limit": 1001, "after": "now", "rdate": ["x"], "exdate": ["2026-03-27", "y"], ` + start + `}`, 400,
			[]string{"after", "exdate[1]", "limit", "rdate[0]"},
		},
		"limit 0":       {`{"rrule": "FREQ=DAILY", "limit": 0, ` + start + `}`, 400, []string{"limit"}},
		"type":          {`{"rrule": 1, ` + start + `}`, 400, []string{"rrule"}},
		"unknown field": {`{"rule": "FREQ=DAILY", ` + start + `}`, 400, []string{"rule"}},
		"no JSON":       {`{`, 400, []string{}},
	} {
		status, _, got := post(t, mux, uuid.Nil, "192.0.2.1:1", test.body)
		require.Equal(t, test.status, status, "%s: %+v", name, got)
		require.NotEmpty(t, got.Detail, name)
		if test.status == http.StatusUnprocessableEntity {
			require.Equal(t, "invalid_recurrence", got.Code, name)
			require.Len(t, got.Errors, 1, name)
			require.NotEmpty(t, got.Errors[0].Message, name)
		}
		if test.fields != nil {
			fields := []string{}
			for _, e := range got.Errors {
				fields = append(fields, e.Field)
			}
			require.Equal(t, test.fields, fields, "%s: %+v", name, got)
		}
	}
}

// A program that checks thousands of rules in a row is not held up; one that never ends is.
func TestThousandsOfPreviewsInARowPassAndNotForEver(t *testing.T) {
	t.Parallel()
	now := time.Now()
	mux := setup(ratelimit.ForPrograms(func() time.Time { return now }))
	const body = `{"rrule": "FREQ=DAILY", "dtstart": "2026-03-27T14:00:00", "timezone": "UTC", "limit": 1}`
	passed := 0
	for ; passed < 100_000; passed++ {
		if status, header, _ := post(t, mux, uuid.Nil, "127.0.0.1:1", body); status != http.StatusOK {
			require.Equal(t, http.StatusTooManyRequests, status)
			require.NotEmpty(t, header.Get("Retry-After"))
			break
		}
	}
	require.GreaterOrEqual(t, passed, 10_000)
	require.Less(t, passed, 100_000)
	status, _, _ := post(t, mux, uuid.New(), "127.0.0.1:1", body)
	require.Equal(t, http.StatusOK, status, "a user is not held up by the address")
}
