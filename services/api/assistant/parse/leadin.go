package parse

// leadIns are the words before a task that say what to do with it. A reminder is
// one, too; the rest are taken out because a title does not begin with them.
var leadIns = []struct {
	words  []string
	remind bool
	colon  bool // only with a colon
	verb   bool // only before a verb
}{
	{words: []string{"remind", "me"}, remind: true},
	{words: []string{"set", "a", "reminder"}, remind: true},
	{words: []string{"set", "reminder"}, remind: true},
	{words: []string{"set", "me", "a", "reminder"}, remind: true},
	{words: []string{"add", "a", "reminder"}, remind: true},
	{words: []string{"add", "reminder"}, remind: true},
	{words: []string{"create", "a", "reminder"}, remind: true},
	{words: []string{"create", "reminder"}, remind: true},
	{words: []string{"make", "a", "reminder"}, remind: true},
	{words: []string{"new", "reminder"}, remind: true, colon: true},
	{words: []string{"reminder"}, remind: true, colon: true},
	{words: []string{"todo"}, colon: true},
	{words: []string{"to", "do"}, colon: true},
	{words: []string{"task"}, colon: true},
	{words: []string{"new", "task"}},
	{words: []string{"new", "todo"}},
	{words: []string{"don't", "forget", "to"}},
	{words: []string{"dont", "forget", "to"}},
	{words: []string{"don't", "let", "me", "forget", "to"}, remind: true},
	{words: []string{"remember", "to"}},
	{words: []string{"i", "need", "to"}},
	{words: []string{"i", "have", "to"}},
	{words: []string{"i've", "got", "to"}},
	{words: []string{"i", "must"}, verb: true},
	{words: []string{"i", "should"}, verb: true},
}

// leadIn takes the words before the task, and says whether they ask for a reminder.
func (p *parser) leadIn() (remind bool) {
	i := p.opening()
	k := i
	for _, l := range leadIns {
		end := i + len(l.words)
		if !p.is(i, l.words...) || p.at(end).glued && !p.is(end, ":") {
			continue
		}
		if l.colon && !p.is(end, ":") && !(l.remind && p.either(end, "to", "for")) {
			continue
		}
		if l.verb && !verbs.has(p.at(end).text) {
			continue
		}
		k, remind = end, l.remind
		break
	}
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
	if remind && (p.is(k, "about", "it") || p.is(k, "of", "it")) {
		k += 2
	}
	switch p.at(k).text {
	case "to", "about", "that", "of", ":":
		k++
	case "for", "called", "named":
		if f, ok := p.phraseAt(k); !ok || f.to == k {
			k++
		}
	}
	if k >= p.end {
		if !remind {
			return false
		}
		k = p.end
	}
	p.takeLead(k, remind)
	if remind {
		p.endOfLead(k)
	}
	return remind
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
	switch p.at(f.to).text {
	case "to", "about", "that", "of", ":":
		if f.to+1 < p.end {
			p.take(piece{f.to, f.to + 1, KindReminder})
		}
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
