package task

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/api/reminder"
	"github.com/rondohq/rondo/services/internal/idempotency"
	"github.com/rondohq/rondo/services/internal/outbox"
	"github.com/rondohq/rondo/services/internal/postgres"
	"github.com/rondohq/rondo/services/internal/rest"
)

// Postgres is the Store. Each change commits together with its events, its entry
// in the history and the result for its idempotency key.
type Postgres struct {
	pool   *pgxpool.Pool
	outbox *outbox.Outbox
}

// NewPostgres makes the store.
func NewPostgres(pool *pgxpool.Pool, o *outbox.Outbox) *Postgres {
	return &Postgres{pool: pool, outbox: o}
}

// columns of tasks t in the order of scan.
const columns = `t.id, t.user_id, t.title, t.description, t.priority::text, t.status, t.due_at, t.parent_id, t.position,
	ARRAY(SELECT g.name FROM task_tags tt JOIN tags g ON g.id = tt.tag_id WHERE tt.task_id = t.id ORDER BY lower(g.name)),
	t.version, t.series_id, t.occurrence_at, t.completed_at, t.created_at, t.updated_at`

func scan(row pgx.Row, more ...any) (Task, error) {
	var t Task
	err := row.Scan(append([]any{
		&t.ID, &t.Owner, &t.Title, &t.Description, &t.Priority, &t.Status, &t.DueAt, &t.ParentID, &t.Position,
		&t.Tags, &t.Version, &t.SeriesID, &t.OccurrenceAt, &t.CompletedAt, &t.CreatedAt, &t.UpdatedAt,
	}, more...)...)
	if errors.Is(err, pgx.ErrNoRows) {
		return Task{}, fault.New(fault.NotFound, "There is no such task.")
	}
	if err != nil {
		return Task{}, fmt.Errorf("reading a task: %w", err)
	}
	for _, at := range []*time.Time{t.DueAt, t.OccurrenceAt, t.CompletedAt, &t.CreatedAt, &t.UpdatedAt} {
		if at != nil {
			*at = at.UTC() // pgx gives the process' zone
		}
	}
	return t, nil
}

// Get implements Store.
func (p *Postgres) Get(ctx context.Context, owner, id uuid.UUID) (Task, error) {
	t, err := scan(p.pool.QueryRow(ctx, `SELECT `+columns+` FROM tasks t WHERE t.user_id = $1 AND t.id = $2`, owner, id))
	return t, postgres.Explain(err)
}

// Insert implements Store.
func (p *Postgres) Insert(ctx context.Context, t Task) (Task, error) {
	var kept Task
	err := postgres.InTx(ctx, p.pool, func(tx pgx.Tx) (err error) {
		kept, err = idempotency.Once(ctx, tx, t.Owner, func() (Task, error) { return p.InsertIn(ctx, tx, t) })
		return err
	})
	if err != nil {
		return Task{}, err
	}
	p.outbox.Wake()
	return kept, nil
}

// InsertIn inserts in the caller's transaction, who wakes the outbox after it.
func (p *Postgres) InsertIn(ctx context.Context, tx pgx.Tx, t Task) (Task, error) {
	if err := checkParent(ctx, tx, t); err != nil {
		return Task{}, err
	}
	tagIDs, names, err := p.tags(ctx, tx, t.Owner, t.Tags)
	if err != nil {
		return Task{}, err
	}
	t.Tags = names
	batch := &pgx.Batch{}
	queueTask(batch, t)
	queueTags(batch, t.ID, tagIDs)
	if err := p.record(ctx, batch, nil, t); err != nil {
		return Task{}, err
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return Task{}, fmt.Errorf("inserting a task: %w", err)
	}
	return t, nil
}

// Change implements Store.
func (p *Postgres) Change(ctx context.Context, owner, id uuid.UUID, change func(Task) (Task, error)) (Task, error) {
	var after Task
	err := postgres.InTx(ctx, p.pool, func(tx pgx.Tx) (err error) {
		after, err = idempotency.Once(ctx, tx, owner, func() (Task, error) { return p.changeIn(ctx, tx, owner, id, change) })
		return err
	})
	if err != nil {
		return Task{}, err
	}
	p.outbox.Wake()
	return after, nil
}

func (p *Postgres) changeIn(ctx context.Context, tx pgx.Tx, owner, id uuid.UUID, change func(Task) (Task, error)) (Task, error) {
	// Locking comes before reading the tags, so that both are of one moment. The key
	// stays, so that others may refer to the task meanwhile.
	if _, err := tx.Exec(ctx, `SELECT FROM tasks WHERE user_id = $1 AND id = $2 FOR NO KEY UPDATE`, owner, id); err != nil {
		return Task{}, fmt.Errorf("locking a task: %w", err)
	}
	before, err := scan(tx.QueryRow(ctx, `SELECT `+columns+` FROM tasks t WHERE t.user_id = $1 AND t.id = $2`, owner, id))
	if err != nil {
		return Task{}, err
	}
	after, err := change(before)
	if err != nil {
		return Task{}, err
	}
	batch := &pgx.Batch{}
	if !slices.Equal(before.Tags, after.Tags) {
		tagIDs, names, err := p.tags(ctx, tx, owner, after.Tags)
		if err != nil {
			return Task{}, err
		}
		after.Tags = names
		batch.Queue(`DELETE FROM task_tags WHERE task_id = $1`, id)
		queueTags(batch, id, tagIDs)
	}
	if len(changedFields(before, after)) == 0 {
		return before, nil
	}
	if after.ParentID != nil && (before.ParentID == nil || *before.ParentID != *after.ParentID) {
		if err := checkParent(ctx, tx, after); err != nil {
			return Task{}, err
		}
	}
	after.Version = before.Version + 1
	batch.Queue(`
		UPDATE tasks SET title = $3, description = $4, priority = $5, status = $6, due_at = $7, parent_id = $8,
			position = $9, version = $10, completed_at = $11, updated_at = $12, series_id = $13
		WHERE user_id = $1 AND id = $2`,
		owner, id, after.Title, after.Description, after.Priority, after.Status, after.DueAt, after.ParentID,
		after.Position, after.Version, after.CompletedAt, after.UpdatedAt, after.SeriesID)
	if err := p.record(ctx, batch, &before, after); err != nil {
		return Task{}, err
	}
	if !sameInstant(before.DueAt, after.DueAt) {
		if err := reminder.FollowDue(ctx, tx, batch, p.outbox, owner, id, after.DueAt, after.Status.Open(), after.UpdatedAt); err != nil {
			return Task{}, err //nolint:wrapcheck // says all
		}
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return Task{}, fmt.Errorf("updating a task: %w", err)
	}
	return after, nil
}

func sameInstant(a, b *time.Time) bool { return a == b || a != nil && b != nil && a.Equal(*b) }

// record queues the events of a change and its entry in the history, which is the
// first of the events.
func (p *Postgres) record(ctx context.Context, batch *pgx.Batch, before *Task, after Task) error {
	var messages []outbox.Message
	for _, payload := range payloads(before, after) {
		messages = append(messages, outbox.Message{UserID: after.Owner, Subject: after.ID.String(), Payload: payload})
	}
	events, err := p.outbox.Queue(ctx, batch, messages...)
	if err != nil || len(events) == 0 {
		return err //nolint:wrapcheck // says all
	}
	var was, is []byte
	changed := []string{}
	if before != nil {
		changed = changedFields(*before, after)
		if was, err = json.Marshal(Snapshot(*before)); err != nil {
			return fmt.Errorf("encoding the history: %w", err)
		}
	}
	if is, err = json.Marshal(Snapshot(after)); err != nil {
		return fmt.Errorf("encoding the history: %w", err)
	}
	batch.Queue(`
		INSERT INTO task_history (id, task_id, user_id, version, type, at, changed_fields, before, after)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		events[0].ID, after.ID, after.Owner, after.Version, events[0].Type, events[0].Time, changed, was, is)
	return nil
}

// tags finds the user's tags by name in any case and makes those that are missing.
// It returns their ids, and their names as the user wrote them first, sorted.
func (p *Postgres) tags(ctx context.Context, tx pgx.Tx, owner uuid.UUID, names []string) ([]uuid.UUID, []string, error) {
	if len(names) == 0 {
		return nil, []string{}, nil
	}
	// In one order for everybody, so that two requests cannot wait for each other.
	names = slices.SortedFunc(slices.Values(names), func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	ids, kept, err := readTags(ctx, tx, owner, names)
	if err != nil || len(ids) == len(names) { // as a rule they exist
		return ids, kept, err
	}
	fresh := make([]uuid.UUID, len(names))
	for i := range fresh {
		if fresh[i], err = uuid.NewV7(); err != nil {
			return nil, nil, fmt.Errorf("making a tag id: %w", err)
		}
	}
	made, err := tx.Exec(ctx, `
		INSERT INTO tags (id, user_id, name) SELECT id, $1, name FROM unnest($2::uuid[], $3::text[]) AS n (id, name)
		ON CONFLICT (user_id, lower(name)) DO NOTHING`, owner, fresh, names)
	if err != nil {
		return nil, nil, fmt.Errorf("making tags: %w", err)
	}
	if made.RowsAffected() > 0 {
		if _, err := p.outbox.Append(ctx, tx, outbox.Message{
			UserID: owner, Subject: owner.String(), Payload: event.AccountChanged{Changed: event.AccountTags},
		}); err != nil {
			return nil, nil, err //nolint:wrapcheck // says all
		}
	}
	return readTags(ctx, tx, owner, names)
}

// readTags are the ids and names of those tags that exist, named in any case.
func readTags(ctx context.Context, tx pgx.Tx, owner uuid.UUID, names []string) ([]uuid.UUID, []string, error) {
	rows, err := tx.Query(ctx, `
		SELECT id, name FROM tags WHERE user_id = $1 AND lower(name) IN (SELECT lower(n) FROM unnest($2::text[]) AS n)
		ORDER BY lower(name)`, owner, names)
	if err != nil {
		return nil, nil, fmt.Errorf("reading tags: %w", err)
	}
	var ids []uuid.UUID
	kept := []string{}
	var id uuid.UUID
	var name string
	if _, err := pgx.ForEachRow(rows, []any{&id, &name}, func() error {
		ids, kept = append(ids, id), append(kept, name)
		return nil
	}); err != nil {
		return nil, nil, fmt.Errorf("reading tags: %w", err)
	}
	return ids, kept, nil
}

func queueTask(batch *pgx.Batch, t Task) {
	batch.Queue(`
		INSERT INTO tasks (id, user_id, title, description, priority, status, due_at, parent_id, position, version,
			series_id, occurrence_at, completed_at, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		t.ID, t.Owner, t.Title, t.Description, t.Priority, t.Status, t.DueAt, t.ParentID, t.Position, t.Version,
		t.SeriesID, t.OccurrenceAt, t.CompletedAt, t.CreatedAt, t.UpdatedAt)
}

func queueTags(batch *pgx.Batch, task uuid.UUID, tags []uuid.UUID) {
	if len(tags) > 0 {
		batch.Queue(`INSERT INTO task_tags (task_id, tag_id) SELECT $1, unnest($2::uuid[])`, task, tags)
	}
}

// checkParent refuses a parent that is not the owner's, that is below the task
// itself, or under which the task and what is below it would be nested too deep.
func checkParent(ctx context.Context, tx pgx.Tx, t Task) error {
	if t.ParentID == nil {
		return nil
	}
	// Two moves at once, each fine by itself, could make a circle: one owner's go one
	// after the other.
	if _, err := tx.Exec(ctx, `SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE`, t.Owner); err != nil {
		return fmt.Errorf("locking the owner's tree: %w", err)
	}
	var above, below int
	var circle bool
	err := tx.QueryRow(ctx, `
		WITH RECURSIVE up AS (
			SELECT id, parent_id, 1 AS depth FROM tasks WHERE user_id = $1 AND id = $2
			UNION ALL
			SELECT p.id, p.parent_id, up.depth + 1 FROM tasks p JOIN up ON p.id = up.parent_id
			WHERE p.user_id = $1 AND up.depth < $4
		), down AS (
			SELECT $3::uuid AS id, 1 AS depth
			UNION ALL
			SELECT c.id, down.depth + 1 FROM tasks c JOIN down ON c.parent_id = down.id
			WHERE c.user_id = $1 AND down.depth < $4
		)
		SELECT (SELECT count(*) FROM up), (SELECT max(depth) FROM down), EXISTS (SELECT FROM up WHERE id = $3)`,
		t.Owner, *t.ParentID, t.ID, MaxDepth).Scan(&above, &below, &circle)
	switch {
	case err != nil:
		return fmt.Errorf("looking at the parent: %w", err)
	case above == 0:
		return fault.Invalidf("parent_id", "is no task of yours")
	case circle:
		return fault.Invalidf("parent_id", "is below the task itself")
	case above+below > MaxDepth:
		return fault.Invalidf("parent_id", "is nested deeper than %d levels", MaxDepth)
	}
	return nil
}

// History implements Store.
func (p *Postgres) History(ctx context.Context, owner, id uuid.UUID) ([]HistoryEntry, error) {
	rows, err := p.pool.Query(ctx, `
		SELECT id, version, type, at, changed_fields, coalesce(before, 'null'), after FROM task_history
		WHERE user_id = $1 AND task_id = $2 ORDER BY version`, owner, id)
	if err != nil {
		return nil, postgres.Explain(fmt.Errorf("reading the history: %w", err))
	}
	entries, err := pgx.CollectRows(rows, pgx.RowToStructByPos[HistoryEntry])
	if err != nil {
		return nil, postgres.Explain(fmt.Errorf("reading the history: %w", err))
	}
	if len(entries) == 0 { // each task has one entry at least
		return nil, fault.New(fault.NotFound, "There is no such task.")
	}
	for i := range entries {
		entries[i].At = entries[i].At.UTC()
	}
	return entries, nil
}

// sorts are the expressions that a list is ordered by, with their types.
func sortExpression(q Query) (expression, sqlType string) {
	switch q.SortBy {
	case ByDueAt:
		if q.Descending {
			return "coalesce(t.due_at, '-infinity')", "timestamptz"
		}
		return "coalesce(t.due_at, 'infinity')", "timestamptz"
	case ByPriority:
		return "t.priority", "task_priority"
	case ByTitle:
		return "lower(t.title)", "text"
	case ByPosition:
		return "t.position", "float8"
	case ByStatus:
		return "t.status", "text"
	case ByUpdatedAt:
		return "t.updated_at", "timestamptz"
	case ByCreatedAt:
	}
	return "t.created_at", "timestamptz"
}

// List implements Store.
func (p *Postgres) List(ctx context.Context, owner uuid.UUID, q Query) (Page, error) {
	tags, err := p.tagIDs(ctx, owner, q.Tags)
	if err != nil {
		return Page{}, err
	}
	if len(tags) < len(q.Tags) {
		return Page{Items: []Task{}}, nil // nothing can have a tag that does not exist
	}
	statement, args := listStatement(owner, q, tags)
	// Planned for these very values: whether the text index or an order's index is
	// the better one depends on them.
	rows, err := p.pool.Query(ctx, statement, append([]any{pgx.QueryExecModeCacheDescribe}, args...)...)
	if err != nil {
		return Page{}, listFault(err)
	}
	defer rows.Close()
	page := Page{Items: make([]Task, 0, q.Limit)}
	var key, lastKey string
	for rows.Next() {
		t, err := scan(rows, &key)
		if err != nil {
			return Page{}, err
		}
		if len(page.Items) == q.Limit { // the one more that was asked for
			page.Next = &Cursor{SortBy: q.SortBy, Descending: q.Descending, Value: lastKey, ID: page.Items[q.Limit-1].ID}
			break
		}
		page.Items, lastKey = append(page.Items, t), key
	}
	rows.Close()
	if err := rows.Err(); err != nil {
		return Page{}, listFault(err)
	}
	return page, nil
}

// listFault blames a cursor that somebody has edited: nothing else in the statement
// is a text that PostgreSQL has to parse (class 22, data exception).
func listFault(err error) error {
	if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok && strings.HasPrefix(pgErr.Code, "22") {
		return rest.BadCursor(err)
	}
	return postgres.Explain(fmt.Errorf("listing tasks: %w", err))
}

// tagIDs are the ids of those tags that exist, named in any case.
func (p *Postgres) tagIDs(ctx context.Context, owner uuid.UUID, names []string) ([]uuid.UUID, error) {
	if len(names) == 0 {
		return nil, nil
	}
	rows, err := p.pool.Query(ctx, `
		SELECT g.id FROM unnest($2::text[]) AS n JOIN tags g ON g.user_id = $1 AND lower(g.name) = lower(n)`, owner, names)
	if err != nil {
		return nil, postgres.Explain(fmt.Errorf("reading tags: %w", err))
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, postgres.Explain(fmt.Errorf("reading tags: %w", err))
	}
	return ids, nil
}

// listStatement spells conditions so that the planner knows each one's weight: it
// has statistics of a tag by its id and of a priority that is equal to one value.
func listStatement(owner uuid.UUID, q Query, tags []uuid.UUID) (statement string, args []any) {
	arg := func(value any) string {
		args = append(args, value)
		return fmt.Sprintf("$%d", len(args))
	}
	where := []string{"t.user_id = " + arg(owner)}
	if len(q.Statuses) > 0 {
		where = append(where, "t.status = ANY("+arg(q.Statuses)+")")
	} else {
		where = append(where, "t.status <> "+arg(Cancelled))
	}
	switch len(q.Priorities) {
	case 0:
	case 1:
		where = append(where, "t.priority = "+arg(q.Priorities[0])+"::text::task_priority")
	default:
		where = append(where, "t.priority = ANY("+arg(q.Priorities)+"::text[]::task_priority[])")
	}
	for _, tag := range tags {
		where = append(where, "EXISTS (SELECT FROM task_tags tt WHERE tt.task_id = t.id AND tt.tag_id = "+arg(tag)+")")
	}
	if q.Search != "" {
		escaped := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(q.Search)
		where = append(where, "t.search_text LIKE '%' || lower("+arg(escaped)+"::text) || '%'")
	}
	if q.DueBefore != nil {
		where = append(where, "t.due_at < "+arg(*q.DueBefore))
	}
	if q.DueAfter != nil {
		where = append(where, "t.due_at >= "+arg(*q.DueAfter))
	}
	if q.ParentID != nil {
		where = append(where, "t.parent_id = "+arg(*q.ParentID))
	}
	key, sqlType := sortExpression(q)
	order, beyond := "ASC", ">"
	if q.Descending {
		order, beyond = "DESC", "<"
	}
	if q.After != nil {
		where = append(where, "("+key+", t.id) "+beyond+" ("+arg(q.After.Value)+"::text::"+sqlType+", "+arg(q.After.ID)+")")
	}
	return "SELECT " + columns + ", (" + key + ")::text FROM tasks t WHERE " + strings.Join(where, " AND ") +
		" ORDER BY " + key + " " + order + ", t.id " + order + " LIMIT " + arg(q.Limit+1), args
}
