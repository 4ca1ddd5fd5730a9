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
	body      int  // the token after the first connector
	more      bool // a further time follows: at 9am and 5pm
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
		case "on", "by", "at", "before", "@", "for", "is", "of":
			k++
		}
		return due, k
	case "is", "are", "that's", "it's":
		if p.is(i+1, "due") {
			return p.connectorAt(i + 1)
		}
	case "which", "that", "and":
		if p.either(i+1, "is", "are", "it's") && p.is(i+2, "due") {
			return p.connectorAt(i + 2)
		}
	case "with":
		if k := p.skip(p.skip(i+1, "a"), "the"); p.either(k, "deadline", "due") {
			return p.connectorAt(k)
		}
	case "on", "by", "before", "at", "around", "@":
		k := i + 1
		if t.text != "on" {
			for p.either(k, "around", "about", "approximately") {
				k++
			}
		}
		if t.text == "by" && p.either(k, "at", "latest") {
			k++
		}
		return firmly, k
	case "after", "about", "circa", "approx", "~":
		if c, end := p.clockAt(i+1, t.text == "after"); end > i+1 && (!c.bare || p.closes(end)) && !c.named {
			return firmly, i + 1
		}
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
		if end := p.upTo(&f, k); end > k {
			f.to, k = end, end
			continue
		}
		if end := p.lasting(k); f.hasTime && end > k {
			f.to, k = end, end
			continue
		}
		c, j := p.connectorAt(k)
		if c != bare && f.to > i && p.either(k, "for", "to", "until", "till") {
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
	f.to = p.stressed(f.to)
	if f.hasTime || f.day.clocked() || f.day.wait > 0 {
		f.kind = KindTime
	}
	if f.day.ask != "" {
		p.ask(f.day.ask)
	}
	return f, true
}

// upTo reads the end of a stretch of days, of which the begin counts: dec 3 to dec 5.
func (p *parser) upTo(f *phrase, k int) int {
	if !f.hasDay || f.hasTime || !p.in(k, throughs) {
		return k
	}
	m, end := p.dateAt(k + 1)
	if end == k+1 || m.shape != f.day.shape || m.shape != byYearDay && m.shape != byWeekday || m.date.before(f.day.date) {
		return k
	}
	return end
}

// extend adds a day, a time or a part of the day to a phrase: k is where its
// connector stands, j what follows that. It returns the end, or k.
func (p *parser) extend(f *phrase, k, j int, c connector) int {
	if end := p.addDay(f, j); end > j {
		return end
	}
	if f.day.wait != 0 {
		return k
	}
	loose := c >= firmly && !p.is(k, "on") || p.either(k, "from", "between")
	if end := p.addTime(f, j, loose); end > j {
		return end
	}
	if f.hasDay && !f.hasTime && j == k && (f.day.trust == relation || f.day.shape == byWeekday || f.day.shape == byYearDay) {
		if t, end := p.timeBehind(j); end > j && (!t.bare || f.day.shape != byYearDay) {
			f.time, f.hasTime = t, true
			f.time.part = f.day.clock.part
			return end
		}
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

// addDay adds a day. A weekday may be followed by the date that it is: friday, dec 4.
func (p *parser) addDay(f *phrase, i int) int {
	if f.hasDay && (f.day.shape != byWeekday || f.day.trust < weekName) {
		return i
	}
	m, end := p.dateAt(i)
	if end == i || f.hasDay && (m.shape == byWeekday || m.wait > 0 || m.trust == relation) {
		return i
	}
	f.day, f.hasDay = m, true
	if f.hasTime && m.clocked() { // 8 tonight
		f.time.part = m.clock.part
	}
	return end
}

// addTime adds a time, which may say more than the part of the day before it.
func (p *parser) addTime(f *phrase, i int, loose bool) int {
	if f.hasTime && !f.time.named {
		return i
	}
	t, end := p.clockAt(i, loose)
	if end == i {
		return i
	}
	if t.part == 0 { // friday evening at 7
		t.part = max(f.time.part, f.day.clock.part)
	}
	f.time, f.hasTime = p.halved(t), true
	return end
}

func (p *parser) addPart(f *phrase, q part, k, end int) int {
	switch {
	case f.hasTime && f.time.part == q: // first thing in the morning
	case f.hasTime && f.time.part != 0 && (f.time.named || f.time.part != p.implied):
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

// due is the instant of a day and a time, either of which may be missing.
func (p *parser) due(day, clocked *phrase) (at dueTime) {
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
	case p.soonest && day == nil && !c.exact && c.part == 0:
		for _, h := range [...]int{c.hour % 12, c.hour%12 + 12} {
			if soon := (dueTime{date: d, hour: h, minute: c.minute, hasTime: true}); !p.passed(soon) {
				return soon
			}
		}
		at.date, at.hour = d.plus(1), hour%12 // both are past; in the night, the morning is meant
		if c.hour%12 < 5 {
			at.hour = hour
		}
		return at
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
