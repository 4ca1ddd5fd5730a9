package parse

var (
	shows  = setOf(`show list display view see open`)
	finds  = setOf(`find search look`)
	asking = setOf(`what what's whats which anything any how how's do did is are when when's who have will`)
	heads  = setOf(`my all today's tomorrow's overdue open completed tasks todos reminders high medium low urgent top highest lowest
		normal due everything pending upcoming remaining incomplete unfinished p1 p2 p3 p4 agenda schedule finished important`)
	// requests lead to what is to be shown.
	requests = phrases(`tell me about, tell me, give me, get me, get, let me see, let me know, read me, read out, pull up,
		bring up, can i see, i want to see, i'd like to see, check`)

	// listed are words for one's list, and for what is on it.
	listed = setOf(`tasks todos to-dos reminders task agenda schedule todo items plate list everything anything stuff calendar
		deadlines deadline appointments meetings events plans things`)
	// plurals of what is on the list say by themselves that it is meant.
	listedAll = setOf(`tasks todos to-dos reminders`)
	// states stand behind "what is".
	states = setOf(`due overdue next late left planned scheduled pending open coming happening outstanding up remaining`)
	// duties stand behind "what do I".
	duties = setOf(`have do need planned get finish complete doing work got done completed finished miss forget`)
	lates  = setOf(`overdue late`)
	plans  = setOf(`due overdue planned scheduled left`)
	ahead  = setOf(`next priorities deadlines`)
	spans  = setOf(`day week tasks today agenda tomorrow month weekend`)
	// calendars are units of which "my" makes a part of the list: my day.
	calendars = setOf(`day week month weekend afternoon morning evening`)
	// listWords are those that a question about the list is made of, besides dates.
	listWords = setOf(`me my all the everything anything any due for on this next in with that are is tag i have of to do a
		priority high low medium urgent list from open what's what there planned scheduled left and upcoming still now by
		until before whats week's after between from through got coming by's did finished completed done yesterday yet
		else so far within during only just current remaining left pending upcoming these those with without due date dates`)
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
	case p.either(i, "when", "when's"):
		return p.whenIs(i, end)
	case p.in(i, shows):
		k := p.skip(i+1, "me")
		if p.either(k, "what", "what's", "whats", "which", "how") && k < end && p.asks(k, end) {
			break
		}
		if k >= end || !p.aboutList(k, end) && !p.mentions(k, end, lates) && !p.kindOf(k, end) {
			return false
		}
		if p.searchesWithin(k, end) {
			return true
		}
	case p.oneOf(i, requests) > i:
		k := p.past(p.oneOf(i, requests), articles)
		if !p.requested(i, k, end) {
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
	if p.is(i, "what", "did", "i") || p.is(i, "what", "have", "i", "done") || p.is(i, "what", "have", "i", "completed") ||
		p.is(i, "what", "have", "i", "finished") || p.is(i, "did", "i") || p.is(i, "how", "many") && p.is(i+2, "did", "i") {
		p.action.Command.Status = completed
	}
	return p.target(Query, end, end)
}

// requested says whether what is asked for from k on, behind "tell me" or "get", is a part
// of the list.
func (p *parser) requested(i, k, end int) bool {
	_, day := p.dateAt(k)
	switch {
	case k >= end:
		return false
	case p.is(i, "tell", "me", "about") && day == end: // tell me about tomorrow
		return true
	case p.in(k, asking) && p.asks(k, end), p.myDay(k, end), p.summary(i, end):
		return true
	case p.is(i, "get") && !p.mentions(k, end, listedAll):
		return false
	}
	return p.onlyList(k, end) && p.mentions(k-1, end, listed)
}

// whenIs reads "when is the dentist".
func (p *parser) whenIs(i, end int) bool {
	if p.is(i+1, "do", "i") || p.is(i+1, "am", "i") || p.is(i+1, "should", "i") { // when do I have to pay rent
		k := i + 3
		for p.either(k, "need", "have", "supposed", "going", "meant", "to") {
			k++
		}
		return k < end && p.target(Query, k, end)
	}
	due := p.either(end-1, "due", "scheduled")
	k := i + 2
	switch {
	case p.is(i, "when's"):
		k = i + 1
	case !p.either(i+1, "is", "are", "was"):
		return false
	}
	if !due && !p.known(k, end) && !p.in(end-1, events) {
		return false
	}
	if due {
		end--
	}
	return k < end && p.target(Query, k, end)
}

// myDay says whether the tokens from a to b are a part of one's calendar: my day, next week.
func (p *parser) myDay(a, b int) bool {
	return b == a+2 && p.is(a, "my") && p.in(a+1, calendars) || b == a+1 && p.is(a-1, "my") && p.in(a, calendars)
}

// kindOf says whether the tokens from a to b name tasks of a kind: my work tasks.
func (p *parser) kindOf(a, b int) bool {
	return p.myDay(a, b) || b > a && p.in(b-1, listedAll) && b-a <= longestName
}

// searchesWithin reads the words that are looked for in "tasks about taxes", "work tasks".
func (p *parser) searchesWithin(k, end int) bool {
	for b := k; b < end-1; b++ {
		if !p.in(b, listedAll) || !p.in(b+1, finders) {
			continue
		}
		from := p.past(b+1, finders)
		for articles.has(p.at(from).text) {
			from++
		}
		if from >= end || p.onlyList(b+1, end) || p.is(from, "tag") {
			return false
		}
		p.filter(k, b)
		return p.target(Query, from, end)
	}
	if a := p.past(p.past(k, alls), articles); p.in(end-1, listedAll) && a < end-1 && !p.onlyList(a, end) {
		f := a
		for f < end-1 && p.filterAt(f, end) > f { // high priority work tasks
			f = p.filterAt(f, end)
		}
		if f < end-1 {
			return p.target(Query, f, end-1)
		}
	}
	return false
}

// mine are words for the person who asks.
var mine = setOf(`my i`)

// finders lead to words that are looked for.
var finders = setOf(`about containing mentioning with named called related to for matching regarding`)

// summary reads "give me a summary of my day".
func (p *parser) summary(i, end int) bool {
	const longest = 7
	word := p.either(i, "summary", "summarize", "summarise") || p.is(i, "daily", "summary") || p.is(i, "morning", "briefing") ||
		p.is(i, "brief", "me") || p.is(i, "daily", "briefing")
	if !word && p.oneOf(i, summaries) == i || end-i > longest {
		return false
	}
	return word && end <= i+2 || p.mentions(i, end, spans)
}

var summaries = phrases(`give me a summary, give me a quick summary, give me my`)

// free reads "am I free tomorrow".
func (p *parser) free(i int) bool {
	return p.is(i, "am", "i") && p.either(i+2, "free", "busy", "late", "behind", "available", "doing", "meeting")
}

// heading reads what is a question without being a sentence: "today's tasks", "overdue".
func (p *parser) heading(i, end int) bool {
	if end == i+1 {
		return p.either(i, "overdue", "agenda", "upcoming") || p.is(i, "today") && p.is(end, "?")
	}
	if p.myDay(i, end) {
		return true
	}
	last := p.at(end - 1)
	ends := last.relative != 0 || last.unit != 0 || last.weekday != 0 || last.month != 0 || listed.has(last.text) ||
		p.is(end-1, "yesterday") || p.either(end-2, "tagged", "tag", "#") || last.kind == hashtag || last.kind == ordinal
	about := p.mentions(i, end, listed) && !p.either(end-1, "task", "todo", "deadline")
	about = about || statuses[p.at(i).text] != "" && (p.timed(i, end) || p.is(end-1, "yesterday"))
	return p.in(i, heads) && p.onlyList(i, end) && ends && about
}

// asks judges the sentences that begin with a question word.
func (p *parser) asks(i, end int) bool {
	switch p.at(i).text {
	case "which":
		return p.mentions(i+1, end, listed)
	case "how", "how's":
		looks := p.mentions(i+1, end, calendars) && p.mentions(i+1, end, mine) || p.is(i+1, "busy")
		done := p.mentions(i+1, end, mine) && p.mentions(i+1, end, duties)
		return looks || p.either(i+1, "many", "much") && (done || p.mentions(i+1, end, listed))
	case "do":
		return p.is(i+1, "i", "have") && (p.mentions(i+3, end, listed) || p.timed(i+3, end))
	case "have":
		return p.is(i+1, "i", "got") && (p.mentions(i+3, end, listed) || p.timed(i+3, end))
	case "did":
		return p.is(i+1, "i") && p.mentions(i+2, end, duties)
	case "who":
		return p.is(i+1, "am", "i", "meeting") || p.is(i+1, "am", "i", "seeing")
	case "will":
		return false
	case "any", "anything":
		return p.aboutList(i, end) && (p.is(p.end-1, "?") || p.mentions(i, end, plans))
	case "is", "are":
		return p.either(i+1, "there", "anything") && p.aboutList(i+1, end)
	}
	k := i + 1
	switch {
	case p.either(k, "tasks", "needs"):
		return true
	case p.either(k, "do", "have", "did", "should", "am", "must", "can") && p.is(k+1, "i"):
		return p.mentions(k, end, duties)
	case p.is(i, "what") && p.either(k+1, "do", "have", "did", "should") && p.is(k+2, "i"): // what assignments do I have
		return p.mentions(k+1, end, duties)
	case p.in(k, listedAll) || p.either(k, "meetings", "appointments", "deadlines", "events"):
		return true
	case p.either(k, "is", "are"):
		k++
	case p.is(i, "what"):
		return false
	}
	k = p.skip(k, "still")
	switch {
	case p.in(k, states):
		return !p.named(k)
	case p.at(k).relative != 0 || p.is(k, "this", "week") || p.is(k, "this", "weekend"): // what's tomorrow like
		return k+1 >= end || p.either(end-1, "like", "week", "weekend")
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
		case p.oneOf(k, tagged) > k && p.oneOf(k, tagged) < b:
			sure, k = true, p.oneOf(k, tagged)+1
			for p.in(k, commas) && k+1 < b && !p.in(k+1, listed) {
				k += 2
			}
			continue
		case t.kind == hashtag, t.relative != 0, p.weekdayOf(k) != 0, p.either(k, "today's", "tomorrow's", "upcoming", "priority", "urgent"):
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
	if p.is(i, "look") && !p.either(k, "up", "for") || p.is(k, "out") {
		return false
	}
	for p.either(k, "for", "me", "up") {
		k++
	}
	if p.mentions(k, end, listedAll) && p.onlyList(k, end) && p.filter(p.past(k, alls), end) { // find tasks tagged work
		return p.target(Query, end, end)
	}
	from := k
	for articles.has(p.at(from).text) || p.either(from, "all", "everything", "anything") {
		from++
	}
	switch {
	case k >= end:
		return false
	case p.in(from, things): // tasks about X
		from = p.past(p.past(from+1, searchWords), articles)
	case from > k && p.either(from, "about", "with", "tagged"):
		for from++; articles.has(p.at(from).text); from++ {
		}
	case p.in(end-1, things): // X tasks
		end--
	case !p.is(i, "search") || p.is(k, "engine") || end-k > short || p.in(end-1, joints):
		return false
	}
	from = min(from, end)
	if from < end && p.onlyList(from, end) && p.filter(from, end) {
		from = end
	}
	p.action.Intent = Query
	p.take(piece{0, from, KindCommand})
	if from < end {
		p.take(piece{end, p.end, KindCommand})
	}
	return true
}
