package parse

// connector is how firmly the word before a day or a time ties it to the task.
type connector uint8

const (
	bare    connector = iota
	loosely           // for friday, from 9: may be about something else
	firmly            // on friday, by 5pm, at noon
	due               // due friday
)

// phrase is a day, a time or both, as they stand together in the text.
type phrase struct {
	piece

	connector connector
	day       mention
	hasDay    bool
	time      clock
	hasTime   bool
	body      int // the token after the first connector
}

// connectorAt reads the words that lead to a day or a time.
func (p *parser) connectorAt(i int) (connector, int) {
	switch t := p.at(i); t.text {
	case "due", "deadline":
		k := i + 1
		if p.is(k, "date") {
			k++
		}
		k = p.skip(k, ":")
		switch p.at(k).text {
		case "on", "by", "at", "before", "@", "for":
			k++
		}
		return due, k
	case "is", "are":
		if p.is(i+1, "due") {
			return p.connectorAt(i + 1)
		}
	case "on", "by", "before", "at", "around", "@":
		k := i + 1
		if t.text != "on" {
			for p.is(k, "around") || p.is(k, "about") || p.is(k, "approximately") {
				k++
			}
		}
		if t.text == "by" && (p.is(k, "at") || p.is(k, "latest")) {
			k++
		}
		return firmly, k
	case "no", "not":
		if p.is(i+1, "later", "than") {
			return firmly, i + 3
		}
	case "for", "from", "between", "over", "until", "till", "starting", "to":
		return loosely, i + 1
	}
	return bare, i
}

// phraseAt reads the longest phrase that begins at i, without looking around.
func (p *parser) phraseAt(i int) (phrase, bool) {
	f := phrase{piece: piece{from: i, to: i, kind: KindDate}}
	for k := i; ; {
		before := k
		if f.to > i {
			k = p.skip(k, ",")
			if p.is(k, "-") && !p.at(k).glued {
				k++
			}
		}
		c, j := p.connectorAt(k)
		if c != bare && f.to > i && (p.is(k, "for") || p.is(k, "to") || p.is(k, "until") || p.is(k, "till")) {
			break
		}
		end := p.extend(&f, k, j, c)
		if end == before || end <= j && end <= k {
			break
		}
		if f.to == i {
			f.connector, f.body = c, j
		}
		f.to, k = end, end
	}
	if !f.hasDay && !f.hasTime {
		return phrase{}, false
	}
	if f.hasTime || f.day.clocked() || f.day.wait > 0 {
		f.kind = KindTime
	}
	if f.day.ask != "" {
		p.ask(f.day.ask)
	}
	return f, true
}

// extend adds a day, a time or a part of the day to a phrase: k is where its
// connector stands, j what follows that. It returns the end, or k.
func (p *parser) extend(f *phrase, k, j int, c connector) int {
	if !f.hasDay || f.day.shape == byWeekday && f.day.trust >= weekName {
		if m, end := p.dateAt(j); end > j && (!f.hasDay || m.shape != byWeekday && m.wait == 0 && m.trust != relation) {
			f.day, f.hasDay = m, true
			if !f.hasTime || !m.clocked() {
				return end
			}
			f.time.part = m.clock.part // 8 tonight
			return end
		}
	}
	if (!f.hasTime || f.time.named) && f.day.wait == 0 {
		loose := c == firmly || c == due || p.is(k, "from") || p.is(k, "between")
		if p.is(k, "on") {
			loose = false
		}
		if t, end := p.clockAt(j, loose); end > j {
			if f.hasTime && t.part == 0 { // friday evening at 7
				t.part = f.time.part
			} else if f.hasDay && t.part == 0 {
				t.part = f.day.clock.part
			}
			f.time, f.hasTime = t, true
			return end
		}
	}
	if f.day.wait != 0 {
		return k
	}
	if part, end := p.partAt(k); end > k && (f.hasDay || f.hasTime || p.is(k, "in", "the")) {
		return p.addPart(f, part, k, end)
	}
	if j > k && c == firmly && f.hasDay {
		if part, end := p.partAt(j); end > j {
			return p.addPart(f, part, k, end)
		}
	}
	return k
}

func (p *parser) addPart(f *phrase, q part, k, end int) int {
	switch {
	case f.hasTime && f.time.part == q: // first thing in the morning
	case f.hasTime && f.time.part != 0:
		return k
	case f.hasTime:
		f.time.part = q
	case f.day.clocked():
		return k
	default:
		f.time, f.hasTime = partClock(q), true
	}
	return end
}

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
	if f.hasTime && f.day.trust == weekName {
		return f.connector != bare || !articles.has(p.at(f.from-1).text)
	}
	switch f.day.trust {
	case sure:
		if f.connector == bare && f.day.shape == byYearDay && !f.day.fixed && !f.hasTime && f.from > p.start {
			return p.closes(f.to) && !articles.has(p.at(f.from-1).text)
		}
		return f.connector != loosely || !p.is(f.from, "to")
	case relation:
		return p.plausibleRelation(f)
	case weekName:
		return p.plausibleWeekday(f)
	case faint:
		return p.plausibleFaint(f)
	case within:
		return p.closes(f.to) && !p.is(f.to, "in") || f.hasTime
	}
	return false
}

// isName says whether a phrase looks like a part of a name: capitals all around
// where a sentence has none, as in "Around the World in 80 Days".
func (p *parser) isName(f phrase) bool {
	if p.shouting || f.connector == due {
		return false
	}
	if p.titled(f.from, f.to) && f.to-f.from > 2 && !f.hasTime {
		return true
	}
	last := p.at(f.to - 1)
	capital := last.kind == word && last.capital && last.weekday == 0 && last.month == 0 && last.text != "am" && last.text != "pm" && last.text != "a" && last.text != "p"
	if !capital || f.to-1 == p.start {
		return false
	}
	before := p.at(f.from - 1)
	if f.from <= p.start {
		return p.at(f.to).capital && !verbs.has(p.at(f.to).text)
	}
	if p.named(f.to) {
		return true
	}
	return before.capital && (f.to-f.from > 1 || f.from-1 > p.start && f.to < p.end && p.at(f.to).kind == word || f.from-1 > p.start && allCapital(p.text[before.start:before.end]))
}

// titled says whether a word between the tokens has a capital that it has in titles
// only: not the first of the text, and no weekday or month.
func (p *parser) titled(from, to int) bool {
	for k := from; k < to; k++ {
		if t := p.at(k); p.named(k) && t.weekday == 0 && t.month == 0 && !allCapital(p.text[t.start:t.end]) {
			return true
		}
	}
	return false
}

func allCapital(s string) bool {
	for _, r := range s {
		if r < 'A' || r > 'Z' {
			return false
		}
	}
	return len(s) > 1
}

func (p *parser) plausibleRelation(f phrase) bool {
	switch p.at(f.from - 1).text {
	case "of", "about", "than", "like", "'", "the":
		return false
	}
	if p.is(f.from, "on") { // turn the heating on tomorrow
		return false
	}
	switch p.at(f.to).text {
	case "is", "was", "will", "never", "isn't", "show":
		return false
	}
	return f.connector != loosely || p.closes(f.to) || p.is(f.from, "for") && f.from == p.start
}

func (p *parser) plausibleWeekday(f phrase) bool {
	before, after := p.at(f.from-1), p.at(f.to)
	if f.from > p.start && articles.has(before.text) || names.has(before.text) || p.at(f.to).text == "'" {
		return false
	}
	switch f.connector {
	case firmly, due:
		return !p.compound(f)
	case loosely:
		return p.closes(f.to)
	}
	if f.from > p.start {
		if before.text == "of" || before.text == "about" || before.text == "'s" {
			return false
		}
		return p.closes(f.to)
	}
	return f.to < p.end && (p.closes(f.to) || verbs.has(after.text) || p.event(f.to))
}

// compound says whether a weekday is the first word of a name, as in "Friday Night Lights".
func (p *parser) compound(f phrase) bool {
	return p.named(f.to) && p.named(f.to+1)
}

// event says whether a thing that happens on a day stands at i, and nothing that it
// would describe: "dinner with Mark", unlike "dinner ideas".
func (p *parser) event(i int) bool {
	return events.has(p.at(i).text) && p.closes(i+1)
}

// names make a name with a weekday or a month behind them.
var names = setOf("black", "good", "cyber", "ruby", "fat", "ash", "blue", "super", "freaky", "manic", "casual", "taco", "palm", "easter",
	"man", "giving", "bloody", "whit", "holy", "joe", "maundy", "stormy", "prime", "it's", "its", "tgi", "aunt", "uncle", "miss", "mr", "mrs", "theresa")

func (p *parser) plausibleFaint(f phrase) bool {
	before := p.at(f.from - 1)
	if names.has(before.text) || counted.has(before.text) && f.from > p.start {
		return false
	}
	weekday := f.day.shape == byWeekday
	switch {
	case f.hasTime && (f.connector != bare || weekday):
		return !articles.has(before.text) || f.from == p.start
	case f.connector == firmly || f.connector == due:
		return p.closes(f.to) || f.from == p.start && (verbs.has(p.at(f.to).text) || !weekday && f.to > f.body+2)
	case f.connector == loosely:
		return p.closes(f.to) && !weekday
	case f.hasTime:
		return true
	case f.from == p.start && f.to < p.end:
		return !weekday && (p.closes(f.to) || verbs.has(p.at(f.to).text) || p.event(f.to))
	case weekday: // "gym sat", and neither "where he sat" nor "enjoy the sun"
		return f.day.weekday != 7 && p.closes(f.to) && !subjects.has(before.text) && !articles.has(before.text) && !p.named(f.from-1)
	}
	if f.day.shape == byMonthDay { // pay rent 1st
		return f.to >= p.end && !p.named(f.from-1) && !articles.has(before.text) && !prepositions.has(before.text) && !verbs.has(before.text)
	}
	if p.is(f.from+1, ".") && p.named(f.from-1) { // Go 1.11.
		return false
	}
	return p.closes(f.to) && !articles.has(before.text) && !prepositions.has(before.text)
}

var (
	counted = setOf("it", "rate", "chapter", "part", "page", "pages", "step", "version", "episode", "season", "ratio", "v", "ios", "section", "room", "level",
		"john", "luke", "psalm", "psalms", "genesis", "matthew", "romans", "proverbs", "isaiah", "exodus", "corinthians", "hebrews", "acts",
		"score", "scale", "aspect", "size", "model", "build", "release", "volume", "vol", "no", "number", "lesson", "exercise", "question", "apartment", "apt")
	subjects     = setOf("i", "we", "he", "she", "they", "you", "it", "who", "where", "cat", "dog", "and", "newly", "just")
	prepositions = setOf("about", "of", "than", "with", "like", "in", "into", "and", "or", "the")
)

// plausibleTime judges a time without a day.
func (p *parser) plausibleTime(f phrase) bool {
	before, c := p.at(f.from-1), f.time
	if f.from > p.start && (articles.has(before.text) || counted.has(before.text)) {
		return false
	}
	first := p.at(f.body)
	switch {
	case f.connector == loosely && !p.closes(f.to):
		return false
	case p.is(f.from, "to"), p.is(f.from, "until"), p.is(f.from, "till"), p.is(f.from, "for") && c.bare:
		return false
	case first.text == "noon" || first.text == "midday" || first.text == "midnight":
		if f.connector == bare {
			return before.text != "high" && f.from > p.start && p.closes(f.to) && !p.named(f.from)
		}
		return p.closes(f.to) || f.from == p.start
	case first.text == "eod" || first.text == "cob" || first.text == "end" || first.text == "close":
		return p.closes(f.to) && (f.from > p.start || f.to < p.end)
	case first.text == "first": // first thing
		return c.part != 0 && f.to > f.body+2
	case p.is(f.from, "in", "the"):
		return p.closes(f.to) || f.from == p.start
	case c.bare:
		return p.plausibleHour(f)
	case f.connector == bare && f.from > p.start && !c.said(p, f):
		return p.closes(f.to)
	}
	return true
}

// said says whether am, pm or o'clock leaves no doubt that it is a time.
func (c clock) said(p *parser, f phrase) bool {
	return p.at(f.to-1).kind == word || p.is(f.to-1, ".")
}

// plausibleHour judges "at 9": what follows a number may be counted by it.
func (p *parser) plausibleHour(f phrase) bool {
	if f.connector != firmly && f.connector != due && !p.is(f.from, "from") && !p.is(f.from, "between") {
		return false
	}
	if p.is(f.from, "on") || f.time.hour == 0 {
		return false
	}
	after := p.at(f.to)
	if f.from == p.start {
		return after.kind == none || p.closes(f.to) || verbs.has(after.text)
	}
	if p.is(f.to, "in", "the") || p.is(f.to, "of") || p.is(f.to, "and") && p.at(f.to+1).isNumber() {
		return false
	}
	return p.closes(f.to) || after.weekday != 0 || after.relative != 0 || p.is(f.to, "this") || p.is(f.to, "next")
}

// due is the instant of a day and a time, either of which may be missing.
func (p *parser) due(day *phrase, clocked *phrase) (at dueTime) {
	if day != nil && day.day.wait > 0 {
		return dueTime{instant: p.now.Add(minutes(day.day.wait)), hasTime: true}
	}
	var c clock
	switch {
	case clocked != nil:
		c = clocked.time
		if day != nil && c.part == 0 && !c.exact {
			c.part = day.day.clock.part
		}
	case day != nil && day.day.clocked():
		c = day.day.clock
	case day != nil:
		return dueTime{date: day.day.date}
	}
	d := p.today
	if day != nil {
		d = day.day.date
	}
	hour := c.resolve()
	at = dueTime{date: d, hour: hour, minute: c.minute, hasTime: true}
	if c.midnight && (day == nil || day.day.fixed && d == p.today) {
		at.date = p.today.plus(1)
		return at
	}
	if day != nil && day.day.rolls { // friday at 5pm, said on a Friday
		if at.date = p.today; p.passed(at) {
			at.date = d
		}
		return at
	}
	switch {
	case !p.passed(at) || d != p.today:
		return at
	case day == nil:
		at.date = p.today.plus(1)
		return at
	case !c.exact && c.part == 0 && hour < 12: // today at 9, said at noon
		at.hour += 12
	}
	if p.passed(at) {
		p.ask("That time has passed today. Tomorrow instead?")
	}
	return at
}
