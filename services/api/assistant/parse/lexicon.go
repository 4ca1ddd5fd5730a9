package parse

import (
	"strings"
	"time"
)

// lexeme is what a word may mean. Many mean more than one thing (second, may,
// mon), so it says all of it and the grammar decides.
type lexeme struct {
	weekday  weekday
	form     form
	month    time.Month
	unit     unit
	number   int
	ordinal  int // -1: last
	part     part
	relative relative
	adverb   adverb
	begins   bool // what is looked for in a task may begin with it
}

// weekday is 1 for Monday to 7 for Sunday, as weeks are counted in RFC 5545 by
// default; 0 is none.
type weekday uint8

// form says how much a word is worth as evidence for a date.
type form uint8

const (
	plain  form = iota
	weak        // also another word: mon, sat, sun, wed; may, march
	plural      // mondays
)

type unit uint8

const (
	minute unit = iota + 1
	hour
	day
	week
	fortnight
	month
	quarter
	year
	workday
	weekend
)

// part is a part of the day.
type part uint8

const (
	morning part = iota + 1
	afternoon
	evening
	night
)

// hours at which a part of the day begins, when nothing else is said.
var hours = [...]int{morning: 9, afternoon: 15, evening: 18, night: 20}

// relative is a day that is named by its distance from today.
type relative uint8

const (
	today relative = iota + 1
	tomorrow
	tonight
)

// adverb is a frequency in one word.
type adverb struct {
	freq     string
	interval int
	ask      string // what it leaves open
}

var lexicon = makeLexicon()

// words adds one meaning to each word of a table; the tables overlap.
func words[T any](lexicon map[string]lexeme, set func(*lexeme, T), table map[string]T) {
	for w, value := range table {
		l := lexicon[w]
		set(&l, value)
		lexicon[w] = l
	}
}

//nolint:misspell // people type these
func makeLexicon() map[string]lexeme {
	lexicon := map[string]lexeme{}
	for i, names := range [][]string{
		{"monday", "mondays", "mon"},
		{"tuesday", "tuesdays", "", "tue", "tues"},
		{"wednesday", "wednesdays", "wed", "weds", "wensday", "wednsday", "wednesdy"},
		{"thursday", "thursdays", "", "thu", "thur", "thurs", "thrusday", "thursdy"},
		{"friday", "fridays", "", "fri"},
		{"saturday", "saturdays", "sat", "saterday", "satuday"},
		{"sunday", "sundays", "sun"},
	} {
		forms := []form{plain, plural, weak}
		for k, name := range names {
			f := plain
			if k < len(forms) {
				f = forms[k]
			}
			lexicon[name] = lexeme{weekday: weekday(i + 1), form: f}
		}
	}
	for i, names := range [][]string{
		{"january", "jan"},
		{"february", "feb", "febuary"},
		{"march", "mar"},
		{"april", "apr"},
		{"may"},
		{"june", "jun"},
		{"july", "jul"},
		{"august", "aug"},
		{"september", "sep", "sept"},
		{"october", "oct"},
		{"november", "nov"},
		{"december", "dec"},
	} {
		for _, name := range names {
			l := lexeme{month: time.Month(i + 1)}
			if name == "march" || name == "mar" || name == "may" {
				l.form = weak
			}
			lexicon[name] = l
		}
	}
	delete(lexicon, "")
	words(lexicon, func(l *lexeme, u unit) { l.unit = u }, map[string]unit{
		"minute": minute, "minutes": minute, "min": minute, "mins": minute, "m": minute,
		"hour": hour, "hours": hour, "hr": hour, "hrs": hour, "h": hour,
		"day": day, "days": day, "d": day,
		"week": week, "weeks": week, "wk": week, "wks": week, "w": week,
		"fortnight": fortnight, "fortnights": fortnight,
		"month": month, "months": month, "mo": month, "mos": month,
		"quarter": quarter, "quarters": quarter,
		"year": year, "years": year, "yr": year, "yrs": year, "y": year,
		"weekday": workday, "weekdays": workday, "workday": workday, "workdays": workday,
		"weekend": weekend, "weekends": weekend,
	})
	words(lexicon, func(l *lexeme, n int) { l.number = n }, map[string]int{
		"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
		"eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
		"eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "ninety": 90,
	})
	words(lexicon, func(l *lexeme, n int) { l.ordinal = n }, map[string]int{
		"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
		"tenth": 10, "eleventh": 11, "twelfth": 12, "thirteenth": 13, "fourteenth": 14, "fifteenth": 15, "sixteenth": 16,
		"seventeenth": 17, "eighteenth": 18, "nineteenth": 19, "twentieth": 20, "thirtieth": 30, "last": -1,
	})
	words(lexicon, func(l *lexeme, p part) { l.part = p }, map[string]part{
		"morning": morning, "mornings": morning, "afternoon": afternoon, "afternoons": afternoon,
		"arvo": afternoon, "evening": evening, "evenings": evening, "eve": evening, "night": night, "nights": night,
	})
	words(lexicon, func(l *lexeme, r relative) { l.relative = r }, map[string]relative{
		"today": today, "tod": today, "2day": today,
		"tomorrow": tomorrow, "tmrw": tomorrow, "tmr": tomorrow, "tmw": tomorrow, "tomorow": tomorrow, "tommorow": tomorrow,
		"tommorrow": tomorrow, "tomorrrow": tomorrow, "2moro": tomorrow, "2morrow": tomorrow, "tomoz": tomorrow, "tmrrw": tomorrow,
		"tomm": tomorrow, "tmro": tomorrow, "tomoro": tomorrow,
		"tonight": tonight, "tonite": tonight,
	})
	words(lexicon, func(l *lexeme, a adverb) { l.adverb = a }, map[string]adverb{
		"hourly": {hourly, 1, ""}, "daily": {daily, 1, ""}, "nightly": {daily, 1, ""}, "weekly": {weekly, 1, ""},
		"biweekly": {weekly, 2, ""}, "fortnightly": {weekly, 2, ""}, "monthly": {monthly, 1, ""},
		"bimonthly": {monthly, 2, "Every two months, or twice a month?"}, "quarterly": {monthly, 3, ""},
		"semiannually": {monthly, 6, ""}, "biannually": {monthly, 6, ""}, "yearly": {yearly, 1, ""}, "annually": {yearly, 1, ""},
		"biennially": {yearly, 2, ""},
	})
	for w, l := range lexicon {
		l.begins = true
		lexicon[w] = l
	}
	for _, s := range []set{beginnings, keysOf(feasts), keysOf(letters), keysOf(runs), keysOf(levels), keysOf(numbered)} {
		for w := range s {
			l := lexicon[w]
			l.begins = true
			lexicon[w] = l
		}
	}
	return lexicon
}

func keysOf[V any](m map[string]V) set {
	s := set{}
	for w := range m {
		s[w] = struct{}{}
	}
	return s
}

// beginnings are the words, besides those with a meaning of their own, that a day, a time,
// a recurrence, a reminder, a priority or a tag may begin with. A task is made of other
// words mostly, which then cost nothing.
var beginnings = setOf(`
	a about after alarm alert all also alternate alternating an and another apart approx are around as asap at
	be before begin beginning between bi business but by circa close cob coming commencing couple day deadline due during
	each early end ending ends eod eom eoq eow eoy ev every everyday except excluding few for forever from half important in
	indefinitely is it's label labeled labelled labels late later lunchtime mid midday middle midnight minus next
	no noon noonish noontime not notify nudge on once other over penultimate ping please prio priority pri q1 q2 q3 q4
	recurring recurs remind reminder repeat repeating repeats same semi set skip skipping sometime start starting starts
	tag tagged tags that that's the this three through throughout thru til till to twice until up urgent very
	weeknights which with within work working x`)

// set is a set of words.
type set map[string]struct{}

// setOf makes a set of words that space parts.
func setOf(words string) set {
	s := set{}
	for w := range strings.FieldsSeq(words) {
		s[w] = struct{}{}
	}
	return s
}

func (s set) has(w string) bool { _, ok := s[w]; return ok }

var (
	// joints begin a new part of the sentence, so that a date before them stands
	// for itself and describes no noun: "friday with Bob", unlike "friday dinner".
	joints = setOf(`
		at by with to for in on about from before after if because but or then via and plus until till starting every
		each remind due so while when unless re repeat repeating urgent asap p1 p2 p3 p4 please daily weekly monthly
		yearly around between alert notify ending except excluding high low during w as instead using of that the my`)

	// tasks begin with one of these; a date before one is a date: "friday call mom".
	verbs = setOf(`
		activate add apply approve arrange ask assemble attend back bake be bin bleed book borrow bring brush build buy
		call cancel change charge check clean clear close collect complete confirm contact cook copy create cut defrost
		deliver deploy descale discuss do donate download draft drink drive drop dust eat email empty exercise export
		fax feed fetch file fill finalise finalize find finish fix fly fold follow gather get give go grab groom have
		help hoover import inform inspect install interview invite invoice iron join learn leave look mail make
		meditate meet merge message mop mow move negotiate notify order organise organize pack paint pay phone pick
		ping plan plant play polish post practice practise prep prepare print proofread publish purchase push put read
		rebook recharge record refactor refill register remove renew rent repair replace reply report request
		reschedule research reset return review revise rewrite ring rinse rotate run scan schedule scrub see sell send
		service set sew share ship shop shovel sign skype soak sort speak start stop stretch study submit sweep swap
		switch sync take talk tell test text throw tidy top track train transfer translate trim turn unpack update
		upgrade upload vacuum validate verify visit wake walk wash watch water weed weigh wipe wish work wrap write`)

	// events happen on a day: "thursday dinner with Mark" is dinner, on Thursday.
	events = setOf(`
		appointment appt barbecue bbq breakfast brunch call catchup checkup choir church class coffee concert demo
		dentist dinner drinks exam flight football game gym haircut interview lesson lunch massage match meeting
		meetup party physio picnic pilates playdate practice presentation rehearsal retro run session soccer
		standup swimming sync tennis therapy training webinar wedding workout yoga`)

	articles = setOf(`the a an my our your his her their this that some any no more`)
)
