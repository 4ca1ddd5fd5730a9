package parse

var (
	// moveWords lead to a new time.
	moveWords = setOf(`to until till by`)
	// delayWords do so behind verbs that speak of nothing but time.
	delayWords = setOf(`to until till by for on`)
	// moved are words between a task's name and its new time: "push it back to".
	moved = setOf(`back forward from out time date due deadline`)
	// idle are words that make another thing of pause, resume and skip.
	idle = setOf(`rope template review update draft writing button bin hire screen stones tutorial workshop dessert
		router server computer laptop phone modem`)
)

// update reads what changes a task and leaves it open.
func (p *parser) update() bool {
	i, end := p.opening(), p.ending()
	k := i + 1
	if k >= end || p.at(k).glued {
		return false
	}
	switch verb := p.at(i).text; verb {
	case "rename":
		return p.rename(k, end)
	case "change":
		return p.reprioritize(k, end) || p.move(k, end)
	case "move", "push", "bring", "bump", "shift":
		return p.move(k, end)
	case "postpone", "delay", "defer", "reschedule":
		return p.delay(k, end, verb == "postpone" || verb == "reschedule")
	case "pause", "resume", "unpause", "skip", "reopen":
		return p.state(k, end, verb)
	case "set":
		return p.reprioritize(k, end) || p.dueDateOf(k) > k && p.move(k, end)
	case "make", "mark":
		return p.reprioritize(k, end)
	case "tag", "label":
		return p.retag(k, end)
	case "add", "put":
		name, after := p.tagAt(k)
		return after > k && p.is(after, "to") && after+1 < end && p.tagged(name, after+1, end)
	}
	return false
}

// rename reads "the report to quarterly report".
func (p *parser) rename(k, end int) bool {
	for b := min(end-2, k+longestName); b > k; b-- {
		if !p.either(b, "to", "as") || p.mentions(b, end, conditions) {
			continue
		}
		if p.either(b-1, "files", "photos", "folders", "images") {
			return false
		}
		p.action.Command = Command{Verb: "rename", NewTitle: unquoted(p.text[p.at(b+1).start:p.at(end-1).end])}
		return p.target(Update, k, b)
	}
	return false
}

// move reads "the report to friday", "the due date of the report to friday".
func (p *parser) move(k, end int) bool {
	k = p.dueDateOf(k)
	to := p.tail(k, end, moveWords, false)
	if to.from == end || to.hasShift && !p.is(to.from, "by") {
		return false
	}
	return p.moveTo(k, end, to)
}

// delay is move for the verbs that speak of time; some of them may leave it open.
func (p *parser) delay(k, end int, open bool) bool {
	const short = 2
	to := p.tail(k, end, delayWords, true)
	if to.from == end {
		if !open || end-k >= longestName || !p.known(k, end) && end-k > short {
			return false
		}
		p.ask("To when?")
	}
	return p.moveTo(k, end, to)
}

func (p *parser) moveTo(k, end int, to tail) bool {
	b := to.from
	for j := k; j < b; j++ { // from thursday to friday
		if f, ok := p.phraseAt(j + 1); ok && p.is(j, "from") && f.to >= b {
			b = j
		}
	}
	for b > k && p.in(b-1, moved) {
		b--
	}
	p.target(Update, k, b)
	p.takeTail(to, end)
	p.action.Command.Verb = "move"
	if to.hasShift {
		p.action.Command.Shift = Shift{to.shift.months, to.shift.days, to.shift.minutes}
	}
	if to.when != nil {
		due := p.due(split(to.when))
		at := p.instant(due)
		p.action.DueAt, p.action.HasTime = &at, due.hasTime
	}
	return true
}

// dueDateOf skips "the due date of".
func (p *parser) dueDateOf(i int) int {
	k := p.skip(p.skip(i, "the"), "due")
	if p.either(k, "date", "time", "deadline") && p.either(k+1, "of", "for") {
		return k + 2
	}
	return i
}

// state reads what is paused, resumed, skipped or opened again.
func (p *parser) state(k, end int, verb string) bool {
	switch known := p.known(k, end); {
	case p.at(k).kind == punct, p.named(k) && p.named(k+1), p.in(k, idle), p.mentions(k, end, subscriptions), end-k > longestName:
		return false
	case known || verb == "reopen":
	case end-k > 1 && !p.in(end-1, events), p.in(k, joints):
		return false
	}
	if verb == "unpause" {
		verb = "resume"
	}
	p.action.Command.Verb = verb
	return p.target(Update, k, end)
}

// reprioritize reads "the report high priority", "priority of the report to high".
func (p *parser) reprioritize(k, end int) bool {
	level, from, to := p.priorityOf(k, end)
	if level == "" {
		level, from, to = p.levelled(k, end)
	}
	if level == "" {
		return false
	}
	p.action.Priority, p.action.Command.Verb = level, "priority"
	return p.target(Update, from, to)
}

// priorityOf reads "the priority of X to high".
func (p *parser) priorityOf(k, end int) (level string, from, to int) {
	from = p.skip(p.skip(k, "the"), "priority", "of")
	if to = end - 2; !p.is(from-1, "of") || !p.is(to, "to") || from >= to {
		return "", k, end
	}
	return levels[p.at(end-1).text], from, to
}

// levelled reads "X high priority", "X to p1", "X urgent".
func (p *parser) levelled(k, end int) (level string, from, to int) {
	for b := end - 1; b > k && level == ""; b-- {
		l, after := p.levelAt(b)
		switch {
		case after == end:
			level, to = l, b
		case b < end-1:
		case p.is(b, "urgent"):
			level, to = high, b
		default:
			level, to = numbered[p.at(b).text], b
		}
	}
	for to > k && p.either(to-1, "to", "as", "a") {
		to--
	}
	return level, k, to
}

// retag reads "the report with work", "the report #work".
func (p *parser) retag(k, end int) bool {
	last, b := end-1, end-1
	if name, after := p.tagAt(last); after > last {
		if p.either(b-1, "with", "as") {
			b--
		}
		return b > k && p.tagged(name, k, b)
	}
	b--
	word := p.text[p.at(last).start:p.at(last).end]
	return p.either(b, "with", "as") && b > k && p.at(last).kind != punct && p.tagged(word, k, b)
}

// tagged puts a tag on the task that is named between k and b.
func (p *parser) tagged(name string, k, b int) bool {
	p.tag(name)
	p.action.Command.Verb = "tag"
	return p.target(Update, k, b)
}
