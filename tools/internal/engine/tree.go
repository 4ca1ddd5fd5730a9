package engine

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// signs are how an operation is marked, as `pulumi` marks it.
var signs = map[apitype.OpType]string{
	apitype.OpCreate: "+", apitype.OpUpdate: "~", apitype.OpDelete: "-", apitype.OpSame: " ",
	apitype.OpReplace: "±", apitype.OpCreateReplacement: "±", apitype.OpDeleteReplaced: "±",
}

// WriteTree prints the steps as the tree of their resources, children below
// their parents in order of type and name, and sums them up.
func WriteTree(w io.Writer, steps []Step) error {
	// Providers that the engine adds by itself are nobody's wish.
	steps = slices.DeleteFunc(slices.Clone(steps), func(s Step) bool {
		return s.Parent == "" && s.URN.Type() != resource.RootStackType
	})
	known := map[resource.URN]bool{}
	for _, s := range steps {
		known[s.URN] = true
	}
	children := map[resource.URN][]Step{}
	for _, s := range steps {
		parent := s.Parent
		if !known[parent] {
			parent = ""
		}
		children[parent] = append(children[parent], s)
	}
	for _, siblings := range children {
		slices.SortFunc(siblings, func(a, b Step) int {
			return cmp.Or(cmp.Compare(a.URN.Type(), b.URN.Type()), cmp.Compare(a.URN.Name(), b.URN.Name()))
		})
	}
	var text strings.Builder
	var write func(parent resource.URN, indent string)
	write = func(parent resource.URN, indent string) {
		for i, s := range children[parent] {
			branch, below := "├─ ", "│  "
			if i == len(children[parent])-1 {
				branch, below = "└─ ", "   "
			}
			if parent == "" {
				branch, below = "", ""
			}
			sign, ok := signs[s.Op]
			if !ok {
				sign = "?"
			}
			fmt.Fprintf(&text, "%s %s%s%s %s\n", sign, indent, branch, s.URN.Type(), s.URN.Name())
			write(s.URN, indent+below)
		}
	}
	write("", "")
	fmt.Fprintf(&text, "\n%s\n", Sum(steps))
	_, err := io.WriteString(w, text.String())
	return err
}

// Sum counts the steps by what happens: "3 to create, 1 to update, 20 unchanged".
func Sum(steps []Step) string {
	counts := map[string]int{}
	for _, s := range steps {
		switch s.Op {
		case apitype.OpSame, apitype.OpRead, apitype.OpRefresh:
			counts["unchanged"]++
		case apitype.OpCreateReplacement, apitype.OpDeleteReplaced, apitype.OpReplace:
			counts["to replace"]++
		default:
			counts["to "+string(s.Op)]++
		}
	}
	var parts []string
	for _, what := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%d %s", counts[what], what))
	}
	return strings.Join(parts, ", ")
}
