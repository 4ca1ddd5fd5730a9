package exchange

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// columns of the CSV file, in their order, which is stable: new ones are added at
// the end.
var columns = []string{
	"id", "title", "description", "priority", "status", "due_at", "parent_id", "position", "tags",
	"version", "series_id", "occurrence_at", "completed_at", "created_at", "updated_at",
}

// csvSink writes an export as CSV (RFC 4180).
type csvSink struct{ w *csv.Writer }

func newCSVSink(w io.Writer) *csvSink { return &csvSink{csv.NewWriter(w)} }

// Begin implements Sink. A table of tasks has no place for series and unused tags.
func (s *csvSink) Begin(Head) error {
	return s.w.Write(columns) //nolint:wrapcheck // the connection's error as it is
}

// Task implements Sink. Nor has it one for reminders.
func (s *csvSink) Task(t Item) error {
	return s.w.Write([]string{ //nolint:wrapcheck // see Begin
		t.ID.String(), guard(t.Title), guard(t.Description), string(t.Priority), string(t.Status), instant(t.DueAt), id(t.ParentID),
		strconv.FormatFloat(t.Position, 'g', -1, 64), guard(joinTags(t.Tags)),
		strconv.FormatInt(t.Version, 10), id(t.SeriesID), instant(t.OccurrenceAt), instant(t.CompletedAt),
		instant(&t.CreatedAt), instant(&t.UpdatedAt),
	})
}

// End implements Sink.
func (s *csvSink) End() error {
	s.w.Flush()
	return s.w.Error() //nolint:wrapcheck // see Begin
}

func id(id *uuid.UUID) string {
	if id == nil {
		return ""
	}
	return id.String()
}

func instant(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// guard keeps a spreadsheet from taking a text for a formula (OWASP, CSV
// injection): a leading quote, which spreadsheets know to mean "text". A text that
// looks guarded already gets another one, so that unguard is its exact inverse.
func guard(cell string) string {
	if formula(strings.TrimLeft(cell, "'")) {
		return "'" + cell
	}
	return cell
}

func unguard(cell string) string {
	if strings.HasPrefix(cell, "'") && formula(strings.TrimLeft(cell, "'")) {
		return cell[1:]
	}
	return cell
}

func formula(cell string) bool { return cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) }

var escapeTag = strings.NewReplacer(`\`, `\\`, `;`, `\;`)

func joinTags(names []string) string {
	escaped := make([]string, len(names))
	for i, name := range names {
		escaped[i] = escapeTag.Replace(name)
	}
	return strings.Join(escaped, ";")
}

// splitTags is the inverse of joinTags. Empty names, as in "a; ;b", are nothing.
func splitTags(cell string) []string {
	var names []string
	var name strings.Builder
	end := func() {
		if n := strings.TrimSpace(name.String()); n != "" {
			names = append(names, n)
		}
		name.Reset()
	}
	escaped := false
	for _, r := range cell {
		switch {
		case escaped:
			name.WriteRune(r)
			escaped = false
		case r == '\\':
			escaped = true
		case r == ';':
			end()
		default:
			name.WriteRune(r)
		}
	}
	end()
	return names
}

// A csvError is a place in a file where it stops being CSV.
type csvError struct {
	row     int // from 1
	message string
}

func (e *csvError) Error() string { return fmt.Sprintf("row %d: %s", e.row, e.message) }

var errNoHeader = errors.New("the file has no header")

// parseCSV reads a whole CSV file (RFC 4180). The standard library's reader would
// do, if it did not turn the CR LF within a cell into LF: a description has to come
// back as it was. Lines may end in LF or CR LF; lines without anything are skipped,
// but counted. A file from a spreadsheet in a country of decimal commas has
// semicolons between its cells; its header shows it.
func parseCSV(file string) ([]csvRow, error) {
	file = strings.TrimPrefix(file, "\ufeff")
	header, _, _ := strings.Cut(file, "\n")
	comma := byte(',')
	if strings.Contains(header, ";") && !strings.Contains(header, ",") {
		comma = ';'
	}
	p := csvParser{rest: file, comma: comma}
	var rows []csvRow
	for number := 1; p.rest != ""; number++ {
		cells, err := p.row(number)
		if err != nil {
			return nil, err
		}
		if len(cells) > 1 || cells[0] != "" {
			rows = append(rows, csvRow{number, cells})
		}
	}
	if len(rows) == 0 {
		return nil, errNoHeader
	}
	return rows, nil
}

// csvRow is one row and where a spreadsheet shows it.
type csvRow struct {
	number int
	cells  []string
}

type csvParser struct {
	rest  string
	comma byte
}

func (p *csvParser) row(number int) ([]string, error) {
	var cells []string
	for {
		cell, err := p.cell(number)
		if err != nil {
			return nil, err
		}
		cells = append(cells, cell)
		switch {
		case p.rest == "":
			return cells, nil
		case p.rest[0] == p.comma:
			p.rest = p.rest[1:]
			if p.rest == "" {
				return append(cells, ""), nil
			}
		default: // a line end, since cell stops nowhere else
			p.rest = strings.TrimPrefix(strings.TrimPrefix(p.rest, "\r"), "\n")
			return cells, nil
		}
	}
}

// cell reads up to the comma, the line end or the end of the file after the cell.
func (p *csvParser) cell(number int) (string, error) {
	if !strings.HasPrefix(p.rest, `"`) {
		end := 0
		for end < len(p.rest) && p.rest[end] != p.comma && p.rest[end] != '\n' && !strings.HasPrefix(p.rest[end:], "\r\n") {
			end++
		}
		cell := p.rest[:end]
		p.rest = p.rest[end:]
		if strings.Contains(cell, `"`) {
			return "", &csvError{number, `has a quote within a cell that does not begin with one; a quote in a text is written ""`}
		}
		return cell, nil
	}
	var cell strings.Builder
	p.rest = p.rest[1:]
	for {
		before, after, closed := strings.Cut(p.rest, `"`)
		if !closed {
			return "", &csvError{number, "has a cell whose closing quote is missing"}
		}
		cell.WriteString(before)
		p.rest = after
		if strings.HasPrefix(after, `"`) {
			cell.WriteByte('"')
			p.rest = after[1:]
			continue
		}
		if after == "" || after[0] == p.comma || after[0] == '\n' || strings.HasPrefix(after, "\r\n") {
			return cell.String(), nil
		}
		return "", &csvError{number, "has something between a closing quote and the next cell"}
	}
}
