package feed_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/services/api/feed"
	"github.com/rondohq/rondo/services/api/ical"
	"github.com/rondohq/rondo/services/api/series"
	"github.com/rondohq/rondo/services/api/tag"
	"github.com/rondohq/rondo/services/api/task"
	"github.com/rondohq/rondo/services/internal/outbox"
	"github.com/rondohq/rondo/services/internal/postgres/postgrestest"
	"github.com/rondohq/rondo/services/internal/ratelimit"
	"github.com/rondohq/rondo/services/internal/rest"
	"github.com/rondohq/rondo/services/internal/telemetry"
	"github.com/rondohq/rondo/services/internal/token"
)

// testBundle is the service on a real database, with a clock of the test's own.
type testBundle struct {
	feed.Service

	tasks  task.Service
	tags   tag.Service
	series series.Service
	db     *pgxpool.Pool
	now    time.Time
}

func setup(t *testing.T) *testBundle {
	t.Helper()
	db := postgrestest.New(t)
	pool, box := db.Pool(t, topology.API), outbox.New(topology.API)
	b := &testBundle{db: db.Owner(t), now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return b.now }
	tasks := task.NewPostgres(pool, box)
	b.Service = feed.NewService(feed.NewPostgres(pool, tasks), feed.DefaultLimits(clock), clock)
	b.tasks = task.NewService(tasks, clock)
	b.tags = tag.NewService(tag.NewPostgres(pool, box))
	b.series = series.NewService(series.NewPostgres(pool, tasks, box), clock)
	return b
}

func (b *testBundle) user(t *testing.T) token.Principal {
	t.Helper()
	id := uuid.New()
	_, err := b.db.Exec(t.Context(), `INSERT INTO users (id, email, password_hash, display_name, timezone)
		VALUES ($1, $2, '', 'x', 'Europe/Berlin')`, id, id.String()+"@example.org")
	require.NoError(t, err)
	return token.Principal{UserID: id, Session: true}
}

func (b *testBundle) task(t *testing.T, p token.Principal, title, due string, tags ...string) task.Task {
	t.Helper()
	d := task.Draft{Title: title, Tags: tags}
	if due != "" {
		at, err := time.Parse(time.RFC3339, due)
		require.NoError(t, err)
		d.DueAt = &at
	}
	made, err := b.tasks.Create(t.Context(), p.UserID, d)
	require.NoError(t, err)
	return made
}

// subscribe makes a feed and returns the token in its address.
func (b *testBundle) subscribe(t *testing.T, p token.Principal, d feed.Draft) string {
	t.Helper()
	d.Name = "Phone"
	made, err := b.Create(t.Context(), p, d)
	require.NoError(t, err)
	return strings.TrimSuffix(strings.TrimPrefix(made.URL, "/feeds/"), ".ics")
}

// shown are the entries of a feed, each as its kind, title, when and rule.
func (b *testBundle) shown(t *testing.T, secret string) []string {
	t.Helper()
	c, err := b.Read(t.Context(), "192.0.2.1:1", secret)
	require.NoError(t, err)
	var all []string
	_, err = ical.Read(string(c.Body), func(c *ical.Component) error {
		if c.Name == "VTIMEZONE" {
			return nil
		}
		value := func(name string) string { l, _ := c.Get(name); return l.Text() }
		when := value("DTSTART")
		if c.Name == "VTODO" {
			when = value("DUE")
		}
		all = append(all, strings.TrimSpace(strings.Join([]string{c.Name, value("SUMMARY"), when, value("STATUS"), value("RRULE")}, " ")))
		require.Empty(t, c.Children, "a feed has no alarms")
		return nil
	})
	require.NoError(t, err)
	slices.Sort(all)
	return all
}

func TestFeedShowsWhatThereIsToDo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := b.user(t)
	b.task(t, ada, "someday", "")
	b.task(t, ada, "at five", "2026-11-25T16:00:00Z", "Work")
	b.task(t, ada, "some time on Friday", "2026-11-27T22:59:59Z", "work", "home")
	done := b.task(t, ada, "done", "2026-11-20T16:00:00Z", "work")
	gone := b.task(t, ada, "gone", "2026-11-20T16:00:00Z", "work")
	longAgo := b.task(t, ada, "done long ago", "2026-10-01T16:00:00Z", "work")
	_, err := b.tasks.Delete(t.Context(), ada.UserID, gone.ID, nil)
	require.NoError(t, err)
	for _, one := range []task.Task{done, longAgo} {
		_, err = b.tasks.Complete(t.Context(), ada.UserID, one.ID, nil)
		require.NoError(t, err)
	}
	_, err = b.db.Exec(t.Context(), `UPDATE tasks SET completed_at = $2 WHERE id = $1`, longAgo.ID, b.now.AddDate(0, 0, -31))
	require.NoError(t, err)
	start, err := series.ParseMoment("2026-01-02T14:00:00")
	require.NoError(t, err)
	for title, status := range map[string]string{"Team sync": "active", "paused sync": "paused"} {
		s, err := b.series.Create(t.Context(), ada.UserID, series.Draft{Title: title, RRule: "FREQ=WEEKLY;BYDAY=FR", Start: &start, Timezone: "Europe/Berlin", Tags: []string{"work"}})
		require.NoError(t, err)
		_, err = b.db.Exec(t.Context(), `UPDATE series SET status = 'active', next_occurrence_at = '2026-11-27T13:00:00Z', fire_at = '2026-11-27T13:00:00Z' WHERE id = $1`, s.ID)
		require.NoError(t, err)
		if status == "paused" {
			_, err = b.db.Exec(t.Context(), `UPDATE series SET status = 'paused', next_occurrence_at = NULL, fire_at = NULL WHERE id = $1`, s.ID)
			require.NoError(t, err)
		}
	}

	require.Equal(t, []string{
		"VEVENT Team sync 20261127T140000  FREQ=WEEKLY;BYDAY=FR", "VEVENT at five 20261125T160000Z", "VEVENT some time on Friday 20261127",
	}, b.shown(t, b.subscribe(t, ada, feed.Draft{})))
	require.Equal(t, []string{
		"VTODO Team sync 20261127T140000 NEEDS-ACTION FREQ=WEEKLY;BYDAY=FR", "VTODO at five 20261125T160000Z NEEDS-ACTION",
		"VTODO done 20261120T160000Z COMPLETED", "VTODO some time on Friday 20261127 NEEDS-ACTION", "VTODO someday  NEEDS-ACTION",
	}, b.shown(t, b.subscribe(t, ada, feed.Draft{ShowAs: feed.Tasks, IncludeCompleted: true})))
	require.Equal(t, []string{
		"VEVENT Team sync 20261127T140000  FREQ=WEEKLY;BYDAY=FR", "VEVENT at five 20261125T160000Z",
		"VEVENT some time on Friday 20261127", "VEVENT ✓ done 20261120T160000Z",
	}, b.shown(t, b.subscribe(t, ada, feed.Draft{Tags: []string{"WORK"}, IncludeCompleted: true})))
	require.Equal(t, []string{"VEVENT some time on Friday 20261127"}, b.shown(t, b.subscribe(t, ada, feed.Draft{Tags: []string{"work", "home"}})))
	require.Empty(t, b.shown(t, b.subscribe(t, b.user(t), feed.Draft{})))
}

// A feed of one tag must never become one of everything.
func TestFeedFollowsItsTagAndEndsWithIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := b.user(t)
	b.task(t, ada, "shared", "2026-11-25T16:00:00Z", "family")
	b.task(t, ada, "private", "2026-11-25T17:00:00Z")
	secret := b.subscribe(t, ada, feed.Draft{Tags: []string{"family"}})
	shared := []string{"VEVENT shared 20261125T160000Z"}
	require.Equal(t, shared, b.shown(t, secret))
	tags, err := b.tags.List(t.Context(), ada.UserID)
	require.NoError(t, err)
	_, err = b.tags.Rename(t.Context(), ada.UserID, tags[0].ID, "kin")
	require.NoError(t, err)
	require.Equal(t, shared, b.shown(t, secret))
	feeds, err := b.List(t.Context(), ada.UserID)
	require.NoError(t, err)
	require.Equal(t, []string{"kin"}, feeds[0].Tags)
	require.NoError(t, b.tags.Delete(t.Context(), ada.UserID, tags[0].ID))
	require.Empty(t, b.shown(t, secret))
}

func TestTokenIsStoredAsItsHashAloneAndRevokedAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada, eve := b.user(t), b.user(t)
	secret := b.subscribe(t, ada, feed.Draft{})
	var row string
	require.NoError(t, b.db.QueryRow(t.Context(), `SELECT f::text FROM feeds f`).Scan(&row))
	require.NotContains(t, row, secret)
	require.NotContains(t, row, strings.TrimPrefix(secret, token.Prefix))

	feeds, err := b.List(t.Context(), ada.UserID)
	require.NoError(t, err)
	require.Nil(t, feeds[0].LastUsedAt)
	b.shown(t, secret)
	feeds, err = b.List(t.Context(), ada.UserID)
	require.NoError(t, err)
	require.Equal(t, b.now, *feeds[0].LastUsedAt)

	require.Equal(t, fault.NotFound, fault.CodeOf(b.Revoke(t.Context(), eve, feeds[0].ID)))
	require.NoError(t, b.Revoke(t.Context(), ada, feeds[0].ID))
	_, revoked := b.Read(t.Context(), "192.0.2.1:1", secret)
	_, unknown := b.Read(t.Context(), "192.0.2.1:1", "x")
	require.Equal(t, fault.NotFound, fault.CodeOf(revoked))
	require.Equal(t, unknown.Error(), revoked.Error())
}

func TestOnlyASessionMakesFeeds(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := b.user(t)
	ada.Session = false
	_, err := b.Create(t.Context(), ada, feed.Draft{Name: "heir"})
	require.Equal(t, fault.Forbidden, fault.CodeOf(err))
}

func TestETagChangesWithTheContentAlone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := b.user(t)
	one := b.task(t, ada, "one", "2026-11-25T16:00:00Z")
	secret := b.subscribe(t, ada, feed.Draft{})
	etag := func() string {
		c, err := b.Read(t.Context(), "192.0.2.1:1", secret)
		require.NoError(t, err)
		return c.ETag
	}
	first := etag()
	b.now = b.now.Add(7 * 24 * time.Hour)
	require.Equal(t, first, etag())
	title := "another"
	_, err := b.tasks.Update(t.Context(), ada.UserID, one.ID, nil, task.Change{Title: &title})
	require.NoError(t, err)
	require.NotEqual(t, first, etag())
}

func TestWhoAsksTooOftenIsToldToWait(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := b.user(t)
	secret, other := b.subscribe(t, ada, feed.Draft{}), b.subscribe(t, ada, feed.Draft{})
	exhaust := func(read func() error) (allowed int) {
		for fault.CodeOf(read()) != fault.RateLimited {
			allowed++
			require.Less(t, allowed, 1000)
		}
		return allowed
	}
	read := func(from, secret string) func() error {
		return func() error { _, err := b.Read(t.Context(), from, secret); return err }
	}
	require.Equal(t, 60, exhaust(read("192.0.2.1:1", secret)))
	require.NoError(t, read("192.0.2.1:1", other)()) // of the same person, from the same place
	require.Equal(t, 100, exhaust(read("192.0.2.2:1", "x")))
	require.Equal(t, fault.RateLimited, fault.CodeOf(read("192.0.2.2:1", other)())) // who guesses gets nothing for a while
	b.now = b.now.Add(10 * time.Second)
	require.NoError(t, read("192.0.2.2:1", other)())
	require.NoError(t, read("192.0.2.1:1", secret)())
}

// The token is in the address, and addresses get around: not ours, in logs, metrics and
// problems.
func TestTokenIsNowhereToBeSeen(t *testing.T) {
	t.Parallel()
	b := setup(t)
	secret := b.subscribe(t, b.user(t), feed.Draft{})
	var logged bytes.Buffer
	tel := telemetry.New(slog.New(slog.NewJSONHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug})))
	mux := http.NewServeMux()
	never := feed.NewService(brokenStore{}, feed.Limits{Of: ratelimit.New(1, time.Hour, time.Now), From: ratelimit.New(9, time.Hour, time.Now)}, time.Now)
	for path, service := range map[string]feed.Service{"/": b.Service, "/broken/": never} {
		inner := http.NewServeMux()
		feed.RegisterPublic(inner, feed.MakeEndpoints(service, rest.Durations(prometheus.NewRegistry())))
		inner.Handle("/", rest.Fallback(inner))
		mux.Handle(path, http.StripPrefix(strings.TrimSuffix(path, "/"), inner))
	}
	tel.Health(mux)
	handler := tel.HTTP(mux)
	var answers strings.Builder
	for _, request := range []struct {
		method, path string
		status       int
	}{
		{http.MethodGet, "/feeds/" + secret + ".ics", 200},
		{http.MethodHead, "/feeds/" + secret + ".ics", 200},
		{http.MethodGet, "/feeds/" + secret, 404},
		{http.MethodGet, "/feeds/x" + secret + ".ics", 404},
		{http.MethodGet, "/broken/feeds/" + secret + ".ics", 500},
		{http.MethodGet, "/metrics", 200},
	} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), request.method, request.path, http.NoBody))
		require.Equal(t, request.status, w.Code, request.path)
		answers.WriteString(w.Body.String())
	}
	require.Contains(t, logged.String(), "request")
	require.Contains(t, answers.String(), "BEGIN:VCALENDAR")
	require.NotContains(t, logged.String(), secret)
	require.NotContains(t, answers.String(), secret)
}
