package account

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/api/text"
	"github.com/rondohq/rondo/services/internal/rest"
)

const (
	maxFilters    = 50
	maxFilterName = 50
	maxFilterPath = 2000
	clockLayout   = "15:04"
)

// QuietHours are the time of day, in the person's zone, in which nothing disturbs
// them. They may reach over midnight.
type QuietHours struct {
	From string `json:"from"` // 22:00
	To   string `json:"to"`   // 07:00
}

// SavedFilter is a list of the web application that has a name.
type SavedFilter struct {
	Name string `json:"name"`
	Path string `json:"path"` // in the web application, with its query
}

// settings checks what a patch says of quiet hours and saved filters.
func (p *Patch) checkSettings(bad []fault.Field) []fault.Field {
	if quiet := p.QuietHours; quiet.Set && !quiet.Null {
		for name, clock := range map[string]string{"from": quiet.Value.From, "to": quiet.Value.To} {
			if _, err := time.Parse(clockLayout, clock); err != nil || len(clock) != len(clockLayout) {
				bad = check(bad, "quiet_hours."+name, "must be a time of day such as 22:00")
			}
		}
		if quiet.Value.From == quiet.Value.To {
			bad = check(bad, "quiet_hours.to", "must be another time than from")
		}
	}
	if p.SavedFilters == nil {
		return bad
	}
	filters := *p.SavedFilters
	if len(filters) > maxFilters {
		bad = check(bad, "saved_filters", fmt.Sprintf("must be at most %d", maxFilters))
	}
	for i := range filters {
		filters[i].Name = strings.TrimSpace(filters[i].Name)
		at := fmt.Sprintf("saved_filters[%d].", i)
		bad = check(bad, at+"name", text.Line(filters[i].Name, 1, maxFilterName))
		path := filters[i].Path
		if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || utf8.RuneCountInString(path) > maxFilterPath {
			bad = check(bad, at+"path", "must be a path of the web application, such as /tasks?priority=high")
		}
	}
	return bad
}

// empty says that the patch changes nothing.
func (p *Patch) empty() bool {
	return p.DisplayName == nil && p.Timezone == nil && p.Password == nil && p.CurrentPassword == nil &&
		p.SavedFilters == nil && !p.QuietHours.Set
}

// quietChange is the change of the columns; nil leaves them.
func quietChange(f rest.Field[QuietHours]) *QuietHours {
	switch {
	case !f.Set:
		return nil
	case f.Null:
		return &QuietHours{}
	}
	return &f.Value
}
