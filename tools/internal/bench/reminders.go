package bench

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rondohq/rondo/platform/topology"
)

const (
	ahead    = 5 * time.Second // of the first reminder, when the last one is made
	spacing  = time.Second / 2 // between two reminders of the trickle
	patience = 2 * time.Minute // with reminders that are due
	look     = 20 * time.Millisecond
)

// remind makes a reminder through the API, as people do.
func (r *runner) remind(ctx context.Context, u user, at time.Time) error {
	var task struct{ ID string }
	if err := r.call(ctx, u, http.MethodPost, "/api/tasks", map[string]any{"title": "Remember"}, &task); err != nil {
		return err
	}
	return r.call(ctx, u, http.MethodPost, "/api/reminders", map[string]any{"task_id": task.ID, "remind_at": at}, nil)
}

// trickle is how late reminders are that are due one after the other: from the instant
// to the broker's acknowledgement of the event that every open tab hears.
func (r *runner) trickle(ctx context.Context) error {
	u, err := r.signUp(ctx)
	if err != nil {
		return err
	}
	r.sayf("reminders: %d, one every %v", r.size.Trickle, spacing)
	first := time.Now().Add(ahead).Truncate(time.Second)
	for i := range r.size.Trickle {
		if err := r.remind(ctx, u, first.Add(time.Duration(i)*spacing)); err != nil {
			return err
		}
	}
	users := []string{u.ID}
	if _, err := r.told(ctx, users, r.size.Trickle); err != nil {
		return err
	}
	late, err := r.lateness(ctx, users)
	if err != nil {
		return err
	}
	r.add(Row{
		What: "reminder lateness, p99", Goal: 1000, Measured: ms(p99(late)), Unit: "ms",
		Note: fmt.Sprintf("%d reminders, until their event was with the broker", len(late)),
	})
	return nil
}

// minute is how late very many reminders are that are due within a minute, and what
// that means for everybody else.
func (r *runner) minute(ctx context.Context) error {
	const seconds = 60
	load, err := r.flood(ctx, seconds)
	if err != nil {
		return err
	}
	r.add(
		Row{
			What: fmt.Sprintf("%d reminders due in one minute, lateness p99", load.total), Goal: 5000, Measured: ms(p99(load.late)), Unit: "ms",
			Note: "until their event was with the broker",
		},
		Row{What: "  API p95 meanwhile", Goal: 25, Measured: ms(p95(load.requests)), Unit: "ms", Note: load.note()},
		Row{What: "  notifier's memory meanwhile, most", Goal: 100, Measured: load.memory / (1 << 20), Unit: "MiB"},
	)
	return nil
}

// instant is the same with all of them due at once. It keeps all of a small machine busy,
// and so is held against the plan's own goals.
func (r *runner) instant(ctx context.Context) error {
	load, err := r.flood(ctx, 1)
	if err != nil {
		return err
	}
	r.add(
		Row{
			What: fmt.Sprintf("%d reminders due at one instant, in the list p99", load.total),
			Goal: 5000, Measured: ms(load.listed), Unit: "ms",
		},
		Row{What: "  their events with the broker, p99", Goal: 30_000, Measured: ms(p99(load.late)), Unit: "ms", Note: "goal: the plan's"},
		Row{What: "  API p95 meanwhile", Goal: 200, Measured: ms(p95(load.requests)), Unit: "ms", Note: "goal: the plan's; " + load.note()},
		Row{What: "  notifier's memory meanwhile, most", Goal: 100, Measured: load.memory / (1 << 20), Unit: "MiB"},
	)
	return nil
}

// flood is what came of many reminders.
type flood struct {
	total    int
	listed   time.Duration   // from the first instant until 99 percent were in the users' lists
	late     []time.Duration // of each, until its event was with the broker
	requests []time.Duration
	users    int
	memory   float64 // bytes
}

func (f flood) note() string { return fmt.Sprintf("%d users, %d requests", f.users, len(f.requests)) }

// flood lets reminders be due at so many successive seconds, under the steady load.
func (r *runner) flood(ctx context.Context, seconds int) (flood, error) {
	users := make([]user, r.size.Users)
	ids := make([]string, len(users))
	for i := range users {
		u, err := r.signUp(ctx)
		if err != nil {
			return flood{}, err
		}
		if err := seed(ctx, r.db, u, r.size.Burst/len(users)); err != nil {
			return flood{}, err
		}
		users[i], ids[i] = u, u.ID
	}
	// All but one of an instant come as rows, in bulk. That one asks for the wake-up;
	// more of the same instant would not ask for another.
	at := time.Now().Add(2 * ahead).Truncate(time.Second)
	if _, err := r.db.Exec(ctx, `
		INSERT INTO reminders (id, user_id, task_id, remind_at, scheduled_for)
		SELECT gen_random_uuid(), user_id, id, at, at
		FROM (SELECT user_id, id, $2::timestamptz + (row_number() OVER () % $3) * interval '1 second' AS at
			FROM tasks WHERE user_id = ANY($1::uuid[])) AS t`, ids, at, seconds); err != nil {
		return flood{}, fmt.Errorf("seeding reminders: %w", err)
	}
	if _, err := r.db.Exec(ctx, `VACUUM ANALYZE tasks, reminders`); err != nil {
		return flood{}, fmt.Errorf("vacuuming: %w", err)
	}
	for i := range seconds {
		if err := r.remind(ctx, users[i%len(users)], at.Add(time.Duration(i)*time.Second)); err != nil {
			return flood{}, err
		}
	}
	result := flood{total: len(users)*(r.size.Burst/len(users)) + seconds, users: len(users)}
	r.sayf("reminders: %d in %d s, under the steady load", result.total, seconds)
	loadCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	var reads, writes samples
	loaded := make(chan struct{})
	go func() {
		defer close(loaded)
		r.click(loadCtx, users, &reads, &writes)
	}()
	memory := r.watchMemory(loadCtx, topology.Notifier)
	listed, err := r.told(ctx, ids, result.total)
	if err != nil {
		return flood{}, err
	}
	cancel()
	<-loaded
	for _, s := range []*samples{&reads, &writes} {
		if err := s.err(); err != nil {
			return flood{}, err
		}
	}
	result.listed, result.memory, result.requests = listed.Sub(at), <-memory, slices.Concat(reads.all, writes.all)
	result.late, err = r.lateness(ctx, ids)
	return result, err
}

// told waits until every reminder of the users is told and its event with the broker,
// and returns when 99 percent of them were in the users' lists.
func (r *runner) told(ctx context.Context, users []string, total int) (listed time.Time, err error) {
	deadline := time.Now().Add(patience)
	// What is asked here is to take no part in what is measured.
	count := func(statement string, pause time.Duration, enough int) error {
		for {
			var n int
			if err := r.db.QueryRow(ctx, statement, users).Scan(&n); err != nil {
				return fmt.Errorf("counting notifications: %w", err)
			}
			if n >= enough {
				return nil
			}
			if time.Now().After(deadline) {
				return fmt.Errorf("only %d of %d reminders were told", n, total)
			}
			if !wait(ctx, pause) {
				return context.Cause(ctx) //nolint:wrapcheck // says all
			}
		}
	}
	if err := count(`SELECT count(*) FROM notifications WHERE user_id = ANY($1::uuid[])`, look, (total*99+99)/100); err != nil {
		return listed, err
	}
	listed = time.Now()
	return listed, count(`SELECT count(*) FROM outbox WHERE user_id = ANY($1::uuid[]) AND published_at IS NOT NULL
		AND source = '`+topology.Notifier.Name+`'`, time.Second, total)
}

// lateness is from each reminder's instant until its event was with the broker.
func (r *runner) lateness(ctx context.Context, users []string) ([]time.Duration, error) {
	rows, err := r.db.Query(ctx, `
		SELECT extract(epoch FROM o.published_at - n.scheduled_for)::float8
		FROM notifications n JOIN outbox o ON o.user_id = n.user_id AND o.event->>'subject' = n.id::text
		WHERE n.user_id = ANY($1::uuid[])`, users)
	if err != nil {
		return nil, fmt.Errorf("reading how late reminders were: %w", err)
	}
	seconds, err := pgx.CollectRows(rows, pgx.RowTo[float64])
	if err != nil {
		return nil, fmt.Errorf("reading how late reminders were: %w", err)
	}
	all := make([]time.Duration, len(seconds))
	for i, s := range seconds {
		all[i] = time.Duration(s * float64(time.Second))
	}
	return all, nil
}

// watchMemory returns the most memory that a service had until ctx ended.
func (r *runner) watchMemory(ctx context.Context, service topology.Service) <-chan float64 {
	result := make(chan float64, 1)
	go func() {
		most := 0.0
		for {
			if bytes, err := r.metric(ctx, r.target.Metrics[service.Name], "process_resident_memory_bytes"); err == nil {
				most = max(most, bytes)
			}
			if !wait(ctx, time.Second/4) {
				result <- most
				return
			}
		}
	}()
	return result
}
