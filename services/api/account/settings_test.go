package account_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/api/account"
	"github.com/rondohq/rondo/services/internal/rest"
)

func TestSettingsAreKeptAndNamedWhenTheyAreWrong(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, ada := b.signUp(t, "ada@example.org")
	quiet := func(from, to string) rest.Field[account.QuietHours] {
		return rest.Field[account.QuietHours]{Set: true, Value: account.QuietHours{From: from, To: to}}
	}
	filters := []account.SavedFilter{{Name: " Urgent ", Path: "/tasks?priority=high"}, {Name: "Home", Path: "/tags/home"}}
	_, err := b.UpdateMe(t.Context(), ada, account.Patch{QuietHours: quiet("22:00", "07:00"), SavedFilters: &filters})
	require.NoError(t, err)
	_, err = b.UpdateMe(t.Context(), ada, account.Patch{Timezone: new("Europe/Berlin")})
	require.NoError(t, err)
	me, err := b.Me(t.Context(), ada)
	require.NoError(t, err)
	require.Equal(t, &account.QuietHours{From: "22:00", To: "07:00"}, me.QuietHours, "another change leaves it")
	require.Equal(t, []account.SavedFilter{{Name: "Urgent", Path: "/tasks?priority=high"}, {Name: "Home", Path: "/tags/home"}}, me.SavedFilters)

	for field, patch := range map[string]account.Patch{
		"quiet_hours.from":      {QuietHours: quiet("25:00", "07:00")},
		"quiet_hours.to":        {QuietHours: quiet("22:00", "22:00")},
		"saved_filters[0].path": {SavedFilters: &[]account.SavedFilter{{Name: "x", Path: "//evil.example"}}},
		"saved_filters[0].name": {SavedFilters: &[]account.SavedFilter{{Path: "/tasks"}}},
	} {
		_, err := b.UpdateMe(t.Context(), ada, patch)
		require.Equal(t, fault.Invalid, fault.CodeOf(err), field)
		require.ErrorContains(t, err, field)
	}
	me, err = b.UpdateMe(t.Context(), ada, account.Patch{QuietHours: rest.Field[account.QuietHours]{Set: true, Null: true}})
	require.NoError(t, err)
	require.Nil(t, me.QuietHours)
}

func TestADeletedAccountIsGoneWithAllThatWasItsOwn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	session, ada := b.signUp(t, "ada@example.org")
	_, eve := b.signUp(t, "eve@example.org")
	insert := func(user, title string) {
		t.Helper()
		_, err := b.db.Exec(t.Context(), `WITH task AS (INSERT INTO tasks (id, user_id, title, position) VALUES (gen_random_uuid(), $1, $2, 1) RETURNING id, user_id),
			tag AS (INSERT INTO tags (id, user_id, name) VALUES (gen_random_uuid(), $1, 'home') RETURNING id)
			INSERT INTO task_tags (task_id, tag_id) SELECT task.id, tag.id FROM task, tag`, user, title)
		require.NoError(t, err)
	}
	insert(ada.UserID.String(), "hers")
	insert(eve.UserID.String(), "another's")

	require.Equal(t, fault.Invalid, fault.CodeOf(b.DeleteMe(t.Context(), ada, account.Deletion{})))
	require.Equal(t, fault.Invalid, fault.CodeOf(b.DeleteMe(t.Context(), ada, account.Deletion{Password: "not hers"})))
	byToken := ada
	byToken.Session = false
	require.Equal(t, fault.Forbidden, fault.CodeOf(b.DeleteMe(t.Context(), byToken, account.Deletion{Password: password})))

	require.NoError(t, b.DeleteMe(t.Context(), ada, account.Deletion{Password: password}))
	_, err := b.verifier.Verify(t.Context(), session.Token)
	require.Equal(t, fault.Unauthenticated, fault.CodeOf(err))
	_, err = b.SignIn(t.Context(), home, account.SignIn{Email: "ada@example.org", Password: password})
	require.Equal(t, fault.Unauthenticated, fault.CodeOf(err))
	for table, want := range map[string]int{"users": 1, "tasks": 1, "tags": 1, "task_tags": 1} {
		var rows int
		require.NoError(t, b.db.QueryRow(t.Context(), `SELECT count(*) FROM `+table).Scan(&rows))
		require.Equal(t, want, rows, table)
	}
}
