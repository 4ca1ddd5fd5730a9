package parse

import (
	"slices"
	"strings"
	"time"
)

// Command is what the intents Complete, Update, Cancel and Query leave open.
type Command struct {
	// Verb of an Update: move, rename, pause, resume, skip, reopen, priority or tag.
	Verb string
	// NewTitle of a rename.
	NewTitle string
	// Shift of a move: how far the task is put off, where no new time is said.
	Shift Shift
	// From and To bound the due times that a Query asks about, To exclusive; nil is open.
	From, To *time.Time
	// Status that a Query asks about: open, overdue or completed.
	Status string
}

// Shift is a length of time by which a task is put off.
type Shift struct{ Months, Days, Minutes int }

var (
	// fillers are what people say before they come to the point.
	fillers = phrases(`please, hey rondo, ok, rondo, okay, hi rondo, hey, hey siri, ok google, hey google, alexa, can you, could you,
		would you, will you, i want to, i'd like to, i would like to, i need you to, i want you to, i'd like you to, let's, kindly,
		pls, plz, um, uh`)
	// hems are said before anything.
	hems = phrases(`so, um, uh, well, right, oh, actually, also, and, then, just, now, alright`)
	// greetings stand before a comma.
	greetings = phrases(`good morning, good afternoon, good evening, hello, hi`)
	// talks are whole texts that ask for nothing.
	talks = phrases(`hi, hello, hey, hi rondo, hello rondo, hey rondo, hi there, hello there, thanks, thank you, thanks a lot,
		thank you very much, thx, ok, okay, yes, no, yep, nope, help, help me, good morning, good evening, good night,
		good afternoon, bye, goodbye, cheers, ta, sure, perfect, awesome, nice, got it, good job, well done, thanks so much, many thanks,
		sorry, hiya, hey there, what's up, sup, how are you, who are you, what can you do, never mind, nevermind, cool, great, test`)
	// courtesies are what such a text may be made of.
	courtesies = setOf(`ok okay thanks thank you thx cool great perfect nice awesome cheers sure yes yep no nope hi hello hey there rondo
		so much very many a lot bye good job`)
	// things are words for what is kept here.
	things = setOf(`task tasks todo todos reminder reminders series item items to-do to-dos`)
	// knowns begin the name of something that is there already: "the report".
	knowns = setOf(`the my that this it them those these everything all today's tomorrow's tonight's`)
	// pronouns stand for the whole name.
	pronouns = setOf(`it that this them those these everything all`)
	// conditions make a sentence speak of another one: "call once it is done".
	conditions = setOf(`once when if after until before unless while because since`)
	// subscriptions are ended and paused in the world, not here.
	subscriptions = setOf(`subscription subscriptions membership memberships order plan account contract trial policy card
		flight flights booking reservation insurance lease service culture amazon netflix spotify hotel delivery
		internet cable phone`)
)

// longestName is the number of words that name a task in a command.
const longestName = 5

// phrases are lists of words that commas part.
func phrases(text string) [][]string {
	var all [][]string
	for phrase := range strings.SplitSeq(text, ",") {
		all = append(all, strings.Fields(phrase))
	}
	return all
}

// oneOf is the position behind the first of the phrases that stands at i, else i.
func (p *parser) oneOf(i int, phrases [][]string) int {
	for _, words := range phrases {
		if p.is(i, words...) {
			return i + len(words)
		}
	}
	return i
}

// opening is where the sentence comes to the point.
func (p *parser) opening() int {
	i := p.oneOf(0, greetings)
	if !p.is(i, ",") {
		i = 0
	}
	for {
		k := p.skip(p.oneOf(i, fillers), ",")
		if k == i { // and of those only what leads to a request or a lead
			if j := p.skip(p.oneOf(i, hems), ","); j > i && j < p.end && (p.oneOf(j, fillers) > j || p.leadsAt(j)) {
				k = j
			}
		}
		if k == i || k >= p.end {
			return i
		}
		i = k
	}
}

// leadsAt says whether words that lead to a task stand at i.
func (p *parser) leadsAt(i int) bool {
	level, open := p.action.Priority, p.opener
	k, _ := p.leadWords(i)
	p.action.Priority, p.opener = level, open
	return k > i
}

// ending is the end without a full stop, a "please" and the like.
func (p *parser) ending() int {
	end := p.end
	for {
		switch {
		case end > 0 && p.either(end-1, ".", "!", "?", "please", ","):
			end--
		case end > 1 && p.is(end-2, ",", "thanks"), end > 2 && p.is(end-3, ",", "thank", "you"):
			for end--; !p.is(end, ","); end-- {
			}
		case end > 1 && p.is(end-2, "for", "me"):
			end -= 2
		default:
			return end
		}
	}
}

// talk says whether the text is none of our business: empty, a greeting.
func (p *parser) talk() bool {
	end := p.ending()
	const most = 4
	only := end > 1 && end <= most
	for k := range end {
		only = only && (p.in(k, courtesies) || p.is(k, ","))
	}
	return end == 0 || only || slices.ContainsFunc(talks, func(words []string) bool { return len(words) == end && p.is(0, words...) })
}

// target takes everything but the name of a task, which is between a and b, as the
// command. It is always true, so that a command can end with it.
func (p *parser) target(intent Intent, a, b int) bool {
	a, b = p.name(a, b)
	p.action.Intent = intent
	p.take(piece{0, a, KindCommand})
	p.take(piece{b, p.end, KindCommand})
	return true
}

// targets is target for a command about one task or a list of them: "all overdue tasks"
// is no name but what a query would ask for.
func (p *parser) targets(intent Intent, a, b int) bool {
	if !p.bulk(a, b) {
		return p.target(intent, a, b)
	}
	p.filter(a, b)
	p.action.DueAt = nil
	return p.target(intent, b, b)
}

// bulk says whether the tokens from a to b mean a part of the list: "everything tagged
// work", "all tasks due today", "overdue tasks".
func (p *parser) bulk(a, b int) bool {
	k := p.past(p.skip(p.past(a, alls), "of"), articles)
	every := p.either(a, "everything", "anything") || p.mentions(a, b, listedAll)
	return b > a && every && !p.mentions(k, b, kinds) && p.onlyList(a, b)
}

var (
	alls = setOf(`all every everything anything`)
	// kinds are of things on a list, which a part of the list does not tell apart.
	kinds = setOf(`meetings appointments events plans things deadlines stuff items`)
)

// name is the name alone: of "the task called 'buy milk'" it is "buy milk", of "it"
// nothing.
func (p *parser) name(a, b int) (from, to int) {
	for k := a; k <= b; {
		a = k
		switch {
		case a == b:
		case p.either(a, "the", "my", "a", "that", "all", ":"):
			k++
		case p.either(a, "today's", "tomorrow's", "tonight's"):
			k++
		case p.either(a, "this", "next"):
			k++
			if k+1 < b && strings.HasSuffix(p.at(k).text, "'s") { // this week's gym
				k++
			}
		case p.in(a, things) && !p.at(a+1).isNumber() && !p.is(a, "tasks"):
			k++
		case p.either(a, "called", "named", "titled", "to", "about", "for") && p.in(a-1, things):
			k++
		case a+1 == b && p.in(a, pronouns):
			k++
		}
		if k == a {
			break
		}
	}
	for b > a+1 && p.either(b-1, "task", "reminder", "series", "todo") {
		b--
	}
	for a < b && p.either(b-1, ",", ":") {
		b--
	}
	return a, b
}

// known says whether the tokens from a to b mean something that is there already:
// "the report", "it", "my dentist task".
func (p *parser) known(a, b int) bool {
	return a < b && (p.in(a, knowns) || p.in(a, things) || p.in(b-1, things))
}

// timed says whether a day, a time or the like stands between a and b: then it is a
// task to come, and no report of one.
func (p *parser) timed(a, b int) bool {
	for k := a; k < b; k++ {
		if !p.mayBegin(k) {
			continue
		}
		if f, ok := p.whenAt(k); ok && (f.connector != bare || f.day.trust <= relation) {
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

// withoutList is the end without "my to-do list", "from the list".
func (p *parser) withoutList(end int) int {
	if !p.is(end-1, "list") {
		return end
	}
	k := end - 1
	for p.either(k-1, "todo", "task", "tasks", "do", "-") || p.is(k-1, "to") && (p.at(k).glued || p.is(k, "do")) {
		k--
	}
	for articles.has(p.at(k-1).text) || p.either(k-1, "from", "of") {
		k--
	}
	return k
}

// cut takes the time that stands at the end of a name away: "gym today", "gym this week".
func (p *parser) cut(k, end int) int {
	for b := k + 1; b < end; b++ {
		if f, ok := p.phraseAt(b); ok && f.to == end && (f.connector != bare || f.day.trust <= weekName || f.day.trust == within) {
			return b
		}
	}
	return end
}

// tail is the time that a command ends with.
type tail struct {
	from     int // its first token; the command's end when there is none
	shift    duration
	hasShift bool
	when     *phrase
}

// tail finds the time at the end of a command: behind one of the words, or a
// duration without one. relative says that "tomorrow" needs none either.
func (p *parser) tail(i, end int, words set, relative bool) tail {
	for k := i; k < end; k++ {
		led, j := p.in(k, words), k
		if led && !p.either(k, "in", "another", "at", "on") {
			j++
		}
		if d, after := p.duration(j); after == end && !d.vague {
			return tail{from: k, shift: d, hasShift: true}
		}
		if !led && (!relative || p.at(k).relative == 0 && !p.either(k, "this", "next", "later")) {
			continue
		}
		if f, ok := p.phraseAt(j); ok && f.to == end {
			return tail{from: k, when: &f}
		}
		if q, after := p.partAt(p.skip(j, "the")); led && q != 0 && after == end { // until the morning
			return tail{from: k, when: &phrase{piece: piece{j, end, KindTime}, time: partClock(q), hasTime: true}}
		}
		if c, after := p.clockAt(j, true); led && after == end && after > j { // until 6
			return tail{from: k, when: &phrase{piece: piece{j, end, KindTime}, time: c, hasTime: true}}
		}
	}
	return tail{from: end}
}

// takeTail marks the time of a command as what it is, where target has taken it for
// a part of the command.
func (p *parser) takeTail(t tail, end int) {
	if t.from >= end {
		return
	}
	kind := KindTime
	if t.when != nil {
		kind = t.when.kind
	}
	i := slices.IndexFunc(p.pieces, func(c piece) bool { return c.from <= t.from && c.to >= end })
	c := p.pieces[i]
	p.pieces = slices.Delete(p.pieces, i, i+1)
	p.take(piece{c.from, t.from, c.kind})
	p.take(piece{t.from, end, kind})
	p.take(piece{end, c.to, c.kind})
}

// snoozeWords lead to the end of a pause.
var snoozeWords = setOf(`for by until till til to in another at on`)

// snooze reads "snooze it an hour", "remind me again in 10 minutes".
func (p *parser) snooze() bool {
	i, end := p.opening(), p.ending()
	switch {
	case p.is(i, "snooze") && !p.at(i+1).glued:
		i++
	case p.is(i, "remind", "me", "again"), p.is(i, "remind", "me", "later") && i+3 == end:
		i += 3
	case p.is(i, "give", "me") && p.is(end-1, "minutes") && p.either(end-2, "more"): // give me 10 more minutes
		n, k := p.count(i + 2)
		if k != end-2 {
			return false
		}
		at := p.now.Add(minutes(n))
		p.action.RemindAt = &at
		return p.target(Snooze, end, end)
	default:
		return false
	}
	n := p.at(end - 1)
	alone := end-1 == i || p.is(end-2, "for") || end-2 == i && p.in(i, pronouns)
	if alone && n.isNumber() && n.number > 0 && n.number <= most { // snooze 10
		at := p.now.Add(minutes(n.number))
		p.action.RemindAt = &at
		if p.is(end-2, "for") {
			end--
		}
		return p.target(Snooze, i, end-1)
	}
	to := p.tail(i, end, snoozeWords, true)
	if to.from == end {
		if end-i > 1 && !p.known(i, end) { // snooze button repair
			return false
		}
		p.ask("Until when?")
	}
	p.soonest = true
	p.target(Snooze, i, to.from)
	p.takeTail(to, end)
	var at time.Time
	switch {
	case to.hasShift && to.shift.minutes > 0:
		at = p.now.Add(minutes(to.shift.minutes))
	case to.hasShift:
		at = p.instant(dueTime{date: to.shift.after(p.today), hour: p.now.Hour(), minute: p.now.Minute()})
	case to.when != nil:
		day, clocked := split(to.when)
		due := p.due(day, clocked)
		if !due.hasTime {
			due.hour = hours[morning]
		}
		at = p.instant(due)
	default:
		return true
	}
	p.action.RemindAt = &at
	return true
}
