package chat

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/internal/lifecycle"
	"github.com/rondohq/rondo/services/internal/problem"
	"github.com/rondohq/rondo/services/internal/rest"
	"github.com/rondohq/rondo/services/internal/token"
)

const (
	lookEvery  = 300 * time.Millisecond // for chunks that another replica makes
	aliveEvery = 15 * time.Second       // a comment, for proxies that end what is silent
)

// Register mounts the routes. Authentication is the mux's business.
func Register(mux rest.Router, e Endpoints) {
	mux.Handle("GET /api/chat", rest.Handler(e.Names, decodeNothing, encodeNames))
	mux.Handle("POST /api/chat/turns", rest.Handler(e.Say, decodeSaying, encodeBegun))
	mux.Handle("GET /api/chat/turns/{id}", rest.Handler(e.Get, rest.PathID, encodeTurn))
	mux.Handle("GET /api/chat/turns/{id}/chunks", http.HandlerFunc(e.stream))
	mux.Handle("POST /api/chat/turns/{id}/consent", rest.Handler(e.Consent, decodeConsent, encodeTurn))
	mux.Handle("POST /api/chat/turns/{id}/stop", rest.Handler(e.Stop, rest.PathID, encodeTurn))
	mux.Handle("GET /api/chat/sessions", rest.Handler(e.Sessions, decodeNothing, encodeList[Session]))
	mux.Handle("GET /api/chat/sessions/{id}", rest.Handler(e.Session, rest.PathID, encodeList[Turn]))
	mux.Handle("DELETE /api/chat/sessions/{id}", rest.Handler(e.Forget, rest.PathID, encodeNothing))
}

func decodeSaying(r *http.Request) (Saying, error) {
	body, err := rest.Decode[struct {
		Session string `json:"session_id"`
		Text    string `json:"text"`
	}](r)
	if err != nil {
		return Saying{}, err
	}
	session, err := uuid.Parse(body.Session)
	if err != nil {
		return Saying{}, fault.Invalidf("session_id", "must be a UUID; make one up for each conversation")
	}
	return Saying{Session: session, Text: strings.TrimSpace(body.Text)}, nil
}

func decodeConsent(r *http.Request) (consent, error) {
	id, err := rest.PathID(r)
	if err != nil {
		return consent{}, err
	}
	body, err := rest.Decode[struct {
		Agreed *bool `json:"agreed"`
	}](r)
	if err != nil {
		return consent{}, err
	}
	if body.Agreed == nil {
		return consent{}, fault.Invalidf("agreed", "must be true or false")
	}
	return consent{ID: id, Agreed: *body.Agreed}, nil
}

func encodeBegun(w http.ResponseWriter, t Turn) error {
	w.Header().Set("Location", "/api/chat/turns/"+t.ID.String())
	return rest.JSON(w, http.StatusAccepted, t)
}

func encodeTurn(w http.ResponseWriter, t Turn) error { return rest.JSON(w, http.StatusOK, t) }

func encodeList[T any](w http.ResponseWriter, items []T) error {
	if items == nil {
		items = []T{}
	}
	return rest.JSON(w, http.StatusOK, map[string][]T{"items": items})
}

func encodeNames(w http.ResponseWriter, names []string) error {
	return rest.JSON(w, http.StatusOK, map[string][]string{"responders": names})
}

type nothing struct{}

func decodeNothing(*http.Request) (nothing, error) { return nothing{}, nil }

func encodeNothing(w http.ResponseWriter, _ nothing) error {
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// after is the number of the last chunk that the client has: of the header by which a
// connection goes on (WHATWG HTML, server-sent events) or, where a page begins a new
// one, of the query.
func after(r *http.Request) (int, error) {
	name, text := "Last-Event-ID", r.Header.Get("Last-Event-ID")
	if text == "" {
		name, text = "after", r.URL.Query().Get("after")
	}
	if text == "" {
		return 0, nil
	}
	number, err := strconv.Atoi(text)
	if err != nil || number < 0 || number > math.MaxInt32 {
		return 0, fault.Invalidf(name, "must be the number of a chunk")
	}
	return number, nil
}

// stream sends a turn's chunks as server-sent events whose ids are their numbers,
// until the turn rests.
func (e Endpoints) stream(w http.ResponseWriter, r *http.Request) {
	id, err := rest.PathID(r)
	if err != nil {
		problem.Write(r.Context(), err, w)
		return
	}
	last, err := after(r)
	if err != nil {
		problem.Write(r.Context(), err, w)
		return
	}
	owner := token.UserID(r.Context())
	changed, release := e.service.Listen(id)
	defer release()
	// Before the first byte a fault still has a status of its own.
	turn, chunks, err := e.service.Chunks(r.Context(), owner, id, last)
	if err != nil {
		problem.Write(r.Context(), err, w)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	s := stream{w: w, control: http.NewResponseController(w), last: last}
	look, alive := time.NewTicker(lookEvery), time.NewTicker(aliveEvery)
	defer look.Stop()
	defer alive.Stop()
	for {
		if s.send(chunks) != nil || turn.Status.Rests() {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-lifecycle.Stopping(r.Context()):
			return // the client goes on at another replica
		case <-alive.C:
			if s.comment() != nil {
				return
			}
			chunks = nil
			continue
		case <-changed:
		case <-look.C:
		}
		if turn, chunks, err = e.service.Chunks(r.Context(), owner, id, s.last); err != nil {
			return // the client comes again with its last number
		}
	}
}

type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	last    int
}

func (s *stream) send(chunks []Chunk) error {
	for _, c := range chunks {
		if _, err := fmt.Fprintf(s.w, "id: %d\nevent: %s\ndata: %s\n\n", c.Number, c.Kind, c.Data); err != nil {
			return fmt.Errorf("sending a chunk: %w", err)
		}
		s.last = c.Number
	}
	return s.control.Flush() //nolint:wrapcheck // the client is gone
}

func (s *stream) comment() error {
	if _, err := fmt.Fprint(s.w, ": still here\n\n"); err != nil {
		return fmt.Errorf("sending a comment: %w", err)
	}
	return s.control.Flush() //nolint:wrapcheck // the client is gone
}
