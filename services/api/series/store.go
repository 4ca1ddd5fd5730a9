package series

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/recurrence"
	"github.com/rondohq/rondo/services/api/task"
	"github.com/rondohq/rondo/services/internal/idempotency"
	"github.com/rondohq/rondo/services/internal/occurrence"
	"github.com/rondohq/rondo/services/internal/outbox"
	"github.com/rondohq/rondo/services/internal/postgres"
)

// Postgres is the Store. Each change commits together with its events and the result
// for its idempotency key.
type Postgres struct {
	pool   *pgxpool.Pool
	tasks  *task.Postgres
	outbox *outbox.Outbox
}

// NewPostgres makes the store; tasks is that of the instances.
func NewPostgres(pool *pgxpool.Pool, tasks *task.Postgres, o *outbox.Outbox) *Postgres {
	return &Postgres{pool: pool, tasks: tasks, outbox: o}
}

const byID = `SELECT ` + occurrence.Columns + ` FROM series s WHERE s.user_id = $1 AND s.id = $2`

// Zone implements Store.
func (p *Postgres) Zone(ctx context.Context, owner uuid.UUID) (zone string, err error) {
	if err := p.pool.QueryRow(ctx, `SELECT timezone FROM users WHERE id = $1`, owner).Scan(&zone); err != nil {
		return "", postgres.Explain(fmt.Errorf("reading the owner's time zone: %w", err))
	}
	return zone, nil
}

// Get implements Store.
func (p *Postgres) Get(ctx context.Context, owner, id uuid.UUID) (occurrence.Series, error) {
	s, err := occurrence.Scan(p.pool.QueryRow(ctx, byID, owner, id))
	return s, postgres.Explain(err)
}

// List implements Store.
func (p *Postgres) List(ctx context.Context, owner uuid.UUID, q Query) ([]occurrence.Series, error) {
	statuses := q.Statuses
	if len(statuses) == 0 {
		statuses = []event.SeriesStatus{event.SeriesPending, event.SeriesActive, event.SeriesPaused, event.SeriesCompleted}
	}
	after := Cursor{ID: uuid.Max}
	var before *time.Time
	if q.After != nil {
		after, before = *q.After, &q.After.CreatedAt
	}
	search := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(q.Search)
	rows, err := p.pool.Query(ctx, `SELECT `+occurrence.Columns+` FROM series s
		WHERE s.user_id = $1 AND s.status = ANY($2) AND (s.created_at, s.id) < (coalesce($3::timestamptz, 'infinity'), $4)
			AND ($5 = '' OR lower(s.title || E'\n' || s.description) LIKE '%' || lower($5) || '%')
		ORDER BY s.created_at DESC, s.id DESC LIMIT $6`, owner, statuses, before, after.ID, search, q.Limit+1)
	if err != nil {
		return nil, postgres.Explain(fmt.Errorf("listing series: %w", err))
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (occurrence.Series, error) { return occurrence.Scan(row) })
	return found, postgres.Explain(err)
}

// Instances implements Store.
func (p *Postgres) Instances(ctx context.Context, owner, id uuid.UUID, before *time.Time, limit int) ([]task.Task, error) {
	return p.tasks.Instances(ctx, owner, id, before, limit)
}

// Insert implements Store.
func (p *Postgres) Insert(ctx context.Context, s occurrence.Series) (kept occurrence.Series, err error) {
	err = postgres.InTx(ctx, p.pool, func(tx pgx.Tx) error {
		kept, err = idempotency.Once(ctx, tx, s.Owner, func() (occurrence.Series, error) {
			return transaction{p, tx}.Insert(ctx, s)
		})
		return err
	})
	if err != nil {
		return occurrence.Series{}, err
	}
	p.outbox.Wake()
	return kept, nil
}

// Change implements Store.
func (p *Postgres) Change(ctx context.Context, owner, id uuid.UUID, do func(Tx, occurrence.Series) (Kept, error)) (kept Kept, err error) {
	err = postgres.InTx(ctx, p.pool, func(tx pgx.Tx) error {
		kept, err = idempotency.Once(ctx, tx, owner, func() (Kept, error) {
			// Locking comes before reading the tags, so that both are of one moment.
			if _, err := tx.Exec(ctx, `SELECT FROM series WHERE user_id = $1 AND id = $2 FOR NO KEY UPDATE`, owner, id); err != nil {
				return Kept{}, fmt.Errorf("locking a series: %w", err)
			}
			s, err := occurrence.Scan(tx.QueryRow(ctx, byID, owner, id))
			if err != nil {
				return Kept{}, err
			}
			return do(transaction{p, tx}, s)
		})
		return err
	})
	if err != nil {
		return Kept{}, err
	}
	p.outbox.Wake()
	return kept, nil
}

// transaction is the Tx.
type transaction struct {
	*Postgres

	tx pgx.Tx
}

// Insert implements Tx.
func (t transaction) Insert(ctx context.Context, s occurrence.Series) (occurrence.Series, error) {
	var err error
	if s.TagIDs, s.Tags, err = t.tasks.TagsIn(ctx, t.tx, s.Owner, s.Tags); err != nil {
		return s, err
	}
	batch := &pgx.Batch{}
	batch.Queue(`
		INSERT INTO series (id, user_id, title, description, priority, reminder_offsets, rrule, dtstart, all_day, timezone, rdates, exdates,
			mode, if_pending, catch_up, previous_id, version, status, since, last_occurrence_at, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)`,
		s.ID, s.Owner, s.Title, s.Description, s.Priority, offsets(s), s.Spec.RRule, clock(s.Spec.Start), s.AllDay, s.Spec.Zone,
		clocks(s.Spec.RDates), clocks(s.Spec.ExDates), s.Mode, s.IfPending, s.CatchUp, s.PreviousID, s.Version, s.Status, s.Since,
		s.LastOccurrenceAt, s.CreatedAt, s.UpdatedAt)
	queueTags(batch, s)
	return s, t.tell(ctx, batch, s, event.RecurringScheduled{Series: occurrence.Snapshot(s)})
}

// Save implements Tx.
func (t transaction) Save(ctx context.Context, before, after occurrence.Series) (occurrence.Series, error) {
	batch := &pgx.Batch{}
	if !slices.Equal(before.Tags, after.Tags) {
		var err error
		if after.TagIDs, after.Tags, err = t.tasks.TagsIn(ctx, t.tx, after.Owner, after.Tags); err != nil {
			return after, err
		}
		batch.Queue(`DELETE FROM series_tags WHERE series_id = $1`, after.ID)
		queueTags(batch, after)
	}
	changed := changedFields(before, after)
	if len(changed) == 0 && sameSchedule(before, after) {
		return before, nil
	}
	after.Version = before.Version + 1
	if after.FireAt == nil {
		after.Failure, after.Failures = nil, 0 // whoever changes it wants another try
	}
	batch.Queue(`
		UPDATE series SET title = $3, description = $4, priority = $5, reminder_offsets = $6, rrule = $7, dtstart = $8, all_day = $9,
			timezone = $10, rdates = $11, exdates = $12, mode = $13, if_pending = $14, catch_up = $15, version = $16, status = $17,
			since = $18, next_occurrence_at = $19, fire_at = $20, last_occurrence_at = $21, created_count = $22, skipped_count = $23,
			failure = $24, failures = $25, updated_at = $26
		WHERE user_id = $1 AND id = $2`,
		after.Owner, after.ID, after.Title, after.Description, after.Priority, offsets(after), after.Spec.RRule, clock(after.Spec.Start),
		after.AllDay, after.Spec.Zone, clocks(after.Spec.RDates), clocks(after.Spec.ExDates), after.Mode, after.IfPending, after.CatchUp,
		after.Version, after.Status, after.Since, after.NextOccurrenceAt, after.FireAt, after.LastOccurrenceAt, after.Created,
		after.Skipped, after.Failure, after.Failures, after.UpdatedAt)
	if after.Status == event.SeriesCancelled {
		return after, t.tell(ctx, batch, after, event.RecurringCancelled{Series: occurrence.Snapshot(after)})
	}
	return after, t.tell(ctx, batch, after, event.RecurringUpdated{
		SeriesID: after.ID.String(), Version: after.Version, ChangedFields: changed,
		Before: occurrence.Snapshot(before), After: occurrence.Snapshot(after),
	})
}

// tell sends a batch together with the event of what it does.
func (t transaction) tell(ctx context.Context, batch *pgx.Batch, s occurrence.Series, payload event.Payload) error {
	if _, err := t.outbox.Queue(ctx, batch, outbox.Message{UserID: s.Owner, Subject: s.ID.String(), Payload: payload}); err != nil {
		return err
	}
	if err := t.tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("keeping a series: %w", err)
	}
	return nil
}

func queueTags(batch *pgx.Batch, s occurrence.Series) {
	if len(s.TagIDs) > 0 {
		batch.Queue(`INSERT INTO series_tags (series_id, tag_id) SELECT $1, unnest($2::uuid[])`, s.ID, s.TagIDs)
	}
}

// changedFields names what a user can see differ, sorted; see task.
func changedFields(before, after occurrence.Series) []string {
	before.Version, before.UpdatedAt = after.Version, after.UpdatedAt
	was, is := reflect.ValueOf(occurrence.Snapshot(before)), reflect.ValueOf(occurrence.Snapshot(after))
	names := []string{}
	for i := range was.NumField() {
		if !reflect.DeepEqual(was.Field(i).Interface(), is.Field(i).Interface()) {
			names = append(names, was.Type().Field(i).Tag.Get("json"))
		}
	}
	slices.Sort(names)
	return names
}

func sameSchedule(a, b occurrence.Series) bool {
	same := func(a, b *time.Time) bool { return (a == nil) == (b == nil) && (a == nil || a.Equal(*b)) }
	return same(a.FireAt, b.FireAt) && same(a.LastOccurrenceAt, b.LastOccurrenceAt) && a.Created == b.Created && a.Skipped == b.Skipped
}

func offsets(s occurrence.Series) []int {
	if s.ReminderOffsets == nil {
		return []int{}
	}
	return s.ReminderOffsets
}

// clock is a time on the wall clock as PostgreSQL's type without a zone takes it.
func clock(l recurrence.Local) time.Time { return l.In(time.UTC) }

func clocks(list []recurrence.Local) []time.Time {
	all := make([]time.Time, len(list))
	for i, l := range list {
		all[i] = clock(l)
	}
	return all
}

// Instances implements Tx.
func (t transaction) Instances(ctx context.Context, s occurrence.Series, from time.Time) ([]task.Task, error) {
	return t.tasks.InstancesIn(ctx, t.tx, s.Owner, s.ID, from)
}

// Instance implements Tx.
func (t transaction) Instance(ctx context.Context, s occurrence.Series, at time.Time) (*task.Task, error) {
	found, err := t.tasks.InstanceIn(ctx, t.tx, s.Owner, s.ID, at)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// Make implements Tx.
func (t transaction) Make(
	ctx context.Context, s occurrence.Series, at, due time.Time, status task.Status, now time.Time,
) (task.Task, error) {
	if _, err := occurrence.Make(ctx, t.tx, t.outbox, now, occurrence.Wanted{Series: &s, At: at, Due: due, Status: status}); err != nil {
		return task.Task{}, err
	}
	made, err := t.Instance(ctx, s, at)
	if err != nil {
		return task.Task{}, err
	}
	return *made, nil
}

// ChangeTask implements Tx.
func (t transaction) ChangeTask(ctx context.Context, owner, id uuid.UUID, change func(task.Task) (task.Task, error)) (task.Task, error) {
	return t.tasks.ChangeIn(ctx, t.tx, owner, id, change)
}
