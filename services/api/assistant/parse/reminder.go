package parse

// reminder is what the text says about being reminded, besides "remind me to".
type reminder struct {
	piece

	offset    int // minutes before the task is due
	hasOffset bool
	when      *phrase // an instant of its own
	daysAhead int     // "the day before", with a time of its own
	clock     clock
}

// beforeWords end a reminder's offset: "15 minutes before the meeting".
var beforeWords = setOf(`before beforehand prior ahead earlier early`)

// reminderAt reads "remind me 15 minutes before", "with a reminder an hour before",
// "remind me thursday at 6pm" inside a task.
func (p *parser) reminderAt(i int) (reminder, bool) {
	if !p.begins(i) {
		return reminder{}, false
	}
	k := i
	for p.either(k, "and", "with", "please", "also", "set", "a", "an") {
		k++
	}
	if d, end := p.duration(k); end > k && !d.vague && p.either(end, "reminder", "alert", "warning") && p.closes(end+1) {
		return reminder{piece: piece{i, end + 1, KindReminder}, offset: d.inMinutes(), hasOffset: true}, true // with a 15 minute reminder
	}
	switch {
	case p.is(k, "remind", "me"), p.is(k, "alert", "me"), p.is(k, "notify", "me"), p.is(k, "ping", "me"), p.is(k, "nudge", "me"):
		k += 2
	case p.either(k, "reminder", "alert", "alarm"):
		if k == p.start {
			return reminder{}, false
		}
		k++
	case p.either(k, "remind", "notify") && i > p.start:
		if d, end := p.offset(k + 1); end > k+1 {
			return reminder{piece: piece{i, end, KindReminder}, offset: d, hasOffset: true}, true
		}
		return reminder{}, false
	default:
		if d, end := p.offset(i); end > i && p.is(end, "reminder") {
			return reminder{piece: piece{i, end + 1, KindReminder}, offset: d, hasOffset: true}, true
		}
		return reminder{}, false
	}
	k = p.skip(k, ":")
	return p.reminderTime(i, k)
}

// reminderTime reads when to remind, behind "remind me".
func (p *parser) reminderTime(i, k int) (reminder, bool) {
	r := reminder{piece: piece{from: i, kind: KindReminder}}
	_, end := p.distance(k)
	if over := p.in(end, subjectWords) || end >= p.end; over && end > k && p.mentions(k, end, beforeWords) { // a week before easter
		if f, ok := p.phraseAt(k); ok && f.to == end {
			r.when, r.to = &f, f.to
			return r, true
		}
	}
	d, end := p.duration(k)
	named := i > p.start && p.either(k-1, "reminder", "alert")
	if named && end > k && !d.vague && p.closes(end) && !p.in(end, beforeWords) { // reminder 15m
		r.offset, r.hasOffset, r.to = d.inMinutes(), true, end
		return r, true
	}
	if d, end := p.offset(k); end > k && p.ends(end) {
		r.offset, r.hasOffset, r.to = d, true, end
		if d%(24*60) == 0 && d > 0 {
			if c, after := p.reminderClock(end); after > end {
				r.hasOffset, r.daysAhead, r.clock, r.to = false, d/(24*60), c, after
			}
		}
		return r, true
	}
	switch {
	case p.is(k, "when", "it's", "due"), p.is(k, "when", "it", "is", "due"), p.is(k, "at", "the", "time"), p.is(k, "on", "time"):
		r.hasOffset = true
		for r.to = k; !p.either(r.to, "due", "time"); r.to++ {
		}
		r.to++
		return r, true
	case p.is(k, "the") && p.at(k+1).part != 0 && p.either(k+2, "before", "of"):
		r.clock, r.to = partClock(p.at(k+1).part), k+3
		if p.is(k+2, "before") {
			r.daysAhead = 1
		}
		return r, true
	}
	if f, ok := p.phraseAt(k); ok && p.ends(f.to) && p.closes(f.to) {
		r.when, r.to = &f, f.to
		return r, true
	}
	return reminder{}, false
}

func (p *parser) reminderClock(i int) (clock, int) {
	c, k := p.connectorAt(i)
	if t, end := p.clockAt(k, c == firmly); end > k {
		return t, end
	}
	if q, end := p.partAt(i); end > i {
		return partClock(q), end
	}
	return clock{}, i
}

// dues are words for the time that an offset is counted from.
var dues = phrases(`it starts, it begins, it's due, it is due, the due time, the due date, due time, that, then, it, time, due`)

// offset reads "15 minutes before", "the day before", "2h ahead of it".
func (p *parser) offset(i int) (minutes, after int) {
	k := i
	if p.is(i, "at", "least") {
		k += 2
	}
	d, end := p.duration(k)
	if end == k && p.is(k, "the") && p.at(k+1).unit != 0 && p.is(k+2, "before") {
		d, end = durationOf(1, p.at(k+1).unit), k+2
	}
	if end == k || d.vague {
		return 0, i
	}
	switch {
	case p.is(end, "in", "advance"):
		return d.inMinutes(), end + 2
	case beforeWords.has(p.at(end).text):
		end++
	default:
		return 0, i
	}
	end = p.skip(end, "of")
	end = p.skip(end, "to")
	return d.inMinutes(), p.oneOf(end, dues)
}

// remindAbout answers a reminder inside a task with its time.
func (p *parser) remindAbout(r reminder, due dueTime, hasDue bool) {
	switch {
	case r.hasOffset:
		offset := r.offset
		p.action.RemindOffset = &offset
		if !hasDue {
			p.ask("Before what time?")
		} else if !due.hasTime && offset < 24*60 {
			p.ask("At what time is it due?")
		}
	case r.when != nil:
		day, clocked := split(r.when)
		if day == nil && hasDue && due.instant.IsZero() { // "at 1pm" is on the same day
			day = &phrase{day: mention{date: due.date, fixed: true}}
		}
		at := p.due(day, clocked)
		if !at.hasTime {
			at.hour, at.hasTime = hours[morning], true
		}
		t := p.instant(at)
		p.action.RemindAt = &t
	case hasDue:
		t := due.date.plus(-r.daysAhead).at(r.clock.resolve(), r.clock.minute, p.zone)
		p.action.RemindAt = &t
	default:
		p.ask("Before what day?")
	}
}

// split is a phrase as its day and its time, nil where it has none.
func split(f *phrase) (day, clocked *phrase) {
	if f.hasDay {
		day = f
	}
	if f.hasTime {
		clocked = f
	}
	return day, clocked
}
