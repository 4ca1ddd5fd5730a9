package parse

import (
	"strings"
	"time"
)

// Command is what Complete, Update, Cancel and Query leave open.
type Command struct {
	// Verb of an Update: move, rename, pause, resume, skip, reopen, priority or tag.
	Verb string
	// NewTitle of a rename.
	NewTitle string
	// Shift of a move: minutes, days or months by which the task is put off.
	Shift Shift
	// From and To bound the due times that a Query asks about, To exclusive; nil is open.
	From, To *time.Time
	// Status that a Query asks about: open, overdue or completed.
	Status string
}

// Shift is a length of time by which a task is put off.
type Shift struct{ Months, Days, Minutes int }

// opening skips what people say before they come to the point.
func (p *parser) opening(i int) int {
	for {
		k := i
		for _, filler := range [][]string{
			{"please"}, {"hey", "rondo"}, {"hi", "rondo"}, {"rondo"}, {"ok"}, {"okay"}, {"hey"}, {"can", "you"}, {"could", "you"}, {"would", "you"},
			{"will", "you"}, {"good", "morning", ","}, {"hello", ","}, {"hi", ","}, {"i", "want", "to"}, {"i'd", "like", "to"}, {"let's"}, {","},
		} {
			if p.is(i, filler...) && i+len(filler) < p.end {
				i += len(filler)
				break
			}
		}
		if i == k {
			return i
		}
	}
}

// ending is the end without a full stop, a "please" and the like.
func (p *parser) ending() int {
	end := p.end
	for end > 0 {
		switch t := p.at(end - 1); t.text {
		case ".", "!", "?", "please", ",":
			end--
			continue
		case "me":
			if p.is(end-2, "for") {
				end -= 2
				continue
			}
		}
		break
	}
	return end
}

// target takes everything but the tokens from a to b, which name a task, as the
// command. It reports whether they name one.
func (p *parser) target(intent Intent, a, b int) {
	a, b = p.bareTarget(a, b)
	p.action.Intent = intent
	p.take(piece{0, a, KindCommand})
	if b < p.end {
		p.take(piece{b, p.end, KindCommand})
	}
}

// bareTarget leaves the name alone: "the task called 'buy milk'" is "buy milk".
func (p *parser) bareTarget(a, b int) (from, to int) {
	for a < b {
		switch t := p.at(a); t.text {
		case "the", "my", "that", "a", ":", "all":
			a++
			continue
		case "today's", "tomorrow's", "tonight's":
			a++
			continue
		case "this", "next":
			if a++; strings.HasSuffix(p.at(a).text, "'s") && a+1 < b { // this week's gym
				a++
			}
			continue
		case "task", "todo", "reminder", "series", "item":
			if !p.at(a + 1).isNumber() {
				a++
				continue
			}
		case "called", "named", "titled", "to", "about", "for":
			if a > 0 && things.has(p.at(a-1).text) {
				a++
				continue
			}
		case "it", "them", "everything", "those", "these":
			if a+1 == b {
				a++
				continue
			}
		}
		break
	}
	for b > a+1 && (p.is(b-1, "task") || p.is(b-1, "reminder") || p.is(b-1, "series") || p.is(b-1, "todo")) {
		b--
	}
	for a < b && (p.is(b-1, ",") || p.is(b-1, ":")) {
		b--
	}
	return a, b
}

// things are words for what is kept here.
var things = setOf("task", "tasks", "todo", "todos", "reminder", "reminders", "series", "item", "items", "to-do", "to-dos")

// definite says whether the tokens from a on mean something that is there already:
// "the report", "it", "my dentist task".
func (p *parser) definite(a, b int) bool {
	if a >= b {
		return false
	}
	switch p.at(a).text {
	case "the", "my", "that", "this", "it", "them", "those", "these", "everything", "all", "today's", "tomorrow's", "tonight's":
		return true
	}
	return things.has(p.at(a).text) || things.has(p.at(b-1).text)
}

// talk says whether the text is none of our business: empty, a greeting.
func (p *parser) talk() bool {
	end := p.ending()
	if end == 0 {
		return true
	}
	const longest = 4
	if end > longest {
		return false
	}
	for _, phrase := range [][]string{
		{"hi"}, {"hello"}, {"hey"}, {"hi", "rondo"}, {"hello", "rondo"}, {"hey", "rondo"}, {"hi", "there"}, {"hello", "there"}, {"thanks"}, {"thank", "you"},
		{"thanks", "a", "lot"}, {"thank", "you", "very", "much"}, {"thx"}, {"ok"}, {"okay"}, {"yes"}, {"no"}, {"yep"}, {"nope"}, {"help"}, {"help", "me"}, {"good", "morning"},
		{"good", "evening"}, {"good", "night"}, {"good", "afternoon"}, {"bye"}, {"goodbye"}, {"how", "are", "you"}, {"who", "are", "you"},
		{"what", "can", "you", "do"}, {"never", "mind"}, {"nevermind"}, {"cool"}, {"great"}, {"test"},
	} {
		if len(phrase) == end && p.is(0, phrase...) {
			return true
		}
	}
	return false
}

// snooze reads "snooze it an hour", "remind me again in 10 minutes".
func (p *parser) snooze() bool {
	i := p.opening(0)
	end := p.ending()
	switch {
	case p.is(i, "snooze"):
		i++
	case p.is(i, "remind", "me", "again"), p.is(i, "remind", "me", "later"):
		i += 2
		if p.is(i, "later") && i+1 < end { // about something: a reminder
			return false
		}
		i++
	default:
		return false
	}
	if p.is(i, "button") || p.is(i, "alarm", "clock") {
		return false
	}
	to := p.tail(i, end, setOf("for", "by", "until", "till", "to", "in", "another", "at", "on"))
	if to.from == end {
		p.ask("Until when?")
	}
	p.target(Snooze, i, to.from)
	p.cut(to, end)
	switch {
	case to.hasShift:
		at := p.now.Add(minutes(to.shift.minutes))
		if to.shift.minutes == 0 {
			at = p.instant(dueTime{date: to.shift.after(p.today), hour: p.now.Hour(), minute: p.now.Minute()})
		}
		p.action.RemindAt = &at
	case to.when != nil:
		day, clocked := split(to.when)
		due := p.due(day, clocked)
		if !due.hasTime {
			due.hour = hours[morning]
		}
		at := p.instant(due)
		p.action.RemindAt = &at
	}
	return true
}

// tail is the time at the end of a command.
type tail struct {
	from     int
	shift    duration
	hasShift bool
	when     *phrase
}

// tail finds the time that a command ends with, behind one of the words, or a
// duration without one.
func (p *parser) tail(i, end int, words set) tail {
	for k := i; k < end; k++ {
		led := words.has(p.at(k).text)
		j := k
		if led && !p.is(k, "in") && !p.is(k, "another") {
			j++
		}
		if d, after := p.duration(j); after == end && (led || k > i || p.at(k).kind != none) && !d.vague {
			return tail{from: k, shift: d, hasShift: true}
		}
		if !led && !(k == i && words.has("")) && p.at(k).relative == 0 {
			continue
		}
		if p.is(k, "at") || p.is(k, "on") {
			j = k
		}
		if f, ok := p.phraseAt(j); ok && f.to == end {
			return tail{from: k, when: &f}
		}
	}
	return tail{from: end}
}

// cut marks the time of a command as what it is.
func (p *parser) cut(t tail, end int) {
	if t.from >= end {
		return
	}
	kind := KindTime
	if t.when != nil {
		kind = t.when.kind
	}
	for k := range p.pieces { // the command's last piece begins there
		if c := &p.pieces[k]; c.from <= t.from && c.to >= end {
			rest := piece{end, c.to, KindCommand}
			c.to = t.from
			p.take(piece{t.from, end, kind})
			p.take(rest)
			if c.from == c.to {
				p.pieces = append(p.pieces[:k], p.pieces[k+1:]...)
			}
			return
		}
	}
}

var doneWords = setOf("done", "complete", "completed", "finished")

// complete reads "mark the report done", "I finished the laundry", "check off milk".
func (p *parser) complete() bool {
	i, end := p.opening(0), p.ending()
	if i >= end {
		return false
	}
	last := p.at(end - 1).text
	switch p.at(i).text {
	case "set":
		if !p.is(end-2, "as") {
			return false
		}
		fallthrough
	case "mark":
		if doneWords.has(p.at(i+1).text) || p.is(i+1, "as") && doneWords.has(p.at(i+2).text) {
			k := i + 2
			if p.is(i+1, "as") {
				k++
			}
			p.target(Complete, k, end)
			return k < end
		}
		if doneWords.has(last) && end > i+2 {
			b := end - 1
			if p.is(b-1, "as") || p.is(b-1, "to") {
				b--
			}
			p.target(Complete, i+1, b)
			return true
		}
		return false
	case "check", "tick", "cross":
		if p.is(i+1, "off") && i+2 < end {
			p.target(Complete, i+2, p.withoutList(end))
			return true
		}
		b := p.withoutList(end)
		if p.is(b-1, "off") && b > i+2 {
			p.target(Complete, i+1, b-1)
			return true
		}
		return false
	case "complete":
		if i+1 < end && end-i <= longestName && !p.named(i+1) && !completes.has(p.at(i+1).text) && !p.timed(i+1, end) {
			p.target(Complete, i+1, end)
			return true
		}
		return false
	case "finish":
		if p.definite(i+1, end) && !p.timed(i+1, end) {
			p.target(Complete, i+1, end)
			if p.at(i+1).text == "the" || p.at(i+1).text == "my" {
				p.ask("Is it done, or should I add it as a new task?")
			}
			return true
		}
		return false
	}
	return p.didIt(i, end)
}

// completes are nouns that "complete" describes.
var completes = setOf("works", "guide", "set", "list", "series", "collection", "overhaul", "history", "idiot's", "beginner's", "book", "rewrite")

// timed says whether a day or a time stands between a and b: then it is a task to
// come, and no report of one.
func (p *parser) timed(a, b int) bool {
	for k := a; k < b; k++ {
		if f, ok := p.whenAt(k); ok && f.connector != bare || ok && f.day.trust <= relation {
			return true
		}
		if _, ok := p.seriesAt(k); ok {
			return true
		}
		if _, after := p.priorityAt(k); after > k || p.at(k).kind == hashtag {
			return true
		}
	}
	return false
}

// withoutList is the end without "my list", "off the list".
func (p *parser) withoutList(end int) int {
	if !p.is(end-1, "list") {
		return end
	}
	k := end - 1
	for p.is(k-1, "todo") || p.is(k-1, "task") || p.is(k-1, "tasks") || p.is(k-1, "do") || p.is(k-1, "-") || p.is(k-1, "to") && p.at(k).glued {
		k--
	}
	for articles.has(p.at(k-1).text) || p.is(k-1, "from") || p.is(k-1, "of") {
		k--
	}
	return k
}

// didIt reads reports: I finished it, done with it, it is done.
func (p *parser) didIt(i, end int) bool {
	k := i
	for p.is(k, "i") || p.is(k, "i've") || p.is(k, "i'm") || p.is(k, "i", "have") || p.is(k, "we") || p.is(k, "just") || p.is(k, "have") || p.is(k, "already") || p.is(k, "am") {
		k++
	}
	said := k > i
	last := p.at(end - 1).text
	if end == i+1 || end == i+2 && (p.is(i, "it's") || p.is(i, "that's") || p.is(i, "all")) {
		return (last == "done" || last == "finished") && p.all(Complete)
	}
	switch p.at(k).text {
	case "finished", "completed":
		if k = p.skip(k+1, "with"); k < end && (said || !p.named(k)) {
			p.target(Complete, k, end)
			return true
		}
		return false
	case "done":
		if (p.is(k+1, "with") || p.is(k+1, ":")) && k+2 < end {
			p.target(Complete, k+2, end)
			return true
		}
		return false
	case "did":
		if said && k+1 < end {
			p.target(Complete, k+1, end)
			return true
		}
		return false
	}
	if doneWords.has(last) && end-2 > i && !verbs.has(p.at(i).text) && i == k {
		switch p.at(end - 2).text {
		case "is", "are", "was", "were":
			if end-2 > i && end-2-i <= longestName && !p.asks(i) && !p.mentions(i, end-2, conditions) {
				p.target(Complete, i, end-2)
				return true
			}
		}
	}
	return false
}

// longestName is the number of words that name a task in a report or a command.
const longestName = 5

// conditions make a sentence speak of another one: "call once it is done".
var conditions = setOf("once", "when", "if", "after", "until", "before", "unless", "while", "because", "since")

// asks says whether a question, or a wish that something be so, begins at i.
func (p *parser) asks(i int) bool {
	switch p.at(i).text {
	case "is", "are", "what", "when", "who", "how", "why", "if", "ensure", "until", "once", "after", "wait", "not", "well", "nothing":
		return true
	}
	return false
}

// all takes the whole text as a command about "it".
func (p *parser) all(intent Intent) bool {
	p.action.Intent = intent
	p.take(piece{0, p.end, KindCommand})
	return true
}

// subscriptions are ended in the world, not here: "cancel Netflix subscription" is a task.
var subscriptions = setOf("subscription", "subscriptions", "membership", "memberships", "order", "plan", "account", "contract", "trial", "policy", "card",
	"flight", "flights", "booking", "reservation", "insurance", "lease", "service", "culture", "amazon", "netflix", "spotify", "hotel", "delivery", "internet", "cable", "phone")

// cancel reads "cancel the dentist", "delete the task call Bob".
func (p *parser) cancel() bool {
	i, end := p.opening(0), p.ending()
	verb := p.at(i).text
	k := i + 1
	if p.at(k).glued {
		return false
	}
	switch verb {
	case "cancel":
		if k >= end || p.named(k) && p.named(k+1) {
			return false
		}
		for j := k; j < end; j++ {
			if subscriptions.has(p.at(j).text) {
				return false
			}
		}
		if !p.definite(k, end) && (end-k > 3 || p.timed(k, end)) {
			return false
		}
	case "delete", "remove", "drop", "scratch", "trash", "erase", "kill":
		b := p.withoutList(end)
		if b < end && p.is(b-1, "off") {
			b--
		}
		if b < end && b > k {
			p.target(Cancel, k, b)
			return true
		}
		if !p.pronoun(k, end) && !things.has(p.at(end-1).text) && !p.thing(k, end) && !(verb == "delete" && verbs.has(p.at(k).text) && k+1 < end) {
			return false
		}
	case "stop":
		if things.has(p.at(end-1).text) && p.definite(k, end) {
			p.target(Cancel, k, end)
			return true
		}
		if p.is(k, "reminding", "me", "about") || p.is(k, "reminding", "me", "to") {
			p.target(Cancel, k+3, end)
			return k+3 < end
		}
		return false
	default:
		return false
	}
	p.target(Cancel, k, end)
	return true
}

func (p *parser) pronoun(a, b int) bool {
	switch p.at(a).text {
	case "it", "that", "this", "them", "everything":
		return a+1 == b
	}
	return false
}

// thing says whether a word for what is kept here stands before the name: "the task call Bob".
func (p *parser) thing(a, b int) bool {
	for a < b && articles.has(p.at(a).text) {
		a++
	}
	return a < b && things.has(p.at(a).text)
}

// update reads what changes a task and leaves it open.
func (p *parser) update() bool {
	i, end := p.opening(0), p.ending()
	if i+1 >= end || p.at(i+1).glued {
		return false
	}
	switch verb := p.at(i).text; verb {
	case "rename":
		return p.rename(i, end)
	case "change":
		return p.reprioritize(i, end) || p.move(i, end, verb)
	case "move", "reschedule", "postpone", "push", "delay", "defer", "shift", "bump", "bring":
		return p.move(i, end, verb)
	case "pause", "resume", "unpause", "skip", "reopen":
		return p.state(i, end, verb)
	case "set":
		return p.reprioritize(i, end) || p.dueDateOf(i+1) > i+1 && p.move(i, end, verb)
	case "make", "mark":
		return p.reprioritize(i, end)
	case "tag", "label":
		return p.retag(i+1, end)
	case "add", "put":
		return p.at(i+1).kind == hashtag && p.is(i+2, "to") && i+3 < end && p.retagged(i+1, i+3, end)
	}
	return false
}

func (p *parser) rename(i, end int) bool {
	for k := end - 2; k > i+1; k-- {
		if (p.is(k, "to") || p.is(k, "as")) && k-i <= longestName+1 && !p.mentions(k, end, conditions) {
			if t := p.at(k - 1).text; t == "files" || t == "photos" || t == "folders" || t == "images" {
				return false
			}
			p.target(Update, i+1, k)
			p.action.Command = Command{Verb: "rename", NewTitle: p.text[p.at(k+1).start:p.at(end-1).end]}
			return true
		}
	}
	return false
}

// move reads a new due time.
func (p *parser) move(i, end int, verb string) bool {
	words := setOf("to", "until", "till", "for", "by", "on")
	switch verb {
	case "move", "push", "bring", "change", "bump", "shift", "set":
		words = setOf("to", "until", "till", "by")
	}
	i = p.dueDateOf(i+1) - 1
	to := p.tail(i+1, end, words)
	forward := verb == "postpone" || verb == "delay" || verb == "defer" || verb == "reschedule"
	if to.from == end {
		if verb != "reschedule" && verb != "postpone" || end-i > longestName || !p.definite(i+1, end) && end-i > 3 {
			return false
		}
		p.ask("To when?")
	} else if to.hasShift && !forward && !p.is(to.from, "by") {
		return false
	}
	b := to.from
	for k := i + 1; k < b; k++ { // from thursday to friday
		if f, ok := p.phraseAt(k + 1); ok && p.is(k, "from") && f.to >= b {
			b = k
		}
	}
	for b > i+1 && moved.has(p.at(b-1).text) {
		b--
	}
	p.target(Update, i+1, b)
	p.cut(to, end)
	p.action.Command.Verb = "move"
	if to.hasShift {
		p.action.Command.Shift = Shift{to.shift.months, to.shift.days, to.shift.minutes}
	}
	if to.when != nil {
		day, clocked := split(to.when)
		due := p.due(day, clocked)
		at := p.instant(due)
		p.action.DueAt, p.action.HasTime = &at, due.hasTime
	}
	return true
}

// moved are words between a task's name and its new time: "push it back to", "the
// report's due date to".
var moved = setOf("back", "forward", "from", "out", "time", "date", "due", "deadline")

// dueDateOf skips "the due date of".
func (p *parser) dueDateOf(i int) int {
	k := p.skip(p.skip(i, "the"), "due")
	switch p.at(k).text {
	case "date", "time", "deadline":
		if p.is(k+1, "of") || p.is(k+1, "for") {
			return k + 2
		}
	}
	return i
}

// state reads pause, resume, skip and reopen.
func (p *parser) state(i, end int, verb string) bool {
	k := i + 1
	for j := k; j < end; j++ {
		if subscriptions.has(p.at(j).text) {
			return false
		}
	}
	next := p.at(k)
	switch {
	case next.kind == punct || p.named(k) && p.named(k+1), verb != "reopen" && !p.definite(k, end) && end-k > 1 && !events.has(p.at(end-1).text):
		return false
	case joints.has(next.text) && !p.definite(k, end), end-k > longestName:
		return false
	case idle.has(next.text):
		return false
	}
	if verb == "unpause" {
		verb = "resume"
	}
	p.target(Update, k, end)
	p.action.Command.Verb = verb
	return true
}

// idle are words that make another thing of pause, resume and skip.
var idle = setOf("rope", "template", "review", "update", "draft", "writing", "button", "bin", "hire", "screen", "stones", "tutorial", "workshop", "dessert",
	"router", "server", "computer", "laptop", "phone", "modem")

// reprioritize reads "make the report high priority", "set priority of X to low".
func (p *parser) reprioritize(i, end int) bool {
	k := i + 1
	if p.is(k, "the", "priority", "of") || p.is(k, "priority", "of") {
		b := end - 2
		l := levels[p.at(end-1).text]
		if l == "" || !p.is(b, "to") {
			return false
		}
		k = p.skip(k, "the") + 2
		p.target(Update, k, b)
		p.action.Priority, p.action.Command.Verb = l, "priority"
		return k < b
	}
	for b := end - 1; b > k; b-- {
		l, after := p.levelAt(b)
		if after == b && b == end-1 {
			if l = numbered[p.at(b).text]; l == "" && p.is(b, "urgent") {
				l = high
			}
			after = end
		}
		if l == "" || after != end {
			continue
		}
		for b > k && (p.is(b-1, "to") || p.is(b-1, "as") || p.is(b-1, "a")) {
			b--
		}
		p.target(Update, k, b)
		p.action.Priority, p.action.Command.Verb = l, "priority"
		return true
	}
	return false
}

// retag reads "tag the report with work", "tag report #work".
func (p *parser) retag(k, end int) bool {
	for b := k + 1; b < end; b++ {
		j := b
		if p.is(j, "with") || p.is(j, "as") {
			j++
		}
		if t := p.at(j); j+1 == end && (t.kind == hashtag || j > b && t.kind == word) {
			name := p.text[t.start:t.end]
			if t.kind == hashtag {
				name = name[1:]
			}
			p.tag(name)
			p.target(Update, k, b)
			p.action.Command.Verb = "tag"
			return true
		}
	}
	return false
}

// retagged is "add #work to the report".
func (p *parser) retagged(tag, k, end int) bool {
	name, after := p.tagAt(tag)
	if after == tag {
		return false
	}
	p.tag(name)
	p.target(Update, k, end)
	p.action.Command.Verb = "tag"
	return true
}
