package rest

import (
	"net/http"
	"strings"
)

// Mux is an http.ServeMux that also takes two routes of which each has a literal where
// the other has a wildcard, as "GET /api/tasks/{id}/history" and "GET
// /api/tasks/recurring/{id}": http.ServeMux refuses them, since "recurring/history" is
// both. Here what lies below a path is set apart, and is only ever the literal's.
type Mux struct {
	apart       string
	rest, below http.ServeMux
}

// NewMux makes a mux that sets the paths below one apart. Whatever no route takes is
// answered as Fallback does.
func NewMux(apart string) *Mux {
	m := &Mux{apart: apart + "/"}
	m.rest.Handle("/", Fallback(&m.rest))
	m.below.Handle("/", Fallback(&m.below))
	return m
}

// Handle implements Router.
func (m *Mux) Handle(pattern string, h http.Handler) {
	_, path, _ := strings.Cut(pattern, " ")
	m.of(path).Handle(pattern, h)
}

// ServeHTTP implements http.Handler. The request's Pattern is the route's.
func (m *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) { m.of(r.URL.Path).ServeHTTP(w, r) }

func (m *Mux) of(path string) *http.ServeMux {
	if strings.HasPrefix(path, m.apart) {
		return &m.below
	}
	return &m.rest
}
