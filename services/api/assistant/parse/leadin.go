package parse

import "slices"

var (
	// reminds ask for a reminder of what follows.
	reminds = phrases(`remind me, remind us, set a reminder, set reminder, set me a reminder, add a reminder, add reminder,
		create a reminder, create reminder, make a reminder, give me a reminder, give me a nudge, give me a shout, give me a ping,
		give me a heads up, send me a reminder, i need a reminder, i want a reminder, set an alarm, set alarm,
		don't let me forget to, dont let me forget to, don't let me forget, don't let me forget about, i want to be reminded`)
	// calls ask for one where a time or "to" follows.
	calls = phrases(`ping me, nudge me, alert me, notify me`)
	// reminders do so before a colon, "to" or "for", or a verb.
	reminders = phrases(`new reminder, reminder`)
	// headings stand before a colon.
	headings = phrases(`todo, to do, to - do, task, new, new task, action item, action`)
	// resolves begin a sentence about a task.
	resolves = phrases(`new task, new todo, new to do, don't forget to, dont forget to, remember to, i need to, i have to, i've got to,
		ive got to, i got to, i gotta, i really need to, i also need to,
		make sure to, make sure i, make sure that i, be sure to, note to self, make a note to, make a note that i need to, make note to,
		i'm supposed to, i am supposed to, i'd better, i better`)
	// musts begin one when a verb follows.
	musts = phrases(`i must, i should, need to, have to, gotta, got to, wanna, i wanna, i'm going to, i am going to, todo, to do,
		to - do, task`)
	// wants do so when it is said when.
	wants = phrases(`we should, we must, we need to, we have to, we've got to, we want to, must, should`)
	// doings are verbs and nothing else, unlike "test" and "call".
	doings = setOf(`apply ask be bring buy clean collect cook deliver do eat feed fetch find finish fix get give go grab grow hang
		have hire iron join learn leave make mow pack paint pay pick prepare reply ring sell send sew shop submit sweep take tell
		throw tidy translate unpack upload vacuum visit wash wipe write`)
	// subjectWords lead to what a reminder is about.
	subjectWords = setOf(`to about that of :`)
	// adjectives stand between "a" and "task", and say nothing.
	adjectives = setOf(`new recurring repeating another quick regular`)
	// entries are words for what is added to a list.
	entries = phrases(`task, todo, item, to - do, to do, to-do item, action item, entry, event, calendar event`)
)

// particles make another verb of "put".
var particles = setOf(`out up away on in back down off together aside`)

// opener is what the words before a task say about it besides.
type opener struct {
	pieces []piece // of priority and recurrence
	rhythm adverb  // "a weekly task"
}

// leadIn takes the words before the task that say what to do with it, because a title
// does not begin with them. It says whether they ask for a reminder.
func (p *parser) leadIn() (remind bool) {
	i := p.opening()
	k, remind := p.leadWords(i)
	for range 2 { // I need to remember to
		if k == i || len(p.opener.pieces) > 0 {
			break
		}
		if more, r := p.leadWords(k); more > k {
			k, remind = more, remind || r
		}
	}
	if k == i {
		k, remind = p.addTask(i)
	}
	if k == i {
		if i > 0 && p.opensWithCommand(i) {
			p.takeLead(i, false)
		}
		return p.leadBehind(i)
	}
	k = p.skip(k, ":")
	switch {
	case p.in(k, subjectWords):
		k++
	case p.either(k, "for", "called", "named", "titled"):
		if f, ok := p.phraseAt(k); !ok || f.to == k {
			k++
		}
	}
	if k = p.skip(k, ":"); k >= p.end && !remind {
		return false
	}
	p.takeLead(min(k, p.end), remind)
	if end := p.ending(); end > p.start && end < p.end && p.either(p.end-1, "please", "thanks") {
		p.take(piece{end, p.end, KindCommand})
		p.end = end
	}
	p.soonest = remind
	p.endOfLead(p.start, remind)
	return remind
}

// leadBehind takes the words that lead to the task behind a time that opens the sentence:
// tomorrow at 5 remind me to call mom.
func (p *parser) leadBehind(i int) (remind bool) {
	asked := p.action.Question
	f, ok := p.phraseAt(i)
	p.action.Question = asked
	at := p.skip(f.to, ",")
	if !ok || i > 0 || p.either(i, "for", "from", "to") {
		return false
	}
	k, remind := p.leadWords(at)
	if k == at || len(p.opener.pieces) > 0 || k >= p.end {
		p.action.Priority, p.opener = "", opener{}
		return false
	}
	if p.in(k, subjectWords) {
		k++
	}
	kind := KindCommand
	if remind {
		kind = KindReminder
	}
	p.take(piece{at, k, kind})
	p.soonest = remind
	return remind
}

// leadWords is the position behind the words that lead to the task, else i.
func (p *parser) leadWords(i int) (after int, remind bool) {
	if k := p.oneOf(i, reminds); k > i && (!p.at(k).glued || p.is(k, ":")) {
		return k, true
	}
	if k := p.oneOf(i, calls); k > i && !p.at(k).glued {
		if f, ok := p.phraseAt(k); p.either(k, "to", "about") || ok && p.in(f.to, subjectWords) {
			return k, true
		}
	}
	if k := p.oneOf(i, reminders); k > i && (p.either(k, ":", "to", "for") || p.in(k, verbs)) {
		return k, true
	}
	if k := p.oneOf(i, headings); k > i && p.is(k, ":") {
		return k, false
	}
	after, remind = p.entry(i)
	leads := p.in(after, verbs) || p.either(after, ":", "to", "called")
	if leads && after > i+1 && after+1 < p.end { // high priority task finish the slides
		return after, remind
	}
	p.action.Priority, p.opener = "", opener{}
	if k := p.oneOf(i, musts); k > i && p.in(k, verbs) {
		return k, false
	}
	if k := p.oneOf(i, wants); k > i && p.in(k, verbs) && !p.at(k).glued && p.dated(k) {
		return k, false
	}
	if k := p.oneOf(i, resolves); k > i && (!p.at(k).glued || p.is(k, ":")) {
		return k, false
	}
	return i, false
}

// opensWithCommand says whether a polite opening asks for something that is to be
// done: "please call mom".
func (p *parser) opensWithCommand(i int) bool {
	return verbs.has(p.at(i).text) && !p.is(i-1, "let's")
}

// takeLead takes the tokens before k, and begins the task there.
func (p *parser) takeLead(k int, remind bool) {
	kind := KindCommand
	if remind {
		kind = KindReminder
	}
	from := 0
	for _, c := range p.opener.pieces {
		p.take(piece{from, c.from, kind})
		p.take(c)
		from = c.to
	}
	p.take(piece{from, k, kind})
	p.start = k
}

// endOfLead takes the "to" behind a time: "remind me tomorrow at 7 to call mom".
func (p *parser) endOfLead(k int, remind bool) {
	asked := p.action.Question
	defer func() { p.action.Question = asked }()
	if r, ok := p.reminderTime(k, k); ok && r.when == nil { // remind me 10 minutes before the dentist
		return
	}
	f, ok := p.phraseAt(k)
	if s, recurs := p.seriesAt(k); recurs && s.to > f.to {
		f.to, ok = s.to, true
	}
	if !ok {
		return
	}
	if remind && p.in(f.to, subjectWords) && f.to+1 < p.end {
		p.take(piece{f.to, f.to + 1, KindReminder})
	} else if p.is(f.to, "to") && p.in(f.to+1, verbs) {
		p.take(piece{f.to, f.to + 1, KindCommand})
	}
}

// addTask reads "add a high priority task to", "set a daily reminder to", "add X to my list".
func (p *parser) addTask(i int) (after int, remind bool) {
	switch p.at(i).text {
	case "add", "create", "make", "schedule", "put", "set":
	default:
		return i, false
	}
	if k, remind := p.entry(p.skip(p.skip(i+1, "up"), "me")); k > 0 {
		return k, remind
	}
	for _, form := range [...]func(*parser, int) int{(*parser).putOnDay, (*parser).toList, (*parser).scheduled, (*parser).addDoing} {
		if k := form(p, i); k > i {
			return k, false
		}
	}
	return i, false
}

// putOnDay reads "can you put dentist on thursday".
func (p *parser) putOnDay(i int) int {
	if k := i + 1; p.is(i, "put") && i > 0 && !p.in(k, particles) {
		for b := k + 1; b < p.end; b++ {
			if f, ok := p.whenAt(b); ok && p.either(b, "on", "for", "in", "at") && f.to >= p.ending() {
				return k
			}
		}
	}
	return i
}

// toList reads "add X to my list", with "for tomorrow" behind it or not.
func (p *parser) toList(i int) int {
	for end := i + 4; end <= p.end; end++ {
		if !p.is(end-1, "list") {
			continue
		}
		b := p.withoutList(end)
		if b == end || !p.either(b-1, "to", "on", "in") || b-1 <= i+1 || !p.closes(end) && !p.at(end).timely() {
			continue
		}
		p.take(piece{b - 1, end, KindCommand})
		return i + 1
	}
	return i
}

// scheduled reads "schedule a call at 3", "set up a meeting at 3": with a time, that is an
// order to this list, and without one a task.
func (p *parser) scheduled(i int) int {
	k := p.skip(i+1, "up")
	if !p.is(i, "schedule") && (!p.is(i, "set") || k == i+1) {
		return i
	}
	k = p.past(k, articles)
	if k < p.end && !p.at(k).glued && (p.is(i, "schedule") || p.mentions(k, p.end, events)) && p.clocked(k) {
		return k
	}
	return i
}

// addDoing reads "add buy milk", and with a day "add call mom tomorrow".
func (p *parser) addDoing(i int) int {
	k := i + 1
	switch {
	case !p.is(i, "add"):
	case p.at(k).kind == opaque: // add "call the roofer"
		return k
	case k+1 < p.end && !p.at(k).glued && (p.in(k, doings) || p.in(k, verbs) && p.dated(k)):
		return k
	}
	return i
}

// clocked says whether a time of the day is said from token k on.
func (p *parser) clocked(k int) bool {
	return p.anyWhen(k, func(f phrase) bool { return f.hasTime })
}

// dated says whether a day, a time or a recurrence is said from token k on.
func (p *parser) dated(k int) bool {
	return p.anyWhen(k, func(phrase) bool { return true })
}

func (p *parser) anyWhen(k int, fits func(phrase) bool) bool {
	asked := p.action.Question
	defer func() { p.action.Question = asked }()
	for k < p.end {
		if !p.mayBegin(k) {
			k++
			continue
		}
		if s, ok := p.seriesAt(k); ok && fits(phrase{hasTime: s.hasClock}) {
			return true
		}
		f, ok := p.whenAt(k)
		if ok && fits(f) {
			return true
		}
		k = max(k+1, f.to)
	}
	return false
}

// entry reads "a high priority task", "new weekly reminder"; after is 0 when it is none.
func (p *parser) entry(k int) (after int, remind bool) {
	for {
		level, end := p.levelAt(k)
		if end == k && p.either(k, "urgent", "important") {
			level, end = high, k+1
		}
		if end == k && numbered[p.at(k).text] != "" {
			level, end = numbered[p.at(k).text], k+1
		}
		a, behind := p.adverbAt(k)
		switch {
		case articles.has(p.at(k).text), p.in(k, adjectives):
			k++
			continue
		case end > k:
			p.action.Priority = level
			p.opener.pieces = append(p.opener.pieces, piece{k, end, KindPriority})
			k = end
			continue
		case behind > k:
			p.opener.rhythm = a
			p.opener.pieces = append(p.opener.pieces, piece{k, behind, KindRecurrence})
			k = behind
			continue
		case p.oneOf(k, entries) > k:
			if after = p.oneOf(k, entries); p.is(after, "list") || p.is(after, "lists") {
				after = 0
			}
		case p.is(k, "reminder"):
			after, remind = k+1, true
		}
		break
	}
	if after == 0 {
		p.action.Priority = ""
		p.opener = opener{}
	}
	slices.SortFunc(p.opener.pieces, func(a, b piece) int { return a.from - b.from })
	return after, remind
}
