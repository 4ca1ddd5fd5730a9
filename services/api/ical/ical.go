// Package ical reads and writes iCalendar (RFC 5545): content lines, components,
// values, and the time zones that calendars bring along. It knows nothing of tasks.
//
// The grammar is ours because no Go library holds up to strangers' files; docs/adr/0013
// has the measurements. Reading is tolerant of what calendar programs get wrong, costs
// time in proportion to the file, and names the line of each mistake.
package ical

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// MediaType of a calendar (RFC 5545 §8.1).
const MediaType = "text/calendar"

// Limits of a file, beside its size: they bound the memory of reading it.
const (
	maxDepth = 4      // of components; RFC 5545 needs three
	maxLines = 20_000 // of a component and those in it
)

// Error is a mistake in a file.
type Error struct {
	Line     int    // from 1
	Property string // such as "DUE"; empty when the line has none
	Reason   string // what it must be, or is not
}

func (e *Error) Error() string {
	if e.Property == "" {
		return fmt.Sprintf("line %d: %s", e.Line, e.Reason)
	}
	return fmt.Sprintf("line %d: %s %s", e.Line, e.Property, e.Reason)
}

// Line is a content line, unfolded.
type Line struct {
	Number int    // of the first of its lines in the file, from 1
	Name   string // in upper case
	Params []Param
	Value  string // as it is written; see Text and the others
}

// Param is a parameter of a property.
type Param struct {
	Name   string // in upper case
	Values []string
}

// Errorf is a mistake in this line.
func (l Line) Errorf(format string, args ...any) *Error {
	return &Error{Line: l.Number, Property: l.Name, Reason: fmt.Sprintf(format, args...)}
}

// Param is the first value of a parameter, empty if there is none.
func (l Line) Param(name string) string {
	for _, p := range l.Params {
		if p.Name == name && len(p.Values) > 0 {
			return p.Values[0]
		}
	}
	return ""
}

// Component is what stands between BEGIN and END.
type Component struct {
	Name     string // in upper case
	Number   int    // of its BEGIN in the file, from 1
	Lines    []Line // its properties in their order
	Children []*Component
}

// Get is the first property with the name.
func (c *Component) Get(name string) (Line, bool) {
	for _, l := range c.Lines {
		if l.Name == name {
			return l, true
		}
	}
	return Line{}, false
}

// All are the properties with the name.
func (c *Component) All(name string) []Line {
	var all []Line
	for _, l := range c.Lines {
		if l.Name == name {
			all = append(all, l)
		}
	}
	return all
}

// Read reads a file of one or more calendars. each gets every component of a
// calendar as it ends, with what is in it; Read keeps none of them. The properties of
// the calendars themselves come back. Errors of the file are of type *Error.
func Read(file string, each func(c *Component) error) (properties []Line, err error) {
	s := newScanner(file)
	calendars := 0
	for {
		l, ok, err := s.next()
		switch {
		case err != nil:
			return nil, err
		case !ok && calendars == 0:
			return nil, &Error{Line: 1, Reason: "is not iCalendar: there is no BEGIN:VCALENDAR"}
		case !ok:
			return properties, nil
		case l.Name != "BEGIN" || !strings.EqualFold(l.Value, "VCALENDAR"):
			return nil, &Error{Line: l.Number, Reason: "must be BEGIN:VCALENDAR"}
		}
		calendars++
		own, err := s.calendar(l.Number, each)
		if err != nil {
			return nil, err
		}
		properties = append(properties, own...)
	}
}

// scanner cuts a file into content lines.
type scanner struct {
	rest   string
	number int // of the next line
}

func (s *scanner) calendar(begin int, each func(c *Component) error) (properties []Line, err error) {
	for {
		l, ok, err := s.next()
		switch {
		case err != nil:
			return nil, err
		case !ok:
			return nil, &Error{Line: begin, Reason: "begins a VCALENDAR that does not end; the file seems to be cut off"}
		case l.Name == "END" && strings.EqualFold(l.Value, "VCALENDAR"):
			return properties, nil
		case l.Name == "END":
			return nil, &Error{Line: l.Number, Reason: "ends a component that has not begun"}
		case l.Name == "BEGIN":
			lines := 0
			c, err := s.component(l, 2, &lines)
			if err != nil {
				return nil, err
			}
			if err := each(c); err != nil {
				return nil, err
			}
		case len(properties) >= maxLines:
			return nil, l.Errorf("is one property too many: a calendar may have %d", maxLines)
		default:
			properties = append(properties, l)
		}
	}
}

func (s *scanner) component(begin Line, depth int, lines *int) (*Component, error) {
	c := &Component{Name: strings.ToUpper(begin.Value), Number: begin.Number}
	if depth > maxDepth {
		return nil, &Error{Line: begin.Number, Reason: fmt.Sprintf("nests components deeper than %d levels", maxDepth)}
	}
	for {
		l, ok, err := s.next()
		*lines++
		if *lines > maxLines {
			return nil, &Error{Line: begin.Number, Reason: fmt.Sprintf("begins a %s of more than %d lines", c.Name, maxLines)}
		}
		switch {
		case err != nil:
			return nil, err
		case !ok:
			return nil, &Error{Line: begin.Number, Reason: fmt.Sprintf("begins a %s that does not end; the file seems to be cut off", c.Name)}
		case l.Name == "END" && strings.EqualFold(l.Value, c.Name):
			return c, nil
		case l.Name == "END":
			return nil, &Error{Line: l.Number, Reason: fmt.Sprintf("must be END:%s, for the BEGIN in line %d", c.Name, c.Number)}
		case l.Name == "BEGIN":
			child, err := s.component(l, depth+1, lines)
			if err != nil {
				return nil, err
			}
			c.Children = append(c.Children, child)
		default:
			c.Lines = append(c.Lines, l)
		}
	}
}

func newScanner(file string) *scanner {
	file = strings.TrimPrefix(file, "\ufeff")
	if !strings.Contains(file, "\n") {
		file = strings.ReplaceAll(file, "\r", "\n") // ends of lines as they once were on a Macintosh
	}
	return &scanner{rest: file, number: 1}
}

// physical is one line of the file.
func (s *scanner) physical() string {
	line, rest, _ := strings.Cut(s.rest, "\n")
	s.rest = rest
	s.number++
	return strings.TrimSuffix(line, "\r")
}

// next is the next content line that is not empty; false at the end.
func (s *scanner) next() (l Line, ok bool, err error) {
	for s.rest != "" {
		number := s.number
		text := s.physical()
		if folded := strings.HasPrefix(s.rest, " ") || strings.HasPrefix(s.rest, "\t"); folded {
			var whole strings.Builder
			whole.WriteString(text)
			for strings.HasPrefix(s.rest, " ") || strings.HasPrefix(s.rest, "\t") {
				whole.WriteString(s.physical()[1:])
			}
			text = whole.String()
		}
		if strings.TrimSpace(text) == "" {
			continue
		}
		l, err := parseLine(text, number)
		return l, err == nil, err
	}
	return Line{}, false, nil
}

// parseLine reads name *(";" param) ":" value (RFC 5545 §3.1).
func parseLine(text string, number int) (Line, error) {
	// Whoever folds by bytes may cut a character in two, so that only whole lines are UTF-8.
	if !utf8.ValidString(text) {
		return Line{}, &Error{Line: number, Reason: "must be UTF-8"}
	}
	end := strings.IndexAny(text, ";:")
	if end < 1 {
		return Line{}, &Error{Line: number, Reason: fmt.Sprintf("is no content line, which looks like NAME:value; it is %s", quote(text))}
	}
	l := Line{Number: number, Name: strings.ToUpper(strings.TrimSpace(text[:end]))}
	rest := text[end:]
	for strings.HasPrefix(rest, ";") {
		var p Param
		name, values, found := strings.Cut(rest[1:], "=")
		if !found || strings.ContainsAny(name, ":;") {
			return Line{}, l.Errorf("has a parameter without a value")
		}
		p.Name, rest = strings.ToUpper(strings.TrimSpace(name)), ","+values
		for strings.HasPrefix(rest, ",") {
			var value string
			var closed bool
			if value, rest, closed = paramValue(rest[1:]); !closed {
				return Line{}, l.Errorf("has a parameter %s whose closing quote is missing", p.Name)
			}
			p.Values = append(p.Values, value)
		}
		l.Params = append(l.Params, p)
	}
	if !strings.HasPrefix(rest, ":") {
		return Line{}, l.Errorf("has no colon before its value")
	}
	l.Value = rest[1:]
	return l, nil
}

// paramValue reads up to the comma, semicolon or colon after the value.
func paramValue(s string) (value, rest string, closed bool) {
	if quoted, ok := strings.CutPrefix(s, `"`); ok {
		value, rest, closed = strings.Cut(quoted, `"`)
		return decodeParam.Replace(value), rest, closed
	}
	end := strings.IndexAny(s, ",;:")
	if end < 0 {
		end = len(s)
	}
	return decodeParam.Replace(s[:end]), s[end:], true
}

// RFC 6868 has escapes for what a parameter could not hold.
var (
	decodeParam = strings.NewReplacer("^n", "\n", "^N", "\n", "^^", "^", "^'", `"`)
	encodeParam = strings.NewReplacer("\r\n", "^n", "\n", "^n", "\r", "^n", "^", "^^", `"`, "^'")
)

// quote shows a piece of somebody's file, shortened.
func quote(s string) string {
	const most = 40
	if runes := []rune(s[:min(len(s), 4*most+4)]); len(runes) > most {
		s = string(runes[:most]) + "…"
	}
	return fmt.Sprintf("%q", s)
}
