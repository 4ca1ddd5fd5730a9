package parse

var (
	// reminds ask for a reminder of what follows.
	reminds = phrases(`remind me, set a reminder, set reminder, set me a reminder, add a reminder, add reminder,
		create a reminder, create reminder, make a reminder, don't let me forget to`)
	// reminders do so before a colon, "to" or "for".
	reminders = phrases(`new reminder, reminder`)
	// headings stand before a colon.
	headings = phrases(`todo, to do, task`)
	// resolves begin a sentence about a task.
	resolves = phrases(`new task, new todo, don't forget to, dont forget to, remember to, i need to, i have to, i've got to`)
	// musts begin one when a verb follows.
	musts = phrases(`i must, i should`)
	// subjectWords lead to what a reminder is about.
	subjectWords = setOf(`to about that of :`)
)

// leadIn takes the words before the task that say what to do with it, because a title
// does not begin with them. It says whether they ask for a reminder.
func (p *parser) leadIn() (remind bool) {
	i := p.opening()
	k, remind := p.leadWords(i)
	if k == i {
		k = p.addTask(i)
	}
	if k == i {
		if i > 0 && p.opensWithCommand(i) {
			p.takeLead(i, false)
		}
		return false
	}
	k = p.skip(k, ":")
	switch {
	case p.in(k, subjectWords):
		k++
	case p.either(k, "for", "called", "named"):
		if f, ok := p.phraseAt(k); !ok || f.to == k {
			k++
		}
	}
	if k >= p.end && !remind {
		return false
	}
	p.takeLead(min(k, p.end), remind)
	if remind {
		p.endOfLead(p.start)
	}
	return remind
}

// leadWords is the position behind the words that lead to the task, else i.
func (p *parser) leadWords(i int) (after int, remind bool) {
	if k := p.oneOf(i, reminds); k > i && (!p.at(k).glued || p.is(k, ":")) {
		return k, true
	}
	if k := p.oneOf(i, reminders); k > i && p.either(k, ":", "to", "for") {
		return k, true
	}
	if k := p.oneOf(i, headings); k > i && p.is(k, ":") {
		return k, false
	}
	if k := p.oneOf(i, musts); k > i && p.in(k, verbs) {
		return k, false
	}
	if k := p.oneOf(i, resolves); !p.at(k).glued || p.is(k, ":") {
		return k, false
	}
	return i, false
}

// opensWithCommand says whether a polite opening asks for something that is to be
// done: "please call mom".
func (p *parser) opensWithCommand(i int) bool {
	return verbs.has(p.at(i).text) && p.either(0, "please", "can", "could")
}

func (p *parser) takeLead(k int, remind bool) {
	kind := KindCommand
	if remind {
		kind = KindReminder
	}
	p.take(piece{0, k, kind})
	p.start = k
}

// endOfLead takes the "to" behind a time: "remind me tomorrow at 7 to call mom".
func (p *parser) endOfLead(k int) {
	if r, ok := p.reminderTime(k, k); ok && r.hasOffset { // remind me 10 minutes before the dentist
		return
	}
	f, ok := p.phraseAt(k)
	if s, recurs := p.seriesAt(k); recurs {
		f.to, ok = s.to, true
	}
	if !ok {
		return
	}
	if p.in(f.to, subjectWords) && f.to+1 < p.end {
		p.take(piece{f.to, f.to + 1, KindReminder})
	}
}

// addTask reads "add a task to", "add X to my list".
func (p *parser) addTask(i int) int {
	switch p.at(i).text {
	case "add", "create", "make", "schedule", "put", "set":
	default:
		return i
	}
	k := p.skip(i+1, "up")
	for articles.has(p.at(k).text) || p.either(k, "new", "recurring", "another") {
		k++
	}
	if level, end := p.levelAt(k); end > k {
		if p.either(end, "task", "todo") {
			p.action.Priority = level
			return end + 1
		}
		return i
	}
	switch {
	case p.is(k, "task"), p.is(k, "todo"), p.is(k, "item"):
		return k + 1
	case p.is(k, "to", "-", "do"):
		return k + 3
	}
	for end := i + 4; end <= p.end; end++ { // add X to my list, for tomorrow
		b := p.withoutList(end)
		if b == end || !p.either(b-1, "to", "on") || b-1 <= i+1 || !p.closes(end) && !p.at(end).timely() {
			continue
		}
		p.take(piece{b - 1, end, KindCommand})
		return i + 1
	}
	return i
}
