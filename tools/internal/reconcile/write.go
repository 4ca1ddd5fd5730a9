package reconcile

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// WriteJSON writes the report as one JSON document on one line.
func WriteJSON(w io.Writer, r Report) error { return json.NewEncoder(w).Encode(r) }

// WriteTable writes the report for people.
func WriteTable(w io.Writer, r Report) error {
	if len(r.Drift) == 0 {
		_, err := fmt.Fprintf(w, "%s is as its program says.\n", r.Stack)
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "RESOURCE\tDRIFT\tPROPERTY\tIS\tSHOULD BE")
	for _, d := range r.Drift {
		kind := string(d.Kind)
		if d.Replaced {
			kind += ", to be replaced"
		}
		if len(d.Changes) == 0 {
			fmt.Fprintf(table, "%s %s\t%s\t\t\t\n", d.Type, d.Name, kind)
		}
		for i, c := range d.Changes {
			resource := d.Type + " " + d.Name
			if i > 0 {
				resource, kind = "", ""
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", resource, kind, c.Path, short(c.Is), short(c.ShouldBe))
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	count := fmt.Sprintf("%d resources of %s have drifted", len(r.Drift), r.Stack)
	if len(r.Drift) == 1 {
		count = fmt.Sprintf("1 resource of %s has drifted", r.Stack)
	}
	advice := "; --apply mends it"
	if r.Applied {
		advice = " and is mended"
		if len(r.Drift) > 1 {
			advice = " and are mended"
		}
	}
	_, err := fmt.Fprintf(w, "\n%s%s.\n", count, advice)
	return err
}

// widest is how much of a value a table shows.
const widest = 40

func short(value any) string {
	if value == nil {
		return "–"
	}
	text, ok := value.(string)
	if !ok {
		encoded, err := json.Marshal(value)
		if err != nil {
			return "?"
		}
		text = string(encoded)
	}
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > widest {
		text = string(runes[:widest-1]) + "…"
	}
	return text
}
