package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/frontend/apiclient"
	"github.com/rondohq/rondo/services/internal/problem"
)

// fakeChat is the assistant of the fake api: one turn, whose chunks are all there.
type fakeChat struct {
	responders []string
	turns      []apiclient.ChatTurn
	stream     string // in place of the chunks of the turn
	said       []map[string]string
	agreed     []bool
	stopped    int
	forgotten  int
}

func (f *fakeChat) register(mux *http.ServeMux, write func(http.ResponseWriter, int, any)) {
	mux.HandleFunc("GET /api/chat", func(w http.ResponseWriter, _ *http.Request) {
		write(w, http.StatusOK, map[string]any{"responders": f.responders})
	})
	mux.HandleFunc("GET /api/chat/sessions", func(w http.ResponseWriter, _ *http.Request) {
		items := []apiclient.ChatSession{}
		if len(f.turns) > 0 {
			items = append(items, apiclient.ChatSession{ID: f.turns[0].SessionID, Title: f.turns[0].Text, LastAt: f.turns[0].CreatedAt, Turns: 1})
		}
		write(w, http.StatusOK, map[string]any{"items": items})
	})
	mux.HandleFunc("GET /api/chat/sessions/{id}", func(w http.ResponseWriter, r *http.Request) {
		if len(f.turns) == 0 || f.turns[0].SessionID.String() != r.PathValue("id") {
			problem.Write(r.Context(), fault.New(fault.NotFound, "no"), w)
			return
		}
		write(w, http.StatusOK, map[string]any{"items": f.turns})
	})
	mux.HandleFunc("DELETE /api/chat/sessions/{id}", func(w http.ResponseWriter, _ *http.Request) {
		f.forgotten++
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /api/chat/turns", func(w http.ResponseWriter, r *http.Request) {
		var in map[string]string
		_ = json.NewDecoder(r.Body).Decode(&in)
		f.said = append(f.said, in)
		session, _ := uuid.Parse(in["session_id"])
		write(w, http.StatusAccepted, apiclient.ChatTurn{ID: uuid.New(), SessionID: session, Text: in["text"], Status: "running"})
	})
	mux.HandleFunc("POST /api/chat/turns/{id}/consent", func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Agreed bool }
		_ = json.NewDecoder(r.Body).Decode(&in)
		f.agreed = append(f.agreed, in.Agreed)
		write(w, http.StatusOK, apiclient.ChatTurn{})
	})
	mux.HandleFunc("POST /api/chat/turns/{id}/stop", func(w http.ResponseWriter, _ *http.Request) {
		f.stopped++
		write(w, http.StatusOK, apiclient.ChatTurn{})
	})
	mux.HandleFunc("GET /api/chat/turns/{id}/chunks", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept") != "text/event-stream, application/problem+json" {
			problem.Write(r.Context(), fault.New(fault.Internal, "the sidecar would swallow a refusal"), w)
			return
		}
		if f.stream == "" {
			problem.Write(r.Context(), fault.New(fault.NotFound, "no"), w)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = w.Write([]byte(f.stream))
	})
}

// chunks writes kinds and their data as the api streams them, with a sign of life between.
func chunks(pairs ...string) string {
	var text strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		fmt.Fprintf(&text, "id: %d\nevent: %s\ndata: %s\n\n: still here\n\n", i/2+1, pairs[i], pairs[i+1])
	}
	return text.String()
}

// heard are the events of a stream that an EventSource would hear, as name, id and data.
func heard(t *testing.T, w *httptest.ResponseRecorder) (events [][3]string) {
	t.Helper()
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, "text/event-stream", w.Header().Get("Content-Type"))
	for block := range strings.SplitSeq(w.Body.String(), "\n\n") {
		var e [3]string
		for line := range strings.SplitSeq(block, "\n") {
			name, value, _ := strings.Cut(line, ": ")
			switch name {
			case "event":
				e[0] = value
			case "id":
				e[1] = value
			case "data":
				e[2] += value
			}
		}
		if e[0] != "" {
			events = append(events, e)
		}
	}
	return events
}

// scripted is a member's browser as the panel uses it.
func (b *testBundle) scripted(t *testing.T) *browser {
	t.Helper()
	c := b.member(t)
	c.header = http.Header{"Hx-Request": {"true"}}
	return c
}

func TestAConversationBeginsWithWhatCanBeSaid(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	c := b.scripted(t)
	b.api.chat.responders = []string{"offline"}
	body := c.get("/chat").Body.String()
	require.Contains(t, body, "No language model is set up here", "it does not promise what it cannot do")
	require.Contains(t, body, "Team sync every Friday at 2 PM")
	b.api.chat.responders = []string{"model", "offline"}
	require.NotContains(t, c.get("/chat").Body.String(), "No language model")

	b.api.fail = func(*http.Request) error { return errDown }
	body = c.get("/chat?session=0198a000-0000-7000-8000-00000000000a").Body.String()
	require.Contains(t, body, "The assistant cannot be reached.")
	require.Contains(t, body, `hx-get="/chat?session=0198a000-0000-7000-8000-00000000000a"`, "it tries again")
}

func TestTheLastConversationGoesOnForADay(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	c := b.scripted(t)
	b.api.chat.responders = []string{"offline"}
	session := uuid.New()
	b.api.chat.turns = []apiclient.ChatTurn{{ID: uuid.New(), SessionID: session, Text: "good morning", Status: "completed", CreatedAt: noon.Add(-23 * time.Hour)}}
	at := "/chat?session=" + session.String()
	for path, shown := range map[string]bool{"/chat": true, at: true, at + "&resume=1": true, "/chat?session=new": false} {
		require.Equal(t, shown, strings.Contains(c.get(path).Body.String(), "good morning"), path)
	}
	b.api.chat.turns[0].CreatedAt = noon.Add(-25 * time.Hour)
	for path, shown := range map[string]bool{"/chat": false, at: true, at + "&resume=1": false} {
		require.Equal(t, shown, strings.Contains(c.get(path).Body.String(), "good morning"), path)
	}
	other := uuid.NewString()
	require.Contains(t, c.get("/chat?session="+other).Body.String(), `data-session="`+other+`"`, "one that has not begun keeps its id")
}

func TestAnAnswerIsStreamedAsPartsAndResumed(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	c := b.scripted(t)
	task := b.api.add(t, apiclient.Task{Title: "Buy oat milk"})
	card := `{"kind": "task", "id": "` + task.ID + `", "title": "Buy milk", "status": "pending"}`
	b.api.chat.stream = chunks("text", `{"text": "Let me "}`, "text", `{"text": "see.\r\n\n**Here**.`+"`x`"+`y"}`, "tool", `{"name": "find_tasks", "arguments": {}}`,
		"result", `{"name": "find_tasks", "result": {"text": "1 task.", "cards": [`+card+`]}}`, "end", `{"status": "completed", "suggestions": ["Delete it"]}`)
	turn := uuid.NewString()
	all := heard(t, c.get("/chat/turns/"+turn+"/stream"))
	require.Len(t, all, 6)
	require.Contains(t, all[0][2], `id="part-`+turn+`-0"`)
	require.Contains(t, all[1][2], `id="part-`+turn+`-0"`, "the words go on where they were")
	require.Contains(t, all[1][2], `<strong>Here</strong>.<code>x</code>y</p>`)
	require.Contains(t, all[2][2], "Looking through your tasks")
	require.Contains(t, all[3][2], "Looked through your tasks")
	require.Contains(t, all[3][2], "Buy oat milk", "a card is as the task is now")
	require.NotContains(t, all[3][2], "Buy milk")
	require.Contains(t, all[4][2], "Delete it")
	require.Equal(t, [3]string{"rest", "", "completed"}, all[5])

	c.header.Set("Last-Event-ID", "3")
	require.Equal(t, all[3:], heard(t, c.get("/chat/turns/"+turn+"/stream?after=1")), "nothing twice, nothing lost")
	c.header.Del("Last-Event-ID")
	require.Equal(t, all[3:], heard(t, c.get("/chat/turns/"+turn+"/stream?after=3")))

	// A connection to the api that ends early is no end of the answer: the browser comes again.
	b.api.chat.stream = chunks("text", `{"text": "Let me "}`) + "id: 2\nevent: text\nda"
	cut := heard(t, c.get("/chat/turns/"+turn+"/stream"))
	require.Len(t, cut, 1)
	require.NotEqual(t, "rest", cut[0][0])

	b.api.chat.stream = ""
	require.Equal(t, http.StatusNotFound, c.get("/chat/turns/"+turn+"/stream").Code)
}

func TestWhatIsSaidReachesTheAssistantOrSaysWhyNot(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	c := b.scripted(t)
	session := uuid.NewString()
	w := c.post("/chat/turns", "session", session, "text", "  two\r\nlines ", "key", "k1")
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, []map[string]string{{"session_id": session, "text": "two\nlines"}}, b.api.chat.said)
	require.Contains(t, w.Body.String(), `data-status="running"`)
	require.Contains(t, w.Body.String(), `id="chat-key"`, "the next message has another key")
	for name, form := range map[string][]string{
		"Write something first.": {"session", session, "text", " \r\n "},
		"At most 4,000":          {"session", session, "text", strings.Repeat("é", 4001)},
	} {
		w := c.post("/chat/turns", form...)
		require.Equal(t, http.StatusBadRequest, w.Code)
		require.Contains(t, w.Body.String(), name)
	}
	b.api.fail = func(r *http.Request) error {
		if r.Method == http.MethodPost {
			return fault.New(fault.Conflict, "internal words")
		}
		return nil
	}
	w = c.post("/chat/turns", "session", session, "text", "hello")
	require.Equal(t, http.StatusConflict, w.Code)
	require.Contains(t, w.Body.String(), "The answer before is still being made.")
	b.api.fail = nil

	turn := uuid.NewString()
	require.JSONEq(t, `{"rondo:answered": {"turn": "`+turn+`"}}`, c.post("/chat/turns/"+turn+"/consent", "agreed", "yes").Header().Get("Hx-Trigger"))
	require.Equal(t, http.StatusOK, c.post("/chat/turns/"+turn+"/consent", "agreed", "no").Code)
	require.Equal(t, http.StatusBadRequest, c.post("/chat/turns/"+turn+"/consent").Code, "silence is no consent")
	require.Equal(t, []bool{true, false}, b.api.chat.agreed)
	require.Equal(t, http.StatusOK, c.post("/chat/turns/"+turn+"/stop").Code)
	require.Equal(t, 1, b.api.chat.stopped)
	require.Equal(t, http.StatusOK, c.post("/chat/sessions/"+session+"/forget").Code)
	require.Equal(t, 1, b.api.chat.forgotten)
}

func TestNothingThatIsSaidBecomesMarkup(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	c := b.scripted(t)
	const hostile = `<script>alert(1)</script><img src=x onerror=alert(2)>` + "\\n\\n" + `data: x` + "\\n\\n" + `- [x](javascript:alert(3)) **<b>** ` + "`</code><u>`"
	task := b.api.add(t, apiclient.Task{Title: `"><script>alert(1)</script>`})
	cards := `[{"kind": "task", "id": "` + task.ID + `", "title": "x"}, {"kind": "series", "id": "` + uuid.NewString() + `", "title": "<script>alert(1)</script>", "detail": "<b>"},
		{"kind": "reminder", "id": "` + uuid.NewString() + `", "title": "<script>alert(1)</script>", "detail": "<b>"}, {"kind": "<script>alert(1)", "id": "` + uuid.NewString() + `", "title": "<script>alert(1)"}]`
	said := []string{
		"text", `{"text": "` + hostile + `"}`, "tool", `{"name": "<script>alert(1)"}`,
		"result", `{"name": "x", "failed": true, "result": {"text": "<script>alert(1)", "cards": ` + strings.ReplaceAll(cards, "\n", " ") + `}}`, "notice", `{"text": "<script>alert(1)"}`,
		"error", `{"text": "<script>alert(1)"}`, "question", `{"text": "<script>alert(1)", "cards": []}`, "end", `{"status": "failed", "suggestions": ["<script>alert(1)"]}`,
	}
	turn := apiclient.ChatTurn{ID: uuid.New(), SessionID: uuid.New(), Text: `<script>alert(1)</script>`, Status: "completed", CreatedAt: noon}
	for i := 0; i < len(said); i += 2 {
		turn.Chunks = append(turn.Chunks, apiclient.ChatChunk{Number: i/2 + 1, Kind: said[i], Data: json.RawMessage(said[i+1])})
	}
	b.api.chat.turns, b.api.chat.stream = []apiclient.ChatTurn{turn}, chunks(said...)
	for _, path := range []string{
		"/chat", "/chat/history?session=" + url.QueryEscape(`"><script>alert(1)`), "/chat/turns/" + turn.ID.String() + "/stream",
		"/chat/cards?card=task:" + task.ID,
	} {
		body := c.get(path).Body.String()
		require.Contains(t, body, "&lt;script&gt;alert(1)", path)
		for _, markup := range []string{"<script>alert", "<img src=x", "<b>", "<u>", `href="javascript:`, "\nx\n"} {
			require.NotContains(t, body, markup, path)
		}
	}
}

func TestThePanelIsAsItWasLeft(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	c := b.member(t)
	require.Contains(t, c.get("/today").Body.String(), `data-chat="open"`)
	c.cookies["rondo_chat"] = "closed"
	require.Contains(t, c.get("/today").Body.String(), `data-chat="closed"`)
	require.Equal(t, "/tasks", c.get("/chat").Header().Get("Location"), "by itself it is no page")
}
