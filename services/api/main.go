// Command api is Rondo's REST service. "api migrate" brings the database up to
// date as its owner, whom RONDO_OWNER_DATABASE_URL names, and ends.
package main

import (
	"context"
	_ "embed"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/services/api/assistant/model"
	"github.com/rondohq/rondo/services/api/server"
	"github.com/rondohq/rondo/services/internal/idempotency"
	"github.com/rondohq/rondo/services/internal/program"
	"github.com/rondohq/rondo/services/migrations"
)

//go:embed openapi.yaml
var document []byte

func main() {
	if len(os.Args) > 1 {
		os.Exit(command(os.Args[1:]))
	}
	os.Exit(program.Main(topology.API, wire))
}

func command(args []string) int {
	if len(args) != 1 || args[0] != "migrate" {
		fmt.Fprintf(os.Stderr, "usage: %s [migrate]\n", topology.API.Name)
		return 2
	}
	if err := migrations.Apply(context.Background(), os.Getenv("RONDO_OWNER_DATABASE_URL")); err != nil {
		fmt.Fprintln(os.Stderr, "migrating failed:", err)
		return 1
	}
	return 0
}

func wire(ctx context.Context, p *program.Program) error {
	openAI, err := p.Sidecar.Secret(ctx, topology.OpenAI)
	if err != nil {
		return err //nolint:wrapcheck // says all
	}
	api, err := server.New(server.Deps{
		Pool: p.Pool, Outbox: p.Outbox(), Registry: p.Registry, Document: document, Now: time.Now, Log: p.Log, State: p.Sidecar,
		Model: model.Config{
			Name: openAI[topology.OpenAIModelKey], BaseURL: openAI[topology.OpenAIBaseURLKey], APIKey: openAI[topology.OpenAIKey],
			LogPrompts: os.Getenv("RONDO_LOG_PROMPTS") == "on",
		},
	})
	if err != nil {
		return err //nolint:wrapcheck // says all
	}
	p.Public.Handle("/", api.Routes())
	p.Public.Handle("/mcp", api.MCP())

	invoked := http.NewServeMux()
	invoked.Handle("/", api.Routes())
	p.Calls.HandleInvocations("/api/", p.HTTP(invoked))
	p.Calls.HandleInvocations("/feeds/", p.HTTP(invoked)) // where there is no edge, the web application passes them on

	p.Add("chat turns", api.Run)
	p.Add("purge of idempotency keys", func(ctx context.Context) error {
		return idempotency.Purge(ctx, p.Pool, p.Log)
	})
	return nil
}
