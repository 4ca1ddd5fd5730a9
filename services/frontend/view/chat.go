package view

import (
	"strconv"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/services/frontend/chat"
)

// The parts of the panel that are replaced on their own.
const (
	ChatViewID = "chat-view"
	ChatLogID  = "chat-log"
)

// SessionField names the conversation in what the panel sends.
const SessionField = "session"

// Conversation is a session as it is shown.
type Conversation struct {
	Session uuid.UUID
	Key     string // of the next message
	Turns   []Turn
	// ByModel: a language model answers, where it does.
	ByModel bool
	Error   bool // the api did not answer
}

// Turn is what a person said, and the answer so far.
type Turn struct {
	ID     uuid.UUID
	Text   string
	Status string // running, waiting, completed, stopped or failed
	Last   int    // number of the last chunk that the parts are made of
	Parts  []ChatPart
}

// ChatPart is a part of an answer, with its things as they are now.
type ChatPart struct {
	chat.Part

	ID    string // of its element
	Turn  uuid.UUID
	Cards []ChatCard
	More  int // cards that are not shown
}

// PartID is the id of the element of a turn's part.
func PartID(turn uuid.UUID, i int) string { return "part-" + turn.String() + "-" + strconv.Itoa(i) }

// ChatCard is a task, a series or a reminder; the others are nil.
type ChatCard struct {
	Task     *Task
	Rule     string // how the task, or its series, repeats
	Series   *Series
	Reminder *Reminder
	// Status of a reminder, in words; "" while it is to come.
	Status string
	Key    string // kind:id
}

// ChatSession is a conversation in the list of them.
type ChatSession struct {
	ID          uuid.UUID
	Title, When string
	Machine     string // RFC 3339
	Current     bool
}

func openOrClosed(open bool) string {
	if open {
		return "open"
	}
	return "closed"
}

func turnPath(id uuid.UUID, action string) string {
	return ChatPath + "/turns/" + id.String() + "/" + action
}

func sessionPath(id uuid.UUID) string { return ChatPath + "?" + SessionField + "=" + id.String() }

// failedTurn says that saying the same once more may help.
func failedTurn(status string) bool { return status == "failed" || status == "stopped" }
