package model

import (
	"bufio"
	"bytes"
	"io"
)

// spoken is a stream of server-sent events without its signs of life. Endpoints and the
// proxies before them send comments while nothing else comes (WHATWG HTML §9.2.7), and
// openai-go takes the empty line behind one for an event, in which it finds no JSON.
type spoken struct {
	io.Closer

	lines *bufio.Reader
	rest  []byte // read and not handed on yet
	says  bool   // the event that is being read has a field
	err   error
}

func newSpoken(stream io.ReadCloser) *spoken {
	return &spoken{Closer: stream, lines: bufio.NewReader(stream)}
}

// Read implements io.Reader.
func (s *spoken) Read(p []byte) (int, error) {
	for len(s.rest) == 0 {
		if s.err != nil {
			return 0, s.err
		}
		var line []byte
		line, s.err = s.lines.ReadBytes('\n')
		switch text := bytes.TrimRight(line, "\r\n"); {
		case bytes.HasPrefix(text, []byte(":")), len(text) == 0 && !s.says:
			continue
		default:
			s.says = len(text) > 0
		}
		s.rest = line
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}
