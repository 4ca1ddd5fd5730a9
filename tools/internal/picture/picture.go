// Package picture draws the topology: the services above, the topics as lanes
// below them, and between the two who publishes and who consumes in which group.
package picture

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"html"
	"slices"
	"strings"
	"time"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/topology"
)

// style makes the picture follow the reader's light or dark.
//
//go:embed style.css
var style string

// Everything is in pixels of a picture that is 1000 wide, which a page of 800
// still shows in readable letters.
const (
	width    = 1000
	margin   = 20
	cardTop  = 74
	cardTall = 156
	cardGap  = 18
	laneTop  = cardTop + cardTall + 62
	laneTall = 92
	laneGap  = 26
	legend   = 54
)

// card is a service and where it stands.
type card struct {
	topology.Service

	left, wide float64
}

func (c card) middle() float64 { return c.left + c.wide/2 }

// slot is the place of the n-th of all connections below the card.
func (c card) slot(n, all int) float64 {
	return c.left + c.wide*(float64(n)+0.5)/float64(all)
}

// SVG is the picture. Equal topologies give equal bytes.
func SVG() []byte {
	topics := topology.Topics()
	height := laneTop + len(topics)*(laneTall+laneGap) + legend
	var p pen
	p.printf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-labelledby="title">`, width, height)
	p.printf(`<title id="title">%s</title>`, html.EscapeString(summary()))
	p.printf("<style>\n%s</style>", style)
	p.printf(`<defs>`)
	for _, kind := range []string{"publish", "consume", "invoke"} {
		p.printf(`<marker id="%s" class="%s head" viewBox="0 0 10 10" refX="8" refY="5" markerWidth="9" markerHeight="9" `+
			`markerUnits="userSpaceOnUse" orient="auto-start-reverse"><path d="M0 1L9 5L0 9z"/></marker>`, kind, kind)
	}
	p.printf(`</defs>`)
	p.printf(`<rect class="paper" width="%d" height="%d" rx="14"/>`, width, height)

	cards := place()
	for _, c := range cards {
		p.invocations(c, cards)
	}
	// Lines first: a line to a lower lane passes behind the lanes above it.
	for _, c := range cards {
		p.connections(c, topics)
	}
	for i, t := range topics {
		p.lane(laneY(i), t)
	}
	for _, c := range cards {
		p.groups(c, topics)
		p.card(c)
	}
	p.legend(float64(height - legend/2))
	p.printf(`</svg>`)
	return p.Bytes()
}

// summary says in words what the picture shows.
func summary() string {
	var services, topics []string
	for _, s := range topology.Services() {
		services = append(services, s.Name)
	}
	for _, t := range topology.Topics() {
		topics = append(topics, t.Name)
	}
	return fmt.Sprintf("The services %s exchange events on the topics %s.", strings.Join(services, ", "), strings.Join(topics, ", "))
}

// place puts the services side by side, those that call others first.
func place() []card {
	services := topology.Services()
	slices.SortStableFunc(services, func(a, b topology.Service) int {
		return cmp.Compare(len(b.Invokes), len(a.Invokes))
	})
	n := float64(len(services))
	wide := (width - 2*margin - cardGap*(n-1)) / n
	cards := make([]card, len(services))
	for i, s := range services {
		cards[i] = card{Service: s, left: margin + float64(i)*(wide+cardGap), wide: wide}
	}
	return cards
}

func laneY(i int) float64 { return laneTop + float64(i)*(laneTall+laneGap) }

// connection is one line between a service and a topic.
type connection struct {
	x, y float64 // where it meets the lane
	sub  *topology.Subscription
}

// connectionsOf lists what c publishes, from the left, and then what it consumes.
func connectionsOf(c card, topics []topology.Topic) []connection {
	all := len(c.Publishes) + len(c.Subscribes)
	var list []connection
	for _, t := range c.Publishes {
		list = append(list, connection{x: c.slot(len(list), all), y: laneY(slices.Index(topics, t))})
	}
	for _, sub := range c.Subscribes {
		list = append(list, connection{x: c.slot(len(list), all), y: laneY(slices.Index(topics, sub.Topic)), sub: &sub})
	}
	return list
}

// pen collects the picture.
type pen struct{ bytes.Buffer }

func (p *pen) printf(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

func (p *pen) text(class string, x, y float64, words string) {
	p.printf(`<text class="%s" x="%.1f" y="%.1f">%s</text>`, class, x, y, html.EscapeString(words))
}

func (p *pen) invocations(from card, cards []card) {
	for _, name := range from.Invokes {
		i := slices.IndexFunc(cards, func(c card) bool { return c.Name == name })
		to := cards[i]
		const above = cardTop - 26
		p.printf(`<path class="invoke line" d="M%.1f %d V%d Q%.1f %d %.1f %d H%.1f Q%.1f %d %.1f %d V%d" marker-end="url(#invoke)"/>`,
			from.middle(), cardTop, above+10, from.middle(), above, from.middle()+10, above,
			to.middle()-10, to.middle(), above, to.middle(), above+10, cardTop-3)
		p.text("note middle", (from.middle()+to.middle())/2, above-8, "service invocation")
	}
}

func (p *pen) connections(c card, topics []topology.Topic) {
	const bottom = cardTop + cardTall
	for _, l := range connectionsOf(c, topics) {
		if l.sub == nil {
			p.printf(`<path class="publish line" d="M%.1f %d V%.1f" marker-end="url(#publish)"/>`, l.x, bottom, l.y-2)
		} else {
			class := "consume line"
			if l.sub.Broadcast {
				class += " broadcast"
			}
			p.printf(`<path class="%s" d="M%.1f %.1f V%d" marker-end="url(#consume)"/>`, class, l.x, l.y, bottom+2)
		}
	}
}

func (p *pen) lane(y float64, t topology.Topic) {
	p.printf(`<rect class="lane" x="%d" y="%.1f" width="%d" height="%d" rx="12"/>`, margin, y, width-2*margin, laneTall)
	p.text("topic", margin+18, y+54, t.Name)
	p.text("note", margin+18, y+76, fmt.Sprintf("%d partitions, kept %s", t.Partitions, span(t.Retention)))
	var types []string
	for _, entry := range event.Catalogue() {
		if entry.Topic == t {
			types = append(types, string(entry.Payload.EventType()))
		}
	}
	p.text("type middle", width/2, y+66, strings.Join(types, "   "))
	if slices.Contains(topology.DeadLetters(), t.DeadLetter()) {
		p.text("name end", width-margin-18, y+54, t.DeadLetter().Name)
		p.text("note end", width-margin-18, y+76, "dead letters, kept "+span(t.DeadLetter().Retention))
	}
}

// groups writes where c joins the lanes: a dot and the consumer group.
func (p *pen) groups(c card, topics []topology.Topic) {
	for _, l := range connectionsOf(c, topics) {
		if l.sub == nil {
			continue
		}
		p.printf(`<circle class="consume dot" cx="%.1f" cy="%.1f" r="4.5"/>`, l.x, l.y)
		class, words, letter := "name middle", l.sub.Group(), 6.95
		if l.sub.Broadcast {
			class, words, letter = "note middle", "every replica", 6.4
		}
		// Centred below the dot, but within the lane.
		half := letter*float64(len(words))/2 + 12
		p.text(class, min(max(l.x, margin+half), width-margin-half), l.y+22, words)
	}
}

func (p *pen) card(c card) {
	p.printf(`<rect class="card" x="%.1f" y="%d" width="%.1f" height="%d" rx="12"/>`, c.left, cardTop, c.wide, cardTall)
	x, y := c.left+16, float64(cardTop)
	p.text("service", x, y+32, c.Name)
	p.text("note end", c.left+c.wide-16, y+31, fmt.Sprintf("%d–%d replicas", c.Replicas.Min, c.MaxReplicas()))
	const lettersPerLine = 31
	for i, line := range wrap(c.Job, lettersPerLine) {
		p.text("job", x, y+56+18*float64(i), line)
	}
	if len(c.EdgePaths) > 0 {
		p.text("name", x, y+cardTall-46, "edge: "+strings.Join(c.EdgePaths, " "))
	}
	for _, chip := range chips(c.Service) {
		wide := 7.0*float64(len(chip)) + 16
		p.printf(`<rect class="chip" x="%.1f" y="%.1f" width="%.1f" height="20" rx="10"/>`, x, y+cardTall-32, wide)
		p.text("chipword middle", x+wide/2, y+cardTall-18, chip)
		x += wide + 6
	}
}

func chips(s topology.Service) []string {
	var words []string
	if s.UsesDatabase {
		words = append(words, "PostgreSQL")
	}
	if s.UsesState {
		words = append(words, "state store")
	}
	return words
}

func (p *pen) legend(y float64) {
	x := float64(margin + 18)
	for _, entry := range []struct{ class, words string }{
		{"publish line", "publishes through its outbox"},
		{"consume line", "consumes in a group, effect once"},
		{"consume line broadcast", "sees all that happens while it lives"},
		{"invoke line", "calls"},
	} {
		p.printf(`<path class="%s" d="M%.1f %.1f h30"/>`, entry.class, x, y)
		p.text("note", x+38, y+4, entry.words)
		x += 38 + 6.6*float64(len(entry.words)) + 24
	}
}

// span is a retention in whole days or hours.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	n, unit := d/time.Hour, "hour"
	if d%day == 0 {
		n, unit = d/day, "day"
	}
	if n != 1 {
		unit += "s"
	}
	return fmt.Sprintf("%d %s", n, unit)
}

// wrap breaks words into lines of at most the given number of letters.
func wrap(words string, letters int) []string {
	var lines []string
	for word := range strings.FieldsSeq(words) {
		last := len(lines) - 1
		if last >= 0 && len(lines[last])+1+len(word) <= letters {
			lines[last] += " " + word
		} else {
			lines = append(lines, word)
		}
	}
	return lines
}
