package bench

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/rondohq/rondo/platform/topology"
)

// Target is the running stack.
type Target struct {
	API      string            // base URL of api's public listener
	OwnerURL string            // of the database
	Kafka    string            // host:port
	Metrics  map[string]string // base URL of each service's public listener, by name
}

// Size is how much is measured. What has none is left out.
type Size struct {
	Users    int           // of the steady load, each sending a request a second
	Tasks    int           // of each of these users
	Steady   time.Duration // of the steady load
	Saturate time.Duration // of each saturated load
	Workers  int           // that saturate
	Large    int           // tasks of the one user with many
	Trickle  int           // reminders that are due one after the other
	Burst    int           // reminders that are due in one minute, and at one instant
}

// Full is the size that the goals are stated for.
func Full() Size {
	return Size{
		Users: 100, Tasks: 10_000, Steady: time.Minute, Saturate: 15 * time.Second, Workers: 32, Large: 100_000,
		Trickle: 60, Burst: 10_000,
	}
}

// runner is one run.
type runner struct {
	*client

	target   Target
	size     Size
	progress io.Writer
	db       *pgx.Conn
	rows     []Row
}

// Run measures and returns the rows that it could fill; progress says what is going on.
func Run(ctx context.Context, target Target, size Size, progress io.Writer) ([]Row, error) {
	db, err := pgx.Connect(ctx, target.OwnerURL)
	if err != nil {
		return nil, fmt.Errorf("connecting to the database (does the stack run? start it with make up): %w", err)
	}
	defer db.Close(context.WithoutCancel(ctx))
	r := &runner{client: newClient(target.API), target: target, size: size, progress: progress, db: db}
	for _, step := range []struct {
		size int64 // 0 leaves it out
		do   func(context.Context) error
	}{
		{1, r.beforeLoad},
		{int64(size.Steady), r.steady},
		{int64(size.Trickle), r.trickle},
		{int64(size.Burst), r.minute},
		{int64(size.Burst), r.instant},
		{int64(size.Saturate), r.saturate},
		{int64(size.Large), r.large},
		{1, r.afterLoad},
	} {
		if step.size == 0 {
			continue
		}
		if err := step.do(ctx); err != nil {
			return r.rows, err
		}
	}
	return r.rows, nil
}

func (r *runner) sayf(format string, args ...any) { fmt.Fprintf(r.progress, format+"\n", args...) }

func (r *runner) add(rows ...Row) { r.rows = append(r.rows, rows...) }

// calm is how long services are left alone after the load before they are at rest.
const calm = 15 * time.Second

func (r *runner) beforeLoad(ctx context.Context) error { return r.atRest(ctx, "before the load") }

func (r *runner) afterLoad(ctx context.Context) error { return r.atRest(ctx, "after the load") }

// atRest reads each service's memory, once they have been left alone for a while.
func (r *runner) atRest(ctx context.Context, when string) error {
	r.sayf("letting the services rest for %v", calm)
	if !wait(ctx, calm) {
		return context.Cause(ctx) //nolint:wrapcheck // says all
	}
	most, name := 0.0, ""
	for service, base := range r.target.Metrics {
		bytes, err := r.metric(ctx, base, "process_resident_memory_bytes")
		if err != nil {
			return fmt.Errorf("%s: %w", service, err)
		}
		if bytes > most {
			most, name = bytes, service
		}
	}
	r.add(Row{What: "service memory at rest, " + when + ", the largest", Goal: 40, Measured: most / (1 << 20), Unit: "MiB", Note: name})
	return nil
}

// metric reads a metric without labels.
func (r *runner) metric(ctx context.Context, base, name string) (float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/metrics", http.NoBody)
	if err != nil {
		return 0, fmt.Errorf("asking for metrics: %w", err)
	}
	resp, err := r.http.Do(req)
	if err != nil {
		return 0, fmt.Errorf("asking for metrics: %w", err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, fmt.Errorf("reading metrics: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strconv.ParseFloat(strings.TrimSpace(value), 64) //nolint:wrapcheck // names the text
		}
	}
	return 0, fmt.Errorf("no metric %s", name)
}

// steady is the plan's load: users who each send a request a second, four reads to
// one write.
func (r *runner) steady(ctx context.Context) error {
	r.sayf("steady load: making %d users with %d tasks each", r.size.Users, r.size.Tasks)
	users := make([]user, r.size.Users)
	for i := range users {
		u, err := r.signUp(ctx)
		if err != nil {
			return err
		}
		if err := seed(ctx, r.db, u, r.size.Tasks); err != nil {
			return err
		}
		users[i] = u
	}
	if err := settle(ctx, r.db); err != nil {
		return err
	}
	r.sayf("steady load: %v", r.size.Steady)
	var since time.Time
	if err := r.db.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&since); err != nil {
		return fmt.Errorf("asking for the time: %w", err)
	}
	var reads, writes samples
	loadCtx, cancel := context.WithTimeout(ctx, r.size.Steady)
	defer cancel()
	lag := r.watchLag(loadCtx)
	r.click(loadCtx, users, &reads, &writes)
	for _, s := range []*samples{&reads, &writes} {
		if err := s.err(); err != nil {
			return err
		}
	}
	both := append(append([]time.Duration{}, reads.all...), writes.all...)
	note := fmt.Sprintf("%d requests", len(both))
	r.add(
		Row{What: fmt.Sprintf("API p95, %d users", len(users)), Goal: 25, Measured: ms(p95(both)), Unit: "ms", Note: note},
		Row{
			What: "  of these, create p95", Goal: 25, Measured: ms(p95(writes.all)), Unit: "ms",
			Note: fmt.Sprintf("%d requests", len(writes.all)),
		},
	)
	if most := <-lag; most >= 0 {
		r.add(Row{What: "consumer lag under that load, most", Goal: 50, Measured: float64(most), Unit: "events"})
	}
	return r.journey(ctx, since)
}

// click lets each user send a request a second, four reads to one write, until ctx ends.
func (r *runner) click(ctx context.Context, users []user, reads, writes *samples) {
	asking := context.WithoutCancel(ctx) // what has been asked is answered
	var all sync.WaitGroup
	for i, u := range users {
		all.Go(func() {
			// Users do not click in step.
			wait(ctx, time.Duration(i)*time.Second/time.Duration(len(users)))
			tick := time.NewTicker(time.Second)
			defer tick.Stop()
			for n := i; ctx.Err() == nil; n++ {
				if n%5 == 0 {
					writes.time(func() error { return r.create(asking, u, n) })
				} else {
					reads.time(func() error { return r.read(asking, u, n) })
				}
				select {
				case <-ctx.Done():
				case <-tick.C:
				}
			}
		})
	}
	all.Wait()
}

// journey is the time from the creation of an event to the commit of its effect.
func (r *runner) journey(ctx context.Context, since time.Time) error {
	rows, err := r.db.Query(ctx, `
		SELECT extract(epoch FROM p.processed_at - (o.event->>'time')::timestamptz)::float8
		FROM processed_event_logs p JOIN outbox o ON o.event->>'id' = p.key
		WHERE o.created_at >= $1`, since)
	if err != nil {
		return fmt.Errorf("reading the journeys: %w", err)
	}
	seconds, err := pgx.CollectRows(rows, pgx.RowTo[float64])
	if err != nil {
		return fmt.Errorf("reading the journeys: %w", err)
	}
	all := make([]time.Duration, len(seconds))
	for i, s := range seconds {
		all[i] = time.Duration(s * float64(time.Second))
	}
	r.add(Row{
		What: "create -> event seen by a consumer, p95", Goal: 100, Measured: ms(p95(all)), Unit: "ms",
		Note: fmt.Sprintf("%d events", len(all)),
	})
	return nil
}

func (r *runner) create(ctx context.Context, u user, n int) error {
	return r.call(ctx, u, http.MethodPost, "/api/tasks", map[string]any{
		"title": fmt.Sprintf("Prepare meeting %d", n), "description": "Agenda, slides and the room.",
		"priority": "high", "tags": []string{"work"}, "due_at": "2027-01-15T09:00:00Z",
	}, nil)
}

// reads are what the web application asks for most.
var reads = []string{
	"/api/tasks?limit=50",
	"/api/tasks?sort_by=due_at&limit=50",
	"/api/tasks?search=grocery&sort_by=priority&limit=50",
	"/api/tasks?tags=work&priority=high&limit=50",
}

func (r *runner) read(ctx context.Context, u user, n int) error {
	return r.call(ctx, u, http.MethodGet, reads[n%len(reads)], nil, nil)
}

// watchLag returns the most that any consumer group of the topology was behind
// until ctx ended, -1 when the broker could not be asked.
func (r *runner) watchLag(ctx context.Context) <-chan int64 {
	result := make(chan int64, 1)
	go func() {
		most := int64(-1)
		defer func() { result <- most }()
		kafka, err := kgo.NewClient(kgo.SeedBrokers(r.target.Kafka))
		if err != nil {
			r.sayf("consumer lag is not measured: %v", err)
			return
		}
		defer kafka.Close()
		var groups []string
		for _, sub := range topology.Subscriptions() {
			if !sub.Broadcast {
				groups = append(groups, sub.Group())
			}
		}
		admin := kadm.NewClient(kafka)
		for {
			lags, err := admin.Lag(ctx, groups...)
			if err == nil {
				for _, group := range lags {
					most = max(most, group.Lag.Total())
				}
			}
			if !wait(ctx, time.Second) {
				return
			}
		}
	}()
	return result
}

// saturate asks as fast as the stack answers.
func (r *runner) saturate(ctx context.Context) error {
	u, err := r.signUp(ctx)
	if err != nil {
		return err
	}
	if err := seed(ctx, r.db, u, 2000); err != nil {
		return err
	}
	if err := settle(ctx, r.db); err != nil {
		return err
	}
	writers := make([]user, r.size.Workers)
	for i := range writers {
		if writers[i], err = r.signUp(ctx); err != nil {
			return err
		}
	}
	r.sayf("saturated: search + sort, %v", r.size.Saturate)
	search, err := r.hammer(ctx, func(_, n int) error {
		order := []string{"asc", "desc"}[n%2]
		return r.call(ctx, u, http.MethodGet, "/api/tasks?search=report&sort_by=due_at&limit=50&sort_order="+order, nil, nil)
	})
	if err != nil {
		return err
	}
	r.sayf("saturated: create, %v", r.size.Saturate)
	create, err := r.hammer(ctx, func(worker, n int) error { return r.create(ctx, writers[worker], n) })
	if err != nil {
		return err
	}
	note := fmt.Sprintf("%d workers, %d CPUs", r.size.Workers, runtime.NumCPU())
	r.add(
		Row{What: "create, saturated", Goal: 800, Measured: create, Unit: "/s", Least: true, Note: note},
		Row{What: "search + sort, 50 of 2,000, saturated", Goal: 1200, Measured: search, Unit: "/s", Least: true, Note: note},
	)
	return r.drained(ctx)
}

func (r *runner) hammer(ctx context.Context, do func(worker, n int) error) (perSecond float64, err error) {
	var s samples
	begin := time.Now()
	var all sync.WaitGroup
	for worker := range r.size.Workers {
		all.Go(func() {
			for n := worker * 1000; time.Since(begin) < r.size.Saturate && ctx.Err() == nil; n++ {
				s.time(func() error { return do(worker, n) })
			}
		})
	}
	all.Wait()
	return float64(len(s.all)) / time.Since(begin).Seconds(), s.err()
}

// drained waits until the events of the saturated load are published, so that the
// next number is not measured beside them, and tells how long that took.
func (r *runner) drained(ctx context.Context) error {
	begin := time.Now()
	for {
		var pending int
		if err := r.db.QueryRow(ctx, `SELECT count(*) FROM outbox WHERE published_at IS NULL`).Scan(&pending); err != nil {
			return fmt.Errorf("reading the outbox: %w", err)
		}
		if pending == 0 {
			r.sayf("the outbox was empty %v after the last create", time.Since(begin).Round(10*time.Millisecond))
			return nil
		}
		if !wait(ctx, 100*time.Millisecond) {
			return context.Cause(ctx) //nolint:wrapcheck // says all
		}
	}
}

// large asks combined questions of one user with very many tasks.
func (r *runner) large(ctx context.Context) error {
	r.sayf("large: one user with %d tasks", r.size.Large)
	u, err := r.signUp(ctx)
	if err != nil {
		return err
	}
	if err := seed(ctx, r.db, u, r.size.Large); err != nil {
		return err
	}
	if err := settle(ctx, r.db); err != nil {
		return err
	}
	questions := []string{
		"/api/tasks?search=grocery&priority=high&tags=work&sort_by=due_at",
		"/api/tasks?search=number+77&priority=medium&sort_by=priority",
		"/api/tasks?search=contract&tags=home&sort_by=created_at",
		"/api/tasks?search=nowhere&status=pending",
		"/api/tasks?due_after=2026-12-01T00:00:00Z&due_before=2027-06-01T00:00:00Z&search=report&sort_by=title",
	}
	var s samples
	each := map[string]*samples{}
	for n := range 200 {
		question := questions[n%len(questions)]
		if each[question] == nil {
			each[question] = &samples{}
		}
		ask := func() error { return r.call(ctx, u, http.MethodGet, question, nil, nil) }
		s.time(func() error { each[question].time(ask); return each[question].first })
	}
	if err := s.err(); err != nil {
		return err
	}
	for _, question := range questions {
		r.sayf("  %6.1f ms p95  %s", ms(p95(each[question].all)), question)
	}
	r.add(Row{
		What: fmt.Sprintf("filter + search, %d tasks of one user, p95", r.size.Large),
		Goal: 50, Measured: ms(p95(s.all)), Unit: "ms", Note: fmt.Sprintf("%d questions", len(s.all)),
	})
	return nil
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// wait is true when d has passed, false when ctx ended first.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
