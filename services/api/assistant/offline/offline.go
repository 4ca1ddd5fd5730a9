// Package offline answers without a language model: it reads plain English with the
// parser and calls the tools of the registry. It says honestly what it does not understand.
package offline

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/rondohq/rondo/services/api/assistant/chat"
	"github.com/rondohq/rondo/services/api/assistant/parse"
	"github.com/rondohq/rondo/services/api/assistant/tool"
)

// Responder answers by rules.
type Responder struct{}

// Name implements chat.Responder.
func (Responder) Name() string { return "offline" }

// what it says when it has nothing to do.
const (
	help = "I can keep your tasks: say “Team sync every Friday 2 PM”, “Pay rent tomorrow p1 #home”, “Remind me to call Ada in 20 minutes”, " +
		"“What is due this week?”, “Mark the report done” or “Snooze it an hour”. I go by fixed rules here and cannot chat about anything else."
	which = "Which one do you mean? Please say a bit more of its title."
)

// Respond implements chat.Responder.
func (Responder) Respond(ctx context.Context, r chat.Request, a chat.Answer) ([]string, error) {
	c := conversation{ctx, r, a, parse.Parse(r.Text, r.Caller.Now.In(r.Caller.Zone))}
	if err := c.answer(); err != nil {
		return nil, err
	}
	return c.suggestions(), nil
}

// conversation is one turn while it is answered.
type conversation struct {
	ctx     context.Context //nolint:containedctx // it lives as long as the turn
	request chat.Request
	chat.Answer

	action parse.Action
}

func (c conversation) say(text string) error { return c.Say(c.ctx, text) }

// use calls a tool with arguments, and says what it said.
func (c conversation) use(name string, arguments any) (chat.Done, error) {
	data, err := json.Marshal(arguments)
	if err != nil {
		return chat.Done{}, fmt.Errorf("encoding arguments: %w", err)
	}
	done, err := c.Call(c.ctx, chat.Call{Name: name, Arguments: data})
	if err != nil {
		return chat.Done{}, err //nolint:wrapcheck // ends the turn as it is
	}
	return done, nil
}

type arguments map[string]any

// doing calls a tool and says its result, which is all there is to it.
func (c conversation) doing(name string, in arguments) error {
	done, err := c.use(name, in)
	if err != nil {
		return err
	}
	return c.say(done.Result.Text)
}

func (c conversation) answer() error {
	in := c.action
	if in.Question != "" {
		return c.say(in.Question)
	}
	switch in.Intent {
	case parse.CreateTask, parse.CreateReminder:
		return c.createTask()
	case parse.CreateRecurring:
		return c.createSeries()
	case parse.Query:
		return c.query()
	case parse.Complete:
		return c.onTask("complete_tasks", nil)
	case parse.Cancel:
		return c.cancel()
	case parse.Update:
		return c.update()
	case parse.Snooze:
		return c.snooze()
	case parse.None:
	}
	return c.say(help)
}

func (c conversation) createTask() error {
	in := c.action
	if in.Title == "" {
		return c.say(help)
	}
	args := arguments{"title": in.Title, "tags": in.Tags}
	if in.Priority != "" {
		args["priority"] = in.Priority
	}
	if in.DueAt != nil {
		args["due_at"] = moment(*in.DueAt, in.HasTime)
	}
	done, err := c.use("create_task", args)
	if err != nil {
		return err
	}
	if done.Failed || in.RemindAt == nil && in.RemindOffset == nil {
		return c.say(done.Result.Text)
	}
	reminder := arguments{"task_id": done.Result.Cards[0].ID.String()}
	if in.RemindAt != nil {
		reminder["remind_at"] = in.RemindAt.Format(time.RFC3339)
	} else {
		reminder["minutes_before"] = *in.RemindOffset
	}
	return c.doing("create_reminder", reminder)
}

func (c conversation) createSeries() error {
	in := c.action
	args := arguments{"title": in.Title, "rrule": in.RRule, "mode": string(in.Mode), "tags": in.Tags}
	if in.Priority != "" {
		args["priority"] = in.Priority
	}
	if in.DueAt != nil {
		if in.HasTime {
			args["start"] = in.DueAt.Format("2006-01-02T15:04:05")
		} else {
			args["start"] = in.DueAt.Format(time.DateOnly)
		}
	}
	if in.RemindOffset != nil {
		args["remind_minutes_before"] = []int{*in.RemindOffset}
	}
	return c.doing("create_recurring_task", args)
}

func (c conversation) query() error {
	in := c.action
	args := arguments{"tags": in.Tags}
	if in.Title != "" {
		args["search"] = in.Title
	}
	if in.Priority != "" {
		args["priority"] = []string{in.Priority}
	}
	switch in.Command.Status {
	case "completed":
		args["status"] = []string{"completed"}
	case "overdue":
		args["due_to"] = c.request.Caller.Now.Format(time.RFC3339)
	}
	if from := in.Command.From; from != nil {
		args["due_from"] = from.Format(time.RFC3339)
	}
	if to := in.Command.To; to != nil {
		args["due_to"] = to.Format(time.RFC3339)
	}
	return c.doing("find_tasks", args)
}

// found is the one thing that the words mean. false: there is none, or more than one,
// and the person has been told.
func (c conversation) found(finder, words string) (tool.Card, bool, error) {
	if words == "" {
		card, ok := c.request.Last(kindOf(finder))
		if !ok {
			return tool.Card{}, false, c.say("Which one do you mean? Please name it.")
		}
		return card, true, nil
	}
	done, err := c.use(finder, arguments{"search": words})
	if err != nil || done.Failed {
		return tool.Card{}, false, err
	}
	cards := done.Result.Cards
	if len(cards) > 1 {
		// The exact title, where there is one, is what was meant.
		for _, card := range cards {
			if strings.EqualFold(card.Title, words) {
				return card, true, nil
			}
		}
		return tool.Card{}, false, c.say(which)
	}
	if len(cards) == 0 {
		return tool.Card{}, false, c.say("I find nothing open called “" + words + "”.")
	}
	return cards[0], true, nil
}

func kindOf(finder string) string {
	if finder == "find_recurring_tasks" {
		return "series"
	}
	return "task"
}

// onTask does something to the task that is meant.
func (c conversation) onTask(name string, with arguments) error {
	card, ok, err := c.found("find_tasks", c.action.Title)
	if err != nil || !ok {
		return err
	}
	if with == nil {
		return c.doing(name, arguments{"ids": []string{card.ID.String()}})
	}
	with["id"] = card.ID.String()
	return c.doing(name, with)
}

// series does something to the recurring task that is meant.
func (c conversation) series(name string) error {
	card, ok, err := c.found("find_recurring_tasks", c.action.Title)
	if err != nil || !ok {
		return err
	}
	return c.doing(name, arguments{"id": card.ID.String()})
}

func (c conversation) cancel() error { return c.onTask("cancel_tasks", nil) }

func (c conversation) update() error {
	in := c.action
	switch in.Command.Verb {
	case "pause":
		return c.series("pause_recurring_task")
	case "resume":
		return c.series("resume_recurring_task")
	case "skip":
		return c.series("skip_occurrence")
	case "reopen":
		return c.reopen()
	case "rename":
		return c.onTask("update_task", arguments{"title": in.Command.NewTitle})
	case "priority":
		return c.onTask("update_task", arguments{"priority": in.Priority})
	case "tag":
		return c.onTask("update_task", arguments{"tags": in.Tags})
	}
	if in.DueAt != nil {
		return c.onTask("update_task", arguments{"due_at": moment(*in.DueAt, in.HasTime)})
	}
	return c.say(help)
}

func (c conversation) reopen() error {
	done, err := c.use("find_tasks", arguments{"search": c.action.Title, "status": []string{"completed", "cancelled"}})
	if err != nil {
		return err
	}
	if len(done.Result.Cards) != 1 {
		return c.say(which)
	}
	return c.doing("reopen_tasks", arguments{"ids": []string{done.Result.Cards[0].ID.String()}})
}

func (c conversation) snooze() error {
	in := c.action
	args := arguments{}
	switch {
	case in.RemindAt != nil:
		args["until"] = in.RemindAt.Format(time.RFC3339)
	case in.DueAt != nil:
		args["until"] = in.DueAt.Format(time.RFC3339)
	case in.Command.Shift.Minutes > 0:
		args["minutes"] = in.Command.Shift.Minutes
	default:
		args["minutes"] = 10
	}
	return c.doing("snooze_reminder", args)
}

func (c conversation) suggestions() []string {
	switch c.action.Intent {
	case parse.CreateTask, parse.CreateReminder, parse.CreateRecurring:
		return []string{"What is due today?", "What is overdue?"}
	case parse.Query:
		return []string{"What is due this week?"}
	case parse.Complete, parse.Update, parse.Cancel, parse.Snooze, parse.None:
	}
	return []string{"What is due today?", "Buy milk tomorrow at 9"}
}

// moment is a due date as the tools take it: an instant, or a day.
func moment(at time.Time, hasTime bool) string {
	if hasTime {
		return at.Format(time.RFC3339)
	}
	return at.Format(time.DateOnly)
}
