package account

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/api/text"
)

const (
	maxFilters    = 50
	maxFilterName = 50
	maxFilterPath = 2000
)

// SavedFilter is a list of the web application that has a name.
type SavedFilter struct {
	Name string `json:"name"`
	Path string `json:"path"` // in the web application, with its query
}

// checkFilters trims the names, and names what is wrong.
func checkFilters(bad []fault.Field, filters []SavedFilter) []fault.Field {
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
