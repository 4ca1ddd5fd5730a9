package exchange

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/rondohq/rondo/services/api/task"
)

// formatName is what a JSON export calls itself. A change that an older Rondo
// could not import gets another number.
const formatName = "rondo/1"

// jsonSink writes an export as one JSON document, a task to a line, so that two
// exports can be compared with diff.
type jsonSink struct {
	w     *bufio.Writer
	tasks int
}

func newJSONSink(w io.Writer) *jsonSink { return &jsonSink{w: bufio.NewWriter(w)} }

// Begin implements Sink.
func (s *jsonSink) Begin(at time.Time, tags []string) error {
	head, err := json.Marshal(struct {
		Format     string    `json:"format"`
		ExportedAt time.Time `json:"exported_at"`
		Tags       []string  `json:"tags"`
	}{formatName, at.UTC(), tags})
	if err != nil {
		return fmt.Errorf("encoding the head of an export: %w", err)
	}
	_, err = fmt.Fprintf(s.w, "%s,\"tasks\":[", head[:len(head)-1])
	return err //nolint:wrapcheck // the connection's error as it is
}

// Task implements Sink.
func (s *jsonSink) Task(t task.Task) error {
	line, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("encoding a task: %w", err)
	}
	separator := ",\n"
	if s.tasks == 0 {
		separator = "\n"
	}
	s.tasks++
	_, err = s.w.WriteString(separator + string(line))
	return err //nolint:wrapcheck // see Begin
}

// End implements Sink.
func (s *jsonSink) End() error {
	if _, err := s.w.WriteString("\n]}\n"); err != nil {
		return err //nolint:wrapcheck // see Begin
	}
	return s.w.Flush() //nolint:wrapcheck // see Begin
}
