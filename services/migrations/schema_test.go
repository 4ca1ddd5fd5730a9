package migrations_test

import (
	"testing"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/services/internal/postgres/postgrestest"
)

// On a managed server nobody but the migrations makes the schema of the state store.
func TestARoleWithASchemaMayMakeTablesInIt(t *testing.T) {
	t.Parallel()
	owner := postgrestest.New(t).Owner(t)
	checked := 0
	for _, role := range topology.Roles() {
		if role.Schema == "" {
			continue
		}
		checked++
		var may bool
		const ask = `SELECT has_schema_privilege($1, $2, 'CREATE') AND has_schema_privilege($1, $2, 'USAGE')`
		if err := owner.QueryRow(t.Context(), ask, role.Name, role.Schema).Scan(&may); err != nil || !may {
			t.Errorf("%s may make tables in %s: %v, %v", role.Name, role.Schema, may, err)
		}
	}
	if checked == 0 {
		t.Error("no role has a schema of its own")
	}
}
