package parse

import "strings"

// The priorities of a task.
const (
	high   = "high"
	medium = "medium"
	low    = "low"
)

var (
	// levels are the words before "priority".
	levels = map[string]string{
		"high": high, "highest": high, "top": high, "urgent": high, "h": high, "hi": high, "1": high,
		"medium": medium, "med": medium, "normal": medium, "moderate": medium, "mid": medium, "m": medium, "2": medium,
		"low": low, "lowest": low, "l": low, "lo": low, "3": low, "4": low,
	}
	// numbered are Todoist's; it has one more than there are here.
	numbered = map[string]string{"p1": high, "p2": medium, "p3": low, "p4": low}
	// marks are those of Apple's Reminders.
	marks = map[string]string{"!!": medium, "!!!": high}
)

// priorityAt reads p1, !high, !!!, "high priority", "urgent".
func (p *parser) priorityAt(i int) (level string, after int) {
	if !p.begins(i) {
		return "", i
	}
	t := p.at(i)
	if t.text == "!" {
		return p.exclaimed(i)
	}
	if t.kind != word {
		return "", i
	}
	if l := numbered[t.text]; l != "" && p.ends(i+1) && (i == p.start || p.closes(i+1) || p.at(i+1).timely()) {
		return l, p.skip(i+1, ":")
	}
	k := i
	switch t.text {
	case "with", "at", "and":
		k++
	case "as":
		if !p.is(k+1, "soon") {
			k++
		}
	case "it's":
		k++
	case "this":
		k = p.skip(i, "this", "is")
	}
	if k > i && p.either(i, "it's", "this") && !p.either(k, "urgent", "important") {
		return "", i
	}
	k = p.skip(k, "very")
	k = p.skip(k, "a")
	if l, end := p.levelAt(k); end > k && p.ends(end) {
		if end = p.skip(end, ":"); p.closes(end) || i == p.start && (verbs.has(p.at(end).text) || p.is(end-1, ":")) {
			return l, end
		}
		return "", i
	}
	if end := p.skip(k, "as", "soon", "as", "possible"); end > k && p.closes(end) {
		return high, end
	}
	switch p.at(k).text {
	case "urgent", "asap":
	case "important":
		ends := k+1 >= p.end && i > p.start && (p.is(k-1, ",") || p.is(i, "it's") || p.is(i, "this"))
		if leads := k == p.start && p.in(k+1, verbs); !ends && !leads && !p.is(k+1, ":") {
			return "", i
		}
		if ends {
			return high, k + 1
		}
	default:
		return "", i
	}
	return p.urgent(i, k)
}

// timely says whether a word speaks of a day.
func (t *token) timely() bool {
	return t.weekday != 0 || t.month != 0 || t.relative != 0 || t.text == "next" || t.text == "this" || t.kind == number
}

// degrees before "urgent" leave it an adjective: not very urgent.
var degrees = setOf(`is not very more and`)

// urgent judges a word that is an adjective as well.
func (p *parser) urgent(i, k int) (level string, after int) {
	end := k + 1
	switch {
	case p.is(k-1, "[") && p.is(end, "]"):
		return high, end
	case !p.ends(end):
	case i == p.start:
		if p.either(end, ":", ",", "!") || p.is(end, "-") && !p.at(end).glued {
			return high, end + 1
		}
		if verbs.has(p.at(end).text) && end < p.end || p.at(end).kind == hashtag {
			return high, end
		}
	case p.closes(end) && !p.in(i-1, articles) && !p.in(i-1, degrees):
		return high, end
	}
	return "", i
}

// levelAt reads "high priority", "priority high", "prio: 1".
func (p *parser) levelAt(i int) (level string, after int) {
	priority := func(k int) bool { return p.either(k, "priority", "prio", "pri") }
	if l := levels[p.at(i).text]; l != "" && p.at(i).kind == word {
		k := i + 1
		if p.is(k, "-") && p.at(k).glued {
			k++
		}
		if priority(k) {
			return l, k + 1
		}
	}
	if priority(i) {
		k := p.skip(p.skip(i+1, ":"), "is")
		k = p.skip(k, "to")
		if l := levels[p.at(k).text]; l != "" {
			return l, k + 1
		}
	}
	return "", i
}

// exclaimed reads !high, !1, !! and !!!.
func (p *parser) exclaimed(i int) (level string, after int) {
	if p.at(i).glued {
		return "", i
	}
	if t := p.at(i + 1); t.glued && p.ends(i+2) {
		if l := levels[t.text]; l != "" {
			return l, i + 2
		}
		if l := numbered[t.text]; l != "" {
			return l, i + 2
		}
	}
	k, mark := i, ""
	for p.is(k, "!") && (k == i || p.at(k).glued) && k < i+4 {
		mark, k = mark+"!", k+1
	}
	if p.at(k).glued {
		return "", i
	}
	if l := marks[mark]; l != "" {
		return l, k
	}
	return "", i
}

// tagWords lead to a tag.
var tagWords = phrases(`tagged with, tagged as, tagged, with tag, with tags, with the tag, with label, with the label, tag :, tags :,
	label :, labels :, labelled, labeled`)

// tagWord is the position of the word in "tagged home", "with the tag home", else i.
func (p *parser) tagWord(i int) int {
	k := p.oneOf(i, tagWords)
	if k == i && p.either(i, "tag", "label") && p.is(i-1, ",") { // , tag legal
		k++
	}
	if k == i {
		return i
	}
	if p.at(k).kind == word && i > p.start && !p.in(i-1, joints) && !p.in(k, joints) && (p.closes(k+1) || p.at(k+1).timely()) {
		return k
	}
	return i
}

// moreTags takes the further tags of "tagged home and garden".
func (p *parser) moreTags(i int) int {
	for k := p.past(i, commas); k > i; k = p.past(i, commas) {
		t := p.at(k)
		other := t.timely() || levels[t.text] != "" || p.in(k, joints) && !p.is(k, "urgent")
		if other || t.kind != word || p.either(k, "priority", "prio", "remind") || !p.closes(k+1) && !p.in(k+1, commas) {
			break
		}
		p.tag(p.text[t.start:t.end])
		i = k + 1
	}
	return i
}

// tagAt reads #work. A number, such as that of an issue, and a colour are none.
func (p *parser) tagAt(i int) (name string, after int) {
	t := p.at(i)
	if k := p.tagWord(i); k > i {
		return p.text[p.at(k).start:p.at(k).end], k + 1
	}
	if t.kind != hashtag || !p.ends(i+1) {
		return "", i
	}
	name = p.text[t.start+1 : t.end]
	figures := strings.ContainsFunc(name, isDigit)
	colour := figures && len(name) == len("ff0000") && strings.Trim(name, "0123456789abcdefABCDEF") == ""
	if colour || strings.Trim(name, "0123456789") == "" {
		return "", i
	}
	return name, i + 1
}
