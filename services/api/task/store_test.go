package task_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/services/api/task"
	"github.com/rondohq/rondo/services/internal/outbox"
	"github.com/rondohq/rondo/services/internal/postgres/postgrestest"
)

type testBundle struct {
	service task.Service
	owner   uuid.UUID
	all     *pgxpool.Pool // with all rights
}

func setup(t *testing.T) *testBundle {
	t.Helper()
	db := postgrestest.New(t)
	b := &testBundle{all: db.Owner(t)}
	b.owner = b.user(t)
	store := task.NewPostgres(db.Pool(t, topology.API), outbox.New(topology.API))
	b.service = task.NewService(store, time.Now)
	return b
}

func (b *testBundle) user(t *testing.T) uuid.UUID {
	t.Helper()
	id := uuid.New()
	if _, err := b.all.Exec(t.Context(), `INSERT INTO users (id, email, password_hash, display_name, timezone)
		VALUES ($1, $2, 'x', 'x', 'UTC')`, id, id.String()+"@example.com"); err != nil {
		t.Fatal(err)
	}
	return id
}

func (b *testBundle) create(t *testing.T, d task.Draft) task.Task {
	t.Helper()
	made, err := b.service.Create(t.Context(), b.owner, d)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func (b *testBundle) count(t *testing.T, query string, args ...any) (n int) {
	t.Helper()
	if err := b.all.QueryRow(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestPagesJoinIntoTheWholeListInEveryOrder(t *testing.T) {
	t.Parallel()
	b := setup(t)
	due := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	for i := range 23 {
		at := due.AddDate(0, 0, i%5)
		d := task.Draft{Title: fmt.Sprintf("task %c", 'a'+i%7), Priority: task.Priorities()[i%3], DueAt: &at}
		if i%4 == 0 {
			d.DueAt = nil
		}
		b.create(t, d)
	}
	for _, by := range task.SortKeys() {
		for _, descending := range []bool{false, true} {
			q := task.Query{SortBy: by, Descending: descending, Limit: 100}
			whole, err := b.service.List(t.Context(), b.owner, q)
			if err != nil || len(whole.Items) != 23 || whole.Next != nil {
				t.Fatalf("%s: %d tasks, %v", by, len(whole.Items), err)
			}
			var joined []task.Task
			for q.Limit = 5; ; {
				page, err := b.service.List(t.Context(), b.owner, q)
				if err != nil {
					t.Fatal(err)
				}
				joined = append(joined, page.Items...)
				if q.After = page.Next; q.After == nil {
					break
				}
			}
			same := func(a, b task.Task) bool { return a.ID == b.ID }
			if !slices.EqualFunc(whole.Items, joined, same) {
				t.Errorf("%s, descending %v: the pages are not the list", by, descending)
			}
			if by == task.ByDueAt && (whole.Items[0].DueAt == nil || whole.Items[22].DueAt != nil) {
				t.Errorf("descending %v: tasks without a due date do not come last", descending)
			}
		}
	}
}

func TestAChangeIsKeptWithItsEventsAndItsHistory(t *testing.T) {
	t.Parallel()
	b := setup(t)
	made := b.create(t, task.Draft{Title: "a", Tags: []string{"Work", "home"}})
	title, tags := "b", []string{"WORK"}
	changed, err := b.service.Update(t.Context(), b.owner, made.ID, &made.Version, task.Change{Title: &title, Tags: &tags})
	if err != nil {
		t.Fatal(err)
	}
	if changed.Version != 2 || !slices.Equal(changed.Tags, []string{"Work"}) {
		t.Errorf("version %d, tags %v: a tag keeps its first spelling", changed.Version, changed.Tags)
	}
	same, err := b.service.Update(t.Context(), b.owner, made.ID, nil, task.Change{Title: &title})
	if err != nil || same.Version != 2 {
		t.Errorf("a change that changes nothing: version %d, %v", same.Version, err)
	}
	history, err := b.service.History(t.Context(), b.owner, made.ID)
	if err != nil || len(history) != 2 || history[1].Type != "task.updated" || !slices.Equal(history[1].ChangedFields, []string{"tags", "title"}) {
		t.Errorf("history %+v, %v", history, err)
	}
	if n := b.count(t, `SELECT count(*) FROM outbox WHERE event->>'subject' = $1`, made.ID.String()); n != 2 {
		t.Errorf("%d events for two changes", n)
	}
}

func TestAStaleVersionChangesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	made := b.create(t, task.Draft{Title: "a"})
	var wins, stale int
	var mu sync.Mutex
	var racers sync.WaitGroup
	for i := range 8 {
		title := fmt.Sprintf("racer %d", i)
		racers.Go(func() {
			_, err := b.service.Update(t.Context(), b.owner, made.ID, &made.Version, task.Change{Title: &title})
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				wins++
			case fault.CodeOf(err) == fault.Stale:
				stale++
			default:
				t.Error(err)
			}
		})
	}
	racers.Wait()
	if wins != 1 || stale != 7 {
		t.Errorf("%d won, %d were stale", wins, stale)
	}
}

func TestAnotherUsersTaskIsAsGoodAsNone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	made := b.create(t, task.Draft{Title: "mine"})
	stranger := b.user(t)
	_, byGet := b.service.Get(t.Context(), stranger, made.ID)
	_, byDelete := b.service.Delete(t.Context(), stranger, made.ID, nil)
	_, byHistory := b.service.History(t.Context(), stranger, made.ID)
	_, asParent := b.service.Create(t.Context(), stranger, task.Draft{Title: "child", ParentID: &made.ID})
	for name, err := range map[string]error{"get": byGet, "delete": byDelete, "history": byHistory} {
		if fault.CodeOf(err) != fault.NotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
	if fault.CodeOf(asParent) != fault.Invalid {
		t.Errorf("as a parent: %v", asParent)
	}
	if page, err := b.service.List(t.Context(), stranger, task.Query{Limit: 10}); err != nil || len(page.Items) != 0 {
		t.Errorf("list: %v, %v", page.Items, err)
	}
}

func TestSubtasksFormNoCircle(t *testing.T) {
	t.Parallel()
	b := setup(t)
	top := b.create(t, task.Draft{Title: "top"})
	child := b.create(t, task.Draft{Title: "child", ParentID: &top.ID})
	grandchild := b.create(t, task.Draft{Title: "grandchild", ParentID: &child.ID})
	_, err := b.service.Update(t.Context(), b.owner, top.ID, nil, task.Change{ParentID: &grandchild.ID})
	if f, ok := errors.AsType[*fault.Error](err); !ok || f.Fields[0].Name != "parent_id" {
		t.Errorf("a circle: %v", err)
	}
}

func TestMovesAtOnceFormNoCircleEither(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for range 20 {
		one, two := b.create(t, task.Draft{Title: "one"}), b.create(t, task.Draft{Title: "two"})
		under := func(child, parent task.Task) error {
			_, err := b.service.Update(t.Context(), b.owner, child.ID, nil, task.Change{ParentID: &parent.ID})
			return err
		}
		var first, second error
		var moves sync.WaitGroup
		moves.Go(func() { first = under(one, two) })
		moves.Go(func() { second = under(two, one) })
		moves.Wait()
		if (first == nil) == (second == nil) || fault.CodeOf(errors.Join(first, second)) != fault.Invalid {
			t.Fatalf("one under two: %v, two under one: %v", first, second)
		}
	}
}

func TestATreeIsNestedNoDeeperWhenItIsMoved(t *testing.T) {
	t.Parallel()
	b := setup(t)
	chain := func(n int) (top, bottom task.Task) {
		for i := range n {
			d := task.Draft{Title: "level"}
			if i > 0 {
				d.ParentID = &bottom.ID
			}
			bottom = b.create(t, d)
			if i == 0 {
				top = bottom
			}
		}
		return top, bottom
	}
	_, bottom := chain(task.MaxDepth / 2)
	fits, _ := chain(task.MaxDepth / 2)
	deep, _ := chain(task.MaxDepth/2 + 1)
	move := func(what task.Task) error {
		_, err := b.service.Update(t.Context(), b.owner, what.ID, nil, task.Change{ParentID: &bottom.ID})
		return err
	}
	if err := move(fits); err != nil {
		t.Errorf("as deep as may be: %v", err)
	}
	if err := move(deep); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("a level too deep: %v", err)
	}
}

func TestADeletedTaskLeavesTheListAndComesBack(t *testing.T) {
	t.Parallel()
	b := setup(t)
	made := b.create(t, task.Draft{Title: "a"})
	if _, err := b.service.Delete(t.Context(), b.owner, made.ID, nil); err != nil {
		t.Fatal(err)
	}
	listed := func() int {
		page, err := b.service.List(t.Context(), b.owner, task.Query{Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		return len(page.Items)
	}
	if listed() != 0 {
		t.Error("it is still listed")
	}
	if _, err := b.service.Reopen(t.Context(), b.owner, made.ID, nil); err != nil || listed() != 1 {
		t.Errorf("it does not come back: %v", err)
	}
}
