package ical

import (
	"io"
	"strings"
	"unicode/utf8"
)

// maxOctets of a line without its end (RFC 5545 §3.1).
const maxOctets = 75

// Writer writes content lines. The first error stays, and Err tells it.
type Writer struct {
	w   io.Writer
	err error
}

// NewWriter makes a writer. It writes line by line: w should have a buffer.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// Err is what went wrong first.
func (w *Writer) Err() error { return w.err }

// Begin opens a component.
func (w *Writer) Begin(name string) { w.Raw("BEGIN", name) }

// End closes it.
func (w *Writer) End(name string) { w.Raw("END", name) }

// Text writes a property whose values are TEXT, in one line separated by commas.
func (w *Writer) Text(name string, texts ...string) {
	escaped := make([]string, len(texts))
	for i, text := range texts {
		escaped[i] = EscapeText(text)
	}
	w.Raw(name, strings.Join(escaped, ","))
}

// Raw writes a property whose value is what RFC 5545 wants it to be. Parameters are
// pairs of name and value.
func (w *Writer) Raw(name, value string, params ...string) {
	var line strings.Builder
	line.WriteString(name)
	for i := 0; i+1 < len(params); i += 2 {
		line.WriteString(";" + params[i] + "=")
		if v := encodeParam.Replace(params[i+1]); strings.ContainsAny(v, ",;:") {
			line.WriteString(`"` + v + `"`)
		} else {
			line.WriteString(v)
		}
	}
	line.WriteString(":" + value)
	w.fold(line.String())
}

// fold breaks a line after at most 75 octets, but never within a character.
func (w *Writer) fold(line string) {
	most := maxOctets
	for len(line) > most {
		end := most
		for !utf8.RuneStart(line[end]) {
			end--
		}
		w.write(line[:end] + "\r\n ")
		line, most = line[end:], maxOctets-1 // the space counts
	}
	w.write(line + "\r\n")
}

func (w *Writer) write(s string) {
	if w.err == nil {
		_, w.err = io.WriteString(w.w, s)
	}
}
