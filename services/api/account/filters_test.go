package account_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/api/account"
)

func TestListsWithANameAreKept(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, ada := b.signUp(t, "ada@example.org")
	filters := []account.SavedFilter{{Name: " Urgent ", Path: "/tasks?priority=high"}, {Name: "Home", Path: "/tags/home"}}
	_, err := b.UpdateMe(t.Context(), ada, account.Patch{SavedFilters: &filters})
	require.NoError(t, err)
	_, err = b.UpdateMe(t.Context(), ada, account.Patch{Timezone: new("Europe/Berlin")})
	require.NoError(t, err)
	me, err := b.Me(t.Context(), ada)
	require.NoError(t, err)
	require.Equal(t, []account.SavedFilter{{Name: "Urgent", Path: "/tasks?priority=high"}, {Name: "Home", Path: "/tags/home"}}, me.SavedFilters)
	for field, wrong := range map[string][]account.SavedFilter{
		"saved_filters[0].path": {{Name: "x", Path: "//evil.example"}},
		"saved_filters[0].name": {{Path: "/tasks"}},
		"saved_filters":         make([]account.SavedFilter, 51),
	} {
		_, err := b.UpdateMe(t.Context(), ada, account.Patch{SavedFilters: &wrong})
		require.Equal(t, fault.Invalid, fault.CodeOf(err), field)
		require.ErrorContains(t, err, field)
	}
}
