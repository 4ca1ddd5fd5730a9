// Command frontend is the web application.
package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"time"
	_ "time/tzdata" // people's zones must be there in an image without files

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/services/frontend/apiclient"
	"github.com/rondohq/rondo/services/frontend/asset"
	"github.com/rondohq/rondo/services/frontend/live"
	"github.com/rondohq/rondo/services/frontend/session"
	"github.com/rondohq/rondo/services/frontend/web"
	"github.com/rondohq/rondo/services/internal/program"
)

func main() {
	os.Exit(program.Main(topology.Frontend, wire))
}

func wire(_ context.Context, p *program.Program) error {
	public, err := publicURL(os.Getenv("RONDO_PUBLIC_URL"))
	if err != nil {
		return err
	}
	assets, err := asset.Load()
	if err != nil {
		return err //nolint:wrapcheck // says all
	}
	hub := live.NewHub(p.Registry)
	server, err := web.New(web.Config{
		API:      apiclient.New(p.Sidecar.Transport(topology.API)),
		Sessions: session.New(p.Sidecar, time.Now), Hub: hub, Assets: assets,
		PublicURL: public, Log: p.Log, Now: time.Now,
	})
	if err != nil {
		return err //nolint:wrapcheck // says all
	}
	server.Register(p.Public)
	for _, sub := range topology.Frontend.Subscribes {
		p.Calls.HandleEvents(sub, func(_ context.Context, e event.Envelope) error { return hub.Receive(e) })
	}
	return nil
}

// publicURL decides whether cookies are Secure, so a wrong one must not be guessed at.
func publicURL(text string) (*url.URL, error) {
	parsed, err := url.Parse(text)
	if err != nil || (parsed.Scheme != "http" && parsed.Scheme != "https") || parsed.Host == "" {
		return nil, fmt.Errorf("RONDO_PUBLIC_URL must be the address that people type, such as http://127.0.0.1:%d; it is %q",
			topology.DefaultPortBase, text)
	}
	return parsed, nil
}
