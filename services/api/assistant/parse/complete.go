package parse

var (
	doneWords = setOf(`done complete completed finished`)
	// completes are nouns that "complete" describes.
	completes = setOf(`works guide set list series collection overhaul history idiot's beginner's book rewrite`)
	// selves begin a report: I've just finished.
	selves = setOf(`i i've i'm we just have already am`)
	// wishes and questions are no reports.
	wishes = setOf(`is are what when who how why if ensure until once after wait not well nothing`)
)

// complete reads "mark the report done", "I finished the laundry", "check off milk".
func (p *parser) complete() bool {
	i, end := p.opening(), p.ending()
	if i >= end {
		return false
	}
	switch p.at(i).text {
	case "mark":
		return p.marked(i+1, end)
	case "set":
		return p.either(end-2, "as", "to") && p.marked(i+1, end)
	case "check", "tick", "cross":
		return p.checkedOff(i+1, end)
	case "complete":
		named := p.named(i+1) || p.in(i+1, completes)
		return i+1 < end && !named && (p.bulk(i+1, end) || end-i <= longestName && !p.timed(i+1, end)) && p.targets(Complete, i+1, end)
	case "close", "resolve":
		thing := p.in(end-1, things) && p.known(i+1, end) || p.in(p.past(i+1, articles), things) && i+2 < end
		return (thing || p.bulk(i+1, end)) && p.targets(Complete, i+1, end)
	case "finish":
		return p.finishes(i+1, end)
	}
	return p.done(i, end) || p.finished(i, end) || p.isDone(i, end)
}

// finishes reads what follows "finish", which begins tasks as well: of "finish gym" and
// "finish the report" the first can be nothing else.
func (p *parser) finishes(i, end int) bool {
	event := end == i+1 && p.in(i, events)
	if !event && !p.bulk(i, end) && (!p.known(i, end) || p.timed(i, end)) {
		return false
	}
	if p.either(i, "the", "my") {
		p.ask("Is it done, or should I add it as a new task?")
	}
	return p.targets(Complete, i, end)
}

// marked reads what follows "mark": "the report as done", "as done: the report".
func (p *parser) marked(i, end int) bool {
	if k := p.skip(i, "as"); p.in(k, doneWords) && k+1 < end {
		return p.targets(Complete, k+1, end)
	}
	if k := p.skip(i, "off"); k > i && k < end { // mark off the report
		return p.targets(Complete, k, end)
	}
	b := end - 1
	if !p.in(b, doneWords) || b <= i || p.either(b-1, "not", "un") {
		return false
	}
	if p.either(b-1, "as", "to") {
		b--
	}
	return p.targets(Complete, i, b)
}

// checkedOff reads what follows "check": "off the report", "the report off my list".
func (p *parser) checkedOff(i, end int) bool {
	b := p.withoutList(end)
	switch {
	case p.either(i, "off", "out") && i+1 < end:
		return p.targets(Complete, i+1, b)
	case p.either(b-1, "off", "out") && b > i+1:
		return p.targets(Complete, i, b-1)
	}
	return false
}

// done reads "done", "it's done", "all done": all of it is about "it".
func (p *parser) done(i, end int) bool {
	if k := i; end == k+1 || end == k+2 && p.either(k, "it's", "that's", "all") {
		return p.either(end-1, "done", "finished") && p.target(Complete, end, end)
	}
	return false
}

// finished reads "I've finished the report", "done with the report", "I did the laundry".
func (p *parser) finished(i, end int) bool {
	k := p.past(i, selves)
	said := k > i
	k = p.skip(k, "all")
	switch p.at(k).text {
	case "finished", "completed":
		if k = p.skip(k+1, "with"); !said && p.onlyList(k, end) && !p.known(k, end) { // completed today
			return false
		}
		return k < end && (said || !p.named(k)) && p.target(Complete, k, end)
	case "done":
		if said && p.known(k+1, end) { // I've done the dishes
			return k+1 < end && p.target(Complete, k+1, end)
		}
		return p.either(k+1, "with", ":") && k+2 < end && p.target(Complete, k+2, end)
	case "did":
		return said && k+1 < end && p.target(Complete, k+1, end)
	}
	return false
}

// isDone reads "the report is done".
func (p *parser) isDone(i, end int) bool {
	b := end - 2
	if end == i+2 && p.in(i, events) && p.in(end-1, doneWords) { // gym done
		return p.target(Complete, i, end-1)
	}
	switch {
	case b <= i, b-i > longestName, !p.in(end-1, doneWords), !p.either(b, "is", "are", "was", "were"):
		return false
	case p.in(i, verbs), p.in(i, selves), p.in(i, wishes), p.mentions(i, b, conditions):
		return false
	}
	return p.target(Complete, i, b)
}
