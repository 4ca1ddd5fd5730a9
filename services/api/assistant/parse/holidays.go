package parse

import (
	"strings"
	"time"
)

// feast is a day that has a name. It falls on a date, or on the nth weekday of a month,
// or at a distance from Easter.
type feast struct {
	month   time.Month
	day     int
	nth     int
	weekday weekday
	easter  bool // day counts from Easter Sunday
}

// feasts are the days that more than one country keeps, and those of the United States
// whose names leave no doubt. Days that move from country to country (Mother's Day is in
// March and in May) are left alone.
var feasts = makeFeasts(map[string]feast{
	"christmas eve, xmas eve":                  {month: time.December, day: 24},
	"christmas day, christmas, xmas day, xmas": {month: time.December, day: 25},
	"boxing day":                         {month: time.December, day: 26},
	"new year's eve, new years eve, nye": {month: time.December, day: 31},
	"new year's day, new years day, new year's, new years, the new year": {month: time.January, day: 1},
	"valentine's day, valentine's, valentines day, valentines":           {month: time.February, day: 14},
	"st patrick's day, st patricks day":                                  {month: time.March, day: 17},
	"april fools day, april fool's day":                                  {month: time.April, day: 1},
	"halloween":                                                          {month: time.October, day: 31},
	"veterans day":                                                       {month: time.November, day: 11},
	"thanksgiving, thanksgiving day":                                     {month: time.November, nth: 4, weekday: 4},
	"labor day":                                                          {month: time.September, nth: 1, weekday: 1},
	"memorial day":                                                       {month: time.May, nth: -1, weekday: 1},
	"good friday":                                                        {day: -2, easter: true},
	"easter sunday, easter":                                              {easter: true},
	"easter monday":                                                      {day: 1, easter: true},
})

type namedFeast struct {
	feast

	words []string
}

// makeFeasts orders the names by their first word; of two that begin alike the longer
// one has to be tried first.
func makeFeasts(names map[string]feast) map[string][]namedFeast {
	all := map[string][]namedFeast{}
	for list, f := range names {
		for _, words := range phrases(list) {
			key, at := words[0], 0
			for at < len(all[key]) && len(all[key][at].words) >= len(words) {
				at++
			}
			all[key] = append(all[key][:at:at], append([]namedFeast{{f, words}}, all[key][at:]...)...)
		}
	}
	return all
}

// in is the day in a year.
func (f feast) in(year int) date {
	switch {
	case f.easter:
		return easter(year).plus(f.day)
	case f.nth != 0:
		d, _ := newDate(year, f.month, 1).nth(f.nth, f.weekday)
		return d
	}
	return newDate(year, f.month, f.day)
}

// easter is Easter Sunday by the Gregorian computus (Meeus, Astronomical Algorithms, ch. 8).
func easter(year int) date {
	a, b, c := year%19, year/100, year%100
	h := (19*a + b - b/4 - (b-(b+8)/25+1)/3 + 15) % 30
	l := (32 + 2*(b%4) + 2*(c/4) - h - c%4) % 7
	n := h + l - 7*((a+11*h+22*l)/451) + 114
	return newDate(year, time.Month(n/31), n%31+1)
}

// beforeFeasts lead to a feast; elsewhere "Christmas" is a kind of cards.
var beforeFeasts = setOf(`on by before until till due every each at after from since through thru starting`)

// holiday reads the days that have a name, after a connector only.
func (p *parser) holiday(i int) (mention, int) {
	led := p.in(i-1, beforeFeasts)
	if !led && (p.in(i-1, prepositions) || p.in(i-1, joints) || p.in(i-1, articles)) {
		return mention{}, i
	}
	for _, f := range feasts[p.at(i).text] {
		after := i + len(f.words)
		if !p.is(i, f.words...) || !p.feastStands(i, after, led) {
			continue
		}
		d := f.in(p.today.Year())
		if d.before(p.today) {
			d = f.in(p.today.Year() + 1)
		}
		m := yearDay(d, sure, false)
		m.feast = true
		switch {
		case f.easter: // no rule repeats it
			m.shape = anyDay
		case f.nth != 0:
			m.shape, m.nth, m.weekday = byYearNth, f.nth, f.weekday
		}
		return m, after
	}
	return mention{}, i
}

// feastStands says whether a name between the tokens is the day and not a part of another
// name: behind a connector, before a verb, or in two words at the end.
func (p *parser) feastStands(i, after int, led bool) bool {
	switch {
	case led:
		return p.closes(after) || p.either(i-1, "every", "each")
	case i == p.start:
		return p.in(after, verbs)
	}
	return after >= p.end && after > i+1
}

// order is how a place writes dates in figures.
type order uint8

const (
	unknownOrder order = iota // UTC says nothing about the writer
	monthFirst
	dayFirst
)

// monthFirsts are the zones of the United States, of English Canada and of the
// Philippines (CLDR's short date formats of these countries).
var monthFirsts = setOf(`
	America/New_York America/Detroit America/Chicago America/Menominee America/Denver America/Boise America/Phoenix
	America/Los_Angeles America/Anchorage America/Juneau America/Sitka America/Metlakatla America/Yakutat America/Nome
	America/Adak America/Puerto_Rico America/Louisville America/Indianapolis America/Fort_Wayne America/Toronto
	America/Vancouver America/Edmonton America/Winnipeg America/Regina America/Halifax America/St_Johns
	Pacific/Honolulu Pacific/Guam Asia/Manila EST EST5EDT CST6CDT MST MST7MDT PST8PDT HST`)

// orderOf is the order of dates where a zone is used.
func orderOf(zone string) order {
	switch {
	case monthFirsts.has(zone), strings.HasPrefix(zone, "US/"), strings.HasPrefix(zone, "Canada/"),
		strings.HasPrefix(zone, "America/Indiana/"), strings.HasPrefix(zone, "America/Kentucky/"),
		strings.HasPrefix(zone, "America/North_Dakota/"):
		return monthFirst
	case !strings.Contains(zone, "/"), strings.HasPrefix(zone, "Etc/"):
		return unknownOrder
	}
	return dayFirst
}
