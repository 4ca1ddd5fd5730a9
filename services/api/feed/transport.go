package feed

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/api/ical"
	"github.com/rondohq/rondo/services/internal/rest"
)

// Path is where feeds are read; extension ends their addresses.
const (
	Path      = "/feeds/"
	extension = ".ics"
)

// RegisterPublic mounts the route that needs no token but the one in its address.
func RegisterPublic(mux rest.Router, e Endpoints) {
	mux.Handle("GET "+Path+"{token}", rest.Handler(e.Read, decodeReading, encodeCalendar))
}

// Register mounts the routes of a person who is signed in. Authentication is the mux's
// business.
func Register(mux rest.Router, e Endpoints) {
	mux.Handle("POST /api/feeds", rest.Handler(e.Create, decodeDraft, encodeCreated))
	mux.Handle("GET /api/feeds", rest.Handler(e.List, decodeNothing, encodeFeeds))
	mux.Handle("DELETE /api/feeds/{id}", rest.Handler(e.Revoke, rest.PathID, encodeNothing))
}

func decodeNothing(*http.Request) (nothing, error) { return nothing{}, nil }

func decodeDraft(r *http.Request) (Draft, error) {
	body, err := rest.Decode[struct {
		Name             string   `json:"name"`
		ShowAs           ShowAs   `json:"show_as"`
		Tags             []string `json:"tags"`
		IncludeCompleted bool     `json:"include_completed"`
	}](r)
	return Draft{Name: body.Name, ShowAs: body.ShowAs, Tags: body.Tags, IncludeCompleted: body.IncludeCompleted}, err
}

func decodeReading(r *http.Request) (reading, error) {
	secret, ok := strings.CutSuffix(r.PathValue("token"), extension)
	if !ok {
		return reading{}, notFound()
	}
	return reading{From: r.RemoteAddr, Secret: secret, Known: r.Header.Get("If-None-Match")}, nil
}

// notFound does not repeat the address: it is a secret.
func notFound() error {
	return fault.New(fault.NotFound, "There is no such feed. Perhaps it was revoked.")
}

func encodeCreated(w http.ResponseWriter, c Created) error {
	return rest.JSON(w, http.StatusCreated, c)
}

func encodeFeeds(w http.ResponseWriter, feeds []Feed) error {
	return rest.JSON(w, http.StatusOK, map[string][]Feed{"items": feeds})
}

func encodeNothing(w http.ResponseWriter, _ nothing) error {
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func encodeCalendar(w http.ResponseWriter, c readCalendar) error {
	h := w.Header()
	h.Set("ETag", c.ETag)
	// Nobody else may keep it, and whoever does asks again: a revoked feed is gone at once.
	h.Set("Cache-Control", "private, no-cache")
	h.Set("X-Robots-Tag", "noindex")
	h.Set("Referrer-Policy", "no-referrer")
	if known(c.Known, c.ETag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Type", ical.MediaType+"; charset=utf-8")
	h.Set("Content-Disposition", `inline; filename="rondo.ics"`)
	h.Set("Content-Length", strconv.Itoa(len(c.Body)))
	_, _ = w.Write(c.Body) // it fails when the client is gone, who cannot be told
	return nil
}

// known tells whether If-None-Match has the tag, by weak comparison (RFC 9110 §13.1.2).
func known(header, etag string) bool {
	for one := range strings.SplitSeq(header, ",") {
		if one = strings.TrimSpace(one); one == "*" || strings.TrimPrefix(one, "W/") == etag {
			return true
		}
	}
	return false
}
