package tag_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/services/api/tag"
	"github.com/rondohq/rondo/services/api/task"
	"github.com/rondohq/rondo/services/internal/outbox"
	"github.com/rondohq/rondo/services/internal/postgres/postgrestest"
)

// testBundle is tags and tasks of one user on a real database.
type testBundle struct {
	tag.Service

	tasks task.Service
	owner uuid.UUID
	db    *pgxpool.Pool
}

func setup(t *testing.T) *testBundle {
	t.Helper()
	db := postgrestest.New(t)
	pool, box := db.Pool(t, topology.API), outbox.New(topology.API)
	b := &testBundle{
		Service: tag.NewService(tag.NewPostgres(pool, box)),
		tasks:   task.NewService(task.NewPostgres(pool, box), time.Now),
		owner:   uuid.New(),
		db:      db.Owner(t),
	}
	_, err := b.db.Exec(t.Context(), `INSERT INTO users (id, email, password_hash, display_name, timezone)
		VALUES ($1, 'ada@example.org', '', 'Ada', 'UTC')`, b.owner)
	require.NoError(t, err)
	return b
}

func (b *testBundle) task(t *testing.T, tags ...string) task.Task {
	t.Helper()
	created, err := b.tasks.Create(t.Context(), b.owner, task.Draft{Title: "Buy milk", Tags: tags})
	require.NoError(t, err)
	return created
}

func (b *testBundle) told(t *testing.T) (count int) {
	t.Helper()
	err := b.db.QueryRow(t.Context(), `SELECT count(*) FROM outbox WHERE event->>'type' = 'account.changed'
		AND event->'data'->>'changed' = 'tags'`).Scan(&count)
	require.NoError(t, err)
	return count
}

func TestListCountsOpenTasks(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.task(t, "home", "Work")
	b.task(t, "WORK")
	cancelled := b.task(t, "work", "idle")
	_, err := b.tasks.Delete(t.Context(), b.owner, cancelled.ID, nil)
	require.NoError(t, err)
	done := b.task(t, "work")
	_, err = b.tasks.Complete(t.Context(), b.owner, done.ID, nil)
	require.NoError(t, err)

	tags, err := b.List(t.Context(), b.owner)
	require.NoError(t, err)
	counts := map[string]int{}
	for _, g := range tags {
		counts[g.Name] = g.TaskCount
	}
	require.Equal(t, map[string]int{"home": 1, "Work": 2, "idle": 0}, counts)
	require.Equal(t, []string{"home", "idle", "Work"}, []string{tags[0].Name, tags[1].Name, tags[2].Name})
}

func TestRenamedTagShowsInItsTasksAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	milk := b.task(t, "shop")
	tags, err := b.List(t.Context(), b.owner)
	require.NoError(t, err)
	told := b.told(t)

	renamed, err := b.Rename(t.Context(), b.owner, tags[0].ID, " Grocery ")
	require.NoError(t, err)
	require.Equal(t, tag.Tag{ID: tags[0].ID, Name: "Grocery", TaskCount: 1}, renamed)
	after, err := b.tasks.Get(t.Context(), b.owner, milk.ID)
	require.NoError(t, err)
	require.Equal(t, []string{"Grocery"}, after.Tags)
	require.Equal(t, told+1, b.told(t))

	_, err = b.Rename(t.Context(), b.owner, tags[0].ID, "GROCERY") // only the case
	require.NoError(t, err)
	_, err = b.Rename(t.Context(), b.owner, tags[0].ID, "GROCERY") // nothing
	require.NoError(t, err)
	require.Equal(t, told+2, b.told(t))
}

func TestNamesAreUniqueInAnyCase(t *testing.T) {
	t.Parallel()
	b := setup(t)
	home, err := b.Create(t.Context(), b.owner, "Übung")
	require.NoError(t, err)
	other, err := b.Create(t.Context(), b.owner, "other")
	require.NoError(t, err)
	told := b.told(t)
	_, err = b.Create(t.Context(), b.owner, "üBUNG")
	require.Equal(t, fault.Conflict, fault.CodeOf(err))
	_, err = b.Rename(t.Context(), b.owner, other.ID, "ÜBUNG")
	require.Equal(t, fault.Conflict, fault.CodeOf(err))
	require.Equal(t, told, b.told(t))
	require.NoError(t, b.Delete(t.Context(), b.owner, home.ID))
	_, err = b.Create(t.Context(), b.owner, "üBUNG")
	require.NoError(t, err)
}

func TestDeletedTagLeavesItsTasks(t *testing.T) {
	t.Parallel()
	b := setup(t)
	milk := b.task(t, "shop", "home")
	tags, err := b.List(t.Context(), b.owner)
	require.NoError(t, err)
	require.NoError(t, b.Delete(t.Context(), b.owner, tags[1].ID))
	after, err := b.tasks.Get(t.Context(), b.owner, milk.ID)
	require.NoError(t, err)
	require.Equal(t, []string{"home"}, after.Tags)
	require.Equal(t, fault.NotFound, fault.CodeOf(b.Delete(t.Context(), b.owner, tags[1].ID)))
}
