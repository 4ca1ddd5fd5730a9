// Package offline answers without a language model: it reads plain English with the
// parser and calls the tools of the registry. It says honestly what it does not understand.
package offline

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/rondohq/rondo/services/api/assistant/chat"
	"github.com/rondohq/rondo/services/api/assistant/parse"
	"github.com/rondohq/rondo/services/api/assistant/tool"
)

// Responder answers by rules.
type Responder struct{}

// Name implements chat.Responder.
func (Responder) Name() string { return "offline" }

// What it says when it has nothing to do.
const (
	help = "I keep your tasks. Say “Team sync every Friday 2 PM”, “Pay rent tomorrow p1 #home”, “Remind me to call Ada in 20 minutes”, " +
		"“What is due this week?”, “Mark the report done”, “Move it to Friday” or “Snooze it an hour”."
	honest       = "I go by fixed rules here and cannot answer that. " + help
	welcome      = "You are welcome."
	noQuery      = "There is nothing to agree to at the moment."
	whichOne     = "Which one do you mean? Please say more of its title."
	nameIt       = "Which one do you mean? Please name it."
	noDate       = "It has no date that could be moved. Say when it is due, such as “move it to Friday”."
	noneOfList   = "Nothing on your list is like that."
	noPauseUntil = "I can pause it, but not start it again by myself. Say “pause” with its name now, and “resume” when it is time."
	noRepeats    = "That is no repeating task. I can only do that to one that repeats."
)

// Respond implements chat.Responder.
func (Responder) Respond(ctx context.Context, r chat.Request, a chat.Answer) ([]string, error) {
	c := conversation{ctx: ctx, request: r, Answer: a, action: parse.Parse(r.Text, r.Caller.Now.In(r.Caller.Zone))}
	c.words = strings.FieldsFunc(strings.ToLower(r.Text), func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' && r != '’' })
	if err := c.answer(); err != nil {
		return nil, err
	}
	return c.suggestions(), nil
}

// conversation is one turn while it is answered.
type conversation struct {
	chat.Answer

	ctx     context.Context //nolint:containedctx // it lives as long as the turn
	request chat.Request
	words   []string // what was said, in lower case
	action  parse.Action
}

func (c conversation) say(text string) error { return c.Say(c.ctx, text) } //nolint:wrapcheck // ends the turn as it is

type arguments map[string]any

func call(name string, in arguments) (chat.Call, error) {
	data, err := json.Marshal(in)
	if err != nil {
		return chat.Call{}, fmt.Errorf("encoding arguments: %w", err)
	}
	return chat.Call{Name: name, Arguments: data}, nil
}

// do calls a tool and says its result, which is all there is to it.
func (c conversation) do(name string, in arguments) error {
	toolCall, err := call(name, in)
	if err != nil {
		return err
	}
	done, err := c.Call(c.ctx, toolCall)
	if err != nil {
		return err //nolint:wrapcheck // ends the turn as it is
	}
	return c.say(done.Result.Text)
}

// look finds without showing.
func (c conversation) look(name string, in arguments) ([]tool.Card, error) {
	toolCall, err := call(name, in)
	if err != nil {
		return nil, err
	}
	done, err := c.Look(c.ctx, toolCall)
	return done.Result.Cards, err //nolint:wrapcheck // ends the turn as it is
}

// says tells whether one of the words was said.
func (c conversation) says(words ...string) bool {
	return slices.ContainsFunc(c.words, func(w string) bool { return slices.Contains(words, w) })
}

func (c conversation) begins(words ...string) bool {
	return len(c.words) > 1 && slices.Contains(words, c.words[0])
}

func (c conversation) answer() error {
	in := c.action
	if done, err := c.ofConversation(); done || err != nil {
		return err
	}
	if in.Question != "" {
		// What the parser has to ask for may be known: "before the dentist" is a task's time.
		if in.Intent == parse.CreateReminder && in.Title != "" {
			if known, err := c.remindOfKnown(bare(in.Title)); known || err != nil {
				return err
			}
		}
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
		return c.complete()
	case parse.Cancel:
		return c.cancel()
	case parse.Update:
		return c.update()
	case parse.Snooze:
		return c.snooze()
	case parse.None:
	}
	switch {
	case c.says("thanks", "thank", "thx", "cheers"):
		return c.say(welcome)
	case c.says("yes", "no", "ok", "okay"):
		return c.say(noQuery)
	}
	return c.say(help)
}

// ofConversation is what means something else in a conversation than in a box for titles:
// there the parser leaves a text alone that holds no date. done: that was it.
func (c conversation) ofConversation() (done bool, err error) {
	asks := strings.HasSuffix(strings.TrimSpace(c.request.Text), "?")
	shows := asks || c.begins("show", "list", "what", "which", "see", "my")
	switch {
	case shows && c.says("reminders"):
		return true, c.do("find_reminders", arguments{})
	case shows && c.says("tags"):
		return true, c.do("find_tags", arguments{})
	case shows && c.says("recurring", "repeating", "series"):
		return true, c.do("find_recurring_tasks", arguments{})
	}
	plain := !slices.ContainsFunc(c.action.Spans, func(s parse.Span) bool { return s.Kind != parse.KindCommand })
	if c.action.Intent != parse.CreateTask {
		return false, nil
	}
	first, rest, _ := strings.Cut(courteous.ReplaceAllString(c.request.Text, ""), " ")
	rest = bare(rest)
	switch first = strings.ToLower(first); {
	case !plain && (!c.says("all", "every") || c.list(rest).Intent != parse.Query):
		return false, nil
	case asks && !c.says("add", "put", "make", "create", "note", "remember"):
		return true, c.say(honest)
	case rest == "":
		return false, nil
	case first == "find" || first == "search":
		return true, c.do("find_tasks", arguments{"search": bare(strings.TrimPrefix(rest, "for "))})
	case slices.Contains([]string{"delete", "remove", "cancel", "complete", "finish", "close"}, first):
		// Of a task that is there it is a command, else it is a task to be made.
		c.action.Title = rest
		cards, err := c.meant("find_tasks", tool.KindTask, nil)
		if err != nil || len(cards) == 0 {
			return false, err
		}
		name := "complete_tasks"
		if slices.Contains([]string{"delete", "remove", "cancel"}, first) {
			name = "cancel_tasks"
		}
		return true, c.change(name, nil)
	}
	return false, nil
}

// courteous are the words around a command that say nothing.
var courteous = regexp.MustCompile(`(?i)^\s*(please\s+)?(can you\s+|could you\s+)?|[\s,]*(please|thanks|thank you)?[\s.!?]*$`)

// bare is a name without what people put around it.
func bare(name string) string {
	name = strings.Trim(strings.TrimSpace(name), `"“”'.!`)
	for _, article := range []string{"the ", "my ", "recurring task ", "repeating task ", "series "} {
		if len(name) > len(article) && strings.EqualFold(name[:len(article)], article) {
			name = name[len(article):]
		}
	}
	return name
}

func (c conversation) createTask() error {
	in := c.action
	if in.Title == "" {
		return c.say("What is it about? Please give it a title.")
	}
	title := in.Title
	if in.Intent == parse.CreateReminder {
		title = bare(title)
		known, err := c.remindOfKnown(title)
		if known || err != nil {
			return err
		}
	}
	args := arguments{"title": title, "tags": in.Tags}
	if in.Priority != "" {
		args["priority"] = in.Priority
	}
	if in.DueAt != nil {
		args["due_at"] = moment(*in.DueAt, in.HasTime)
	}
	if in.RemindAt != nil {
		args["remind_at"] = in.RemindAt.Format(time.RFC3339)
	}
	if in.RemindOffset != nil {
		args["remind_minutes_before"] = *in.RemindOffset
	}
	return c.do("create_task", args)
}

// remindOfKnown makes a reminder of a task that is there under this very title.
func (c conversation) remindOfKnown(title string) (known bool, err error) {
	in := c.action
	cards, err := c.look("find_tasks", arguments{"search": title})
	if err != nil {
		return false, err
	}
	i := slices.IndexFunc(cards, func(card tool.Card) bool {
		same := in.RemindAt != nil || in.DueAt == nil || card.At != nil && card.At.Equal(*in.DueAt)
		return same && strings.EqualFold(card.Title, title)
	})
	if i < 0 {
		return false, nil
	}
	args := arguments{"task_id": cards[i].ID.String()}
	switch {
	case in.RemindAt != nil:
		args["remind_at"] = in.RemindAt.Format(time.RFC3339)
	case in.RemindOffset != nil:
		args["minutes_before"] = *in.RemindOffset
	default:
		return true, c.say("When shall I remind you of it?")
	}
	return true, c.do("create_reminder", args)
}

func (c conversation) createSeries() error {
	in := c.action
	if in.Title == "" {
		return c.say("What is it that repeats? Please give it a title.")
	}
	args := arguments{"title": in.Title, "rrule": in.RRule, "mode": string(in.Mode), "tags": in.Tags}
	if in.Priority != "" {
		args["priority"] = in.Priority
	}
	if in.DueAt != nil {
		args["start"] = in.DueAt.Format(map[bool]string{true: "2006-01-02T15:04:05", false: time.DateOnly}[in.HasTime])
	}
	if in.RemindOffset != nil {
		args["remind_minutes_before"] = []int{*in.RemindOffset}
	}
	return c.do("create_recurring_task", args)
}

func (c conversation) query() error {
	if c.says("summary", "summarise", "summarize") {
		return c.do("summarise_day", arguments{})
	}
	in := c.action
	if _, words, found := strings.Cut(c.request.Text, " "); found && c.begins("find", "search") {
		if list := c.list(words); list.Intent == parse.Query && list.Title == "" {
			in = list // "find tasks tagged work", where work is no text to search for
		}
	}
	return c.do("find_tasks", c.filter(in))
}

// filter is a query as find_tasks takes it.
func (c conversation) filter(in parse.Action) arguments {
	args := arguments{}
	if in.Title != "" {
		args["search"] = in.Title
	}
	if len(in.Tags) > 0 {
		args["tags"] = in.Tags
	}
	if in.Priority != "" {
		args["priority"] = []string{in.Priority}
	}
	switch in.Command.Status {
	case "completed":
		args["status"] = []string{"completed"}
		return args // the dates are of the completion, which is no condition of the list
	case "overdue":
		args["due_to"] = c.request.Caller.Now.Format(time.RFC3339)
	}
	if from := in.Command.From; from != nil {
		args["due_from"] = from.Format(time.RFC3339)
	}
	if to := in.Command.To; to != nil {
		args["due_to"] = to.Format(time.RFC3339)
	}
	return args
}

// meant are the things that the words of the action mean: what was shown, for "it" and
// "them"; a list, for "all overdue tasks"; else what has the words in its title.
func (c conversation) meant(finder, kind string, open arguments) ([]tool.Card, error) {
	words := bare(c.action.Title)
	if words == "" {
		switch {
		case kind == tool.KindTask && c.ofList():
			args := c.filter(c.action)
			args["limit"] = bulk
			return c.look(finder, args)
		case c.says("everything", "all"):
			return c.look(finder, arguments{"limit": bulk})
		}
		return c.request.Shown(kind), nil
	}
	if kind == tool.KindTask && c.says("all", "every") {
		if list := c.list(words); list.Intent == parse.Query {
			args := c.filter(list)
			args["limit"] = bulk
			return c.look(finder, args)
		}
	}
	args := arguments{"search": words}
	maps.Copy(args, open)
	return c.look(finder, args)
}

// ofList says whether a command is about a part of the list: "all tasks tagged work". Of an
// update, tags and a priority may be what is to be changed.
func (c conversation) ofList() bool {
	in := c.action
	if in.Title != "" || in.Intent == parse.Update && in.Command.Verb != "move" {
		return false
	}
	return len(in.Tags) > 0 || in.Priority != "" || in.Command.Status != "" || in.Command.From != nil || in.Command.To != nil
}

// list reads words that describe a list, such as "overdue tasks".
func (c conversation) list(words string) parse.Action {
	return parse.Parse("show "+words, c.request.Caller.Now.In(c.request.Caller.Zone))
}

// bulk is how many tasks one command may be for.
const bulk = 100

// change does something to the tasks that are meant.
func (c conversation) change(name string, with func(tool.Card) arguments) error {
	cards, err := c.meant("find_tasks", tool.KindTask, nil)
	if err != nil {
		return err
	}
	if len(cards) == 0 && c.ofList() {
		return c.say(noneOfList)
	}
	many := len(cards) > 1 && c.says("all", "every", "everything", "them", "these", "those", "both")
	if many || len(cards) > 0 && c.ofList() && with == nil {
		return c.do(name, arguments{"ids": ids(cards)})
	}
	return c.toOne(name, bare(c.action.Title), cards, with)
}

// complete marks what is meant as done. Of a repeating task that is the occurrence that has come.
func (c conversation) complete() error {
	if words := bare(c.action.Title); words != "" {
		tasks, err := c.meant("find_tasks", tool.KindTask, nil)
		if err != nil {
			return err
		}
		series, err := c.look("find_recurring_tasks", arguments{"search": words})
		if err != nil {
			return err
		}
		if len(tasks) == 0 && len(series) == 1 {
			return c.say("“" + series[0].Title + "” repeats, and nothing of it has come due. Say “skip the next " + words + "” to leave one out.")
		}
	}
	return c.change("complete_tasks", nil)
}

// toOne does something to the one of the cards that is meant.
func (c conversation) toOne(name, words string, cards []tool.Card, with func(tool.Card) arguments) error {
	card, ok, err := c.one(words, cards)
	if err != nil || !ok {
		return err
	}
	args := arguments{}
	if with != nil {
		if args = with(card); args == nil {
			return c.say(noDate)
		}
	}
	args["ids"] = ids([]tool.Card{card})
	return c.do(name, args)
}

// one is the card that is meant; else the person has been asked.
func (c conversation) one(words string, cards []tool.Card) (card tool.Card, ok bool, err error) {
	if len(cards) == 1 {
		return cards[0], true, nil
	}
	// The exact title, where there is one of it, is what was meant.
	exact := slices.DeleteFunc(slices.Clone(cards), func(card tool.Card) bool { return !strings.EqualFold(card.Title, words) })
	switch {
	case len(exact) == 1:
		return exact[0], true, nil
	case len(cards) > 1:
		var titles []string
		for _, card := range cards[:min(len(cards), 5)] {
			titles = append(titles, "“"+card.Title+"”")
		}
		return tool.Card{}, false, c.say(whichOne + " I find " + strings.Join(titles, ", ") + ".")
	case words == "":
		return tool.Card{}, false, c.say(nameIt)
	}
	return tool.Card{}, false, c.say("I find nothing open called “" + words + "”.")
}

func ids(cards []tool.Card) []string {
	all := make([]string, len(cards))
	for i, card := range cards {
		all[i] = card.ID.String()
	}
	return all
}

// series does something to the recurring task that is meant.
func (c conversation) series(name string) error {
	cards, err := c.meant("find_recurring_tasks", tool.KindSeries, nil)
	if err != nil {
		return err
	}
	if len(cards) == 0 {
		if tasks, err := c.meant("find_tasks", tool.KindTask, nil); err != nil || len(tasks) > 0 {
			return orSay(err, c, noRepeats)
		}
	}
	card, ok, err := c.one(bare(c.action.Title), cards)
	if err != nil || !ok {
		return err
	}
	return c.do(name, arguments{"id": card.ID.String()})
}

func orSay(err error, c conversation, text string) error {
	if err != nil {
		return err
	}
	return c.say(text)
}

// cancel deletes tasks, or ends the series or takes the reminder back that is meant.
func (c conversation) cancel() error {
	if c.says("reminding", "reminder") {
		cards, err := c.meant("find_reminders", tool.KindReminder, nil)
		if err != nil {
			return err
		}
		card, ok, err := c.one(bare(c.action.Title), named(cards, bare(c.action.Title)))
		if err != nil || !ok {
			return err
		}
		return c.do("cancel_reminder", arguments{"id": card.ID.String()})
	}
	series, err := c.meant("find_recurring_tasks", tool.KindSeries, nil)
	if err != nil {
		return err
	}
	tasks, err := c.meant("find_tasks", tool.KindTask, nil)
	if err != nil {
		return err
	}
	if c.ofList() {
		return c.change("cancel_tasks", nil)
	}
	if len(series) > 0 && (len(tasks) == 0 || c.says("series", "recurring", "repeating")) {
		return c.series("cancel_recurring_task")
	}
	return c.change("cancel_tasks", nil)
}

// named are the cards that have the words in their title.
func named(cards []tool.Card, words string) []tool.Card {
	return slices.DeleteFunc(slices.Clone(cards), func(card tool.Card) bool {
		return !strings.Contains(strings.ToLower(card.Title), strings.ToLower(words))
	})
}

func (c conversation) update() error {
	in := c.action
	given := func(args arguments) func(tool.Card) arguments { return func(tool.Card) arguments { return args } }
	switch in.Command.Verb {
	case "pause":
		if in.DueAt != nil {
			return c.say(noPauseUntil)
		}
		return c.series("pause_recurring_task")
	case "resume":
		return c.series("resume_recurring_task")
	case "skip":
		return c.series("skip_occurrence")
	case "reopen":
		return c.reopen()
	case "rename":
		return c.change("update_tasks", given(arguments{"title": in.Command.NewTitle}))
	case "priority":
		return c.change("update_tasks", given(arguments{"priority": in.Priority}))
	case "untag":
		return c.change("update_tasks", given(arguments{"remove_tags": in.Tags}))
	case "tag":
		return c.change("update_tasks", given(arguments{"add_tags": in.Tags}))
	}
	if in.DueAt != nil {
		return c.change("update_tasks", given(arguments{"due_at": moment(*in.DueAt, in.HasTime)}))
	}
	return c.change("update_tasks", func(card tool.Card) arguments {
		if card.At == nil {
			return nil
		}
		shift := in.Command.Shift
		at := card.At.AddDate(0, shift.Months, shift.Days).Add(time.Duration(shift.Minutes) * time.Minute)
		return arguments{"due_at": at.Format(time.RFC3339)}
	})
}

func (c conversation) reopen() error {
	cards, err := c.meant("find_tasks", tool.KindTask, arguments{"status": []string{"completed", "cancelled"}})
	if err != nil {
		return err
	}
	card, ok, err := c.one(bare(c.action.Title), cards)
	if err != nil || !ok {
		return err
	}
	return c.do("reopen_tasks", arguments{"ids": ids([]tool.Card{card})})
}

// snooze is of the reminder that came last, or of the one of the task that is named.
func (c conversation) snooze() error {
	in := c.action
	args := arguments{}
	switch {
	case in.RemindAt != nil:
		args["until"] = in.RemindAt.Format(time.RFC3339)
	case in.DueAt != nil:
		args["until"] = in.DueAt.Format(time.RFC3339)
	default:
		return c.say("Until when?")
	}
	if in.Title != "" {
		cards, err := c.look("find_reminders", arguments{"sent": true})
		if err != nil {
			return err
		}
		card, ok, err := c.one(bare(in.Title), named(cards, bare(in.Title)))
		if err != nil || !ok {
			return err
		}
		args["id"] = card.ID.String()
	} else if shown := c.request.Shown(tool.KindReminder); len(shown) == 1 {
		args["id"] = shown[0].ID.String()
	}
	return c.do("snooze_reminder", args)
}

func (c conversation) suggestions() []string {
	switch c.action.Intent {
	case parse.CreateTask, parse.CreateReminder:
		return []string{"What is due today?", "Delete it"}
	case parse.CreateRecurring:
		return []string{"Show my recurring tasks", "Pause it"}
	case parse.Query:
		return []string{"What is due this week?", "Give me a summary of my day"}
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
