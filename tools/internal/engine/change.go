package engine

import (
	"cmp"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// at is the value of a property, or nil.
func at(of map[string]any, path string) any {
	parsed, err := resource.ParsePropertyPath(path)
	if err != nil {
		return nil
	}
	var value any = of
	for _, key := range parsed {
		switch k := key.(type) {
		case string:
			fields, ok := value.(map[string]any)
			if !ok {
				return nil
			}
			value = fields[k]
		case int:
			elements, ok := value.([]any)
			if !ok || k >= len(elements) {
				return nil
			}
			value = elements[k]
		}
	}
	return value
}

func sortChanges(changes []Change) {
	slices.SortFunc(changes, func(a, b Change) int { return cmp.Compare(a.Path, b.Path) })
}
