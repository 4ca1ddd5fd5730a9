package parse

var (
	// asked are the words that a question about one's list begins with.
	shows = setOf("show", "list", "display", "view", "see", "open")
	finds = setOf("find", "search", "look")
	// statuses are words for a part of the list.
	statuses = map[string]string{
		"overdue": "overdue", "late": "overdue", "open": "open", "pending": "open", "unfinished": "open", "incomplete": "open", "due": "open",
		"completed": "completed", "done": "completed", "finished": "completed",
	}
	listed = setOf("tasks", "todos", "to-dos", "reminders", "task", "agenda", "schedule", "todo", "items", "plate", "list", "everything", "anything", "stuff")
)

// query reads questions about the list.
func (p *parser) query() bool {
	i, end := p.opening(0), p.ending()
	if i >= end {
		return false
	}
	begin := i
	t := p.at(i).text
	switch {
	case shows.has(t):
		i = p.skip(i+1, "me")
		if i >= end || !p.aboutList(i, end, true) {
			return false
		}
	case finds.has(t):
		return p.searches(begin, end)
	case t == "what" || t == "what's" || t == "whats" || t == "which" || t == "anything" || t == "any" || t == "how" || t == "do" || t == "is" || t == "are" || t == "when":
		if !p.questions(i, end) {
			return false
		}
	case (t == "overdue" || t == "agenda" || t == "today" || t == "upcoming") && end == i+1 && (p.is(end, "?") || t != "today"):
	case t == "tasks" || t == "todos" || t == "reminders" || levels[t] != "" && p.at(i).kind == word && listed.has(p.at(end-1).text):
		if end == i+1 || !p.onlyList(i, end) {
			return false
		}
	case t == "summary" || t == "summarize" || t == "summarise" || p.is(i, "give", "me", "a", "summary") || p.is(i, "give", "me", "my"):
		if end-i > 7 || end > i+1 && !p.mentions(i, end, setOf("day", "week", "tasks", "today", "agenda")) {
			return false
		}
	case t == "am":
		if !p.is(i, "am", "i") || !p.is(i+2, "free") && !p.is(i+2, "busy") {
			return false
		}
	case t == "my" || t == "today's" || t == "tomorrow's" || t == "all" || t == "overdue" || t == "open" || t == "completed":
		last := p.at(end - 1)
		if !p.onlyList(i, end) || last.relative == 0 && !listed.has(last.text) && last.unit == 0 {
			return false
		}
	default:
		return false
	}
	p.filters(begin, end)
	if p.is(begin, "what", "did", "i") || p.is(begin, "what", "have", "i") {
		p.action.Command.Status = "completed"
	}
	p.action.Intent = Query
	p.pieces = p.pieces[:0]
	if t != "when" {
		p.take(piece{0, p.end, KindCommand})
		return true
	}
	if p.is(end-1, "due") {
		end--
	}
	p.target(Query, i+2, end) // when is the dentist
	return true
}

// questions judges the sentences that begin with a question word.
func (p *parser) questions(i, end int) bool {
	switch p.at(i).text {
	case "which", "how":
		if p.is(i, "how") && !p.is(i+1, "many") && !p.is(i+1, "much") {
			return false
		}
		return p.mentions(i+1, end, listed)
	case "do":
		return p.is(i+1, "i", "have") && (p.mentions(i+3, end, listed) || p.timed(i+3, end))
	case "any", "anything":
		return p.aboutList(i, end, false) && (p.is(p.end-1, "?") || p.mentions(i, end, setOf("due", "overdue", "planned", "scheduled", "left")))
	case "is", "are":
		return (p.is(i+1, "there") || p.is(i+1, "anything")) && p.aboutList(i+1, end, false)
	case "when":
		return (p.is(i+1, "is") || p.is(i+1, "are")) && (p.is(end-1, "due") || p.definite(i+2, end))
	}
	k := i + 1
	switch {
	case p.is(i, "what's"), p.is(i, "whats"):
	case p.is(k, "is"), p.is(k, "are"):
		k++
	case p.is(k, "do", "i"), p.is(k, "have", "i"), p.is(k, "did", "i"), p.is(k, "should", "i"), p.is(k, "am", "i"), p.is(k, "needs"), p.is(k, "tasks"), p.is(k, "must", "i"):
		return p.is(k, "tasks") || p.is(k, "needs") || p.mentions(k, end, setOf("have", "do", "need", "planned", "get", "finish", "complete", "doing", "work"))
	default:
		return false
	}
	k = p.skip(k, "still")
	switch p.at(k).text {
	case "due", "overdue", "next", "late", "left", "planned", "scheduled", "pending", "open", "coming", "happening", "outstanding", "up":
		return !p.named(k)
	case "on", "in":
		return p.mentions(k, end, listed) || p.timedFrom(k+1, end) || p.is(k+1, "for")
	case "my", "the":
		return p.mentions(k, end, listed) || p.mentions(k, end, setOf("next", "priorities", "deadlines"))
	}
	return false
}

func (p *parser) timedFrom(a, b int) bool { return a < b && p.timed(a, b) }

func (p *parser) mentions(a, b int, words set) bool {
	for k := a; k < b; k++ {
		if words.has(p.at(k).text) {
			return true
		}
	}
	return false
}

// aboutList says whether the tokens from a to b speak of the list and not of a thing
// in the world: "overdue", "my tasks for today", unlike "Anna the garden".
func (p *parser) aboutList(a, b int, shown bool) bool {
	if p.onlyList(a, b) {
		return true
	}
	for k := a; k < b; k++ {
		if t := p.at(k).text; t == "tasks" || t == "todos" || t == "to-dos" || t == "reminders" || shown && t == "overdue" {
			return true
		}
	}
	return false
}

// listWords are those that a question about the list is made of.
var listWords = setOf("me", "my", "all", "the", "everything", "anything", "any", "due", "for", "on", "this", "next", "in", "with", "that", "are", "is", "tagged", "tag",
	"i", "have", "of", "to", "do", "a", "priority", "high", "low", "medium", "urgent", "list", "from", "open", "what's", "what", "there", "planned", "scheduled", "left", "and",
	"upcoming", "still", "now", "by", "until", "before", "today's", "tomorrow's", "whats", "week's")

func (p *parser) onlyList(a, b int) bool {
	sure := false
	for k := a; k < b; {
		t := p.at(k)
		if t.kind == hashtag || t.relative != 0 || t.text == "today's" || t.text == "tomorrow's" || statuses[t.text] != "" || listed.has(t.text) || t.text == "upcoming" {
			sure = true
			k++
			continue
		}
		if m, end := p.dateAt(k); end > k && m.wait == 0 {
			sure, k = true, end
			continue
		}
		if t.text == "priority" || t.text == "urgent" {
			sure = true
		}
		if t.text == "tagged" && p.at(k+1).kind == word && k+1 < b {
			sure, k = true, k+2
			continue
		}
		if !listWords.has(t.text) && t.kind != punct && t.unit == 0 && numbered[t.text] == "" {
			return false
		}
		k++
	}
	return sure
}

// searches reads "search grocery", "find tasks about taxes".
func (p *parser) searches(i, end int) bool {
	k := i + 1
	if p.is(i, "look") && !p.is(k, "up") && !p.is(k, "for") {
		return false
	}
	for p.is(k, "for") || p.is(k, "me") || p.is(k, "up") {
		k++
	}
	if k >= end {
		return false
	}
	from := k
	for articles.has(p.at(from).text) || p.is(from, "all") || p.is(from, "everything") || p.is(from, "anything") {
		from++
	}
	switch {
	case things.has(p.at(from).text): // tasks about X
		from++
		for p.is(from, "about") || p.is(from, "with") || p.is(from, "containing") || p.is(from, "for") || p.is(from, "named") || p.is(from, "called") || p.is(from, "that") ||
			p.is(from, "mention") || p.is(from, "mentioning") || p.is(from, "tagged") {
			from++
		}
	case from > k && (p.is(from, "about") || p.is(from, "with") || p.is(from, "tagged")):
		from++
	case things.has(p.at(end - 1).text): // X tasks
		end--
	case p.is(i, "search") && end-k <= 2 && !joints.has(p.at(end-1).text):
	default:
		return false
	}
	p.action.Intent = Query
	if from < end && p.filters(from, end) {
		from = end
	}
	p.pieces = p.pieces[:0]
	p.take(piece{0, from, KindCommand})
	if from < end && end < p.end {
		p.take(piece{end, p.end, KindCommand})
	}
	return true
}

// filters notes what part of the list is asked about. It says whether the tokens
// hold nothing else.
func (p *parser) filters(a, b int) bool {
	found := false
	for k := a; k < b; {
		t := p.at(k)
		if name, end := p.tagAt(k); end > k {
			p.tag(name)
			k, found = end, true
			continue
		}
		if (t.text == "tagged" || t.text == "tag") && p.at(k+1).kind == word && k+1 < b {
			p.tag(p.text[p.at(k+1).start:p.at(k+1).end])
			k, found = k+2, true
			continue
		}
		if l, end := p.levelAt(k); end > k {
			p.action.Priority = l
			k, found = end, true
			continue
		}
		if l := numbered[t.text]; l != "" || t.text == "urgent" {
			if p.action.Priority = l; l == "" {
				p.action.Priority = high
			}
			found = true
		}
		if s := statuses[t.text]; s != "" {
			p.action.Command.Status = s
			found = true
		}
		if end := p.period2(k); end > k && end <= b {
			k, found = end, true
			continue
		}
		k++
	}
	return found && p.onlyList(a, b)
}

// period2 notes the day or the stretch of days that a query asks about.
func (p *parser) period2(k int) int {
	t := p.at(k)
	var from, to date
	end := k
	switch {
	case t.text == "today's":
		from, to, end = p.today, p.today, k+1
	case t.text == "tomorrow's":
		from, to, end = p.today.plus(1), p.today.plus(1), k+1
	case (p.is(k, "this") || p.is(k, "next")) && p.at(k+1).unit >= week && p.at(k+1).weekday == 0:
		n := 0
		if p.is(k, "next") {
			n = 1
		}
		if from, to = p.stretchOf(p.at(k+1).unit, n); from.IsZero() {
			return k
		}
		end = k + 2
	case p.is(k, "next") || p.is(k, "in", "the", "next") || p.is(k, "coming"):
		j := k + 1
		if p.is(k, "in") {
			j = k + 3
		}
		if d, after := p.duration(j); after > j && d.minutes == 0 {
			from, to, end = p.today, d.after(p.today), after
		}
	}
	if end > k {
		p.bounds(from, to)
		return end
	}
	m, end := p.dateAt(k)
	if end == k || m.wait > 0 {
		return k
	}
	if p.is(k-1, "by") || p.is(k-1, "before") || p.is(k-1, "until") {
		p.bounds(p.today, m.date)
	} else {
		p.bounds(m.date, m.date)
	}
	at := p.instant(dueTime{date: m.date})
	p.action.DueAt = &at
	return end
}

func (p *parser) stretchOf(u unit, n int) (from, to date) {
	switch u {
	case week:
		from = p.today.monday().plus(7 * n)
		return from, from.plus(6)
	case weekend:
		from = p.today.monday().plus(7*n + 5)
		return from, from.plus(1)
	case month:
		from = p.today.firstOfMonth().plusMonths(n)
		return from, from.lastOfMonth()
	case year:
		return newDate(p.today.Year()+n, 1, 1), newDate(p.today.Year()+n, 12, 31)
	}
	return from, to
}

// bounds sets both ends of a query, the last day included.
func (p *parser) bounds(from, to date) {
	a, b := from.at(0, 0, p.zone), to.plus(1).at(0, 0, p.zone)
	p.action.Command.From, p.action.Command.To = &a, &b
}
