// Package docs serves the OpenAPI document: as it is at /api/openapi.yaml, and
// as one readable page at /api/docs that needs no other host and no script.
package docs

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"time"

	"github.com/rondohq/rondo/services/internal/rest"
)

var (
	//go:embed page.html
	pageHTML string
	//go:embed style.css
	styleCSS []byte
)

// policy allows the page its own style sheet and nothing else.
const policy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Site is the document in its three forms, rendered once.
type Site struct {
	document, page []byte
}

// New renders the OpenAPI document, which must be YAML.
func New(document []byte) (*Site, error) {
	view, err := read(document)
	if err != nil {
		return nil, err
	}
	tmpl, err := template.New("page").Parse(pageHTML)
	if err != nil {
		return nil, fmt.Errorf("parsing the page: %w", err)
	}
	var out bytes.Buffer
	if err := tmpl.Execute(&out, view); err != nil {
		return nil, fmt.Errorf("rendering the page: %w", err)
	}
	return &Site{document: document, page: out.Bytes()}, nil
}

// Register mounts the document and the page. None of it needs a token.
func Register(mux rest.Router, site *Site) {
	mux.Handle("GET /api/openapi.yaml", file("application/yaml", site.document))
	mux.Handle("GET /api/docs", file("text/html; charset=utf-8", site.page))
	mux.Handle("GET /api/docs/style.css", file("text/css; charset=utf-8", styleCSS))
}

// file serves content with a strong ETag, so that a second visit costs a 304.
func file(contentType string, content []byte) http.Handler {
	sum := sha256.Sum256(content)
	etag := `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", contentType)
		h.Set("ETag", etag)
		h.Set("Cache-Control", "no-cache")
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	})
}
