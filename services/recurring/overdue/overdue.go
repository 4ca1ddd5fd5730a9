// Package overdue tells once of each task whose due date passes while it is open.
package overdue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/services/internal/outbox"
	"github.com/rondohq/rondo/services/internal/postgres"
)

const (
	mark  = "overdue" // its name in sweep_marks
	every = 5 * time.Second
	batch = 500
	// settle is how far the mark stays behind, so that a task whose transaction
	// commits a moment after its due date is not passed over.
	settle = 2 * time.Second
)

// Service tells of overdue tasks.
type Service struct {
	pool   *pgxpool.Pool
	outbox *outbox.Outbox
	now    func() time.Time
	log    *slog.Logger
	told   prometheus.Counter
}

// New makes the service. now is the clock, time.Now outside tests.
func New(pool *pgxpool.Pool, o *outbox.Outbox, now func() time.Time, log *slog.Logger, reg prometheus.Registerer) *Service {
	s := &Service{pool: pool, outbox: o, now: now, log: log, told: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "rondo_tasks_overdue_total",
		Help: "Tasks whose due date passed while they were open.",
	})}
	reg.MustRegister(s.told)
	return s
}

// Run sweeps until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "the sweep for overdue tasks will try again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Sweep tells of all that has become overdue since the mark, and moves the mark, in one
// transaction per batch. The first sweep ever only sets it: what was due before
// Rondo looked is no news.
func (s *Service) Sweep(ctx context.Context) error {
	for {
		told, err := s.step(ctx)
		if err != nil {
			return err
		}
		if told == 0 {
			return nil
		}
		s.outbox.Wake()
		s.told.Add(float64(told))
		if told < batch {
			return nil
		}
	}
}

type overdueTask struct {
	ID, Owner uuid.UUID
	Version   int64
	Title     string
	DueAt     time.Time
}

func (s *Service) step(ctx context.Context) (told int, err error) {
	to := s.now().Add(-settle)
	err = postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		var at time.Time
		var id uuid.UUID
		// Another replica that is at it does all there is to do.
		err := tx.QueryRow(ctx, `SELECT at, id FROM sweep_marks WHERE name = $1 FOR UPDATE SKIP LOCKED`, mark).Scan(&at, &id)
		if errors.Is(err, pgx.ErrNoRows) {
			_, err = tx.Exec(ctx, `INSERT INTO sweep_marks (name, at) VALUES ($1, $2) ON CONFLICT DO NOTHING`, mark, to)
			return err
		}
		if err != nil {
			return fmt.Errorf("reading the mark: %w", err)
		}
		rows, err := tx.Query(ctx, `
			SELECT id, user_id, version, title, due_at FROM tasks
			WHERE due_at IS NOT NULL AND status IN ('pending', 'active') AND (due_at, id) > ($1, $2) AND due_at <= $3
			ORDER BY due_at, id LIMIT $4`, at, id, to, batch)
		if err != nil {
			return fmt.Errorf("reading overdue tasks: %w", err)
		}
		tasks, err := pgx.CollectRows(rows, pgx.RowToStructByPos[overdueTask])
		if err != nil {
			return fmt.Errorf("reading overdue tasks: %w", err)
		}
		told = len(tasks)
		return s.tell(ctx, tx, tasks, to)
	})
	return told, err
}

// tell tells of the tasks and moves the mark behind the last of them, or to the
// instant when they are all.
func (s *Service) tell(ctx context.Context, tx pgx.Tx, tasks []overdueTask, to time.Time) error {
	events := &pgx.Batch{}
	for _, t := range tasks {
		if _, err := s.outbox.Queue(ctx, events, outbox.Message{UserID: t.Owner, Subject: t.ID.String(), Payload: event.TaskOverdue{
			TaskID: t.ID.String(), Version: t.Version, Title: t.Title, DueAt: t.DueAt.UTC(),
		}}); err != nil {
			return err
		}
	}
	id := uuid.Max
	if len(tasks) == batch {
		last := tasks[batch-1]
		to, id = last.DueAt, last.ID
	}
	events.Queue(`UPDATE sweep_marks SET at = $2, id = $3 WHERE name = $1 AND (at, id) < ($2, $3)`, mark, to, id)
	if err := tx.SendBatch(ctx, events).Close(); err != nil {
		return fmt.Errorf("telling of overdue tasks: %w", err)
	}
	return nil
}
