package parse

var (
	// digital are things that are deleted in the world, not here.
	digital = setOf(`photos photo files file emails email app apps account accounts folder branch cookies pictures messages
		contacts history cache data videos backups logs duplicates screenshots posts profile page database pictures number`)
	// deletions begin a command that deletes.
	deletions = setOf(`remove drop scratch trash erase kill clear scrap bin`)
)

// cancel reads "cancel the dentist", "delete the task call Bob".
func (p *parser) cancel() bool {
	i, end := p.opening(), p.ending()
	k := i + 1
	if k >= end || p.at(k).glued {
		return false
	}
	if p.either(end-1, "anymore") {
		end--
	}
	switch verb := p.at(i).text; verb {
	case "cancel":
		return p.cancels(k, end) && p.targets(Cancel, k, end)
	case "delete":
		// A verb begins the name of a task: delete buy milk.
		return p.deletes(k, end) || p.deletesKnown(k, end) || p.in(k, verbs) && k+1 < end && p.target(Cancel, k, end)
	case "take": // take the van off my list
		b := p.withoutList(end)
		return b < end && p.is(b-1, "off") && b-1 > k && p.target(Cancel, k, b-1)
	case "get":
		return p.is(k, "rid", "of") && p.deletes(k+2, end)
	case "stop":
		return p.stops(k, end)
	case "don't", "dont":
		return p.is(k, "remind", "me", "about") && k+3 < end && p.target(Cancel, k+3, end)
	case "turn":
		return p.is(k, "off") && k+1 < end && (p.in(end-1, things) || p.in(p.past(k+1, articles), things)) && p.target(Cancel, k+1, end)
	default:
		return deletions.has(verb) && p.deletes(k, end)
	}
}

// stops reads what follows "stop": "reminding me about the rent", "the gym series".
func (p *parser) stops(k, end int) bool {
	if p.is(k, "reminding", "me", "about") || p.is(k, "reminding", "me", "to") {
		return k+3 < end && p.target(Cancel, k+3, end)
	}
	if p.is(k, "repeating") && k+1 < end {
		return p.target(Cancel, k+1, end)
	}
	return p.in(end-1, things) && p.known(k, end) && p.target(Cancel, k, end)
}

// cancels says whether "cancel" means a task here, and is not one itself.
func (p *parser) cancels(k, end int) bool {
	const short = 3
	if p.named(k) && p.named(k+1) || p.mentions(k, end, subscriptions) {
		return false
	}
	return p.known(k, end) || p.bulk(k, end) || end-k <= short && !p.timed(k, end)
}

// deletesKnown says whether "delete" means a task that is spoken of: the report, gym.
func (p *parser) deletesKnown(k, end int) bool {
	const short = 4
	event := p.in(end-1, events) && !p.named(k)
	known := p.either(k, "the", "my") || p.either(k, "today's", "tomorrow's")
	if end-k > short || p.mentions(k, end, digital) || p.timed(k, end) || !event && !known || p.named(k+1) && p.named(k+2) {
		return false
	}
	return (event || k+1 < end) && p.target(Cancel, k, end)
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
	if p.bulk(k, end) || b < end && b == k { // clear my list
		return p.targets(Cancel, k, end)
	}
	first := p.past(k, articles)
	it := k+1 == end && p.in(k, pronouns)
	if first < end && p.in(first, things) && p.either(first+1, "with", "tagged") {
		return false
	}
	return (it || p.in(end-1, things) || first < end && p.in(first, things)) && p.target(Cancel, k, end)
}
