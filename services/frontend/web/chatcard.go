package web

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/a-h/templ"
	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/frontend/apiclient"
	"github.com/rondohq/rondo/services/frontend/view"
)

const (
	// maxCards are shown of one step; the rest is counted.
	maxCards = 20
	// maxThings are looked up for one answer; others are shown as they were.
	maxThings = 60
	// lookupsAtOnce bounds the calls of the api that one visit makes side by side.
	lookupsAtOnce = 6
)

// things are what cards are about as it is now, by the key of the card. What is not there
// is shown as it was when it was talked of.
type things struct {
	visit *visit
	mu    *sync.Mutex
	cards map[string]view.ChatCard
	rules map[uuid.UUID]string // of series
}

func cardKey(c apiclient.ChatCard) string { return c.Kind + ":" + c.ID.String() }

// cardsOf are the cards of turns, the latest first.
func cardsOf(turns []apiclient.ChatTurn) []apiclient.ChatCard {
	var all []apiclient.ChatCard
	for _, turn := range slices.Backward(turns) {
		shown, err := readTurn(turn, things{})
		if err != nil {
			continue // it is told when the turn is shown
		}
		for _, part := range shown.Parts {
			all = append(all, part.Part.Cards...)
		}
	}
	return all
}

// things looks up what the cards are about.
func (v *visit) things(cards []apiclient.ChatCard) things {
	found := things{visit: v, mu: &sync.Mutex{}, cards: map[string]view.ChatCard{}, rules: map[uuid.UUID]string{}}
	asked := map[string]bool{}
	var lookups errgroup.Group
	lookups.SetLimit(lookupsAtOnce)
	for _, card := range cards {
		key := cardKey(card)
		if asked[key] || len(asked) == maxThings {
			continue
		}
		asked[key] = true
		lookups.Go(func() error {
			found.look(card)
			return nil
		})
	}
	_ = lookups.Wait() // none of them fails: what cannot be had is shown as it was
	return found
}

func (t things) look(card apiclient.ChatCard) {
	v := t.visit
	shown := view.ChatCard{Key: cardKey(card)}
	switch card.Kind {
	case apiclient.CardTask:
		task, err := v.api.Task(v.r.Context(), card.ID)
		if err != nil {
			return
		}
		row := v.row(task)
		shown.Task = &row
		if task.SeriesID != nil {
			shown.Rule = t.rule(*task.SeriesID)
		}
	case apiclient.CardSeries:
		series, err := v.api.Series(v.r.Context(), card.ID)
		if err != nil {
			return
		}
		row := v.seriesRow(series)
		shown.Series, shown.Rule = &row, row.Sentence
	case apiclient.CardReminder:
		reminder, err := v.api.Reminder(v.r.Context(), card.ID)
		if err != nil {
			return
		}
		row := v.reminderRow(reminder)
		shown.Reminder, shown.Status = &row, v.server.text.Chat.ReminderStatus[reminder.Status]
	default:
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cards[shown.Key] = shown
}

// rule is how a series repeats, in words; "" when that cannot be had.
func (t things) rule(series string) string {
	id, err := uuid.Parse(series)
	if err != nil {
		return ""
	}
	t.mu.Lock()
	known, ok := t.rules[id]
	t.mu.Unlock()
	if ok {
		return known
	}
	found, err := t.visit.api.Series(t.visit.r.Context(), id)
	if err != nil {
		return ""
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rules[id] = t.visit.seriesRow(found).Sentence
	return t.rules[id]
}

// card is a card as its thing is now, or as it was.
func (t things) card(card apiclient.ChatCard) view.ChatCard {
	if now, ok := t.cards[cardKey(card)]; ok {
		return now
	}
	shown := view.ChatCard{Key: cardKey(card)}
	if t.visit == nil {
		return shown
	}
	v := t.visit
	switch card.Kind {
	case apiclient.CardSeries:
		shown.Series = &view.Series{
			ID: card.ID, Title: card.Title, Priority: card.Priority, Tags: card.Tags,
			Ended: card.Status == apiclient.Completed || card.Status == apiclient.Cancelled,
		}
		shown.Rule = card.Detail
	case apiclient.CardReminder:
		row := view.Reminder{ID: card.ID, Title: card.Title, When: card.Detail}
		if card.TaskID != nil {
			row.TaskID = *card.TaskID
		}
		if card.At != nil {
			row.When, row.Machine = v.locale.Moment(v.now, *card.At), card.At.UTC().Format(time.RFC3339)
		}
		shown.Reminder, shown.Status = &row, v.server.text.Chat.ReminderStatus[card.Status]
	default:
		row := v.row(apiclient.Task{
			ID: card.ID.String(), Title: card.Title, Status: card.Status, Priority: card.Priority, Tags: card.Tags, DueAt: card.At,
		})
		shown.Task = &row
	}
	return shown
}

// showChatCards shows things as they are now, for a page on which they have changed.
func (s *Server) showChatCards(v *visit) error {
	var cards []apiclient.ChatCard
	for _, key := range v.r.URL.Query()["card"] {
		kind, text, _ := strings.Cut(key, ":")
		id, err := uuid.Parse(text)
		if err != nil {
			return fault.New(fault.Invalid, "A card is named by kind:id.")
		}
		cards = append(cards, apiclient.ChatCard{Kind: kind, ID: id})
	}
	found, p := v.things(cards), v.page("")
	var parts []templ.Component
	for _, card := range found.cards {
		parts = append(parts, view.ChatCardView(p, card))
	}
	return v.part(http.StatusOK, parts...)
}
