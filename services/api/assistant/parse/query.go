package parse

var (
	shows  = setOf(`show list display view see open`)
	finds  = setOf(`find search look`)
	asking = setOf(`what what's whats which anything any how do is are when`)
	heads  = setOf(`my all today's tomorrow's overdue open completed tasks todos reminders high medium low urgent top highest lowest normal`)

	// listed are words for one's list, and for what is on it.
	listed = setOf(`tasks todos to-dos reminders task agenda schedule todo items plate list everything anything stuff`)
	// plurals of what is on the list say by themselves that it is meant.
	listedAll = setOf(`tasks todos to-dos reminders`)
	// states stand behind "what is".
	states = setOf(`due overdue next late left planned scheduled pending open coming happening outstanding up`)
	// duties stand behind "what do I".
	duties = setOf(`have do need planned get finish complete doing work`)
	lates  = setOf(`overdue late`)
	plans  = setOf(`due overdue planned scheduled left`)
	ahead  = setOf(`next priorities deadlines`)
	spans  = setOf(`day week tasks today agenda`)
	// listWords are those that a question about the list is made of, besides dates.
	listWords = setOf(`me my all the everything anything any due for on this next in with that are is tag i have of to do a
		priority high low medium urgent list from open what's what there planned scheduled left and upcoming still now by
		until before whats week's`)
	searchWords = setOf(`about with containing for named called that mention mentioning tagged`)
)

// query reads questions about the list.
func (p *parser) query() bool {
	i, end := p.opening(), p.ending()
	if i >= end {
		return false
	}
	switch {
	case p.in(i, finds):
		return p.searches(i, end)
	case p.is(i, "when"):
		return p.whenIs(i, end)
	case p.in(i, shows):
		k := p.skip(i+1, "me")
		if k >= end || !p.aboutList(k, end) && !p.mentions(k, end, lates) {
			return false
		}
	case p.in(i, asking):
		if !p.asks(i, end) {
			return false
		}
	case !p.summary(i, end) && !p.free(i) && !p.heading(i, end):
		return false
	}
	p.filter(i, end)
	if p.is(i, "what", "did", "i") || p.is(i, "what", "have", "i") {
		p.action.Command.Status = completed
	}
	return p.target(Query, end, end)
}

// whenIs reads "when is the dentist".
func (p *parser) whenIs(i, end int) bool {
	due := p.is(end-1, "due")
	if !p.either(i+1, "is", "are") || !due && !p.known(i+2, end) {
		return false
	}
	if due {
		end--
	}
	return p.target(Query, i+2, end)
}

// summary reads "give me a summary of my day".
func (p *parser) summary(i, end int) bool {
	const longest = 7
	word := p.either(i, "summary", "summarize", "summarise")
	if !word && !p.is(i, "give", "me", "a", "summary") && !p.is(i, "give", "me", "my") || end-i > longest {
		return false
	}
	return word && end == i+1 || p.mentions(i, end, spans)
}

// free reads "am I free tomorrow".
func (p *parser) free(i int) bool { return p.is(i, "am", "i", "free") || p.is(i, "am", "i", "busy") }

// heading reads what is a question without being a sentence: "today's tasks", "overdue".
func (p *parser) heading(i, end int) bool {
	if end == i+1 {
		return p.either(i, "overdue", "agenda", "upcoming") || p.is(i, "today") && p.is(end, "?")
	}
	last := p.at(end - 1)
	ends := last.relative != 0 || last.unit != 0 || last.weekday != 0 || listed.has(last.text)
	return p.in(i, heads) && p.onlyList(i, end) && ends && p.mentions(i, end, listed)
}

// asks judges the sentences that begin with a question word.
func (p *parser) asks(i, end int) bool {
	switch p.at(i).text {
	case "which":
		return p.mentions(i+1, end, listed)
	case "how":
		return p.either(i+1, "many", "much") && p.mentions(i+1, end, listed)
	case "do":
		return p.is(i+1, "i", "have") && (p.mentions(i+3, end, listed) || p.timed(i+3, end))
	case "any", "anything":
		return p.aboutList(i, end) && (p.is(p.end-1, "?") || p.mentions(i, end, plans))
	case "is", "are":
		return p.either(i+1, "there", "anything") && p.aboutList(i+1, end)
	}
	k := i + 1
	switch {
	case p.either(k, "tasks", "needs"):
		return true
	case p.either(k, "do", "have", "did", "should", "am", "must") && p.is(k+1, "i"):
		return p.mentions(k, end, duties)
	case p.either(k, "is", "are"):
		k++
	case p.is(i, "what"):
		return false
	}
	k = p.skip(k, "still")
	switch {
	case p.in(k, states):
		return !p.named(k)
	case p.either(k, "on", "in"):
		return p.mentions(k, end, listed) || p.timed(k+1, end) || p.is(k+1, "for")
	case p.either(k, "my", "the"):
		return p.mentions(k, end, listed) || p.mentions(k, end, ahead)
	}
	return false
}

// aboutList says whether the tokens from a to b speak of the list and not of a thing
// in the world: "my tasks for today", unlike "Anna the garden".
func (p *parser) aboutList(a, b int) bool { return p.onlyList(a, b) || p.mentions(a, b, listedAll) }

// onlyList says whether the tokens from a to b speak of nothing but the list.
func (p *parser) onlyList(a, b int) bool {
	sure := false
	for k := a; k < b; {
		t := p.at(k)
		switch m, end := p.dateAt(k); {
		case end > k && m.wait == 0:
			sure, k = true, end
			continue
		case t.text == "tagged" && k+1 < b:
			sure, k = true, k+2
			continue
		case t.kind == hashtag, t.relative != 0, p.either(k, "today's", "tomorrow's", "upcoming", "priority", "urgent"):
			sure = true
		case statuses[t.text] != "", listed.has(t.text):
			sure = true
		case !listWords.has(t.text) && t.kind != punct && t.unit == 0 && numbered[t.text] == "" && levels[t.text] == "":
			return false
		}
		k++
	}
	return sure
}

// searches reads "search grocery", "find tasks about taxes".
func (p *parser) searches(i, end int) bool {
	const short = 2
	k := i + 1
	if p.is(i, "look") && !p.either(k, "up", "for") {
		return false
	}
	for p.either(k, "for", "me", "up") {
		k++
	}
	from := k
	for articles.has(p.at(from).text) || p.either(from, "all", "everything", "anything") {
		from++
	}
	switch {
	case k >= end:
		return false
	case p.in(from, things): // tasks about X
		from = p.past(from+1, searchWords)
	case from > k && p.either(from, "about", "with", "tagged"):
		from++
	case p.in(end-1, things): // X tasks
		end--
	case !p.is(i, "search") || end-k > short || p.in(end-1, joints):
		return false
	}
	from = min(from, end)
	if p.filter(from, end) {
		from = end
	}
	p.action.Intent = Query
	p.take(piece{0, from, KindCommand})
	if from < end {
		p.take(piece{end, p.end, KindCommand})
	}
	return true
}
