// Package chat reads an answer of the assistant: the chunks of a turn, as they come or
// all at once, become the parts that a person sees.
package chat

import (
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/services/frontend/apiclient"
	"github.com/rondohq/rondo/services/frontend/prose"
)

// Kind is what a part is.
type Kind int

// The kinds.
const (
	Words    Kind = iota // Block
	Step                 // Tool, Running, Failed, Text where it failed, Cards
	Question             // Text, Cards, Open
	Notice               // Text
	Problem              // Text
	End                  // Status, Suggestions
)

// Part is a piece of an answer that is shown by itself. Its place in the answer never
// changes, so that it can be shown again, or in place of itself.
type Part struct {
	Kind  Kind
	Block prose.Block
	Text  string
	Cards []apiclient.ChatCard

	Tool            string // as the api calls it
	Running, Failed bool
	// Repeated: the assistant did the same once more, and that is shown instead.
	Repeated bool

	Open bool // the question waits for its answer

	Status      string
	Suggestions []string
}

// Answer is what has come of a turn's answer.
type Answer struct {
	Parts []Part
	Last  int // number of the last chunk

	words string // since the last part of another kind
	first int    // part of these words
	kind  string // of the last chunk
	shown map[uuid.UUID]int
}

// Rests says that no more chunks come by themselves: the answer is over, or it waits for
// the person.
func (a *Answer) Rests() bool { return a.Ended() || a.kind == apiclient.ChunkQuestion }

// Ended says that the answer is over.
func (a *Answer) Ended() bool { return a.kind == apiclient.ChunkEnd }

// Status is the turn's, as far as the chunks say it.
func (a *Answer) Status() string {
	switch {
	case a.Ended():
		return a.Parts[len(a.Parts)-1].Status
	case a.Rests():
		return apiclient.TurnWaiting
	}
	return apiclient.TurnRunning
}

// Add reads the next chunk, and returns which parts are new or other than before.
func (a *Answer) Add(c apiclient.ChatChunk) (changed []int, err error) {
	a.Last, a.kind = c.Number, c.Kind
	changed = a.close()
	if c.Kind != apiclient.ChunkText {
		a.words = ""
	}
	var said struct {
		Text string `json:"text"`
	}
	switch c.Kind {
	case apiclient.ChunkText:
		err = json.Unmarshal(c.Data, &said)
		return append(changed, a.say(said.Text)...), decoded(err)
	case apiclient.ChunkTool:
		part := Part{Kind: Step, Running: true}
		err = json.Unmarshal(c.Data, &struct {
			Name *string `json:"name"`
		}{&part.Tool})
		return append(changed, a.add(part)), decoded(err)
	case apiclient.ChunkResult:
		var done result
		err = json.Unmarshal(c.Data, &done)
		return append(changed, a.finish(done)...), decoded(err)
	case apiclient.ChunkQuestion:
		part := Part{Kind: Question, Open: true}
		err = json.Unmarshal(c.Data, &struct {
			Text  *string               `json:"text"`
			Cards *[]apiclient.ChatCard `json:"cards"`
		}{&part.Text, &part.Cards})
		at := a.add(part)
		return append(append(changed, a.take(at)...), at), decoded(err)
	case apiclient.ChunkNotice, apiclient.ChunkError:
		err = json.Unmarshal(c.Data, &said)
		kind := map[string]Kind{apiclient.ChunkNotice: Notice, apiclient.ChunkError: Problem}[c.Kind]
		return append(changed, a.add(Part{Kind: kind, Text: said.Text})), decoded(err)
	case apiclient.ChunkEnd:
		part := Part{Kind: End}
		err = json.Unmarshal(c.Data, &struct {
			Status      *string   `json:"status"`
			Suggestions *[]string `json:"suggestions"`
		}{&part.Status, &part.Suggestions})
		return append(changed, a.add(part)), decoded(err)
	}
	return changed, nil // of a newer release
}

type result struct {
	Name   string `json:"name"`
	Failed bool   `json:"failed"`
	Result struct {
		Text  string               `json:"text"`
		Cards []apiclient.ChatCard `json:"cards"`
	} `json:"result"`
}

func decoded(err error) error {
	if err != nil {
		return fmt.Errorf("reading a chunk: %w", err)
	}
	return nil
}

func (a *Answer) add(p Part) int {
	a.Parts = append(a.Parts, p)
	return len(a.Parts) - 1
}

// close ends the question that the next chunk answers.
func (a *Answer) close() []int {
	at := len(a.Parts) - 1
	if at < 0 || !a.Parts[at].Open {
		return nil
	}
	a.Parts[at].Open = false
	return []int{at}
}

func (a *Answer) say(words string) (changed []int) {
	if a.words == "" {
		a.first = len(a.Parts)
	}
	a.words += words
	known := len(a.Parts) - a.first
	for i, block := range prose.Read(a.words) {
		switch {
		case i < known-1: // it is as it was
			continue
		case i < known:
			a.Parts[a.first+i].Block = block
		default:
			a.add(Part{Kind: Words, Block: block})
		}
		changed = append(changed, a.first+i)
	}
	return changed
}

// finish ends the step that the result is of.
func (a *Answer) finish(done result) []int {
	at := len(a.Parts) - 1
	if at < 0 || a.Parts[at].Kind != Step || !a.Parts[at].Running {
		at = a.add(Part{Kind: Step, Tool: done.Name})
	}
	step := &a.Parts[at]
	step.Running, step.Failed, step.Cards = false, done.Failed, done.Result.Cards
	if done.Failed {
		step.Text = done.Result.Text
	}
	return append(a.take(at), at)
}

// take shows a thing where it was named last: an answer that looks for a task and
// completes it is about one task.
func (a *Answer) take(at int) (changed []int) {
	if a.shown == nil {
		a.shown = map[uuid.UUID]int{}
	}
	for _, card := range a.Parts[at].Cards {
		before, known := a.shown[card.ID]
		a.shown[card.ID] = at
		if !known || before == at {
			continue
		}
		part := &a.Parts[before]
		var kept []apiclient.ChatCard
		for _, other := range part.Cards {
			if other.ID != card.ID {
				kept = append(kept, other)
			}
		}
		part.Cards = kept
		part.Repeated = part.Kind == Step && len(kept) == 0 && part.Tool == a.Parts[at].Tool
		changed = append(changed, before)
	}
	return changed
}
