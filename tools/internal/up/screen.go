package up

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/rondohq/rondo/tools/internal/supervisor"
)

// screen shows the parts: on a terminal as one block that is drawn again and
// again until the stack is ready, elsewhere, and after that, as a line for each change.
type screen struct {
	out io.Writer

	mu    sync.Mutex
	block bool // draw a block
	drawn int  // lines of the block on the terminal
	last  []supervisor.Status
	told  map[string]time.Time // when a part's progress was last printed as a line
	start time.Time
	stop  chan struct{} // ends the redrawing
}

func newScreen(out io.Writer) *screen {
	s := &screen{out: out, told: map[string]time.Time{}, start: time.Now(), stop: make(chan struct{})}
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		s.block = true
		go s.redraw()
	}
	return s
}

// redraw keeps the seconds running.
func (s *screen) redraw() {
	ticker := time.NewTicker(250 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-ticker.C:
			s.mu.Lock()
			s.draw()
			s.mu.Unlock()
		}
	}
}

// Update shows what has changed.
func (s *screen) Update(statuses []supervisor.Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.last
	s.last = statuses
	if s.block {
		s.draw()
		return
	}
	for i, now := range statuses {
		var old supervisor.Status
		if i < len(before) {
			old = before[i]
		}
		if s.worthALine(old, now) {
			fmt.Fprintln(s.out, s.line(now))
		}
	}
}

// worthALine is every change of state that somebody waits for, and progress now and then.
func (s *screen) worthALine(old, now supervisor.Status) bool {
	switch {
	case now.State == supervisor.Waiting, now.State == supervisor.Stopping:
		return false
	case now.State != old.State:
		s.told[now.Name] = time.Now()
		return true
	case now.Detail != "" && now.Detail != old.Detail && time.Since(s.told[now.Name]) > 10*time.Second:
		s.told[now.Name] = time.Now()
		return true
	default:
		return false
	}
}

var symbols = map[supervisor.State]string{
	supervisor.Waiting: "·", supervisor.Starting: "…", supervisor.Ready: "✓", supervisor.Restarting: "↻",
	supervisor.Failed: "✗", supervisor.Stopping: "…", supervisor.Stopped: "■",
}

func (s *screen) line(st supervisor.Status) string {
	text := fmt.Sprintf("%s %-20s %s", symbols[st.State], st.Name, wording(st))
	if st.State == supervisor.Starting && !st.Since.IsZero() && st.Detail == "" && s.block {
		text += fmt.Sprintf(" %.0f s", time.Since(st.Since).Seconds())
	}
	if st.Detail != "" {
		text += "  " + strings.ReplaceAll(st.Detail, "\n", " ")
	}
	if st.Restarts > 0 {
		text += fmt.Sprintf("  (restarts: %d)", st.Restarts)
	}
	return text
}

func wording(st supervisor.Status) string {
	switch {
	case st.State == supervisor.Ready && st.Task:
		return fmt.Sprintf("done in %.1f s", st.Took.Seconds())
	case st.State == supervisor.Ready:
		return fmt.Sprintf("ready in %.1f s", st.Took.Seconds())
	case st.State == supervisor.Starting && st.Task:
		return "running"
	default:
		return string(st.State)
	}
}

// draw replaces the block; the caller holds the lock.
func (s *screen) draw() {
	if !s.block || len(s.last) == 0 {
		return
	}
	width := 100
	if f, ok := s.out.(*os.File); ok {
		if w, height, err := term.GetSize(int(f.Fd())); err == nil && w > 20 {
			width = w
			if height <= len(s.last) {
				return // what has scrolled away cannot be drawn over; the end is told in lines
			}
		}
	}
	var b strings.Builder
	if s.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", s.drawn)
	}
	for _, st := range s.last {
		text := []rune(s.line(st))
		if len(text) > width-1 {
			text = append(text[:width-2], '…')
		}
		b.WriteString("\r\x1b[2K" + string(text) + "\n")
	}
	s.drawn = len(s.last)
	fmt.Fprint(s.out, b.String())
}

// settle ends the drawing; what follows are lines.
func (s *screen) settle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.block {
		s.draw()
		s.block = false
		close(s.stop)
	}
}

// Say prints a line of its own.
func (s *screen) Say(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.drawn > 0 && s.block {
		return // the block would be drawn over it; it is in the logs
	}
	fmt.Fprintln(s.out, text)
}

// Ready ends the start.
func (s *screen) Ready(url, dir string) {
	s.settle()
	fmt.Fprintf(s.out, "\nRondo is up after %.1f s: %s\nStop it with Ctrl-C or `rondo down`. Logs: %s/logs\n",
		time.Since(s.start).Seconds(), url, dir)
}

// Detached ends the start of a stack in the background.
func (s *screen) Detached(url string) {
	s.settle()
	fmt.Fprintf(s.out, "\nRondo is up after %.1f s: %s\nStop it with `rondo down`; see it with `rondo status` and `rondo logs`.\n",
		time.Since(s.start).Seconds(), url)
}

// Stopping begins the end.
func (s *screen) Stopping() {
	s.settle()
	fmt.Fprintln(s.out, "\nStopping.")
}

// Stopped is the end.
func (s *screen) Stopped() { fmt.Fprintln(s.out, "Rondo is down.") }

// Failed says what went wrong, with the part's last words.
func (s *screen) Failed(f Failure) {
	s.settle()
	if f.Part == "" {
		fmt.Fprintln(s.out, "\n✗ "+f.Reason)
		return
	}
	fmt.Fprintf(s.out, "\n✗ %s: %s\n", f.Part, f.Reason)
	if len(f.Log) > 0 {
		fmt.Fprintf(s.out, "  its last lines, from %s:\n", f.LogFile)
		for _, line := range f.Log {
			fmt.Fprintln(s.out, "  | "+line)
		}
	}
}
