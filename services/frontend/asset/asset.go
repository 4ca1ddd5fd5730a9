// Package asset holds what the browser loads besides pages: style, modules,
// fonts and icons. They are embedded, compressed once at start, and named by a
// hash of their content, so that a browser may keep them for a year.
package asset

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Prefix is the path under which Handler serves.
const Prefix = "/assets/"

//go:embed css js icon vendor
var files embed.FS

// The style sheet is written in parts and served as one, so that it takes one
// request. The order is that of the cascade.
var styleParts = []string{
	"css/tokens.css", "css/fonts.css", "css/base.css", "css/layout.css",
	"css/components.css", "css/task.css", "css/act.css", "css/calendar.css", "css/time.css", "css/account.css", "css/chat.css",
	"css/forced.css", // after all that it corrects
}

// singles are served as they are, under the name on the right.
var singles = []struct{ source, name string }{
	{"vendor/inter/inter-latin-wght-normal.woff2", "inter-latin.woff2"},
	{"vendor/inter/inter-latin-ext-wght-normal.woff2", "inter-latin-ext.woff2"},
	{"vendor/inter/inter-cyrillic-wght-normal.woff2", "inter-cyrillic.woff2"},
	{"vendor/inter/inter-greek-wght-normal.woff2", "inter-greek.woff2"},
	{"vendor/inter/inter-vietnamese-wght-normal.woff2", "inter-vietnamese.woff2"},
	{"icon/rondo.svg", "rondo.svg"},
	{"icon/app.svg", "app.svg"},
	{"vendor/htmx/htmx.min.js", "htmx.js"},
	{"vendor/idiomorph/idiomorph-ext.min.js", "idiomorph.js"},
}

// Names that pages refer to.
const (
	Style = "rondo.css"
	Main  = "app.js" // the module that starts the others
	Icon  = "rondo.svg"
	// AppIcon fills its square, for the shape that a system cuts out of it.
	AppIcon = "app.svg"
	Font    = "inter-latin.woff2" // the part of the font that nearly every page needs
)

// Scripts are the classic scripts, in the order in which they run.
func Scripts() []string { return []string{"htmx.js", "idiomorph.js"} }

// Modules are the ES modules. A module that others import comes before them.
func Modules() []string {
	return []string{
		"say.js", "list.js", "act.js", "drag.js", "dialogs.js", "chat.js", "keys.js", "quickadd.js", "notices.js", "offline.js", "push.js",
		"stream.js", Main,
	}
}

// Set is every asset in the form in which it is served.
type Set struct {
	byName map[string]*file // as in the constants above
	byPath map[string]*file // with its hash
}

type file struct {
	path        string
	contentType string
	plain       []byte
	gzip        []byte // nil where compressing gains nothing
}

// Load reads, links and compresses the embedded files.
func Load() (*Set, error) {
	s := &Set{byName: map[string]*file{}, byPath: map[string]*file{}}
	for _, single := range singles {
		content, err := fs.ReadFile(files, single.source)
		if err != nil {
			return nil, fmt.Errorf("reading an asset: %w", err)
		}
		if err := s.add(single.name, content); err != nil {
			return nil, err
		}
	}
	var style bytes.Buffer
	for _, part := range styleParts {
		content, err := fs.ReadFile(files, part)
		if err != nil {
			return nil, fmt.Errorf("reading an asset: %w", err)
		}
		style.Write(content)
	}
	if err := s.add(Style, s.link(style.Bytes())); err != nil {
		return nil, err
	}
	for _, module := range Modules() {
		content, err := fs.ReadFile(files, "js/"+module)
		if err != nil {
			return nil, fmt.Errorf("reading an asset: %w", err)
		}
		if err := s.add(module, s.link(content)); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// link replaces "./name" by the hashed path of each asset that is known so far.
// Content refers to others only in that form.
func (s *Set) link(content []byte) []byte {
	for name, f := range s.byName {
		content = bytes.ReplaceAll(content, []byte(`"./`+name+`"`), []byte(`"`+f.path+`"`))
	}
	return content
}

func (s *Set) add(name string, content []byte) error {
	sum := sha256.Sum256(content)
	extension := path.Ext(name)
	hashed := strings.TrimSuffix(name, extension) + "." + base64.RawURLEncoding.EncodeToString(sum[:9]) + extension
	f := &file{path: Prefix + hashed, contentType: contentType(extension), plain: content}
	if extension != ".woff2" { // is compressed already
		var packed bytes.Buffer
		w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
		if err != nil {
			return fmt.Errorf("compressing %s: %w", name, err)
		}
		if _, err := w.Write(content); err != nil {
			return fmt.Errorf("compressing %s: %w", name, err)
		}
		if err := w.Close(); err != nil {
			return fmt.Errorf("compressing %s: %w", name, err)
		}
		f.gzip = packed.Bytes()
	}
	s.byName[name], s.byPath[f.path] = f, f
	return nil
}

func contentType(extension string) string {
	switch extension {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".woff2":
		return "font/woff2"
	}
	return mime.TypeByExtension(extension)
}

// ServiceWorker is its script. It may not be named by its content, as browsers look
// for a newer one where they found the first; it names all that it keeps.
func (s *Set) ServiceWorker() ([]byte, error) {
	script, err := fs.ReadFile(files, "js/sw.js")
	if err != nil {
		return nil, fmt.Errorf("reading the service worker: %w", err)
	}
	kept := []string{s.Path(Style), s.Path(Font), s.Path(Icon)}
	for _, name := range append(Scripts(), Modules()...) {
		kept = append(kept, s.Path(name))
	}
	list, err := json.Marshal(kept)
	if err != nil {
		return nil, fmt.Errorf("naming the files of the service worker: %w", err)
	}
	return bytes.Replace(script, []byte("/* files */ []"), list, 1), nil
}

// Path is the URL path of a named asset. It panics on an unknown name, which
// only a mistake in a template can cause.
func (s *Set) Path(name string) string {
	f, ok := s.byName[name]
	if !ok {
		panic("no asset is called " + name)
	}
	return f.path
}

// Size is the number of bytes that a browser loads for the named asset.
func (s *Set) Size(name string) int {
	if f := s.byName[name]; f.gzip != nil {
		return len(f.gzip)
	}
	return len(s.byName[name].plain)
}

// ServeHTTP implements http.Handler for the paths under Prefix.
func (s *Set) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, ok := s.byPath[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	body := f.plain
	if f.gzip != nil {
		h.Set("Vary", "Accept-Encoding")
		if AcceptsGzip(r) {
			h.Set("Content-Encoding", "gzip")
			body = f.gzip
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the browser went away; nobody is left to tell
	}
}

// AcceptsGzip says whether the answer to r may be compressed (RFC 9110 §12.5.3).
func AcceptsGzip(r *http.Request) bool {
	for _, line := range r.Header.Values("Accept-Encoding") {
		if slices.ContainsFunc(strings.Split(line, ","), func(coding string) bool {
			name, weight, _ := strings.Cut(coding, ";")
			refused := strings.HasPrefix(strings.ReplaceAll(weight, " ", ""), "q=0") &&
				strings.Trim(strings.TrimPrefix(strings.ReplaceAll(weight, " ", ""), "q="), "0.") == ""
			return strings.TrimSpace(name) == "gzip" && !refused
		}) {
			return true
		}
	}
	return false
}
