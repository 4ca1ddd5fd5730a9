package idempotency_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/services/internal/idempotency"
	"github.com/rondohq/rondo/services/internal/postgres"
	"github.com/rondohq/rondo/services/internal/postgres/postgrestest"
	"github.com/rondohq/rondo/services/internal/problem"
)

// counting answers with how often it had an effect.
type counting struct {
	handler http.Handler
	effects atomic.Int64
}

func setup(t *testing.T) *counting {
	t.Helper()
	db := postgrestest.New(t)
	user := uuid.New()
	if _, err := db.Owner(t).Exec(t.Context(), `INSERT INTO users (id, email, password_hash, display_name, timezone)
		VALUES ($1, 'a@example.com', 'x', 'x', 'UTC')`, user); err != nil {
		t.Fatal(err)
	}
	pool := db.Pool(t, topology.API)
	c := &counting{}
	c.handler = idempotency.Middleware(1<<10, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var n int64
		err := postgres.InTx(r.Context(), pool, func(tx pgx.Tx) (err error) {
			n, err = idempotency.Once(r.Context(), tx, user, func() (int64, error) { return c.effects.Add(1), nil })
			return err
		})
		if err != nil {
			problem.Write(r.Context(), err, w)
			return
		}
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte{byte('0' + n)})
	}))
	return c
}

func (c *counting) post(key, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	if key != "" {
		r.Header.Set(idempotency.Header, key)
	}
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, r)
	return w
}

func TestARepetitionGetsTheFirstAnswer(t *testing.T) {
	t.Parallel()
	c := setup(t)
	first, second := c.post("k", "x"), c.post("k", "x")
	if first.Code != http.StatusCreated || second.Code != first.Code || second.Body.String() != first.Body.String() {
		t.Errorf("%d %q, then %d %q", first.Code, first.Body, second.Code, second.Body)
	}
	if first.Header().Get(idempotency.Replayed) != "" || second.Header().Get(idempotency.Replayed) != "true" {
		t.Error("the answer does not say whether it was given before")
	}
	if c.effects.Load() != 1 {
		t.Errorf("%d effects", c.effects.Load())
	}
	if other := c.post("other", "x"); other.Body.String() != "2" {
		t.Errorf("another key: %q", other.Body)
	}
	if none := c.post("", "x"); none.Body.String() != "3" {
		t.Errorf("no key: %q", none.Body)
	}
}

func TestAKeyIsForOneRequest(t *testing.T) {
	t.Parallel()
	c := setup(t)
	c.post("k", "x")
	w := c.post("k", "y")
	if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "idempotency_key_reused") || c.effects.Load() != 1 {
		t.Errorf("%d %q, %d effects", w.Code, w.Body, c.effects.Load())
	}
	if w := c.post(strings.Repeat("k", 256), "x"); w.Code != http.StatusBadRequest {
		t.Errorf("a long key: %d", w.Code)
	}
	for _, key := range []string{"caf\xc3\xa9", "\xff"} { // the second PostgreSQL could not even keep
		if w := c.post(key, "x"); w.Code != http.StatusBadRequest {
			t.Errorf("the key %q: %d", key, w.Code)
		}
	}
	if w := c.post("big", strings.Repeat("x", 1<<10+1)); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("a large body: %d", w.Code)
	}
}

func TestTwinsHaveOneEffect(t *testing.T) {
	t.Parallel()
	c := setup(t)
	var twins sync.WaitGroup
	for range 10 {
		twins.Go(func() {
			if w := c.post("k", "x"); w.Code != http.StatusCreated || w.Body.String() != "1" {
				t.Errorf("%d %q", w.Code, w.Body)
			}
		})
	}
	twins.Wait()
	if c.effects.Load() != 1 {
		t.Errorf("%d effects", c.effects.Load())
	}
}
