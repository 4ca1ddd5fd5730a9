package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/rondohq/rondo/services/api/assistant/parse"
)

// utterance is a line of the corpus.
type utterance struct {
	Text     string `json:"text"`
	Now      string `json:"now"` // RFC 3339
	Timezone string `json:"timezone"`
	Kind     string `json:"kind"`
	Want     want   `json:"want"`
}

// want is the action that is expected; what is left out has to be absent.
type want struct {
	Intent       parse.Intent `json:"intent"`
	Title        string       `json:"title"`
	DueAt        string       `json:"due_at"`
	HasTime      bool         `json:"has_time"`
	RRule        string       `json:"rrule"`
	Mode         parse.Mode   `json:"mode"`
	RemindAt     string       `json:"remind_at"`
	RemindOffset *int         `json:"remind_offset_minutes"`
	Priority     string       `json:"priority"`
	Tags         []string     `json:"tags"`
	Asks         bool         `json:"asks"`
}

// String is the JSON that the corpus holds.
func (w want) String() string {
	b, err := json.Marshal(w)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// negative is the kind of titles full of traps: nothing may be taken out of them.
const negative = "negative"

// read reads a corpus, one utterance a line.
func read(lines []byte) ([]utterance, error) {
	var all []utterance
	scanner := bufio.NewScanner(bytes.NewReader(lines))
	for n := 1; scanner.Scan(); n++ {
		u := utterance{Want: want{Mode: parse.Schedule}}
		decoder := json.NewDecoder(bytes.NewReader(scanner.Bytes()))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&u); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		all = append(all, u)
	}
	return all, scanner.Err() //nolint:wrapcheck // of bytes in memory: a line that is too long
}

// result is what the parser made of an utterance.
type result struct {
	utterance

	intent, due, rrule, title, rest bool // right
	taken                           bool // something was taken out
	have                            want
}

func (r result) right() bool { return r.intent && r.due && r.rrule && r.title && r.rest }

// judge parses an utterance and compares.
func judge(u utterance) (result, error) {
	now, err := time.Parse(time.RFC3339, u.Now)
	if err != nil {
		return result{}, fmt.Errorf("%q: %w", u.Text, err)
	}
	zone, err := time.LoadLocation(u.Timezone)
	if err != nil {
		return result{}, fmt.Errorf("%q: %w", u.Text, err)
	}
	a := parse.Parse(u.Text, now.In(zone))
	have := want{
		Intent: a.Intent, Title: a.Title, DueAt: stamp(a.DueAt), HasTime: a.HasTime, RRule: a.RRule, Mode: a.Mode,
		RemindAt: stamp(a.RemindAt), RemindOffset: a.RemindOffset, Priority: a.Priority, Tags: a.Tags, Asks: a.Question != "",
	}
	w := u.Want
	return result{
		utterance: u, have: have, taken: len(a.Spans) > 0 || a.Intent != parse.CreateTask,
		intent: have.Intent == w.Intent,
		due:    have.DueAt == w.DueAt && have.HasTime == w.HasTime && have.RemindAt == w.RemindAt && offset(have) == offset(w),
		rrule:  have.RRule == w.RRule && have.Mode == w.Mode,
		title:  have.Title == w.Title,
		rest:   have.Priority == w.Priority && slices.Equal(have.Tags, w.Tags) && have.Asks == w.Asks,
	}, nil
}

func offset(w want) int {
	if w.RemindOffset == nil {
		return -1
	}
	return *w.RemindOffset
}

func stamp(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.Format("2006-01-02T15:04:05-07:00")
}

// mark is a number that the corpus has to reach.
type mark struct {
	name    string
	percent float64
	most    bool // not more than that; else not less
	counts  func(result) bool
	right   func(result) bool
}

// marks are the ones of issue 5. Each counts where it says something: dates, for
// example, where one is expected or was found.
var marks = []mark{
	{"intent", 97, false, func(result) bool { return true }, func(r result) bool { return r.intent }},
	{"date-time", 97, false, func(r result) bool { return dated(r.Want) || dated(r.have) }, func(r result) bool { return r.due }},
	{"rrule", 97, false, func(r result) bool { return r.Want.RRule != "" || r.have.RRule != "" }, func(r result) bool { return r.rrule }},
	{"title", 95, false, func(result) bool { return true }, func(r result) bool { return r.title }},
	{"priority, tags, question", 97, false, func(result) bool { return true }, func(r result) bool { return r.rest }},
	{"false positives", 1, true, func(r result) bool { return r.Kind == negative }, func(r result) bool { return r.taken }},
}

func dated(w want) bool { return w.DueAt != "" || w.RemindAt != "" || w.RemindOffset != nil }

// percent is how often a mark is right, and of how many.
func (m mark) percentOf(results []result) (percent float64, of int) {
	right := 0
	for _, r := range results {
		if m.counts(r) {
			of++
			if m.right(r) {
				right++
			}
		}
	}
	if of == 0 {
		return 0, 0
	}
	return 100 * float64(right) / float64(of), of
}

// missed says whether results are below the mark.
func (m mark) missed(results []result) bool {
	percent, of := m.percentOf(results)
	if m.most {
		return percent >= m.percent
	}
	return of > 0 && percent < m.percent
}

// report prints the marks of a corpus, then each of its kinds. It says whether all are reached.
func report(w io.Writer, name string, results []result) bool {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "%s: %d utterances\n", name, len(results))
	fmt.Fprintln(t, "\tof\tmark\tmeasured\t\t")
	passed := true
	for _, m := range marks {
		percent, of := m.percentOf(results)
		sign, verdict := ">=", "holds"
		if m.most {
			sign = "<"
		}
		if m.missed(results) {
			verdict, passed = "MISSED", false
		}
		fmt.Fprintf(t, "%s\t%d\t%s %g %%\t%.2f %%\t%s\t\n", m.name, of, sign, m.percent, percent, verdict)
	}
	_ = t.Flush()
	kinds(w, results)
	return passed
}

// kinds prints how each kind does.
func kinds(w io.Writer, results []result) {
	byKind := map[string][]result{}
	var names []string
	for _, r := range results {
		if byKind[r.Kind] == nil {
			names = append(names, r.Kind)
		}
		byKind[r.Kind] = append(byKind[r.Kind], r)
	}
	slices.Sort(names)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	heads := []string{"kind", "of", "all right"}
	for _, m := range marks {
		heads = append(heads, m.name)
	}
	fmt.Fprintln(t, strings.Join(heads, "\t")+"\t")
	for _, name := range names {
		all := mark{counts: func(result) bool { return true }, right: result.right}
		percent, of := all.percentOf(byKind[name])
		fmt.Fprintf(t, "%s\t%d\t%.1f\t", name, of, percent)
		for _, m := range marks {
			if percent, of := m.percentOf(byKind[name]); of > 0 {
				fmt.Fprintf(t, "%.1f\t", percent)
			} else {
				fmt.Fprint(t, "-\t")
			}
		}
		fmt.Fprintln(t)
	}
	_ = t.Flush()
}
