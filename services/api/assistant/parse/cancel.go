package parse

// cancel reads "cancel the dentist", "delete the task call Bob".
func (p *parser) cancel() bool {
	i, end := p.opening(), p.ending()
	k := i + 1
	if k >= end || p.at(k).glued {
		return false
	}
	switch p.at(i).text {
	case "cancel":
		return p.cancels(k, end) && p.target(Cancel, k, end)
	case "delete":
		// A verb begins the name of a task: delete buy milk.
		return p.deletes(k, end) || p.in(k, verbs) && k+1 < end && p.target(Cancel, k, end)
	case "remove", "drop", "scratch", "trash", "erase", "kill":
		return p.deletes(k, end)
	case "stop":
		if p.is(k, "reminding", "me", "about") || p.is(k, "reminding", "me", "to") {
			return k+3 < end && p.target(Cancel, k+3, end)
		}
		return p.in(end-1, things) && p.known(k, end) && p.target(Cancel, k, end)
	}
	return false
}

// cancels says whether "cancel" means a task here, and is not one itself.
func (p *parser) cancels(k, end int) bool {
	const short = 3
	if p.named(k) && p.named(k+1) || p.mentions(k, end, subscriptions) {
		return false
	}
	return p.known(k, end) || end-k <= short && !p.timed(k, end)
}

// deletes reads the name of what is deleted; things of the world have to be left alone.
func (p *parser) deletes(k, end int) bool {
	b := p.withoutList(end)
	if b < end && p.is(b-1, "off") {
		b--
	}
	if b < end && b > k {
		return p.target(Cancel, k, b)
	}
	first := p.past(k, articles)
	it := k+1 == end && p.in(k, pronouns)
	return (it || p.in(end-1, things) || first < end && p.in(first, things)) && p.target(Cancel, k, end)
}
