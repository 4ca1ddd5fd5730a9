package web

import (
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/frontend/apiclient"
	"github.com/rondohq/rondo/services/frontend/chat"
	"github.com/rondohq/rondo/services/frontend/view"
)

const (
	// maxSaid is the api's limit of one message, in characters.
	maxSaid = 4000
	// remembered is how long the assistant knows what was talked about; after it, a new
	// conversation begins by itself.
	remembered = 24 * time.Hour
	// chatCookie says whether the panel is open. Script sets it.
	chatCookie = "rondo_chat"
)

// chatOpen says whether the panel stands open: until somebody closes it.
func chatOpen(r *http.Request) bool {
	cookie, err := r.Cookie(chatCookie)
	return err != nil || cookie.Value != "closed"
}

// showChat shows a conversation: the one that is named, a new one, or the last.
func (s *Server) showChat(v *visit) error {
	if !v.byScript() {
		return v.redirect(view.InboxPath) // the panel stands beside any room
	}
	conversation, err := v.conversation(v.r.URL.Query().Get(view.SessionField), v.r.URL.Query().Has("resume"))
	if err != nil {
		return err
	}
	return v.part(http.StatusOK, view.ChatView(v.page(""), conversation))
}

// conversation reads one. Resumed, one that the assistant has forgotten is left.
func (v *visit) conversation(named string, resume bool) (view.Conversation, error) {
	c := view.Conversation{Session: uuid.New(), Key: uuid.NewString()}
	responders, err := v.api.ChatResponders(v.r.Context())
	if err == nil {
		c.ByModel = len(responders) > 0 && responders[0] == apiclient.ModelResponder
		err = v.turns(&c, named, resume)
	}
	if err != nil && fault.CodeOf(err) == fault.Unavailable {
		c.Error = true
		if session, err := uuid.Parse(named); err == nil {
			c.Session = session
		}
		return c, nil
	}
	return c, err
}

// turns finds the session and reads it.
func (v *visit) turns(c *view.Conversation, named string, resume bool) error {
	session, err := uuid.Parse(named)
	switch {
	case named == "new":
		return nil
	case err != nil:
		sessions, err := v.api.ChatSessions(v.r.Context())
		if err != nil || len(sessions) == 0 || v.now.Sub(sessions[0].LastAt) > remembered {
			return err //nolint:wrapcheck // a fault of the api
		}
		session = sessions[0].ID
	}
	turns, err := v.api.ChatSession(v.r.Context(), session)
	if err != nil && fault.CodeOf(err) != fault.NotFound { // else nothing has been said in it yet
		return err //nolint:wrapcheck // a fault of the api
	}
	if resume && len(turns) > 0 && v.now.Sub(turns[len(turns)-1].CreatedAt) > remembered {
		return nil
	}
	c.Session = session
	things := v.things(cardsOf(turns))
	for _, turn := range turns {
		shown, err := readTurn(turn, things)
		if err != nil {
			return err
		}
		c.Turns = append(c.Turns, shown)
	}
	return nil
}

// readTurn makes a turn of all its chunks.
func readTurn(turn apiclient.ChatTurn, things things) (view.Turn, error) {
	var answer chat.Answer
	for _, chunk := range turn.Chunks {
		if _, err := answer.Add(chunk); err != nil {
			return view.Turn{}, err //nolint:wrapcheck // says all
		}
	}
	shown := view.Turn{ID: turn.ID, Text: turn.Text, Status: turn.Status, Last: answer.Last}
	for i := range answer.Parts {
		shown.Parts = append(shown.Parts, chatPart(turn.ID, i, answer.Parts[i], things))
	}
	return shown, nil
}

func chatPart(turn uuid.UUID, i int, part chat.Part, things things) view.ChatPart {
	shown := view.ChatPart{Part: part, ID: view.PartID(turn, i), Turn: turn}
	for _, card := range part.Cards[:min(len(part.Cards), maxCards)] {
		shown.Cards = append(shown.Cards, things.card(card))
	}
	shown.More = len(part.Cards) - len(shown.Cards)
	return shown
}

// showChatHistory lists the conversations.
func (s *Server) showChatHistory(v *visit) error {
	return v.chatHistory(v.r.URL.Query().Get(view.SessionField))
}

func (v *visit) chatHistory(current string) error {
	sessions, err := v.api.ChatSessions(v.r.Context())
	if err != nil {
		return err //nolint:wrapcheck // a fault of the api
	}
	var shown []view.ChatSession
	for _, session := range sessions {
		shown = append(shown, view.ChatSession{
			ID: session.ID, Title: session.Title, Current: session.ID.String() == current,
			When: v.locale.Moment(v.now, session.LastAt), Machine: session.LastAt.UTC().Format(time.RFC3339),
		})
	}
	return v.part(http.StatusOK, view.ChatHistory(v.page(""), current, shown))
}

// told is a fault whose message people read.
func told(code fault.Code, message string) error {
	return fault.New(code, "%s", message).Because(reasonSaid, nil)
}

// say begins a turn and shows it; the page then listens to its stream.
func (s *Server) say(v *visit) error {
	form, t := v.r.PostForm, s.text.Chat
	text := strings.TrimSpace(strings.ReplaceAll(form.Get("text"), "\r\n", "\n"))
	session, err := uuid.Parse(form.Get(view.SessionField))
	switch {
	case text == "" || err != nil:
		return told(fault.Invalid, t.Empty)
	case utf8.RuneCountInString(text) > maxSaid:
		return told(fault.Invalid, t.Long)
	}
	turn, err := v.api.Say(v.r.Context(), session, text, form.Get(view.KeyField))
	if err != nil {
		return v.chatFault(err)
	}
	if !v.byScript() {
		return v.redirect(v.back())
	}
	// A message that was sent twice may have its answer already, which the stream brings.
	shown := view.Turn{ID: turn.ID, Text: turn.Text, Status: apiclient.TurnRunning}
	return v.part(http.StatusOK, view.ChatTurn(v.page(""), shown), view.ChatKey(uuid.NewString(), true))
}

// chatFault says what the api's refusal means in a conversation.
func (v *visit) chatFault(err error) error {
	t := v.server.text.Chat
	switch fault.CodeOf(err) {
	case fault.Conflict:
		return told(fault.Conflict, t.Busy)
	case fault.NotFound:
		return told(fault.NotFound, t.Gone)
	default:
		return err
	}
}

// answerQuestion agrees to what a turn has asked, or does not. The turn then goes on.
func (s *Server) answerQuestion(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	agreed := v.r.PostForm.Get("agreed")
	if agreed != "yes" && agreed != "no" {
		return told(fault.Invalid, s.text.Errors.Check)
	}
	if _, err := v.api.AnswerQuestion(v.r.Context(), id, agreed == "yes"); err != nil {
		return v.chatFault(err)
	}
	if !v.byScript() {
		return v.redirect(v.back())
	}
	v.w.Header().Set("Hx-Reswap", "none") // the stream brings the question as it is then
	v.w.Header().Set("Hx-Trigger", `{"rondo:answered":{"turn":"`+id.String()+`"}}`)
	return v.part(http.StatusOK)
}

// stopTurn ends an answer; its stream says so.
func (s *Server) stopTurn(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	if _, err := v.api.StopTurn(v.r.Context(), id); err != nil {
		return v.chatFault(err)
	}
	if !v.byScript() {
		return v.redirect(v.back())
	}
	return v.part(http.StatusOK)
}

// forgetChat deletes a conversation and shows those that are left.
func (s *Server) forgetChat(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	if err := v.api.ForgetChat(v.r.Context(), id); err != nil {
		return v.chatFault(err)
	}
	if !v.byScript() {
		return v.redirect(v.back())
	}
	return v.chatHistory(v.r.PostForm.Get(view.SessionField))
}
