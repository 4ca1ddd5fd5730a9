package tool

import (
	"context"
	"fmt"
	"strings"

	"github.com/rondohq/rondo/services/api/tag"
)

// tags are the tools of the tag service. Tasks make tags by naming them, so that there
// is nothing to create.
func tags(s tag.Service) []Tool {
	return []Tool{define("find_tags", "List the tags there are, and how many open tasks carry each.", Reads,
		func(ctx context.Context, c Caller, _ struct{}) (Result, error) {
			all, err := s.List(ctx, c.UserID)
			if err != nil {
				return Result{}, err //nolint:wrapcheck // a fault, to be shown
			}
			names := make([]string, len(all))
			for i, t := range all {
				names[i] = fmt.Sprintf("#%s (%d)", t.Name, t.TaskCount)
			}
			if len(names) == 0 {
				return Result{Text: "There are no tags yet."}, nil
			}
			return Result{Text: strings.Join(names, ", ")}, nil
		})}
}
