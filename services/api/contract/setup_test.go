// Package contract tests the running api against its OpenAPI document: real routes
// over HTTP, real PostgreSQL, and every single answer checked against the document.
package contract_test

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"
	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/services/api/series"
	"github.com/rondohq/rondo/services/api/server"
	"github.com/rondohq/rondo/services/internal/outbox"
	"github.com/rondohq/rondo/services/internal/postgres/postgrestest"
	"github.com/rondohq/rondo/services/internal/rest"
	"github.com/rondohq/rondo/services/internal/telemetry"
)

// document is services/api/openapi.yaml, parsed once.
var document = sync.OnceValues(func() (spec, error) {
	text, err := os.ReadFile("../openapi.yaml")
	if err != nil {
		return spec{}, err
	}
	doc, err := libopenapi.NewDocument(text)
	if err != nil {
		return spec{}, err
	}
	model, err := doc.BuildV3Model()
	if err != nil {
		return spec{}, err
	}
	checks, errs := validator.NewValidator(doc, config.WithFormatAssertions())
	if len(errs) > 0 {
		return spec{}, errs[0]
	}
	return spec{text: text, doc: doc, model: &model.Model, checks: checks}, nil
})

type spec struct {
	text   []byte
	doc    libopenapi.Document
	model  *v3.Document
	checks validator.Validator
}

// operations are the document's, in its order.
func (s spec) operations() []operation {
	var all []operation
	for path, item := range s.model.Paths.PathItems.FromOldest() {
		for method, op := range item.GetOperations().FromOldest() {
			all = append(all, operation{op, strings.ToUpper(method), path})
		}
	}
	return all
}

type operation struct {
	*v3.Operation

	Method, Path string
}

// public operations need no token; some take one.
func (o operation) public() bool {
	if o.Security == nil {
		return false
	}
	for _, s := range o.Security {
		if s.ContainsEmptyRequirement {
			return true
		}
	}
	return len(o.Security) == 0
}

// success is the status of an answer without a failure.
func (o operation) success() string {
	for status := range o.Responses.Codes.KeysFromOldest() {
		if strings.HasPrefix(status, "2") {
			return status
		}
	}
	return ""
}

// testBundle is an api of the test's own, on a database of its own.
type testBundle struct {
	spec

	url    string
	db     *pgxpool.Pool // with all rights
	routes []string

	mu   sync.Mutex
	seen map[string]map[int]bool // statuses by operation id
}

// router notes the patterns that are mounted.
type router struct {
	*rest.Mux

	patterns []string
}

func (r *router) Handle(pattern string, h http.Handler) {
	r.patterns = append(r.patterns, pattern)
	r.Mux.Handle(pattern, h)
}

func setup(t *testing.T) *testBundle {
	t.Helper()
	s, err := document()
	require.NoError(t, err)
	db := postgrestest.New(t)
	pool := db.Pool(t, topology.API)
	tel := telemetry.New(slog.New(slog.DiscardHandler))
	public := http.NewServeMux()
	tel.Health(public, telemetry.Check{Name: "database", Do: pool.Ping})
	api, err := server.New(server.Deps{
		Pool: pool, Outbox: outbox.New(topology.API), Registry: tel.Registry, Document: s.text, Now: time.Now, Log: tel.Log, State: &memory{},
	})
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- api.Run(ctx) }()
	t.Cleanup(func() { stop(); require.NoError(t, <-stopped) })
	mux := &router{Mux: rest.NewMux(series.Path)}
	api.Register(mux)
	public.Handle("/", mux)
	srv := httptest.NewServer(tel.HTTP(public))
	t.Cleanup(srv.Close)
	return &testBundle{spec: s, url: srv.URL, db: db.Owner(t), routes: mux.patterns, seen: map[string]map[int]bool{}}
}

// memory is a state store that forgets nothing.
type memory struct{ values sync.Map }

func (m *memory) SaveState(_ context.Context, key string, value []byte, _ time.Duration) error {
	m.values.Store(key, value)
	return nil
}

func (m *memory) LoadState(_ context.Context, key string) ([]byte, error) {
	value, _ := m.values.Load(key)
	data, _ := value.([]byte)
	return data, nil
}

func (m *memory) DeleteState(_ context.Context, key string) error {
	m.values.Delete(key)
	return nil
}

// user is somebody who is signed in.
type user struct {
	ID    string
	Token string
}

// answer is a response, read.
type answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// JSON reads the body as an object.
func (a answer) JSON(t *testing.T) map[string]any {
	t.Helper()
	var v map[string]any
	require.NoError(t, json.Unmarshal(a.Body, &v), "%s", a.Body)
	return v
}

// Text is a string of the object that the body is.
func (a answer) Text(t *testing.T, name string) string {
	t.Helper()
	return text(t, a.JSON(t), name)
}

func text(t *testing.T, object map[string]any, name string) string {
	t.Helper()
	s, ok := object[name].(string)
	require.True(t, ok, "%s in %v", name, object)
	return s
}

// Items reads the body's list.
func (a answer) Items(t *testing.T) []map[string]any {
	t.Helper()
	var v struct{ Items []map[string]any }
	require.NoError(t, json.Unmarshal(a.Body, &v), "%s", a.Body)
	return v.Items
}

// Fields are the names of the bad fields in a problem.
func (a answer) Fields(t *testing.T) []string {
	t.Helper()
	var v struct{ Errors []struct{ Field string } }
	require.NoError(t, json.Unmarshal(a.Body, &v), "%s", a.Body)
	var names []string
	for _, e := range v.Errors {
		names = append(names, e.Field)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// header is one line of a request.
type header struct{ Name, Value string }

// call sends a request and checks that the answer is one that the document knows.
// body is sent as it is when it is a string or bytes, else as JSON; nil is no body.
func (b *testBundle) call(t *testing.T, as user, method, path string, body any, headers ...header) answer {
	t.Helper()
	a, err := b.try(t.Context(), as, method, path, body, headers...)
	require.NoError(t, err)
	return a
}

// try is call for other goroutines than the test's.
func (b *testBundle) try(ctx context.Context, as user, method, path string, body any, headers ...header) (answer, error) {
	var content []byte
	switch v := body.(type) {
	case nil:
	case string:
		content = []byte(v)
	case []byte:
		content = v
	default:
		var err error
		if content, err = json.Marshal(v); err != nil {
			return answer{}, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, b.url+path, bytes.NewReader(content))
	if err != nil {
		return answer{}, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if as.Token != "" {
		req.Header.Set("Authorization", "Bearer "+as.Token)
	}
	for _, h := range headers {
		req.Header.Set(h.Name, h.Value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	a := answer{Status: resp.StatusCode, Header: resp.Header}
	if a.Body, err = io.ReadAll(resp.Body); err != nil {
		return answer{}, err
	}
	return a, b.documented(req, a)
}

// documented tells how an answer differs from what the document promises.
func (b *testBundle) documented(req *http.Request, a answer) error {
	resp := &http.Response{StatusCode: a.Status, Header: a.Header, Body: io.NopCloser(bytes.NewReader(a.Body))}
	if ok, errs := b.checks.ValidateHttpResponse(req, resp); !ok {
		var all []string
		for _, e := range errs {
			all = append(all, e.Error())
		}
		return fmt.Errorf("%s %s: %d is not as documented: %s\n%s", req.Method, req.URL.Path, a.Status, strings.Join(all, "; "), a.Body)
	}
	if a.Status >= http.StatusBadRequest && req.URL.Path != "/readyz" {
		if got := a.Header.Get("Content-Type"); got != "application/problem+json" {
			return fmt.Errorf("%s %s: %d comes as %q", req.Method, req.URL.Path, a.Status, got)
		}
	}
	for _, op := range b.operations() {
		if op.Method == req.Method && matches(op.Path, req.URL.Path) {
			b.mu.Lock()
			if b.seen[op.OperationId] == nil {
				b.seen[op.OperationId] = map[int]bool{}
			}
			b.seen[op.OperationId][a.Status] = true
			b.mu.Unlock()
		}
	}
	return nil
}

func matches(template, path string) bool {
	want, have := strings.Split(template, "/"), strings.Split(path, "/")
	return slices.EqualFunc(want, have, func(w, h string) bool { return w == h || strings.HasPrefix(w, "{") })
}

const password = "correct horse battery"

// signUp makes a user; the name has to be new.
func (b *testBundle) signUp(t *testing.T, name string) user {
	t.Helper()
	a := b.call(t, user{}, http.MethodPost, "/api/auth/sign-up", map[string]any{
		"email": name + "@example.org", "password": password, "display_name": name, "timezone": "Europe/Berlin",
	})
	require.Equal(t, http.StatusCreated, a.Status, "%s", a.Body)
	var session struct {
		Token string
		User  struct{ ID string }
	}
	require.NoError(t, json.Unmarshal(a.Body, &session))
	return user{ID: session.User.ID, Token: session.Token}
}

// task makes a task and returns its id.
func (b *testBundle) task(t *testing.T, as user, fields map[string]any) string {
	t.Helper()
	a := b.call(t, as, http.MethodPost, "/api/tasks", fields)
	require.Equal(t, http.StatusCreated, a.Status, "%s", a.Body)
	return a.Text(t, "id")
}

// series makes a series and returns its id.
func (b *testBundle) series(t *testing.T, as user, fields map[string]any) string {
	t.Helper()
	a := b.call(t, as, http.MethodPost, "/api/tasks/recurring", fields)
	require.Equal(t, http.StatusCreated, a.Status, "%s", a.Body)
	return a.Text(t, "id")
}

// notified gives a user a notification of a reminder, as notifier would, and says that
// push is set up. It returns the notification's id.
func (b *testBundle) notified(t *testing.T, as user, task, reminder string) string {
	t.Helper()
	id := uuid.NewString()
	_, err := b.db.Exec(t.Context(), `
		INSERT INTO notifications (id, user_id, kind, task_id, reminder_id, title, body, scheduled_for, late_seconds, quiet)
		VALUES ($1, $2, 'reminder', $3, $4, 'Buy milk', 'Due today', now(), 0, false)`, id, as.ID, task, reminder)
	require.NoError(t, err)
	_, err = b.db.Exec(t.Context(), `INSERT INTO deliveries (user_id, notification_id, channel, next_attempt_at) VALUES ($1, $2, 'email', now())`, as.ID, id)
	require.NoError(t, err)
	_, err = b.db.Exec(t.Context(), `INSERT INTO channels (name, available, public_key) VALUES ('push', true, 'key') ON CONFLICT DO NOTHING`)
	require.NoError(t, err)
	return id
}

// browser is what a browser's PushSubscription says of itself.
func browser(t *testing.T, endpoint string) map[string]any {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	require.NoError(t, err)
	return map[string]any{"endpoint": endpoint, "expirationTime": nil, "keys": map[string]any{
		"p256dh": base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes()), "auth": base64.URLEncoding.EncodeToString(make([]byte, 16)),
	}}
}

// chat says something and returns the turn's id when the turn rests.
func (b *testBundle) chat(t *testing.T, as user, session, said string) string {
	t.Helper()
	a := b.call(t, as, http.MethodPost, "/api/chat/turns", map[string]any{"session_id": session, "text": said})
	require.Equal(t, http.StatusAccepted, a.Status, "%s", a.Body)
	turn := a.Header.Get("Location")
	// The stream ends when the turn rests.
	require.Equal(t, http.StatusOK, b.call(t, as, http.MethodGet, turn+"/chunks", nil).Status)
	return a.Text(t, "id")
}

// tables are all that hold users' rows, and how to tell one user's.
var tables = map[string]string{
	"users": "id = $1", "api_tokens": "user_id = $1", "tasks": "user_id = $1", "tags": "user_id = $1",
	"task_tags": "task_id IN (SELECT id FROM tasks WHERE user_id = $1)",
	"series":    "user_id = $1", "series_tags": "series_id IN (SELECT id FROM series WHERE user_id = $1)",
	"task_history": "user_id = $1", "outbox": "user_id = $1", "idempotency_keys": "user_id = $1",
	"chat_turns": "user_id = $1", "chat_chunks": "user_id = $1", "model_usage": "user_id = $1",
	"reminders": "user_id = $1", "notifications": "user_id = $1", "push_subscriptions": "user_id = $1", "deliveries": "user_id = $1",
	"feeds": "user_id = $1",
}

// rows are all rows of the database, or of one user, by table. When a token was
// used last is left out.
func (b *testBundle) rows(t *testing.T, of ...user) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for table, owned := range tables {
		where, args := "", []any(nil)
		if len(of) > 0 {
			where, args = " WHERE "+owned, []any{of[0].ID}
		}
		var rows []string
		err := b.db.QueryRow(t.Context(), `SELECT coalesce(array_agg(r::text ORDER BY r::text), '{}')
			FROM (SELECT to_jsonb(x) - 'last_used_at' AS r FROM `+table+` x`+where+`) AS y`, args...).Scan(&rows)
		require.NoError(t, err)
		all[table] = rows
	}
	return all
}
