package account_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/api/account"
)

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
