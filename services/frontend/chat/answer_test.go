package chat_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/services/frontend/apiclient"
	"github.com/rondohq/rondo/services/frontend/chat"
)

// answer reads chunks, each a kind and its data, and follows the parts as a page does
// that only hears what has changed.
func answer(t *testing.T, chunks ...string) (a *chat.Answer, page map[int]chat.Part) {
	t.Helper()
	a, page = &chat.Answer{}, map[int]chat.Part{}
	for i := 0; i < len(chunks); i += 2 {
		changed, err := a.Add(apiclient.ChatChunk{Number: i/2 + 1, Kind: chunks[i], Data: []byte(chunks[i+1])})
		require.NoError(t, err)
		for _, at := range changed {
			page[at] = a.Parts[at]
		}
	}
	require.Len(t, page, len(a.Parts))
	for i, part := range a.Parts {
		require.Equal(t, part, page[i], "a page that has heard of all changes shows the same")
	}
	return a, page
}

func card(name string) (id uuid.UUID, encoded string) {
	id = uuid.NewSHA1(uuid.Nil, []byte(name))
	return id, fmt.Sprintf(`{"kind": "task", "id": %q, "title": %q}`, id, name)
}

func TestWordsGatherUntilSomethingElseComes(t *testing.T) {
	t.Parallel()
	a, _ := answer(t, "text", `{"text": "One "}`, "text", `{"text": "two.\n\n- th"}`, "text", `{"text": "ree"}`,
		"notice", `{"text": "By the way"}`, "text", `{"text": "four"}`)
	var kinds []chat.Kind
	for _, part := range a.Parts {
		kinds = append(kinds, part.Kind)
	}
	require.Equal(t, []chat.Kind{chat.Words, chat.Words, chat.Notice, chat.Words}, kinds)
	require.Equal(t, "three", a.Parts[1].Block.Lines[0][0].Text)
	require.Equal(t, 5, a.Last)
	require.False(t, a.Rests())
}

func TestAStepShowsItsToolAndThenItsResult(t *testing.T) {
	t.Parallel()
	_, milk := card("milk")
	a, _ := answer(t, "tool", `{"name": "create_task", "arguments": {}}`)
	require.True(t, a.Parts[0].Running)
	a, _ = answer(t, "tool", `{"name": "create_task", "arguments": {}}`, "result", `{"name": "create_task", "result": {"text": "Added.", "cards": [`+milk+`]}}`)
	require.Len(t, a.Parts, 1)
	require.False(t, a.Parts[0].Running)
	require.Equal(t, "milk", a.Parts[0].Cards[0].Title)
	a, _ = answer(t, "tool", `{"name": "find_task"}`, "result", `{"name": "find_task", "failed": true, "result": {"text": "It is gone."}}`)
	require.True(t, a.Parts[0].Failed)
	require.Equal(t, "It is gone.", a.Parts[0].Text)
}

func TestAThingIsShownWhereItWasNamedLast(t *testing.T) {
	t.Parallel()
	_, milk := card("milk")
	_, eggs := card("eggs")
	step := func(tool, cards string) []string {
		return []string{"tool", `{"name": "` + tool + `"}`, "result", `{"name": "` + tool + `", "result": {"text": "", "cards": [` + cards + `]}}`}
	}
	a, _ := answer(t, slices.Concat(step("find_tasks", milk+","+eggs), step("complete_tasks", milk))...)
	require.Len(t, a.Parts[0].Cards, 1)
	require.Equal(t, "eggs", a.Parts[0].Cards[0].Title)
	require.False(t, a.Parts[0].Repeated)

	a, _ = answer(t, slices.Concat(step("create_task", milk), step("create_task", milk))...)
	require.True(t, a.Parts[0].Repeated, "a call that came twice is shown once")
	require.Len(t, a.Parts[1].Cards, 1)

	a, _ = answer(t, append(step("find_tasks", milk), "question", `{"text": "Delete 1 task?", "cards": [`+milk+`]}`)...)
	require.Empty(t, a.Parts[0].Cards)
	require.Len(t, a.Parts[1].Cards, 1)
}

func TestAQuestionIsOpenUntilTheAnswerGoesOn(t *testing.T) {
	t.Parallel()
	asked := []string{"text", `{"text": "Well."}`, "question", `{"text": "Delete 1 task?", "cards": []}`}
	a, _ := answer(t, asked...)
	require.True(t, a.Parts[1].Open)
	require.True(t, a.Rests())
	require.False(t, a.Ended())
	require.Equal(t, apiclient.TurnWaiting, a.Status())
	a, _ = answer(t, append(asked, "end", `{"status": "stopped", "suggestions": ["Again"]}`)...)
	require.False(t, a.Parts[1].Open)
	require.True(t, a.Ended())
	require.Equal(t, apiclient.TurnStopped, a.Status())
	require.Equal(t, []string{"Again"}, a.Parts[2].Suggestions)
}

func TestChunksOfANewerReleaseAreLeftOut(t *testing.T) {
	t.Parallel()
	a, _ := answer(t, "picture", `{"url": "x"}`, "end", `{"status": "completed"}`)
	require.Len(t, a.Parts, 1)
	_, err := a.Add(apiclient.ChatChunk{Number: 3, Kind: "text", Data: []byte(`{`)})
	require.Error(t, err)
}
