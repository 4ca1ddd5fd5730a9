package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/services/frontend/apiclient"
	"github.com/rondohq/rondo/services/frontend/chat"
	"github.com/rondohq/rondo/services/frontend/live"
	"github.com/rondohq/rondo/services/frontend/view"
	"github.com/rondohq/rondo/services/internal/lifecycle"
)

// retryStream is how long a browser waits, in milliseconds, before it listens again.
const retryStream = 700

// streamTurn sends the parts of an answer as they are made, each as the HTML of its
// element: one event for each chunk, under the chunk's number. A browser that comes again
// names the last one that it has, and gets those after it; all are read again, since a
// chunk means something by those before it.
func (s *Server) streamTurn(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(v.r.Context())
	defer cancel()
	stopping := lifecycle.Stopping(ctx)
	go func() {
		select {
		case <-stopping: // the browser comes back, to another replica
			cancel()
		case <-ctx.Done():
		}
	}()
	chunks, err := v.api.Listen(ctx, id)
	if err != nil {
		return v.chatFault(err)
	}
	defer chunks.Close()
	relay := relay{visit: v, turn: id, after: lastEvent(v), out: live.NewSender(v.w)}
	relay.out.Send(fmt.Sprintf("retry: %d\n\n", retryStream))
	if err := relay.run(ctx, chunks); err != nil && ctx.Err() == nil {
		// The browser comes again with its last number.
		s.Log.WarnContext(ctx, "an answer was cut short", "turn", id, "error", err)
	}
	return nil
}

// lastEvent is the number of the last chunk that the page has.
func lastEvent(v *visit) int {
	text := v.r.Header.Get("Last-Event-ID")
	if text == "" {
		text = v.r.URL.Query().Get("after")
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return n
}

type relay struct {
	visit  *visit
	turn   uuid.UUID
	after  int
	out    *live.Sender
	answer chat.Answer
}

func (r *relay) run(ctx context.Context, chunks *apiclient.ChatStream) error {
	for r.out.Err == nil {
		chunk, err := chunks.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err //nolint:wrapcheck // a fault
		}
		if chunk.Number == 0 {
			r.out.Send(live.Heartbeat)
			continue
		}
		changed, err := r.answer.Add(chunk)
		if err != nil {
			return err //nolint:wrapcheck // says all
		}
		if chunk.Number <= r.after {
			continue
		}
		if err := r.part(ctx, chunk.Number, changed); err != nil {
			return err
		}
	}
	if r.answer.Rests() {
		r.event("rest", "", r.answer.Status())
	}
	return r.out.Err
}

// part sends what a chunk has changed.
func (r *relay) part(ctx context.Context, number int, changed []int) error {
	var cards []apiclient.ChatCard
	for _, i := range changed {
		cards = append(cards, r.answer.Parts[i].Cards...)
	}
	things := r.visit.things(cards)
	page := r.visit.page("")
	var html strings.Builder
	for _, i := range changed {
		if err := view.ChatPartView(page, chatPart(r.turn, i, r.answer.Parts[i], things)).Render(ctx, &html); err != nil {
			return fmt.Errorf("writing a part of an answer: %w", err)
		}
	}
	r.event("part", strconv.Itoa(number), html.String())
	return nil
}

// event writes one (WHATWG HTML §9.2): each line of its data has a field of its own.
func (r *relay) event(name, id, data string) {
	var text strings.Builder
	if id != "" {
		text.WriteString("id: " + id + "\n")
	}
	text.WriteString("event: " + name + "\n")
	for line := range strings.SplitSeq(strings.ReplaceAll(data, "\r", "\n"), "\n") {
		text.WriteString("data: " + line + "\n")
	}
	r.out.Send(text.String() + "\n")
}
