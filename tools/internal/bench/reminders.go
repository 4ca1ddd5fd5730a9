package bench

import (
	"context"
	"fmt"
	"net/http"
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
	if r.size.Trickle == 0 {
		return nil
	}
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

// burst is how late very many reminders are that are due at one instant, and what it
// means for everybody else.
func (r *runner) burst(ctx context.Context) error {
	if r.size.Burst == 0 {
		return nil
	}
	users := make([]user, r.size.Users)
	ids := make([]string, len(users))
	for i := range users {
		u, err := r.signUp(ctx)
		if err != nil {
			return err
		}
		if err := seed(ctx, r.db, u, r.size.Burst/len(users)); err != nil {
			return err
		}
		users[i], ids[i] = u, u.ID
	}
	// The rows of all but one come in bulk. That one asks for the wake-up; more of the
	// same instant would not ask for another.
	at := time.Now().Add(2 * ahead).Truncate(time.Second)
	if _, err := r.db.Exec(ctx, `
		INSERT INTO reminders (id, user_id, task_id, remind_at, scheduled_for)
		SELECT gen_random_uuid(), user_id, id, $2, $2 FROM tasks WHERE user_id = ANY($1::uuid[])`, ids, at); err != nil {
		return fmt.Errorf("seeding reminders: %w", err)
	}
	if _, err := r.db.Exec(ctx, `VACUUM ANALYZE tasks, reminders`); err != nil {
		return fmt.Errorf("vacuuming: %w", err)
	}
	if err := r.remind(ctx, users[0], at); err != nil {
		return err
	}
	total := len(users)*(r.size.Burst/len(users)) + 1
	r.sayf("reminders: %d at one instant, under the steady load", total)
	loadCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	var reads, writes samples
	loaded := make(chan struct{})
	go func() {
		defer close(loaded)
		r.click(loadCtx, users, &reads, &writes)
	}()
	memory := r.watchMemory(loadCtx, topology.Notifier)
	listed, err := r.told(ctx, ids, total)
	if err != nil {
		return err
	}
	cancel()
	<-loaded
	for _, s := range []*samples{&reads, &writes} {
		if err := s.err(); err != nil {
			return err
		}
	}
	late, err := r.lateness(ctx, ids)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("%d reminders due at one instant, ", total)
	r.add(
		Row{What: what + "in the list, p99", Goal: 5000, Measured: ms(listed.Sub(at)), Unit: "ms"},
		Row{What: "  their events with the broker, p99", Goal: 5000, Measured: ms(p99(late)), Unit: "ms"},
		Row{
			What: "  API p95 meanwhile", Goal: 25, Measured: ms(p95(append(reads.all, writes.all...))), Unit: "ms",
			Note: fmt.Sprintf("%d users, %d requests", len(users), len(reads.all)+len(writes.all)),
		},
		Row{What: "  notifier's memory meanwhile, most", Goal: 100, Measured: <-memory / (1 << 20), Unit: "MiB"},
	)
	return nil
}

// told waits until every reminder of the users is told and its event with the broker,
// and returns when 99 percent of them were in the users' lists.
func (r *runner) told(ctx context.Context, users []string, total int) (listed time.Time, err error) {
	deadline := time.Now().Add(time.Duration(r.size.Trickle)*spacing + patience)
	for {
		var told, published int
		err := r.db.QueryRow(ctx, `
			SELECT (SELECT count(*) FROM notifications WHERE user_id = ANY($1::uuid[])),
				(SELECT count(*) FROM outbox WHERE user_id = ANY($1::uuid[]) AND source = $2 AND published_at IS NOT NULL)`,
			users, topology.Notifier.Name).Scan(&told, &published)
		if err != nil {
			return listed, fmt.Errorf("counting notifications: %w", err)
		}
		if listed.IsZero() && told >= (total*99+99)/100 {
			listed = time.Now()
		}
		if told >= total && published >= total {
			return listed, nil
		}
		if time.Now().After(deadline) {
			return listed, fmt.Errorf("of %d reminders %d were told and %d published", total, told, published)
		}
		if !wait(ctx, look) {
			return listed, context.Cause(ctx) //nolint:wrapcheck // says all
		}
	}
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
