package parse

import (
	"slices"
	"strings"
	"time"
)

// ask keeps the first question: one is enough.
func (p *parser) ask(question string) {
	if p.action.Question == "" {
		p.action.Question = question
	}
}

func (p *parser) take(c piece) {
	if c.to > c.from {
		p.pieces = append(p.pieces, c)
	}
}

// read decides what the text is.
func (p *parser) read() {
	switch {
	case p.talk():
		p.action.Intent = None
	case p.query(), p.snooze(), p.complete(), p.update(), p.cancel():
	default:
		p.create()
	}
	p.finish()
}

// finding is what a task's text holds.
type finding struct {
	whens    []phrase
	series   *series
	reminder *reminder
	except   int // where days that a headline's series leaves out are named; 0: nowhere
}

// create reads a new task.
func (p *parser) create() {
	remind := p.leadIn()
	var found finding
	if remind { // remind me 10 minutes before the dentist
		if r, ok := p.reminderTime(p.start, p.start); ok && r.when == nil && r.to < p.end {
			found.reminder, p.start = &r, r.to
		}
	}
	p.collect(&found)
	p.headline(&found)
	due, hasDue := p.settle(&found)
	switch {
	case found.series != nil:
		p.action.Intent = CreateRecurring
		if found.series.completion {
			p.action.Mode = Completion
		}
		if remind && found.reminder == nil {
			p.action.RemindOffset = new(int)
		}
	case remind, found.reminder != nil && found.reminder.from <= p.start: // ping me in 10 minutes
		p.action.Intent = CreateReminder
	}
	if hasDue {
		at := p.instant(due)
		p.action.DueAt, p.action.HasTime = &at, due.hasTime
	}
	switch {
	case found.reminder != nil:
		p.take(found.reminder.piece)
		p.remindAbout(*found.reminder, due, hasDue)
	case p.action.Intent == CreateReminder:
		p.remindWhenDue(due, hasDue)
	}
}

// remindWhenDue sets the reminder of "remind me to".
func (p *parser) remindWhenDue(due dueTime, hasDue bool) {
	if !hasDue {
		p.ask("When should I remind you?")
		return
	}
	if !due.hasTime { // in the morning of that day
		due.hour = hours[morning]
	}
	if at := p.instant(due); !at.Before(p.now) {
		p.action.RemindAt = &at
	} else {
		p.ask("At what time?")
	}
}

// collect walks through the text once and notes what may be taken out.
func (p *parser) collect(found *finding) {
	for i := p.start; i < p.end; {
		if p.mayBegin(i) {
			i = p.collectAt(i, found)
		} else {
			i++
		}
	}
}

// mayBegin says whether something that is looked for may begin with token i.
func (p *parser) mayBegin(i int) bool {
	t := p.at(i)
	return t.begins || t.kind != word && t.kind != opaque || t.text[0] == 'x'
}

func (p *parser) collectAt(i int, found *finding) int {
	if p.at(i).kind == opaque {
		return i + 1
	}
	if name, end := p.tagAt(i); end > i {
		p.tag(name)
		if p.at(i).kind != hashtag {
			end = p.moreTags(end)
		}
		return p.collected(piece{i, end, KindTag})
	}
	if level, end := p.priorityAt(i); end > i {
		if p.action.Priority == "" {
			p.action.Priority = level
		}
		return p.collected(piece{i, end, KindPriority})
	}
	if found.reminder == nil {
		if r, ok := p.reminderAt(i); ok {
			kept := r // only what is kept is worth an allocation
			found.reminder = &kept
			return r.to
		}
		if d, end := p.offset(i); p.soonest && end > i && end >= p.end { // remind me about the meeting 10 minutes before
			found.reminder = &reminder{piece: piece{i, end, KindReminder}, offset: d, hasOffset: true}
			return end
		}
	}
	if end := p.collectSeries(i, found); end > i {
		return end
	}
	f, ok := p.whenAt(i)
	if !ok {
		return max(f.to, i+1)
	}
	found.whens = append(found.whens, f)
	if k := p.past(f.to, commas); f.hasTime && !f.hasDay && !f.time.bare && k > f.to {
		if t, end := p.clockAt(p.skip(k, "at"), false); end > k && !t.bare {
			found.whens[len(found.whens)-1].more = true
		}
	}
	return f.to
}

// collectSeries notes a recurrence, and what bounds one that stands before it.
func (p *parser) collectSeries(i int, found *finding) int {
	if found.series == nil {
		if _, end := p.adverbAt(p.start); end > p.start && found.except == 0 && p.oneOf(i, exceptions) > i {
			week := &series{rule: rule{freq: daily}}
			if end := p.except(week, i); end > i && p.ends(end) && p.closes(end) { // daily standup at 9 except fridays
				found.except = i
				return end
			}
		}
		if s, ok := p.seriesAt(i); ok {
			kept := s
			found.series = &kept
			p.take(s.piece)
			return s.to
		}
		return i
	}
	if !p.begins(i) {
		return i
	}
	for _, form := range [...]func(*parser, *series, int) int{(*parser).bound, (*parser).except} {
		if end := form(p, found.series, i); end > i && p.ends(end) && p.closes(end) {
			p.take(piece{i, end, KindRecurrence})
			return end
		}
	}
	return p.secondSeries(i, found)
}

// secondSeries notes that one task is to repeat in two ways: gym every monday at 7 and
// every thursday at 6. It keeps the first.
func (p *parser) secondSeries(i int, found *finding) int {
	if !p.in(i, commas) && !p.either(i, "every", "each") {
		return i
	}
	asked := p.action.Question
	s, ok := p.seriesAt(p.past(i, commas))
	if !ok || s.adjective || !p.closes(s.to) || found.series.to < i-1 && p.mentions(found.series.to, i, verbs) {
		p.action.Question = asked
		return i
	}
	second := p.text[p.at(s.from).start:p.at(s.to-1).end]
	p.ask("One task repeats in one way. Shall I make a second one for “" + second + "”?")
	p.take(piece{i, s.to, KindRecurrence})
	return s.to
}

// collected takes a piece that is part of no other. What stands before the task
// does not count as its begin.
func (p *parser) collected(c piece) int {
	p.take(c)
	if c.from == p.start {
		p.start = c.to
	}
	return c.to
}

func (p *parser) tag(name string) {
	if !slices.ContainsFunc(p.action.Tags, func(t string) bool { return strings.EqualFold(t, name) }) {
		p.action.Tags = append(p.action.Tags, name)
	}
}

// headline takes a frequency in front of a title where a time or a day of that
// frequency follows: "Daily standup at 9:30", unlike "Monthly report due friday".
func (p *parser) headline(found *finding) {
	a, end := p.adverbAt(p.start)
	if a := p.opener.rhythm; a.freq != "" { // create a weekly task to
		p.rhythm(found, a)
		return
	}
	if a.freq == "" || end >= p.end || p.at(end).kind != word && p.at(end).kind != number {
		return
	}
	if s := found.series; s != nil { // biweekly 1:1 on wednesdays
		if s.rule.freq == a.freq && s.rule.interval <= 1 && a.interval > 1 && s.from > p.start {
			s.rule.interval = a.interval
			p.take(piece{p.start, end, KindRecurrence})
		}
		return
	}
	day, clocked := choose(found.whens)
	r := rule{freq: a.freq, interval: a.interval}
	fits := day == nil && clocked != nil && a.freq == daily
	if day != nil && a.freq != daily {
		fits = r.refine(day.day)
	}
	s := &series{piece: piece{p.start, end, KindRecurrence}, rule: r, known: true}
	if found.except > 0 && (fits || day == nil && a.freq == daily) {
		fits = true
		p.take(piece{found.except, p.except(s, found.except), KindRecurrence})
	}
	if fits {
		found.series = s
		p.take(s.piece)
	}
}

// rhythm repeats a task that is called a weekly one.
func (p *parser) rhythm(found *finding, a adverb) {
	if s := found.series; s != nil {
		if s.rule.freq == a.freq && s.rule.interval <= 1 {
			s.rule.interval = a.interval
		}
		return
	}
	r := rule{freq: a.freq, interval: a.interval}
	if day, _ := choose(found.whens); day != nil {
		r.refine(day.day)
	}
	found.series = &series{rule: r, known: true}
}

// choose picks the day and the time of several phrases: those that are tied most
// firmly to the task, and of these the last day and the first time: "pick up the cake
// at 3 for the party at 5".
func choose(whens []phrase) (day, clocked *phrase) {
	rank := func(f *phrase) int {
		n := map[connector]int{due: 6, firmly: 4, bare: 2, loosely: 0}[f.connector]
		if f.hasDay && f.day.trust == sure || f.hasTime && f.hasDay {
			n++
		}
		return n
	}
	for i := range whens {
		f := &whens[i]
		if f.hasDay && (day == nil || rank(f) >= rank(day)) {
			day = f
		}
	}
	if day != nil && (day.hasTime || day.day.wait > 0) {
		return day, timeOf(day)
	}
	for i := range whens {
		f := &whens[i]
		if f.hasTime && !f.hasDay && (clocked == nil || rank(f) > rank(clocked)) {
			clocked = f
		}
	}
	return day, clocked
}

func timeOf(f *phrase) *phrase {
	if f.hasTime {
		return f
	}
	return nil
}

// settle finds the due time, and takes what it is made of.
func (p *parser) settle(found *finding) (due dueTime, hasDue bool) {
	day, clocked := choose(found.whens)
	if s := found.series; s != nil && s.hasClock && !s.clock.named && (day == nil || day.day.wait == 0) {
		clocked = nil
		if day != nil && day.hasTime {
			day = nil
		}
	}
	if day != nil {
		p.take(day.piece)
	}
	if s := found.series; s != nil && clocked != nil && clocked.more && !s.hasClock && len(s.rule.byHour) == 0 { // 8am and 8pm daily
		s.clock, s.hasClock = clocked.time, true
		p.take(piece{clocked.from, p.moreTimes(s, clocked.to), clocked.kind})
		clocked = nil
	}
	if clocked != nil && clocked != day {
		p.take(clocked.piece)
	}
	if found.series != nil {
		return p.settleSeries(found.series, day, clocked)
	}
	if day == nil && clocked == nil {
		return dueTime{}, false
	}
	return p.due(day, clocked), true
}

func (p *parser) settleSeries(s *series, day, clocked *phrase) (due dueTime, hasDue bool) {
	if !s.known {
		return dueTime{}, false
	}
	from := p.today
	if s.hasStart {
		from = s.start
	}
	if day != nil {
		if !s.rule.refine(day.day) || day.day.shape == byWeekday {
			from = day.day.date
			if day.day.rolls {
				from = p.today
			}
		}
		if !s.hasClock && day.day.clocked() {
			s.clock, s.hasClock = day.day.clock, true
		}
	}
	if clocked != nil && (!s.hasClock || s.clock.named) {
		q := s.clock.part
		if s.clock, s.hasClock = clocked.time, true; s.clock.part == 0 {
			s.clock.part = q
		}
	}
	if s.rule.freq == hourly || s.rule.freq == minutely {
		due = p.firstOften(s, from)
	} else {
		due = p.firstOfSeries(s, from)
	}
	p.limit(&s.rule, s.weeks, due.date)
	if u := s.rule.until; !u.IsZero() && u.Before(p.instant(due)) {
		s.rule.until = time.Time{}
		p.ask("That ends before it begins. Until when?")
	}
	p.action.RRule = s.rule.String()
	return due, true
}

func (p *parser) firstOfSeries(s *series, from date) dueTime {
	if !s.hasClock {
		return p.first(s.rule, from, nil)
	}
	due := p.first(s.rule, from, &s.clock)
	for _, h := range s.rule.byHour {
		c := clock{hour: h, minute: s.clock.minute, exact: true}
		if other := p.first(s.rule, from, &c); p.instant(other).Before(p.instant(due)) {
			due = other
		}
	}
	return due
}

// firstOften is the first occurrence of a series that repeats within the day: one
// interval from now, unless it is said.
func (p *parser) firstOften(s *series, from date) dueTime {
	if s.hasClock {
		return p.first(s.rule, from, &s.clock)
	}
	step := max(1, s.rule.interval)
	if s.rule.freq == hourly {
		step *= 60
	}
	at := p.now.Add(minutes(step))
	return dueTime{date: dateOf(at), instant: at, hasTime: true}
}
