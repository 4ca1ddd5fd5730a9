// Package modeltest is a language model that says what a test has written down: a server
// that speaks OpenAI's API of chat completions, streamed, as real clients know it. It also
// fails in the ways that such servers do.
package modeltest

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"
)

// Server is the model. Its scripts may be added while it runs.
type Server struct {
	http   *httptest.Server
	closed chan struct{}

	mu       sync.Mutex
	scripts  []script
	requests []Request
	deaf     bool
}

type script struct {
	said  string
	steps []Step
}

// Step is one answer of the model to a request.
type Step func(r Request) Answer

// Answer is what the model answers. The zero Answer says nothing.
type Answer struct {
	Text  string // comes word by word
	Calls []Call

	Status int  // other than 200: an error of the API
	Hang   bool // no answer, until the client goes away
	Break  bool // the connection ends in the middle, after the text
	// Until, when it is not nil, holds the second half of the text back until it is closed.
	Until <-chan struct{}
}

// Call is a call of a tool.
type Call struct {
	Name      string
	Arguments string // JSON, or what is meant to be
}

// Message is one of a request.
type Message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// Request is what the model was asked.
type Request struct {
	Model    string    `json:"model"`
	Messages []Message `json:"messages"`
	Tools    []struct {
		Function struct {
			Name string `json:"name"`
		} `json:"function"`
	} `json:"tools"`
	Key string `json:"-"` // the bearer token
}

// Said is what the person said last.
func (r Request) Said() string {
	said, _ := r.turn()
	return said
}

// turn is what the person said last, and what has come after it.
func (r Request) turn() (said string, since []Message) {
	for i, v := range slices.Backward(r.Messages) {
		if v.Role == "user" {
			return v.Content, r.Messages[i+1:]
		}
	}
	return "", nil
}

// Results are the results of the tools that were called since then.
func (r Request) Results() []string {
	var results []string
	_, since := r.turn()
	for _, m := range since {
		if m.Role == "tool" {
			results = append(results, m.Content)
		}
	}
	return results
}

// New starts a model, which has nothing to say yet: what no script is for is an
// error 500. Close it.
func New() *Server {
	s := prepare()
	s.http.Start()
	return s
}

// NewAt is New at an address (host:port), for programs that were told of it before.
func NewAt(address string) (*Server, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening for the model's clients: %w", err)
	}
	s := prepare()
	_ = s.http.Listener.Close() // httptest's own
	s.http.Listener = listener
	s.http.Start()
	return s, nil
}

func prepare() *Server {
	s := &Server{closed: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/models", s.models)
	mux.HandleFunc("POST /v1/chat/completions", s.completions)
	s.http = httptest.NewUnstartedServer(mux)
	return s
}

// URL is the base URL for clients.
func (s *Server) URL() string { return s.http.URL + "/v1" }

// Close ends the server: from then on connections are refused.
func (s *Server) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.closed:
		return
	default:
		close(s.closed)
	}
	s.http.CloseClientConnections()
	s.http.Close()
}

// On scripts a turn: the steps are the model's answers, in their order, in turns in which
// the person says the text.
func (s *Server) On(said string, steps ...Step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scripts = append(s.scripts, script{said, steps})
}

// Deafen makes the server take connections and answer nothing at all.
func (s *Server) Deafen() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deaf = true
}

// Requests are all that came so far.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// Say answers in words.
func Say(text string) Step { return func(Request) Answer { return Answer{Text: text} } }

// Use calls a tool once or, given several arguments, as often, in one answer.
func Use(name string, arguments ...string) Step {
	return func(Request) Answer {
		var a Answer
		for _, in := range arguments {
			a.Calls = append(a.Calls, Call{name, in})
		}
		return a
	}
}

// UseFound calls a tool with what format makes of the ids in the last result, each
// quoted and with commas between them.
func UseFound(name, format string) Step {
	return func(r Request) Answer {
		var done struct {
			Result struct {
				Cards []struct {
					ID string `json:"id"`
				} `json:"cards"`
			} `json:"result"`
		}
		results := r.Results()
		if len(results) == 0 || json.Unmarshal([]byte(results[len(results)-1]), &done) != nil {
			return Answer{Status: http.StatusInternalServerError}
		}
		var ids []string
		for _, card := range done.Result.Cards {
			ids = append(ids, `"`+card.ID+`"`)
		}
		return Answer{Calls: []Call{{name, fmt.Sprintf(format, strings.Join(ids, ","))}}}
	}
}

// SayHalf answers in words, of which the second half waits until the channel is closed.
func SayHalf(text string, until <-chan struct{}) Step {
	return func(Request) Answer { return Answer{Text: text, Until: until} }
}

// Fail answers with an error of the API.
func Fail(status int) Step { return func(Request) Answer { return Answer{Status: status} } }

// Hang does not answer.
func Hang() Step { return func(Request) Answer { return Answer{Hang: true} } }

// Break ends the connection after some words.
func Break(text string) Step { return func(Request) Answer { return Answer{Text: text, Break: true} } }

func (s *Server) hears(r *http.Request) bool {
	s.mu.Lock()
	deaf := s.deaf
	s.mu.Unlock()
	if deaf {
		s.hang(r)
	}
	return !deaf
}

// hang waits until the client has gone, which only shows once its body was read.
func (s *Server) hang(r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	select {
	case <-r.Context().Done():
	case <-s.closed:
	}
}

func (s *Server) models(w http.ResponseWriter, r *http.Request) {
	if s.hears(r) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprint(w, `{"object": "list", "data": []}`)
	}
}

func (s *Server) completions(w http.ResponseWriter, r *http.Request) {
	if !s.hears(r) {
		return
	}
	var req Request
	if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	req.Key = strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	a := s.answer(req)
	switch {
	case a.Hang:
		s.hang(r)
	case a.Status != 0:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(a.Status)
		_, _ = fmt.Fprintf(w, `{"error": {"message": "scripted", "type": "test", "code": "%d"}}`, a.Status)
	default:
		s.stream(w, r, a)
	}
}

// answer finds the step. How many answers the turn has had is in the request itself.
func (s *Server) answer(r Request) Answer {
	s.mu.Lock()
	s.requests = append(s.requests, r)
	scripts := s.scripts
	s.mu.Unlock()
	said, since := r.turn()
	step := 0
	for i, m := range since {
		if m.Role == "assistant" && (i == 0 || since[i-1].Role != "assistant") {
			step++
		}
	}
	for _, script := range scripts {
		if script.said == said && step < len(script.steps) {
			return script.steps[step](r)
		}
	}
	return Answer{Status: http.StatusInternalServerError}
}

// wait holds a stream back, with a sign of life at once and then now and again; false: nobody listens any more.
func (s *Server) wait(w http.ResponseWriter, r *http.Request, until <-chan struct{}) bool {
	alive := time.NewTicker(time.Second)
	defer alive.Stop()
	for {
		_, _ = fmt.Fprint(w, ": still here\n\n")
		_ = http.NewResponseController(w).Flush()
		select {
		case <-until:
			return true
		case <-r.Context().Done():
			return false
		case <-s.closed:
			return false
		case <-alive.C:
		}
	}
}

type object map[string]any

func (s *Server) stream(w http.ResponseWriter, r *http.Request, a Answer) {
	w.Header().Set("Content-Type", "text/event-stream")
	control := http.NewResponseController(w)
	send := func(fields object) {
		chunk := object{"id": "chatcmpl-test", "object": "chat.completion.chunk", "created": 1, "model": "test", "choices": []object{}}
		maps.Copy(chunk, fields)
		data, _ := json.Marshal(chunk)
		_, _ = fmt.Fprintf(w, "data: %s\n\n", data)
		_ = control.Flush()
	}
	delta := func(d object) { send(object{"choices": []object{{"index": 0, "delta": d, "finish_reason": nil}}}) }
	words := strings.SplitAfter(a.Text, " ")
	for i, word := range words {
		if a.Until != nil && i == len(words)/2 && !s.wait(w, r, a.Until) {
			return
		}
		if word != "" {
			delta(object{"role": "assistant", "content": word})
		}
	}
	if a.Break {
		panic(http.ErrAbortHandler)
	}
	for i, c := range a.Calls {
		half := len(c.Arguments) / 2
		delta(object{"role": "assistant", "tool_calls": []object{{
			"index": i, "id": fmt.Sprintf("call_%s_%d", c.Name, i), "type": "function",
			"function": object{"name": c.Name, "arguments": c.Arguments[:half]},
		}}})
		delta(object{"tool_calls": []object{{"index": i, "function": object{"arguments": c.Arguments[half:]}}}})
	}
	reason := "stop"
	if len(a.Calls) > 0 {
		reason = "tool_calls"
	}
	send(object{"choices": []object{{"index": 0, "delta": object{}, "finish_reason": reason}}})
	send(object{"usage": object{"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}})
	_, _ = fmt.Fprint(w, "data: [DONE]\n\n")
}
