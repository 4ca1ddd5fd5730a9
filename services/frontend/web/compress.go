package web

import (
	"compress/gzip"
	"net/http"
	"strings"
	"sync"

	"github.com/rondohq/rondo/services/frontend/asset"
)

var gzipWriters = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

// compress packs pages for browsers that accept it. Streams pass as they are.
// What a page holds in secret is masked anew each time; see session.CSRFToken.
func compress(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !asset.AcceptsGzip(r) {
			next.ServeHTTP(w, r)
			return
		}
		packer := &packer{ResponseWriter: w}
		defer packer.close()
		next.ServeHTTP(packer, r)
	})
}

// packer decides at the header, when the type of the answer is known.
type packer struct {
	http.ResponseWriter

	gzip  *gzip.Writer // nil: passes through
	wrote bool
}

// WriteHeader implements http.ResponseWriter.
func (p *packer) WriteHeader(status int) {
	if !p.wrote {
		p.wrote = true
		if strings.HasPrefix(p.Header().Get("Content-Type"), "text/html") {
			p.Header().Set("Content-Encoding", "gzip")
			p.Header().Del("Content-Length")
			p.gzip, _ = gzipWriters.Get().(*gzip.Writer)
			p.gzip.Reset(p.ResponseWriter)
		}
	}
	p.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (p *packer) Write(b []byte) (int, error) {
	if !p.wrote {
		p.WriteHeader(http.StatusOK)
	}
	if p.gzip != nil {
		return p.gzip.Write(b) //nolint:wrapcheck // a decorator
	}
	return p.ResponseWriter.Write(b) //nolint:wrapcheck // a decorator
}

// Unwrap lets http.ResponseController flush a stream.
func (p *packer) Unwrap() http.ResponseWriter { return p.ResponseWriter }

func (p *packer) close() {
	if p.gzip == nil {
		return
	}
	_ = p.gzip.Close() // fails only when the browser has gone
	gzipWriters.Put(p.gzip)
}
