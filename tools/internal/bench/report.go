package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
)

// Row is one number that we promise to hold.
type Row struct {
	What     string  `json:"what"`
	Goal     float64 `json:"goal"`
	Measured float64 `json:"measured"`
	Unit     string  `json:"unit"`
	// Least says that more is better; else less is.
	Least bool `json:"least,omitempty"`
	// Note says what else a reader has to know, such as how often it was measured.
	Note string `json:"note,omitempty"`
}

// Ratio is how many times better than the goal the measurement is.
func (r Row) Ratio() float64 {
	if r.Least {
		return r.Measured / r.Goal
	}
	return r.Goal / max(r.Measured, 1e-9)
}

// Print writes a table.
func Print(w io.Writer, rows []Row) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "WHAT\tGOAL\tMEASURED\tRATIO\tNOTE")
	for _, r := range rows {
		sign := "<"
		if r.Least {
			sign = ">"
		}
		verdict := "holds"
		if r.Ratio() < 1 {
			verdict = "MISSED"
		}
		fmt.Fprintf(t, "%s\t%s %g %s\t%.4g %s\t%.2f %s\t%s\n", r.What, sign, r.Goal, r.Unit, r.Measured, r.Unit, r.Ratio(), verdict, r.Note)
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("printing the table: %w", err)
	}
	return nil
}

// WriteJSON writes the rows for machines.
func WriteJSON(w io.Writer, rows []Row) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	if err := e.Encode(rows); err != nil {
		return fmt.Errorf("writing the rows: %w", err)
	}
	return nil
}
