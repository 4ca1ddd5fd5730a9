package exchange_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/services/api/exchange"
	"github.com/rondohq/rondo/services/api/series"
	"github.com/rondohq/rondo/services/api/task"
	"github.com/rondohq/rondo/services/internal/occurrence"
	"github.com/rondohq/rondo/services/internal/outbox"
	"github.com/rondohq/rondo/services/internal/postgres/postgrestest"
	"github.com/rondohq/rondo/services/internal/rest"
	"github.com/rondohq/rondo/services/internal/token"
)

// testBundle is the service and its routes on a real database.
type testBundle struct {
	exchange.Service

	tasks task.Service
	mux   *http.ServeMux
	db    *pgxpool.Pool
	pool  *pgxpool.Pool // with the rights of api
	box   *outbox.Outbox
	now   time.Time // zero: the present
}

func setup(t *testing.T) *testBundle {
	t.Helper()
	db := postgrestest.New(t)
	pool, box := db.Pool(t, topology.API), outbox.New(topology.API)
	store := task.NewPostgres(pool, box)
	b := &testBundle{
		tasks: task.NewService(store, time.Now),
		mux:   http.NewServeMux(),
		db:    db.Owner(t),
		pool:  pool,
		box:   box,
	}
	b.Service = exchange.NewService(exchange.NewPostgres(pool, store, box), func() time.Time {
		if b.now.IsZero() {
			return time.Now()
		}
		return b.now
	})
	exchange.Register(b.mux, exchange.MakeEndpoints(b.Service, rest.Durations(prometheus.NewRegistry())))
	return b
}

func (b *testBundle) user(t *testing.T) uuid.UUID {
	t.Helper()
	return b.userIn(t, "UTC")
}

func (b *testBundle) userIn(t *testing.T, zone string) uuid.UUID {
	t.Helper()
	id := uuid.New()
	_, err := b.db.Exec(t.Context(), `INSERT INTO users (id, email, password_hash, display_name, timezone)
		VALUES ($1, $2, '', 'x', $3)`, id, id.String()+"@example.org", zone)
	require.NoError(t, err)
	return id
}

func (b *testBundle) export(t *testing.T, owner uuid.UUID, format exchange.Format) []byte {
	t.Helper()
	req := httptest.NewRequestWithContext(token.With(t.Context(), token.Principal{UserID: owner}),
		http.MethodGet, "/api/export?format="+string(format), nil)
	w := httptest.NewRecorder()
	b.mux.ServeHTTP(w, req)
	require.Equal(t, http.StatusOK, w.Code, "%s", w.Body)
	return w.Body.Bytes()
}

func (b *testBundle) count(t *testing.T, query string, args ...any) (n int) {
	t.Helper()
	require.NoError(t, b.db.QueryRow(t.Context(), query, args...).Scan(&n))
	return n
}

// file is an export, read.
type file struct {
	Tags          []string
	Series, Tasks []map[string]any
}

func read(t *testing.T, body []byte) file {
	t.Helper()
	var f file
	require.NoError(t, json.Unmarshal(body, &f))
	return f
}

// strange texts, each with something that a file format could lose.
var strange = []string{
	"plain", "Übung", "👩‍👩‍👧‍👦 family", `quote " and '`, "comma, semicolon; tab\there", "=SUM(A1:A9)", "+1", "-1", "@home",
	"'quoted", "'=x", "''-", `back\slash`, "trailing\\", "שלום", "<b>&amp;</b>", "null", "0", "1e3", " ",
}

// random makes a user's tasks of every kind.
func (b *testBundle) random(t *testing.T, owner uuid.UUID, r *rand.Rand, count int) {
	t.Helper()
	pick := func() string { return strange[r.IntN(len(strange))] }
	var parents []uuid.UUID
	for i := range count {
		d := task.Draft{
			Title:    strings.TrimSpace(strings.ReplaceAll(pick(), "\t", " ") + " " + strconv.Itoa(i)),
			Priority: task.Priorities()[r.IntN(3)],
		}
		for range r.IntN(4) {
			d.Description += pick() + []string{"\n", "\r\n", "", "\t"}[r.IntN(4)]
		}
		for range r.IntN(4) {
			if name := strings.TrimSpace(strings.ReplaceAll(pick(), "\t", " ")); name != "" {
				d.Tags = append(d.Tags, name)
			}
		}
		if r.IntN(2) == 0 {
			due := time.UnixMicro(r.Int64N(4e15)).UTC()
			d.DueAt = &due
		}
		if r.IntN(2) == 0 {
			position := r.NormFloat64() * 1e6
			d.Position = &position
		}
		if len(parents) > 0 && r.IntN(3) == 0 {
			d.ParentID = &parents[r.IntN(len(parents))]
		}
		created, err := b.tasks.Create(t.Context(), owner, d)
		if fault.CodeOf(err) == fault.Invalid { // too deep by chance
			continue
		}
		require.NoError(t, err)
		parents = append(parents, created.ID)
		if status := task.Statuses()[r.IntN(6)]; status != task.Pending {
			_, err := b.tasks.Update(t.Context(), owner, created.ID, nil, task.Change{Status: &status})
			require.NoError(t, err)
		}
	}
}

// zones of the users whose series and due days are told.
var zones = []string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"}

// recurrences are rules and starts of many kinds.
var recurrences = []series.Draft{
	{RRule: "FREQ=WEEKLY;BYDAY=FR", Start: at("2026-03-27T14:00:00")},
	{RRule: "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;WKST=SU", Start: at("2026-03-25T14:00:00")}, // whose start is no occurrence
	{RRule: "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=24", Start: at("2026-01-31"), ReminderOffsets: []int{15, 1440}},
	{RRule: "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", Start: at("2026-01-31T17:30:00"), ReminderOffsets: []int{0, 90}},
	{RRule: "FREQ=DAILY;UNTIL=20291231", Start: at("2026-01-01")},
	{RRule: "FREQ=DAILY;UNTIL=20291231T120000Z", Start: at("2026-01-01T02:30:00")},
	{RRule: "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", Start: at("2026-02-01")},
	{RRule: "FREQ=DAILY;INTERVAL=3", Start: at("2026-05-01T08:00:00"), ExDates: moments("2026-05-04T08:00:00"), RDates: moments("2026-05-05T09:15:00")},
	{RRule: "FREQ=WEEKLY", Start: at("2026-05-01"), ExDates: moments("2026-05-08", "2026-05-15"), RDates: moments("2026-05-09")},
	{RDates: moments("2026-06-01T10:00:00", "2026-07-01T10:00:00"), Start: at("2026-05-01T10:00:00")},
	{RRule: "FREQ=DAILY", Start: at("2026-05-01"), Mode: occurrence.ByCompletion, IfPending: occurrence.Create, CatchUp: occurrence.CatchUpNone},
	{RRule: "FREQ=HOURLY;INTERVAL=6;BYHOUR=0,6,12", Start: at("2026-05-01T00:00:00"), CatchUp: occurrence.CatchUpAll},
}

func at(text string) *series.Moment {
	m, err := series.ParseMoment(text)
	if err != nil {
		panic(err)
	}
	return &m
}

func moments(texts ...string) (all []series.Moment) {
	for _, text := range texts {
		all = append(all, *at(text))
	}
	return all
}

// randomSeries makes series of every kind, and lets some tasks be their occurrences.
func (b *testBundle) randomSeries(t *testing.T, owner uuid.UUID, r *rand.Rand) {
	t.Helper()
	svc := series.NewService(series.NewPostgres(b.pool, task.NewPostgres(b.pool, b.box), b.box), time.Now)
	pick := func() string { return strange[r.IntN(len(strange))] }
	var previous *uuid.UUID
	for i, draft := range recurrences {
		draft.Title = strings.TrimSpace(strings.ReplaceAll(pick(), "\t", " ") + " series " + strconv.Itoa(i))
		draft.Description, draft.Priority, draft.Timezone = pick(), task.Priorities()[r.IntN(3)], zones[r.IntN(len(zones))]
		draft.Tags = []string{"tag " + strconv.Itoa(i), "of all series"}
		made, err := svc.Create(t.Context(), owner, draft)
		require.NoError(t, err, "%v", draft)
		rule, err := made.Series.Rule()
		require.NoError(t, err)
		status := []string{"pending", "active", "paused", "completed", "cancelled"}[r.IntN(5)]
		if status != "pending" {
			_, err = b.db.Exec(t.Context(), `UPDATE series SET status = $2 WHERE id = $1`, made.ID, status)
			require.NoError(t, err)
		}
		_, err = b.db.Exec(t.Context(), `UPDATE series SET previous_id = $2, created_count = $3, skipped_count = $4, missed_count = $5,
			last_occurrence_at = $6 WHERE id = $1`, made.ID, previous, r.IntN(3), r.IntN(3), r.IntN(3), time.UnixMicro(r.Int64N(4e15)).UTC())
		require.NoError(t, err)
		previous = &made.ID
		occurrences, _ := rule.First(4, nil)
		for _, occurrence := range occurrences {
			due := made.DueAt(occurrence, rule.Zone())
			if r.IntN(3) == 0 { // postponed
				due = time.UnixMicro(r.Int64N(4e15)).UTC()
			}
			_, err = b.db.Exec(t.Context(), `UPDATE tasks SET series_id = $2, occurrence_at = $3, due_at = $4 WHERE id =
				(SELECT id FROM tasks WHERE user_id = $1 AND series_id IS NULL ORDER BY id LIMIT 1)`, owner, made.ID, occurrence, due)
			require.NoError(t, err)
		}
	}
}

// randomReminders gives tasks reminders of every kind.
func (b *testBundle) randomReminders(t *testing.T, owner uuid.UUID, r *rand.Rand) {
	t.Helper()
	for _, item := range read(t, b.export(t, owner, exchange.JSON)).Tasks {
		due, err := time.Parse(time.RFC3339, fmt.Sprint(item["due_at"]))
		for range r.IntN(4) {
			var offset *int
			var remindAt, scheduled, delivered *time.Time
			instant := time.Unix(r.Int64N(4e9), 0).UTC()
			if r.IntN(2) == 0 {
				minutes := r.IntN(3000)
				offset = &minutes
				if err == nil {
					at := due.Add(-time.Duration(minutes) * time.Minute).Truncate(time.Second)
					scheduled = &at
				}
			} else {
				remindAt, scheduled = &instant, &instant
			}
			if r.IntN(4) == 0 { // snoozed
				at := time.Unix(r.Int64N(4e9), 0).UTC()
				scheduled = &at
			}
			// Those that are pending do not stay so if they are past; that is another test's.
			status := []string{"sent", "missed", "suppressed", "failed", "cancelled"}[r.IntN(5)]
			if status == "sent" {
				at := time.UnixMicro(r.Int64N(4e15)).UTC()
				delivered = &at
			}
			_, err := b.db.Exec(t.Context(), `INSERT INTO reminders (id, user_id, task_id, offset_minutes, remind_at, scheduled_for, status, delivered_at)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, uuid.New(), owner, item["id"], offset, remindAt, scheduled, status, delivered)
			require.NoError(t, err)
		}
	}
}

// reminders are those of a task.
func reminders(item map[string]any) []map[string]any {
	list, _ := item["reminders"].([]any)
	all := make([]map[string]any, len(list))
	for i := range list {
		all[i], _ = list[i].(map[string]any)
	}
	return all
}

// essence is what a round trip has to keep: all but ids and versions. Tasks and series
// are told apart by their titles, which random makes unique.
func essence(f file) map[string]map[string]any {
	titles := map[any]any{nil: nil}
	all := map[string]map[string]any{}
	for _, item := range slices.Concat(f.Tasks, f.Series) {
		titles[item["id"]] = item["title"]
	}
	for _, item := range slices.Concat(f.Tasks, f.Series) {
		kept := maps.Clone(item)
		for _, link := range []string{"parent_id", "series_id", "previous_id"} {
			if id, ok := item[link]; ok {
				kept[link] = titles[id]
			}
		}
		if kept["rrule"] != nil && kept["status"] == "active" {
			kept["status"] = "pending" // until recurring has scheduled it
		}
		delete(kept, "id")
		delete(kept, "version")
		all[fmt.Sprint(item["title"])] = kept
	}
	return all
}

// A property: whatever a user has, an export in any format, imported by another
// user, gives the same again, and importing it once more changes nothing.
func TestRoundTripLosesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for seed := range uint64(5) {
		r := rand.New(rand.NewPCG(seed, 0))
		zone := zones[seed]
		ada := b.userIn(t, zone)
		b.random(t, ada, r, 60)
		b.randomSeries(t, ada, r)
		b.randomReminders(t, ada, r)
		b.endOfDay(t, ada, zone)
		original := read(t, b.export(t, ada, exchange.JSON))
		for _, format := range []exchange.Format{exchange.JSON, exchange.CSV, exchange.Calendar} {
			eve := b.userIn(t, zone)
			exported := b.export(t, ada, format)
			result, err := b.Import(t.Context(), eve, format, exported)
			require.NoError(t, err, "seed %d %s", seed, format)
			want, all := essence(original), exchange.Result{
				Created: len(original.Tasks), SeriesCreated: len(original.Series), TagsCreated: len(original.Tags),
			}
			copied := read(t, b.export(t, eve, exchange.JSON))
			switch format {
			case exchange.CSV: // a table has neither series nor reminders
				all.SeriesCreated, all.TagsCreated = 0, len(copied.Tags)
				want = essence(file{Tasks: original.Tasks})
				for _, item := range want {
					item["series_id"], item["occurrence_at"], item["reminders"] = nil, nil, []any{}
				}
			case exchange.Calendar: // iCalendar has one way to end a line, and no alarm that must not ring
				for _, item := range want {
					if list, ok := item["reminders"].([]any); ok {
						item["reminders"] = slices.DeleteFunc(slices.Clone(list), func(r any) bool { return strings.Contains(fmt.Sprint(r), "status:cancelled") })
					}
					item["description"] = strings.ReplaceAll(fmt.Sprint(item["description"]), "\r\n", "\n")
				}
				fallthrough
			default:
				require.Equal(t, original.Tags, copied.Tags)
			}
			require.Equal(t, all, result)
			require.Equal(t, want, essence(copied), "seed %d %s", seed, format)

			// Once more; and the copy's own export; and into the account that it came from.
			for _, again := range []struct {
				owner uuid.UUID
				body  []byte
			}{{eve, exported}, {eve, b.export(t, eve, format)}, {ada, exported}} {
				events := b.count(t, `SELECT count(*) FROM outbox`)
				result, err := b.Import(t.Context(), again.owner, format, again.body)
				require.NoError(t, err)
				require.Equal(t, exchange.Result{Skipped: all.Created + all.SeriesCreated}, result)
				require.Equal(t, events, b.count(t, `SELECT count(*) FROM outbox`))
			}
		}
	}
}

// endOfDay lets some tasks have a date and no time.
func (b *testBundle) endOfDay(t *testing.T, owner uuid.UUID, zone string) {
	t.Helper()
	_, err := b.db.Exec(t.Context(), `UPDATE tasks SET due_at = (date_trunc('day', due_at AT TIME ZONE $2) + interval '86399 seconds') AT TIME ZONE $2
		WHERE user_id = $1 AND position < 0 AND due_at IS NOT NULL`, owner, zone)
	require.NoError(t, err)
}

func TestImportTellsOfEachTaskInOneTransaction(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := b.user(t)
	body := []byte("title,status,tags\nBuy milk,,home\nPay rent,completed,home;money\n")
	result, err := b.Import(t.Context(), ada, exchange.CSV, body)
	require.NoError(t, err)
	require.Equal(t, exchange.Result{Created: 2, TagsCreated: 2}, result)
	require.Equal(t, 2, b.count(t, `SELECT count(*) FROM outbox o JOIN tasks t ON t.id::text = o.event->>'subject'
		WHERE o.event->>'type' = 'task.created' AND o.event->'data'->'task'->>'title' = t.title`))
	require.Equal(t, 1, b.count(t, `SELECT count(*) FROM outbox WHERE event->>'type' = 'account.changed'`))
	require.Equal(t, 2, b.count(t, `SELECT count(*) FROM task_history WHERE type = 'task.created' AND version = 1`))
	require.Equal(t, 1, b.count(t, `SELECT count(DISTINCT xmin::text) FROM (SELECT xmin FROM tasks UNION ALL SELECT xmin FROM outbox
		UNION ALL SELECT xmin FROM tags UNION ALL SELECT xmin FROM task_history) AS rows`))
}

func TestBadRowsAreNamedAndNothingIsImported(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := b.user(t)
	id, loop1, loop2 := uuid.NewString(), uuid.NewString(), uuid.NewString()
	for name, test := range map[string]struct {
		format exchange.Format
		body   string
		want   []fault.Field
	}{
		"a table": {
			exchange.CSV, "title,priority,due_at\ngood,high,\n,urgent,tomorrow\n",
			[]fault.Field{
				{Row: 3, Name: "due_at", Message: "must be a time such as 2026-11-24T09:00:00Z (RFC 3339)"},
				{Row: 3, Name: "title", Message: "is required"},
				{Row: 3, Name: "priority", Message: "must be one of high, medium, low"},
			},
		},
		"the same id twice": {
			exchange.CSV, "id,title\n" + id + ",a\n" + id + ",b\n",
			[]fault.Field{{Row: 3, Name: "id", Message: "is the id of row 2 too"}},
		},
		"a circle": {
			exchange.CSV, "id,parent_id,title\n" + loop1 + "," + loop2 + ",a\n" + loop2 + "," + loop1 + ",b\n",
			[]fault.Field{
				{Row: 2, Name: "parent_id", Message: "is nested deeper than 8 levels, or below the task itself"},
				{Row: 3, Name: "parent_id", Message: "is nested deeper than 8 levels, or below the task itself"},
			},
		},
		"types": {
			exchange.JSON, `{"tasks": [{"title": "a"}, {"title": 7}, {"title": "a", "tags": "x"}, {"title": "a", "position": "x"}]}`,
			[]fault.Field{
				{Row: 2, Name: "title", Message: "must not be a JSON number"},
				{Row: 3, Name: "tags", Message: "must not be a JSON string"},
				{Row: 4, Name: "position", Message: "must not be a JSON string"},
			},
		},
		"completion of what is not": {
			exchange.JSON, `{"tasks": [{"title": "a", "completed_at": "2026-11-24T09:00:00Z"}]}`,
			[]fault.Field{{Row: 1, Name: "completed_at", Message: "is for completed tasks only"}},
		},
	} {
		_, err := b.Import(t.Context(), ada, test.format, []byte(test.body))
		var f *fault.Error
		require.ErrorAs(t, err, &f, name)
		require.Equal(t, fault.Invalid, f.Code, name)
		require.Equal(t, test.want, f.Fields, name)
	}
	many := "title,priority\n" + strings.Repeat("x,urgent\n", 5000)
	_, err := b.Import(t.Context(), ada, exchange.CSV, []byte(many))
	var f *fault.Error
	require.ErrorAs(t, err, &f)
	require.Len(t, f.Fields, 100)
	require.Contains(t, f.Message, "5000 rows")
	require.Zero(t, b.count(t, `SELECT (SELECT count(*) FROM tasks) + (SELECT count(*) FROM tags) + (SELECT count(*) FROM outbox)`))
}

func TestChildrenMayComeBeforeTheirParents(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := b.user(t)
	ids := make([]string, task.MaxDepth)
	for i := range ids {
		ids[i] = uuid.NewString()
	}
	lines := []string{"id,parent_id,title"}
	for i := len(ids) - 1; i > 0; i-- {
		lines = append(lines, ids[i]+","+ids[i-1]+",level "+strconv.Itoa(i))
	}
	lines = append(lines, ids[0]+",,level 0")
	result, err := b.Import(t.Context(), ada, exchange.CSV, []byte(strings.Join(lines, "\n")))
	require.NoError(t, err)
	require.Equal(t, len(ids), result.Created)
	for _, copied := range read(t, b.export(t, ada, exchange.JSON)).Tasks {
		require.Equal(t, copied["title"] == "level 0", copied["parent_id"] == nil)
	}
	// A later file may hang tasks below what an earlier one has brought.
	result, err = b.Import(t.Context(), ada, exchange.CSV, []byte("parent_id,title\n"+ids[0]+",another\n"))
	require.NoError(t, err)
	require.Equal(t, 1, result.Created)
}

func TestOrderOfAPlainTableIsKept(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := b.user(t)
	want := []string{"c", "a", "d", "b"}
	_, err := b.Import(t.Context(), ada, exchange.CSV, []byte("title\n"+strings.Join(want, "\n")))
	require.NoError(t, err)
	page, err := b.tasks.List(t.Context(), ada, task.Query{SortBy: task.ByPosition, Limit: 10})
	require.NoError(t, err)
	var got []string
	for _, item := range page.Items {
		got = append(got, item.Title)
	}
	require.Equal(t, want, got)
}

func TestLargestImport(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := b.user(t)
	body := "title,tags\n" + strings.Repeat("Buy milk,grocery;home\n", exchange.MaxRows)
	result, err := b.Import(t.Context(), ada, exchange.CSV, []byte(body))
	require.NoError(t, err)
	require.Equal(t, exchange.Result{Created: exchange.MaxRows, TagsCreated: 2}, result)
	require.Equal(t, exchange.MaxRows, strings.Count(string(b.export(t, ada, exchange.CSV)), "grocery;home"))
	_, err = b.Import(t.Context(), ada, exchange.CSV, []byte(body+"one more,\n"))
	require.Equal(t, fault.Invalid, fault.CodeOf(err))
}

func TestExportNamesItsColumnsInAStableOrder(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first, _, _ := bytes.Cut(b.export(t, b.user(t), exchange.CSV), []byte("\n"))
	require.Equal(t, "id,title,description,priority,status,due_at,parent_id,position,tags,version,series_id,occurrence_at,completed_at,created_at,updated_at", string(first))
}

// broken is a service whose export fails after some tasks.
type broken struct {
	exchange.Service

	tasks int
}

func (b broken) Export(_ context.Context, _ uuid.UUID, to exchange.Sink) error {
	if b.tasks > 0 {
		if err := to.Begin(exchange.Head{At: time.Now(), Tags: []string{"home"}}); err != nil {
			return fmt.Errorf("beginning: %w", err)
		}
	}
	for range b.tasks {
		if err := to.Task(exchange.Item{Task: task.Task{Title: strings.Repeat("x", 255)}}); err != nil {
			return fmt.Errorf("writing: %w", err)
		}
	}
	return fault.New(fault.Unavailable, "The database is away.")
}

func TestExportThatFailsIsAProblemOrABrokenConnectionButNoWholeFile(t *testing.T) {
	t.Parallel()
	for _, tasks := range []int{0, 1, 10_000} {
		mux := http.NewServeMux()
		exchange.Register(mux, exchange.MakeEndpoints(broken{tasks: tasks}, rest.Durations(prometheus.NewRegistry())))
		srv := httptest.NewServer(mux)
		t.Cleanup(srv.Close)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+"/api/export", http.NoBody)
		require.NoError(t, err)
		resp, err := srv.Client().Do(req)
		require.NoError(t, err)
		var body bytes.Buffer
		_, err = body.ReadFrom(resp.Body)
		require.NoError(t, resp.Body.Close())
		if tasks < 10_000 {
			require.NoError(t, err)
			require.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
			require.Equal(t, "application/problem+json", resp.Header.Get("Content-Type"))
			require.Empty(t, resp.Header.Get("Content-Disposition"))
			continue
		}
		require.Error(t, err)
	}
}
