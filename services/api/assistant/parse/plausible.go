package parse

// whenAt reads a phrase where the text around it agrees that it is one. Of what
// looks like a name, nothing may be read: then the phrase ends where that does.
func (p *parser) whenAt(i int) (phrase, bool) {
	if !p.begins(i) {
		return phrase{}, false
	}
	asked := p.action.Question
	f, ok := p.phraseAt(i)
	name := ok && p.isName(f)
	if ok && !name && p.ends(f.to) && p.plausible(f) {
		return f, true
	}
	p.action.Question = asked
	if !name {
		f.to = i
	}
	return f, false
}

// plausible asks the words around a phrase.
func (p *parser) plausible(f phrase) bool {
	if f.hasTime && !f.hasDay {
		return p.plausibleTime(f)
	}
	addressed := p.is(f.from-1, ".") && p.at(f.from-1).glued && p.in(f.from-2, names)
	if addressed || p.is(f.from-1, "last") && f.day.shape == byWeekday {
		return false // last friday night, Mr. Friday
	}
	opens := f.from == p.start && f.connector == bare && f.to < p.end
	if opens && f.day.shape == byWeekday && f.time.named && !p.closes(f.to) && !p.in(f.to, verbs) && !p.event(f.to) {
		return false // monday morning quarterback
	}
	if f.hasTime && f.day.trust == weekName {
		return f.connector != bare || !p.in(f.from-1, articles)
	}
	switch f.day.trust {
	case sure:
		if f.from > p.start && articles.has(p.at(f.from-1).text) {
			return false
		}
		if f.connector == bare && f.day.shape == byYearDay && !f.day.fixed && !f.hasTime && f.from > p.start {
			return p.closes(f.to) && !articles.has(p.at(f.from-1).text) && !p.either(f.from-1, "about", "of", "like", "since")
		}
		return f.connector != loosely || !p.is(f.from, "to")
	case relation:
		return p.plausibleRelation(f)
	case weekName:
		return p.plausibleWeekday(f)
	case faint:
		return p.plausibleFaint(f)
	case within:
		return p.closes(f.to) && !p.is(f.to, "in") && !p.is(f.from, "to") && !p.is(f.from-1, "to") || f.hasTime
	}
	return false
}

// isName says whether a phrase looks like a part of a name: capitals all around
// where a sentence has none, as in "Around the World in 80 Days".
func (p *parser) isName(f phrase) bool {
	if p.shouting || f.connector == due || f.day.feast {
		return false
	}
	if p.titled(f.from, f.to) && f.to-f.from > 2 && !f.hasTime {
		return true
	}
	if first := p.at(f.from); f.connector == bare && p.named(f.from) && first.kind == word && first.number > 0 { // Ten O'Clock clematis
		return true
	}
	if f.connector == bare && f.from == p.start+1 && p.named(f.from) {
		switch {
		case p.in(p.start, verbs) && p.named(f.to) && !p.closes(f.to): // Watch Friday the 13th Part III
			return true
		case p.in(p.start, transitive) && p.closes(f.to): // Watch Sunday on RTÉ
			return true
		}
	}
	last := p.at(f.to - 1)
	if !last.capital || last.weekday != 0 || last.month != 0 || p.either(f.to-1, "am", "pm", "a", "p") || f.to-1 == p.start {
		return false
	}
	before, after := p.at(f.from-1), p.at(f.to)
	switch {
	case f.from <= p.start:
		return after.capital && (!verbs.has(after.text) || p.titled(f.from+1, f.to))
	case p.named(f.to):
		return true
	case f.to-f.from > 1:
		return before.capital
	}
	return p.named(f.from-1) && (f.to < p.end && after.kind == word || allCapital(p.text[before.start:before.end]))
}

// transitive verbs need an object: a capital behind one begins that, and no date.
var transitive = setOf(`watch read see buy order fix get find rent stream rewatch reread borrow sell learn download`)

// titled says whether a word between the tokens has a capital that it has in titles
// only: not the first of the text, and no weekday or month.
func (p *parser) titled(from, to int) bool {
	for k := from; k < to; k++ {
		if t := p.at(k); p.named(k) && !t.glued && t.weekday == 0 && t.month == 0 && !allCapital(p.text[t.start:t.end]) {
			return true
		}
	}
	return false
}

func allCapital(s string) bool {
	for _, r := range s {
		if (r < 'A' || r > 'Z') && !isDigit(r) {
			return false
		}
	}
	return len(s) > 1
}

func (p *parser) plausibleRelation(f phrase) bool {
	switch {
	case p.either(f.from-1, "of", "about", "than", "like", "'", "the"):
		return false
	case p.is(f.from, "on"): // turn the heating on tomorrow
		return false
	case p.either(f.to, "is", "was", "will", "never", "isn't", "show"): // Tomorrow Never Dies
		return false
	}
	return f.connector != loosely || p.closes(f.to) || p.is(f.from, "for") && f.from == p.start
}

func (p *parser) plausibleWeekday(f phrase) bool {
	before, after := p.at(f.from-1), p.at(f.to)
	if f.from > p.start && articles.has(before.text) || names.has(before.text) || after.text == "'" || p.alone(f.from, f.to) {
		return false
	}
	switch {
	case p.is(f.from, "at") && p.is(f.to, "in"): // a table at Sunday in Brooklyn
		return false
	case f.connector >= firmly: // and yet: on Friday Night Lights
		return !p.named(f.to) || !p.named(f.to+1)
	case f.connector == loosely:
		return p.closes(f.to)
	case f.from > p.start:
		if p.is(f.from-1, "at") && p.is(f.to, "in") { // a table at Sunday in Brooklyn
			return false
		}
		return p.closes(f.to) && !p.either(f.from-1, "of", "about", "last", "given")
	}
	return f.to < p.end && (p.closes(f.to) || verbs.has(after.text) || p.event(f.to) || p.either(f.to, "i", "we"))
}

// alone says whether tokens at the begin of the text leave nothing to do: what
// follows is a name, as in "Sunday in the Park with George".
func (p *parser) alone(from, to int) bool {
	if from > p.start || to >= p.end || !joints.has(p.at(to).text) {
		return false
	}
	for k := to; k < p.end; k++ {
		if t := p.at(k); t.kind == hashtag || t.kind != punct && !p.named(k) && !joints.has(t.text) && !articles.has(t.text) {
			return false
		}
	}
	return true
}

// event says whether a thing that happens on a day stands at i, and nothing that it
// would describe: "dinner with Mark", unlike "dinner ideas".
func (p *parser) event(i int) bool {
	return events.has(p.at(i).text) && p.closes(i+1)
}

// names make a name with a weekday or a month behind them.
var names = setOf(`
	black good cyber ruby fat ash blue super freaky manic casual taco palm easter man giving bloody whit holy joe
	maundy stormy prime it's its tgi aunt uncle miss mr mrs theresa`)

func (p *parser) plausibleFaint(f phrase) bool {
	before := p.at(f.from - 1)
	if names.has(before.text) || counted.has(before.text) && f.from > p.start {
		return false
	}
	weekday := f.day.shape == byWeekday
	switch {
	case weekday && p.is(f.to, "and") && p.named(f.to-1) && p.named(f.to+1) && p.at(f.to+1).weekday == 0: // Sat and Priya
		return false
	case weekday && f.from == p.start && f.hasTime && p.at(f.to-1).weekday != 0 && // noon sun exposure
		!p.closes(f.to) && !p.in(f.to, verbs) && !p.event(f.to):
		return false
	case f.hasTime && (f.connector != bare || weekday):
		return !articles.has(before.text) || f.from == p.start
	case f.connector >= firmly:
		return p.closes(f.to) || f.from == p.start && (verbs.has(p.at(f.to).text) || !weekday && f.to > f.body+2)
	case f.connector == loosely:
		return p.closes(f.to) && !weekday
	case f.hasTime:
		return true
	case f.from == p.start && p.is(f.to, ":") && f.to+1 < p.end:
		return true
	case f.from == p.start && f.to < p.end:
		return !weekday && (p.closes(f.to) || verbs.has(p.at(f.to).text) || p.event(f.to))
	case !p.closes(f.to) || articles.has(before.text):
		return false
	case weekday: // "gym sat", and neither "where he sat" nor "enjoy the sun"
		return f.day.weekday != 7 && !subjects.has(before.text) && !p.named(f.from-1)
	case f.day.shape == byMonthDay: // pay rent 1st
		const unusual = 20 // behind a name: Henry the 8th, and nobody the 31st
		return f.to >= p.end && (!p.named(f.from-1) || f.day.nth > unusual) && !prepositions.has(before.text) && !verbs.has(before.text)
	case p.is(f.from+1, ".") && p.named(f.from-1): // Go 1.11.
		return false
	}
	return !prepositions.has(before.text)
}

var (
	counted = setOf(`
		it rate chapter part page pages step version episode season ratio v ios section room level john luke psalm
		psalms genesis matthew romans proverbs isaiah exodus corinthians hebrews acts score scale aspect size model
		build release volume vol no number lesson exercise question apartment apt`)
	subjects     = setOf(`i we he she they you it who where cat dog and newly just`)
	prepositions = setOf(`about of than with like in into and or the`)
)

// plausibleTime judges a time without a day.
func (p *parser) plausibleTime(f phrase) bool {
	before, c := p.at(f.from-1), f.time
	switch {
	case f.from > p.start && (articles.has(before.text) || counted.has(before.text)):
		return false
	case f.connector == loosely && !p.closes(f.to):
		return false
	case p.either(f.from, "to", "until", "till"), p.is(f.from, "for") && c.bare:
		return false
	case p.either(f.body, "noon", "midday", "midnight") && f.connector == bare:
		return before.text != "high" && f.from > p.start && p.closes(f.to) && !p.named(f.from)
	case p.either(f.body, "eod", "cob", "end", "close"):
		return p.closes(f.to) && (f.from > p.start || f.to < p.end)
	case p.is(f.body, "first"): // first thing
		return c.part != 0 && (f.to > f.body+2 || f.to >= p.end && f.from > p.start)
	case p.either(f.body, "noon", "midday", "midnight"), p.is(f.from, "in", "the"):
		return p.closes(f.to) || f.from == p.start && (p.in(f.to, verbs) || p.event(f.to))
	case c.bare:
		return p.plausibleHour(f)
	case f.connector == bare && f.from > p.start && p.at(f.to-1).kind == number: // neither am, pm nor o'clock
		return p.closes(f.to)
	case f.connector == bare && f.from == p.start && p.named(f.to): // The 5 AM Club
		return verbs.has(p.at(f.to).text) || p.event(f.to)
	}
	return true
}

// plausibleHour judges "at 9": what follows a number may be counted by it.
func (p *parser) plausibleHour(f phrase) bool {
	led := f.connector >= firmly && !p.is(f.from, "on") || p.either(f.from, "from", "between")
	switch {
	case !led || f.time.hour == 0:
		return false
	case p.closes(f.to):
		return !p.is(f.to, "of") && (!p.is(f.to, "and") || !p.at(f.to+1).isNumber())
	case f.from == p.start:
		return p.in(f.to, verbs)
	}
	return p.at(f.to).timely()
}
