package mcp_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/services/api/assistant/assistanttest"
	"github.com/rondohq/rondo/services/api/server"
	"github.com/rondohq/rondo/services/internal/outbox"
	"github.com/rondohq/rondo/services/internal/postgres/postgrestest"
	"github.com/rondohq/rondo/services/internal/token"
)

// testBundle is the api with its real sign-in, on a database of its own.
type testBundle struct {
	url string
	db  *pgxpool.Pool
}

func setup(t *testing.T) *testBundle {
	t.Helper()
	document, err := os.ReadFile("../../openapi.yaml")
	require.NoError(t, err)
	db := postgrestest.New(t)
	api, err := server.New(server.Deps{
		Pool: db.Pool(t, topology.API), Outbox: outbox.New(topology.API), Registry: prometheus.NewRegistry(), Document: document,
		Now: time.Now, Log: slog.New(slog.DiscardHandler), State: &assistanttest.State{},
	})
	require.NoError(t, err)
	srv := httptest.NewServer(api.MCP())
	t.Cleanup(srv.Close)
	return &testBundle{url: srv.URL + "/mcp", db: db.Owner(t)}
}

// token is an API token of a new user.
func (b *testBundle) token(t *testing.T, scopes ...token.Scope) string {
	t.Helper()
	secret, hash := token.New()
	user := uuid.New()
	_, err := b.db.Exec(t.Context(), `INSERT INTO users (id, email, password_hash, display_name, timezone)
		VALUES ($1, $2, '', 'Ada', 'Europe/Berlin')`, user, user.String()+"@example.org")
	require.NoError(t, err)
	_, err = b.db.Exec(t.Context(), `INSERT INTO api_tokens (id, user_id, hash, kind, name, scopes)
		VALUES (gen_random_uuid(), $1, $2, 'api', 'mine', $3)`, user, hash[:], scopes)
	require.NoError(t, err)
	return secret
}

// bearer sends a token with each request.
type bearer string

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+string(b))
	return http.DefaultTransport.RoundTrip(r)
}

func (b *testBundle) connect(t *testing.T, secret string) *mcp.ClientSession {
	t.Helper()
	session, err := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil).Connect(t.Context(), &mcp.StreamableClientTransport{
		Endpoint: b.url, HTTPClient: &http.Client{Transport: bearer(secret)}, MaxRetries: -1,
	}, nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = session.Close() })
	return session
}

type arguments map[string]any

// use calls a tool and returns its text and what its structured content holds.
func use(t *testing.T, s *mcp.ClientSession, name string, in arguments) (r *mcp.CallToolResult, text string, cards []card) {
	t.Helper()
	r, err := s.CallTool(t.Context(), &mcp.CallToolParams{Name: name, Arguments: in})
	require.NoError(t, err)
	var content struct {
		Cards []card `json:"cards"`
	}
	data, err := json.Marshal(r.StructuredContent)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &content))
	return r, words(t, r.Content[0]), content.Cards
}

func words(t *testing.T, c mcp.Content) string {
	t.Helper()
	text, ok := c.(*mcp.TextContent)
	require.True(t, ok, "%T", c)
	return text.Text
}

type card struct {
	ID     string `json:"id"`
	Title  string `json:"title"`
	Status string `json:"status"`
}

func TestToolsResourcesAndPromptServeAClient(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.connect(t, b.token(t, token.Read, token.Write))
	_, text, made := use(t, s, "create_task", arguments{"title": "Buy milk", "due_at": "2026-11-27"})
	require.Equal(t, "Added.", text)
	_, text, series := use(t, s, "create_recurring_task", arguments{"title": "Gym", "rrule": "FREQ=DAILY"})
	require.Equal(t, "Added: every day.", text)

	read := func(uri string) string {
		r, err := s.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: uri})
		require.NoError(t, err, uri)
		return r.Contents[0].Text
	}
	require.Contains(t, read("rondo://tasks"), "Buy milk")
	require.Contains(t, read("rondo://tasks/"+made[0].ID), "Buy milk")
	require.Contains(t, read("rondo://series"), "Gym")
	require.Contains(t, read("rondo://series/"+series[0].ID), "Gym")
	for _, uri := range []string{"rondo://tasks/" + uuid.NewString(), "rondo://tasks/x", "rondo://users"} {
		_, err := s.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: uri})
		require.ErrorContains(t, err, "not found", uri)
	}
	prompts, err := s.ListPrompts(t.Context(), nil)
	require.NoError(t, err)
	require.Len(t, prompts.Prompts, 1)
	prompt, err := s.GetPrompt(t.Context(), &mcp.GetPromptParams{Name: prompts.Prompts[0].Name})
	require.NoError(t, err)
	require.Contains(t, words(t, prompt.Messages[0].Content), "summarise_day")

	r, text, _ := use(t, s, "create_task", arguments{"title": ""})
	require.True(t, r.IsError)
	require.Contains(t, text, "title ")

	// Somebody else's client finds none of it.
	other := b.connect(t, b.token(t, token.Read, token.Write))
	_, _, cards := use(t, other, "find_tasks", nil)
	require.Empty(t, cards)
	r, _, _ = use(t, other, "find_task", arguments{"id": made[0].ID})
	require.True(t, r.IsError)
}

func TestDeletingNeedsThePersonsWord(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.connect(t, b.token(t, token.Read, token.Write))
	_, _, made := use(t, s, "create_task", arguments{"title": "Buy milk"})
	for _, in := range []arguments{{"ids": []string{made[0].ID}}, {"ids": []string{made[0].ID}, "confirmed": false}} {
		_, text, cards := use(t, s, "cancel_tasks", in)
		require.Equal(t, `Delete 1 task? Nothing has been done yet: ask the person, then call again with "confirmed": true.`, text)
		require.Equal(t, "pending", cards[0].Status)
	}
	r, _, _ := use(t, s, "cancel_tasks", arguments{"ids": []string{made[0].ID}, "confirmed": "yes"})
	require.True(t, r.IsError)
	_, text, cards := use(t, s, "cancel_tasks", arguments{"ids": []string{made[0].ID}, "confirmed": true})
	require.Equal(t, "Deleted.", text)
	require.Equal(t, "cancelled", cards[0].Status)
}

func TestATokenThatMayOnlyReadGetsToolsThatRead(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.connect(t, b.token(t, token.Read))
	listed, err := s.ListTools(t.Context(), nil)
	require.NoError(t, err)
	require.NotEmpty(t, listed.Tools)
	for _, offered := range listed.Tools {
		require.True(t, offered.Annotations.ReadOnlyHint, offered.Name)
	}
	_, err = s.CallTool(t.Context(), &mcp.CallToolParams{Name: "create_task", Arguments: arguments{"title": "Buy milk"}})
	require.ErrorContains(t, err, "create_task")
	var tasks int
	require.NoError(t, b.db.QueryRow(t.Context(), `SELECT count(*) FROM tasks`).Scan(&tasks))
	require.Zero(t, tasks)
}

func TestNobodyIsServedWithoutAToken(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for secret, status := range map[string]int{
		"": http.StatusUnauthorized, "rondo_" + strings.Repeat("A", 43): http.StatusUnauthorized, b.token(t, token.Write): http.StatusForbidden,
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url, strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"ping"}`))
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept", "application/json, text/event-stream")
		if secret != "" {
			req.Header.Set("Authorization", "Bearer "+secret)
		}
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		resp.Body.Close()
		require.Equal(t, status, resp.StatusCode)
	}
}

// Another implementation of the protocol than ours: the one of its authors, in JavaScript.
func TestAStrangersClientIsServed(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("there is no %s on this machine to run the client with", program)
		}
	}
	b := setup(t)
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS("testdata/client")))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	install := exec.CommandContext(ctx, "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock")
	install.Dir = dir
	if out, err := install.CombinedOutput(); err != nil {
		t.Skipf("the client cannot be installed (%v): %s", err, out)
	}
	client := exec.CommandContext(ctx, "node", filepath.Join(dir, "client.js"), b.url, b.token(t, token.Read, token.Write))
	client.Dir = dir
	client.Stderr = os.Stderr
	out, err := client.Output()
	require.NoError(t, err)
	var seen struct {
		Server       string
		Tools, Found []string
		Asked, Gone  string
		Refused      bool
		Resource     string
		Prompt       int
	}
	require.NoError(t, json.Unmarshal(out, &seen), "%s", out)
	require.Equal(t, "rondo", seen.Server)
	require.Contains(t, seen.Tools, "create_recurring_task")
	require.Equal(t, []string{"Buy milk"}, seen.Found)
	require.Contains(t, seen.Asked, "Delete 1 task? Nothing has been done yet")
	require.Equal(t, "cancelled", seen.Gone)
	require.True(t, seen.Refused)
	require.Equal(t, "Buy milk", seen.Resource)
	require.Equal(t, 1, seen.Prompt)
}
