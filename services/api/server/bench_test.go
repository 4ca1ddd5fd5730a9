package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/services/api/server"
	"github.com/rondohq/rondo/services/internal/outbox"
	"github.com/rondohq/rondo/services/internal/postgres/postgrestest"
)

type testBundle struct {
	url    string
	client *http.Client
	token  string
	db     *postgrestest.Database
}

func setup(tb testing.TB) *testBundle {
	tb.Helper()
	document, err := os.ReadFile("../openapi.yaml")
	if err != nil {
		tb.Fatal(err)
	}
	db := postgrestest.New(tb)
	api, err := server.New(server.Deps{
		Pool: db.Pool(tb, topology.API), Outbox: outbox.New(topology.API), Registry: prometheus.NewRegistry(),
		Document: document, Now: time.Now,
	})
	if err != nil {
		tb.Fatal(err)
	}
	web := httptest.NewServer(api.Routes())
	tb.Cleanup(web.Close)
	b := &testBundle{url: web.URL, client: web.Client(), db: db}
	b.client.Transport = &http.Transport{MaxIdleConnsPerHost: 64}
	var session struct {
		Token string `json:"token"`
	}
	body := b.call(tb, http.MethodPost, "/api/auth/sign-up",
		`{"email":"a@example.com","password":"correct horse","display_name":"A","timezone":"UTC"}`)
	if err := json.Unmarshal(body, &session); err != nil {
		tb.Fatal(err)
	}
	b.token = session.Token
	return b
}

func (b *testBundle) call(tb testing.TB, method, path, body string) []byte {
	tb.Helper()
	req, err := http.NewRequestWithContext(tb.Context(), method, b.url+path, strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+b.token)
	resp, err := b.client.Do(req)
	if err != nil {
		tb.Error(err)
		return nil
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= http.StatusBadRequest {
		tb.Errorf("%s %s: %s %s %v", method, path, resp.Status, answer, err)
	}
	return answer
}

// BenchmarkCreate is POST /api/tasks with everything but the network and the relay.
func BenchmarkCreate(b *testing.B) {
	s := setup(b)
	var n atomic.Int64
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			s.call(b, http.MethodPost, "/api/tasks", fmt.Sprintf(
				`{"title":"Prepare meeting %d","description":"Agenda, slides and the room.","priority":"high","tags":["work"],"due_at":"2027-01-15T09:00:00Z"}`, n.Add(1)))
		}
	})
}

// BenchmarkSearch is a page of 50 of 2,000 tasks, searched and sorted.
func BenchmarkSearch(b *testing.B) {
	s := setup(b)
	if _, err := s.db.Owner(b).Exec(b.Context(), `
		INSERT INTO tasks (id, user_id, title, description, due_at, position)
		SELECT gen_random_uuid(), (SELECT id FROM users), 'Write report ' || i, 'Call ' || md5(i::text) || ' about the contract.',
			now() + i * interval '7 minutes', i FROM generate_series(1, 2000) i`); err != nil {
		b.Fatal(err)
	}
	if _, err := s.db.Owner(b).Exec(b.Context(), `VACUUM ANALYZE tasks`); err != nil {
		b.Fatal(err)
	}
	b.SetParallelism(16)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			s.call(b, http.MethodGet, "/api/tasks?search=report&sort_by=due_at&limit=50", "")
		}
	})
}
