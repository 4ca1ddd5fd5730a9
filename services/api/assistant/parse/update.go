package parse

import "strings"

var (
	// moveWords lead to a new time.
	moveWords = setOf(`to until till til by`)
	// delayWords do so behind verbs that speak of nothing but time.
	delayWords = setOf(`to until till til by for on`)
	// moved are words between a task's name and its new time: "push it back to".
	moved = setOf(`back forward from out time date due deadline up ahead off`)
	// directions stand before a length of time in place of "by": back two days.
	directions = setOf(`back out forward ahead up later earlier`)
	// reopens are states that a task goes back to.
	reopens = phrases(`not done, undone, incomplete, not complete, not completed, not finished, unfinished, open, pending, todo, to do`)
	// idle are words that make another thing of pause, resume and skip.
	idle = setOf(`menu rope template review update draft writing button bin hire screen stones tutorial workshop dessert
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
	case "rename", "retitle":
		return p.rename(k, end)
	case "change", "edit":
		return p.reprioritize(k, end) || p.renameTitle(k, end) || p.move(k, end)
	case "update":
		return p.reprioritize(k, end) || p.renameTitle(k, end) || p.dueDateOf(k) > k && p.move(k, end)
	case "move", "push", "bring", "bump", "shift", "prepone":
		return p.reprioritize(k, end) || p.move(k, end)
	case "postpone", "delay", "defer", "reschedule":
		return p.delay(k, end, verb == "postpone" || verb == "reschedule")
	case "put":
		if p.is(k, "off") {
			return p.delay(k+1, end, false)
		}
		return p.addTag(k, end) || p.putOff(k, end) || p.in(k, directions) && p.move(k, end)
	case "take":
		return p.removeTag(k, end)
	case "pause", "resume", "unpause", "skip", "reopen", "uncomplete", "unmark":
		return p.state(k, end, verb)
	case "undo":
		return p.either(k, "complete", "completing", "completion") && p.state(p.skip(k+1, "of"), end, "reopen")
	case "set":
		return p.reprioritize(k, end) || p.dueDateOf(k) > k && p.move(k, end) || p.dueOn(k, end)
	case "make", "mark":
		return p.reopen(k, end) || p.reprioritize(k, end) || p.dueOn(k, end)
	case "raise", "lower", "increase", "decrease", "reduce", "prioritize", "prioritise", "deprioritize", "deprioritise":
		return p.grade(verb, k, end)
	case "tag", "label":
		return p.retag(k, end)
	case "add":
		return p.addTag(k, end)
	case "untag", "unlabel":
		return p.untag(k, end)
	case "remove", "delete":
		return p.removeTag(k, end)
	}
	return false
}

// putOff reads "the audit off until monday".
func (p *parser) putOff(k, end int) bool {
	for b := k + 1; b < end && b <= k+longestName; b++ {
		if !p.is(b, "off") {
			continue
		}
		if to := p.tail(b+1, end, delayWords, true); to.from == b+1 {
			return p.moveTo(k, end, to)
		}
	}
	return false
}

// renameTitle reads "the name of the report to quarterly report", "the report's title".
func (p *parser) renameTitle(k, end int) bool {
	k = p.skip(k, "the")
	return p.either(k, "name", "title") && p.is(k+1, "of") && p.rename(k+2, end)
}

// dueOn reads "the report due friday".
func (p *parser) dueOn(k, end int) bool {
	for b := k + 1; b < end; b++ {
		f, ok := p.phraseAt(b)
		if !ok || f.to != end || f.connector != due || !p.known(k, b) && !p.in(b-1, events) {
			continue
		}
		return p.moveTo(k, end, tail{from: b, when: &f})
	}
	return false
}

// reopen reads "the report as not done".
func (p *parser) reopen(k, end int) bool {
	for b := end - 1; b > k; b-- {
		if p.oneOf(b, reopens) != end || b-k > longestName {
			continue
		}
		for b > k+1 && (p.either(b-1, "as") || p.oneOf(b-1, reopens) == end) {
			b--
		}
		p.action.Command.Verb = "reopen"
		return p.target(Update, k, b)
	}
	return false
}

// grade reads "the priority of the report", and "to high" if it is said.
func (p *parser) grade(verb string, k, end int) bool {
	if p.reprioritize(k, end) {
		return true
	}
	level := high
	switch verb {
	case "lower", "decrease", "reduce", "deprioritize", "deprioritise":
		level = low
	}
	from := p.skip(p.skip(k, "the"), "priority", "of")
	if of := p.is(from-1, "of"); from >= end || !of && (!strings.Contains(verb, "priorit") || !p.known(k, end)) { // raise the roof
		return false
	}
	p.action.Priority, p.action.Command.Verb = level, "priority"
	return p.target(Update, from, end)
}

// addTag reads "#work to the report", "the tag work to the report", "the work tag to it".
func (p *parser) addTag(k, end int) bool {
	name, after := p.tagAt(k)
	if after == k {
		name, after = p.tagNamed(k)
	}
	return after > k && p.either(after, "to", "on") && after+1 < end && p.tagged(name, after+1, end)
}

// tagNamed reads "the tag work", "the work tag", "label work".
func (p *parser) tagNamed(i int) (name string, after int) {
	k := p.past(i, articles)
	switch {
	case p.either(k, "tag", "label") && p.at(k+1).kind == hashtag:
		name, after = p.tagAt(k + 1)
		return name, max(after, k+1)
	case p.either(k, "tag", "label") && p.at(k+1).kind == word && !p.either(k+1, "to", "on", "from"):
		return p.text[p.at(k+1).start:p.at(k+1).end], k + 2
	case p.at(k).kind == word && p.either(k+1, "tag", "label"):
		return p.text[p.at(k).start:p.at(k).end], k + 2
	case p.at(k).kind == hashtag && p.either(k+1, "tag", "label"):
		name, _ = p.tagAt(k)
		return name, k + 2
	}
	return "", i
}

// removeTag reads "#work from the report", "the tag work from the report".
func (p *parser) removeTag(k, end int) bool {
	name, after := p.tagAt(k)
	if after == k {
		name, after = p.tagNamed(k)
	}
	if after == k || name == "" || !p.either(after, "from", "off") || after+1 >= end {
		return false
	}
	p.tag(name)
	p.action.Command.Verb = "untag"
	return p.target(Update, after+1, end)
}

// untag reads "the report from work", "work from the report".
func (p *parser) untag(k, end int) bool {
	if p.removeTag(k, end) {
		return true
	}
	for b := k + 1; b < end-1; b++ {
		if !p.is(b, "from") {
			continue
		}
		a, z, at := b+1, end, k // the tag stands first
		if p.known(k, b) || end-b == 2 && b-k > 1 {
			a, z, at = k, b, b+1
		}
		name, after := p.tagAt(at)
		if after == at {
			name = p.text[p.at(at).start:p.at(at).end]
		}
		p.tag(name)
		p.action.Command.Verb = "untag"
		return p.target(Update, a, z)
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
	k = p.past(k, directions) // push back the report
	to := p.tail(k, end, moveWords, false)
	if to.from == end || to.hasShift && !p.is(to.from, "by") && !p.in(to.from-1, directions) {
		return false
	}
	if verb := p.at(p.opening()).text; to.hasShift && (verb == "bring" || verb == "prepone" || p.is(to.from-1, "earlier")) {
		to.shift = duration{months: -to.shift.months, days: -to.shift.days, minutes: -to.shift.minutes}
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
	for b > k && (p.in(b-1, moved) || p.in(b-1, directions)) && !p.at(b-1).glued {
		b--
	}
	if p.bulk(k, b) {
		p.filter(k, b)
		p.action.DueAt = nil
		k = b
	} else if c := p.cut(k, b); c < b && !p.in(k, listedAll) { // gym tomorrow to 7pm
		if f, ok := p.phraseAt(c); ok && to.when != nil && !to.when.hasDay && f.hasDay {
			to.when.day, to.when.hasDay = f.day, true
		}
		b = c
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
	if p.either(k, "date", "time", "deadline") && p.either(k+1, "of", "for", "on") {
		return k + 2
	}
	if k > i && p.is(k-1, "due") && p.either(k, "of", "for") {
		return k + 1
	}
	return i
}

// state reads what is paused, resumed, skipped or opened again.
func (p *parser) state(k, end int, verb string) bool {
	const short = 3
	if verb == "uncomplete" || verb == "unmark" {
		verb = "reopen"
	}
	cut := false
	if verb == "skip" {
		cut = p.cut(k, end) < end
		end = p.cut(k, end)
	}
	if to := p.tail(k, end, pauseWords, false); verb == "pause" && to.from > k && to.from < end && p.in(to.from, pauseWords) {
		return p.pauseUntil(k, end, to)
	}
	switch known := p.known(k, end); {
	case p.at(k).kind == punct, p.named(k) && p.named(k+1), p.in(k, idle), p.mentions(k, end, subscriptions), end-k > longestName:
		return false
	case known || verb == "reopen" || cut:
	case verb == "pause" && end-k <= short && !p.mentions(k, end, joints): // pause pest control
	case end-k > 1 && !p.in(end-1, events), p.in(k, joints):
		return false
	}
	if verb == "unpause" {
		verb = "resume"
	}
	p.action.Command.Verb = verb
	return p.target(Update, k, end)
}

// pauseWords lead to the end of a pause.
var pauseWords = setOf(`until till til for`)

// pauseUntil is a pause with its end, on which the series is to go on.
func (p *parser) pauseUntil(k, end int, to tail) bool {
	if p.in(k, idle) || p.mentions(k, to.from, subscriptions) {
		return false
	}
	p.action.Command.Verb = "pause"
	p.target(Update, k, to.from)
	p.takeTail(to, end)
	at := p.instant(dueTime{date: to.shift.after(p.today)})
	if to.when != nil {
		at = p.instant(p.due(split(to.when)))
	}
	p.action.DueAt = &at
	return true
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
	if p.is(to-1, ",") || p.timed(from, to) { // update the list by monday, high priority
		return false
	}
	p.action.Priority, p.action.Command.Verb = level, "priority"
	return p.target(Update, from, to)
}

// priorityOf reads "the priority of X to high".
func (p *parser) priorityOf(k, end int) (level string, from, to int) {
	from = p.skip(p.skip(k, "the"), "priority", "of")
	from = max(from, p.skip(p.skip(k, "the"), "priority", "for"))
	if to = end - 2; !p.either(from-1, "of", "for") || !p.is(to, "to") || from >= to {
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
		case p.either(b, "urgent", "important"):
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
	for j := k + 1; j < last-1; j++ { // with work and urgent
		if p.either(j, "with", "as") && p.at(j+1).kind != hashtag && p.in(j+2, commas) && p.at(j+1).kind == word {
			p.tag(p.text[p.at(j+1).start:p.at(j+1).end])
			p.moreTags(j + 2)
			p.action.Command.Verb = "tag"
			return p.target(Update, k, j)
		}
	}
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
