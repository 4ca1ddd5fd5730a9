package apiclient

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/fault"
)

// ModelResponder answers with a language model; other responders go by rules.
const ModelResponder = "model"

// The statuses of a turn.
const (
	TurnRunning = "running"
	TurnWaiting = "waiting" // for the person's consent
	TurnStopped = "stopped"
	TurnFailed  = "failed"
)

// ChatTurn is one thing that a person said, and its answer.
type ChatTurn struct {
	ID        uuid.UUID   `json:"id"`
	SessionID uuid.UUID   `json:"session_id"`
	Text      string      `json:"text"`
	Status    string      `json:"status"`
	CreatedAt time.Time   `json:"created_at"`
	Chunks    []ChatChunk `json:"chunks"` // of a conversation that is read again
}

// ChatChunk is a numbered piece of an answer.
type ChatChunk struct {
	Number int             `json:"number"`
	Kind   string          `json:"kind"`
	Data   json.RawMessage `json:"data"`
}

// The kinds of chunks.
const (
	ChunkText     = "text"
	ChunkTool     = "tool"
	ChunkResult   = "result"
	ChunkQuestion = "question"
	ChunkNotice   = "notice"
	ChunkError    = "error"
	ChunkEnd      = "end"
)

// ChatCard is a task, series or reminder as it was when it was talked of.
type ChatCard struct {
	Kind     string     `json:"kind"`
	ID       uuid.UUID  `json:"id"`
	Title    string     `json:"title"`
	Detail   string     `json:"detail"`
	Status   string     `json:"status"`
	At       *time.Time `json:"at"`
	Priority string     `json:"priority"`
	Tags     []string   `json:"tags"`
	TaskID   *uuid.UUID `json:"task_id"`
}

// The kinds of cards.
const (
	CardTask     = "task"
	CardSeries   = "series"
	CardReminder = "reminder"
)

// ChatSession is a conversation in the list of them.
type ChatSession struct {
	ID     uuid.UUID `json:"id"`
	Title  string    `json:"title"`
	LastAt time.Time `json:"last_at"`
	Turns  int       `json:"turns"`
}

// ChatResponders are those who answer, in the order in which they are asked.
func (c Caller) ChatResponders(ctx context.Context) ([]string, error) {
	var chat struct {
		Responders []string `json:"responders"`
	}
	err := c.do(ctx, request{method: http.MethodGet, path: "/api/chat"}, &chat)
	return chat.Responders, err
}

// ChatSessions are the last conversations, the latest first.
func (c Caller) ChatSessions(ctx context.Context) ([]ChatSession, error) {
	var list struct {
		Items []ChatSession `json:"items"`
	}
	err := c.do(ctx, request{method: http.MethodGet, path: "/api/chat/sessions"}, &list)
	return list.Items, err
}

// ChatSession is the last turns of a conversation, the oldest first.
func (c Caller) ChatSession(ctx context.Context, id uuid.UUID) ([]ChatTurn, error) {
	var list struct {
		Items []ChatTurn `json:"items"`
	}
	err := c.do(ctx, request{method: http.MethodGet, path: "/api/chat/sessions/" + id.String()}, &list)
	return list.Items, err
}

// ForgetChat deletes a conversation; what was done in it stays.
func (c Caller) ForgetChat(ctx context.Context, id uuid.UUID) error {
	return c.do(ctx, request{method: http.MethodDelete, path: "/api/chat/sessions/" + id.String()}, nil)
}

// Say begins a turn.
func (c Caller) Say(ctx context.Context, session uuid.UUID, text, key string) (ChatTurn, error) {
	var turn ChatTurn
	body := map[string]string{"session_id": session.String(), "text": text}
	err := c.do(ctx, request{method: http.MethodPost, path: "/api/chat/turns", body: body, key: key}, &turn)
	return turn, err
}

// AnswerQuestion agrees to what a turn has asked, or not.
func (c Caller) AnswerQuestion(ctx context.Context, turn uuid.UUID, agreed bool) (ChatTurn, error) {
	var answered ChatTurn
	body := map[string]bool{"agreed": agreed}
	err := c.do(ctx, request{method: http.MethodPost, path: turnPath(turn) + "/consent", body: body}, &answered)
	return answered, err
}

// StopTurn ends a turn; what it has done stays.
func (c Caller) StopTurn(ctx context.Context, turn uuid.UUID) (ChatTurn, error) {
	var stopped ChatTurn
	err := c.do(ctx, request{method: http.MethodPost, path: turnPath(turn) + "/stop"}, &stopped)
	return stopped, err
}

func turnPath(id uuid.UUID) string { return "/api/chat/turns/" + id.String() }

// ChatStream is the chunks of a turn as they are made.
type ChatStream struct {
	body  io.ReadCloser
	lines *bufio.Reader
}

// Listen opens the stream of a turn's chunks from the first on. The caller closes it;
// ctx bounds all of it.
func (c Caller) Listen(ctx context.Context, turn uuid.UUID) (*ChatStream, error) {
	// With the first type alone, the sidecar would turn a refusal into an error of its own.
	//nolint:bodyclose // the stream closes it
	res, err := c.open(ctx, turnPath(turn)+"/chunks", "text/event-stream, application/problem+json", 0)
	if err != nil {
		return nil, err
	}
	return &ChatStream{body: res.Body, lines: bufio.NewReader(res.Body)}, nil
}

// Close ends listening.
func (s *ChatStream) Close() { _ = s.body.Close() }

// Next waits for the next chunk. A chunk without a number only says that the api is still
// there. The end, io.EOF, says that no more comes by this connection, not that the turn
// rests: only its last chunk does.
func (s *ChatStream) Next() (ChatChunk, error) {
	var chunk ChatChunk
	for {
		line, err := s.lines.ReadString('\n')
		if err != nil {
			if errors.Is(err, io.EOF) {
				return ChatChunk{}, io.EOF // what is cut off comes again
			}
			return ChatChunk{}, unreachable(err)
		}
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			return chunk, nil
		}
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "id":
			if chunk.Number, err = strconv.Atoi(value); err != nil {
				return ChatChunk{}, fault.New(fault.Unavailable, "The answer could not be read.").Because("", err)
			}
		case "event":
			chunk.Kind = value
		case "data":
			if len(chunk.Data) > 0 {
				chunk.Data = append(chunk.Data, '\n')
			}
			chunk.Data = append(bytes.Clone(chunk.Data), value...)
		}
	}
}
